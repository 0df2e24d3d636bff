"""The transfers that bring a plan's money, and what went back of them."""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.db.models.functions import Coalesce, ExtractYear
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.models import Organisation
from assistance.models.rows import (
    LedgerQuerySet,
    LedgerRow,
    counted_by_other_hands,
    is_one_of,
    yuan,
)
from projects.models.funds.plans import FundPlan


class TransferQuerySet(LedgerQuerySet["Transfer"]):
    seen_through = "fund_plan__pairing"
    business_day = "arrived_on"


class TransferStatus(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("status", "draft")
    CONFIRMED = "confirmed", pgettext_lazy("status", "confirmed")
    VOIDED = "voided", pgettext_lazy("status", "voided")


class Transfer(LedgerRow):
    """Money on its way from the donor's treasury to the recipient's (level A). It counts once
    finance confirmed its arrival.
    """

    fund_plan = models.ForeignKey(
        FundPlan, models.PROTECT, related_name="transfers", verbose_name=_("fund plan")
    )
    amount_yuan = yuan(_("amount (yuan)"))
    sent_on = models.DateField(_("sent on"))
    arrived_on = models.DateField(_("arrived on"), null=True, blank=True)
    treasury = models.ForeignKey(
        Organisation,
        models.PROTECT,
        related_name="transfers_received",
        verbose_name=_("receiving treasury"),
    )
    voucher_no = models.CharField(_("voucher no."), max_length=60, blank=True)
    over_doc_no = models.CharField(
        _("document for over-arrival"),
        max_length=80,
        blank=True,
        help_text=_("needed where more arrives than was planned"),
    )
    status = models.CharField(
        _("status"),
        max_length=10,
        choices=TransferStatus,
        default=TransferStatus.DRAFT,
        editable=False,
    )

    objects = TransferQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        ordering = ["-sent_on", "-id"]
        default_permissions = ("add", "view")
        permissions = [
            ("report_arrival_transfer", _("Can report the arrival of a transfer")),
            ("confirm_transfer", _("Can confirm a transfer")),
        ]
        constraints = [
            *LedgerRow.Meta.constraints,
            counted_by_other_hands(),
            CheckConstraint(
                name="transfer_status_is_known",
                condition=is_one_of("status", TransferStatus.values),
            ),
            CheckConstraint(name="transfer_is_positive", condition=Q(amount_yuan__gt=0)),
            CheckConstraint(
                name="transfer_days_in_order",
                condition=Q(arrived_on=None) | Q(arrived_on__gte=F("sent_on")),
                violation_error_message=_("The money would arrive before it was sent."),
            ),
            CheckConstraint(
                name="transfer_counts_when_confirmed",
                condition=Q(status=TransferStatus.DRAFT, counted_at=None, voided_at=None)
                | Q(
                    status=TransferStatus.CONFIRMED,
                    counted_at__isnull=False,
                    arrived_on__isnull=False,
                    voided_at=None,
                )
                & ~Q(voucher_no="")
                | Q(status=TransferStatus.VOIDED, voided_at__isnull=False),
            ),
            UniqueConstraint(
                "treasury",
                "voucher_no",
                ExtractYear(Coalesce("arrived_on", "sent_on")),
                name="transfer_voucher_once_per_treasury_and_year",
                condition=~Q(voucher_no="") & Q(voided_at=None),
                violation_error_message=_(
                    "This treasury already has a transfer with this voucher number in this year."
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["fund_plan", "arrived_on"], name="transfer_plan_arrival"),
            models.Index(fields=["-sent_on", "-id"], name="transfer_latest"),
            models.Index(fields=["-updated_at", "-id"], name="transfer_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_yuan:,.2f} · {self.sent_on}"


class TransferReturnQuerySet(LedgerQuerySet["TransferReturn"]):
    seen_through = "transfer__fund_plan__pairing"
    business_day = "returned_on"


class TransferReturn(LedgerRow):
    """Money of a transfer that went back to the donor. It counts once finance confirmed it."""

    transfer = models.ForeignKey(
        Transfer, models.PROTECT, related_name="returns", verbose_name=_("transfer")
    )
    amount_yuan = yuan(_("amount (yuan)"))
    returned_on = models.DateField(_("returned on"))
    voucher_no = models.CharField(_("voucher no."), max_length=60)
    reason = models.TextField(_("reason"))
    status = models.CharField(
        _("status"),
        max_length=10,
        choices=TransferStatus,
        default=TransferStatus.DRAFT,
        editable=False,
    )

    objects = TransferReturnQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("return of a transfer")
        verbose_name_plural = _("returns of transfers")
        ordering = ["-returned_on", "-id"]
        default_permissions = ("add", "view")
        permissions = [("confirm_transferreturn", _("Can confirm the return of a transfer"))]
        constraints = [
            *LedgerRow.Meta.constraints,
            counted_by_other_hands(),
            CheckConstraint(
                name="transfer_return_status_is_known",
                condition=is_one_of("status", TransferStatus.values),
            ),
            CheckConstraint(name="transfer_return_is_positive", condition=Q(amount_yuan__gt=0)),
            CheckConstraint(
                name="transfer_return_has_voucher_and_reason",
                condition=~Q(voucher_no="") & ~Q(reason=""),
            ),
            CheckConstraint(
                name="transfer_return_counts_when_confirmed",
                condition=Q(status=TransferStatus.DRAFT, counted_at=None, voided_at=None)
                | Q(status=TransferStatus.CONFIRMED, counted_at__isnull=False, voided_at=None)
                | Q(status=TransferStatus.VOIDED, voided_at__isnull=False),
            ),
            UniqueConstraint(
                "transfer",
                "voucher_no",
                ExtractYear("returned_on"),
                name="transfer_return_voucher_once",
                condition=Q(voided_at=None),
                violation_error_message=_("This return is entered already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount_yuan:,.2f} · {self.returned_on}"
