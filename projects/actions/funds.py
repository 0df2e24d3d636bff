"""Fund plans: drafted, issued, closed."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import Pairing, User
from assistance.models.rows import entered
from assistance.periods import local_day
from projects.models import FundPlan
from projects.models.funds import FundPlanStatus, TransferStatus


@transaction.atomic
def plan_funds(
    *,
    pairing: Pairing,
    fiscal_year: int,
    source: str,
    amount_yuan: Decimal,
    issued_on: date,
    by: User,
    now: datetime,
    doc_no: str = "",
    basis: str = "",
    is_inferred: bool = False,
) -> FundPlan:
    """Draft a fund plan; it counts once finance issues it."""
    require_may_write("projects.add_fundplan", pairing, by)
    plan = FundPlan(
        pairing=pairing,
        fiscal_year=fiscal_year,
        source=source,
        amount_yuan=amount_yuan,
        issued_on=issued_on,
        doc_no=doc_no,
        basis=basis,
        is_inferred=is_inferred,
        **entered(by, now),
    )
    plan.full_clean()
    plan.save()
    return plan


@transaction.atomic
def edit_fund_plan(
    plan: FundPlan, *, by: User, now: datetime, version: int | None = None, **fields: Any
) -> FundPlan:
    """Change a fund plan that is still a draft."""
    plan = FundPlan.objects.lock_for(by, plan.pk, version=version)
    require_may_write("projects.change_fundplan", plan.pairing, by)
    _require_draft(plan)
    for name, value in fields.items():
        setattr(plan, name, value)
    plan.full_clean()
    plan.record(*fields, by=by, now=now)
    return plan


@transaction.atomic
def issue_fund_plan(
    plan: FundPlan, *, by: User, now: datetime, version: int | None = None
) -> FundPlan:
    """Confirm a fund plan against its document; it counts from now on."""
    if not by.has_perm("projects.issue_fundplan"):
        raise PermissionDenied
    plan = FundPlan.objects.lock_for(by, plan.pk, version=version)
    _require_draft(plan)
    plan.require_other_hands(by, than=("created_by",))
    if plan.issued_on > local_day(now):
        raise ValidationError({"issued_on": _("The day lies in the future.")})
    plan.status = FundPlanStatus.ISSUED
    plan.count("status", by=by, now=now)
    return plan


@transaction.atomic
def close_fund_plan(
    plan: FundPlan, *, by: User, now: datetime, doc_no: str = "", version: int | None = None
) -> FundPlan:
    """Close a plan whose money has arrived; ``doc_no`` writes off what has not.

    Nothing is shared out of a closed plan any more and no money of it arrives.
    """
    if not by.has_perm("projects.close_fundplan"):
        raise PermissionDenied
    plan = FundPlan.objects.lock_for(by, plan.pk, version=version)
    require_issued(plan)
    if plan.transfers.standing().filter(status=TransferStatus.DRAFT).exists():
        raise Refused(
            "transfers_wait", _("Transfers of this plan wait; confirm or strike them out first.")
        )
    missing = plan.amount_yuan - plan.arrived_yuan()
    if missing > 0 and not doc_no.strip():
        raise Refused(
            "not_all_arrived",
            _(
                "%(missing)s yuan of this plan have not arrived; give the document that writes them"
                " off."
            )
            % {"missing": f"{missing:,.2f}"},
            {"doc_no": _("Give the number of the document.")},
        )
    plan.status, plan.closed_doc_no = FundPlanStatus.CLOSED, doc_no.strip()
    plan.record("status", "closed_doc_no", by=by, now=now)
    return plan


@transaction.atomic
def strike_out_fund_plan(
    plan: FundPlan, *, reason: str, by: User, now: datetime, version: int | None = None
) -> FundPlan:
    """Strike out a plan that should not be there; refused while shares or transfers of it stand."""
    if not by.has_perm("projects.issue_fundplan"):
        raise PermissionDenied
    plan = FundPlan.objects.lock_for(by, plan.pk, version=version)
    if plan.voided_at:
        raise Refused("struck_out_before", _("This row was struck out already."))
    if not reason.strip():
        raise ValidationError({"reason": _("Give the reason; others will read it.")})
    if plan.shares.standing().exists() or plan.transfers.standing().exists():
        raise Refused(
            "fund_plan_is_used",
            _("Shares or transfers of this plan stand; drop or strike them out first."),
        )
    plan.void(by=by, now=now, reason=reason)
    return plan


def require_issued(plan: FundPlan) -> None:
    """Refuse a plan that is a draft, closed or struck out; the caller holds its lock."""
    if plan.voided_at or plan.status != FundPlanStatus.ISSUED:
        standing = _("struck out") if plan.voided_at else plan.get_status_display()
        raise Refused(
            "fund_plan_not_issued",
            _("The fund plan “%(plan)s” is %(status)s; only an issued one takes this.")
            % {"plan": plan, "status": standing},
        )


def require_may_write(permission: str, pairing: Pairing, by: User) -> None:
    """Refuse somebody who does not keep the rows of a pairing that they may see."""
    visible = Pairing.objects.visible_to(by).get(pk=pairing.pk)
    may_write = by.may_write_for(recipient_id=visible.recipient_id, donor_id=visible.donor_id)
    if not by.has_perm(permission) or not may_write:
        raise PermissionDenied


def _require_draft(plan: FundPlan) -> None:
    if plan.voided_at:
        raise Refused("struck_out_before", _("This row was struck out already."))
    if plan.status != FundPlanStatus.DRAFT:
        raise Refused(
            "fund_plan_is_settled",
            _("This fund plan is %(status)s already.") % {"status": plan.get_status_display()},
        )
