"""The database keeps the columns that lists read: a project's ancestors, sums and progress; a plan's sums."""

from django.db import migrations

# A project lies where its county lies. Nobody sets its ancestors by hand.
ANCESTORS = """
CREATE FUNCTION project_lies_in_its_countys_ancestors() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH RECURSIVE up AS (
        SELECT id, parent_id, level FROM assistance_region WHERE id = NEW.county_id
        UNION ALL
        SELECT r.id, r.parent_id, r.level FROM assistance_region r JOIN up ON up.parent_id = r.id
    )
    SELECT max(id) FILTER (WHERE level = 'province'), max(id) FILTER (WHERE level = 'prefecture')
    INTO NEW.province_id, NEW.prefecture_id FROM up;
    RETURN NEW;
END $$
"""
ANCESTORS_TRIGGER = """
CREATE TRIGGER ancestors_are_kept
BEFORE INSERT OR UPDATE OF county_id, province_id, prefecture_id ON projects_project
FOR EACH ROW EXECUTE FUNCTION project_lies_in_its_countys_ancestors()
"""
REGION_MOVES = """
CREATE FUNCTION projects_move_with_their_region() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH RECURSIVE down AS (
        SELECT NEW.id AS id
        UNION ALL
        SELECT r.id FROM assistance_region r JOIN down ON down.id = r.parent_id
    )
    UPDATE projects_project SET county_id = county_id WHERE county_id IN (SELECT id FROM down);
    RETURN NULL;
END $$
"""
REGION_TRIGGER = """
CREATE TRIGGER projects_move_with_their_region AFTER UPDATE OF parent_id, level ON assistance_region
FOR EACH ROW WHEN (OLD.parent_id IS DISTINCT FROM NEW.parent_id OR OLD.level <> NEW.level)
EXECUTE FUNCTION projects_move_with_their_region()
"""
# Whoever writes a whole row back writes the sums back that they read; these stay what they are.
# Only triggers, and recompute_totals, write them.
SUMS_STAY = """
CREATE FUNCTION kept_sums_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('jiedui.recount', true) = 'on' THEN
        RETURN NEW;
    END IF;
    IF TG_TABLE_NAME = 'projects_project' THEN
        IF TG_OP = 'INSERT' THEN
            NEW.allocated_yuan := 0; NEW.paid_yuan := 0; NEW.physical_pct := 0;
        ELSE
            NEW.allocated_yuan := OLD.allocated_yuan; NEW.paid_yuan := OLD.paid_yuan;
            NEW.physical_pct := OLD.physical_pct;
        END IF;
    ELSIF TG_OP = 'INSERT' THEN
        NEW.total_committed_yuan := 0; NEW.total_arrived_yuan := 0;
    ELSE
        NEW.total_committed_yuan := OLD.total_committed_yuan;
        NEW.total_arrived_yuan := OLD.total_arrived_yuan;
    END IF;
    RETURN NEW;
END $$
"""
SUMS_STAY_TRIGGERS = [
    f"CREATE TRIGGER a_kept_sum_stays BEFORE INSERT OR UPDATE OF {columns} ON {table}"
    " FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION kept_sums_stay()"
    for table, columns in {
        "projects_project": "allocated_yuan, paid_yuan, physical_pct",
        "projects_fundplan": "total_committed_yuan, total_arrived_yuan",
    }.items()
]
# What a row adds to a sum. A row that counts keeps its parent, so the difference that a write makes
# belongs to the parent of the new row.
IF_COUNTED = """
CREATE FUNCTION if_counted(yuan numeric, counted_at timestamptz, voided_at timestamptz)
RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN counted_at IS NOT NULL AND voided_at IS NULL THEN yuan ELSE 0 END
$$
"""
KEEP_SHARES = """
CREATE FUNCTION keep_sums_of_shares() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held numeric := if_counted(NEW.amount_yuan, NEW.counted_at, NEW.voided_at)
                  - if_counted(OLD.amount_yuan, OLD.counted_at, OLD.voided_at);
    paid numeric := if_counted(NEW.opening_paid_yuan, NEW.counted_at, NEW.voided_at)
                  - if_counted(OLD.opening_paid_yuan, OLD.counted_at, OLD.voided_at);
BEGIN
    IF held = 0 AND paid = 0 THEN
        RETURN NULL;
    END IF;
    UPDATE projects_project SET allocated_yuan = allocated_yuan + held, paid_yuan = paid_yuan + paid
    WHERE id = NEW.project_id AND NEW.source IN ('PROV', 'CITY', 'DIST', 'MS', 'DON_CASH');
    UPDATE projects_fundplan SET total_committed_yuan = total_committed_yuan + held
    WHERE id = NEW.fund_plan_id;
    RETURN NULL;
END $$
"""
KEEP_ADJUSTMENTS = """
CREATE FUNCTION keep_sums_of_adjustments() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held numeric := if_counted(NEW.delta_yuan, NEW.counted_at, NEW.voided_at)
                  - if_counted(OLD.delta_yuan, OLD.counted_at, OLD.voided_at);
    share projects_projectfunding%ROWTYPE;
BEGIN
    IF held = 0 THEN
        RETURN NULL;
    END IF;
    SELECT * INTO share FROM projects_projectfunding WHERE id = NEW.project_funding_id;
    UPDATE projects_project SET allocated_yuan = allocated_yuan + held
    WHERE id = share.project_id AND share.source IN ('PROV', 'CITY', 'DIST', 'MS', 'DON_CASH');
    UPDATE projects_fundplan SET total_committed_yuan = total_committed_yuan + held
    WHERE id = share.fund_plan_id;
    RETURN NULL;
END $$
"""
KEEP_PAID = """
CREATE FUNCTION keep_sums_of_payments() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    paid numeric := if_counted(NEW.amount_yuan, NEW.counted_at, NEW.voided_at)
                  - if_counted(OLD.amount_yuan, OLD.counted_at, OLD.voided_at);
BEGIN
    IF paid <> 0 THEN
        UPDATE projects_project p
        SET paid_yuan = paid_yuan + CASE TG_TABLE_NAME WHEN 'projects_refund' THEN -paid ELSE paid END
        FROM projects_projectfunding s
        WHERE s.id = NEW.project_funding_id AND p.id = s.project_id
            AND s.source IN ('PROV', 'CITY', 'DIST', 'MS', 'DON_CASH');
    END IF;
    RETURN NULL;
END $$
"""
KEEP_TRANSFERS = """
CREATE FUNCTION keep_sums_of_transfers() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    arrived numeric := if_counted(NEW.amount_yuan, NEW.counted_at, NEW.voided_at)
                     - if_counted(OLD.amount_yuan, OLD.counted_at, OLD.voided_at);
BEGIN
    IF arrived <> 0 AND TG_TABLE_NAME = 'projects_transfer' THEN
        UPDATE projects_fundplan SET total_arrived_yuan = total_arrived_yuan + arrived
        WHERE id = (to_jsonb(NEW)->>'fund_plan_id')::bigint;
    ELSIF arrived <> 0 THEN
        UPDATE projects_fundplan f SET total_arrived_yuan = total_arrived_yuan - arrived
        FROM projects_transfer t
        WHERE t.id = (to_jsonb(NEW)->>'transfer_id')::bigint AND f.id = t.fund_plan_id;
    END IF;
    RETURN NULL;
END $$
"""
KEEP_PROGRESS = """
CREATE FUNCTION keep_physical_pct() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM projects_project WHERE id = NEW.project_id FOR UPDATE;  -- then look: others may add
    UPDATE projects_project p SET physical_pct = newest.physical_pct
    FROM (
        SELECT coalesce((
            SELECT physical_pct FROM (
                SELECT measured_on AS day, id, physical_pct FROM projects_progressreport
                WHERE project_id = NEW.project_id AND counted_at IS NOT NULL AND voided_at IS NULL
                UNION ALL
                SELECT as_of, 0, physical_pct FROM projects_opening
                WHERE project_id = NEW.project_id AND counted_at IS NOT NULL AND voided_at IS NULL
            ) measured ORDER BY day DESC, id DESC LIMIT 1
        ), 0) AS physical_pct
    ) newest
    WHERE p.id = NEW.project_id AND p.physical_pct <> newest.physical_pct;
    RETURN NULL;
END $$
"""
# Triggers of one row fire by name. These come first: they lock the project before others lock a
# share or a plan, and the plan before others lock a transfer, as the verbs do.
KEPT = {
    "projects_projectfunding": "keep_sums_of_shares",
    "projects_fundingadjustment": "keep_sums_of_adjustments",
    "projects_payment": "keep_sums_of_payments",
    "projects_refund": "keep_sums_of_payments",
    "projects_transfer": "keep_sums_of_transfers",
    "projects_transferreturn": "keep_sums_of_transfers",
    "projects_progressreport": "keep_physical_pct",
    "projects_opening": "keep_physical_pct",
}
KEPT_TRIGGERS = [
    f"CREATE TRIGGER a_sum_is_kept AFTER INSERT OR UPDATE ON {table} FOR EACH ROW"
    f" WHEN (NEW.counted_at IS NOT NULL) EXECUTE FUNCTION {function}()"
    for table, function in KEPT.items()
]
# What the columns should hold, counted anew over the whole ledger.
RECOUNT_PROJECTS = """
CREATE FUNCTION recount_projects() RETURNS TABLE (
    project_id bigint, province_id bigint, prefecture_id bigint,
    allocated_yuan numeric, paid_yuan numeric, physical_pct numeric
) LANGUAGE sql STABLE AS $$
    WITH share AS (
        SELECT s.* FROM projects_projectfunding s
        WHERE s.source IN ('PROV', 'CITY', 'DIST', 'MS', 'DON_CASH')
    ), held AS (
        SELECT h.project, sum(h.held) AS held, sum(h.paid) AS paid FROM (
            SELECT s.project_id AS project, s.amount_yuan AS held, s.opening_paid_yuan AS paid
            FROM share s WHERE s.counted_at IS NOT NULL AND s.voided_at IS NULL
            UNION ALL
            SELECT s.project_id, a.held, 0 FROM (
                SELECT project_funding_id, sum(delta_yuan) AS held FROM projects_fundingadjustment
                WHERE counted_at IS NOT NULL AND voided_at IS NULL GROUP BY 1
            ) a JOIN share s ON s.id = a.project_funding_id
            UNION ALL
            SELECT s.project_id, 0, m.paid FROM (
                SELECT project_funding_id, sum(amount_yuan) AS paid FROM projects_payment
                WHERE counted_at IS NOT NULL AND voided_at IS NULL GROUP BY 1
            ) m JOIN share s ON s.id = m.project_funding_id
            UNION ALL
            SELECT s.project_id, 0, -r.back FROM (
                SELECT project_funding_id, sum(amount_yuan) AS back FROM projects_refund
                WHERE counted_at IS NOT NULL AND voided_at IS NULL GROUP BY 1
            ) r JOIN share s ON s.id = r.project_funding_id
        ) h GROUP BY 1
    ), measured AS (
        SELECT DISTINCT ON (g.project) g.project, g.pct FROM (
            SELECT r.project_id AS project, r.measured_on AS day, r.id, r.physical_pct AS pct
            FROM projects_progressreport r WHERE r.counted_at IS NOT NULL AND r.voided_at IS NULL
            UNION ALL
            SELECT o.project_id, o.as_of, 0, o.physical_pct
            FROM projects_opening o WHERE o.counted_at IS NOT NULL AND o.voided_at IS NULL
        ) g ORDER BY g.project, g.day DESC, g.id DESC
    ), above AS (
        SELECT c.id AS county,
               CASE 'province' WHEN c.level THEN c.id WHEN u.level THEN u.id WHEN t.level THEN t.id
               END AS province,
               CASE 'prefecture' WHEN c.level THEN c.id WHEN u.level THEN u.id
               WHEN t.level THEN t.id END AS prefecture
        FROM assistance_region c LEFT JOIN assistance_region u ON u.id = c.parent_id
        LEFT JOIN assistance_region t ON t.id = u.parent_id
    )
    SELECT p.id, above.province, above.prefecture,
           coalesce(held.held, 0), coalesce(held.paid, 0), coalesce(measured.pct, 0)
    FROM projects_project p JOIN above ON above.county = p.county_id
    LEFT JOIN held ON held.project = p.id LEFT JOIN measured ON measured.project = p.id
$$
"""
RECOUNT_PLANS = """
CREATE FUNCTION recount_fund_plans() RETURNS TABLE (
    fund_plan_id bigint, total_committed_yuan numeric, total_arrived_yuan numeric
) LANGUAGE sql STABLE AS $$
    WITH moved AS (
        SELECT s.fund_plan_id AS plan, s.amount_yuan AS held, 0 AS arrived
        FROM projects_projectfunding s WHERE s.counted_at IS NOT NULL AND s.voided_at IS NULL
        UNION ALL
        SELECT s.fund_plan_id, a.delta_yuan, 0 FROM projects_fundingadjustment a
        JOIN projects_projectfunding s ON s.id = a.project_funding_id
        WHERE a.counted_at IS NOT NULL AND a.voided_at IS NULL
        UNION ALL
        SELECT t.fund_plan_id, 0, t.amount_yuan FROM projects_transfer t
        WHERE t.counted_at IS NOT NULL AND t.voided_at IS NULL
        UNION ALL
        SELECT t.fund_plan_id, 0, -r.amount_yuan FROM projects_transferreturn r
        JOIN projects_transfer t ON t.id = r.transfer_id
        WHERE r.counted_at IS NOT NULL AND r.voided_at IS NULL
    )
    SELECT f.id, coalesce(sum(m.held), 0), coalesce(sum(m.arrived), 0)
    FROM projects_fundplan f LEFT JOIN moved m ON m.plan = f.id GROUP BY f.id
$$
"""
# What was written before the triggers were there.
FILL = (
    "SELECT set_config('jiedui.recount', 'on', true)",
    "UPDATE projects_project SET county_id = county_id",
    """
UPDATE projects_project p SET
    allocated_yuan = r.allocated_yuan, paid_yuan = r.paid_yuan, physical_pct = r.physical_pct
FROM recount_projects() r WHERE r.project_id = p.id
    AND (p.allocated_yuan, p.paid_yuan, p.physical_pct)
        IS DISTINCT FROM (r.allocated_yuan, r.paid_yuan, r.physical_pct)
""",
    """
UPDATE projects_fundplan f SET
    total_committed_yuan = r.total_committed_yuan, total_arrived_yuan = r.total_arrived_yuan
FROM recount_fund_plans() r WHERE r.fund_plan_id = f.id
    AND (f.total_committed_yuan, f.total_arrived_yuan)
        IS DISTINCT FROM (r.total_committed_yuan, r.total_arrived_yuan)
""",
    "SELECT set_config('jiedui.recount', '', true)",
)
# A share stays while what rests on it counts: see share_stands_under_its_payments for payments.
ADJUSTED_SHARE_STANDS = """
CREATE FUNCTION share_stands_under_its_adjustments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM projects_fundingadjustment WHERE project_funding_id = NEW.id
               AND counted_at IS NOT NULL AND voided_at IS NULL)
        OR EXISTS (SELECT FROM projects_refund WHERE project_funding_id = NEW.id
                   AND counted_at IS NOT NULL AND voided_at IS NULL) THEN
        RAISE EXCEPTION 'project funding %: adjustments or refunds of it count; strike them out first',
            NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'share_stands_under_its_adjustments';
    END IF;
    RETURN NULL;
END $$
"""
ADJUSTED_SHARE_TRIGGER = """
CREATE TRIGGER share_stands_under_its_adjustments AFTER UPDATE OF voided_at ON projects_projectfunding
FOR EACH ROW WHEN (NEW.counted_at IS NOT NULL AND NEW.voided_at IS NOT NULL)
EXECUTE FUNCTION share_stands_under_its_adjustments()
"""


