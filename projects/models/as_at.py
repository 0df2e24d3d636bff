"""What the ledger says on a day T as known at an instant K: stages, money and progress.

Every figure is one statement for all rows asked about, so its parts are of one snapshot. A row
counts by ``LedgerQuerySet.as_at`` and by nothing else. The formulas are those of the office's
monthly report (see ``docs/figures.md``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from django.db import connection
from django.db.models import Count, F, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from assistance.models import Pairing
from assistance.models.rows import LedgerRow
from assistance.scope import EVERYTHING, NOTHING, Scope
from projects.models.changes import FundingAdjustment
from projects.models.funds import AID, FundPlan, ProjectFunding, Transfer, TransferReturn
from projects.models.history import ProgressReport, StageChange
from projects.models.openings import Opening
from projects.models.payments import Payment, Refund
from projects.models.project import Project
from projects.models.works import with_days_of_works

ZERO = Decimal(0)

Dimension = Literal[
    "project", "share", "fund_plan", "pairing", "programme", "recipient", "county", "source",
    "fiscal_year", "sector", "is_livelihood", "spend_level",
]  # fmt: skip
By = Dimension | tuple[Dimension, ...]
OF_A_PAIRING = {"pairing": "", "programme": "programme__code", "recipient": "recipient__code"}
OF_A_PLAN = {"fund_plan": "pk", "source": "source", "fiscal_year": "fiscal_year"}
OF_A_SHARE = {
    "share": "pk",
    "fund_plan": "fund_plan",
    "source": "source",
    "fiscal_year": "fiscal_year",
    "project": "project",
    "county": "project__county__code",
    "sector": "project__sector",
    "is_livelihood": "project__is_livelihood",
    "spend_level": "project__spend_level",
}


def _join(*path: str) -> str:
    return "__".join(filter(None, path))


def of_pairings(lookups: Sequence[str], condition: Callable[[str], Q]) -> Q:
    """Rows whose pairing fits; ``lookups`` as ``Part.pairings``, ``condition`` of one lookup."""
    first, *others = lookups
    fitting = condition(first)
    if not fitting or not others:
        return fitting
    without_a_plan = Q(**{first.removesuffix("__pairing"): None})
    return fitting | without_a_plan & condition(others[0])


class Part(NamedTuple):
    """Rows that a sum of money adds up or, with ``sign`` -1, takes off.

    ``plan`` or ``share`` is the lookup from a row to the fund plan or project's share whose money
    it is, blank where the row is that itself; ``only`` are the rows with something in the column.
    """

    model: type[LedgerRow]
    sign: int = 1
    column: str = "amount_yuan"
    plan: str | None = None
    share: str | None = None
    only: Mapping[str, Any] = {}

    def path(self, dimension: str) -> str:
        """The lookup from a row to what it is summed by; KeyError where it has none."""
        if self.share is None:
            return _join(self.plan or "", OF_A_PLAN[dimension])
        return _join(self.share, OF_A_SHARE[dimension])

    @property
    def pairings(self) -> tuple[str, ...]:
        """The lookups to the pairing that a row belongs to; the first that leads there applies.

        Money of a fund plan belongs to the plan's pairing. Shares without a plan (matching and own
        funds, and what was taken over) belong to the project's.
        """
        if self.share is None:
            return (_join(self.plan or "", "pairing"),)
        return (_join(self.share, "fund_plan__pairing"), _join(self.share, "project__pairing"))

    def rows(self, at: AsAt, scope: Scope, where: Mapping[str, Any]) -> QuerySet[Any]:
        """The rows that count, inside ``scope``, that fit ``where``."""
        counted = self.model._default_manager.as_at(*at)  # type: ignore[attr-defined]  # a ledger's manager
        rows: QuerySet[Any] = counted.filter(of_pairings(self.pairings, scope.q), **self.only)
        for asked, wanted in where.items():
            rows = rows.filter(self._fitting(*asked.partition("__")[::2], wanted))
        return rows

    def _fitting(self, dimension: str, how: str, wanted: Any) -> Q:
        if dimension in OF_A_PAIRING:
            end = _join(OF_A_PAIRING[dimension], how)
            return of_pairings(self.pairings, lambda pairing: Q(**{_join(pairing, end): wanted}))
        return Q(**{_join(self.path(dimension), how): wanted})

    def sums(
        self, by: tuple[str, ...], at: AsAt, scope: Scope, where: Mapping[str, Any]
    ) -> QuerySet[Any, Any]:
        """(key, …, signed yuan) of the rows that count; "pairing" is the key of its row."""
        keys = {f"by_{name}": self._grouped(name) for name in by}
        rows = self.rows(at, scope, where).annotate(**keys).order_by()
        sums: QuerySet[Any, Any] = rows.values_list(*keys).annotate(
            yuan=Sum(self.column) * Value(self.sign)
        )
        return sums

    def _grouped(self, dimension: str) -> F | Coalesce:
        if dimension != "pairing":
            return F(self.path(dimension))
        return F(self.pairings[0]) if len(self.pairings) == 1 else Coalesce(*self.pairings)


MONEY: dict[str, tuple[Part, ...]] = {
    "plan": (Part(FundPlan, plan=""),),
    "arr": (
        Part(Transfer, plan="fund_plan"),
        Part(TransferReturn, -1, plan="transfer__fund_plan"),
    ),
    "alloc": (
        Part(ProjectFunding, share=""),
        Part(FundingAdjustment, column="delta_yuan", share="project_funding"),
    ),
    "paid": (
        Part(
            ProjectFunding, column="opening_paid_yuan", share="", only={"opening_paid_yuan__gt": 0}
        ),
        Part(Payment, share="project_funding"),
        Part(Refund, -1, share="project_funding"),
    ),
}


class TakenOver(NamedTuple):
    """Projects from the time before this system: how many, and what of their money came along."""

    projects: int
    allocated_yuan: Decimal
    paid_yuan: Decimal


class AsAt(NamedTuple):
    """A day T and the instant K of knowledge, both inclusive.

    ``by`` names what a sum is taken by, one dimension or a tuple of them; the keys of the answer
    are values, or tuples in that order; what has no rows has no key. ``where`` are conditions on
    dimensions as Django writes them (``fiscal_year=2026``, ``source__in=AID``).

    "programme" and "recipient" are codes of the pairing whose money it is, and money lies inside a
    scope as that pairing does. "county" is the code of the county that the project lies in: plan
    and arrival have none.
    """

    day: date
    known_at: datetime

    def planned(self, by: By, scope: Scope = EVERYTHING, **where: Any) -> dict[Any, Decimal]:
        """Yuan of the fund plans issued."""
        return self.money("plan", by, scope, **where)

    def arrived(self, by: By, scope: Scope = EVERYTHING, **where: Any) -> dict[Any, Decimal]:
        """Yuan that transfers brought, less what was returned."""
        return self.money("arr", by, scope, **where)

    def allocated(self, by: By, scope: Scope = EVERYTHING, **where: Any) -> dict[Any, Decimal]:
        """Yuan of approved projects' shares with their adjustments."""
        return self.money("alloc", by, scope, **where)

    def paid(self, by: By, scope: Scope = EVERYTHING, **where: Any) -> dict[Any, Decimal]:
        """Yuan paid out of shares, less what was paid back; what was paid before taking over counts
        with its share.
        """
        return self.money("paid", by, scope, **where)

    def money(
        self, figure: str, by: By, scope: Scope = EVERYTHING, **where: Any
    ) -> dict[Any, Decimal]:
        """One of MONEY, in yuan; KeyError where its rows have no such dimension."""
        wanted = (by,) if isinstance(by, str) else by
        grouped = tuple(dict.fromkeys("pairing" if n in OF_A_PAIRING else n for n in wanted))
        sums = [part.sums(grouped, self, scope, where) for part in MONEY[figure]]
        named = _names(wanted, grouped)
        found: dict[Any, Decimal] = {}
        for *key, yuan in sums[0].union(*sums[1:], all=True):
            name = named(key)
            found[name] = found.get(name, ZERO) + yuan
        return {name[0]: yuan for name, yuan in found.items()} if isinstance(by, str) else found

    def stages(self, scope: Scope = EVERYTHING, **where: Any) -> dict[int, str]:
        """The stage of every project: where its last step by (effective_on, id) led."""
        steps = StageChange.objects.within(scope).as_at(*self).filter(**where)
        return _newest((steps, "effective_on", "to_stage"))

    def started(self, scope: Scope = EVERYTHING) -> set[int]:
        """Projects whose works had begun, also before they were taken over."""
        works = with_days_of_works(Project.objects.within(scope), self)
        return set(works.filter(started_on__isnull=False).values_list("pk", flat=True))

    def ended_on(self, scope: Scope = EVERYTHING) -> dict[int, date]:
        """The day on which the works ended, of every project whose works are over."""
        works = with_days_of_works(Project.objects.within(scope), self)
        return dict(works.filter(ended_on__isnull=False).values_list("pk", "ended_on"))

    def progress(self, scope: Scope = EVERYTHING, **where: Any) -> dict[int, Decimal]:
        """The last verified progress of every project that has one, in per cent; what was taken
        over counts as measured on the day of the opening.
        """
        reports = ProgressReport.objects.within(scope).as_at(*self).filter(**where)
        before = self.openings(scope).filter(**where)
        return _newest((reports, "measured_on", "physical_pct"), (before, "as_of", "physical_pct"))

    def openings(self, scope: Scope = EVERYTHING) -> QuerySet[Opening]:
        """Projects that were taken over from the time before this system."""
        return Opening.objects.within(scope).as_at(*self)

    def taken_over(self, scope: Scope = EVERYTHING, **where: Any) -> TakenOver:
        """How much of ``allocated`` and ``paid`` was taken over with openings."""
        of_openings = Part(ProjectFunding, share="", only={"opening__isnull": False})
        sums = of_openings.rows(self, scope, where).aggregate(
            projects=Count("project", distinct=True),
            allocated_yuan=Coalesce(Sum("amount_yuan"), ZERO),
            paid_yuan=Coalesce(Sum("opening_paid_yuan"), ZERO),
        )
        return TakenOver(**sums)

    def weighted_progress(
        self, by: Literal["county", "programme", "recipient"], scope: Scope = EVERYTHING
    ) -> dict[str, Decimal]:
        """Sum(aid x progress) / sum(aid) over the projects of each, in per cent, unrounded.

        Aid of all years: else a project that goes on would weigh nothing. Programme and recipient
        are here those of the project's own pairing. What has no aid has no key.
        """
        here: dict[str, Any] = {}
        if scope == NOTHING:
            return {}
        if scope != EVERYTHING:
            here["project__pairing__in"] = Pairing.objects.within(scope)
        aid = [
            part.rows(self, EVERYTHING, {"source__in": AID, **here}).order_by()
            .values_list(part.path("project"), part.column)
            for part in MONEY["alloc"]
        ]  # fmt: skip
        before = self.openings(scope).order_by()
        verified = ProgressReport.objects.within(scope).as_at(*self).order_by()
        measured = before.values_list("project_id", "as_of", Value(0), "physical_pct").union(
            verified.values_list("project_id", "measured_on", "pk", "physical_pct"), all=True
        )
        return _weighed(PLACES[by], aid[0].union(*aid[1:], all=True), measured)


