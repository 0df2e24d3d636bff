"""Verified progress never falls from one day to the next, in whatever order reports are verified."""

from django.db import migrations

# Under the project's lock: ``a_sum_is_kept`` takes it too, and two reports look one after the other.
PROGRESS_NEVER_FALLS = """
CREATE FUNCTION progress_never_falls() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    other projects_progressreport%ROWTYPE;
BEGIN
    PERFORM require_fresh_sums();
    PERFORM FROM projects_project WHERE id = NEW.project_id FOR UPDATE;
    SELECT * INTO other FROM projects_progressreport r
    WHERE r.project_id = NEW.project_id AND r.id <> NEW.id
        AND r.counted_at IS NOT NULL AND r.voided_at IS NULL
        AND CASE WHEN (r.measured_on, r.id) < (NEW.measured_on, NEW.id)
            THEN r.physical_pct > NEW.physical_pct ELSE r.physical_pct < NEW.physical_pct END
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'progress report %: % per cent on % and % per cent on % cannot both be',
            NEW.id, NEW.physical_pct, NEW.measured_on, other.physical_pct, other.measured_on
            USING ERRCODE = 'check_violation', CONSTRAINT = 'progress_never_falls';
    END IF;
    RETURN NULL;
END $$
"""
TRIGGER = """
CREATE TRIGGER progress_never_falls AFTER INSERT OR UPDATE OF counted_at ON projects_progressreport
FOR EACH ROW WHEN (NEW.counted_at IS NOT NULL AND NEW.voided_at IS NULL)
EXECUTE FUNCTION progress_never_falls()
"""


class Migration(migrations.Migration):
    dependencies = [("projects", "0011_read_columns")]

    operations = [
        migrations.RunSQL(
            [PROGRESS_NEVER_FALLS, TRIGGER],
            [
                "DROP TRIGGER progress_never_falls ON projects_progressreport",
                "DROP FUNCTION progress_never_falls()",
            ],
        ),
    ]
