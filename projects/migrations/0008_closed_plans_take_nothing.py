"""A fund plan is closed once its money came or was written off; from then on it takes nothing."""

from django.db import migrations

# The verbs lock the plan before its rows; raw SQL takes the lock here. Triggers of one row fire by
# name, and every one that sums locks the same plan in the same way.
PLAN_IS_OPEN = """
CREATE FUNCTION fund_plan_is_open() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    plan projects_fundplan%ROWTYPE;
    plan_id bigint;
BEGIN
    IF TG_TABLE_NAME = 'projects_fundingadjustment' THEN
        SELECT fund_plan_id INTO plan_id FROM projects_projectfunding
        WHERE id = NEW.project_funding_id;
    ELSE
        plan_id := NEW.fund_plan_id;
    END IF;
    SELECT * INTO plan FROM projects_fundplan WHERE id = plan_id FOR UPDATE;
    IF plan.status = 'closed' OR plan.voided_at IS NOT NULL THEN
        RAISE EXCEPTION 'fund plan %: it is closed or struck out and takes no rows', plan.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'fund_plan_is_open';
    END IF;
    RETURN NULL;
END $$
"""
OPEN_TRIGGERS = [
    f"CREATE TRIGGER fund_plan_is_open AFTER INSERT OR UPDATE OF counted_at, fund_plan_id ON {table}"
    " FOR EACH ROW WHEN (NEW.fund_plan_id IS NOT NULL AND NEW.voided_at IS NULL)"
    " EXECUTE FUNCTION fund_plan_is_open()"
    for table in ("projects_projectfunding", "projects_transfer")
] + [
    "CREATE TRIGGER fund_plan_is_open"
    " AFTER INSERT OR UPDATE OF counted_at, delta_yuan ON projects_fundingadjustment"
    " FOR EACH ROW WHEN (NEW.delta_yuan > 0 AND NEW.voided_at IS NULL)"
    " EXECUTE FUNCTION fund_plan_is_open()"
]
PLAN_MAY_CLOSE = """
CREATE FUNCTION fund_plan_may_close() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    plan projects_fundplan%ROWTYPE;
    plan_id bigint;
    arrived numeric;
BEGIN
    PERFORM require_fresh_sums();
    IF TG_TABLE_NAME = 'projects_fundplan' THEN
        plan_id := NEW.id;
    ELSIF TG_TABLE_NAME = 'projects_transfer' THEN
        plan_id := NEW.fund_plan_id;
    ELSE
        SELECT fund_plan_id INTO plan_id FROM projects_transfer WHERE id = NEW.transfer_id;
    END IF;
    SELECT * INTO plan FROM projects_fundplan WHERE id = plan_id FOR UPDATE;
    IF plan.status <> 'closed' THEN
        RETURN NULL;
    END IF;
    SELECT coalesce(sum(amount_yuan), 0) - (
        SELECT coalesce(sum(r.amount_yuan), 0) FROM projects_transferreturn r
        JOIN projects_transfer t ON t.id = r.transfer_id
        WHERE t.fund_plan_id = plan.id AND r.counted_at IS NOT NULL AND r.voided_at IS NULL
    ) INTO arrived FROM projects_transfer
    WHERE fund_plan_id = plan.id AND counted_at IS NOT NULL AND voided_at IS NULL;
    IF arrived < plan.amount_yuan AND plan.closed_doc_no = '' THEN
        RAISE EXCEPTION 'fund plan %: only % yuan of % arrived', plan.id, arrived, plan.amount_yuan
            USING ERRCODE = 'check_violation', CONSTRAINT = 'fund_plan_closes_when_all_arrived';
    END IF;
    RETURN NULL;
END $$
"""
# What closing asked for stays so: asked again where less would have arrived.
ARRIVALS_STAY_TRIGGERS = [
    "CREATE TRIGGER fund_plan_closes_when_all_arrived"
    " AFTER UPDATE OF voided_at ON projects_transfer"
    " FOR EACH ROW WHEN (NEW.counted_at IS NOT NULL AND NEW.voided_at IS NOT NULL)"
    " EXECUTE FUNCTION fund_plan_may_close()",
    "CREATE TRIGGER fund_plan_closes_when_all_arrived"
    " AFTER INSERT OR UPDATE OF counted_at ON projects_transferreturn"
    " FOR EACH ROW WHEN (NEW.counted_at IS NOT NULL AND NEW.voided_at IS NULL)"
    " EXECUTE FUNCTION fund_plan_may_close()",
]
CLOSE_TRIGGER = """
CREATE TRIGGER fund_plan_closes_when_all_arrived AFTER INSERT OR UPDATE OF status ON projects_fundplan
FOR EACH ROW WHEN (NEW.status = 'closed')
EXECUTE FUNCTION fund_plan_may_close()
"""


class Migration(migrations.Migration):
    dependencies = [("projects", "0007_acceptances_and_assets_in_order")]

    operations = [
        migrations.RunSQL(
            [PLAN_IS_OPEN, *OPEN_TRIGGERS],
            [
                "DROP TRIGGER fund_plan_is_open ON projects_fundingadjustment",
                "DROP TRIGGER fund_plan_is_open ON projects_transfer",
                "DROP TRIGGER fund_plan_is_open ON projects_projectfunding",
                "DROP FUNCTION fund_plan_is_open()",
            ],
        ),
        migrations.RunSQL(
            [PLAN_MAY_CLOSE, CLOSE_TRIGGER, *ARRIVALS_STAY_TRIGGERS],
            [
                "DROP TRIGGER fund_plan_closes_when_all_arrived ON projects_transferreturn",
                "DROP TRIGGER fund_plan_closes_when_all_arrived ON projects_transfer",
                "DROP TRIGGER fund_plan_closes_when_all_arrived ON projects_fundplan",
                "DROP FUNCTION fund_plan_may_close()",
            ],
        ),
    ]