class Migration(migrations.Migration):
    dependencies = [("projects", "0010_openings_stand")]

    operations = [
        migrations.RunSQL(
            [ANCESTORS, ANCESTORS_TRIGGER, REGION_MOVES, REGION_TRIGGER],
            [
                "DROP TRIGGER projects_move_with_their_region ON assistance_region",
                "DROP FUNCTION projects_move_with_their_region()",
                "DROP TRIGGER ancestors_are_kept ON projects_project",
                "DROP FUNCTION project_lies_in_its_countys_ancestors()",
            ],
        ),
        migrations.RunSQL(
            [SUMS_STAY, *SUMS_STAY_TRIGGERS],
            [
                "DROP TRIGGER a_kept_sum_stays ON projects_fundplan",
                "DROP TRIGGER a_kept_sum_stays ON projects_project",
                "DROP FUNCTION kept_sums_stay()",
            ],
        ),
        migrations.RunSQL(
            [
                IF_COUNTED, KEEP_SHARES, KEEP_ADJUSTMENTS, KEEP_PAID, KEEP_TRANSFERS, KEEP_PROGRESS,
                *KEPT_TRIGGERS,
            ],
            [
                *(f"DROP TRIGGER a_sum_is_kept ON {table}" for table in KEPT),
                *(f"DROP FUNCTION {function}()" for function in dict.fromkeys(KEPT.values())),
                "DROP FUNCTION if_counted(numeric, timestamptz, timestamptz)",
            ],
        ),
        migrations.RunSQL(
            [RECOUNT_PROJECTS, RECOUNT_PLANS],
            ["DROP FUNCTION recount_fund_plans()", "DROP FUNCTION recount_projects()"],
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL(
            [ADJUSTED_SHARE_STANDS, ADJUSTED_SHARE_TRIGGER],
            [
                "DROP TRIGGER share_stands_under_its_adjustments ON projects_projectfunding",
                "DROP FUNCTION share_stands_under_its_adjustments()",
            ],
        ),
    ]  # fmt: skip
