"""Money from the recipient's treasury to the implementing unit (level B), and back from it."""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.db.models.functions import ExtractYear
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.models import Organisation, User
from assistance.models.rows import (
    LedgerQuerySet,
    LedgerRow,
    counted_by_other_hands,
    is_one_of,
    yuan,
)
from projects.models.funds import ProjectFunding


class PaymentQuerySet(LedgerQuerySet["Payment"]):
    seen_through = "project_funding__project__pairing"
    business_day = "paid_on"


class PaymentBasis(models.TextChoices):
    START = "START", pgettext_lazy("payment", "on start")
    PROGRESS = "PROGRESS", pgettext_lazy("payment", "on progress")
    COMPLETION = "COMPLETION", pgettext_lazy("payment", "on completion")
    ACCEPTANCE = "ACCEPTANCE", pgettext_lazy("payment", "on acceptance")
    RETENTION = "RETENTION", pgettext_lazy("payment", "retention")
    REIMBURSE = "REIMBURSE", pgettext_lazy("payment", "reimbursement")


class PaymentStatus(models.TextChoices):
    SUBMITTED = "submitted", pgettext_lazy("status", "submitted")
    VERIFIED = "verified", pgettext_lazy("status", "verified")
    REJECTED = "rejected", pgettext_lazy("status", "rejected")
    VOIDED = "voided", pgettext_lazy("status", "voided")


