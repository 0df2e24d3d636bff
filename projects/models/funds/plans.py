"""The plans that promise money."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.models import Pairing
from assistance.models.rows import (
    LedgerQuerySet,
    LedgerRow,
    counted_by_other_hands,
    is_one_of,
    kept_yuan,
    yuan,
)
from projects.models.funds.sources import WITHOUT_A_PLAN, Source, total_yuan


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
        said = f"{self.fiscal_year} {self.get_source_display()} {self.pairing}"
        return f"{said} · {self.doc_no}" if self.doc_no else said

    def committed_yuan(self) -> Decimal:
        """Yuan of this plan that approved projects hold; the caller holds the plan's lock if the
        sum decides anything.
        """
        shares = self.shares.counting()
        deltas = shares.filter(adjustments__counted_at__isnull=False, adjustments__voided_at=None)
        return total_yuan(shares) + total_yuan(deltas, "adjustments__delta_yuan")

    def arrived_yuan(self) -> Decimal:
        """Yuan of this plan that confirmed transfers brought, less what went back."""
        arrived = self.transfers.counting()
        back = arrived.filter(returns__counted_at__isnull=False, returns__voided_at=None)
        return total_yuan(arrived) - total_yuan(back, "returns__amount_yuan")

    def paid_yuan(self) -> Decimal:
        """Yuan of this plan that were paid to units, less what they paid back; what was paid before
        the projects were taken over included.
        """
        shares = self.shares.counting()
        paid = shares.filter(payments__counted_at__isnull=False, payments__voided_at=None)
        back = shares.filter(refunds__counted_at__isnull=False, refunds__voided_at=None)
        return (
            total_yuan(shares, "opening_paid_yuan")
            + total_yuan(paid, "payments__amount_yuan")
            - total_yuan(back, "refunds__amount_yuan")
        )
