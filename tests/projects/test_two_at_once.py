"""People who do something at the same moment: sums hold, and exactly one gets the last yuan."""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from assistance.errors import Refused
from assistance.models import User
from assistance.roles import Role
from projects import actions
from projects.models import Payment, Project, Stage
from projects.models.changes import ChangeKind, ChangeStatus
from projects.models.funds import TransferStatus
from projects.models.payments import PaymentStatus
from tests import factories as make
from tests.at_once import at_once, refusals, succeeded

pytestmark = pytest.mark.django_db(transaction=True)


def _same_person(user: User, times: int) -> list[User]:
    """The same account, loaded once per thread: its permissions are cached on the object."""
    return [User.objects.get(pk=user.pk) for _ in range(times)]


def _codes(results: Iterable[Any]) -> set[str]:
    return {r.code if isinstance(r, Refused) else repr(r) for r in refusals(list(results))}


def test_of_two_approvals_against_a_plan_with_room_for_one_exactly_one_succeeds() -> None:
    plan = make.fund_plan(amount_yuan=1_500_000)
    projects = [make.project_at(Stage.LIBRARY) for _ in range(2)]
    for project in projects:
        make.share(project, plan=plan)
    approvers = _same_person(make.hand(Role.APPROVER), 2)
    results = at_once(
        [
            partial(actions.approve, project, doc_no="批1", on=make.NOW.date(), by=by, now=make.NOW)
            for project, by in zip(projects, approvers, strict=True)
        ]
    )
    assert len(succeeded(results)) == 1
    assert _codes(results) == {"fund_plan_overdrawn"}
    assert plan.committed_yuan() == Decimal(1_000_000)
    assert Project.objects.filter(stage=Stage.APPROVED).count() == 1


def test_of_two_changes_for_a_plans_last_yuan_exactly_one_is_approved() -> None:
    plan = make.fund_plan(amount_yuan=2_050_000)
    asked = []
    for project in (make.project_at(Stage.ACTIVE, plan=plan) for _ in range(2)):
        more = {"shares": {str(project.funding.get().pk): 50_000}}
        asked.append(make.change(project, ChangeKind.BUDGET, more, status=ChangeStatus.SUBMITTED))
    reviewers = _same_person(make.hand(Role.REVIEWER), 2)
    results = at_once(
        [
            partial(
                actions.approve_change, change, doc_no="批1", effective_on=make.NOW.date(), by=by,
                now=make.NOW,
            )
            for change, by in zip(asked, reviewers, strict=True)
        ]
    )  # fmt: skip
    assert len(succeeded(results)) == 1
    assert _codes(results) == {"fund_plan_overdrawn"}
    assert plan.committed_yuan() == plan.amount_yuan
    assert sorted(Project.objects.values_list("aid_yuan", flat=True)) == [1_000_000, 1_050_000]


def test_a_change_and_an_approval_for_a_plans_last_yuan_do_not_both_succeed() -> None:
    plan = make.fund_plan(amount_yuan=2_050_000)
    running = make.project_at(Stage.ACTIVE, plan=plan)
    more = {"shares": {str(running.funding.get().pk): 100_000}}
    change = make.change(running, ChangeKind.BUDGET, more, status=ChangeStatus.SUBMITTED)
    applied = make.ready_for(Stage.APPROVED, make.project_at(Stage.LIBRARY))
    make.share(applied, plan=plan)
    reviewer, approver = User.objects.get(pk=make.hand(Role.REVIEWER).pk), make.hand(Role.APPROVER)
    today = make.NOW.date()
    results = at_once(
        [
            partial(actions.approve_change, change, doc_no="批1", effective_on=today, by=reviewer,
                    now=make.NOW),
            partial(actions.approve, applied, doc_no="批2", on=today, by=approver, now=make.NOW),
        ]
    )  # fmt: skip
    assert len(succeeded(results)) == 1
    assert _codes(results) == {"fund_plan_overdrawn"}
    assert plan.committed_yuan() <= plan.amount_yuan


def test_of_two_changes_of_one_project_submitted_at_once_one_is_open() -> None:
    project = make.project_at(Stage.ACTIVE)
    drafts = [make.change(project, status=ChangeStatus.DRAFT) for _ in range(2)]
    results = at_once(
        [
            partial(actions.submit_change, draft, by=by, now=make.NOW)
            for draft, by in zip(drafts, _same_person(make.hand(Role.CLERK), 2), strict=True)
        ]
    )
    assert len(succeeded(results)) == 1
    assert _codes(results) == {"change_open"}


def test_a_project_is_approved_once_however_many_press_the_button() -> None:
    project = make.project_at(Stage.LIBRARY)
    share = make.share(project)
    results = at_once(
        [
            partial(actions.approve, project, doc_no="批1", on=make.NOW.date(), by=by, now=make.NOW)
            for by in _same_person(make.hand(Role.APPROVER), 4)
        ]
    )
    assert len(succeeded(results)) == 1
    assert _codes(results) == {"not_on_the_road"}
    assert project.stage_changes.filter(to_stage=Stage.APPROVED).count() == 1
    assert share.fund_plan is not None
    assert share.fund_plan.committed_yuan() == share.amount_yuan