class Payment(LedgerRow):
    """Money from the recipient's treasury to the implementing unit (level B). It counts once it is
    verified.
    """

    project_funding = models.ForeignKey(
        ProjectFunding, models.PROTECT, related_name="payments", verbose_name=_("project funding")
    )
    seq = models.PositiveSmallIntegerField(_("no."), editable=False)
    basis = models.CharField(_("basis"), max_length=10, choices=PaymentBasis)
    amount_yuan = yuan(_("amount (yuan)"))
    paid_on = models.DateField(_("paid on"))
    treasury = models.ForeignKey(
        Organisation,
        models.PROTECT,
        related_name="payments_made",
        verbose_name=_("paying treasury"),
    )
    payee = models.ForeignKey(
        Organisation, models.PROTECT, related_name="payments_received", verbose_name=_("payee")
    )
    voucher_no = models.CharField(_("voucher no."), max_length=60)
    claimed_progress_pct = models.DecimalField(
        _("progress claimed (%)"), max_digits=5, decimal_places=2, null=True, blank=True
    )
    status = models.CharField(
        _("status"),
        max_length=10,
        choices=PaymentStatus,
        default=PaymentStatus.SUBMITTED,
        editable=False,
    )
    rejection_reason = models.TextField(_("reason for the rejection"), blank=True, editable=False)
    duplicate_reason = models.TextField(
        _("why this is no duplicate"),
        blank=True,
        help_text=_("needed where the same payee got the same amount on the same day"),
    )
    front_remark = models.TextField(_("front team's remark"), blank=True, editable=False)
    front_remark_at = models.DateTimeField(_("remarked at"), null=True, editable=False)
    front_remark_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("remarked by"),
    )

    objects = PaymentQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["-paid_on", "-id"]
        default_permissions = ("add", "view")
        permissions = [
            ("verify_payment", _("Can verify a payment")),
            ("remark_payment", _("Can remark on a payment on site")),
        ]
        constraints = [
            *LedgerRow.Meta.constraints,
            counted_by_other_hands(),
            CheckConstraint(
                name="payment_basis_is_known", condition=is_one_of("basis", PaymentBasis.values)
            ),
            CheckConstraint(
                name="payment_status_is_known", condition=is_one_of("status", PaymentStatus.values)
            ),
            CheckConstraint(name="payment_is_positive", condition=Q(amount_yuan__gt=0)),
            CheckConstraint(name="payment_has_a_voucher", condition=~Q(voucher_no="")),
            CheckConstraint(
                name="payment_progress_is_a_percentage",
                condition=Q(claimed_progress_pct=None) | Q(claimed_progress_pct__range=(0, 100)),
            ),
            CheckConstraint(
                name="payment_counts_when_verified",
                condition=Q(status=PaymentStatus.SUBMITTED, counted_at=None, voided_at=None)
                | Q(status=PaymentStatus.VERIFIED, counted_at__isnull=False, voided_at=None)
                | Q(status=PaymentStatus.REJECTED, counted_at=None)
                | Q(status=PaymentStatus.VOIDED, voided_at__isnull=False),
            ),
            CheckConstraint(
                name="payment_remark_at_and_by",
                condition=Q(front_remark="", front_remark_at=None, front_remark_by=None)
                | Q(front_remark_at__isnull=False, front_remark_by__isnull=False)
                & ~Q(front_remark=""),
            ),
            UniqueConstraint(
                name="payment_seq_once_per_funding", fields=["project_funding", "seq"]
            ),
            UniqueConstraint(
                "treasury",
                "voucher_no",
                ExtractYear("paid_on"),
                name="payment_voucher_once_per_treasury_and_year",
                condition=Q(voided_at=None) & ~Q(status=PaymentStatus.REJECTED),
                violation_error_message=_(
                    "This treasury already has a payment with this voucher number in this year."
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["project_funding", "paid_on"], name="payment_funding_day"),
            models.Index(fields=["-paid_on", "-id"], name="payment_latest"),
            models.Index(fields=["-updated_at", "-id"], name="payment_newest"),
            models.Index(fields=["payee", "paid_on", "amount_yuan"], name="payment_look_alike"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_yuan:,.2f} · {self.paid_on}"


class RefundCause(models.TextChoices):
    SURPLUS = "SURPLUS", pgettext_lazy("refund", "surplus")
    TERMINATION = "TERMINATION", pgettext_lazy("refund", "termination")
    AUDIT = "AUDIT", pgettext_lazy("refund", "audit")


class RefundQuerySet(LedgerQuerySet["Refund"]):
    seen_through = "project_funding__project__pairing"
    business_day = "refunded_on"


class Refund(LedgerRow):
    """Money that the unit paid back to the treasury. It counts once finance verified it."""

    project_funding = models.ForeignKey(
        ProjectFunding, models.PROTECT, related_name="refunds", verbose_name=_("project funding")
    )
    amount_yuan = yuan(_("amount (yuan)"))
    refunded_on = models.DateField(_("refunded on"))
    cause = models.CharField(_("cause"), max_length=11, choices=RefundCause)
    treasury = models.ForeignKey(
        Organisation,
        models.PROTECT,
        related_name="refunds_received",
        verbose_name=_("receiving treasury"),
    )
    voucher_no = models.CharField(_("voucher no."), max_length=60)
    status = models.CharField(
        _("status"),
        max_length=10,
        choices=PaymentStatus,
        default=PaymentStatus.SUBMITTED,
        editable=False,
    )

    objects = RefundQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["-refunded_on", "-id"]
        default_permissions = ("add", "view")
        permissions = [("verify_refund", _("Can verify a refund"))]
        constraints = [
            *LedgerRow.Meta.constraints,
            counted_by_other_hands(),
            CheckConstraint(
                name="refund_cause_is_known", condition=is_one_of("cause", RefundCause.values)
            ),
            CheckConstraint(
                name="refund_status_is_known", condition=is_one_of("status", PaymentStatus.values)
            ),
            CheckConstraint(name="refund_is_positive", condition=Q(amount_yuan__gt=0)),
            CheckConstraint(name="refund_has_a_voucher", condition=~Q(voucher_no="")),
            CheckConstraint(
                name="refund_counts_when_verified",
                condition=Q(status=PaymentStatus.SUBMITTED, counted_at=None, voided_at=None)
                | Q(status=PaymentStatus.VERIFIED, counted_at__isnull=False, voided_at=None)
                | Q(status=PaymentStatus.VOIDED, voided_at__isnull=False),
            ),
            UniqueConstraint(
                "treasury",
                "voucher_no",
                ExtractYear("refunded_on"),
                name="refund_voucher_once_per_treasury_and_year",
                condition=Q(voided_at=None),
                violation_error_message=_(
                    "This treasury already has a refund with this voucher number in this year."
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["project_funding", "refunded_on"], name="refund_day"),
            models.Index(fields=["-updated_at", "-id"], name="refund_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_yuan:,.2f} · {self.refunded_on}"
