"""What projects hold of the plans."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from assistance.models.rows import LedgerRow, counted_by_other_hands, is_one_of, yuan
from projects.models.funds.plans import FundPlan
from projects.models.funds.sources import WITHOUT_A_PLAN, Source, total_yuan
from projects.models.project import OfProjectQuerySet, Project


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
