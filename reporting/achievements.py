"""What was achieved of the indicators by the end of a month, as known at an instant.

Computed indicators come from the ledger and the roster, reported ones from accepted returns. One
statement per source answers for all pairings at once; docs/figures.md has the formulas.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

from django.db.models import Case, Count, DateField, F, Func, Q, When

from assistance.models import (
    Indicator,
    IndicatorKind,
    Origin,
    Programme,
    ReturnAdjustment,
    ReturnValue,
)
from assistance.periods import Month
from assistance.scope import EVERYTHING, Scope
from projects.models import AID, YearPlanEntry
from projects.models.as_at import AsAt
from teams.models import Category, Direction, Posting
from teams.models.postings import PostingQuerySet, not_over

ZERO = Decimal(0)
WHOLE = None  # the key of a whole programme among the pairings
PROFESSIONALS = (Category.TEACHER, Category.DOCTOR, Category.AGRI, Category.OTHER_TECH)


@dataclass
class Achieved:
    """A value with what has to be said of it: ``carried_from`` is the last month that was reported
    where it is not the month asked for, ``adjusted`` the part that adjustments made.
    """

    value: Decimal
    carried_from: str = ""
    adjusted: Decimal = ZERO


@dataclass(frozen=True)
class Achievements:
    """The indicators of one programme from 1 January to the end of ``month``, by what was known at
    ``known_at``, inside ``scope``.
    """

    programme: Programme
    month: Month
    known_at: datetime
    scope: Scope = EVERYTHING
    _found: dict[str, dict[int | None, Achieved]] = field(default_factory=dict)

    def of(self, indicator: Indicator, pairing: int | None = WHOLE) -> Achieved | None:
        """The value of a pairing or of the whole programme; None where nothing is known."""
        if indicator.origin == Origin.COMPUTED:
            if indicator.code not in COMPUTED:
                return None
            if indicator.code not in self._found:
                self._found[indicator.code] = {
                    key: Achieved(value) for key, value in COMPUTED[indicator.code](self).items()
                }
            return self._found[indicator.code].get(pairing, Achieved(ZERO))
        return self._reported.get(indicator.pk, {}).get(pairing)

    # ------------------------------------------------------------------------------- reported

    @cached_property
    def _reported(self) -> Mapping[int, Mapping[int | None, Achieved]]:
        """Per indicator and pairing: flows added up, of stocks and distinct counts the last value.

        A distinct count is never the sum of months. Over pairings all are added up.
        """
        series: dict[tuple[int, int], list[tuple[str, Decimal]]] = defaultdict(list)
        for indicator, pairing, period, value in self._values():
            series[indicator, pairing].append((period, value))
        deltas: dict[tuple[int, int], list[tuple[str, Decimal]]] = defaultdict(list)
        for indicator, pairing, period, delta in self._adjustments():
            deltas[indicator, pairing].append((period, delta))
        kinds = dict(Indicator.objects.values_list("pk", "kind"))
        found: dict[int, dict[int | None, Achieved]] = defaultdict(dict)
        for (indicator, pairing), values in series.items():
            adds = kinds[indicator] == IndicatorKind.FLOW
            found[indicator][pairing] = self._folded(values, deltas[indicator, pairing], adds=adds)
        for per_pairing in found.values():
            per_pairing[WHOLE] = _together(per_pairing.values())
        return found

    def _folded(
        self,
        values: list[tuple[str, Decimal]],
        deltas: list[tuple[str, Decimal]],
        *,
        adds: bool,
    ) -> Achieved:
        last, value = max(values)
        if adds:
            value = sum((each for _period, each in values), ZERO)
        adjusted = sum((delta for period, delta in deltas if adds or period == last), ZERO)
        carried = "" if last == str(self.month) else last
        return Achieved(value + adjusted, carried, adjusted)

    @property
    def _months(self) -> Q:
        """Returns of the programme and year up to the month."""
        first = str(Month(self.month.year, 1))
        return Q(
            monthly_return__period__range=(first, str(self.month)),
            monthly_return__pairing__programme=self.programme,
        )

    def _values(self) -> Iterable[tuple[int, int, str, Decimal]]:
        rows = ReturnValue.objects.within(self.scope).known(self.known_at).filter(self._months)
        return rows.exclude(value=None).values_list(
            "indicator", "monthly_return__pairing", "monthly_return__period", "value"
        )

    def _adjustments(self) -> Iterable[tuple[int, int, str, Decimal]]:
        rows = ReturnAdjustment.objects.within(self.scope).known(self.known_at)
        return rows.filter(self._months, period__lte=str(self.month)).values_list(
            "indicator", "monthly_return__pairing", "monthly_return__period", "delta"
        )

    # ------------------------------------------------------------------------------- computed

    @property
    def _at(self) -> AsAt:
        return AsAt(self.month.ends_on, self.known_at)

    def fund(self) -> dict[int | None, Decimal]:
        """Net arrived aid of the year's plans, in yuan."""
        sums = self._at.money(
            "arr", ("pairing",), self.scope, fiscal_year=self.month.year, source__in=AID,
            programme=self.programme.code,
        )  # fmt: skip
        found: dict[int | None, Decimal] = {key: yuan for (key,), yuan in sums.items()}
        found[WHOLE] = sum(found.values(), ZERO)
        return found

    def seconded(
        self, direction: Direction, categories: Iterable[Category], *, a_month: bool = False
    ) -> dict[int | None, Decimal]:
        """Persons with a posting on some day of the year so far, each counted once: in a pairing,
        and in the whole programme.
        """
        first = date(self.month.year, 1, 1)
        day, known_at = self._at
        rows: PostingQuerySet = Posting.objects.within(self.scope).as_at(day, known_at)
        rows = rows.filter(
            not_over(first, known_at),
            pairing__programme=self.programme,
            direction=direction,
            category__in=list(categories),
        )
        if a_month:
            rows = _of_a_month(rows, day, known_at)
        rows = rows.order_by()
        each = rows.values_list("pairing").annotate(found=Count("person", distinct=True))
        found: dict[int | None, Decimal] = {key: Decimal(count) for key, count in each}
        found[WHOLE] = Decimal(rows.aggregate(found=Count("person", distinct=True))["found"])
        return found

    def projects(self) -> dict[int | None, Decimal]:
        """Projects in the year's plan that are approved or further, released ones apart."""
        day, known_at = self._at
        rows = YearPlanEntry.objects.within(self.scope).as_at(day, known_at)
        rows = rows.filter(
            Q(released_on=None) | Q(released_on__gt=day),
            year=self.month.year,
            project__pairing__programme=self.programme,
        )
        each = rows.order_by().values_list("project__pairing").annotate(found=Count("pk"))
        found: dict[int | None, Decimal] = {key: Decimal(count) for key, count in each}
        found[WHOLE] = sum(found.values(), ZERO)
        return found


