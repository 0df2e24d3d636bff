"""Money of a project that has ended: what closing and termination promised stays so."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import User
from assistance.models.rows import entered
from projects.actions import settlement
from projects.actions.hindrances import endings
from projects.models import FundingAdjustment, Payment, Project, Refund, Stage
from projects.models.changes import ChangeKind, ChangeStatus
from projects.models.payments import PaymentBasis, RefundCause


def payment_stays(payment: Payment, project: Project) -> Refused | None:
    """What keeps a payment of an ended project on record; cheap, for lists too."""
    outlives = project.stage == Stage.CLOSED and payment.basis == PaymentBasis.RETENTION
    if project.stage == Stage.TERMINATED:
        return Refused(
            "project_has_ended",
            _("The project was terminated with what was paid; log what came back as a refund."),
        )
    return closed(project) if not outlives else None


def closed(project: Project) -> Refused | None:
    """What was paid for a closed project is what it was closed with."""
    if project.stage != Stage.CLOSED:
        return None
    return Refused(
        "project_has_ended",
        _(
            "The project was closed with what was paid; only retention is struck out, for anything"
            " else have a finding raised."
        ),
    )


def refund_stays(project: Project) -> Refused | None:
    """What came back after a termination was released with it, and stays so."""
    if project.stage != Stage.TERMINATED:
        return None
    return Refused(
        "project_has_ended",
        _("What was paid back of a terminated project is released; have a finding raised."),
    )


def require_payment_may_go(payment: Payment, project: Project, *, now: datetime) -> None:
    """Refuse to strike out a payment that an ended project was closed or terminated with.

    Retention may go as long as the rest is what closing asks for.
    """
    refusal = payment_stays(payment, project)
    if refusal is None and project.stage == Stage.CLOSED:
        paid, owed = settlement.paid_yuan(project), endings.owed_yuan(project, now)
        if paid - payment.amount_yuan < owed <= paid:
            refusal = closed(project)
    if refusal is not None:
        raise refusal


def require_may_come_back(project: Project, *, cause: str) -> None:
    """Refuse money back of a closed project; of a terminated one it comes by the termination."""
    refusal = closed(project)
    if refusal is not None:
        raise refusal
    if project.stage == Stage.TERMINATED and cause != RefundCause.TERMINATION:
        raise ValidationError(
            {"cause": _("The project was terminated; money comes back by that cause.")}
        )


def release_what_came_back(
    paid_back: Refund, project: Project, *, by: User, now: datetime
) -> FundingAdjustment | None:
    """Take off the share what came back after a termination, under the request that ended the
    project: its plan has it again, and the share holds what it paid.

    A project that was terminated before it was taken over has no such request; its share stays.
    """
    if project.stage != Stage.TERMINATED:
        return None
    ended = project.change_requests.filter(
        kind=ChangeKind.TERMINATE, status=ChangeStatus.APPROVED
    ).first()
    if ended is None or ended.effective_on is None:
        return None
    author = entered(paid_back.created_by, now) | {"counted_at": now, "counted_by": by}
    return FundingAdjustment.objects.create(
        project_funding=paid_back.project_funding,
        change_request=ended,
        delta_yuan=-paid_back.amount_yuan,
        effective_on=max(ended.effective_on, paid_back.refunded_on),
        **author,
    )
