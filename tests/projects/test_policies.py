"""The words of payment policies, and their arithmetic to the fen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from projects.policies import (
    DEFAULT,
    Facts,
    When,
    as_dicts,
    cap_yuan,
    months_after,
    next_step,
    read_steps,
    retention_yuan,
)

DAY = date(2026, 6, 1)
YINZHOU = [
    {"pct": "30", "when": "STARTED"},
    {"pct": "50", "when": "PROGRESS", "progress": "50"},
    {"pct": "80", "when": "SELF_ACCEPTED"},
    {"pct": "100", "when": "ACCEPTED"},
]
QINGYUAN = [{"pct": "70", "when": "COMPLETED"}, {"pct": "100", "when": "ACCEPTED"}]
COUNTY_RULE: list[dict[str, Any]] = [
    {"pct": "30", "when": "READY"},
    {"pct": "97", "when": "AUDITED"},
    {"pct": "100", "when": "RETENTION", "months": 12},
]
READY = Facts(DAY, Decimal(1_000_000), Decimal(1_000_000), is_ready=True, has_contract_or_plan=True)
STARTED = replace(READY, is_started=True)
HALF = replace(STARTED, progress_pct=Decimal(50))
COMPLETED = replace(HALF, is_completed=True, progress_pct=Decimal(100))
CHECKED = replace(COMPLETED, is_self_accepted=True)
ACCEPTED = replace(CHECKED, accepted_on=date(2026, 6, 1), settled_yuan=Decimal(930_000))
AUDITED = replace(ACCEPTED, is_audited=True)
A_YEAR_ON = replace(AUDITED, day=date(2027, 6, 1))


@pytest.mark.parametrize(
    ("written", "caps"),
    [
        (as_dicts(DEFAULT), (300_000, 300_000, 500_000, 800_000, 800_000, 902_100, 902_100)),
        (YINZHOU, (0, 300_000, 500_000, 500_000, 800_000, 930_000, 930_000)),
        (QINGYUAN, (0, 0, 0, 700_000, 700_000, 930_000, 930_000)),
        (COUNTY_RULE, (300_000, 300_000, 300_000, 300_000, 300_000, 279_000, 902_100)),
    ],
    ids=["default", "Yinzhou", "Qingyuan", "county rule"],
)
def test_the_published_policies_open_step_by_step(written: Any, caps: tuple[int, ...]) -> None:
    steps = read_steps(written)
    on_the_way = (READY, STARTED, HALF, COMPLETED, CHECKED, ACCEPTED, AUDITED)
    assert tuple(cap_yuan(steps, facts) for facts in on_the_way) == caps
    assert read_steps(as_dicts(steps)) == steps


def test_a_contract_below_the_investment_lowers_the_base_in_its_part() -> None:
    tendered = replace(READY, contract_yuan=Decimal(950_000))
    assert cap_yuan(DEFAULT, tendered) == Decimal("285000.00")
    shared = replace(tendered, granted_yuan=Decimal(600_000))
    assert cap_yuan(DEFAULT, shared) == Decimal("171000.00")
    above = replace(tendered, contract_yuan=Decimal(1_200_000))
    assert cap_yuan(DEFAULT, above) == Decimal("300000.00")


def test_the_settlement_is_the_base_and_the_retention_waits_for_its_months() -> None:
    assert cap_yuan(DEFAULT, AUDITED, with_retention=True) == Decimal("902100.00")
    assert retention_yuan(DEFAULT, AUDITED) == Decimal("27900.00")
    eve = replace(A_YEAR_ON, day=date(2027, 5, 31))
    assert cap_yuan(DEFAULT, eve, with_retention=True) == Decimal("902100.00")
    assert cap_yuan(DEFAULT, A_YEAR_ON, with_retention=True) == Decimal("930000.00")
    assert cap_yuan(DEFAULT, A_YEAR_ON) == Decimal("902100.00")


def test_readiness_needs_a_contract_or_a_plan_on_file() -> None:
    assert cap_yuan(DEFAULT, replace(READY, has_contract_or_plan=False)) == 0


def test_the_next_step_is_the_first_above_those_reached() -> None:
    assert [getattr(next_step(DEFAULT, facts), "when", None) for facts in (READY, HALF)] == [
        When.PROGRESS, When.COMPLETED,
    ]  # fmt: skip
    assert next_step(DEFAULT, A_YEAR_ON) is None


def test_a_month_has_its_last_day() -> None:
    assert months_after(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert months_after(date(2026, 11, 30), 3) == date(2027, 2, 28)
    assert months_after(date(2026, 12, 1), 12) == date(2027, 12, 1)


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ([], "at least one step"),
        ("30", "at least one step"),
        ([{"pct": str(n), "when": "READY"} for n in range(1, 10)], "at most 8"),
        (["30"], "Step 1: it is not a step"),
        ([{"pct": "30"}], "Step 1: choose from when on"),
        ([{"pct": "30", "when": "SOMETIME"}], "Step 1: choose from when on"),
        ([{"pct": "0", "when": "READY"}], "Step 1: the per cent"),
        ([{"pct": "100.01", "when": "READY"}], "Step 1: the per cent"),
        ([{"pct": "1.001", "when": "READY"}], "Step 1: the per cent"),
        ([{"pct": True, "when": "READY"}], "Step 1: the per cent"),
        ([{"pct": "NaN", "when": "READY"}], "Step 1: the per cent"),
        ([{"pct": "30", "when": "READY", "months": 1}], "Step 1: .* has no months"),
        ([{"pct": "50", "when": "PROGRESS"}], "Step 1: the progress"),
        ([{"pct": "50", "when": "PROGRESS", "progress": "101"}], "Step 1: the progress"),
        ([{"pct": "97", "when": "ACCEPTED"}, {"pct": "97", "when": "AUDITED"}], "Step 2: its per"),
        ([*COUNTY_RULE[:2], COUNTY_RULE[2] | {"months": "1.5"}], "Step 3: .*whole"),
        ([*COUNTY_RULE[:2], {"pct": "100", "when": "RETENTION"}], "Step 3: the number of months"),
        ([COUNTY_RULE[2]], "Step 1: a policy does not begin"),
        (
            [COUNTY_RULE[0], COUNTY_RULE[2] | {"pct": "97"}, {"pct": "98", "when": "AUDITED"}],
            "Step 3: nothing comes after",
        ),
    ],
)  # fmt: skip
def test_steps_that_do_not_fit_are_named(written: Any, complaint: str) -> None:
    with (
        translation.override("en"),
        pytest.raises(ValidationError, match=complaint) as refused,
    ):
        read_steps(written)
    assert set(refused.value.message_dict) == {"steps"}


yuan = st.decimals(min_value=1, max_value=10**9, places=2)


@given(granted=yuan, total=yuan, contract=st.none() | yuan, settled=st.none() | yuan)
def test_caps_rise_with_the_steps_and_stay_within_the_base(
    granted: Decimal, total: Decimal, contract: Decimal | None, settled: Decimal | None
) -> None:
    base: dict[str, Any] = {
        "granted_yuan": granted,
        "total_investment_yuan": total,
        "contract_yuan": contract,
    }
    on_the_way = (READY, HALF, COMPLETED, ACCEPTED, A_YEAR_ON)
    caps = [
        cap_yuan(DEFAULT, replace(facts, **base, settled_yuan=settled), with_retention=True)
        for facts in on_the_way
    ]
    assert caps == sorted(caps)
    assert caps[-1] <= (granted if settled is None else settled)
    assert all(cap == cap.quantize(Decimal("0.01")) for cap in caps)
    if settled is not None:
        assert caps[-1] == settled
