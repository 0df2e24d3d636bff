"""Every figure of every section."""

from __future__ import annotations

from tests.reporting.plain_sql.asking import Asking, Figure
from tests.reporting.plain_sql.conditions import (
    BEFORE,
    BEFORE_KNOWN_NOW,
    BUCKETS,
    DONE,
    MEASURES,
    NOW,
    OVERDUE,
    PERSONS,
    aid,
    n,
)


class Figures(Asking):
    """The figures of one scope and month."""

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
            "livelihood_target": Figure(self.per_cent("livelihood_target", "90")),
            "county_below_target": Figure(self.per_cent("county_below_target", "80")),
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
        found["expiring_within"] = Figure(str(self.parameters["soon"]))
        for code, expression in (
            ("declared", "declared"),
            ("registered", "registered"),
            ("gap", "declared - registered"),
        ):
            found[code] = Figure(self.count(f"SELECT coalesce(sum({expression}), 0) FROM team"))
        return found
