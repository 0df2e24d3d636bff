"""What counts of extensions, leave, appraisals and hand-overs stands; the planned end of a posting
follows its extensions, and no posting ends without its papers.
"""

from django.db import migrations

from assistance.change_log import logged
from assistance.ledger_sql import keeps_rows

PLANNED_END = """
CREATE FUNCTION planned_end_of(posting bigint, otherwise date) RETURNS date LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        (SELECT new_end FROM teams_postingextension
         WHERE posting_id = posting AND voided_at IS NULL ORDER BY id DESC LIMIT 1),
        otherwise
    )
$$;
CREATE FUNCTION planned_end_follows_extensions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.planned_end <> planned_end_of(NEW.id, NEW.first_planned_end) THEN
        RAISE EXCEPTION 'posting %: only an extension moves its planned end', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'planned_end_follows_extensions';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER planned_end_follows_extensions BEFORE INSERT OR UPDATE ON teams_posting
    FOR EACH ROW WHEN (NEW.first_planned_end IS NOT NULL)
    EXECUTE FUNCTION planned_end_follows_extensions();
CREATE FUNCTION extension_moves_planned_end() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    extended teams_posting;
BEGIN
    SELECT * INTO extended FROM teams_posting WHERE id = NEW.posting_id FOR UPDATE;
    IF extended.state <> 'ACTIVE' OR extended.voided_at IS NOT NULL THEN
        RAISE EXCEPTION 'posting % is not under way: nothing extends it', extended.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'extension_is_of_a_posting_under_way';
    END IF;
    IF TG_OP = 'INSERT' AND NEW.new_end <= extended.planned_end THEN
        RAISE EXCEPTION 'posting %: an extension ends after %', extended.id, extended.planned_end
            USING ERRCODE = 'check_violation', CONSTRAINT = 'extension_goes_on';
    END IF;
    UPDATE teams_posting SET planned_end = planned_end_of(id, first_planned_end)
    WHERE id = extended.id;
    RETURN NULL;
END $$;
CREATE TRIGGER extension_moves_planned_end AFTER INSERT OR UPDATE OF voided_at
    ON teams_postingextension FOR EACH ROW EXECUTE FUNCTION extension_moves_planned_end();
"""
NO_PLANNED_END = """
DROP TRIGGER extension_moves_planned_end ON teams_postingextension;
DROP FUNCTION extension_moves_planned_end();
DROP TRIGGER planned_end_follows_extensions ON teams_posting;
DROP FUNCTION planned_end_follows_extensions();
DROP FUNCTION planned_end_of(bigint, date);
"""
# Deferred: a newer paper takes the place of an older one in one transaction.
PAPERS = """
CREATE FUNCTION ended_posting_has_papers() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ended bigint := coalesce(to_jsonb(NEW)->>'posting_id', to_jsonb(NEW)->>'id')::bigint;
BEGIN
    PERFORM FROM teams_posting WHERE id = ended AND state = 'ENDED' AND voided_at IS NULL;
    IF FOUND AND NOT (
        EXISTS (SELECT FROM teams_appraisal WHERE posting_id = ended AND kind = 'FINAL'
                AND counted_at IS NOT NULL AND voided_at IS NULL)
        AND EXISTS (SELECT FROM teams_handover WHERE posting_id = ended
                    AND counted_at IS NOT NULL AND voided_at IS NULL)
    ) THEN
        RAISE EXCEPTION 'posting %: it ends with a final appraisal and a hand-over', ended
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ended_posting_has_papers';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ended_posting_has_papers AFTER INSERT OR UPDATE OF state ON teams_posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state = 'ENDED')
    EXECUTE FUNCTION ended_posting_has_papers();
CREATE CONSTRAINT TRIGGER ended_posting_has_papers AFTER UPDATE OF voided_at ON teams_appraisal
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ended_posting_has_papers();
CREATE CONSTRAINT TRIGGER ended_posting_has_papers AFTER UPDATE OF voided_at ON teams_handover
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ended_posting_has_papers();
"""
NO_PAPERS = """
DROP TRIGGER ended_posting_has_papers ON teams_handover;
DROP TRIGGER ended_posting_has_papers ON teams_appraisal;
DROP TRIGGER ended_posting_has_papers ON teams_posting;
DROP FUNCTION ended_posting_has_papers();
"""


class Migration(migrations.Migration):
    dependencies = [("teams", "0004_lives_of_postings")]

    operations = [
        logged("teams_postingextension"),
        logged("teams_leave"),
        logged("teams_appraisal"),
        logged("teams_handover"),
        keeps_rows("teams_postingextension"),
        keeps_rows("teams_leave", "state", "returned_on", "returned_at", "returned_by_id"),
        keeps_rows("teams_appraisal"),
        keeps_rows("teams_handover"),
        migrations.RunSQL(PLANNED_END, NO_PLANNED_END),
        migrations.RunSQL(PAPERS, NO_PAPERS),
    ]
