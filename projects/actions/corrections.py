"""Money that goes back, and ledger rows that are struck out because they were wrong.

Nothing that counts is changed: it is voided with a reason, stays on record, and is entered anew.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import Organisation, User
from assistance.models.regions import OrganisationKind
from assistance.models.rows import entered
from assistance.periods import local_day
from projects.actions.after_the_end import (
    closed,
    refund_stays,
    release_what_came_back,
    require_may_come_back,
    require_payment_may_go,
)
from projects.actions.locks import lock_funding
from projects.models import (
    FundPlan,
    Payment,
    ProjectFunding,
    Refund,
    Transfer,
    TransferReturn,
)
from projects.models.funds import FundPlanStatus, TransferStatus, total_yuan
from projects.models.payments import PaymentStatus, RefundCause


@transaction.atomic
def void_transfer(
    transfer: Transfer, *, reason: str, by: User, now: datetime, version: int | None = None
) -> Transfer:
    """Strike out a transfer that was logged wrongly; its voucher number is free again.

    Refused while money of it is on record as returned, and where its plan was closed with it.
    """
    transfer = _lock_transfer(transfer.pk, "projects.confirm_transfer", by, version)
    _require_standing(transfer, reason)
    if transfer.returns.standing().exists():
        raise Refused("has_returns", _("Strike out the returns of this transfer first."))
    if transfer.counted_at:
        _require_closed_plan_keeps(transfer.fund_plan, less_yuan=transfer.amount_yuan)
    transfer.status = TransferStatus.VOIDED
    transfer.void("status", by=by, now=now, reason=reason)
    return transfer


@transaction.atomic
def return_transfer(
    transfer: Transfer,
    *,
    amount_yuan: Decimal,
    returned_on: date,
    voucher_no: str,
    reason: str,
    by: User,
    now: datetime,
) -> TransferReturn:
    """Log money of a confirmed transfer that went back; it counts once finance confirms it."""
    transfer = _lock_transfer(transfer.pk, "projects.add_transferreturn", by, None)
    pairing = transfer.fund_plan.pairing
    if not by.may_write_for(recipient_id=pairing.recipient_id, donor_id=pairing.donor_id):
        raise PermissionDenied
    if transfer.status != TransferStatus.CONFIRMED or transfer.arrived_on is None:
        raise Refused("not_arrived", _("Only money that arrived can go back."))
    if not transfer.arrived_on <= returned_on <= local_day(now):
        raise ValidationError(
            {"returned_on": _("The day has to lie between the arrival and today.")}
        )
    _require_left(amount_yuan, transfer.amount_yuan - total_yuan(transfer.returns.counting()))
    returned = TransferReturn(
        transfer=transfer,
        amount_yuan=amount_yuan,
        returned_on=returned_on,
        voucher_no=voucher_no.strip(),
        reason=reason.strip(),
        **entered(by, now),
    )
    returned.full_clean()
    returned.save()
    return returned


@transaction.atomic
def confirm_return(
    returned: TransferReturn, *, by: User, now: datetime, version: int | None = None
) -> TransferReturn:
    """Confirm money that went back against its voucher; it counts from now on.

    Refused where the plan was closed with it.
    """
    if not by.has_perm("projects.confirm_transferreturn"):
        raise PermissionDenied
    seen = TransferReturn.objects.visible_to(by).get(pk=returned.pk)
    transfer = _lock_transfer(seen.transfer_id, "projects.confirm_transferreturn", by, None)
    returned = TransferReturn.objects.lock_for(by, returned.pk, version=version)
    if returned.status != TransferStatus.DRAFT:
        raise Refused("return_is_settled", _("This return was confirmed or struck out already."))
    returned.require_other_hands(by, than=("created_by",))
    _require_left(
        returned.amount_yuan, transfer.amount_yuan - total_yuan(transfer.returns.counting())
    )
    _require_closed_plan_keeps(transfer.fund_plan, less_yuan=returned.amount_yuan)
    returned.status = TransferStatus.CONFIRMED
    returned.count("status", by=by, now=now)
    return returned


@transaction.atomic
def void_return(
    returned: TransferReturn, *, reason: str, by: User, now: datetime, version: int | None = None
) -> TransferReturn:
    """Strike out a return that was logged wrongly.

    Refused where more would then have arrived than was planned, unless a document covers it.
    """
    if not by.has_perm("projects.confirm_transferreturn"):
        raise PermissionDenied
    seen = TransferReturn.objects.visible_to(by).get(pk=returned.pk)
    transfer = _lock_transfer(seen.transfer_id, "projects.confirm_transferreturn", by, None)
    returned = TransferReturn.objects.lock_for(by, returned.pk, version=version)
    _require_standing(returned, reason)
    if returned.counted_at:
        _require_arrivals_planned(transfer.fund_plan, more_yuan=returned.amount_yuan)
    returned.status = TransferStatus.VOIDED
    returned.void("status", by=by, now=now, reason=reason)
    return returned


@transaction.atomic
def void_payment(
    payment: Payment, *, reason: str, by: User, now: datetime, version: int | None = None
) -> Payment:
    """Strike out a verified payment that was logged wrongly; its voucher number is free again.

    Refused where refunds would then exceed what was paid, and where the project was closed or
    terminated with it (retention of a closed one apart).
    """
    if not by.has_perm("projects.verify_payment"):
        raise PermissionDenied
    seen = Payment.objects.visible_to(by).get(pk=payment.pk)
    funding = lock_funding(seen.project_funding_id, by=by)
    payment = Payment.objects.lock_for(by, payment.pk, version=version)
    _require_standing(payment, reason)
    if payment.status != PaymentStatus.VERIFIED:
        raise Refused("payment_not_verified", _("Reject a payment that was not verified yet."))
    require_payment_may_go(payment, funding.project, now=now)
    _require_left(payment.amount_yuan, funding.paid_yuan())
    payment.status = PaymentStatus.VOIDED
    payment.void("status", by=by, now=now, reason=reason)
    return payment


@transaction.atomic
def refund(
    funding: ProjectFunding,
    *,
    amount_yuan: Decimal,
    refunded_on: date,
    cause: str,
    treasury: Organisation,
    voucher_no: str,
    by: User,
    now: datetime,
) -> Refund:
    """Log money that the unit paid back; it counts once finance verifies it.

    Refused once the project is closed; of a terminated one the cause is the termination.
    """
    funding = lock_funding(funding.pk, by=by)
    pairing = funding.project.pairing
    if not by.has_perm("projects.add_refund") or not by.may_write_for(
        recipient_id=pairing.recipient_id, donor_id=pairing.donor_id
    ):
        raise PermissionDenied
    if cause not in RefundCause.values:
        raise ValidationError({"cause": _("Choose a cause.")})
    require_may_come_back(funding.project, cause=cause)
    if treasury.kind != OrganisationKind.FINANCE:
        raise ValidationError({"treasury": _("Choose the finance bureau that was paid back.")})
    first = _first_paid_on(funding)
    if first is None or not first <= refunded_on <= local_day(now):
        raise ValidationError(
            {"refunded_on": _("The day has to lie between the first payment and today.")}
        )
    _require_left(amount_yuan, funding.paid_yuan())
    paid_back = Refund(
        project_funding=funding,
        amount_yuan=amount_yuan,
        refunded_on=refunded_on,
        cause=cause,
        treasury=treasury,
        voucher_no=voucher_no.strip(),
        **entered(by, now),
    )
    paid_back.full_clean()
    paid_back.save()
    return paid_back


def _first_paid_on(funding: ProjectFunding) -> date | None:
    """The day of the first payment; what was paid before a project was taken over, by its day."""
    if funding.opening_paid_yuan:
        return funding.approved_on
    first = funding.payments.counting().order_by("paid_on").first()
    return first.paid_on if first else None


@transaction.atomic
def verify_refund(
    paid_back: Refund, *, by: User, now: datetime, version: int | None = None
) -> Refund:
    """Confirm a refund against its voucher; it counts from now on.

    What comes back after a termination is taken off the share in the same transaction.
    """
    paid_back, funding = _lock_refund(paid_back, by=by, version=version)
    if paid_back.status != PaymentStatus.SUBMITTED:
        raise Refused("refund_is_settled", _("This refund was verified or struck out already."))
    paid_back.require_other_hands(by, than=("created_by",))
    refusal = closed(funding.project)
    if refusal is not None:
        raise refusal
    _require_left(paid_back.amount_yuan, funding.paid_yuan())
    paid_back.status = PaymentStatus.VERIFIED
    paid_back.count("status", by=by, now=now)
    release_what_came_back(paid_back, funding.project, by=by, now=now)
    return paid_back


@transaction.atomic
def void_refund(
    paid_back: Refund, *, reason: str, by: User, now: datetime, version: int | None = None
) -> Refund:
    """Strike out a refund that was logged wrongly.

    Refused where the share would be overpaid, and where it counts and the project was terminated.
    """
    paid_back, funding = _lock_refund(paid_back, by=by, version=version)
    _require_standing(paid_back, reason)
    if paid_back.counted_at:
        refusal = refund_stays(funding.project)
        if refusal is not None:
            raise refusal
        _require_left(paid_back.amount_yuan, funding.net_yuan() - funding.paid_yuan())
    paid_back.status = PaymentStatus.VOIDED
    paid_back.void("status", by=by, now=now, reason=reason)
    return paid_back


def _lock_transfer(pk: int, permission: str, by: User, version: int | None) -> Transfer:
    if not by.has_perm(permission):
        raise PermissionDenied
    seen = Transfer.objects.visible_to(by).get(pk=pk)
    plan = FundPlan.objects.lock_for(by, seen.fund_plan_id)  # parent before child: sums hold still
    transfer = Transfer.objects.lock_for(by, pk, version=version)
    transfer.fund_plan = plan
    return transfer


def _lock_refund(
    paid_back: Refund, *, by: User, version: int | None
) -> tuple[Refund, ProjectFunding]:
    if not by.has_perm("projects.verify_refund"):
        raise PermissionDenied
    seen = Refund.objects.visible_to(by).get(pk=paid_back.pk)
    funding = lock_funding(seen.project_funding_id, by=by)
    return Refund.objects.lock_for(by, paid_back.pk, version=version), funding


def _require_standing(row: Transfer | TransferReturn | Payment | Refund, reason: str) -> None:
    if row.voided_at:
        raise Refused("struck_out_before", _("This row was struck out already."))
    if not reason.strip():
        raise ValidationError({"reason": _("Give the reason; others will read it.")})


def _require_arrivals_planned(plan: FundPlan, *, more_yuan: Decimal) -> None:
    arrived = plan.arrived_yuan() + more_yuan
    documented = plan.transfers.counting().exclude(over_doc_no="").exists()
    if arrived > plan.amount_yuan and not documented:
        raise Refused(
            "more_than_planned",
            _(
                "%(arrived)s yuan would have arrived of %(planned)s planned;"
                " give the document that covers more."
            )
            % {"arrived": f"{arrived:,.2f}", "planned": f"{plan.amount_yuan:,.2f}"},
        )


def _require_closed_plan_keeps(plan: FundPlan, *, less_yuan: Decimal) -> None:
    """A plan was closed because all had arrived, or with the document that writes off the rest."""
    if plan.status != FundPlanStatus.CLOSED or plan.closed_doc_no:
        return
    arrived = plan.arrived_yuan() - less_yuan
    if arrived < plan.amount_yuan:
        raise Refused(
            "fund_plan_is_closed",
            _(
                "The plan was closed when all had arrived; only %(arrived)s yuan of %(planned)s"
                " would have. No document writes off the rest: have a finding raised."
            )
            % {"arrived": f"{arrived:,.2f}", "planned": f"{plan.amount_yuan:,.2f}"},
        )


def _require_left(wanted: Decimal, left: Decimal) -> None:
    if wanted > left:
        raise Refused(
            "more_than_is_left",
            _("%(left)s yuan are left of it; %(wanted)s is more.")
            % {"left": f"{left:,.2f}", "wanted": f"{wanted:,.2f}"},
        )
