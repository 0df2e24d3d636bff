"""The monthly report computed a second time, by plain SQL over the tables of the ledger.

Written from the formulas of ``docs/figures.md`` and nothing else: no import of the product, so that
an error in the product cannot hide in its own proof. T and K are the last day and the instant of
knowledge of the month, T1 and K1 those of the month before, Y is the year of T.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

Cells = list[str | None]

AID = "('PROV', 'CITY', 'DIST', 'MS')"
DONE = "('COMPLETED', 'ACCEPTED', 'HANDED_OVER', 'CLOSED')"
OVERDUE = (
    "planned_end < %(T)s AND stage NOT IN"
    " ('COMPLETED', 'ACCEPTED', 'HANDED_OVER', 'CLOSED', 'TERMINATED')"
)
BUCKETS = {
    "preparation": "('APPROVED')",
    "tendering": "('TENDERING')",
    "ready": "('READY')",
    "active": "('ACTIVE')",
    "suspended": "('SUSPENDED')",
    "completed": "('COMPLETED')",
    "accepted": "('ACCEPTED', 'HANDED_OVER', 'CLOSED')",
    "terminated": "('TERMINATED')",
}
MEASURES = ("plan", "arr", "alloc", "paid")
SECTORS = (
    "IND", "LAB", "CONS", "RURAL", "EDU", "HEALTH", "HOUSING", "TALENT", "CULT", "ECO", "DIGI",
    "SOC", "MGMT",
)  # fmt: skip
# Where a sum is taken: the day and the instant; nothing was counted before 1 January.
NOW = "day <= %(T)s AND counted_at <= %(K)s AND (voided_at IS NULL OR voided_at > %(K)s)"
BEFORE = (
    "%(month)s > 1 AND day <= %(T1)s AND counted_at <= %(K1)s"
    " AND (voided_at IS NULL OR voided_at > %(K1)s)"
)
BEFORE_KNOWN_NOW = (
    "day <= %(T1)s AND counted_at <= %(K)s AND (voided_at IS NULL OR voided_at > %(K)s)"
)

# What the queries read, one temporary table after the other; ``day`` is a row's business day.
TABLES = {
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

PERSONS = {
    "in_post_cadre": ("present", "category = 'CADRE'"),
    "in_post_tech": ("present", "category IN ('TEACHER', 'DOCTOR', 'AGRI', 'OTHER_TECH')"),
    "in_post": ("present", "true"),
    "new": ("come", "true"),
    "returned": ("gone", "true"),
    "expiring": ("present", "planned_end > %(T)s AND planned_end <= %(T)s + 90"),
    "overstayed": ("present", "planned_end < %(T)s"),
}


@dataclass(frozen=True)
class Figure:
    """A value as the payload writes it, and the two operands of a rate or a difference."""

    value: str | None
    of: tuple[Any, Any] | None = None


@dataclass(frozen=True)
class Row:
    """A row of a table: what it is about, and its cells."""

    key: str
    kind: str
    depth: int
    cells: Cells


class PlainSql:
    """The figures and tables of one scope and month; region codes are six digits."""

    def __init__(
        self,
        month: date,
        *,
        known_at: datetime,
        known_before: datetime,
        kind: str = "all",
        region: str = "",
    ) -> None:
        self.parameters: dict[str, Any] = {
            "first": month,
            "T": (month + timedelta(days=31)).replace(day=1) - timedelta(days=1),
            "K": known_at,
            "T1": month - timedelta(days=1),
            "K1": known_before,
            "Y": month.year,
            "month": month.month,
            "kind": kind,
            # a county's code has six telling digits, a prefecture's four, a province's two
            "inside": region.removesuffix("00").removesuffix("00") + "%",
        }
        with connection.cursor() as cursor:
            for name, select in TABLES.items():
                cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")
                cursor.execute(f"CREATE TEMPORARY TABLE {name} AS {select}", self.parameters)

    def rows(self, select: str, **more: Any) -> list[tuple[Any, ...]]:
        """Run one query over the ledger."""
        with connection.cursor() as cursor:
            cursor.execute(select, {**self.parameters, **more})
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    def one(self, expression: str, **more: Any) -> Any:
        """The single value of an expression."""
        return self.rows(f"SELECT {expression}", **more)[0][0]

    # ------------------------------------------------------------------- what is written

    def yuan(self, expression: str, **more: Any) -> str:
        return str(self.one(f"round({expression}, 2)::text", **more))

    def count(self, expression: str, **more: Any) -> str:
        return str(self.one(f"({expression})::text", **more))

    def rate(self, part: str, whole: str, **more: Any) -> str | None:
        """Per cent with one decimal; numeric ``round`` takes halves away from zero."""
        text: str | None = self.one(
            f"CASE WHEN {whole} <> 0 THEN round({part} * 100.0 / {whole}, 1)::text END", **more
        )
        return text

    def rated(self, part: str, whole: str) -> Figure:
        return Figure(self.rate(part, whole), (self.one(part), self.one(whole)))

    # ------------------------------------------------------------------------- figures

    def figures(self) -> dict[str, dict[str, Figure]]:
        """Every figure of every section."""
        return {
            "headline": self.headline(),
            "funds": self.funds(),
            "projects": self.projects(),
            "people": self.people(),
        }

    def headline(self) -> dict[str, Figure]:
        in_force = (
            "FROM tie WHERE (starts_on IS NULL OR starts_on <= %(T)s)"
            " AND (ends_on IS NULL OR ends_on >= %(T)s)"
        )
        found = {
            "pairings_in_force": Figure(self.count(f"SELECT count(*) {in_force}")),
            "pairings_unknown_start": Figure(
                self.count(f"SELECT count(*) {in_force} AND since = ''")
            ),
            "counties_paired": Figure(
                self.count(f"SELECT count(DISTINCT recipient) {in_force} AND level = 'county'")
            ),
        }
        for measure in MEASURES:
            at_t, before = aid(measure), aid(measure, BEFORE)
            found[measure] = Figure(self.yuan(at_t))
            found[f"{measure}_month"] = Figure(
                self.yuan(f"({at_t} - {before})"), (self.one(at_t), self.one(before))
            )
        for measure in ("arr", "paid"):
            known_now, before = aid(measure, BEFORE_KNOWN_NOW), aid(measure, BEFORE)
            found[f"{measure}_month_late"] = Figure(
                self.yuan(f"({known_now} - {before})"), (self.one(known_now), self.one(before))
            )
        found["arrival_rate"] = self.rated(aid("arr"), aid("plan"))
        found["allocation_rate"] = self.rated(aid("alloc"), aid("plan"))
        found["payment_rate"] = self.rated(aid("paid"), aid("alloc"))
        paid, alloc, paid_1, alloc_1 = (
            aid("paid"), aid("alloc"), aid("paid", BEFORE), aid("alloc", BEFORE),
        )  # fmt: skip
        found["payment_rate_change"] = Figure(
            self.one(
                f"CASE WHEN {alloc} <> 0 AND {alloc_1} <> 0 THEN round("
                f"({paid} * {alloc_1} - {paid_1} * {alloc}) * 100 / ({alloc} * {alloc_1}), 1"
                ")::text END"
            )
        )
        projects = self.projects()
        for code in (
            "projects_planned", "new_projects", "started", "completed", "accepted", "reserve",
            "start_rate",
        ):  # fmt: skip
            found[code] = projects[code]
        found["in_post"] = Figure(self.persons("in_post"))
        return found

    def funds(self) -> dict[str, Figure]:
        alloc, arr, paid = aid("alloc"), aid("arr"), aid("paid")
        return {
            "livelihood_share": self.rated(aid("alloc", also="is_livelihood"), alloc),
            "county_below_share": self.rated(
                aid("alloc", also="spend_level IN ('county', 'town', 'village')"), alloc
            ),
            "industry_share": self.rated(aid("alloc", also="sector = 'IND'"), alloc),
            "paid_of_arrived": self.rated(paid, arr),
            "livelihood_target": Figure("90.0"),
            "county_below_target": Figure("80.0"),
            "idle": Figure(
                self.yuan(f"greatest({arr} - {alloc}, 0)"), (self.one(arr), self.one(alloc))
            ),
        }

    def projects(self) -> dict[str, Figure]:
        total, new, continuing = "true", "nature = 'NEW'", "nature = 'CONT'"
        started = n(f"{new} AND begun")
        resumed = n(f"{continuing} AND (stage = 'ACTIVE' OR stage IN {DONE})")
        done, accepted = n(f"stage IN {DONE}"), n(f"stage IN {BUCKETS['accepted']}")
        due = n("planned_end <= %(T)s")
        in_time = n(f"planned_end <= %(T)s AND stage IN {DONE} AND works_ended_on <= planned_end")
        before = "(SELECT count(*) FROM n1 WHERE {})"
        return {
            "projects_planned": Figure(self.count(n(total))),
            "new_projects": Figure(self.count(n(new))),
            "continuing_projects": Figure(self.count(n(continuing))),
            "released": Figure(
                self.count(f"SELECT count(*) FROM entry WHERE {NOW} AND released_on <= %(T)s")
            ),
            "started": Figure(self.count(started)),
            "resumed": Figure(self.count(resumed)),
            "completed": Figure(self.count(done)),
            "accepted": Figure(self.count(accepted)),
            "overdue": Figure(self.count(n(OVERDUE))),
            "reserve": Figure(
                self.count("SELECT count(*) FROM here WHERE stage IN ('SUBMITTED', 'LIBRARY')")
            ),
            "started_month": Figure(self.count(f"{started} - {before.format(f'{new} AND begun')}")),
            "completed_month": Figure(self.count(f"{done} - {before.format(f'stage IN {DONE}')}")),
            "start_rate": self.rated(started, n(new)),
            "resume_rate": self.rated(resumed, n(continuing)),
            "completion_rate": self.rated(done, n(total)),
            "on_time_rate": self.rated(in_time, due),
            "acceptance_rate": self.rated(accepted, done),
            "weighted_progress": Figure(
                self.one(
                    "CASE WHEN (SELECT sum(aid) FROM n) > 0"
                    " THEN (SELECT round(sum(aid * pct) / sum(aid), 1)::text FROM n) END"
                ),
                self.rows("SELECT coalesce(sum(aid * pct), 0), coalesce(sum(aid), 0) FROM n")[0],
            ),
        }

    def people(self) -> dict[str, Figure]:
        found = {code: Figure(self.persons(code)) for code in PERSONS}
        for code, expression in (
            ("declared", "declared"),
            ("registered", "registered"),
            ("gap", "declared - registered"),
        ):
            found[code] = Figure(self.count(f"SELECT coalesce(sum({expression}), 0) FROM team"))
        return found

    def persons(self, code: str, also: str = "true", **more: Any) -> str:
        """Distinct persons of a column of the chapter on people."""
        rows, which = PERSONS[code]
        return self.count(
            f"SELECT count(DISTINCT person_id) FROM {rows} WHERE {which} AND {also}", **more
        )

    # -------------------------------------------------------------------------- tables

    def tables(self) -> dict[str, dict[str, tuple[list[str], list[Row]]]]:
        """Every table of every section: the codes of its columns, and its rows in order."""
        return {
            "headline": {},
            "funds": {
                "by_region": (
                    [
                        "plan", "arr", "alloc", "paid", "arrival_rate", "allocation_rate",
                        "payment_rate", "arr_month", "paid_month",
                    ],
                    self.by_region(),
                ),
                "by_source": (list(MEASURES), self.by_source()),
                "by_sector": (["alloc", "share", "paid", "projects_planned"], self.by_sector()),
            },
            "projects": {
                "buckets": ([*BUCKETS, "total"], self.buckets()),
                "by_programme": (
                    ["projects_planned", "new_projects", "started", "completed", "accepted"],
                    self.by_programme(),
                ),
                "overdue": (
                    ["name", "county", "planned_end", "days_overdue", "physical_pct"],
                    self.overdue(),
                ),
            },
            "people": {
                "by_region": (list(PERSONS), self.people_by_region()),
                "by_direction": (
                    ["in_post_cadre", "in_post_tech", "in_post"],
                    [
                        Row(
                            direction,
                            "row",
                            0,
                            [
                                self.persons(code, "direction = %(way)s", way=direction)
                                for code in list(PERSONS)[:3]
                            ],
                        )
                        for direction in ("OUT", "IN")
                    ],
                ),
                "teams": (["declared", "registered", "gap"], self.teams()),
            },
        }  # fmt: skip

    def money_cells(self, also: str = "true", **more: Any) -> Cells:
        plan, arr, alloc, paid = (aid(measure, also=also) for measure in MEASURES)
        cells: Cells = [self.yuan(each, **more) for each in (plan, arr, alloc, paid)]
        cells += [self.rate(a, b, **more) for a, b in ((arr, plan), (alloc, plan), (paid, alloc))]
        for measure in ("arr", "paid"):
            month = f"({aid(measure, also=also)} - {aid(measure, BEFORE, also=also)})"
            cells.append(self.yuan(month, **more))
        return cells

    def by_region(self) -> list[Row]:
        """Programme, prefecture, county: aid-carrying ties of the year, and wherever money moved.

        A prefecture that has plans of its own beside its counties shows them in a row of its own.
        """
        places = self.rows(
            f"""SELECT DISTINCT programme, CASE level WHEN 'county' THEN above ELSE recipient END,
                       recipient
                FROM tie
                WHERE carries_aid AND (starts_on IS NULL OR starts_on <= %(T)s)
                                  AND (ends_on IS NULL OR ends_on >= make_date(%(Y)s, 1, 1))
                   OR id IN (SELECT pairing_id FROM money
                             WHERE year = %(Y)s AND source IN {AID}
                               AND ({NOW} OR measure IN ('arr', 'paid') AND {BEFORE}))
                ORDER BY 1, 2, 3"""
        )
        rows = []
        for programme in dict.fromkeys(place[0] for place in places):
            of_programme = [place for place in places if place[0] == programme]
            cells = self.money_cells("programme = %(programme)s", programme=programme)
            rows.append(Row(programme, "programme", 0, cells))
            for prefecture in dict.fromkeys(place[1] for place in of_programme):
                inside = [code for _p, above, code in of_programme if above == prefecture]
                where = "programme = %(programme)s AND recipient = ANY(%(codes)s)"

                def cells_of(
                    codes: list[str], programme: str = programme, where: str = where
                ) -> Cells:
                    return self.money_cells(where, programme=programme, codes=codes)

                rows.append(Row(prefecture, "prefecture", 1, cells_of(inside)))
                for code in inside:
                    own = code == prefecture
                    if own and (len(inside) == 1 or not has_money(cells_of([code]))):
                        continue
                    rows.append(Row(code, "own" if own else "county", 2, cells_of([code])))
        rows.append(Row("total", "total", 0, self.money_cells()))
        carried: Cells = [
            self.yuan(aid(measure, also="day >= make_date(%(Y)s, 1, 1)", year="< %(Y)s"))
            for measure in MEASURES[1:]
        ]
        rows.append(Row("carry_over", "carry_over", 0, [None, *carried, *[None] * 5]))
        return rows

    def by_source(self) -> list[Row]:
        rows = []
        for key, kind, sources in (
            ("PROV", "row", ["PROV"]),
            ("CITY", "row", ["CITY"]),
            ("DIST", "row", ["DIST"]),
            ("MS", "row", ["MS"]),
            ("aid", "subtotal", ["PROV", "CITY", "DIST", "MS"]),
            ("DON_CASH", "row", ["DON_CASH"]),
            ("DON_KIND", "row", ["DON_KIND"]),
        ):
            cells: Cells = [
                self.yuan(
                    "(SELECT coalesce(sum(yuan), 0) FROM money WHERE measure = %(measure)s"
                    f" AND year = %(Y)s AND source = ANY(%(sources)s) AND {NOW})",
                    measure=measure,
                    sources=sources,
                )
                for measure in MEASURES
            ]
            rows.append(Row(key, kind, 0, cells))
        for source in ("MATCH", "SELF"):
            own = self.yuan(
                "(SELECT coalesce(sum(amount_yuan), 0) FROM share"
                " WHERE project_id IN (SELECT id FROM mine) AND source = %(source)s"
                f" AND fiscal_year = %(Y)s AND {NOW})",
                source=source,
            )
            rows.append(Row(source, "row", 0, [None, None, own, None]))
        return rows

    def by_sector(self) -> list[Row]:
        rows = []
        for sector in SECTORS:
            alloc, paid = (aid(m, also="sector = %(sector)s") for m in ("alloc", "paid"))
            rows.append(
                Row(
                    sector,
                    "row",
                    0,
                    [
                        self.yuan(alloc, sector=sector),
                        self.rate(alloc, aid("alloc"), sector=sector),
                        self.yuan(paid, sector=sector),
                        self.count(n("sector = %(sector)s"), sector=sector),
                    ],
                )
            )
        alloc = aid("alloc")
        total = [self.yuan(alloc), self.rate(alloc, alloc), self.yuan(aid("paid"))]
        return [*rows, Row("total", "total", 0, [*total, self.count(n("true"))])]

    def buckets(self) -> list[Row]:
        rows = []
        for key, which in (
            ("new", "nature = 'NEW'"),
            ("continuing", "nature = 'CONT'"),
            ("total", "true"),
        ):
            cells: Cells = [
                self.count(n(f"{which} AND stage IN {stages}")) for stages in BUCKETS.values()
            ]
            kind = "total" if key == "total" else "row"
            rows.append(Row(key, kind, 0, [*cells, self.count(n(which))]))
        return rows

    def by_programme(self) -> list[Row]:
        programmes = [code for (code,) in self.rows("SELECT DISTINCT programme FROM n ORDER BY 1")]
        rows = []
        for key in [*programmes, "total"]:
            mine = "true" if key == "total" else "programme = %(programme)s"
            cells: Cells = [
                self.count(n(f"{mine} AND {which}"), programme=key)
                for which in (
                    "true",
                    "nature = 'NEW'",
                    "nature = 'NEW' AND begun",
                    f"stage IN {DONE}",
                    f"stage IN {BUCKETS['accepted']}",
                )
            ]
            rows.append(Row(key, "total" if key == "total" else "row", 0, cells))
        return rows

    def overdue(self) -> list[Row]:
        found = self.rows(
            f"""SELECT 'P:' || code, name, county, planned_end::text,
                       (%(T)s - planned_end)::text, round(pct, 1)::text
                FROM n WHERE {OVERDUE} ORDER BY planned_end, code LIMIT 10"""
        )
        return [Row(key, "row", 0, list(cells)) for key, *cells in found]

    def people_by_region(self) -> list[Row]:
        places = self.rows(
            "SELECT place FROM present UNION SELECT place FROM come UNION SELECT place FROM gone"
            " ORDER BY 1"
        )
        rows = [
            Row(
                place,
                "row",
                0,
                [self.persons(code, "place = %(place)s", place=place) for code in PERSONS],
            )
            for (place,) in places
        ]
        return [*rows, Row("total", "total", 0, [self.persons(code) for code in PERSONS])]

    def teams(self) -> list[Row]:
        found = self.rows(
            "SELECT 'T:' || id, declared::text, registered::text, (declared - registered)::text"
            " FROM team ORDER BY batch_id, code"
        )
        return [Row(key, "row", 0, list(cells)) for key, *cells in found]


def aid(measure: str, at: str = NOW, also: str = "true", year: str = "= %(Y)s") -> str:
    """The sum of fiscal aid of the year's plans as an expression, in yuan."""
    return (
        f"(SELECT coalesce(sum(yuan), 0) FROM money WHERE measure = '{measure}' AND year {year}"
        f" AND source IN {AID} AND {at} AND {also})"
    )


def n(which: str) -> str:
    """How many of the year's plan, as an expression."""
    return f"(SELECT count(*) FROM n WHERE {which})"


def has_money(cells: Cells) -> bool:
    """Whether any sum of the row is other than nothing."""
    return any(cell != "0.00" for cell in (*cells[:4], *cells[7:]))
