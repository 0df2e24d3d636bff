"""What was approved changes only by a request that is approved in the same transaction."""

from django.db import migrations

# ``approved_in`` is written here, whatever the statement says, and never again: a decided request
# stays as it is. So nobody can lend an old request to a new transaction, as they could a variable of
# the session; who wants to change a project past the verbs has to leave a request that says so.
REQUEST_STANDS = """
CREATE FUNCTION change_request_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'change request %: it is withdrawn, never deleted', OLD.id
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'change_request_is_never_deleted';
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.status IN ('approved', 'rejected', 'withdrawn') THEN
        RAISE EXCEPTION 'change request %: it is % and stays as it is', OLD.id, OLD.status
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'change_request_decided_stands';
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.status IN ('submitted', 'consented') AND NEW.status <> 'draft' AND (
        OLD.project_id, OLD.kind, OLD.before, OLD.after, OLD.reason, OLD.needs_consent,
        OLD.created_by_id, OLD.submitted_by_id, OLD.submitted_at
    ) IS DISTINCT FROM (
        NEW.project_id, NEW.kind, NEW.before, NEW.after, NEW.reason, NEW.needs_consent,
        NEW.created_by_id, NEW.submitted_by_id, NEW.submitted_at
    ) THEN
        RAISE EXCEPTION 'change request %: what was submitted is what is decided', OLD.id
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'change_request_submitted_stands';
    END IF;
    NEW.approved_in := CASE NEW.status WHEN 'approved' THEN pg_current_xact_id()::text::bigint END;
    RETURN NEW;
END $$
"""
REQUEST_TRIGGER = """
CREATE TRIGGER change_request_stands BEFORE INSERT OR UPDATE OR DELETE ON projects_changerequest
FOR EACH ROW EXECUTE FUNCTION change_request_stands()
"""

COLUMNS = (
    "name", "content", "place", "county_id", "pairing_id", "fiscal_year", "sector", "mode",
    "implementing_unit_id", "aid_yuan", "donation_yuan", "match_yuan", "self_yuan",
    "planned_start", "planned_end", "beneficiary_households", "beneficiary_persons",
    "lifted_persons", "monitored_persons", "is_livelihood", "spend_level", "forms_asset",
    "needs_tender",
)  # fmt: skip
OLD_AND_NEW = tuple(", ".join(f"{row}.{column}" for column in COLUMNS) for row in ("OLD", "NEW"))
# A step that counts says that the project was approved: the stage alone could be turned back and
# forth within one transaction. Every changed column has to stand in the request with its new value.
PROJECT_STANDS = """
CREATE FUNCTION project_stands() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    request projects_changerequest%ROWTYPE;
    changed text;
BEGIN
    IF NOT EXISTS (
        SELECT FROM projects_stagechange WHERE project_id = OLD.id
            AND to_stage NOT IN ('DRAFT', 'SUBMITTED', 'LIBRARY', 'REJECTED', 'WITHDRAWN')
            AND counted_at IS NOT NULL AND voided_at IS NULL
    ) THEN
        RETURN NEW;
    END IF;
    SELECT * INTO request FROM projects_changerequest
    WHERE project_id = OLD.id AND status = 'approved'
        AND approved_in = pg_current_xact_id()::text::bigint
    ORDER BY id DESC LIMIT 1;
    SELECT string_agg(was.key, ', ') INTO changed
    FROM jsonb_each_text(to_jsonb(OLD)) was JOIN jsonb_each_text(to_jsonb(NEW)) became USING (key)
    WHERE was.key = ANY (TG_ARGV)
        AND was.value IS DISTINCT FROM became.value
        AND NOT coalesce(
            request.after ? regexp_replace(was.key, '_id$', '')
            AND became.value IS NOT DISTINCT FROM
                request.after->>regexp_replace(was.key, '_id$', ''),
            false
        );
    IF changed IS NOT NULL THEN
        RAISE EXCEPTION 'project %: it was approved; % changes by an approved request only',
            OLD.id, changed
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'project_changes_by_request';
    END IF;
    RETURN NEW;
END $$
"""
PROJECT_TRIGGER = f"""
CREATE TRIGGER project_changes_by_request BEFORE UPDATE ON projects_project
FOR EACH ROW WHEN (({OLD_AND_NEW[0]}) IS DISTINCT FROM ({OLD_AND_NEW[1]}))
EXECUTE FUNCTION project_stands({", ".join(f"'{column}'" for column in COLUMNS)})
"""

