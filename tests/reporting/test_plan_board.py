"""The five-year plan: progress, attained, pace, and what is said where nothing is known."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from assistance.actions.plan import (
    confirm_actual,
    load_plan,
    record_actual,
    strike_out_actual,
)
from assistance.errors import Refused
from assistance.models import PlanActual, PlanIndicator
from assistance.roles import Role
from projects.models import Stage
from reporting.plan_board import PlanLine, plan_board
from tests import by_sql
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def plan() -> None:
    load_plan(now=make.NOW)


def publish(code: str, year: int, value: str | None, **fields: Any) -> PlanActual:
    row = record_actual(
        indicator=PlanIndicator.objects.get(code=code), year=year,
        value=None if value is None else Decimal(value), basis="演示公报", by=make.hand(Role.CLERK),
        now=make.NOW, **fields,
    )  # fmt: skip
    return confirm_actual(row, by=make.hand(Role.REVIEWER), now=make.NOW)


def line_of(code: str) -> PlanLine:
    [line] = [line for line in plan_board(make.NOW) if line.indicator.code == code]
    return line


def test_the_targets_are_those_of_the_article_with_its_cautions() -> None:
    lines = plan_board(make.NOW)
    assert len(lines) == 15
    gdp, ratio = line_of("GDP_PC").indicator, line_of("DIST_RATIO").indicator
    assert (gdp.operator, gdp.target, gdp.baseline) == (">=", 180_000, None)
    assert (ratio.operator, ratio.caution != "", ratio.caution_en != "") == ("<=", True, True)
    assert all(line.indicator.basis for line in lines)
    assert all(line.actual is None for line in lines), "nothing is published, nothing invented"


def test_progress_runs_from_the_baseline_to_the_target() -> None:
    """Income: 67,709 yuan in 2021, 85,000 in 2025; half of the way after two of four years."""
    publish("INCOME_PC", 2023, "76354.50")
    line = line_of("INCOME_PC")
    assert (line.progress, line.pace, line.is_attained) == (Decimal(50), Decimal(100), False)
    publish("INCOME_PC", 2025, "85000")
    line = line_of("INCOME_PC")
    assert (line.progress, line.pace, line.is_attained) == (Decimal(100), Decimal(100), True)


def test_without_a_baseline_it_is_only_told_whether_the_target_is_attained() -> None:
    publish("GDP_PC", 2024, "180000")
    line = line_of("GDP_PC")
    assert (line.progress, line.pace, line.is_attained) == (None, None, True)


def test_of_a_baseline_in_its_own_year_there_is_no_pace() -> None:
    publish("INCOME_PC", 2021, "67709")
    assert line_of("INCOME_PC").progress == 0
    assert line_of("INCOME_PC").pace is None


@pytest.mark.parametrize(
    ("code", "value", "attained"),
    [
        ("UNEMP", "5", False), ("UNEMP", "4.99999999", True),  # strictly below 5
        ("LIFE_EXP", "83.87999999", False), ("LIFE_EXP", "83.88", True),
        ("UR_RATIO", "1.70000001", False), ("UR_RATIO", "1.7", True),
        ("TRANSIT_1H", "9", True), ("TRANSIT_1H", "10", False),
    ],
)  # fmt: skip
def test_attained_compares_the_value_as_it_is_not_as_it_is_shown(
    code: str, value: str, attained: bool
) -> None:
    publish(code, 2024, value)
    assert line_of(code).is_attained is attained


def test_of_a_ratio_both_operands_are_kept() -> None:
    publish("DIST_RATIO", 2024, None, numerator=Decimal(80_000), denominator=Decimal(60_000))
    actual = line_of("DIST_RATIO").actual
    assert actual is not None
    assert (actual.value, actual.numerator, actual.denominator) == (
        Decimal("1.33333333"), Decimal(80_000), Decimal(60_000),
    )  # fmt: skip
    assert line_of("DIST_RATIO").is_attained
    for wrong in ({"numerator": Decimal(1)}, {"denominator": Decimal(1)}, {}):
        with pytest.raises(ValidationError):
            publish("UR_RATIO", 2024, None, **wrong)
    with pytest.raises(ValidationError):
        publish("UR_RATIO", 2024, None, numerator=Decimal(1), denominator=Decimal(0))


def test_a_value_counts_once_somebody_else_confirmed_it() -> None:
    both = make.user_with(Role.CLERK, Role.REVIEWER)
    income = PlanIndicator.objects.get(code="INCOME_PC")
    row = record_actual(
        indicator=income, year=2023, value=Decimal(70_000), basis="演示", by=both, now=make.NOW
    )
    assert line_of("INCOME_PC").actual is None
    with pytest.raises(Refused) as refused:
        confirm_actual(row, by=both, now=make.NOW)
    assert refused.value.code == "own_work"
    with by_sql.refused_by("planactual_counted_by_other_hands"):
        by_sql.change(row, counted_at=make.NOW, counted_by_id=both.pk)
    confirm_actual(row, by=make.hand(Role.REVIEWER), now=make.NOW)
    with pytest.raises(ValidationError):
        publish("INCOME_PC", 2023, "71000")
    strike_out_actual(row, reason="演示:有误", by=make.hand(Role.REVIEWER), now=make.NOW)
    publish("INCOME_PC", 2023, "71000")
    assert line_of("INCOME_PC").actual.value == 71_000  # type: ignore[union-attr]  # it is published
    earlier = [one for one in plan_board(make.NOW - timedelta(days=1)) if one.actual]
    assert earlier == []
    with pytest.raises(PermissionDenied):
        confirm_actual(row, by=make.hand(Role.CLERK), now=make.NOW)


def test_the_livelihood_share_is_computed_from_our_own_ledger() -> None:
    assert line_of("AID_LIVELIHOOD").actual is None
    make.project_at(Stage.APPROVED, aid_yuan=Decimal(3_000_000), is_livelihood=True,
                    livelihood_reason="演示")  # fmt: skip
    make.project_at(Stage.APPROVED, aid_yuan=Decimal(1_000_000), is_livelihood=False)
    line = line_of("AID_LIVELIHOOD")
    assert line.actual is not None
    assert (line.actual.value, line.actual.year) == (Decimal(75), 2026)
    assert (line.actual.numerator, line.actual.denominator) == (
        Decimal(3_000_000),
        Decimal(4_000_000),
    )
    assert line.is_attained is False
    with pytest.raises(ValidationError):
        publish("AID_LIVELIHOOD", 2025, "95")


def test_the_plan_loads_once_and_keeps_what_was_edited() -> None:
    PlanIndicator.objects.filter(code="GDP_PC").update(caution="改过")
    again = load_plan(now=make.NOW)
    assert (again.added, again.kept) == (0, ["plan indicator GDP_PC (caution)"])
    assert load_plan(now=make.NOW, update=True).changed == 1
