"""What goes back is never more than came."""

from django.db import migrations

# What was paid before the project was taken over, and verified payments less verified refunds: never
# below 0, never above the share with its adjustments.
NET_PAID = """
CREATE FUNCTION net_paid_of_share(share bigint) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT (SELECT opening_paid_yuan FROM projects_projectfunding WHERE id = share)
         + (SELECT coalesce(sum(amount_yuan), 0) FROM projects_payment
            WHERE project_funding_id = share AND counted_at IS NOT NULL AND voided_at IS NULL)
         - (SELECT coalesce(sum(amount_yuan), 0) FROM projects_refund
            WHERE project_funding_id = share AND counted_at IS NOT NULL AND voided_at IS NULL)
$$
"""
REFUNDS_WITHIN_PAYMENTS = """
CREATE FUNCTION refunds_within_payments() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    share projects_projectfunding%ROWTYPE;
    net numeric;
    held numeric;
BEGIN
    PERFORM require_fresh_sums();
    SELECT * INTO share FROM projects_projectfunding WHERE id = NEW.project_funding_id FOR UPDATE;
    net := net_paid_of_share(share.id);
    held := net_of_share(share.id);
    IF net < 0 THEN
        RAISE EXCEPTION 'project funding %: % yuan more paid back than paid', share.id, -net
            USING ERRCODE = 'check_violation', CONSTRAINT = 'share_is_not_underpaid';
    END IF;
    IF net > held THEN
        RAISE EXCEPTION 'project funding %: % yuan paid of %', share.id, net, held
            USING ERRCODE = 'check_violation', CONSTRAINT = 'share_is_not_overpaid';
    END IF;
    RETURN NULL;
END $$
"""
NET_TRIGGERS = [
    "CREATE TRIGGER share_is_not_underpaid"
    f" AFTER INSERT OR UPDATE OF counted_at, amount_yuan, voided_at ON {table}"
    " FOR EACH ROW EXECUTE FUNCTION refunds_within_payments()"
    for table in ("projects_refund", "projects_payment")
] + [
    "CREATE TRIGGER share_is_not_overpaid"
    " AFTER INSERT OR UPDATE OF counted_at, delta_yuan, voided_at ON projects_fundingadjustment"
    " FOR EACH ROW EXECUTE FUNCTION refunds_within_payments()"
]
# What a project was closed or terminated with stays paid; retention alone outlives closing.
PAID_STAYS = """
CREATE FUNCTION what_was_paid_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ended text;
BEGIN
    SELECT p.stage INTO ended FROM projects_project p
    JOIN projects_projectfunding s ON s.project_id = p.id
    WHERE s.id = NEW.project_funding_id FOR UPDATE OF p;
    IF TG_TABLE_NAME = 'projects_refund' THEN
        IF ended = 'CLOSED' THEN
            RAISE EXCEPTION 'refund %: the project is closed', NEW.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'refund_precedes_closing';
        END IF;
    ELSIF ended = 'TERMINATED' OR ended = 'CLOSED' AND NEW.basis <> 'RETENTION' THEN
        RAISE EXCEPTION 'payment %: the project is % with it', NEW.id, ended
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payment_stands_after_the_end';
    END IF;
    RETURN NULL;
END $$
"""
PAID_STAYS_TRIGGERS = [
    "CREATE TRIGGER payment_stands_after_the_end AFTER UPDATE OF voided_at ON projects_payment"
    " FOR EACH ROW WHEN (NEW.counted_at IS NOT NULL AND NEW.voided_at IS NOT NULL)"
    " EXECUTE FUNCTION what_was_paid_stays()",
    "CREATE TRIGGER refund_precedes_closing"
    " AFTER INSERT OR UPDATE OF counted_at ON projects_refund"
    " FOR EACH ROW WHEN (NEW.counted_at IS NOT NULL AND NEW.voided_at IS NULL)"
    " EXECUTE FUNCTION what_was_paid_stays()",
]
RETURNS_WITHIN_TRANSFER = """
CREATE FUNCTION returns_within_transfer() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    transfer projects_transfer%ROWTYPE;
    returned numeric;
BEGIN
    PERFORM require_fresh_sums();
    SELECT * INTO transfer FROM projects_transfer WHERE id = NEW.transfer_id FOR UPDATE;
    SELECT coalesce(sum(amount_yuan), 0) INTO returned FROM projects_transferreturn
    WHERE transfer_id = NEW.transfer_id AND counted_at IS NOT NULL AND voided_at IS NULL;
    IF returned > 0 AND (transfer.voided_at IS NOT NULL OR returned > transfer.amount_yuan) THEN
        RAISE EXCEPTION 'transfer %: % yuan returned of %', transfer.id, returned, transfer.amount_yuan
            USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_is_not_returned_twice';
    END IF;
    RETURN NULL;
END $$
"""
RETURNS_TRIGGER = """
CREATE TRIGGER transfer_is_not_returned_twice
AFTER INSERT OR UPDATE OF counted_at, amount_yuan, voided_at ON projects_transferreturn
FOR EACH ROW EXECUTE FUNCTION returns_within_transfer()
"""


class Migration(migrations.Migration):
    dependencies = [("projects", "0004_ledger_rules")]

    operations = [
        migrations.RunSQL(
            [NET_PAID, REFUNDS_WITHIN_PAYMENTS, *NET_TRIGGERS],
            [
                "DROP TRIGGER share_is_not_overpaid ON projects_fundingadjustment",
                "DROP TRIGGER share_is_not_underpaid ON projects_refund",
                "DROP TRIGGER share_is_not_underpaid ON projects_payment",
                "DROP FUNCTION refunds_within_payments()",
                "DROP FUNCTION net_paid_of_share(bigint)",
            ],
        ),
        migrations.RunSQL(
            [PAID_STAYS, *PAID_STAYS_TRIGGERS],
            [
                "DROP TRIGGER refund_precedes_closing ON projects_refund",
                "DROP TRIGGER payment_stands_after_the_end ON projects_payment",
                "DROP FUNCTION what_was_paid_stays()",
            ],
        ),
        migrations.RunSQL(
            [RETURNS_WITHIN_TRANSFER, RETURNS_TRIGGER],
            [
                "DROP TRIGGER transfer_is_not_returned_twice ON projects_transferreturn",
                "DROP FUNCTION returns_within_transfer()",
            ],
        ),
    ]
