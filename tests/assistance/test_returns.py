"""Monthly returns: opened for who owes one, filled in, accepted by other hands, locked for good."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from assistance.actions import returns as do
from assistance.errors import Refused
from assistance.models import (
    MonthlyReturn,
    Pairing,
    Programme,
    ReturnAdjustment,
    ReturnState,
    ReturnValue,
    Unit,
)
from assistance.models.pairings import ProgrammeKind
from assistance.periods import Month
from assistance.roles import Role
from assistance.tasks import keep_returns
from tests import by_sql
from tests import factories as make
from tests.at_once import at_once, refusals

pytestmark = pytest.mark.django_db

CLERK, REVIEWER = partial(make.hand, Role.CLERK), partial(make.hand, Role.REVIEWER)


def asks_since(month: str) -> None:
    Programme.objects.update(returns_since=month)


def periods(pairing: Pairing) -> list[str]:
    return list(pairing.returns.order_by("period").values_list("period", flat=True))


# ------------------------------------------------------------------------------ opened and locked


def test_the_bell_opens_what_is_owed_once_the_month_has_ended() -> None:
    county = make.pairing(since="2026-04-15")
    prefecture = make.pairing(make.PREFECTURE, make.DONOR_CITY)
    north_east = make.pairing(make.FAR_COUNTY, make.OTHER_DONOR, kind=ProgrammeKind.CO)
    ended = make.pairing(make.OTHER_COUNTY, make.OTHER_DONOR, until="2026-02")
    assert do.open_returns(make.NOW) == 0, "nobody has been asked to report yet"
    asks_since("2026-02")
    assert do.open_returns(make.NOW) == 3
    assert periods(county) == ["2026-04", "2026-05"]
    assert periods(ended) == ["2026-02"]
    assert periods(prefecture) == periods(north_east) == []
    assert do.open_returns(make.NOW) == 0
    Pairing.objects.filter(pk=prefecture.pk).update(returns_monthly=True)
    Pairing.objects.filter(pk=county.pk).update(returns_monthly=False)
    assert do.open_returns(make.at(date(2026, 7, 1))) == 5
    assert periods(prefecture)[-1] == "2026-06"
    assert periods(county) == ["2026-04", "2026-05"]


def test_a_month_is_not_opened_before_local_midnight() -> None:
    tie = make.pairing()
    asks_since("2026-05")
    assert do.open_returns(make.at(date(2026, 5, 31), 23)) == 0
    assert do.open_returns(make.at(date(2026, 6, 1), 0)) == 1
    assert periods(tie) == ["2026-05"]


@pytest.mark.django_db(transaction=True)
def test_many_bells_at_once_open_each_return_once() -> None:
    make.pairing()
    asks_since("2025-01")
    do.open_returns(make.at(date(2025, 2, 1)))  # the account of the bell is there
    results = at_once([partial(do.open_returns, make.NOW)] * 6)
    assert refusals(results) == []
    assert MonthlyReturn.objects.count() == 17


def test_what_was_accepted_locks_on_the_day_of_the_lock() -> None:
    """The lock of May 2026 is on 10 June, 9 o'clock."""
    accepted = make.monthly_return(ReturnState.ACCEPTED)
    submitted = make.monthly_return(
        ReturnState.SUBMITTED, pairing=make.pairing(make.FAR_COUNTY, make.OTHER_DONOR)
    )
    assert do.lock_returns(make.at(date(2026, 6, 10), 8)) == 0
    at = make.at(date(2026, 6, 10), 9)
    assert do.lock_returns(at) == 1
    accepted.refresh_from_db()
    assert (accepted.state, accepted.locked_at) == (ReturnState.LOCKED, at)
    # the late one is accepted on the 11th and locks with the next month, on 10 July
    do.accept_return(submitted, by=REVIEWER(), now=make.at(date(2026, 6, 11)))
    assert do.lock_returns(make.at(date(2026, 7, 9))) == 0
    assert do.lock_returns(make.at(date(2026, 7, 10), 9)) == 1


def test_the_task_opens_and_locks(time_machine: Any) -> None:
    make.monthly_return(ReturnState.ACCEPTED, period="2026-04")
    make.pairing()
    asks_since("2026-05")
    time_machine.move_to(make.NOW)
    keep_returns()
    assert set(MonthlyReturn.objects.values_list("period", "state")) == {
        ("2026-04", ReturnState.LOCKED), ("2026-05", ReturnState.OPEN),
    }  # fmt: skip


# ------------------------------------------------------------------------------- filled in


