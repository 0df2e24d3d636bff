"""Where an agreement stands: target, plan to date, what was achieved, completion, pace and light.

completion = actual / target; pace = actual / plan to date. The plan to date runs evenly between the
ends of the quarters, or over the year where none were agreed. Of an indicator that is better when
it is less both are turned round. Domain rules 8.1 §2; a division by nothing has no answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from assistance.models import Agreement, AgreementTarget, Better, Setting
from assistance.periods import Month
from assistance.scope import EVERYTHING, Scope
from reporting.achievements import Achieved, Achievements

ZERO, HUNDRED = Decimal(0), Decimal(100)


class Light(StrEnum):
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    NONE = ""  # nothing is known, or nothing was planned by now


@dataclass(frozen=True)
class Line:
    """One target at the end of a month; rates in per cent, not rounded, None where there is none.

    ``growth`` compares with the same month of the year before.
    """

    target: AgreementTarget
    plan: Decimal
    achieved: Achieved | None
    completion: Decimal | None
    pace: Decimal | None
    growth: Decimal | None
    light: Light


def plan_to_date(target: AgreementTarget, month: Month) -> Decimal:
    """The plan from 1 January to the end of ``month``, in the unit of the indicator.

    >>> from decimal import Decimal as D
    >>> year = AgreementTarget(value=D(120))
    >>> plan_to_date(year, Month(2026, 5))
    Decimal('50')
    >>> quarters = AgreementTarget(value=D(100), q1=D(10), q2=D(40), q3=D(70))
    >>> [int(plan_to_date(quarters, Month(2026, m))) for m in (3, 5, 6, 12)]
    [10, 30, 40, 100]
    """
    if target.q1 is None or target.q2 is None or target.q3 is None:
        return Decimal(target.value * month.month) / 12
    points = (ZERO, target.q1, target.q2, target.q3, target.value)
    quarter, months = divmod(month.month, 3)
    if months == 0:
        return points[quarter]
    return points[quarter] + (points[quarter + 1] - points[quarter]) * months / 3


def board(
    agreement: Agreement, month: Month, *, known_at: datetime, scope: Scope = EVERYTHING
) -> list[Line]:
    """Every target that was known, in the order of the dictionary, the whole programme first.

    Who sees a part of the programme gets the targets of that part alone: what a part achieved says
    nothing of a target of the whole.
    """
    targets = (
        AgreementTarget.objects.within(scope)
        .known(known_at)
        .filter(agreement=agreement)
        .select_related("indicator", "pairing__donor", "pairing__recipient")
        .order_by("indicator__place", "indicator__code", "pairing__recipient__code", "pk")
    )
    if scope.kind != "all":
        targets = targets.exclude(pairing=None)
    now = Achievements(agreement.programme, month, known_at, scope)
    before = Achievements(agreement.programme, Month(month.year - 1, month.month), known_at, scope)
    lights = _limits(month, known_at)
    return [_line(target, month, now, before, lights) for target in _whole_first(targets)]


def _whole_first(targets: Iterable[AgreementTarget]) -> list[AgreementTarget]:
    return sorted(
        targets, key=lambda t: (t.indicator.place, t.indicator.code, t.pairing_id is not None)
    )


def _limits(month: Month, known_at: datetime) -> tuple[Decimal, Decimal]:
    """From which pace in per cent a light is green, and from which yellow."""
    green, yellow = (
        Decimal(Setting.objects.value_on(key, month.ends_on, known_at=known_at))
        for key in ("pace_green", "pace_yellow")
    )
    return green, yellow


def _line(
    target: AgreementTarget,
    month: Month,
    now: Achievements,
    before: Achievements,
    limits: tuple[Decimal, Decimal],
) -> Line:
    plan = plan_to_date(target, month)
    achieved = now.of(target.indicator, target.pairing_id)
    if achieved is None:
        return Line(target, plan, None, None, None, None, Light.NONE)
    actual, is_up = achieved.value, target.indicator.better == Better.UP
    pace = _share(actual, plan) if is_up else _share(plan, actual)
    earlier = before.of(target.indicator, target.pairing_id)
    return Line(
        target,
        plan,
        achieved,
        _share(actual, target.value) if is_up else _share(target.value, actual),
        pace,
        _share(actual - earlier.value, earlier.value) if earlier else None,
        _light(pace, limits),
    )


def _share(part: Decimal, whole: Decimal) -> Decimal | None:
    return part * HUNDRED / whole if whole else None


def _light(pace: Decimal | None, limits: tuple[Decimal, Decimal]) -> Light:
    if pace is None:
        return Light.NONE
    green, yellow = limits
    return Light.GREEN if pace >= green else Light.YELLOW if pace >= yellow else Light.RED
