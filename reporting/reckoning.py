"""What the ledger says about one scope on the last day of one month, as known at one instant.

It asks ``projects.models.as_at`` for all regions at once. Sections read a ``Reckoning``; they never
query.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import F, Q

from assistance.models import Pairing, Setting
from assistance.periods import Month
from assistance.scope import Scope
from projects.models import (
    AID,
    BUCKETS,
    Project,
    Stage,
    YearPlanEntry,
)
from projects.models.as_at import MONEY, AsAt, TakenOver
from teams.models import Posting, Team

ZERO = Decimal(0)
COMPLETED_OR_LATER = frozenset({Stage.COMPLETED, *BUCKETS["accepted"]})
STARTED_OR_LATER = frozenset({Stage.ACTIVE, *COMPLETED_OR_LATER})


class Cell(NamedTuple):
    """Where a sum of money belongs: the programme, recipient and source of its fund plan."""

    programme: str
    recipient: str
    source: str


class Money:
    """The sums of one measure at one instant, by programme, recipient and source, in yuan."""

    def __init__(self, sums: dict[Cell, Decimal]) -> None:
        self.sums = sums

    def of(
        self, *, programme: str = "", recipients: Iterable[str] = (), sources: Iterable[str] = AID
    ) -> Decimal:
        """The sum over the cells that fit; fiscal aid unless other sources are named."""
        wanted, places = set(sources), set(recipients)
        return sum(
            (
                yuan
                for cell, yuan in self.sums.items()
                if cell.source in wanted
                and (not programme or cell.programme == programme)
                and (not places or cell.recipient in places)
            ),
            ZERO,
        )


@dataclass(frozen=True)
class Spell:
    """A project in the year's plan, as far as its report needs it."""

    project: int
    nature: str
    stage: str
    started: bool