# An adjustment begins to count in the transaction that approves its request, and on its project;
# under the request that ended it also with the refund of the same sum, by the same hands.
ADJUSTMENT_OF_REQUEST = """
CREATE FUNCTION adjustment_of_approved_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM projects_changerequest r
        JOIN projects_projectfunding s ON s.project_id = r.project_id
        WHERE r.id = NEW.change_request_id AND s.id = NEW.project_funding_id
            AND r.status = 'approved' AND r.approved_in = pg_current_xact_id()::text::bigint
            AND r.effective_on = NEW.effective_on
            AND s.counted_at IS NOT NULL AND s.voided_at IS NULL
    ) AND NOT EXISTS (
        SELECT FROM projects_changerequest r
        JOIN projects_projectfunding s ON s.project_id = r.project_id
        JOIN projects_refund b ON b.project_funding_id = s.id
        WHERE r.id = NEW.change_request_id AND s.id = NEW.project_funding_id
            AND r.kind = 'TERMINATE' AND r.status = 'approved'
            AND s.counted_at IS NOT NULL AND s.voided_at IS NULL AND b.voided_at IS NULL
            AND b.amount_yuan = -NEW.delta_yuan
            AND (b.counted_at, b.counted_by_id, b.created_by_id)
                = (NEW.counted_at, NEW.counted_by_id, NEW.created_by_id)
            AND NEW.effective_on = greatest(b.refunded_on, r.effective_on)
    ) THEN
        RAISE EXCEPTION 'adjustment %: no request of this project is approved with it', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'adjustment_follows_approved_request';
    END IF;
    RETURN NULL;
END $$
"""
ADJUSTMENT_TRIGGERS = [
    """
CREATE TRIGGER adjustment_follows_approved_request AFTER INSERT ON projects_fundingadjustment
FOR EACH ROW WHEN (NEW.counted_at IS NOT NULL)
EXECUTE FUNCTION adjustment_of_approved_request()
""",
    """
CREATE TRIGGER adjustment_begins_with_approved_request
AFTER UPDATE OF counted_at ON projects_fundingadjustment
FOR EACH ROW WHEN (OLD.counted_at IS NULL AND NEW.counted_at IS NOT NULL)
EXECUTE FUNCTION adjustment_of_approved_request()
""",
]


class Migration(migrations.Migration):
    dependencies = [("projects", "0008_closed_plans_take_nothing")]

    operations = [
        migrations.RunSQL(
            [REQUEST_STANDS, REQUEST_TRIGGER],
            [
                "DROP TRIGGER change_request_stands ON projects_changerequest",
                "DROP FUNCTION change_request_stands()",
            ],
        ),
        migrations.RunSQL(
            [PROJECT_STANDS, PROJECT_TRIGGER],
            [
                "DROP TRIGGER project_changes_by_request ON projects_project",
                "DROP FUNCTION project_stands()",
            ],
        ),
        migrations.RunSQL(
            [ADJUSTMENT_OF_REQUEST, *ADJUSTMENT_TRIGGERS],
            [
                "DROP TRIGGER adjustment_begins_with_approved_request"
                " ON projects_fundingadjustment",
                "DROP TRIGGER adjustment_follows_approved_request ON projects_fundingadjustment",
                "DROP FUNCTION adjustment_of_approved_request()",
            ],
        ),
    ]
