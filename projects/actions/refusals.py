"""What stands in the way of a verb on a row of money, as far as the row itself can tell: asked by
pages and by the API for each row they show. The verbs look again under their locks.

Each answers PermissionDenied where the verb is not the asker's at all, Refused where it is shut
now, and None where it is open.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import Pairing, User
from assistance.models.rows import LedgerRow
from projects.actions.after_the_end import closed, payment_stays, refund_stays
from projects.actions.payments import remark_missing
from projects.models import (
    FundPlan,
    Payment,
    PaymentPolicy,
    ProjectFunding,
    Refund,
    Transfer,
    TransferReturn,
)
from projects.models.funds import PAID_THROUGH_THE_LEDGER, FundPlanStatus, TransferStatus
from projects.models.payments import PaymentStatus

Refusal = Refused | PermissionDenied
WhyNot = Callable[[Any, User], Refusal | None]


def own_work(row: Any, user: User, *people: str) -> Refused | None:
    """What is refused because ``user`` is one of the people in these fields of the row."""
    try:
        row.require_other_hands(user, than=people)
    except Refused as refusal:
        return refusal
    return None


def settled(row: Any, code: str) -> Refused:
    """The answer of a verb that came to a row too late."""
    return Refused(code, _("It is %(status)s already.") % {"status": row.get_status_display()})


def may_keep(pairing: Pairing, user: User) -> bool:
    """Whether ``user`` enters rows of a pairing."""
    return user.may_write_for(recipient_id=pairing.recipient_id, donor_id=pairing.donor_id)


def needs(permission: str, then: WhyNot) -> WhyNot:
    """The rule ``then`` for holders of a permission; the verb is nobody else's."""

    def why_not(row: Any, user: User) -> Refusal | None:
        return then(row, user) if user.has_perm(permission) else PermissionDenied()

    return why_not


def standing(row: LedgerRow, user: User) -> Refused | None:
    """Rows that were struck out stay as they are."""
    if row.voided_at:
        return Refused("struck_out_before", _("This row was struck out already."))
    return None


# ------------------------------------------------------------------------------------ fund plans


def _draft(plan: FundPlan, user: User) -> Refused | None:
    if plan.status != FundPlanStatus.DRAFT:
        return settled(plan, "fund_plan_is_settled")
    return standing(plan, user)


def _edit(plan: FundPlan, user: User) -> Refusal | None:
    return _draft(plan, user) if may_keep(plan.pairing, user) else PermissionDenied()


def _issue(plan: FundPlan, user: User) -> Refused | None:
    return _draft(plan, user) or own_work(plan, user, "created_by")


def _close(plan: FundPlan, user: User) -> Refused | None:
    if plan.status == FundPlanStatus.CLOSED:
        return settled(plan, "fund_plan_not_issued")
    if plan.status == FundPlanStatus.DRAFT:
        return Refused("fund_plan_not_issued", _("Issue the plan first."))
    return standing(plan, user)


edit_plan = needs("projects.change_fundplan", _edit)
issue_plan = needs("projects.issue_fundplan", _issue)
close_plan = needs("projects.close_fundplan", _close)
strike_out_plan = needs("projects.issue_fundplan", standing)


# ------------------------------------------------------------------------------------- transfers


def _report_arrival(transfer: Transfer, user: User) -> Refusal | None:
    if not may_keep(transfer.fund_plan.pairing, user):
        return PermissionDenied()
    if transfer.status != TransferStatus.DRAFT:
        return settled(transfer, "transfer_is_settled")
    return None


def _confirm_transfer(transfer: Transfer, user: User) -> Refused | None:
    if transfer.status != TransferStatus.DRAFT:
        return settled(transfer, "transfer_is_settled")
    if transfer.arrived_on is None or not transfer.voucher_no:
        return Refused(
            "arrival_not_reported",
            _("The day of arrival and the voucher number are missing; have them reported first."),
        )
    return own_work(transfer, user, "created_by", "updated_by")