def _of_a_month(rows: PostingQuerySet, day: date, known_at: datetime) -> PostingQuerySet:
    """Postings of a month or more, by the last day that was known then."""
    last = Case(When(ended_at__lte=known_at, then="end_on"), default="end_then")
    behind = Func(last, template="(%(expressions)s + 1)", output_field=DateField())
    a_month = Func(
        F("start_on"),
        template="(%(expressions)s + interval '1 month')::date",
        output_field=DateField(),
    )
    return rows.with_planned_end(day, known_at).annotate(behind=behind).filter(behind__gte=a_month)


def _together(parts: Iterable[Achieved]) -> Achieved:
    parts = list(parts)
    carried = sorted(part.carried_from for part in parts if part.carried_from)
    return Achieved(
        sum((part.value for part in parts), ZERO),
        carried[0] if carried else "",
        sum((part.adjusted for part in parts), ZERO),
    )


COMPUTED: Mapping[str, Callable[[Achievements], dict[int | None, Decimal]]] = {
    "FUND": Achievements.fund,
    "PROJ": Achievements.projects,
    "CADRE_OUT": lambda a: a.seconded(Direction.OUT, [Category.CADRE]),
    "CADRE_IN": lambda a: a.seconded(Direction.IN, [Category.CADRE]),
    "TECH_OUT": lambda a: a.seconded(Direction.OUT, PROFESSIONALS, a_month=True),
    "TECH_IN": lambda a: a.seconded(Direction.IN, PROFESSIONALS, a_month=True),
}
