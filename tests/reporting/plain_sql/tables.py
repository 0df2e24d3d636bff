"""Every table of every section."""

from __future__ import annotations

from typing import Any

from tests.reporting.plain_sql.asking import Cells, Row
from tests.reporting.plain_sql.conditions import (
    AID,
    BEFORE,
    BUCKETS,
    DONE,
    MEASURES,
    NOW,
    OVERDUE,
    PERSONS,
    SECTORS,
    aid,
    n,
)
from tests.reporting.plain_sql.figures import Figures


class PlainSql(Figures):
    """The figures and tables of one scope and month."""

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

    def notes(self) -> dict[str, list[dict[str, Any]]]:
        """Every remark of every section: what was taken over, where anything was."""
        of_aid = f"FROM brought WHERE fiscal_year = %(Y)s AND source IN {AID} AND {NOW}"
        found: dict[str, list[dict[str, Any]]] = {
            "headline": [], "funds": [], "projects": [], "people": [],
        }  # fmt: skip
        if (projects := self.count(f"SELECT count(DISTINCT project_id) {of_aid}")) != "0":
            values = {
                "projects": projects,
                "allocated_yuan": self.yuan(f"(SELECT sum(amount_yuan) {of_aid})"),
                "paid_yuan": self.yuan(f"(SELECT sum(opening_paid_yuan) {of_aid})"),
            }
            found["funds"] = [{"code": "money_taken_over", "values": values}]
        if (projects := self.count(n("taken_over"))) != "0":
            found["projects"] = [{"code": "taken_over", "values": {"projects": projects}}]
        return found

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

        A prefecture that has plans of its own beside its counties shows them in a row of its own;
        one with a single county and nothing of its own is shown as that county.
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

                counties = [code for code in inside if code != prefecture]
                has_own = prefecture in inside and has_money(cells_of([prefecture]))
                if len(counties) == 1 and not has_own:
                    rows.append(Row(counties[0], "county", 1, cells_of(counties)))
                    continue
                rows.append(Row(prefecture, "prefecture", 1, cells_of(inside)))
                if has_own and counties:
                    rows.append(Row(prefecture, "own", 2, cells_of([prefecture])))
                rows += [Row(code, "county", 2, cells_of([code])) for code in counties]
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
                "(SELECT coalesce(sum(yuan), 0) FROM money WHERE measure = 'alloc'"
                f" AND source = %(source)s AND year = %(Y)s AND {NOW})",
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


def has_money(cells: Cells) -> bool:
    """Whether any sum of the row is other than nothing."""
    return any(cell != "0.00" for cell in (*cells[:4], *cells[7:]))
