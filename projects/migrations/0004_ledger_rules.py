"""What the database itself refuses: altered rows, overdrawn plans, untimely payments, leaps on the road."""

from django.db import migrations

from assistance.ledger_sql import keeps_rows

# Sums are right only under the parent's lock and on a snapshot taken after it was won. The verbs
# hold these locks already; raw SQL takes them here. SERIALIZABLE finds the conflict by itself.
FRESH_SUMS = """
CREATE FUNCTION require_fresh_sums() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('transaction_isolation') = 'repeatable read' THEN
        RAISE EXCEPTION 'the ledger is written in READ COMMITTED or SERIALIZABLE'
            USING ERRCODE = 'invalid_transaction_state';
    END IF;
END $$
"""
# A share with its adjustments.
NET_OF_SHARE = """
CREATE FUNCTION net_of_share(share bigint) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT s.amount_yuan + (SELECT coalesce(sum(delta_yuan), 0) FROM projects_fundingadjustment
                            WHERE project_funding_id = s.id
                                AND counted_at IS NOT NULL AND voided_at IS NULL)
    FROM projects_projectfunding s WHERE s.id = share
$$
"""
SHARES_WITHIN_PLAN = """
CREATE FUNCTION shares_within_plan() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    plan projects_fundplan%ROWTYPE;
    committed numeric;
BEGIN
    PERFORM require_fresh_sums();
    SELECT * INTO plan FROM projects_fundplan WHERE id = (
        CASE TG_TABLE_NAME WHEN 'projects_projectfunding' THEN (to_jsonb(NEW)->>'fund_plan_id')::bigint
        ELSE (SELECT fund_plan_id FROM projects_projectfunding
              WHERE id = (to_jsonb(NEW)->>'project_funding_id')::bigint) END
    ) FOR UPDATE;
    IF plan.id IS NULL THEN  -- matching or own funds, or taken over without a plan
        RETURN NULL;
    END IF;
    IF plan.counted_at IS NULL OR plan.voided_at IS NOT NULL THEN
        RAISE EXCEPTION 'fund plan %: it is not issued, so nobody can have a share of it', plan.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'fund_plan_is_issued_before_it_is_shared';
    END IF;
    SELECT coalesce(sum(net_of_share(id)), 0) INTO committed FROM projects_projectfunding
    WHERE fund_plan_id = plan.id AND counted_at IS NOT NULL AND voided_at IS NULL;
    IF committed > plan.amount_yuan THEN
        RAISE EXCEPTION 'fund plan %: % yuan committed of % planned', plan.id, committed,
            plan.amount_yuan
            USING ERRCODE = 'check_violation', CONSTRAINT = 'fund_plan_is_not_overdrawn';
    END IF;
    RETURN NULL;
END $$
"""
SHARES_TRIGGERS = [
    """
CREATE TRIGGER fund_plan_is_not_overdrawn
AFTER INSERT OR UPDATE OF counted_at, amount_yuan, fund_plan_id, voided_at ON projects_projectfunding
FOR EACH ROW WHEN (NEW.fund_plan_id IS NOT NULL AND NEW.counted_at IS NOT NULL AND NEW.voided_at IS NULL)
EXECUTE FUNCTION shares_within_plan()
""",
    """
CREATE TRIGGER fund_plan_is_not_overdrawn
AFTER INSERT OR UPDATE OF counted_at, delta_yuan, voided_at ON projects_fundingadjustment
FOR EACH ROW WHEN (NEW.counted_at IS NOT NULL)
EXECUTE FUNCTION shares_within_plan()
""",
]
# The days, stages and sources of payments; their sum is in migration 0005, with refunds.
PAYMENTS_IN_TIME = """
CREATE FUNCTION payments_in_time() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    project projects_project%ROWTYPE;
    share projects_projectfunding%ROWTYPE;
BEGIN
    SELECT p.* INTO project FROM projects_project p
    JOIN projects_projectfunding s ON s.project_id = p.id
    WHERE s.id = NEW.project_funding_id FOR UPDATE OF p;
    SELECT * INTO share FROM projects_projectfunding WHERE id = NEW.project_funding_id FOR UPDATE;
    IF share.counted_at IS NULL OR share.voided_at IS NOT NULL OR NEW.paid_on < share.approved_on THEN
        RAISE EXCEPTION 'payment %: nothing can be paid before approval', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payment_follows_approval';
    END IF;
    IF share.source IN ('MATCH', 'SELF', 'DON_KIND') THEN
        RAISE EXCEPTION 'payment %: % is not paid through this ledger', NEW.id, share.source
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payment_is_of_aid_or_cash_donations';
    END IF;
    IF NEW.paid_on > (NEW.counted_at AT TIME ZONE 'Asia/Shanghai')::date THEN
        RAISE EXCEPTION 'payment %: it lies in the future', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payment_is_not_in_the_future';
    END IF;
    IF project.stage = 'TERMINATED' OR project.stage = 'CLOSED' AND NEW.basis <> 'RETENTION' THEN
        RAISE EXCEPTION 'payment %: the project is %', NEW.id, project.stage
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payment_precedes_the_end';
    END IF;
    RETURN NULL;
END $$
"""
PAYMENTS_TRIGGER = """
CREATE TRIGGER payment_comes_in_time
AFTER INSERT OR UPDATE OF counted_at, amount_yuan, project_funding_id, voided_at ON projects_payment
FOR EACH ROW WHEN (NEW.counted_at IS NOT NULL AND NEW.voided_at IS NULL)
EXECUTE FUNCTION payments_in_time()
"""
STEPS_FOLLOW = """
CREATE FUNCTION steps_follow() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before projects_stagechange%ROWTYPE;
BEGIN
    PERFORM 1 FROM projects_project WHERE id = NEW.project_id FOR UPDATE;
    SELECT * INTO before FROM projects_stagechange
    WHERE project_id = NEW.project_id AND id <> NEW.id
        AND counted_at IS NOT NULL AND voided_at IS NULL
    ORDER BY effective_on DESC, id DESC LIMIT 1;
    IF NEW.counted_at IS NULL OR NEW.from_stage <> coalesce(before.to_stage, '')
        OR NEW.effective_on < before.effective_on
        OR NEW.effective_on > (NEW.counted_at AT TIME ZONE 'Asia/Shanghai')::date THEN
        RAISE EXCEPTION 'project %: % on % does not follow % on %', NEW.project_id, NEW.to_stage,
            NEW.effective_on, coalesce(before.to_stage, 'nothing'), before.effective_on
            USING ERRCODE = 'check_violation', CONSTRAINT = 'stage_change_follows_the_one_before';
    END IF;
    IF NEW.to_stage IN ('TERMINATED', 'CLOSED') AND EXISTS (
        SELECT FROM projects_payment p JOIN projects_projectfunding s ON s.id = p.project_funding_id
        WHERE s.project_id = NEW.project_id AND p.paid_on > NEW.effective_on
            AND p.counted_at IS NOT NULL AND p.voided_at IS NULL
            AND (NEW.to_stage = 'TERMINATED' OR p.basis <> 'RETENTION')
    ) THEN
        RAISE EXCEPTION 'project %: money was paid after %', NEW.project_id, NEW.effective_on
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payment_precedes_the_end';
    END IF;
    RETURN NULL;
END $$
"""
STEPS_TRIGGER = """
CREATE TRIGGER stage_change_follows_the_one_before AFTER INSERT ON projects_stagechange
FOR EACH ROW EXECUTE FUNCTION steps_follow()
"""
# Asked when the transaction commits: by then step and stage have both been written.
STAGE_IS_LAST_STEP = """
CREATE FUNCTION stage_is_last_step() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    project bigint := CASE TG_TABLE_NAME WHEN 'projects_project' THEN NEW.id
                      ELSE (to_jsonb(NEW)->>'project_id')::bigint END;
    stage_now text;
    last_step text;
BEGIN
    SELECT p.stage INTO stage_now FROM projects_project p WHERE p.id = project;
    SELECT to_stage INTO last_step FROM projects_stagechange
    WHERE project_id = project AND counted_at IS NOT NULL AND voided_at IS NULL
    ORDER BY effective_on DESC, id DESC LIMIT 1;
    IF stage_now IS NOT NULL AND stage_now IS DISTINCT FROM last_step THEN
        RAISE EXCEPTION 'project %: its stage is %, its last step led to %', project, stage_now,
            coalesce(last_step, 'nothing')
            USING ERRCODE = 'check_violation', CONSTRAINT = 'project_stage_is_its_last_step';
    END IF;
    IF EXISTS (  -- a step in the middle may have been struck out
        SELECT FROM (
            SELECT from_stage, lag(to_stage, 1, '') OVER (ORDER BY effective_on, id) AS came_from
            FROM projects_stagechange
            WHERE project_id = project AND counted_at IS NOT NULL AND voided_at IS NULL
        ) step WHERE from_stage <> came_from
    ) THEN
        RAISE EXCEPTION 'project %: a step is missing on its road', project
            USING ERRCODE = 'check_violation', CONSTRAINT = 'project_road_is_whole';
    END IF;
    RETURN NULL;
END $$
"""
STAGE_TRIGGERS = [
    "CREATE CONSTRAINT TRIGGER project_stage_is_its_last_step"
    " AFTER INSERT OR UPDATE OF stage ON projects_project"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION stage_is_last_step()",
    "CREATE CONSTRAINT TRIGGER project_stage_is_its_last_step"
    " AFTER INSERT OR UPDATE ON projects_stagechange"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION stage_is_last_step()",
]


