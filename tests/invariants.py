"""The invariants of the ledger in plain SQL that shares no code with the product.

Each query finds what breaks a rule and is empty where it holds. The numbers are those of
``docs/invariants.md``.
"""

from __future__ import annotations

from django.db import connection

COUNTS = "{0}.counted_at IS NOT NULL AND {0}.voided_at IS NULL"
NET_OF_SHARES = f"""
    SELECT s.id, s.project_id, s.fund_plan_id, s.source, s.approved_on, s.opening_paid_yuan,
           s.amount_yuan + coalesce((SELECT sum(a.delta_yuan) FROM projects_fundingadjustment a
               WHERE a.project_funding_id = s.id AND {COUNTS.format("a")}), 0) AS held,
           s.opening_paid_yuan
           + coalesce((SELECT sum(p.amount_yuan) FROM projects_payment p
               WHERE p.project_funding_id = s.id AND {COUNTS.format("p")}), 0)
           - coalesce((SELECT sum(r.amount_yuan) FROM projects_refund r
               WHERE r.project_funding_id = s.id AND {COUNTS.format("r")}), 0) AS paid
    FROM projects_projectfunding s WHERE {COUNTS.format("s")}
"""
ARRIVED = f"""
    SELECT l.id, l.amount_yuan AS planned, l.total_committed_yuan, l.total_arrived_yuan,
           coalesce((SELECT sum(t.amount_yuan) FROM projects_transfer t
               WHERE t.fund_plan_id = l.id AND {COUNTS.format("t")}), 0)
           - coalesce((SELECT sum(b.amount_yuan) FROM projects_transferreturn b
               JOIN projects_transfer t ON t.id = b.transfer_id
               WHERE t.fund_plan_id = l.id AND {COUNTS.format("b")}), 0) AS arrived,
           (SELECT coalesce(bool_or(t.over_doc_no <> ''), false) FROM projects_transfer t
               WHERE t.fund_plan_id = l.id AND {COUNTS.format("t")}) AS documented
    FROM projects_fundplan l
"""
# Every step that there is, written out once more: (from, to).
ROAD = """
    (VALUES ('', 'DRAFT'), ('DRAFT', 'SUBMITTED'), ('DRAFT', 'WITHDRAWN'), ('SUBMITTED', 'DRAFT'),
     ('SUBMITTED', 'LIBRARY'), ('SUBMITTED', 'REJECTED'), ('SUBMITTED', 'WITHDRAWN'),
     ('LIBRARY', 'DRAFT'), ('LIBRARY', 'APPROVED'), ('LIBRARY', 'REJECTED'),
     ('LIBRARY', 'WITHDRAWN'), ('APPROVED', 'TENDERING'), ('APPROVED', 'READY'),
     ('APPROVED', 'TERMINATED'), ('TENDERING', 'READY'), ('TENDERING', 'TERMINATED'),
     ('READY', 'ACTIVE'), ('READY', 'TERMINATED'), ('ACTIVE', 'SUSPENDED'),
     ('ACTIVE', 'COMPLETED'), ('ACTIVE', 'TERMINATED'), ('SUSPENDED', 'ACTIVE'),
     ('SUSPENDED', 'TERMINATED'), ('COMPLETED', 'ACTIVE'), ('COMPLETED', 'ACCEPTED'),
     ('COMPLETED', 'TERMINATED'), ('ACCEPTED', 'HANDED_OVER'), ('ACCEPTED', 'CLOSED'),
     ('HANDED_OVER', 'CLOSED'))
"""
STEPS = f"""
    SELECT c.*, lag(c.to_stage, 1, '') OVER w AS came_from,
           lag(c.effective_on) OVER w AS day_before, lead(c.id) OVER w AS next_step
    FROM projects_stagechange c WHERE {COUNTS.format("c")}
    WINDOW w AS (PARTITION BY c.project_id ORDER BY c.effective_on, c.id)
"""
LOCAL_DAY = "({0} AT TIME ZONE 'Asia/Shanghai')::date"

