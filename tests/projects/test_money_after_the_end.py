"""What a project was closed or terminated with stays so; late money goes back to its plan."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from assistance.errors import Refused
from assistance.roles import Role
from projects import actions
from projects.models import Project, Refund, Stage
from projects.models.changes import ChangeKind
from projects.models.payments import PaymentBasis, PaymentStatus, RefundCause
from tests import by_sql, invariants
from tests import factories as make
from tests.raw_rows import triggers_asleep

pytestmark = pytest.mark.django_db

ENDED = "project_has_ended"
JUSTIFIED = {"justification": "演示：已完成部分可独立使用"}


def refused(code: str) -> Any:
    return pytest.raises(Refused, check=lambda refusal: refusal.code == code)


def terminated(paid_yuan: int = 300_000) -> Project:
    """A project that was terminated on 8 June and kept what it had paid."""
    project = make.project_at(Stage.ACTIVE)
    make.payment(project, amount_yuan=paid_yuan)
    make.change(project, ChangeKind.TERMINATE, JUSTIFIED)
    return Project.objects.get(pk=project.pk)


def come_back(
    project: Project,
    amount_yuan: int = 100_000,
    *,
    cause: str = RefundCause.TERMINATION,
    refunded_on: date = date(2026, 6, 12),
) -> Refund:
    return actions.refund(
        project.funding.get(), amount_yuan=Decimal(amount_yuan), refunded_on=refunded_on,
        cause=cause, treasury=make.treasury(), voucher_no=f"B{next(make.numbers)}",
        by=make.hand(Role.CLERK), now=make.NOW,
    )  # fmt: skip


def verified(refund: Refund, now: datetime = make.NOW) -> Refund:
    return actions.verify_refund(refund, by=make.hand(Role.FINANCE), now=now)


def test_a_closed_project_keeps_what_it_was_closed_with() -> None:
    project = make.project_at(Stage.CLOSED)
    payment = project.funding.get().payments.get()
    with refused(ENDED):
        actions.void_payment(payment, reason="演示", by=make.hand(Role.REVIEWER), now=make.NOW)
    with refused(ENDED):
        come_back(project, cause=RefundCause.AUDIT)
    with by_sql.refused_by("payment_stands_after_the_end"):
        by_sql.change(
            payment, voided_at=make.NOW, voided_by_id=make.hand(Role.REVIEWER).pk,
            void_reason="x", status=PaymentStatus.VOIDED,
        )  # fmt: skip


def test_the_plain_sql_knows_what_a_project_is_closed_with() -> None:
    project = make.project_at(Stage.HANDED_OVER)
    make.audited(project, 930_000)
    surplus = actions.release_surplus(project, by=make.hand(Role.CLERK), now=make.NOW)
    actions.approve_change(
        surplus, doc_no="批1", effective_on=make.NOW.date(), by=make.hand(Role.APPROVER),
        now=make.NOW,
    )  # fmt: skip
    make.payment(
        project, amount_yuan=902_100, paid_on=date(2026, 6, 9), basis=PaymentBasis.ACCEPTANCE
    )
    make.evaluation(project)
    actions.close(project, on=make.NOW.date(), by=make.hand(Role.APPROVER), now=make.NOW)
    assert invariants.broken() == {}
    with triggers_asleep("projects_fundingadjustment"):
        by_sql.change(surplus.adjustments.get(), delta_yuan=-60_000)
    assert "closed unsettled, unpaid, unaudited or unevaluated" in invariants.broken()


def test_a_refund_that_waits_is_not_verified_after_closing_and_can_be_struck_out() -> None:
    project = make.ready_for(Stage.CLOSED, make.project_at(Stage.HANDED_OVER))
    payment = project.funding.get().payments.get()
    waiting = make.paid_back(
        payment, PaymentStatus.SUBMITTED, refunded_on=date(2026, 6, 9), amount_yuan=1
    )
    actions.close(project, on=make.NOW.date(), by=make.hand(Role.APPROVER), now=make.NOW)
    with refused(ENDED):
        verified(waiting)
    finance = make.hand(Role.FINANCE)
    with by_sql.refused_by("refund_precedes_closing"):
        by_sql.change(
            waiting, counted_at=make.NOW, counted_by_id=finance.pk, status=PaymentStatus.VERIFIED
        )
    actions.void_refund(waiting, reason="演示", by=finance, now=make.NOW)
    assert project.funding.get().paid_yuan() == 970_000


def test_the_retention_of_a_closed_project_is_struck_out_and_paid_anew() -> None:
    project = make.project_at(Stage.CLOSED)
    due = date(2027, 6, 8)
    paid = partial(
        make.payment, project, amount_yuan=30_000, basis=PaymentBasis.RETENTION, paid_on=due
    )
    wrong = paid()
    actions.void_payment(wrong, reason="演示", by=make.hand(Role.REVIEWER), now=make.at(due))
    assert project.funding.get().paid_yuan() == 970_000
    paid()
    assert project.funding.get().paid_yuan() == 1_000_000


@pytest.mark.parametrize(
    ("refunded_on", "takes_effect_on"),
    [(date(2026, 6, 12), date(2026, 6, 12)), (date(2026, 6, 2), date(2026, 6, 8))],
)
def test_what_comes_back_after_a_termination_goes_back_to_its_plan(
    refunded_on: date, takes_effect_on: date
) -> None:
    project = terminated()
    share = project.funding.get()
    assert share.fund_plan is not None
    with pytest.raises(ValidationError) as refusal:
        come_back(project, cause=RefundCause.SURPLUS)
    assert set(refusal.value.error_dict) == {"cause"}
    refund = come_back(project, refunded_on=refunded_on)
    assert share.net_yuan() == 300_000
    verified(refund)
    assert share.net_yuan() == share.paid_yuan() == 200_000
    assert share.fund_plan.committed_yuan() == 200_000
    released = share.adjustments.counting().order_by("pk").last()
    assert released is not None
    assert released.delta_yuan == -100_000
    assert released.effective_on == takes_effect_on
    assert released.change_request == project.change_requests.get()
    assert released.created_by == make.hand(Role.CLERK)
    assert released.counted_by == make.hand(Role.FINANCE)
    assert invariants.broken() == {}


def test_a_terminated_project_keeps_what_it_was_terminated_with() -> None:
    project = terminated()
    payment = project.funding.get().payments.get()
    with refused(ENDED):
        actions.void_payment(payment, reason="演示", by=make.hand(Role.REVIEWER), now=make.NOW)
    with by_sql.refused_by("payment_stands_after_the_end"):
        by_sql.change(
            payment, voided_at=make.NOW, voided_by_id=make.hand(Role.REVIEWER).pk,
            void_reason="x", status=PaymentStatus.VOIDED,
        )  # fmt: skip
    refund = verified(come_back(project))
    with refused(ENDED):
        actions.void_refund(refund, reason="演示", by=make.hand(Role.FINANCE), now=make.NOW)
    waiting = come_back(project, 1)
    actions.void_refund(waiting, reason="演示", by=make.hand(Role.FINANCE), now=make.NOW)


def test_a_termination_releases_no_more_than_came_back_also_by_sql() -> None:
    project = terminated()
    verified(come_back(project))
    released = project.funding.get().adjustments.counting().order_by("pk").last()
    assert released is not None
    with by_sql.refused_by("share_is_not_overpaid"):
        by_sql.copy(released)
    with by_sql.refused_by("adjustment_follows_approved_request"):
        by_sql.copy(released, delta_yuan=100_000)
    with by_sql.refused_by("adjustment_follows_approved_request"):
        by_sql.copy(released, created_by_id=make.hand(Role.REVIEWER).pk)