class Migration(migrations.Migration):
    dependencies = [("assistance", "0003_ledger_rows_stand"), ("projects", "0003_log_changes")]

    operations = [
        keeps_rows(
            "projects_fundplan", "closed_doc_no", "total_committed_yuan", "total_arrived_yuan"
        ),
        keeps_rows("projects_transfer"),
        keeps_rows("projects_projectfunding"),
        keeps_rows("projects_payment"),
        keeps_rows("projects_stagechange"),
        keeps_rows("projects_progressreport"),
        keeps_rows("projects_yearplanentry", "released_on"),
        keeps_rows("projects_refund"),
        keeps_rows("projects_transferreturn"),
        keeps_rows("projects_fundingadjustment"),
        keeps_rows("projects_stepproposal"),
        keeps_rows("projects_paper"),
        keeps_rows("projects_publicnotice"),
        keeps_rows("projects_acceptance"),
        keeps_rows(
            "projects_asset",
            "state",
            "owner",
            "manager",
            "cert_no",
            "handed_over_on",
            "yearly_income_yuan",
            "distribution",
        ),
        keeps_rows("projects_auditrecord"),
        keeps_rows(
            "projects_finding", "rectification", "rectified_on", "closed_at", "closed_by_id"
        ),
        keeps_rows("projects_evaluation", "total"),
        keeps_rows("projects_opening"),
        keeps_rows("projects_paymentpolicy"),
        migrations.RunSQL(
            [FRESH_SUMS, NET_OF_SHARE, SHARES_WITHIN_PLAN, *SHARES_TRIGGERS],
            [
                "DROP TRIGGER fund_plan_is_not_overdrawn ON projects_fundingadjustment",
                "DROP TRIGGER fund_plan_is_not_overdrawn ON projects_projectfunding",
                "DROP FUNCTION shares_within_plan()",
                "DROP FUNCTION net_of_share(bigint)",
                "DROP FUNCTION require_fresh_sums()",
            ],
        ),
        migrations.RunSQL(
            [PAYMENTS_IN_TIME, PAYMENTS_TRIGGER],
            [
                "DROP TRIGGER payment_comes_in_time ON projects_payment",
                "DROP FUNCTION payments_in_time()",
            ],
        ),
        migrations.RunSQL(
            [STEPS_FOLLOW, STEPS_TRIGGER],
            [
                "DROP TRIGGER stage_change_follows_the_one_before ON projects_stagechange",
                "DROP FUNCTION steps_follow()",
            ],
        ),
        migrations.RunSQL(
            [STAGE_IS_LAST_STEP, *STAGE_TRIGGERS],
            [
                "DROP TRIGGER project_stage_is_its_last_step ON projects_project",
                "DROP TRIGGER project_stage_is_its_last_step ON projects_stagechange",
                "DROP FUNCTION stage_is_last_step()",
            ],
        ),
    ]
