"""Where the five-year plan stands: progress, attained or not, and pace of every indicator.

progress = (a - b) / (t - b) with the baseline b, also where less is better; attained compares the
unrounded value; pace = progress / ((year - baseline year) / (2025 - baseline year)). Without a
baseline there is neither progress nor pace, without a published value nothing at all (domain rules
8.4).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from assistance.models import PlanActual, PlanIndicator
from assistance.models.plan import TARGET_YEAR, Operator
from assistance.periods import local_day
from projects.models import AID
from projects.models.as_at import AsAt

HUNDRED = Decimal(100)
HOLDS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    Operator.AT_LEAST: operator.ge,
    Operator.AT_MOST: operator.le,
    Operator.BELOW: operator.lt,
    Operator.EXACTLY: operator.eq,
}


@dataclass(frozen=True)
class Actual:
    """A value with its year and, of a ratio, its operands."""

    year: int
    value: Decimal
    numerator: Decimal | None = None
    denominator: Decimal | None = None


@dataclass(frozen=True)
class PlanLine:
    """One indicator; rates in per cent, not rounded, None where there is none."""

    indicator: PlanIndicator
    actual: Actual | None
    progress: Decimal | None
    is_attained: bool | None
    pace: Decimal | None


def plan_board(known_at: datetime) -> list[PlanLine]:
    """Every indicator with its newest value by what was known at ``known_at``."""
    newest: dict[int, Actual] = {}
    for row in PlanActual.objects.known(known_at).order_by("year"):
        newest[row.indicator_id] = Actual(row.year, row.value, row.numerator, row.denominator)
    lines = []
    for indicator in PlanIndicator.objects.all():
        actual = newest.get(indicator.pk)
        if indicator.is_computed:
            actual = livelihood_share(local_day(known_at), known_at)
        lines.append(line_of(indicator, actual))
    return lines


def line_of(indicator: PlanIndicator, actual: Actual | None) -> PlanLine:
    """The line of an indicator with this value."""
    if actual is None:
        return PlanLine(indicator, None, None, None, None)
    attained = HOLDS[indicator.operator](actual.value, indicator.target)
    progress = _progress(indicator, actual)
    return PlanLine(indicator, actual, progress, attained, _pace(indicator, actual, progress))


def _progress(indicator: PlanIndicator, actual: Actual) -> Decimal | None:
    if indicator.baseline is None or indicator.target == indicator.baseline:
        return None
    way: Decimal = indicator.target - indicator.baseline
    gone: Decimal = actual.value - indicator.baseline
    return gone * HUNDRED / way


def _pace(indicator: PlanIndicator, actual: Actual, progress: Decimal | None) -> Decimal | None:
    since = indicator.baseline_year
    if progress is None or since is None or actual.year <= since:
        return None
    return progress * Decimal(TARGET_YEAR - since) / (actual.year - since)


def livelihood_share(day: date, known_at: datetime) -> Actual | None:
    """Share in per cent of the aid allocated this year that is spent on livelihoods, from our own
    ledger; None where nothing is allocated.
    """
    sums = AsAt(day, known_at).allocated(("is_livelihood",), fiscal_year=day.year, source__in=AID)
    whole = sum(sums.values(), Decimal(0))
    good = sum((yuan for (is_good,), yuan in sums.items() if is_good), Decimal(0))
    if not whole:
        return None
    return Actual(day.year, good * HUNDRED / whole, good, whole)