BROKEN: dict[str, str] = {
    "1: a project approved by who created, submitted or reviewed it": f"""
        SELECT c.project_id FROM projects_stagechange c JOIN projects_project p
            ON p.id = c.project_id
        WHERE c.to_stage = 'APPROVED' AND {COUNTS.format("c")}
            AND c.counted_by_id IN (p.created_by_id, p.submitted_by_id, p.reviewed_by_id)""",
    "1: a payment verified by who entered it": """
        SELECT id FROM projects_payment WHERE counted_by_id = created_by_id""",
    "2: a plan overdrawn": f"""
        SELECT l.id FROM projects_fundplan l JOIN ({NET_OF_SHARES}) s ON s.fund_plan_id = l.id
        GROUP BY l.id, l.amount_yuan HAVING sum(s.held) > l.amount_yuan""",
    "3: a share paid below nothing or beyond itself": f"""
        SELECT id FROM ({NET_OF_SHARES}) s WHERE paid < 0 OR paid > held""",
    "4: a payment before approval or after the day on which it became known": f"""
        SELECT p.id FROM projects_payment p JOIN projects_projectfunding s
            ON s.id = p.project_funding_id
        WHERE {COUNTS.format("p")} AND (s.counted_at IS NULL OR s.voided_at IS NOT NULL
            OR p.paid_on < s.approved_on OR p.paid_on > {LOCAL_DAY.format("p.counted_at")})""",
    "4: a payment after the end": f"""
        SELECT p.id FROM projects_payment p
        JOIN projects_projectfunding s ON s.id = p.project_funding_id
        JOIN projects_stagechange c ON c.project_id = s.project_id AND {COUNTS.format("c")}
        WHERE {COUNTS.format("p")} AND p.paid_on > c.effective_on
            AND (c.to_stage = 'TERMINATED' OR c.to_stage = 'CLOSED' AND p.basis <> 'RETENTION')""",
    "5: a share of a plan that does not serve the project": f"""
        SELECT s.id FROM ({NET_OF_SHARES}) s
        JOIN projects_project p ON p.id = s.project_id
        JOIN assistance_pairing own ON own.id = p.pairing_id
        JOIN projects_fundplan l ON l.id = s.fund_plan_id
        JOIN assistance_pairing other ON other.id = l.pairing_id
        JOIN assistance_region below ON below.id = own.recipient_id
        JOIN assistance_region above ON above.id = other.recipient_id
        WHERE own.id <> other.id AND (own.programme_id <> other.programme_id
            OR left(below.code, 4) || '00' <> above.code)""",
    "6: more arrived than was planned, without a document": f"""
        SELECT id FROM ({ARRIVED}) l WHERE arrived > planned AND NOT documented""",
    "6: more went back than came": f"""
        SELECT t.id FROM projects_transfer t JOIN projects_transferreturn b ON b.transfer_id = t.id
        WHERE {COUNTS.format("b")}
        GROUP BY t.id, t.amount_yuan, t.voided_at
        HAVING sum(b.amount_yuan) > t.amount_yuan OR t.voided_at IS NOT NULL""",
    "7: site, purpose, unit or sums changed after approval without a change request": """
        SELECT c.id FROM assistance_change c
        JOIN assistance_change approval ON approval."table" = 'projects_stagechange'
            AND approval.kind = 'I' AND approval.after->>'to_stage' = 'APPROVED'
            AND (approval.after->>'project_id')::bigint = c.row AND approval.id < c.id
        WHERE c."table" = 'projects_project' AND c.kind = 'U'
            AND c.after ?| array['name', 'place', 'content', 'county_id', 'pairing_id',
                'fiscal_year', 'sector', 'implementing_unit_id', 'aid_yuan', 'donation_yuan',
                'match_yuan', 'self_yuan', 'planned_start', 'planned_end', 'is_livelihood',
                'spend_level']
            AND NOT EXISTS (SELECT FROM assistance_change r WHERE r.transaction = c.transaction
                AND r."table" = 'projects_changerequest' AND r.after->>'status' = 'approved')""",
    "8: a total that is not the sum of its sources": """
        SELECT id FROM projects_project
        WHERE total_investment_yuan <> aid_yuan + donation_yuan + match_yuan + self_yuan""",
    "8: a payment out of matching funds, own funds or donations in kind": """
        SELECT p.id FROM projects_payment p JOIN projects_projectfunding s
            ON s.id = p.project_funding_id WHERE s.source IN ('MATCH', 'SELF', 'DON_KIND')""",
    "9: progress that fell": f"""
        SELECT id FROM (
            SELECT r.id, r.physical_pct, lag(r.physical_pct) OVER (
                PARTITION BY r.project_id ORDER BY r.measured_on, r.id) AS before
            FROM projects_progressreport r WHERE {COUNTS.format("r")}) r
        WHERE physical_pct < before""",
    "9: completed below a hundred per cent": f"""
        SELECT c.id FROM ({STEPS}) c WHERE c.to_stage = 'COMPLETED' AND 100 IS DISTINCT FROM (
            SELECT max(r.physical_pct) FROM projects_progressreport r
            WHERE r.project_id = c.project_id AND {COUNTS.format("r")})""",
    "10: steps out of order or in the future": f"""
        SELECT id FROM ({STEPS}) c WHERE effective_on < day_before
            OR effective_on > {LOCAL_DAY.format("counted_at")}""",
    "10: accepted before the works ended": f"""
        SELECT a.id FROM projects_acceptance a WHERE {COUNTS.format("a")} AND NOT EXISTS (
            SELECT FROM ({STEPS}) c WHERE c.project_id = a.project_id
                AND c.to_stage = 'COMPLETED' AND c.effective_on <= a.held_on)""",
    "11: a voucher twice in one treasury and year": f"""
        SELECT p.treasury_id, p.voucher_no FROM projects_payment p
        WHERE p.voided_at IS NULL AND p.status <> 'rejected'
        GROUP BY p.treasury_id, p.voucher_no, extract(year FROM p.paid_on) HAVING count(*) > 1
        UNION ALL SELECT t.treasury_id, t.voucher_no FROM projects_transfer t
        WHERE {COUNTS.format("t")}
        GROUP BY t.treasury_id, t.voucher_no, extract(year FROM t.arrived_on)
        HAVING count(*) > 1""",
    "11: the same payee, sum and day twice without a written reason": """
        SELECT b.id FROM projects_payment a JOIN projects_payment b
            ON b.payee_id = a.payee_id AND b.amount_yuan = a.amount_yuan
            AND b.paid_on = a.paid_on AND b.id > a.id
        WHERE a.voided_at IS NULL AND a.status <> 'rejected'
            AND b.voided_at IS NULL AND b.status <> 'rejected'
            AND a.duplicate_reason = '' AND b.duplicate_reason = ''""",
    "18: more lifted or monitored than benefit": """
        SELECT id FROM projects_project
        WHERE lifted_persons > beneficiary_persons OR monitored_persons > beneficiary_persons""",
    "the road: a step that does not exist, or does not follow": f"""
        SELECT id FROM ({STEPS}) c WHERE from_stage <> came_from OR opening_id IS NULL
            AND NOT EXISTS (SELECT FROM {ROAD} road (was, became)
                WHERE was = c.from_stage AND became = c.to_stage)""",
    "the road: a stage that is not the last step": f"""
        SELECT p.id FROM projects_project p LEFT JOIN ({STEPS}) c
            ON c.project_id = p.id AND c.next_step IS NULL
        WHERE p.stage IS DISTINCT FROM c.to_stage""",
    "the read columns: a plan's": f"""
        SELECT l.id FROM ({ARRIVED}) l WHERE l.total_arrived_yuan <> l.arrived
            OR l.total_committed_yuan <> coalesce((
                SELECT sum(s.held) FROM ({NET_OF_SHARES}) s WHERE s.fund_plan_id = l.id), 0)""",
    "the read columns: a project's": f"""
        SELECT p.id FROM projects_project p LEFT JOIN (
            SELECT project_id, sum(held) AS held, sum(paid) AS paid FROM ({NET_OF_SHARES}) s
            WHERE source NOT IN ('MATCH', 'SELF', 'DON_KIND') GROUP BY project_id
        ) s ON s.project_id = p.id
        WHERE p.allocated_yuan <> coalesce(s.held, 0) OR p.paid_yuan <> coalesce(s.paid, 0)""",
}