def test_values_are_entered_by_the_codes_of_their_indicators() -> None:
    people, yuan = make.indicator("DEMO_A"), make.indicator("DEMO_B", unit=Unit.YUAN)
    make.indicator("DEMO_MS", programme_kinds=["MS"])
    row = make.monthly_return()
    row = do.fill_in(
        row, values={"DEMO_A": Decimal(12), "DEMO_B": None}, note="演示", by=CLERK(), now=make.NOW
    )
    assert [one.code for one in do.asked(row)] == ["DEMO_A", "DEMO_B"]
    row = do.fill_in(row, values={"DEMO_B": Decimal("3.50")}, by=CLERK(), now=make.NOW)
    assert {v.indicator: v.value for v in row.values.all()} == {
        people: Decimal(12), yuan: Decimal("3.5000"),
    }  # fmt: skip
    assert row.note == "演示"
    with pytest.raises(ValidationError) as refused:
        do.fill_in(
            row, by=CLERK(), now=make.NOW,
            values={"DEMO_A": Decimal("1.5"), "DEMO_MS": Decimal(1), "DEMO_B": Decimal(-1)},
        )  # fmt: skip
    assert set(refused.value.message_dict) == {"DEMO_A", "DEMO_MS", "DEMO_B"}
    assert row.values.get(indicator=people).value == 12


def test_a_return_is_submitted_with_every_value() -> None:
    make.indicator("DEMO_A")
    make.indicator("DEMO_B")
    row = make.monthly_return()
    row = do.fill_in(row, values={"DEMO_A": Decimal(0)}, by=CLERK(), now=make.NOW)
    with pytest.raises(Refused) as refused:
        do.submit_return(row, by=CLERK(), now=make.NOW)
    assert (refused.value.code, set(refused.value.fields)) == ("values_missing", {"DEMO_B"})
    row = do.fill_in(row, values={"DEMO_B": Decimal(0)}, by=CLERK(), now=make.NOW)
    row = do.submit_return(row, by=CLERK(), now=make.NOW)
    assert (row.state, row.submitted_by) == (ReturnState.SUBMITTED, CLERK())


def test_a_return_that_was_sent_back_is_filled_in_and_submitted_again() -> None:
    row = make.monthly_return(ReturnState.RETURNED)
    assert row.return_reason == "演示:核对"
    row = do.fill_in(row, values={"DEMO_RETURN": Decimal(2)}, by=CLERK(), now=make.NOW)
    row = do.submit_return(row, by=CLERK(), now=make.NOW)
    row = do.accept_return(row, by=REVIEWER(), now=make.NOW)
    value = row.values.get()
    assert (value.value, value.counted_at) == (Decimal(2), make.NOW)


def test_nobody_accepts_or_sends_back_what_they_submitted() -> None:
    both = make.user_with(Role.CLERK, Role.REVIEWER)
    row = do.fill_in(make.monthly_return(), values={}, by=both, now=make.NOW)
    row = do.fill_in(
        row, values={one.code: Decimal(1) for one in do.asked(row)}, by=both, now=make.NOW
    )
    row = do.submit_return(row, by=both, now=make.NOW)
    for step in (do.accept_return, partial(do.send_back, reason="演示")):
        with pytest.raises(Refused) as refused:
            step(row, by=both, now=make.NOW)
        assert refused.value.code == "own_work"
    with pytest.raises(ValidationError):
        do.send_back(row, reason=" ", by=REVIEWER(), now=make.NOW)


@pytest.mark.parametrize("state", ReturnState)
def test_each_step_is_open_in_its_own_states_alone(state: ReturnState) -> None:
    row = make.monthly_return(state)
    said = {one.code: Decimal(3) for one in do.asked(row)}
    steps: dict[Callable[..., Any], set[ReturnState]] = {
        partial(do.fill_in, values=said, by=CLERK()): {ReturnState.OPEN, ReturnState.RETURNED},
        partial(do.submit_return, by=CLERK()): {ReturnState.RETURNED},  # an open one lacks values
        partial(do.accept_return, by=REVIEWER()): {ReturnState.SUBMITTED},
        partial(do.send_back, reason="演示", by=REVIEWER()): {ReturnState.SUBMITTED},
        partial(
            do.propose_adjustment, indicator=do.asked(row).get(), delta=Decimal(1), reason="演示",
            by=CLERK(),
        ): {ReturnState.LOCKED},
    }  # fmt: skip
    for step, states in steps.items():
        went = True
        try:
            with transaction.atomic():
                step(row, now=make.NOW)
                transaction.set_rollback(True)
        except Refused:
            went = False
        assert went is (state in states), step


def test_a_partner_fills_in_its_own_return_and_no_other() -> None:
    own = make.monthly_return()
    foreign = make.monthly_return(pairing=make.pairing(make.FAR_COUNTY, make.OTHER_DONOR))
    partner = make.service_account(Role.P_EDIT, make.COUNTY)
    said = {one.code: Decimal(1) for one in do.asked(own)}
    do.fill_in(own, values=said, by=partner, now=make.NOW)
    do.submit_return(own, by=partner, now=make.NOW)
    with pytest.raises(MonthlyReturn.DoesNotExist):
        do.fill_in(foreign, values=said, by=partner, now=make.NOW)
    with pytest.raises(PermissionDenied):
        do.accept_return(own, by=partner, now=make.NOW)
    assert list(MonthlyReturn.objects.visible_to(partner)) == [own]


