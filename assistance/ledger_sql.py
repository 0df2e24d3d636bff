"""SQL that keeps ledger rows as they were from the moment they count, for migrations."""

from __future__ import annotations

from django.db.migrations import RunSQL

# What may still change on a row that counts: it can be struck out, once.
STRIKING_OUT = (
    "voided_at",
    "voided_by_id",
    "void_reason",
    "status",
    "updated_at",
    "updated_by_id",
    "version",
)

FUNCTION = """
CREATE FUNCTION keep_ledger_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := TG_ARGV::text[];
    changed text;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION '%: rows are voided, never deleted', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.voided_at IS NOT NULL AND to_jsonb(OLD) IS DISTINCT FROM to_jsonb(NEW) THEN
        RAISE EXCEPTION '% %: a voided row stays as it is', TG_TABLE_NAME, OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.counted_at IS NOT NULL THEN
        SELECT string_agg(was.key, ', ') INTO changed
        FROM jsonb_each(to_jsonb(OLD) - free) was
        JOIN jsonb_each(to_jsonb(NEW) - free) became USING (key)
        WHERE was.value IS DISTINCT FROM became.value;
        IF changed IS NOT NULL THEN
            RAISE EXCEPTION '% %: it counts since %; void it and enter it anew instead of changing
            %',
                TG_TABLE_NAME, OLD.id, OLD.counted_at, changed USING ERRCODE = 'restrict_violation';
        END IF;
    END IF;
    RETURN NEW;
END $$
"""


def make_function() -> RunSQL:
    return RunSQL(FUNCTION, "DROP FUNCTION keep_ledger_row()")


def keeps_rows(table: str, *free: str) -> RunSQL:
    """Refuse DELETE, and of rows that count every UPDATE but striking out and of the columns
    ``free``.
    """
    columns = ", ".join(f"'{column}'" for column in (*STRIKING_OUT, *free))
    return RunSQL(
        f"CREATE TRIGGER keep_ledger_row BEFORE UPDATE OR DELETE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION keep_ledger_row({columns})",
        f"DROP TRIGGER keep_ledger_row ON {table}",
    )