# What has to be on record when a step is taken, project by project; those taken over are not asked.
_STEP = f"""
    SELECT c.*, p.aid_yuan, p.needs_tender, p.forms_asset, p.contract_yuan, p.contract_no
    FROM projects_stagechange c JOIN projects_project p ON p.id = c.project_id
    WHERE {COUNTS.format("c")} AND NOT EXISTS (
        SELECT FROM projects_opening o WHERE o.project_id = p.id AND {COUNTS.format("o")})
"""


def _filed(kind: str) -> str:
    return f"""EXISTS (SELECT FROM projects_paper f WHERE f.project_id = c.project_id
        AND f.kind = '{kind}' AND f.counted_at <= c.counted_at
        AND (f.voided_at IS NULL OR f.voided_at > c.counted_at))"""


def _noticed(kind: str, least_days: int) -> str:
    return f"""EXISTS (SELECT FROM projects_publicnotice n WHERE n.project_id = c.project_id
        AND n.kind = '{kind}' AND n.counted_at <= c.counted_at AND n.ends_on <= c.effective_on
        AND n.ends_on - n.starts_on + 1 >= {least_days}
        AND (n.objections = '' OR n.resolution <> '')
        AND (n.voided_at IS NULL OR n.voided_at > c.counted_at))"""


_SETTLED = f"""(SELECT a.final_aid_yuan FROM projects_acceptance a
    WHERE a.project_id = c.project_id AND a.result = 'PASS' AND a.level <> 'SELF'
        AND {COUNTS.format("a")} ORDER BY a.held_on DESC, a.id DESC LIMIT 1)"""
