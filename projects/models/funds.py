"""The money: plans that promise it, transfers that bring it, projects' shares of it, payments."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import CheckConstraint, F, Q, Sum, UniqueConstraint
from django.db.models.functions import Coalesce, ExtractYear
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.models import Organisation, Pairing
from assistance.models.rows import (
    LedgerQuerySet,
    LedgerRow,
    counted_by_other_hands,
    is_one_of,
    kept_yuan,
    yuan,
)
from projects.models.project import OfProjectQuerySet, Project

ZERO = Decimal(0)


class Source(models.TextChoices):
    PROV = "PROV", pgettext_lazy("source", "province-coordinated fiscal aid")
    CITY = "CITY", pgettext_lazy("source", "city")
    DIST = "DIST", pgettext_lazy("source", "district")
    MS = "MS", pgettext_lazy("source", "Mountain–Sea special fund")
    DON_CASH = "DON_CASH", pgettext_lazy("source", "donations in cash")
    DON_KIND = "DON_KIND", pgettext_lazy("source", "donations in kind")
    MATCH = "MATCH", pgettext_lazy("source", "recipient's matching funds")
    SELF = "SELF", pgettext_lazy("source", "unit's own funds")


AID = (Source.PROV, Source.CITY, Source.DIST, Source.MS)
WITHOUT_A_PLAN = (Source.MATCH, Source.SELF)
PAID_THROUGH_THE_LEDGER = (*AID, Source.DON_CASH)

# The column of a project's application that the shares from each source have to add up to.
REQUESTED_IN: dict[str, str] = {
    **{source.value: "aid_yuan" for source in AID},
    Source.DON_CASH.value: "donation_yuan",
    Source.DON_KIND.value: "donation_yuan",
    Source.MATCH.value: "match_yuan",
    Source.SELF.value: "self_yuan",
}


def total_yuan(rows: models.QuerySet[Any], column: str = "amount_yuan") -> Decimal:
    """Yuan in a column of the rows, summed by the database."""
    total: Decimal = rows.aggregate(sum=Coalesce(Sum(column), ZERO))["sum"]
    return total


class FundPlanQuerySet(LedgerQuerySet["FundPlan"]):
    seen_through = "pairing"
    business_day = "issued_on"


class FundPlanStatus(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("status", "draft")
    ISSUED = "issued", pgettext_lazy("status", "issued")
    CLOSED = "closed", pgettext_lazy("status", "closed")


class FundPlan(LedgerRow):
    """Money promised to one pairing from one source for one fiscal year (资金计划).

    It counts from its issue on.
    """

    pairing = models.ForeignKey(
        Pairing, models.PROTECT, related_name="fund_plans", verbose_name=_("pairing")
    )
    fiscal_year = models.PositiveSmallIntegerField(_("fiscal year"))
    source = models.CharField(_("source"), max_length=8, choices=Source)
    amount_yuan = yuan(_("amount (yuan)"))
    doc_no = models.CharField(_("document no."), max_length=80, blank=True)
    issued_on = models.DateField(_("issued on"))
    basis = models.TextField(
        _("basis"), blank=True, help_text=_("needed where there is no document number")
    )
    is_inferred = models.BooleanField(_("inferred"), default=False)
    closed_doc_no = models.CharField(
        _("document of the write-off"), max_length=80, blank=True, editable=False
    )
    # Read columns, kept by the database: shares and their adjustments; transfers less returns. All
    # by what is known now, whatever the day.
    total_committed_yuan = kept_yuan(_("committed (yuan)"))
    total_arrived_yuan = kept_yuan(_("arrived (yuan)"))
    status = models.CharField(
        _("status"),
        max_length=6,
        choices=FundPlanStatus,
        default=FundPlanStatus.DRAFT,
        editable=False,
    )

    objects = FundPlanQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("fund plan")
        verbose_name_plural = _("fund plans")
        ordering = ["-fiscal_year", "pairing_id", "source", "id"]
        default_permissions = ("add", "change", "view")
        permissions = [
            ("issue_fundplan", _("Can issue a fund plan")),
            ("close_fundplan", _("Can close a fund plan")),
        ]
        constraints = [
            *LedgerRow.Meta.constraints,
            counted_by_other_hands(),
            CheckConstraint(
                name="fund_plan_source_is_known", condition=is_one_of("source", Source.values)
            ),
            CheckConstraint(
                name="fund_plan_status_is_known",
                condition=is_one_of("status", FundPlanStatus.values),
            ),
            CheckConstraint(name="fund_plan_is_positive", condition=Q(amount_yuan__gt=0)),
            CheckConstraint(
                name="fund_plan_fiscal_year_is_plausible",
                condition=Q(fiscal_year__range=(1990, 2100)),
            ),
            CheckConstraint(
                name="fund_plan_has_a_document_or_a_basis",
                condition=~Q(doc_no="") | ~Q(basis=""),
                violation_error_message=_(
                    "Give the document number, or say on what the plan is based."
                ),
            ),
            CheckConstraint(
                name="fund_plan_needs_a_plan_source",
                condition=~Q(source__in=WITHOUT_A_PLAN),
                violation_error_message=_(
                    "Matching and own funds have no fund plan; enter them on the project."
                ),
            ),
            CheckConstraint(
                name="fund_plan_counts_when_issued",
                condition=Q(status=FundPlanStatus.DRAFT, counted_at=None)
                | ~Q(status=FundPlanStatus.DRAFT) & Q(counted_at__isnull=False),
            ),
            # what a share of this plan refers to: see the foreign key of (plan, year, source) in
            # migration 0002
            UniqueConstraint(
                name="fund_plan_year_and_source", fields=["id", "fiscal_year", "source"]
            ),
        ]
        indexes = [models.Index(fields=["pairing", "fiscal_year"], name="fund_plan_pairing_year")]

    def __str__(self) -> str:
        return f"{self.fiscal_year} {self.get_source_display()} {self.pairing}"

    def committed_yuan(self) -> Decimal:
        """Yuan of this plan that approved projects hold; the caller holds the plan's lock if the
        sum decides anything.
        """
        shares = self.shares.counting()
        deltas = shares.filter(adjustments__counted_at__isnull=False, adjustments__voided_at=None)
        return total_yuan(shares) + total_yuan(deltas, "adjustments__delta_yuan")

    def arrived_yuan(self) -> Decimal:
        """Yuan of this plan that confirmed transfers brought, less what went back."""
        returned = TransferReturn.objects.counting().filter(transfer__fund_plan=self)
        return total_yuan(self.transfers.counting()) - total_yuan(returned)


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

    seen_through = "project__pairing"


class ProjectFundingQuerySet(OfProjectQuerySet["ProjectFunding"]):
    business_day = "approved_on"


class ProjectFunding(LedgerRow):
    """A project's share of a fund plan (安排). Allotted by the clerk, it counts from the project's
    approval on.
    """

    project = models.ForeignKey(
        Project, models.PROTECT, related_name="funding", verbose_name=_("project")
    )
    source = models.CharField(_("source"), max_length=8, choices=Source)
    fund_plan = models.ForeignKey(
        FundPlan,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="shares",
        verbose_name=_("fund plan"),
    )
    fiscal_year = models.PositiveSmallIntegerField(_("fiscal year"))
    amount_yuan = yuan(_("amount (yuan)"))
    approved_on = models.DateField(_("approved on"), null=True, blank=True)
    doc_no = models.CharField(_("document no."), max_length=80, blank=True)
    opening = models.ForeignKey(
        "projects.Opening",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="shares",
        verbose_name=_("opening"),
    )
    opening_paid_yuan = yuan(_("paid before it was taken over (yuan)"), default=Decimal(0))
    change_request = models.ForeignKey(
        "projects.ChangeRequest",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="shares",
        verbose_name=_("change request"),
    )

    objects = ProjectFundingQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("project funding")
        verbose_name_plural = _("project funding")
        ordering = ["project_id", "id"]
        default_permissions = ("add", "view")
        constraints = [
            *LedgerRow.Meta.constraints,
            counted_by_other_hands(),
            CheckConstraint(
                name="funding_source_is_known", condition=is_one_of("source", Source.values)
            ),
            CheckConstraint(name="funding_is_positive", condition=Q(amount_yuan__gt=0)),
            CheckConstraint(
                name="funding_draws_on_a_plan",
                condition=Q(source__in=WITHOUT_A_PLAN, fund_plan=None)
                | ~Q(source__in=WITHOUT_A_PLAN)
                & (Q(fund_plan__isnull=False) | Q(opening__isnull=False)),
            ),
            CheckConstraint(
                name="funding_paid_before_is_of_an_opening",
                condition=Q(opening_paid_yuan=0)
                | Q(opening__isnull=False, opening_paid_yuan__gte=0)
                & Q(opening_paid_yuan__lte=F("amount_yuan"))
                & ~Q(source__in=[*WITHOUT_A_PLAN, Source.DON_KIND]),
                violation_error_message=_("More was paid before than the share holds."),
            ),
            CheckConstraint(
                name="funding_counts_when_approved",
                condition=Q(counted_at=None, approved_on=None)
                | Q(counted_at__isnull=False, approved_on__isnull=False) & ~Q(doc_no=""),
            ),
            UniqueConstraint(
                name="funding_once_per_project_and_plan",
                fields=["project", "source", "fund_plan"],
                nulls_distinct=False,
                condition=Q(voided_at=None),
                violation_error_message=_(
                    "This project already has a share from this plan; drop it first."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_source_display()} · {self.amount_yuan:,.2f}"

    def net_yuan(self) -> Decimal:
        """Yuan of this share with its adjustments."""
        amount: Decimal = self.amount_yuan
        return amount + total_yuan(self.adjustments.counting(), "delta_yuan")

    def paid_yuan(self) -> Decimal:
        """Yuan of this share that verified payments paid out, less what was paid back; what was
        paid before it was taken over included.
        """
        before: Decimal = self.opening_paid_yuan
        return before + total_yuan(self.payments.counting()) - total_yuan(self.refunds.counting())
