"""The transfers that bring a plan's money to the recipient's treasury (level A)."""

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
from projects.actions.funds import require_issued, require_may_write
from projects.models import FundPlan, Transfer
from projects.models.funds import TransferStatus

TREASURIES = (OrganisationKind.FINANCE, OrganisationKind.FRONT_TEAM)


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
    fund_plan = FundPlan.objects.lock_for(by, fund_plan.pk)
    require_may_write("projects.add_transfer", fund_plan.pairing, by)
    require_issued(fund_plan)
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
    require_may_write("projects.report_arrival_transfer", transfer.fund_plan.pairing, by)
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


def _require_past(field: str, day: date | None, now: datetime) -> None:
    if day is not None and day > local_day(now):
        raise ValidationError({field: _("The day lies in the future.")})
