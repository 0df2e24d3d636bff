"""What was signed stands and is amended by a row beside it; a return is filled in while it is open,
its values count with its acceptance, and once locked only an adjustment corrects it.
"""

from django.db import migrations

from assistance.change_log import logged
from assistance.ledger_sql import keeps_rows

AGREEMENTS = """
CREATE FUNCTION agreement_stands() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := ARRAY['state', 'closed_at', 'closed_by_id', 'closing_note', 'updated_at',
                         'updated_by_id', 'version'];
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'agreement %: it is never deleted', OLD.id
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'agreement_stands';
    END IF;
    IF OLD.state = 'CLOSED' OR OLD.state = 'SIGNED' AND (
        NEW.state = 'DRAFT' OR to_jsonb(OLD) - free IS DISTINCT FROM to_jsonb(NEW) - free
    ) THEN
        RAISE EXCEPTION 'agreement %: it is %, only closing it changes it', OLD.id, OLD.state
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'agreement_stands';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER agreement_stands BEFORE UPDATE OR DELETE ON assistance_agreement
    FOR EACH ROW EXECUTE FUNCTION agreement_stands();

CREATE FUNCTION target_follows_its_agreement() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_agreement text;
    old_one assistance_agreementtarget;
BEGIN
    SELECT state INTO of_agreement FROM assistance_agreement WHERE id = NEW.agreement_id FOR SHARE;
    IF of_agreement = 'CLOSED'
        OR TG_OP = 'INSERT' AND NEW.amends_id IS NULL AND of_agreement <> 'DRAFT'
        OR NEW.amends_id IS NOT NULL AND of_agreement <> 'SIGNED'
        OR NEW.counted_at IS NOT NULL AND of_agreement <> 'SIGNED'
    THEN
        RAISE EXCEPTION 'target %: its agreement is %', NEW.id, of_agreement
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'target_follows_its_agreement';
    END IF;
    IF NEW.amends_id IS NOT NULL THEN
        SELECT * INTO old_one FROM assistance_agreementtarget WHERE id = NEW.amends_id;
        IF (old_one.agreement_id, old_one.indicator_id)
                IS DISTINCT FROM (NEW.agreement_id, NEW.indicator_id)
            OR old_one.pairing_id IS DISTINCT FROM NEW.pairing_id
            OR old_one.counted_at IS NULL
        THEN
            RAISE EXCEPTION 'target %: it amends another one that does not count', NEW.id
                USING ERRCODE = 'restrict_violation', CONSTRAINT = 'target_amends_the_same';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER target_follows_its_agreement BEFORE INSERT OR UPDATE ON assistance_agreementtarget
    FOR EACH ROW EXECUTE FUNCTION target_follows_its_agreement();
"""
NO_AGREEMENTS = """
DROP TRIGGER target_follows_its_agreement ON assistance_agreementtarget;
DROP FUNCTION target_follows_its_agreement();
DROP TRIGGER agreement_stands ON assistance_agreement;
DROP FUNCTION agreement_stands();
"""
RETURNS = """
CREATE FUNCTION return_stands() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := ARRAY['state', 'locked_at', 'updated_at', 'updated_by_id', 'version'];
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'return %: it is never deleted', OLD.id
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'return_stands';
    END IF;
    IF OLD.state = 'LOCKED'
        OR (OLD.pairing_id, OLD.period) IS DISTINCT FROM (NEW.pairing_id, NEW.period)
        OR OLD.state = 'ACCEPTED' AND (
            NEW.state NOT IN ('ACCEPTED', 'LOCKED')
            OR to_jsonb(OLD) - free IS DISTINCT FROM to_jsonb(NEW) - free
        )
        OR OLD.state <> 'ACCEPTED' AND NEW.state = 'LOCKED'
        OR OLD.state <> 'SUBMITTED' AND OLD.state <> NEW.state
            AND NEW.state IN ('ACCEPTED', 'RETURNED')
    THEN
        RAISE EXCEPTION 'return %: it is % and does not become so', OLD.id, OLD.state
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'return_stands';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER return_stands BEFORE UPDATE OR DELETE ON assistance_monthlyreturn
    FOR EACH ROW EXECUTE FUNCTION return_stands();

CREATE FUNCTION value_follows_its_return() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_return text;
BEGIN
    SELECT state INTO of_return FROM assistance_monthlyreturn WHERE id = NEW.monthly_return_id
    FOR SHARE;
    IF NEW.counted_at IS NULL AND of_return NOT IN ('OPEN', 'RETURNED')
        OR NEW.counted_at IS NOT NULL AND of_return <> 'ACCEPTED'
        OR TG_OP = 'UPDATE' AND (OLD.monthly_return_id, OLD.indicator_id)
            IS DISTINCT FROM (NEW.monthly_return_id, NEW.indicator_id)
    THEN
        RAISE EXCEPTION 'value %: its return is %', NEW.id, of_return
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'value_follows_its_return';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER value_follows_its_return BEFORE INSERT OR UPDATE ON assistance_returnvalue
    FOR EACH ROW EXECUTE FUNCTION value_follows_its_return();

CREATE FUNCTION accepted_return_counts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM assistance_monthlyreturn r JOIN assistance_returnvalue v
        ON v.monthly_return_id = r.id AND v.counted_at IS NULL
    WHERE r.id = NEW.id AND r.state IN ('ACCEPTED', 'LOCKED');
    IF FOUND THEN
        RAISE EXCEPTION 'return %: it is accepted, so all its values count', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'accepted_return_counts';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER accepted_return_counts AFTER UPDATE OF state ON assistance_monthlyreturn
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state = 'ACCEPTED')
    EXECUTE FUNCTION accepted_return_counts();

CREATE FUNCTION adjustment_is_of_a_locked_return() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    adjusted assistance_monthlyreturn;
BEGIN
    SELECT * INTO adjusted FROM assistance_monthlyreturn WHERE id = NEW.monthly_return_id;
    IF adjusted.state <> 'LOCKED' OR NEW.period <= adjusted.period THEN
        RAISE EXCEPTION 'adjustment %: return % is %, of %', NEW.id, adjusted.id, adjusted.state,
            adjusted.period
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'of_a_locked_return';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER of_a_locked_return
    BEFORE INSERT OR UPDATE OF monthly_return_id, period ON assistance_returnadjustment
    FOR EACH ROW EXECUTE FUNCTION adjustment_is_of_a_locked_return();
"""
NO_RETURNS = """
DROP TRIGGER of_a_locked_return ON assistance_returnadjustment;
DROP FUNCTION adjustment_is_of_a_locked_return();
DROP TRIGGER accepted_return_counts ON assistance_monthlyreturn;
DROP FUNCTION accepted_return_counts();
DROP TRIGGER value_follows_its_return ON assistance_returnvalue;
DROP FUNCTION value_follows_its_return();
DROP TRIGGER return_stands ON assistance_monthlyreturn;
DROP FUNCTION return_stands();
"""
ENTERPRISES = """
CREATE FUNCTION enterprise_counts_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('enterprise ' || NEW.uscc));
    PERFORM FROM assistance_enterprise e
    JOIN assistance_pairing theirs ON theirs.id = e.pairing_id
    JOIN assistance_pairing ours ON ours.id = NEW.pairing_id
    WHERE e.uscc = NEW.uscc AND e.id <> NEW.id AND theirs.recipient_id = ours.recipient_id
        AND theirs.programme_id = ours.programme_id;
    IF FOUND THEN
        RAISE EXCEPTION 'enterprise %: it is entered for this county and programme already', NEW.uscc
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'enterprise_counts_once';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER enterprise_counts_once BEFORE INSERT OR UPDATE OF uscc, pairing_id
    ON assistance_enterprise FOR EACH ROW WHEN (NEW.uscc <> '')
    EXECUTE FUNCTION enterprise_counts_once();
"""
NO_ENTERPRISES = """
DROP TRIGGER enterprise_counts_once ON assistance_enterprise;
DROP FUNCTION enterprise_counts_once();
"""
TABLES = (
    "assistance_indicator", "assistance_agreement", "assistance_agreementtarget",
    "assistance_monthlyreturn", "assistance_returnvalue", "assistance_returnadjustment",
    "assistance_planindicator", "assistance_planactual", "assistance_pairlink",
    "assistance_enterprise", "assistance_investmentrecord", "assistance_park",
    "assistance_workshop", "assistance_donation", "assistance_visit",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("assistance", "0004_agreements_returns_cooperation")]

    operations = [
        *(logged(table) for table in TABLES),
        keeps_rows("assistance_agreementtarget"),
        keeps_rows("assistance_returnvalue"),
        keeps_rows("assistance_returnadjustment"),
        keeps_rows("assistance_planactual"),
        keeps_rows("assistance_investmentrecord"),
        keeps_rows("assistance_donation"),
        migrations.RunSQL(AGREEMENTS, NO_AGREEMENTS),
        migrations.RunSQL(RETURNS, NO_RETURNS),
        migrations.RunSQL(ENTERPRISES, NO_ENTERPRISES),
    ]