# What a project is weighed with, and how it leads there.
PLACES = {
    "county": ("place.code", "JOIN assistance_region place ON place.id = project.county_id"),
    "recipient": (
        "place.code",
        "JOIN assistance_pairing tie ON tie.id = project.pairing_id"
        " JOIN assistance_region place ON place.id = tie.recipient_id",
    ),
    "programme": (
        "programme.code",
        "JOIN assistance_pairing tie ON tie.id = project.pairing_id"
        " JOIN assistance_programme programme ON programme.id = tie.programme_id",
    ),
}


def _weighed(
    place: tuple[str, str], aid: QuerySet[Any], measured: QuerySet[Any]
) -> dict[str, Decimal]:
    """Progress by place, of (project, yuan) and (project, day, row, per cent)."""
    (aid_sql, of_aid), (measured_sql, of_measured) = (
        rows.query.sql_with_params() for rows in (aid, measured)
    )
    code, joins = place
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {code}, sum(aid.yuan * coalesce(newest.pct, 0)) / sum(aid.yuan)"  # nosec B608 - names from PLACES only
            f" FROM ({aid_sql}) AS aid (project_id, yuan)"
            f" JOIN projects_project project ON project.id = aid.project_id {joins}"
            " LEFT JOIN (SELECT DISTINCT ON (project_id) project_id, pct"
            f" FROM ({measured_sql}) AS measured (project_id, day, row, pct)"
            " ORDER BY project_id, day DESC, row DESC) AS newest"
            " ON newest.project_id = aid.project_id"
            f" GROUP BY {code} HAVING sum(aid.yuan) > 0",
            [*of_aid, *of_measured],
        )
        return dict(cursor.fetchall())


