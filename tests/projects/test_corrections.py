"""Nothing that counted is changed: it is struck out by other hands, and the past stays as known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError

from assistance.errors import Refused, Stale
from assistance.models import User
from assistance.models.rows import LedgerRow
from assistance.periods import Month
from assistance.roles import Role
from assistance.scope import EVERYTHING
from projects import actions
from projects.models import Payment, Project, Stage, Transfer
from projects.models.funds import TransferStatus
from projects.models.payments import PaymentStatus, RefundCause
from reporting.reckoning import Reckoning
from tests import factories as make

pytestmark = pytest.mark.django_db

MAY_IN_JUNE = make.at(date(2026, 6, 10), 9)
IN_JULY = make.at(date(2026, 7, 3))
MAY_IN_JULY = make.at(date(2026, 7, 10), 9)
Do = Callable[[User], Any]
Prepare = Callable[[], tuple[LedgerRow, Do]]


def voiding(verb: Callable[..., Any], row: Any) -> tuple[LedgerRow, Do]:
    return row, lambda by: verb(row, reason="演示更正", by=by, now=IN_JULY)


def confirming(verb: Callable[..., Any], row: Any) -> tuple[LedgerRow, Do]:
    return row, lambda by: verb(row, by=by, now=IN_JULY)


def payment(**fields: Any) -> Payment:
    return make.payment(make.project_at(Stage.ACTIVE), **fields)


def returning() -> tuple[LedgerRow, Do]:
    transfer = make.transfer()
    return transfer, lambda by: actions.return_transfer(
        transfer, amount_yuan=Decimal(1), returned_on=date(2026, 6, 1), voucher_no="R",
        reason="演示", by=by, now=IN_JULY,
    )  # fmt: skip


def refunding() -> tuple[LedgerRow, Do]:
    paid = payment()
    return paid, lambda by: actions.refund(
        paid.project_funding, amount_yuan=Decimal(1), refunded_on=date(2026, 6, 1),
        cause=RefundCause.AUDIT, treasury=paid.treasury, voucher_no="R", by=by, now=IN_JULY,
    )  # fmt: skip


BY_FINANCE, BY_REVIEWER, BY_OFFICE = {Role.FINANCE}, {Role.REVIEWER}, {Role.CLERK, Role.P_EDIT}
VERBS: dict[str, tuple[set[Role], Prepare]] = {
    "void_transfer": (BY_FINANCE, lambda: voiding(actions.void_transfer, make.transfer())),
    "return_transfer": (BY_OFFICE, returning),
    "confirm_return": (
        BY_FINANCE,
        lambda: confirming(
            actions.confirm_return, make.transfer_return(make.transfer(), TransferStatus.DRAFT)
        ),
    ),
    "void_return": (
        BY_FINANCE,
        lambda: voiding(actions.void_return, make.transfer_return(make.transfer())),
    ),
    "void_payment": (BY_REVIEWER, lambda: voiding(actions.void_payment, payment())),
    "refund": (BY_OFFICE, refunding),
    "verify_refund": (
        BY_FINANCE,
        lambda: confirming(
            actions.verify_refund, make.paid_back(payment(), PaymentStatus.SUBMITTED)
        ),
    ),
    "void_refund": (
        BY_FINANCE,
        lambda: voiding(actions.void_refund, make.paid_back(payment())),
    ),
}
CHECKS = ["confirm_return", "verify_refund"]
STRIKES = [verb for verb in VERBS if verb.startswith("void_")]


# ------------------------------------------------------------------------------- who and where


@pytest.mark.parametrize("verb", ["return_transfer", "refund"])
def test_a_row_of_another_region_is_as_good_as_missing(verb: str) -> None:
    _row, do = VERBS[verb][1]()
    with pytest.raises(ObjectDoesNotExist):
        do(make.user_with(Role.P_EDIT, region_code=make.FAR_COUNTY))


@pytest.mark.parametrize("verb", [*CHECKS, *STRIKES])
def test_a_role_of_the_bureau_in_a_foreign_office_finds_nothing(verb: str) -> None:
    """Even with the permission: the office decides what there is."""
    roles, prepare = VERBS[verb]
    _row, do = prepare()
    foreign = make.user_with(
        *roles, organisation=make.user_with(Role.P_EDIT, region_code=make.FAR_COUNTY).organisation
    )
    with pytest.raises(ObjectDoesNotExist):
        do(foreign)


@pytest.mark.parametrize("verb", ["return_transfer", "refund"])
def test_a_prefecture_reads_its_counties_rows_and_writes_only_its_own(verb: str) -> None:
    _row, do = VERBS[verb][1]()
    with pytest.raises(PermissionDenied):
        do(make.user_with(Role.P_EDIT, region_code=make.PREFECTURE))


@pytest.mark.parametrize("verb", CHECKS)
def test_nobody_confirms_what_they_entered(verb: str) -> None:
    row, do = VERBS[verb][1]()
    own = make.hand(Role.CLERK)
    assert row.created_by == own
    own.groups.set(make.user_with(Role.CLERK, Role.FINANCE).groups.all())
    with pytest.raises(Refused) as refused:
        do(User.objects.get(pk=own.pk))
    assert refused.value.code == "own_work"
    own.is_superuser = True
    own.save()
    with pytest.raises(Refused):
        do(User.objects.get(pk=own.pk))


# ----------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize("verb", STRIKES)
def test_a_row_is_struck_out_once_and_never_without_a_reason(verb: str) -> None:
    row, do = VERBS[verb][1]()
    (role,) = VERBS[verb][0]
    by, strike = make.user_with(role), getattr(actions, verb)
    with pytest.raises(ValidationError) as refused:
        strike(row, reason=" ", by=by, now=IN_JULY)
    assert set(refused.value.message_dict) == {"reason"}
    with pytest.raises(Stale):
        strike(row, reason="演示", by=by, now=IN_JULY, version=row.version + 1)
    struck = do(by)
    assert (struck.voided_at, struck.voided_by, struck.void_reason) == (IN_JULY, by, "演示更正")
    assert struck.status == "voided"
    assert struck.counted_at == row.counted_at
    with pytest.raises(Refused) as again:
        do(by)
    assert again.value.code == "struck_out_before"


@pytest.mark.parametrize("verb", CHECKS)
def test_what_was_confirmed_is_not_confirmed_again(verb: str) -> None:
    _row, do = VERBS[verb][1]()
    by = make.user_with(Role.FINANCE)
    assert do(by).counted_at == IN_JULY
    with pytest.raises(Refused):
        do(by)


def test_a_payment_that_waits_is_rejected_not_struck_out() -> None:
    waiting = payment(status=PaymentStatus.SUBMITTED)
    with pytest.raises(Refused) as refused:
        actions.void_payment(waiting, reason="演示", by=make.hand(Role.REVIEWER), now=IN_JULY)
    assert refused.value.code == "payment_not_verified"


def test_only_money_that_arrived_goes_back() -> None:
    draft = make.transfer(TransferStatus.DRAFT)
    with pytest.raises(Refused) as refused:
        make.transfer_return(draft)
    assert refused.value.code == "not_arrived"


@pytest.mark.parametrize("day", [date(2026, 2, 11), date(2026, 7, 4)])
def test_money_goes_back_after_it_came_and_not_in_the_future(day: date) -> None:
    with pytest.raises(ValidationError) as refused:
        make.transfer_return(make.transfer(), returned_on=day, now=IN_JULY)
    assert set(refused.value.message_dict) == {"returned_on"}


@pytest.mark.parametrize("day", [date(2026, 5, 5), date(2026, 7, 4)])
def test_money_is_paid_back_after_it_was_paid_and_not_in_the_future(day: date) -> None:
    with pytest.raises(ValidationError) as refused:
        make.paid_back(payment(), refunded_on=day, now=IN_JULY)
    assert set(refused.value.message_dict) == {"refunded_on"}


def test_a_refund_names_a_known_cause_and_a_treasury() -> None:
    paid = payment()
    with pytest.raises(ValidationError) as refused:
        make.paid_back(paid, cause="WEATHER")
    assert set(refused.value.message_dict) == {"cause"}
    with pytest.raises(ValidationError) as refused:
        make.paid_back(paid, treasury=make.organisation())
    assert set(refused.value.message_dict) == {"treasury"}


# --------------------------------------------------------------------------- vouchers are free


def test_the_voucher_of_a_transfer_struck_out_is_free_again() -> None:
    wrong = make.transfer(voucher_no="V-1")
    actions.void_transfer(wrong, reason="演示", by=make.hand(Role.FINANCE), now=IN_JULY)
    assert make.transfer(plan=wrong.fund_plan, voucher_no="V-1").counted_at


def test_the_voucher_of_a_payment_struck_out_is_free_again() -> None:
    project = make.project_at(Stage.ACTIVE)
    wrong = make.payment(project, voucher_no="V-1")
    with pytest.raises(ValidationError):
        make.payment(project, voucher_no="V-1")
    actions.void_payment(wrong, reason="演示", by=make.hand(Role.REVIEWER), now=IN_JULY)
    assert make.payment(project, voucher_no="V-1").counted_at


# ------------------------------------------------------------------------------- as-at truth


def may(known_at: datetime) -> dict[str, Decimal]:
    """Cumulative to 31 May as a report that knows up to this instant has it."""
    before = make.at(date(2026, 5, 10), 9)
    found = Reckoning(EVERYTHING, Month(2026, 5), known_at=known_at, known_before=before)
    return {code: found.money[code].of() for code in ("arr", "paid")}


def transfer_again(wrong: Transfer, amount_yuan: int) -> None:
    actions.void_transfer(wrong, reason="演示更正", by=make.hand(Role.FINANCE), now=IN_JULY)
    again = actions.record_transfer(
        fund_plan=wrong.fund_plan, amount_yuan=Decimal(amount_yuan), sent_on=wrong.sent_on,
        arrived_on=wrong.arrived_on, treasury=wrong.treasury, voucher_no=wrong.voucher_no,
        by=make.hand(Role.CLERK), now=IN_JULY,
    )  # fmt: skip
    actions.confirm_transfer(again, by=make.hand(Role.FINANCE), now=IN_JULY)


def test_correcting_may_in_july_leaves_may_as_known_in_june() -> None:
    wrong = make.transfer(amount_yuan=900_000)
    project: Project = make.project_at(Stage.ACTIVE)
    paid = make.payment(project, amount_yuan=300_000)
    in_june = may(MAY_IN_JUNE)
    assert in_june == {"arr": 900_000, "paid": 300_000}

    transfer_again(wrong, 90_000)
    actions.void_payment(paid, reason="演示更正", by=make.hand(Role.REVIEWER), now=IN_JULY)
    again = actions.pay(
        paid.project_funding, basis=paid.basis, amount_yuan=Decimal(50_000), paid_on=paid.paid_on,
        treasury=paid.treasury, payee=paid.payee, voucher_no=paid.voucher_no,
        by=make.hand(Role.CLERK), now=IN_JULY,
    )  # fmt: skip
    actions.verify_payment(again, by=make.hand(Role.REVIEWER), now=IN_JULY)

    assert may(MAY_IN_JUNE) == in_june
    assert may(MAY_IN_JULY) == {"arr": 90_000, "paid": 50_000}


def test_money_that_went_back_lowers_the_month_only_for_who_knew_it() -> None:
    transfer = make.transfer(amount_yuan=900_000)
    paid = payment(amount_yuan=300_000)
    day = date(2026, 5, 28)
    back = make.transfer_return(transfer, amount_yuan=1_000, returned_on=day, now=IN_JULY)
    refund = make.paid_back(paid, amount_yuan=2_000, refunded_on=day, now=IN_JULY)
    assert may(MAY_IN_JUNE) == {"arr": 900_000, "paid": 300_000}
    assert may(MAY_IN_JULY) == {"arr": 899_000, "paid": 298_000}
    later = make.at(date(2026, 8, 3))
    actions.void_return(back, reason="演示更正", by=make.hand(Role.FINANCE), now=later)
    actions.void_refund(refund, reason="演示更正", by=make.hand(Role.FINANCE), now=later)
    assert may(MAY_IN_JULY) == {"arr": 899_000, "paid": 298_000}
    assert may(later) == {"arr": 900_000, "paid": 300_000}
