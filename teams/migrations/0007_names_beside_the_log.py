"""What identifies a person stands beside the change log, where it can be erased; what was erased
stays so, and readings of numbers stand.
"""

from django.db import migrations

from assistance.change_log import append_only, logged
from assistance.ledger_sql import keeps_rows

# As of this migration; a column that comes later gets a migration of its own.
IDENTIFYING = (
    "name", "ethnicity", "political_status", "education", "prof_title", "home_unit", "rank",
)  # fmt: skip
COLUMNS = ", ".join(f"'{column}'" for column in IDENTIFYING)

FINGERPRINT = """
CREATE FUNCTION particulars_fingerprint(salt uuid, before jsonb, after jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT encode(sha256(convert_to(
        concat_ws('|', salt::text, coalesce(before::text, '-'), coalesce(after::text, '-')), 'UTF8'
    )), 'hex')
$$
"""
KEEP = """
CREATE FUNCTION keep_particulars() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    identifying text[] := TG_ARGV::text[];
    context jsonb := nullif(current_setting('jiedui.request', true), '')::jsonb;
BEGIN
    IF TG_OP = 'INSERT' THEN
        WITH written AS MATERIALIZED (
            SELECT n.id, coalesce((context->>'actor')::bigint, n.created_by_id) AS actor,
                   gen_random_uuid() AS salt,
                   (SELECT jsonb_object_agg(key, value) FROM jsonb_each(to_jsonb(n))
                    WHERE key = ANY(identifying)) AS after
            FROM new_rows n
        )
        INSERT INTO teams_particulars (person_id, written_at, actor, after, salt, fingerprint)
        SELECT id, clock_timestamp(), actor, after, salt,
               particulars_fingerprint(salt, NULL, after)
        FROM written;
    ELSE
        WITH written AS MATERIALIZED (
            SELECT n.id, coalesce((context->>'actor')::bigint, n.updated_by_id) AS actor,
                   gen_random_uuid() AS salt, d.before, d.after
            FROM old_rows o JOIN new_rows n USING (id),
            LATERAL (
                SELECT jsonb_object_agg(key, was.value) AS before,
                       jsonb_object_agg(key, became.value) AS after
                FROM jsonb_each(to_jsonb(o)) was JOIN jsonb_each(to_jsonb(n)) became USING (key)
                WHERE key = ANY(identifying) AND was.value IS DISTINCT FROM became.value
            ) d
            WHERE n.erased_at IS NULL AND d.after IS NOT NULL
        )
        INSERT INTO teams_particulars
            (person_id, written_at, actor, before, after, salt, fingerprint)
        SELECT id, clock_timestamp(), actor, before, after, salt,
               particulars_fingerprint(salt, before, after)
        FROM written;
    END IF;
    RETURN NULL;
END $$
"""
STAND = """
CREATE FUNCTION particulars_stand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.before IS NULL AND NEW.after IS NULL AND NEW.salt IS NULL
        AND to_jsonb(OLD) - ARRAY['before', 'after', 'salt']
            = to_jsonb(NEW) - ARRAY['before', 'after', 'salt']
        AND EXISTS (SELECT FROM teams_person p WHERE p.id = OLD.person_id
                    AND p.erased_at IS NOT NULL)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'teams_particulars is append-only: % refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END $$
"""
ERASED = """
CREATE FUNCTION erased_person_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'teams_person %: it was erased; nothing is entered there any more', OLD.id
        USING ERRCODE = 'restrict_violation';
END $$
"""
NO_NUMBER = """
CREATE FUNCTION erased_person_has_no_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM teams_person p WHERE p.id = NEW.person_id AND p.erased_at IS NOT NULL
               FOR KEY SHARE)
    THEN
        RAISE EXCEPTION 'teams_person %: it was erased; it takes no number', NEW.person_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
"""


def _with_function(make: str, name: str, trigger: str, table: str) -> migrations.RunSQL:
    called = name.split("(", maxsplit=1)[0]
    return migrations.RunSQL(
        [make, f"CREATE TRIGGER {called} {trigger} EXECUTE FUNCTION {name}"],
        [f"DROP TRIGGER {called} ON {table}", f"DROP FUNCTION {name}"],
    )


_before, _after = logged("teams_person"), logged("teams_person", *IDENTIFYING)


class Migration(migrations.Migration):
    dependencies = [("teams", "0006_personal_numbers_and_erasure")]

    operations = [
        migrations.RunSQL(_before.reverse_sql or "", _before.sql),
        _after,
        logged("teams_personalnumber", "ciphertext", "blind_index"),
        logged("teams_numberreading", "reason"),
        logged("teams_particulars", "before", "after", "salt"),
        logged("teams_erasure"),
        logged("teams_erasure_persons"),
        append_only("teams_numberreading"),
        keeps_rows("teams_erasure"),
        migrations.RunSQL(FINGERPRINT, "DROP FUNCTION particulars_fingerprint(uuid, jsonb, jsonb)"),
        migrations.RunSQL(
            [
                KEEP,
                "CREATE TRIGGER particulars_insert AFTER INSERT ON teams_person"
                " REFERENCING NEW TABLE AS new_rows"
                f" FOR EACH STATEMENT EXECUTE FUNCTION keep_particulars({COLUMNS})",
                "CREATE TRIGGER particulars_update AFTER UPDATE ON teams_person"
                " REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows"
                f" FOR EACH STATEMENT EXECUTE FUNCTION keep_particulars({COLUMNS})",
            ],
            [
                "DROP TRIGGER particulars_insert ON teams_person",
                "DROP TRIGGER particulars_update ON teams_person",
                "DROP FUNCTION keep_particulars()",
            ],
        ),
        _with_function(
            STAND,
            "particulars_stand()",
            "BEFORE UPDATE OR DELETE ON teams_particulars FOR EACH ROW",
            "teams_particulars",
        ),
        _with_function(
            ERASED,
            "erased_person_stands()",
            "BEFORE UPDATE OR DELETE ON teams_person FOR EACH ROW WHEN (OLD.erased_at IS NOT NULL)",
            "teams_person",
        ),
        _with_function(
            NO_NUMBER,
            "erased_person_has_no_number()",
            "BEFORE INSERT OR UPDATE ON teams_personalnumber FOR EACH ROW",
            "teams_personalnumber",
        ),
    ]