class Reckoning:
    """All figures of one scope for one month; ``known_at`` and ``known_before`` are K and K₋₁."""

    def __init__(
        self, scope: Scope, month: Month, *, known_at: datetime, known_before: datetime
    ) -> None:
        self.scope = scope
        self.month = month
        self.year = month.year
        self.at = AsAt(month.ends_on, known_at)
        # what was dated before the month, as known then and as known now; before January nothing is
        self.before = AsAt(month.previous.ends_on, known_before)
        self.before_known_now = AsAt(month.previous.ends_on, known_at)

    def setting(self, key: str) -> Any:
        """The office's setting that applies on the last day, by what is known."""
        return Setting.objects.value_on(key, self.at.day, known_at=self.at.known_at)

    # ------------------------------------------------------------------------------- money

    def _money(self, code: str, at: AsAt, years: str = "") -> Money:
        """``years`` is the lookup that compares the fiscal year of the plans with this year."""
        of_the_year = {f"fiscal_year{years}": self.year}
        sums = at.money(code, ("programme", "recipient", "source"), self.scope, **of_the_year)
        return Money({Cell(*place): yuan for place, yuan in sums.items()})

    @cached_property
    def money(self) -> dict[str, Money]:
        """Plan, arrived, allocated and paid of this year's plans, cumulative to the last day."""
        return {code: self._money(code, self.at) for code in MONEY}

    @cached_property
    def money_before(self) -> dict[str, Money]:
        """The same as the report of the month before had it; nothing in January."""
        if self.month.month == 1:
            return {code: Money({}) for code in MONEY}
        return {code: self._money(code, self.before) for code in MONEY}

    @cached_property
    def money_entered_late(self) -> dict[str, Money]:
        """Cumulative to the day before the month, as known now: the rest came late."""
        return {code: self._money(code, self.before_known_now) for code in ("arr", "paid")}

    @cached_property
    def carried_over(self) -> dict[str, Decimal]:
        """Aid of plans of earlier years that arrived, was allocated or was paid in this year."""
        found = {}
        new_year = AsAt(date(self.year - 1, 12, 31), self.at.known_at)
        for code in ("arr", "alloc", "paid"):
            now, before = (self._money(code, at, "__lt").of() for at in (self.at, new_year))
            found[code] = now - before
        return found

    @cached_property
    def allocated_by_use(self) -> list[tuple[str, bool, str, Decimal]]:
        """Allocated aid by sector, by whether it improves livelihoods, and by level of spending."""
        sums = self.at.allocated(
            ("sector", "is_livelihood", "spend_level"), self.scope, **self._aid_of_the_year
        )
        return [(*use, yuan) for use, yuan in sums.items()]

    @cached_property
    def paid_by_sector(self) -> dict[str, Decimal]:
        """Aid paid and not paid back."""
        return self.at.paid("sector", self.scope, **self._aid_of_the_year)

    @cached_property
    def money_taken_over(self) -> TakenOver:
        """How much of this year's aid comes from the time before this system."""
        return self.at.taken_over(self.scope, **self._aid_of_the_year)

    @property
    def _aid_of_the_year(self) -> dict[str, Any]:
        return {"fiscal_year": self.year, "source__in": AID}

    @cached_property
    def paid_of_project(self) -> dict[int, Decimal]:
        """Paid to every project and not paid back, over all years and sources, in yuan."""
        return self.at.paid("project", **self._projects_here)

    @property
    def _projects_here(self) -> dict[str, Any]:
        # a project's money is its own wherever the plan that it came from belongs
        return {"project__pairing__in": Pairing.objects.within(self.scope)}

    # ---------------------------------------------------------------------------- pairings

    @cached_property
    def pairings(self) -> list[Pairing]:
        """Pairings in force on the last day; an unknown first day counts as in force."""
        found = Pairing.objects.within(self.scope).in_force_on(self.at.day)
        return list(found.select_related("programme", "donor", "recipient__parent"))

    @cached_property
    def pairings_of_the_year(self) -> list[Pairing]:
        """Pairings of aid-carrying programmes in force on some day of the year so far."""
        found = Pairing.objects.within(self.scope).filter(programme__carries_aid=True)
        found = found.in_force_between(date(self.year, 1, 1), self.at.day)
        return list(found.select_related("programme", "donor", "recipient__parent__parent"))

    # ---------------------------------------------------------------------------- projects

    @cached_property
    def stages(self) -> dict[int, str]:
        """The stage of every project on the last day."""
        return self.at.stages(self.scope)

    @cached_property
    def started(self) -> set[int]:
        """Projects whose works had begun by the last day."""
        return self.at.started(self.scope)

    @cached_property
    def taken_over(self) -> set[int]:
        """Projects from the time before this system."""
        return set(self.at.openings(self.scope).values_list("project_id", flat=True))

    def _year_plan(self, at: AsAt) -> list[tuple[int, str]]:
        entries = YearPlanEntry.objects.within(self.scope).as_at(*at).filter(year=self.year)
        entries = entries.filter(Q(released_on=None) | Q(released_on__gt=at.day))
        return list(entries.order_by("project_id").values_list("project_id", "nature"))

    @cached_property
    def year_plan(self) -> list[Spell]:
        """The projects of this year's plan with their stage; those released from it left out."""
        return [
            Spell(project, nature, self.stages[project], project in self.started)
            for project, nature in self._year_plan(self.at)
        ]

    @cached_property
    def year_plan_before(self) -> list[Spell]:
        """The same as the report of the month before had it; nothing in January."""
        if self.month.month == 1:
            return []
        stages, started = self.before.stages(self.scope), self.before.started(self.scope)
        return [
            Spell(project, nature, stages[project], project in started)
            for project, nature in self._year_plan(self.before)
        ]

    @cached_property
    def released(self) -> int:
        """Projects that were in this year's plan and were released from it by the last day."""
        entries = YearPlanEntry.objects.within(self.scope).as_at(*self.at)
        return entries.filter(year=self.year, released_on__lte=self.at.day).count()

    @cached_property
    def planned_projects(self) -> dict[int, Project]:
        """The projects of this year's plan with county and pairing, by primary key."""
        wanted = [spell.project for spell in self.year_plan]
        found = Project.objects.filter(pk__in=wanted).select_related("county", "pairing__programme")
        return {project.pk: project for project in found}

    @cached_property
    def completed_on(self) -> dict[int, date]:
        """The last day of the works of every project that is completed by the last day."""
        return self.at.ended_on(self.scope)

    @cached_property
    def progress(self) -> dict[int, Decimal]:
        """The last verified progress of every project in per cent."""
        return self.at.progress(self.scope)

    @cached_property
    def aid_of_project(self) -> dict[int, Decimal]:
        """Aid allocated to every project, over all years, in yuan."""
        return self.at.allocated("project", source__in=AID, **self._projects_here)

    # ------------------------------------------------------------------------------ people

    @cached_property
    def postings_in_post(self) -> list[Mapping[str, Any]]:
        found: Any = Posting.objects.within(self.scope).in_post(*self.at)
        found = found.with_planned_end(*self.at)
        return list(found.values("person_id", "region__code", "category", "direction", "end_then"))

    @cached_property
    def expiring_days(self) -> int:
        """Within how many days after the last day a posting that ends is said to end soon."""
        return int(self.setting("expiring_days"))

    @cached_property
    def postings_begun_in_month(self) -> list[Mapping[str, Any]]:
        found = Posting.objects.within(self.scope).as_at(*self.at)
        found = found.filter(start_on__gte=self.month.starts_on)
        return list(found.values("person_id", "region__code"))

    @cached_property
    def postings_ended_in_month(self) -> list[Mapping[str, Any]]:
        found = Posting.objects.within(self.scope).as_at(*self.at)
        found = found.filter(
            end_on__range=(self.month.starts_on, self.at.day), ended_at__lte=self.at.known_at
        )
        return list(found.values("person_id", "region__code"))

    @cached_property
    def teams(self) -> list[tuple[Team, int]]:
        """Teams dispatched by the last day, each with the persons registered in post."""
        found = Team.objects.within(self.scope).filter(batch__dispatched_on__lte=self.at.day)
        registered: dict[int, set[int]] = {}
        in_post = Posting.objects.within(self.scope).in_post(*self.at).filter(team__isnull=False)
        for team, person in in_post.values_list(F("team_id"), F("person_id")):
            registered.setdefault(team, set()).add(person)
        return [
            (team, len(registered.get(team.pk, ())))
            for team in found.select_related("batch", "region")
        ]
