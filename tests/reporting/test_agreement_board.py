"""Where an agreement stands, against a computation that knows nothing of ours."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from assistance.actions.dictionary import load_indicators
from assistance.models import (
    Agreement,
    AgreementState,
    Better,
    Indicator,
    IndicatorKind,
    Pairing,
    ReturnState,
)
from assistance.periods import Month
from assistance.scope import Scope
from reporting.achievements import COMPUTED, Achievements
from reporting.agreement_board import Light, Line, board
from teams.models import Category, Direction, PostingState
from tests import factories as make

pytestmark = pytest.mark.django_db

# Zhejiang–Sichuan agreement 2022: Sichuan Economic Daily, 20 May 2022. The quarters are ours.
PUBLISHED = {
    "FUND": 3_310_000_000, "CADRE_OUT": 113, "TECH_OUT": 330, "CADRE_IN": 76, "TECH_IN": 163,
    "ENT": 100, "INV": 10_000_000_000, "CONS": 1_500_000_000,
}  # fmt: skip
QUARTERS = {"ENT": (10, 40, 75), "CONS": (300_000_000, 700_000_000, 1_100_000_000)}
BESIDES = {"PARK": 31, "LAB": 40_000}  # a stock and a distinct count
REPORTED = ("ENT", "INV", "CONS", "PARK", "LAB")
LARGEST = {"ENT": 5, "INV": 400_000_000, "CONS": 50_000_000, "PARK": 12, "LAB": 0}
YEAR_END = make.at(date(2023, 1, 31))
COUNTIES = ((make.COUNTY, make.DONOR), (make.OTHER_COUNTY, make.DONOR),
            (make.FAR_COUNTY, make.OTHER_DONOR))  # fmt: skip


def _agreement() -> Agreement:
    load_indicators(now=make.NOW)
    # a return of the test asks for what the test reports
    Indicator.objects.exclude(code__in=[*REPORTED, *COMPUTED]).delete()
    said = []
    for code, value in (PUBLISHED | BESIDES).items():
        target: dict[str, Any] = {"indicator": make.indicator(code), "value": Decimal(value)}
        for name, plan in zip(("q1", "q2", "q3"), QUARTERS.get(code, ()), strict=False):
            target[name] = Decimal(plan)
        said.append(target)
    return make.agreement(
        AgreementState.SIGNED, *said, programme=make.pairing(*COUNTIES[0]).programme, year=2022
    )


def _year_of_returns() -> dict[str, dict[str, list[int]]]:
    """Generated values by county and code, month by month; all accepted in time."""
    lots, said = random.Random(2022), {}
    for county, donor in COUNTIES:
        tie = make.pairing(county, donor)
        values = {
            code: [lots.randint(0, LARGEST[code]) for _month in range(12)] for code in REPORTED
        }
        values["LAB"] = sorted(lots.randint(0, 20_000) for _month in range(12))
        for month in range(12):
            make.monthly_return(
                ReturnState.LOCKED, pairing=tie, period=f"2022-{month + 1:02}",
                values={code: values[code][month] for code in REPORTED},
            )  # fmt: skip
        said[county] = values
    return said


def _money_and_people() -> dict[str, list[tuple[date, int]]]:
    """What arrived and who was sent, with the day."""
    lots = random.Random(39)
    days: dict[str, list[tuple[date, int]]] = {
        code: [] for code in ("FUND", "CADRE_OUT", "TECH_OUT", "CADRE_IN")
    }
    for county, donor in COUNTIES:
        tie = make.pairing(county, donor)
        plan = make.fund_plan(pairing=tie, fiscal_year=2022, amount_yuan=900_000_000)
        for _number in range(4):
            on = date(2022, 1, 21) + timedelta(days=lots.randrange(330))
            yuan = lots.randint(1, 200_000_000)
            make.transfer(plan=plan, amount_yuan=yuan, sent_on=on, arrived_on=on)
            days["FUND"].append((on, yuan))
        for code, direction, category in (
            ("CADRE_OUT", Direction.OUT, Category.CADRE),
            ("TECH_OUT", Direction.OUT, Category.DOCTOR),
            ("TECH_OUT", Direction.OUT, Category.TEACHER),
            ("CADRE_IN", Direction.IN, Category.CADRE),
        ):
            on = date(2022, 1, 10) + timedelta(days=lots.randrange(300))
            unit = make.organisation(region_code=county if direction == Direction.OUT else donor)
            make.posting(
                pairing=tie, direction=direction, category=category, host_unit=unit, start_on=on,
                planned_end=on + timedelta(days=360),
            )  # fmt: skip
            days[code].append((on, 1))
    return days


def _expected(
    code: str, month: int, said: dict[str, dict[str, list[int]]], days: dict[str, Any]
) -> int:
    if code in REPORTED:
        adds = code not in BESIDES
        series = [values[code] for values in said.values()]
        return sum(sum(one[:month]) if adds else one[month - 1] for one in series)
    end = date(2022 + month // 12, month % 12 + 1, 1)
    return sum(number for on, number in days.get(code, ()) if on < end)


def _plan(code: str, month: int) -> Fraction:
    target = (PUBLISHED | BESIDES)[code]
    if code not in QUARTERS:
        return Fraction(target * month, 12)
    points = [0, *QUARTERS[code], target]
    done, rest = month // 3, month % 3
    following = points[min(done + 1, 4)]
    return points[done] + Fraction((following - points[done]) * rest, 3)


def test_the_agreement_of_2022_stands_where_an_independent_computation_has_it() -> None:
    agreement = _agreement()
    said, days = _year_of_returns(), _money_and_people()
    for month in (1, 3, 5, 8, 9, 12):
        lines = board(agreement, Month(2022, month), known_at=YEAR_END)
        assert {line.target.indicator.code for line in lines} == set(PUBLISHED | BESIDES)
        for line in lines:
            code = line.target.indicator.code
            target, actual = line.target.value, _expected(code, month, said, days)
            plan = _plan(code, month)
            assert line.achieved is not None
            assert line.achieved.value == actual, (code, month)
            assert line.completion == pytest.approx(Decimal(actual * 100) / target), (code, month)
            assert line.pace is not None
            assert float(line.pace) == pytest.approx(float(actual * 100 / plan)), (code, month)
            due = actual * 100 / plan
            light = "green" if due >= 100 else "yellow" if due >= 80 else "red"
            assert line.light == light, (code, month)


def _line(agreement: Agreement, month: Month, **options: Any) -> Line:
    [line] = board(agreement, month, **{"known_at": make.NOW} | options)
    return line


def _own(kind: IndicatorKind, **fields: Any) -> tuple[Agreement, Indicator, Pairing]:
    indicator = make.indicator("DEMO_OWN", kind=kind, **fields)
    tie = make.pairing()
    said = {"indicator": indicator, "pairing": tie, "value": Decimal(120)}
    return make.agreement(AgreementState.SIGNED, said), indicator, tie


def test_a_distinct_count_is_never_the_sum_of_months() -> None:
    agreement, _indicator, tie = _own(IndicatorKind.DISTINCT)
    for period, value in (("2026-03", 40), ("2026-04", 50)):
        make.monthly_return(
            ReturnState.ACCEPTED, pairing=tie, period=period, values={"DEMO_OWN": value}
        )
    line = _line(agreement, Month(2026, 4))
    assert line.achieved is not None
    assert (line.achieved.value, line.pace) == (Decimal(50), Decimal(125))


def test_who_did_not_report_keeps_the_last_value_and_it_is_told() -> None:
    agreement, _indicator, tie = _own(IndicatorKind.STOCK)
    make.monthly_return(
        ReturnState.ACCEPTED, pairing=tie, period="2026-03", values={"DEMO_OWN": 30}
    )
    make.monthly_return(ReturnState.SUBMITTED, pairing=tie, values={"DEMO_OWN": 31})
    line = _line(agreement, Month(2026, 5))
    assert line.achieved is not None
    assert (line.achieved.value, line.achieved.carried_from) == (Decimal(30), "2026-03")
    assert _line(agreement, Month(2026, 3)).achieved.carried_from == ""  # type: ignore[union-attr]  # it is known
    nothing = _line(agreement, Month(2026, 2))
    assert (nothing.achieved, nothing.completion, nothing.light) == (None, None, Light.NONE)


@pytest.mark.parametrize(("kind", "after"), [(IndicatorKind.FLOW, 45), (IndicatorKind.STOCK, 20)])
def test_an_adjustment_counts_in_the_month_in_which_it_was_found(
    kind: IndicatorKind, after: int
) -> None:
    """Of March (20) and April (20) March is corrected by 5 in June."""
    agreement, indicator, tie = _own(kind)
    march, _april = (
        make.monthly_return(ReturnState.LOCKED, pairing=tie, period=period, values={"DEMO_OWN": 20})
        for period in ("2026-03", "2026-04")
    )
    before = _line(agreement, Month(2026, 6)).achieved
    made = make.return_adjustment(march, indicator=indicator, delta=Decimal(5))
    assert made.period == "2026-06"
    assert before is not None
    found = _line(agreement, Month(2026, 6)).achieved
    assert found is not None
    assert (found.value, found.adjusted) == (Decimal(after), Decimal(after) - before.value)
    assert _line(agreement, Month(2026, 5)).achieved.adjusted == 0  # type: ignore[union-attr]  # it is known
    known_before = make.NOW - timedelta(seconds=1)
    assert _line(agreement, Month(2026, 6), known_at=known_before).achieved == before


def test_less_is_better_turns_the_rates_round() -> None:
    agreement, _indicator, tie = _own(IndicatorKind.STOCK, better=Better.DOWN)
    make.monthly_return(
        ReturnState.ACCEPTED, pairing=tie, period="2026-04", values={"DEMO_OWN": 50}
    )
    line = _line(agreement, Month(2026, 4))
    assert (line.completion, line.pace) == (Decimal(240), Decimal(80))
    assert line.light == Light.YELLOW


def test_growth_compares_with_the_same_month_of_the_year_before() -> None:
    agreement, _indicator, tie = _own(IndicatorKind.FLOW)
    for period, value in (("2025-04", 40), ("2025-05", 99), ("2026-04", 50)):
        make.monthly_return(
            ReturnState.ACCEPTED, pairing=tie, period=period, values={"DEMO_OWN": value}
        )
    assert _line(agreement, Month(2026, 4)).growth == 25


def test_the_numbers_that_held_are_those_that_were_known() -> None:
    agreement, _indicator, _tie = _own(IndicatorKind.FLOW)
    make.amendment(agreement.targets.get(), value=Decimal(240))
    assert _line(agreement, Month(2026, 6)).plan == 120
    assert _line(agreement, Month(2026, 6), known_at=make.at(date(2026, 5, 31))).plan == 60


def test_a_partner_gets_the_targets_of_its_own_county_alone() -> None:
    tie, other = make.pairing(), make.pairing(make.FAR_COUNTY, make.OTHER_DONOR)
    indicator = make.indicator("DEMO_OWN")
    said = [{"indicator": indicator, "pairing": of} for of in (None, tie, other)]
    agreement = make.agreement(AgreementState.SIGNED, *said)
    seen = board(
        agreement, Month(2026, 4), known_at=make.NOW, scope=Scope("recipient", make.COUNTY)
    )
    assert [line.target.pairing for line in seen] == [tie]
    whole = board(agreement, Month(2026, 4), known_at=make.NOW)
    assert [line.target.pairing for line in whole] == [None, tie, other]


def test_a_division_by_nothing_has_no_answer() -> None:
    indicator = make.indicator("DEMO_OWN")
    tie = make.pairing()
    said = {
        "indicator": indicator, "value": Decimal(0), "q1": Decimal(0), "q2": Decimal(0),
        "q3": Decimal(0),
    }  # fmt: skip
    agreement = make.agreement(AgreementState.SIGNED, said)
    make.monthly_return(ReturnState.ACCEPTED, pairing=tie, period="2026-04")
    line = _line(agreement, Month(2026, 4))
    assert (line.completion, line.pace, line.growth, line.light) == (None, None, None, Light.NONE)


def test_a_person_counts_once_and_a_professional_from_a_month_on() -> None:
    tie, other = make.pairing(), make.pairing(make.OTHER_COUNTY, make.DONOR)
    person = make.person()
    unit = make.organisation(region_code=make.OTHER_COUNTY)
    make.posting(
        PostingState.ENDED, person=person, pairing=tie, category=Category.DOCTOR,
        start_on=date(2026, 1, 5), planned_end=date(2026, 2, 28), end_on=date(2026, 2, 28),
    )  # fmt: skip
    make.posting(
        person=person, pairing=other, host_unit=unit, category=Category.DOCTOR,
        start_on=date(2026, 3, 5), planned_end=date(2026, 9, 4),
    )  # fmt: skip
    for first, last in (
        (date(2026, 5, 1), date(2026, 5, 30)),  # a day short of a month
        (date(2026, 5, 1), date(2026, 5, 31)),
    ):
        make.posting(
            pairing=tie, category=Category.TEACHER, start_on=first, planned_end=last
        )  # fmt: skip
    found = Achievements(tie.programme, Month(2026, 5), make.NOW)
    tech = make.indicator("TECH_OUT", origin="COMPUTED", kind="DISTINCT")
    of = {
        key: found.of(tech, key).value  # type: ignore[union-attr]  # computed ones are known
        for key in (None, tie.pk, other.pk)
    }
    assert of == {None: 2, tie.pk: 2, other.pk: 1}
    near = Achievements(
        tie.programme, Month(2026, 5), make.NOW, Scope("recipient", make.OTHER_COUNTY)
    )
    assert near.of(tech).value == 1  # type: ignore[union-attr]  # likewise


def test_every_computed_indicator_of_the_dictionary_is_computed() -> None:
    load_indicators(now=make.NOW)
    computed = Indicator.objects.filter(origin="COMPUTED").values_list("code", flat=True)
    assert set(computed) == set(COMPUTED)