def _names(
    wanted: tuple[str, ...], grouped: tuple[str, ...]
) -> Callable[[list[Any]], tuple[Any, ...]]:
    """From a key of sums to the values asked for: codes of a pairing instead of its own key."""
    codes: dict[str, dict[int, Any]] = {}
    for name in wanted:
        if OF_A_PAIRING.get(name):
            codes[name] = dict(Pairing.objects.values_list("pk", OF_A_PAIRING[name]))
    places = [grouped.index("pairing" if name in OF_A_PAIRING else name) for name in wanted]

    def named(key: list[Any]) -> tuple[Any, ...]:
        return tuple(
            codes[name][key[place]] if name in codes else key[place]
            for name, place in zip(wanted, places, strict=True)
        )

    return named


def _newest(*asked: tuple[QuerySet[Any], str, str]) -> dict[int, Any]:
    """A column of every project's row that is greatest by (day, id), of rows with their day and
    column; of the same day in several, the first one's.
    """
    newest = [
        rows.order_by("project_id", f"-{day}", "-pk")
        .distinct("project_id")
        .values_list("project_id", day, column, Value(place))
        for place, (rows, day, column) in enumerate(asked)
    ]
    found: dict[int, tuple[date, int, Any]] = {}
    for project, day, value, place in newest[0].union(*newest[1:], all=True):
        if project not in found or (day, -place) > found[project][:2]:
            found[project] = (day, -place, value)
    return {project: value for project, (_day, _place, value) in found.items()}
