"""A released edition and its files are never altered; a newer version may supersede it."""

from django.db import migrations

from assistance.change_log import append_only

FUNCTION = """
CREATE FUNCTION keep_released_edition() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := ARRAY['status', 'claimed_until', 'failure'];
BEGIN
    IF OLD.released_at IS NOT NULL AND (
        TG_OP = 'DELETE'
        OR to_jsonb(OLD) - free IS DISTINCT FROM to_jsonb(NEW) - free
        OR NEW.status NOT IN ('RELEASED', 'SUPERSEDED')
    ) THEN
        RAISE EXCEPTION 'edition %: it is released; build a new version instead', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("assistance", "0002_change_log"), ("reporting", "0002_log_changes")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION keep_released_edition()"),
        migrations.RunSQL(
            "CREATE TRIGGER keep_released_edition BEFORE UPDATE OR DELETE ON reporting_edition"
            " FOR EACH ROW EXECUTE FUNCTION keep_released_edition()",
            "DROP TRIGGER keep_released_edition ON reporting_edition",
        ),
        append_only("reporting_editionfile"),
    ]
