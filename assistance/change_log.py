"""SQL of the change log, for migrations: the trigger function, and how a table comes under it."""

from __future__ import annotations

from django.db.migrations import RunSQL

# Columns that are secrets, or that only say when somebody was last here.
NEVER_LOGGED = ("password", "last_login", "last_used_at", "digest")

FUNCTIONS = """
CREATE FUNCTION log_changes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    hidden text[] := TG_ARGV::text[];
    context jsonb := nullif(current_setting('jiedui.request', true), '')::jsonb;
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO assistance_change ("at", transaction, "table", row, kind, after, actor, request)
        SELECT clock_timestamp(), pg_current_xact_id()::text::bigint, TG_TABLE_NAME, n.id, 'I',
               to_jsonb(n) - hidden,
               coalesce((context->>'actor')::bigint, (to_jsonb(n)->>'created_by_id')::bigint),
               context - 'actor'
        FROM new_rows n;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO assistance_change
            ("at", transaction, "table", row, kind, before, after, actor, request)
        SELECT clock_timestamp(), pg_current_xact_id()::text::bigint, TG_TABLE_NAME, o.id, 'U',
               d.before, d.after,
               coalesce((context->>'actor')::bigint, (to_jsonb(n)->>'updated_by_id')::bigint),
               context - 'actor'
        FROM old_rows o JOIN new_rows n USING (id),
        LATERAL (
            SELECT jsonb_object_agg(key, was.value) AS before, jsonb_object_agg(key, became.value)
            AS after
            FROM jsonb_each(to_jsonb(o) - hidden) was JOIN jsonb_each(to_jsonb(n) - hidden) became
            USING (key)
            WHERE was.value IS DISTINCT FROM became.value
        ) d
        WHERE d.after IS NOT NULL;
    ELSE
        INSERT INTO assistance_change ("at", transaction, "table", row, kind, before, actor,
        request)
        SELECT clock_timestamp(), pg_current_xact_id()::text::bigint, TG_TABLE_NAME, o.id, 'D',
               to_jsonb(o) - hidden, (context->>'actor')::bigint, context - 'actor'
        FROM old_rows o;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION refuse_to_alter() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE =
    'restrict_violation';
END $$;
"""
DROP_FUNCTIONS = "DROP FUNCTION refuse_to_alter(); DROP FUNCTION log_changes();"


def make_functions() -> RunSQL:
    return RunSQL(FUNCTIONS, DROP_FUNCTIONS)


def logged(table: str, *hidden: str) -> RunSQL:
    """Log every write to ``table``, the columns ``hidden`` and the secret ones left out."""
    columns = ", ".join(f"'{column}'" for column in (*NEVER_LOGGED, *hidden))
    events = {
        "insert": "NEW TABLE AS new_rows",
        "update": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
        "delete": "OLD TABLE AS old_rows",
    }
    return RunSQL(
        [
            f"CREATE TRIGGER log_{event} AFTER {event.upper()} ON {table} REFERENCING {rows}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION log_changes({columns})"
            for event, rows in events.items()
        ],
        [f"DROP TRIGGER log_{event} ON {table}" for event in events],
    )


def append_only(table: str) -> RunSQL:
    """Refuse every UPDATE and DELETE of ``table``; a deployment revokes TRUNCATE from its role."""
    return RunSQL(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_alter()",
        f"DROP TRIGGER append_only ON {table}",
    )