_AUDITED = f"""(SELECT a.audited_yuan FROM projects_auditrecord a
    WHERE a.project_id = c.project_id AND a.kind = 'settlement'
        AND {COUNTS.format("a")} ORDER BY a.issued_on DESC, a.id DESC LIMIT 1)"""
# What aid bears in the end: of acceptance and newest audit the lesser; LEAST passes over a NULL.
_FINAL = f"(CASE WHEN {_SETTLED} IS NOT NULL THEN least({_SETTLED}, {_AUDITED}) END)"
_OF_SHARES = f"""(SELECT coalesce(sum(s.{{0}}), 0) FROM ({NET_OF_SHARES}) s
    WHERE s.project_id = c.project_id AND s.source NOT IN ('MATCH', 'SELF', 'DON_KIND'))"""

UNPROVEN: dict[str, str] = {
    "admitted without opinion and notice": f"""
        SELECT c.id FROM ({_STEP}) c WHERE c.to_stage = 'LIBRARY'
            AND NOT ({_filed("OPINION")} AND {_noticed("PRE", 10)})""",
    "approved without consent and decision": f"""
        SELECT c.id FROM ({_STEP}) c WHERE c.to_stage = 'APPROVED'
            AND NOT ({_filed("CONSENT")} AND {_filed("DECISION")})""",
    "ready without plan, or award and contract": f"""
        SELECT c.id FROM ({_STEP}) c WHERE c.to_stage = 'READY' AND NOT (
            CASE WHEN c.needs_tender THEN {_filed("AWARD")} AND c.contract_yuan > 0
                AND c.contract_no <> '' ELSE {_filed("PLAN")} END)""",
    "started without the contract": f"""
        SELECT c.id FROM ({_STEP}) c WHERE c.to_stage = 'ACTIVE' AND c.from_stage = 'READY'
            AND c.needs_tender AND NOT {_filed("CONTRACT")}""",
    "started, ended or handed over by one hand": f"""
        SELECT c.id FROM ({_STEP}) c
        WHERE (c.from_stage, c.to_stage) IN
            (('READY', 'ACTIVE'), ('ACTIVE', 'COMPLETED'), ('ACCEPTED', 'HANDED_OVER'))
            AND NOT EXISTS (SELECT FROM projects_stepproposal o WHERE o.project_id = c.project_id
                AND o.to_stage = c.to_stage AND o.effective_on = c.effective_on
                AND o.counted_at = c.counted_at AND o.created_by_id <> o.counted_by_id)""",
    "accepted without a panel's and the people's word": f"""
        SELECT c.id FROM ({_STEP}) c WHERE c.to_stage = 'ACCEPTED' AND NOT (
            {_noticed("DONE", 1)} AND EXISTS (
                SELECT FROM projects_acceptance a WHERE a.project_id = c.project_id
                    AND a.result = 'PASS' AND a.held_on <= c.effective_on
                    AND (a.level = 'JOINT' OR a.level = 'COUNTY' AND c.aid_yuan < 5000000)
                    AND {COUNTS.format("a")}))""",
    "handed over with nothing, or to nobody": f"""
        SELECT c.id FROM ({_STEP}) c WHERE c.to_stage = 'HANDED_OVER' AND (
            NOT EXISTS (SELECT FROM projects_asset a
                WHERE a.project_id = c.project_id AND a.voided_at IS NULL)
            OR EXISTS (SELECT FROM projects_asset a WHERE a.project_id = c.project_id
                AND a.voided_at IS NULL AND (a.owner = '' OR a.manager = '')))""",
    "closed unsettled, unpaid, unaudited or unevaluated": f"""
        SELECT c.id FROM ({_STEP}) c WHERE c.to_stage = 'CLOSED' AND NOT (
            (c.from_stage = 'HANDED_OVER' OR NOT c.forms_asset)
            AND {_OF_SHARES.format("held")} IS NOT DISTINCT FROM {_FINAL}
            AND {_OF_SHARES.format("paid")} >= {_FINAL} * 0.97 - 0.01
            AND (c.aid_yuan < 1000000 OR {_AUDITED} IS NOT NULL)
            AND EXISTS (SELECT FROM projects_evaluation e WHERE e.project_id = c.project_id
                AND {COUNTS.format("e")})
            AND NOT EXISTS (SELECT FROM projects_finding f WHERE f.project_id = c.project_id
                AND f.voided_at IS NULL AND f.status <> 'closed'
                AND f.counted_at <= c.counted_at))""",
    "terminated with money that nobody accounts for": f"""
        SELECT c.id FROM ({_STEP}) c WHERE c.to_stage = 'TERMINATED'
            AND ({_OF_SHARES.format("held")} <> {_OF_SHARES.format("paid")}
                OR NOT EXISTS (SELECT FROM projects_changerequest r
                    WHERE r.project_id = c.project_id AND r.kind = 'TERMINATE'
                        AND r.status = 'approved' AND r.consented_by_id IS NOT NULL))""",
}


def broken() -> dict[str, list[tuple[object, ...]]]:
    """The invariants that do not hold, each with the rows that break it; all in one snapshot."""
    found = {}
    with connection.cursor() as cursor:
        for rule, query in (BROKEN | UNPROVEN).items():
            cursor.execute(query)
            rows = cursor.fetchall()
            if rows:
                found[rule] = rows
    return found
