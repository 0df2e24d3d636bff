"""What is asked of the ledger, and how good the answers have to be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import partial
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from assistance.models import Region
from assistance.scope import EVERYTHING, Scope
from benchmarks.asking import Answer, ask, peak_megabytes
from benchmarks.ledger import COUNTIES_IN_ALL
from benchmarks.people import PERSONS, add_people
from projects.actions.totals import differences
from projects.models import AID, Project
from projects.models.as_at import AsAt
from teams.models import Person, Posting
from teams.roster import RosterDay, head_counts

T = AsAt(date(2026, 5, 31), datetime(2026, 6, 10, 9, tzinfo=ZoneInfo("Asia/Shanghai")))
PAGE = 50


class Line(NamedTuple):
    """A goal's line: what was measured, what it may be, and the answers behind it."""

    goal: str
    what: str
    measured: float
    at_most: float
    unit: str
    answers: dict[str, Answer]

    @property
    def holds(self) -> bool:
        return self.measured <= self.at_most

    def __str__(self) -> str:
        sign, verdict = ("<=", "ok") if self.holds else (">", "short")
        measured = f"{self.measured:.2f} {sign} {self.at_most:g}{self.unit}"
        return f"{self.goal} {self.what} {measured} {verdict}"


FIGURES: dict[str, Callable[[], Any]] = {
    "plan": lambda: T.planned("recipient", fiscal_year=2026, source__in=AID),
    "arrived": lambda: T.arrived("recipient", fiscal_year=2026, source__in=AID),
    "allocated": lambda: T.allocated("recipient", fiscal_year=2026, source__in=AID),
    "paid": lambda: T.paid("recipient", fiscal_year=2026, source__in=AID),
    "progress": lambda: T.weighted_progress("county"),
}


def as_at_totals() -> Iterator[Line]:
    """Every figure of every county, as at a day as known at an instant, in one pass (§2)."""
    answers = {name: ask(question, runs=3) for name, question in FIGURES.items()}
    for name, answer in answers.items():
        if len(answer.found) != COUNTIES_IN_ALL:
            raise AssertionError(f"{name}: {len(answer.found)} counties of {COUNTIES_IN_ALL}")
    seconds = sum(answer.seconds for answer in answers.values())
    yield Line("A1", f"as-at totals of {COUNTIES_IN_ALL} counties", seconds, 13.9, " s", answers)
    yield Line("A1", "memory of the process that asked", peak_megabytes(), 200, " MB", {})


def newest() -> Iterator[Line]:
    """The newest projects at every scope, from the read columns; ratio to the quickest scope."""
    county = Region.objects.filter(level="county").order_by("pk")[1000]
    prefecture = county.parent
    if prefecture is None or prefecture.parent is None:
        raise AssertionError("a county of the ledger lies in no prefecture")
    scopes = {
        "county": Scope("recipient", county.code),
        "city": Scope("recipient", prefecture.code),
        "province": Scope("recipient", prefecture.parent.code),
        "national": EVERYTHING,
    }
    answers = {name: ask(partial(_page, scope), runs=21) for name, scope in scopes.items()}
    city = answers["city"].seconds
    for name in ("county", "province", "national"):
        ratio = answers[name].seconds / city
        yield Line("P4", f"newest {PAGE}, {name} / city", ratio, 1.5, "", answers)
    yield Line("P6", f"newest {PAGE}, city", city * 1000, 20, " ms", answers)


def _page(scope: Scope) -> list[Any]:
    rows = Project.objects.within(scope).order_by("-updated_at", "-id")
    return list(
        rows.values_list(
            "code", "name", "stage", "fiscal_year", "sector", "county__name_zh",
            "total_investment_yuan", "allocated_yuan", "paid_yuan", "physical_pct", "updated_at",
        )[:PAGE]
    )  # fmt: skip


def recount() -> Iterator[Line]:
    """The read columns equal a recount of the whole ledger (P9)."""
    answer = ask(differences, runs=1)
    yield Line("P9", "columns that differ from a recount", len(answer.found), 0, "", {"": answer})


def roster() -> Iterator[Line]:
    """The roster's head counts of every region as at a day, in one query."""
    if not Person.objects.exists():
        add_people()
    postings = Posting.objects.all()
    days = {"today": T, "years ago": AsAt(date(2022, 5, 31), T.known_at)}
    answers = {
        name: ask(partial(head_counts, postings, RosterDay.of(*at)), runs=5)
        for name, at in days.items()
    }
    for name, answer in answers.items():
        if sum(line.in_post for line in answer.found) != PERSONS:
            raise AssertionError(f"{name}: the roster does not hold everybody")
    what = f"roster of {PERSONS:,} persons, all regions, slowest day"
    yield Line("H1", what, max(answer.seconds for answer in answers.values()), 2, " s", answers)


GOALS: dict[str, Callable[[], Iterator[Line]]] = {
    "A1": as_at_totals,
    "P4": newest,
    "P9": recount,
    "H1": roster,
}
