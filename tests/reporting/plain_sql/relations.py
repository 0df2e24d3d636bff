"""What the queries read, one temporary table after the other."""

from __future__ import annotations

from tests.reporting.plain_sql.conditions import AID, BEFORE, NOW
from tests.reporting.plain_sql.conditions import DONE as ENDED

BEGUN = ENDED.replace("(", "('ACTIVE', 'SUSPENDED', ")

# ``day`` is a row's business day
RELATIONS = {
    "tie": """
        SELECT pa.id, pa.starts_on, pa.ends_on, pa.since, pr.code AS programme, pr.carries_aid,
               rc.code AS recipient, rc.level, up.code AS above, dn.code AS donor
        FROM assistance_pairing pa
        JOIN assistance_programme pr ON pr.id = pa.programme_id
        JOIN assistance_region dn ON dn.id = pa.donor_id
        JOIN assistance_region rc ON rc.id = pa.recipient_id
        LEFT JOIN assistance_region up ON up.id = rc.parent_id
        WHERE CASE %(kind)s WHEN 'all' THEN true
                            WHEN 'recipient' THEN rc.code LIKE %(inside)s
                            WHEN 'donor' THEN dn.code LIKE %(inside)s END""",
    # every movement of money, with the tie of its fund plan: there the report counts it, and what
    # has no plan with the tie of the project
    "movement": """
        SELECT 'plan' AS measure, fp.pairing_id, fp.fiscal_year AS year, fp.source,
               fp.issued_on AS day, fp.counted_at, fp.voided_at, fp.amount_yuan AS yuan,
               NULL::bigint AS project_id
        FROM projects_fundplan fp
        UNION ALL
        SELECT 'arr', fp.pairing_id, fp.fiscal_year, fp.source, tr.arrived_on,
               tr.counted_at, tr.voided_at, tr.amount_yuan, NULL
        FROM projects_transfer tr JOIN projects_fundplan fp ON fp.id = tr.fund_plan_id
        UNION ALL
        SELECT 'arr', fp.pairing_id, fp.fiscal_year, fp.source, rt.returned_on,
               rt.counted_at, rt.voided_at, -rt.amount_yuan, NULL
        FROM projects_transferreturn rt JOIN projects_transfer tr ON tr.id = rt.transfer_id
        JOIN projects_fundplan fp ON fp.id = tr.fund_plan_id
        UNION ALL
        SELECT moved.measure, coalesce(fp.pairing_id, pj.pairing_id), sh.fiscal_year, sh.source,
               moved.day, moved.counted_at, moved.voided_at, moved.yuan, sh.project_id
        FROM (
            SELECT 'alloc' AS measure, id AS share, approved_on AS day, counted_at, voided_at,
                   amount_yuan AS yuan FROM projects_projectfunding
            UNION ALL
            SELECT 'alloc', project_funding_id, effective_on, counted_at, voided_at, delta_yuan
            FROM projects_fundingadjustment
            UNION ALL
            SELECT 'paid', id, approved_on, counted_at, voided_at, opening_paid_yuan
            FROM projects_projectfunding
            UNION ALL
            SELECT 'paid', project_funding_id, paid_on, counted_at, voided_at, amount_yuan
            FROM projects_payment
            UNION ALL
            SELECT 'paid', project_funding_id, refunded_on, counted_at, voided_at, -amount_yuan
            FROM projects_refund
        ) moved
        JOIN projects_projectfunding sh ON sh.id = moved.share
        JOIN projects_project pj ON pj.id = sh.project_id
        LEFT JOIN projects_fundplan fp ON fp.id = sh.fund_plan_id""",
    "money": """
        SELECT movement.*, tie.programme, tie.recipient, tie.level, tie.above,
               p.sector, p.is_livelihood, p.spend_level
        FROM movement JOIN tie ON tie.id = movement.pairing_id
        LEFT JOIN projects_project p ON p.id = movement.project_id""",
    "step": """
        SELECT s.*, s.effective_on AS day FROM projects_stagechange s""",
    "opened": """
        SELECT o.*, o.as_of AS day FROM projects_opening o""",
    "measured": """
        SELECT g.project_id, g.id, g.physical_pct, g.measured_on AS day, g.counted_at, g.voided_at
        FROM projects_progressreport g
        UNION ALL
        SELECT o.project_id, 0, o.physical_pct, o.as_of, o.counted_at, o.voided_at
        FROM projects_opening o""",
    # what came along with projects that were taken over, by share
    "brought": """
        SELECT f.project_id, f.amount_yuan, f.opening_paid_yuan, f.source, f.fiscal_year,
               f.approved_on AS day, f.counted_at, f.voided_at
        FROM projects_projectfunding f
        JOIN projects_project p ON p.id = f.project_id
        LEFT JOIN projects_fundplan fp ON fp.id = f.fund_plan_id
        JOIN tie ON tie.id = coalesce(fp.pairing_id, p.pairing_id)
        WHERE f.opening_id IS NOT NULL""",
    "mine": """
        SELECT p.*, tie.programme FROM projects_project p JOIN tie ON tie.id = p.pairing_id""",
    # every project of the scope as it is at (T, K)
    "here": f"""
        SELECT p.id, p.code, p.name, p.sector, p.planned_end, p.programme, rg.code AS county,
          (SELECT to_stage FROM step WHERE project_id = p.id AND {NOW}
           ORDER BY effective_on DESC, id DESC LIMIT 1) AS stage,
          EXISTS (SELECT 1 FROM step WHERE project_id = p.id AND to_stage = 'ACTIVE' AND {NOW})
            OR EXISTS (SELECT 1 FROM opened
                       WHERE project_id = p.id AND {NOW}
                         AND (actual_start IS NOT NULL OR stage IN {BEGUN})) AS begun,
          coalesce(
            (SELECT max(effective_on) FROM step WHERE project_id = p.id
             AND from_stage = 'ACTIVE' AND to_stage = 'COMPLETED' AND {NOW}),
            (SELECT coalesce(actual_end, CASE WHEN stage IN {ENDED} THEN day END)
             FROM opened WHERE project_id = p.id AND {NOW})) AS works_ended_on,
          coalesce((SELECT physical_pct FROM measured WHERE project_id = p.id AND {NOW}
                    ORDER BY day DESC, id DESC LIMIT 1), 0) AS pct,
          coalesce((SELECT sum(yuan) FROM movement
                    WHERE measure = 'alloc' AND project_id = p.id AND source IN {AID} AND {NOW}), 0)
            AS aid,
          EXISTS (SELECT 1 FROM opened WHERE project_id = p.id AND {NOW}) AS taken_over
        FROM mine p JOIN assistance_region rg ON rg.id = p.county_id""",
    # and as it was at (T1, K1)
    "there": f"""
        SELECT p.id,
          (SELECT to_stage FROM step WHERE project_id = p.id AND {BEFORE}
           ORDER BY effective_on DESC, id DESC LIMIT 1) AS stage,
          EXISTS (SELECT 1 FROM step WHERE project_id = p.id AND to_stage = 'ACTIVE' AND {BEFORE})
            OR EXISTS (SELECT 1 FROM opened
                       WHERE project_id = p.id AND {BEFORE}
                         AND (actual_start IS NOT NULL OR stage IN {BEGUN})) AS begun
        FROM mine p""",
    "entry": """
        SELECT e.*, e.entered_on AS day FROM projects_yearplanentry e
        JOIN mine ON mine.id = e.project_id WHERE e.year = %(Y)s""",
    "n": f"""
        SELECT e.nature, here.* FROM entry e JOIN here ON here.id = e.project_id
        WHERE {NOW} AND (e.released_on IS NULL OR e.released_on > %(T)s)""",
    "n1": f"""
        SELECT e.nature, there.* FROM entry e JOIN there ON there.id = e.project_id
        WHERE {BEFORE} AND (e.released_on IS NULL OR e.released_on > %(T1)s)""",
    "posting": """
        SELECT g.*, g.start_on AS day, rg.code AS place
        FROM teams_posting g JOIN tie ON tie.id = g.pairing_id
        JOIN assistance_region rg ON rg.id = g.region_id""",
    "present": f"""
        SELECT posting.*, coalesce(
            (SELECT new_end FROM teams_postingextension WHERE id =
                (SELECT max(id) FROM teams_postingextension x
                 WHERE x.posting_id = posting.id AND x.decided_on <= %(T)s AND x.counted_at <= %(K)s
                   AND (x.voided_at IS NULL OR x.voided_at > %(K)s))),
            first_planned_end) AS due
        FROM posting WHERE {NOW} AND (end_on IS NULL OR end_on >= %(T)s OR ended_at > %(K)s)""",
    "come": f"""
        SELECT * FROM posting WHERE {NOW} AND start_on >= %(first)s""",
    "gone": f"""
        SELECT * FROM posting
        WHERE {NOW} AND end_on BETWEEN %(first)s AND %(T)s AND ended_at <= %(K)s""",
    "team": """
        SELECT tm.id, tm.declared_headcount AS declared, tm.batch_id, rg.code,
          (SELECT count(DISTINCT person_id) FROM present WHERE team_id = tm.id) AS registered
        FROM teams_team tm
        JOIN teams_batch b ON b.id = tm.batch_id
        JOIN assistance_region rg ON rg.id = tm.region_id
        WHERE b.dispatched_on <= %(T)s
          AND CASE %(kind)s WHEN 'all' THEN true
                            WHEN 'recipient' THEN rg.code LIKE %(inside)s
                            WHEN 'donor' THEN EXISTS (SELECT 1 FROM posting
                                                      WHERE team_id = tm.id) END""",
}