def _return(transfer: Transfer, user: User) -> Refusal | None:
    if not may_keep(transfer.fund_plan.pairing, user):
        return PermissionDenied()
    if transfer.status != TransferStatus.CONFIRMED:
        return Refused("not_arrived", _("Only money that arrived can go back."))
    return None


def _confirm_return(returned: TransferReturn, user: User) -> Refused | None:
    if returned.status != TransferStatus.DRAFT:
        return settled(returned, "return_is_settled")
    return own_work(returned, user, "created_by")


report_arrival = needs("projects.report_arrival_transfer", _report_arrival)
confirm_transfer = needs("projects.confirm_transfer", _confirm_transfer)
void_transfer = needs("projects.confirm_transfer", standing)
return_transfer = needs("projects.add_transferreturn", _return)
confirm_return = needs("projects.confirm_transferreturn", _confirm_return)
void_return = needs("projects.confirm_transferreturn", standing)


# -------------------------------------------------------------------------- payments and refunds


def _submitted(payment: Payment, user: User) -> Refused | None:
    if payment.status != PaymentStatus.SUBMITTED:
        return settled(payment, "payment_is_settled")
    return None


def _remark(payment: Payment, user: User) -> Refused | None:
    return _submitted(payment, user) or own_work(payment, user, "created_by")


def _verify(payment: Payment, user: User) -> Refused | None:
    return (
        _submitted(payment, user)
        or own_work(payment, user, "created_by", "front_remark_by")
        or remark_missing(payment, user)
    )


def _void_payment(payment: Payment, user: User) -> Refused | None:
    if payment.status == PaymentStatus.VERIFIED:
        return payment_stays(payment, payment.project_funding.project)
    return settled(payment, "payment_not_verified")


def _refund(share: ProjectFunding, user: User) -> Refusal | None:
    if not may_keep(share.project.pairing, user):
        return PermissionDenied()
    if not share.counts or share.source not in PAID_THROUGH_THE_LEDGER:
        return Refused("share_does_not_count", _("Nothing was paid out of this share."))
    return closed(share.project)


def _verify_refund(paid_back: Refund, user: User) -> Refused | None:
    if paid_back.status != PaymentStatus.SUBMITTED:
        return settled(paid_back, "refund_is_settled")
    return own_work(paid_back, user, "created_by") or closed(paid_back.project_funding.project)


def _void_refund(paid_back: Refund, user: User) -> Refused | None:
    standing_in_the_way = standing(paid_back, user)
    if standing_in_the_way is not None or paid_back.counted_at is None:
        return standing_in_the_way
    return refund_stays(paid_back.project_funding.project)


remark_payment = needs("projects.remark_payment", _remark)
verify_payment = needs("projects.verify_payment", _verify)
reject_payment = needs("projects.verify_payment", _submitted)
void_payment = needs("projects.verify_payment", _void_payment)
refund = needs("projects.add_refund", _refund)
verify_refund = needs("projects.verify_refund", _verify_refund)
void_refund = needs("projects.verify_refund", _void_refund)


# -------------------------------------------------------------------------------------- policies


def _confirm_policy(policy: PaymentPolicy, user: User) -> Refused | None:
    if policy.counted_at or policy.voided_at:
        return Refused("policy_is_settled", _("This policy was confirmed or struck out already."))
    return own_work(policy, user, "created_by")


def _withdraw_policy(policy: PaymentPolicy, user: User) -> Refusal | None:
    return PermissionDenied() if policy.counted_at else standing(policy, user)


def _strike_out_policy(policy: PaymentPolicy, user: User) -> Refusal | None:
    return standing(policy, user) if policy.counted_at else PermissionDenied()


confirm_policy = needs("projects.confirm_paymentpolicy", _confirm_policy)
withdraw_policy = needs("projects.add_paymentpolicy", _withdraw_policy)
strike_out_policy = needs("projects.confirm_paymentpolicy", _strike_out_policy)