# --------------------------------------------------------------------------------- what stands


def test_there_is_one_return_of_a_pairing_and_month() -> None:
    row = make.monthly_return()
    with by_sql.refused_by("return_once_per_pairing_and_month"):
        by_sql.copy(row)
    with pytest.raises(IntegrityError), transaction.atomic():
        make.monthly_return(pairing=row.pairing)


def test_nothing_writes_to_a_locked_return() -> None:
    row = make.monthly_return(ReturnState.LOCKED, period="2026-04")
    value = row.values.get()
    for column, new in (("note", "x"), ("state", "ACCEPTED"), ("period", "2026-03")):
        with by_sql.refused_by("return_stands"):
            by_sql.change(row, **{column: new})
    with by_sql.refused_saying("it counts since"):
        by_sql.change(value, value=7)
    with by_sql.refused_by("value_follows_its_return"):
        by_sql.change(
            value, voided_at=make.NOW, voided_by_id=CLERK().pk, void_reason="x"
        )  # fmt: skip
    other = make.indicator()
    with by_sql.refused_by("value_follows_its_return"):
        by_sql.copy(value, indicator_id=other.pk, counted_at=None, counted_by_id=None)
    with by_sql.refused_by("return_stands"):
        by_sql.run("DELETE FROM assistance_monthlyreturn WHERE id = %s", row.pk)
    for step in (
        partial(do.fill_in, values={}, by=CLERK()),
        partial(do.submit_return, by=CLERK()),
        partial(do.accept_return, by=REVIEWER()),
    ):
        with pytest.raises(Refused):
            step(row, now=make.NOW)


def test_the_database_lets_no_return_skip_its_road() -> None:
    submitted = make.monthly_return(ReturnState.SUBMITTED)
    value = submitted.values.get()
    with by_sql.refused_by("value_follows_its_return"):
        by_sql.change(value, value=7)
    with by_sql.refused_by("value_follows_its_return"):
        by_sql.change(value, counted_at=make.NOW, counted_by_id=REVIEWER().pk)
    with by_sql.refused_by("accepted_return_counts"):
        by_sql.change(
            submitted, state="ACCEPTED", accepted_at=make.NOW, accepted_by_id=REVIEWER().pk
        )
    with by_sql.refused_by("return_stands"):
        by_sql.change(submitted, state="LOCKED", locked_at=make.NOW)
    with by_sql.refused_by("return_accepted_by_other_hands"):
        by_sql.change(submitted, state="ACCEPTED", accepted_at=make.NOW, accepted_by_id=CLERK().pk)


# --------------------------------------------------------------------------------- adjustments


def test_an_adjustment_shows_in_the_month_that_is_open() -> None:
    row = make.monthly_return(ReturnState.LOCKED, period="2026-03")
    # on 15 June the lock of May has passed: June is the next to be collected
    waiting = make.return_adjustment(row, confirmed=False)
    assert waiting.period == "2026-06"
    early = do.open_month(make.at(date(2026, 6, 9)))
    assert early == Month(2026, 5)
    both = make.user_with(Role.CLERK, Role.REVIEWER)
    own = do.propose_adjustment(
        row, indicator=do.asked(row).get(), delta=Decimal(-1), reason="演示", by=both, now=make.NOW
    )
    with pytest.raises(Refused) as refused:
        do.confirm_adjustment(own, by=both, now=make.NOW)
    assert refused.value.code == "own_work"
    do.decline_adjustment(own, reason="演示", by=REVIEWER(), now=make.NOW)
    counted = do.confirm_adjustment(waiting, by=REVIEWER(), now=make.NOW)
    assert list(ReturnAdjustment.objects.known(make.NOW)) == [counted]
    with pytest.raises(Refused):
        do.confirm_adjustment(counted, by=REVIEWER(), now=make.NOW)


def test_an_adjustment_is_of_a_locked_return_and_changes_something() -> None:
    open_one = make.monthly_return(pairing=make.pairing(make.FAR_COUNTY, make.OTHER_DONOR))
    adjustment = make.return_adjustment(confirmed=False)
    with by_sql.refused_by("of_a_locked_return"):
        by_sql.change(adjustment, monthly_return_id=open_one.pk)
    with by_sql.refused_by("return_adjustment_changes_something"):
        by_sql.change(adjustment, delta=0)
    for wrong in ({"delta": Decimal("0.5")}, {"delta": Decimal(0)}, {"reason": " "}):
        with pytest.raises(ValidationError):
            make.return_adjustment(adjustment.monthly_return, **wrong)
    with pytest.raises(ValidationError):
        make.return_adjustment(
            adjustment.monthly_return, indicator=make.indicator(programme_kinds=["MS"])
        )


def test_what_was_known_at_an_instant_is_what_was_accepted_by_then() -> None:
    make.monthly_return(ReturnState.ACCEPTED, known=make.NOW)
    known = ReturnValue.objects.known
    assert known(make.NOW).count() == 1
    assert not known(make.NOW - timedelta(seconds=1)).exists()
