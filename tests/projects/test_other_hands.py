"""Nobody checks their own work: not with several roles, not as a superuser, not by raw SQL."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, models, transaction

from assistance.errors import Refused
from assistance.models import User
from assistance.models.rows import LedgerRow
from assistance.roles import Role
from projects import actions
from projects.models import FundPlan, Payment, ProgressReport, ProjectFunding, Stage, Transfer
from projects.models.funds import FundPlanStatus, TransferStatus
from projects.models.history import ProgressStatus
from projects.models.payments import PaymentStatus
from tests import factories as make

pytestmark = pytest.mark.django_db

TODAY = make.NOW.date()


@pytest.fixture(params=["superuser", "all roles in one hand"])
def somebody(request: pytest.FixtureRequest) -> User:
    """Somebody who may do everything, as far as permissions go."""
    if request.param == "superuser":
        return make.user_with(is_superuser=True)
    return make.user_with(Role.CLERK, Role.REVIEWER, Role.APPROVER, Role.FINANCE)


def _refuses_own_work(call: Callable[..., Any], by: User) -> None:
    with pytest.raises(Refused) as refusal:
        call(by=by, now=make.NOW)
    assert refusal.value.code == "own_work"


def test_whoever_created_a_project_neither_admits_nor_approves_it(somebody: User) -> None:
    project = make.draft(by=somebody)
    project = actions.submit(project, by=make.hand(Role.CLERK), now=make.NOW)
    make.ready_for(Stage.LIBRARY, project)
    _refuses_own_work(partial(actions.admit, project), somebody)
    project = actions.admit(project, by=make.hand(Role.REVIEWER), now=make.NOW)
    make.share(make.ready_for(Stage.APPROVED, project))
    approve = partial(actions.approve, project, doc_no="批1", on=TODAY)
    _refuses_own_work(approve, somebody)
    assert approve(by=make.hand(Role.APPROVER), now=make.NOW).stage == Stage.APPROVED


@pytest.mark.parametrize(
    ("stage", "report", "confirm"),
    [
        (Stage.READY, actions.start, actions.confirm_start),
        (Stage.ACTIVE, actions.complete, actions.confirm_completion),
        (Stage.ACCEPTED, actions.hand_over, actions.confirm_handover),
    ],
)
def test_whoever_reported_a_step_does_not_confirm_it(
    somebody: User, stage: Stage, report: Callable[..., Any], confirm: Callable[..., Any]
) -> None:
    project = make.project_at(stage)
    if stage != Stage.READY:
        next_one = Stage.COMPLETED if stage == Stage.ACTIVE else Stage.HANDED_OVER
        make.ready_for(next_one, project)
    report(project, on=TODAY, by=somebody, now=make.NOW)
    _refuses_own_work(partial(confirm, project), somebody)
    assert confirm(project, by=make.hand(Role.REVIEWER), now=make.NOW).stage != stage


def test_whoever_submitted_a_project_neither_admits_nor_approves_it(somebody: User) -> None:
    project = actions.submit(make.draft(), by=somebody, now=make.NOW)
    make.ready_for(Stage.LIBRARY, project)
    _refuses_own_work(partial(actions.admit, project), somebody)
    project = actions.admit(project, by=make.hand(Role.REVIEWER), now=make.NOW)
    make.share(make.ready_for(Stage.APPROVED, project))
    _refuses_own_work(partial(actions.approve, project, doc_no="批1", on=TODAY), somebody)


def test_whoever_reviewed_a_project_does_not_approve_it(somebody: User) -> None:
    project = actions.admit(make.project_at(Stage.SUBMITTED), by=somebody, now=make.NOW)
    make.share(make.ready_for(Stage.APPROVED, project))
    _refuses_own_work(partial(actions.approve, project, doc_no="批1", on=TODAY), somebody)


def test_whoever_allotted_a_share_does_not_approve_it(somebody: User) -> None:
    project, plan = make.project_at(Stage.LIBRARY), make.fund_plan()
    actions.allot(
        project, source=plan.source, fund_plan=plan, amount_yuan=project.aid_yuan,
        by=somebody, now=make.NOW,
    )  # fmt: skip
    _refuses_own_work(partial(actions.approve, project, doc_no="批1", on=TODAY), somebody)


def test_whoever_drafted_a_plan_does_not_issue_it(somebody: User) -> None:
    plan = make.fund_plan(FundPlanStatus.DRAFT)
    FundPlan.objects.filter(pk=plan.pk).update(created_by=somebody)
    _refuses_own_work(partial(actions.issue_fund_plan, plan), somebody)


@pytest.mark.parametrize("part", ["logged the money", "reported its arrival"])
def test_whoever_had_a_hand_in_a_transfer_does_not_confirm_it(somebody: User, part: str) -> None:
    transfer = make.transfer(TransferStatus.DRAFT)
    column = "created_by" if part == "logged the money" else "updated_by"
    Transfer.objects.filter(pk=transfer.pk).update(**{column: somebody})
    _refuses_own_work(partial(actions.confirm_transfer, transfer), somebody)


def test_whoever_entered_a_payment_does_not_verify_it(somebody: User) -> None:
    payment = make.payment(make.project_at(Stage.ACTIVE), PaymentStatus.SUBMITTED)
    Payment.objects.filter(pk=payment.pk).update(created_by=somebody)
    _refuses_own_work(partial(actions.verify_payment, payment), somebody)


def test_whoever_reported_progress_does_not_verify_it(somebody: User) -> None:
    report = make.progress(make.project_at(Stage.ACTIVE), status=ProgressStatus.SUBMITTED)
    ProgressReport.objects.filter(pk=report.pk).update(created_by=somebody)
    _refuses_own_work(partial(actions.verify_progress, report), somebody)


WAITING: dict[type[LedgerRow], tuple[Callable[[], models.Model], dict[str, Any]]] = {
    FundPlan: (lambda: make.fund_plan(FundPlanStatus.DRAFT), {"status": FundPlanStatus.ISSUED}),
    Transfer: (
        lambda: make.transfer(TransferStatus.DRAFT),
        {"status": TransferStatus.CONFIRMED},
    ),
    Payment: (
        lambda: make.payment(make.project_at(Stage.ACTIVE), PaymentStatus.SUBMITTED),
        {"status": PaymentStatus.VERIFIED},
    ),
    ProgressReport: (
        lambda: make.progress(make.project_at(Stage.ACTIVE), status=ProgressStatus.SUBMITTED),
        {"status": ProgressStatus.VERIFIED},
    ),
    ProjectFunding: (
        lambda: make.share(make.project_at(Stage.LIBRARY)),
        {"approved_on": make.NOW.date(), "doc_no": "批1"},
    ),
}


@pytest.mark.parametrize("model", WAITING, ids=lambda model: model.__name__)
def test_the_database_lets_nothing_count_by_the_hand_that_entered_it(
    model: type[LedgerRow],
) -> None:
    prepare, counting = WAITING[model]
    rows = model._default_manager.filter(pk=prepare().pk)
    with pytest.raises(IntegrityError, match="counted_by_other_hands"), transaction.atomic():
        rows.update(counted_at=make.NOW, counted_by=models.F("created_by"), **counting)
    rows.update(counted_at=make.NOW, counted_by=make.hand(Role.AUDITOR), **counting)
