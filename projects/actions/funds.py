"""Fund plans and the transfers that bring their money to the recipient's treasury (level A)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import Organisation, Pairing, User
from assistance.models.regions import OrganisationKind
from assistance.models.rows import entered
from assistance.periods import local_day
from projects.models import FundPlan, Transfer
from projects.models.funds import FundPlanStatus, TransferStatus

TREASURIES = (OrganisationKind.FINANCE, OrganisationKind.FRONT_TEAM)


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
    _require_may_write("projects.add_fundplan", pairing, by)
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
    _require_may_write("projects.change_fundplan", plan.pairing, by)
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
def record_transfer(
    *,
    fund_plan: FundPlan,
    amount_yuan: Decimal,
    sent_on: date,
    treasury: Organisation,
    by: User,
    now: datetime,
    arrived_on: date | None = None,
    voucher_no: str = "",
    over_doc_no: str = "",
) -> Transfer:
    """Log money that was sent; it counts once finance confirms its arrival."""
    fund_plan = FundPlan.objects.visible_to(by).select_related("pairing").get(pk=fund_plan.pk)
    _require_may_write("projects.add_transfer", fund_plan.pairing, by)
    if fund_plan.status != FundPlanStatus.ISSUED:
        raise Refused(
            "fund_plan_not_issued", _("Have the fund plan issued before logging its money.")
        )
    if treasury.kind not in TREASURIES:
        raise ValidationError({"treasury": _("Choose a finance bureau or a front working team.")})
    _require_past("sent_on", sent_on, now)
    _require_past("arrived_on", arrived_on, now)
    transfer = Transfer(
        fund_plan=fund_plan,
        amount_yuan=amount_yuan,
        sent_on=sent_on,
        arrived_on=arrived_on,
        treasury=treasury,
        voucher_no=voucher_no.strip(),
        over_doc_no=over_doc_no.strip(),
        **entered(by, now),
    )
    treasury.take_turns()
    transfer.full_clean()
    transfer.save()
    return transfer


@transaction.atomic
def report_arrival(
    transfer: Transfer,
    *,
    arrived_on: date,
    voucher_no: str,
    by: User,
    now: datetime,
    version: int | None = None,
) -> Transfer:
    """Fill in the day and the voucher of an arrival; finance still has to confirm it."""
    transfer = _lock_draft_transfer(transfer, "projects.report_arrival_transfer", by, version)
    _require_may_write("projects.report_arrival_transfer", transfer.fund_plan.pairing, by)
    _require_past("arrived_on", arrived_on, now)
    if not voucher_no.strip():
        raise ValidationError({"voucher_no": _("Give the number of the voucher.")})
    transfer.arrived_on, transfer.voucher_no = arrived_on, voucher_no.strip()
    transfer.treasury.take_turns()
    transfer.full_clean()
    transfer.record("arrived_on", "voucher_no", by=by, now=now)
    return transfer


@transaction.atomic
def confirm_transfer(
    transfer: Transfer, *, by: User, now: datetime, version: int | None = None
) -> Transfer:
    """Confirm an arrival against the voucher; it counts from now on.

    Refused where more would have arrived than the plan holds, unless a document covers it.
    """
    transfer = _lock_draft_transfer(transfer, "projects.confirm_transfer", by, version)
    transfer.require_other_hands(by, than=("created_by", "updated_by"))
    if transfer.arrived_on is None or not transfer.voucher_no:
        raise Refused(
            "arrival_not_reported",
            _("The day of arrival and the voucher number are missing; have them reported first."),
        )
    plan = transfer.fund_plan
    arrived = plan.arrived_yuan() + transfer.amount_yuan
    if arrived > plan.amount_yuan and not transfer.over_doc_no:
        raise Refused(
            "more_than_planned",
            _(
                "%(arrived)s yuan would have arrived of %(planned)s planned;"
                " give the document that covers more."
            )
            % {"arrived": f"{arrived:,.2f}", "planned": f"{plan.amount_yuan:,.2f}"},
        )
    transfer.status = TransferStatus.CONFIRMED
    transfer.count("status", by=by, now=now)
    return transfer


def _lock_draft_transfer(
    transfer: Transfer, permission: str, by: User, version: int | None
) -> Transfer:
    if not by.has_perm(permission):
        raise PermissionDenied
    seen = Transfer.objects.visible_to(by).get(pk=transfer.pk)
    plan = FundPlan.objects.lock_for(by, seen.fund_plan_id)  # parent before child: sums hold still
    transfer = Transfer.objects.lock_for(by, transfer.pk, version=version)
    transfer.fund_plan = plan
    if transfer.status != TransferStatus.DRAFT:
        raise Refused(
            "transfer_is_settled",
            _("This transfer is %(status)s already.") % {"status": transfer.get_status_display()},
        )
    return transfer


def _require_may_write(permission: str, pairing: Pairing, by: User) -> None:
    visible = Pairing.objects.visible_to(by).get(pk=pairing.pk)
    may_write = by.may_write_for(recipient_id=visible.recipient_id, donor_id=visible.donor_id)
    if not by.has_perm(permission) or not may_write:
        raise PermissionDenied


def _require_draft(plan: FundPlan) -> None:
    if plan.status != FundPlanStatus.DRAFT:
        raise Refused(
            "fund_plan_is_settled",
            _("This fund plan is %(status)s already.") % {"status": plan.get_status_display()},
        )


def _require_past(field: str, day: date | None, now: datetime) -> None:
    if day is not None and day > local_day(now):
        raise ValidationError({field: _("The day lies in the future.")})