def test_eight_payments_verified_at_once_never_exceed_the_cap() -> None:
    project = make.project_at(Stage.COMPLETED)  # of its 1,000,000 yuan 80 % may be paid
    payments = [
        make.payment(
            project, PaymentStatus.SUBMITTED, amount_yuan=200_000, paid_on=date(2026, 6, 2)
        )
        for _ in range(8)
    ]
    results = at_once(
        [
            partial(actions.verify_payment, payment, by=by, now=make.NOW)
            for payment, by in zip(payments, _same_person(make.hand(Role.REVIEWER), 8), strict=True)
        ]
    )
    assert len(succeeded(results)) == 4
    assert _codes(results) == {"above_cap"}
    assert project.funding.get().paid_yuan() == Decimal(800_000)


def test_of_eight_equal_payments_to_one_payee_at_once_seven_are_told() -> None:
    project = make.project_at(Stage.ACTIVE)
    payee, share = make.payee(), project.funding.get()
    results = at_once(
        [
            partial(
                actions.pay, share, basis="START", amount_yuan=Decimal(1), treasury=treasury,
                paid_on=make.NOW.date(), payee=payee, voucher_no=f"V-{number}", by=by,
                now=make.NOW,
            )
            for number, (treasury, by) in enumerate(
                zip(
                    [make.treasury(), make.treasury(make.PREFECTURE)] * 4,
                    _same_person(make.hand(Role.CLERK), 8),
                    strict=True,
                )
            )
        ]
    )  # fmt: skip
    assert len(succeeded(results)) == 1
    assert _codes(results) == {"looks_like_a_duplicate"}


def test_eight_payments_entered_at_once_are_numbered_one_to_eight() -> None:
    project = make.project_at(Stage.ACTIVE)
    treasury, share = make.treasury(), project.funding.get()
    payees = [make.payee() for _ in range(8)]
    results = at_once(
        [
            partial(
                actions.pay, share, basis="START", amount_yuan=Decimal(1), treasury=treasury,
                paid_on=make.NOW.date(), payee=payee, voucher_no=f"V-{number}", by=by, now=make.NOW,
            )
            for number, (payee, by) in enumerate(
                zip(payees, _same_person(make.hand(Role.CLERK), 8), strict=True)
            )
        ]
    )  # fmt: skip
    assert refusals(results) == []
    assert sorted(payment.seq for payment in results) == list(range(1, 9))


def test_a_payment_is_verified_once() -> None:
    payment = make.payment(make.project_at(Stage.ACTIVE), PaymentStatus.SUBMITTED)
    results = at_once(
        [
            partial(actions.verify_payment, payment, by=by, now=make.NOW)
            for by in _same_person(make.hand(Role.REVIEWER), 4)
        ]
    )
    assert len(succeeded(results)) == 1
    assert _codes(results) == {"payment_is_settled"}
    assert Payment.objects.get().version == 2


def test_transfers_confirmed_at_once_never_exceed_the_plan() -> None:
    plan = make.fund_plan(amount_yuan=1_000_000)
    transfers = [
        make.transfer(TransferStatus.DRAFT, plan=plan, amount_yuan=400_000) for _ in range(4)
    ]
    results = at_once(
        [
            partial(actions.confirm_transfer, transfer, by=by, now=make.NOW)
            for transfer, by in zip(
                transfers, _same_person(make.hand(Role.FINANCE), 4), strict=True
            )
        ]
    )
    assert len(succeeded(results)) == 2
    assert _codes(results) == {"more_than_planned"}
    assert plan.arrived_yuan() == Decimal(800_000)


def test_eight_projects_of_one_county_created_at_once_get_eight_codes() -> None:
    tie, unit = make.pairing(), make.organisation()
    results = at_once(
        [
            partial(make.draft, pairing=tie, implementing_unit=unit, by=by)
            for by in _same_person(make.hand(Role.CLERK), 8)
        ]
    )
    assert refusals(results) == []
    assert sorted(project.code for project in results) == [
        f"EW2026990101{number:04}" for number in range(1, 9)
    ]


@pytest.mark.parametrize("what", ["payment", "transfer", "project name"])
def test_of_six_who_use_one_number_or_name_at_once_five_are_told(what: str) -> None:
    treasury, today = make.treasury(), make.NOW.date()
    calls: list[Callable[..., Any]]
    if what == "payment":
        shares = [make.project_at(Stage.ACTIVE).funding.get() for _ in range(6)]
        calls = [
            partial(
                actions.pay,
                share,
                basis="START",
                amount_yuan=Decimal(1),
                paid_on=today,
                treasury=treasury,
                payee=make.payee(),
                voucher_no="V1",
            )
            for share in shares
        ]
    elif what == "transfer":
        calls = [
            partial(
                actions.record_transfer,
                fund_plan=make.fund_plan(),
                amount_yuan=Decimal(1),
                sent_on=today,
                treasury=treasury,
                voucher_no="V1",
            )
            for _ in range(6)
        ]
    else:
        calls = [partial(actions.edit_draft, make.draft(), name="演示水渠") for _ in range(6)]
    clerks = _same_person(make.hand(Role.CLERK), 6)
    results = at_once(
        [partial(call, by=by, now=make.NOW) for call, by in zip(calls, clerks, strict=True)]
    )
    assert len(succeeded(results)) == 1
    assert {type(refusal) for refusal in refusals(results)} == {ValidationError}
