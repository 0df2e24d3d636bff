"""What the queries read, one temporary table after the other."""

from __future__ import annotations

from tests.reporting.plain_sql.conditions import AID, BEFORE, NOW

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
    # every movement of money, with the tie of its fund plan: there the report counts it
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
        SELECT 'alloc', fp.pairing_id, fp.fiscal_year, fp.source, sh.approved_on,
               sh.counted_at, sh.voided_at, sh.amount_yuan, sh.project_id
        FROM projects_projectfunding sh JOIN projects_fundplan fp ON fp.id = sh.fund_plan_id
        UNION ALL
        SELECT 'paid', fp.pairing_id, fp.fiscal_year, fp.source, pm.paid_on,
               pm.counted_at, pm.voided_at, pm.amount_yuan, sh.project_id
        FROM projects_payment pm
        JOIN projects_projectfunding sh ON sh.id = pm.project_funding_id
        JOIN projects_fundplan fp ON fp.id = sh.fund_plan_id
        UNION ALL
        SELECT 'paid', fp.pairing_id, fp.fiscal_year, fp.source, rf.refunded_on,
               rf.counted_at, rf.voided_at, -rf.amount_yuan, sh.project_id
        FROM projects_refund rf
        JOIN projects_projectfunding sh ON sh.id = rf.project_funding_id
        JOIN projects_fundplan fp ON fp.id = sh.fund_plan_id""",
    "money": """
        SELECT movement.*, tie.programme, tie.recipient, tie.level, tie.above,
               p.sector, p.is_livelihood, p.spend_level
        FROM movement JOIN tie ON tie.id = movement.pairing_id
        LEFT JOIN projects_project p ON p.id = movement.project_id""",
    "step": """
        SELECT s.*, s.effective_on AS day FROM projects_stagechange s""",
    "measured": """
        SELECT g.*, g.measured_on AS day FROM projects_progressreport g""",
    "share": """
        SELECT f.*, f.approved_on AS day FROM projects_projectfunding f""",
    "mine": """
        SELECT p.*, tie.programme FROM projects_project p JOIN tie ON tie.id = p.pairing_id""",
    # every project of the scope as it is at (T, K)
    "here": f"""
        SELECT p.id, p.code, p.name, p.sector, p.planned_end, p.programme, rg.code AS county,
          (SELECT to_stage FROM step WHERE project_id = p.id AND {NOW}
           ORDER BY effective_on DESC, id DESC LIMIT 1) AS stage,
          EXISTS (SELECT 1 FROM step WHERE project_id = p.id AND to_stage = 'ACTIVE' AND {NOW})
            AS begun,
          (SELECT effective_on FROM step
           WHERE project_id = p.id AND to_stage = 'COMPLETED' AND {NOW}
           ORDER BY effective_on DESC, id DESC LIMIT 1) AS works_ended_on,
          coalesce((SELECT physical_pct FROM measured WHERE project_id = p.id AND {NOW}
                    ORDER BY measured_on DESC, id DESC LIMIT 1), 0) AS pct,
          coalesce((SELECT sum(amount_yuan) FROM share
                    WHERE project_id = p.id AND source IN {AID} AND {NOW}), 0) AS aid
        FROM mine p JOIN assistance_region rg ON rg.id = p.county_id""",
    # and as it was at (T1, K1)
    "there": f"""
        SELECT p.id,
          (SELECT to_stage FROM step WHERE project_id = p.id AND {BEFORE}
           ORDER BY effective_on DESC, id DESC LIMIT 1) AS stage,
          EXISTS (SELECT 1 FROM step WHERE project_id = p.id AND to_stage = 'ACTIVE' AND {BEFORE})
            AS begun
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
        SELECT * FROM posting
        WHERE {NOW} AND (end_on IS NULL OR end_on >= %(T)s OR ended_at > %(K)s)""",
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
