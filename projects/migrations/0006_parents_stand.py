"""What others build on is not struck out under them, and no more arrives than was planned."""

from django.db import migrations

SHARE_STANDS = """
CREATE FUNCTION share_stands_under_its_payments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM projects_payment WHERE project_funding_id = NEW.id
               AND counted_at IS NOT NULL AND voided_at IS NULL) THEN
        RAISE EXCEPTION 'project funding %: payments out of it count; strike them out first', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'share_stands_under_its_payments';
    END IF;
    RETURN NULL;
END $$
"""
PLAN_STANDS = """
CREATE FUNCTION fund_plan_stands_under_its_shares() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM projects_projectfunding WHERE fund_plan_id = NEW.id
               AND counted_at IS NOT NULL AND voided_at IS NULL)
        OR EXISTS (SELECT FROM projects_transfer WHERE fund_plan_id = NEW.id
                   AND counted_at IS NOT NULL AND voided_at IS NULL) THEN
        RAISE EXCEPTION 'fund plan %: shares or transfers of it count; strike them out first', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'fund_plan_stands_under_its_shares';
    END IF;
    RETURN NULL;
END $$
"""
TRANSFER_STANDS = """
CREATE FUNCTION transfer_stands_under_its_returns() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM projects_transferreturn WHERE transfer_id = NEW.id
               AND counted_at IS NOT NULL AND voided_at IS NULL) THEN
        RAISE EXCEPTION 'transfer %: money of it was returned; strike that out first', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_stands_under_its_returns';
    END IF;
    RETURN NULL;
END $$
"""
STANDS = {
    "projects_projectfunding": ("share_stands_under_its_payments", SHARE_STANDS),
    "projects_fundplan": ("fund_plan_stands_under_its_shares", PLAN_STANDS),
    "projects_transfer": ("transfer_stands_under_its_returns", TRANSFER_STANDS),
}
# More than was planned arrives only by a document: that of the transfer itself, and where a return
# is struck out, that of any transfer of the plan.
ARRIVALS_WITHIN_PLAN = """
CREATE FUNCTION arrivals_within_plan() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    plan projects_fundplan%ROWTYPE;
    arrived numeric;
    documented boolean;
BEGIN
    PERFORM require_fresh_sums();
    SELECT * INTO plan FROM projects_fundplan WHERE id = (
        CASE TG_TABLE_NAME WHEN 'projects_transfer' THEN (to_jsonb(NEW)->>'fund_plan_id')::bigint
        ELSE (SELECT fund_plan_id FROM projects_transfer
              WHERE id = (to_jsonb(NEW)->>'transfer_id')::bigint) END
    ) FOR UPDATE;
    IF plan.counted_at IS NULL OR plan.voided_at IS NOT NULL THEN
        RAISE EXCEPTION 'fund plan %: it is not issued, so no money of it can arrive', plan.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'fund_plan_is_issued_before_it_arrives';
    END IF;
    SELECT coalesce(sum(amount_yuan), 0), coalesce(bool_or(over_doc_no <> ''), false)
    INTO arrived, documented FROM projects_transfer
    WHERE fund_plan_id = plan.id AND counted_at IS NOT NULL AND voided_at IS NULL;
    arrived := arrived - (
        SELECT coalesce(sum(r.amount_yuan), 0) FROM projects_transferreturn r
        JOIN projects_transfer t ON t.id = r.transfer_id
        WHERE t.fund_plan_id = plan.id AND r.counted_at IS NOT NULL AND r.voided_at IS NULL
    );
    IF TG_TABLE_NAME = 'projects_transfer' THEN
        documented := to_jsonb(NEW)->>'over_doc_no' <> '';
    END IF;
    IF arrived > plan.amount_yuan AND NOT documented THEN
        RAISE EXCEPTION 'fund plan %: % yuan arrived of % planned', plan.id, arrived, plan.amount_yuan
            USING ERRCODE = 'check_violation', CONSTRAINT = 'arrivals_stay_within_plan';
    END IF;
    RETURN NULL;
END $$
"""
# Triggers of one row fire by name: this one locks the plan before another locks the transfer.
ARRIVALS_TRIGGERS = [
    "CREATE TRIGGER arrivals_stay_within_plan"
    " AFTER INSERT OR UPDATE OF counted_at, amount_yuan, fund_plan_id ON projects_transfer"
    " FOR EACH ROW WHEN (NEW.counted_at IS NOT NULL AND NEW.voided_at IS NULL)"
    " EXECUTE FUNCTION arrivals_within_plan()",
    "CREATE TRIGGER arrivals_stay_within_plan"
    " AFTER UPDATE OF voided_at ON projects_transferreturn"
    " FOR EACH ROW WHEN (NEW.counted_at IS NOT NULL AND NEW.voided_at IS NOT NULL)"
    " EXECUTE FUNCTION arrivals_within_plan()",
]


class Migration(migrations.Migration):
    dependencies = [("projects", "0005_returns_and_refunds")]

    operations = [
        *(
            migrations.RunSQL(
                [
                    function,
                    f"CREATE TRIGGER {name} AFTER UPDATE OF voided_at ON {table} FOR EACH ROW"
                    " WHEN (NEW.counted_at IS NOT NULL AND NEW.voided_at IS NOT NULL)"
                    f" EXECUTE FUNCTION {name}()",
                ],
                [f"DROP TRIGGER {name} ON {table}", f"DROP FUNCTION {name}()"],
            )
            for table, (name, function) in STANDS.items()
        ),
        migrations.RunSQL(
            [ARRIVALS_WITHIN_PLAN, *ARRIVALS_TRIGGERS],
            [
                "DROP TRIGGER arrivals_stay_within_plan ON projects_transferreturn",
                "DROP TRIGGER arrivals_stay_within_plan ON projects_transfer",
                "DROP FUNCTION arrivals_within_plan()",
            ],
        ),
    ]
