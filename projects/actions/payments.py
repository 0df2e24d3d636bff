"""Payments from the recipient's treasury to the implementing unit (level B)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import Organisation, User
from assistance.models.regions import OrganisationKind
from assistance.models.rows import entered
from assistance.periods import local_day
from projects.actions.caps import require_within_cap
from projects.actions.guards import require
from projects.actions.locks import lock_funding
from projects.actions.open_changes import require_no_open_change
from projects.models import Payment, Project, ProjectFunding, Stage
from projects.models.funds import PAID_THROUGH_THE_LEDGER
from projects.models.payments import PaymentBasis, PaymentQuerySet, PaymentStatus


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
    duplicate_reason: str = "",
) -> Payment:
    """Enter a payment out of a project's share; it counts once a reviewer verified it.

    Refused where the share does not count, where its source is not paid through the ledger, while
    a change is open (retention apart), where what is verified already plus this would exceed the
    share or what the county's payment policy allows on the day, and where it looks like another
    payment and ``duplicate_reason`` does not say why it is none.
    """
    funding = lock_funding(funding.pk, by=by)
    project = funding.project
    require(project, "pay", by=by, now=now)
    _require_open(project, basis)
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
                % {"day": date_format(funding.approved_on)}
            }
        )
    _require_within_share(funding, amount_yuan)
    require_within_cap(project, amount_yuan, basis=basis, paid_on=paid_on, now=now)
    for organisation in sorted({treasury, payee}, key=lambda each: each.pk):
        organisation.take_turns()
    if not duplicate_reason.strip():
        _require_no_look_alike(payee, amount_yuan, paid_on)
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
        duplicate_reason=duplicate_reason.strip(),
        **entered(by, now),
    )
    payment.full_clean()
    payment.save()
    return payment


@transaction.atomic
def remark_payment(
    payment: Payment, *, remark: str, by: User, now: datetime, version: int | None = None
) -> Payment:
    """Write down what the front team found on site about a payment, before it is verified.

    A later remark replaces the one before it; the change log keeps both.
    """
    payment = _lock_submitted(payment, "projects.remark_payment", by=by, version=version)
    payment.require_other_hands(by, than=("created_by",))
    if not remark.strip():
        raise ValidationError({"remark": _("Say what was found on site.")})
    payment.front_remark, payment.front_remark_at = remark.strip(), now
    payment.front_remark_by = by
    payment.record("front_remark", "front_remark_at", "front_remark_by", by=by, now=now)
    return payment


@transaction.atomic
def verify_payment(
    payment: Payment, *, by: User, now: datetime, version: int | None = None
) -> Payment:
    """Confirm a payment against its voucher; it counts from now on.

    Refused where the project has ended meanwhile (retention outlives closing), where the front team
    of the region has not remarked on it, and where share or policy no longer allow it.
    """
    payment = _lock_submitted(payment, "projects.verify_payment", by=by, version=version)
    payment.require_other_hands(by, than=("created_by", "front_remark_by"))
    funding, project = payment.project_funding, payment.project_funding.project
    _require_open(project, payment.basis)
    missing = remark_missing(payment, by)
    if missing is not None:
        raise missing
    _require_within_share(funding, payment.amount_yuan)
    require_within_cap(
        project, payment.amount_yuan, basis=payment.basis, paid_on=payment.paid_on, now=now
    )
    payment.status = PaymentStatus.VERIFIED
    payment.count("status", by=by, now=now)
    return payment


@transaction.atomic
def reject_payment(
    payment: Payment, *, reason: str, by: User, now: datetime, version: int | None = None
) -> Payment:
    """Refuse a payment that was entered; its voucher number is free again."""
    payment = _lock_submitted(payment, "projects.verify_payment", by=by, version=version)
    if not reason.strip():
        raise ValidationError({"reason": _("Give the reason; the other side will read it.")})
    payment.status, payment.rejection_reason = PaymentStatus.REJECTED, reason
    payment.record("status", "rejection_reason", by=by, now=now)
    return payment


def remark_missing(payment: Payment, by: User) -> Refused | None:
    """What is refused where a front team works in the county and has not remarked on it yet."""
    county = payment.project_funding.project.county.code
    has_team = any(county.startswith(prefix) for prefix in by.regions_with_a_front_team)
    if payment.front_remark or not has_team:
        return None
    return Refused(
        "remark_missing", _("The front team of the region has to remark on this payment first.")
    )


def look_alikes(payee: Organisation, amount_yuan: Decimal, paid_on: date) -> PaymentQuerySet:
    """The standing payments of the same amount to the same payee on the same day."""
    alike = Payment.objects.standing().exclude(status=PaymentStatus.REJECTED)
    return alike.filter(payee=payee, amount_yuan=amount_yuan, paid_on=paid_on).order_by("pk")


def _lock_submitted(payment: Payment, permission: str, *, by: User, version: int | None) -> Payment:
    if not by.has_perm(permission):
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


def _require_open(project: Project, basis: str) -> None:
    """After the end nothing is paid; retention outlives closing."""
    outlives = project.stage == Stage.CLOSED and basis == PaymentBasis.RETENTION
    if project.stage in {Stage.TERMINATED, Stage.CLOSED} and not outlives:
        raise Refused(
            "project_has_ended",
            _("The project is “%(stage)s”: nothing but retention of a closed one is paid.")
            % {"stage": project.get_stage_display()},
        )


def _require_within_share(funding: ProjectFunding, amount_yuan: Decimal) -> None:
    left = funding.net_yuan() - funding.paid_yuan()
    if amount_yuan > left:
        raise Refused(
            "share_overpaid",
            _("This share has %(left)s yuan left to pay; %(wanted)s is more.")
            % {"left": f"{left:,.2f}", "wanted": f"{amount_yuan:,.2f}"},
        )


def _require_no_look_alike(payee: Organisation, amount_yuan: Decimal, paid_on: date) -> None:
    """The caller took the payee's turn, so of two equal payments at once the second is told."""
    other = look_alikes(payee, amount_yuan, paid_on).first()
    if other is None:
        return
    raise Refused(
        "looks_like_a_duplicate",
        _(
            "“%(payee)s” was paid %(amount)s yuan on %(day)s by voucher %(voucher)s already; if"
            " this is another payment, write down why."
        )
        % {
            "payee": payee,
            "amount": f"{amount_yuan:,.2f}",
            "day": date_format(paid_on),
            "voucher": other.voucher_no,
        },
        {"duplicate_reason": _("Say why this is no duplicate.")},
    )
