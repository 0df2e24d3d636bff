"""Payments from the recipient's treasury to the implementing unit (level B)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import Organisation, User
from assistance.models.regions import OrganisationKind
from assistance.models.rows import entered
from assistance.periods import local_day
from projects.actions.guards import require
from projects.actions.locks import lock_funding
from projects.actions.open_changes import require_no_open_change
from projects.models import Payment, ProjectFunding, Stage
from projects.models.funds import PAID_THROUGH_THE_LEDGER
from projects.models.payments import PaymentBasis, PaymentStatus


@transaction.atomic
def pay(
    funding: ProjectFunding,
    *,
    basis: str,
    amount_yuan: Decimal,
    paid_on: date,
    treasury: Organisation,
    payee: Organisation,
    voucher_no: str,
    by: User,
    now: datetime,
    claimed_progress_pct: Decimal | None = None,
) -> Payment:
    """Enter a payment out of a project's share; it counts once a reviewer verified it.

    Refused where the share does not count, where its source is not paid through the ledger, while
    a change is open (retention apart), or where what is verified already plus this would exceed the
    share.
    """
    funding = lock_funding(funding.pk, by=by)
    project = funding.project
    require(project, "pay", by=by, now=now)
    require_no_open_change(project, basis, now=now)
    if funding.counted_at is None or funding.voided_at is not None:
        raise Refused(
            "share_does_not_count", _("This share does not count; choose an approved one.")
        )
    if funding.source not in PAID_THROUGH_THE_LEDGER:
        raise Refused(
            "source_is_not_paid_here",
            _("Matching funds, own funds and donations in kind have no payments in this ledger."),
        )
    if treasury.kind != OrganisationKind.FINANCE:
        raise ValidationError({"treasury": _("Choose the finance bureau that paid.")})
    if paid_on > local_day(now):
        raise ValidationError({"paid_on": _("The day lies in the future.")})
    if funding.approved_on and paid_on < funding.approved_on:
        raise ValidationError(
            {
                "paid_on": _("The share was approved on %(day)s; nothing can be paid before.")
                % {"day": funding.approved_on}
            }
        )
    _require_within_share(funding, amount_yuan)
    treasury.take_turns()
    last = funding.payments.aggregate(last=Max("seq"))["last"] or 0
    payment = Payment(
        project_funding=funding,
        seq=last + 1,
        basis=basis,
        amount_yuan=amount_yuan,
        paid_on=paid_on,
        treasury=treasury,
        payee=payee,
        voucher_no=voucher_no.strip(),
        claimed_progress_pct=claimed_progress_pct,
        **entered(by, now),
    )
    payment.full_clean()
    payment.save()
    return payment


@transaction.atomic
def verify_payment(
    payment: Payment, *, by: User, now: datetime, version: int | None = None
) -> Payment:
    """Confirm a payment against its voucher; it counts from now on.

    Refused where the project has ended meanwhile; retention outlives closing.
    """
    payment = _lock_submitted(payment, by=by, version=version)
    payment.require_other_hands(by, than=("created_by",))
    project = payment.project_funding.project
    outlives = project.stage == Stage.CLOSED and payment.basis == PaymentBasis.RETENTION
    if project.stage in {Stage.TERMINATED, Stage.CLOSED} and not outlives:
        raise Refused(
            "project_has_ended",
            _("The project is “%(stage)s”; reject this payment.")
            % {"stage": project.get_stage_display()},
        )
    _require_within_share(payment.project_funding, payment.amount_yuan)
    payment.status = PaymentStatus.VERIFIED
    payment.count("status", by=by, now=now)
    return payment


@transaction.atomic
def reject_payment(
    payment: Payment, *, reason: str, by: User, now: datetime, version: int | None = None
) -> Payment:
    """Refuse a payment that was entered; its voucher number is free again."""
    payment = _lock_submitted(payment, by=by, version=version)
    if not reason.strip():
        raise ValidationError({"reason": _("Give the reason; the other side will read it.")})
    payment.status, payment.rejection_reason = PaymentStatus.REJECTED, reason
    payment.record("status", "rejection_reason", by=by, now=now)
    return payment


def _lock_submitted(payment: Payment, *, by: User, version: int | None) -> Payment:
    if not by.has_perm("projects.verify_payment"):
        raise PermissionDenied
    seen = Payment.objects.visible_to(by).get(pk=payment.pk)
    funding = lock_funding(seen.project_funding_id, by=by)
    payment = Payment.objects.lock_for(by, payment.pk, version=version)
    payment.project_funding = funding
    if payment.status != PaymentStatus.SUBMITTED:
        raise Refused(
            "payment_is_settled",
            _("This payment is %(status)s already.") % {"status": payment.get_status_display()},
        )
    return payment


def _require_within_share(funding: ProjectFunding, amount_yuan: Decimal) -> None:
    left = funding.amount_yuan - funding.paid_yuan()
    if amount_yuan > left:
        raise Refused(
            "share_overpaid",
            _("This share has %(left)s yuan left to pay; %(wanted)s is more.")
            % {"left": f"{left:,.2f}", "wanted": f"{amount_yuan:,.2f}"},
        )
