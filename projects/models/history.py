"""What happened to a project: its place in the plan of each year, its steps, and how far its works
are.
"""

from __future__ import annotations

from functools import reduce
from operator import or_

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.models.rows import (
    LedgerRow,
    counted_by_other_hands,
    is_one_of,
    yuan,
)
from projects.models.project import OfProjectQuerySet, Project
from projects.models.road import ON_THE_ROAD, TAKEN_OVER_AT, Stage


class YearPlanEntryQuerySet(OfProjectQuerySet["YearPlanEntry"]):
    business_day = "entered_on"


class Nature(models.TextChoices):
    NEW = "NEW", pgettext_lazy("nature", "new")
    CONT = "CONT", pgettext_lazy("nature", "continuing")


class YearPlanEntry(LedgerRow):
    """A project's place in the plan of one year: new in its first year, continuing later."""

    project = models.ForeignKey(
        Project, models.PROTECT, related_name="year_plan_entries", verbose_name=_("project")
    )
    year = models.PositiveSmallIntegerField(_("year"))
    nature = models.CharField(_("nature"), max_length=4, choices=Nature)
    planned_invest_yuan = yuan(_("planned investment (yuan)"))
    entered_on = models.DateField(_("in the plan since"))
    released_on = models.DateField(_("released on"), null=True, blank=True)

    objects = YearPlanEntryQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("year plan entry")
        verbose_name_plural = _("year plan entries")
        ordering = ["-year", "project_id"]
        default_permissions = ("view",)
        constraints = [
            *LedgerRow.Meta.constraints,
            CheckConstraint(
                name="year_plan_nature_is_known", condition=is_one_of("nature", Nature.values)
            ),
            CheckConstraint(
                name="year_plan_days_in_order",
                condition=Q(released_on=None) | Q(released_on__gte=F("entered_on")),
            ),
            CheckConstraint(
                name="year_plan_sum_is_not_negative", condition=Q(planned_invest_yuan__gte=0)
            ),
            UniqueConstraint(
                name="project_once_per_year_plan",
                fields=["project", "year"],
                condition=Q(voided_at=None),
            ),
            UniqueConstraint(
                name="project_is_new_once",
                fields=["project"],
                condition=Q(nature=Nature.NEW, voided_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.get_nature_display()}"


class StageChangeQuerySet(OfProjectQuerySet["StageChange"]):
    business_day = "effective_on"


class StageChange(LedgerRow):
    """One step of a project: the day it took effect, the instant it was recorded (``counted_at``),
    by whom, on what paper.
    """

    project = models.ForeignKey(
        Project, models.PROTECT, related_name="stage_changes", verbose_name=_("project")
    )
    from_stage = models.CharField(_("from"), max_length=12, choices=Stage, blank=True)
    to_stage = models.CharField(_("to"), max_length=12, choices=Stage)
    effective_on = models.DateField(_("effective on"))
    reason = models.TextField(_("reason"), blank=True)
    doc_no = models.CharField(_("document no."), max_length=80, blank=True)
    resumes_on = models.DateField(_("to go on from"), null=True, blank=True)
    opening = models.ForeignKey(
        "projects.Opening",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("opening"),
    )

    objects = StageChangeQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("stage change")
        verbose_name_plural = _("stage changes")
        ordering = ["project_id", "effective_on", "id"]
        default_permissions = ("view",)
        constraints = [
            *LedgerRow.Meta.constraints,
            CheckConstraint(
                name="stage_change_is_on_the_road",
                condition=reduce(
                    or_,
                    (Q(from_stage=was, to_stage=became) for was, became in sorted(ON_THE_ROAD)),
                    Q(from_stage="", to_stage=Stage.DRAFT)
                    | Q(from_stage=Stage.DRAFT, to_stage__in=TAKEN_OVER_AT, opening__isnull=False),
                ),
            ),
            CheckConstraint(
                name="stage_change_of_an_opening_is_the_first",
                condition=Q(opening=None) | Q(from_stage=Stage.DRAFT),
            ),
            CheckConstraint(
                name="stage_change_resumes_after_it_rests",
                condition=Q(resumes_on=None)
                | Q(to_stage=Stage.SUSPENDED, resumes_on__gt=F("effective_on")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.effective_on} {self.get_to_stage_display()}"


class ProgressReportQuerySet(OfProjectQuerySet["ProgressReport"]):
    business_day = "measured_on"


class ProgressStatus(models.TextChoices):
    SUBMITTED = "submitted", pgettext_lazy("status", "submitted")
    RETURNED = "returned", pgettext_lazy("status", "returned")
    VERIFIED = "verified", pgettext_lazy("status", "verified")


class ProgressReport(LedgerRow):
    """How far the works of a project are, once per month, in per cent of the whole."""

    project = models.ForeignKey(
        Project, models.PROTECT, related_name="progress_reports", verbose_name=_("project")
    )
    period = models.CharField(
        _("month"),
        max_length=7,
        validators=[RegexValidator(r"^\d{4}-(0[1-9]|1[0-2])$", _("Write the month as 2021-06."))],
    )
    measured_on = models.DateField(_("measured on"))
    physical_pct = models.DecimalField(_("physical progress (%)"), max_digits=5, decimal_places=2)
    narrative = models.TextField(_("what was done"))
    quantities = models.JSONField(_("quantities done so far"), default=list, blank=True)
    problems = models.TextField(_("problems"), blank=True)
    status = models.CharField(
        _("status"),
        max_length=10,
        choices=ProgressStatus,
        default=ProgressStatus.SUBMITTED,
        editable=False,
    )
    return_reason = models.TextField(_("reason for the return"), blank=True, editable=False)

    objects = ProgressReportQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("progress report")
        verbose_name_plural = _("progress reports")
        ordering = ["-period", "-id"]
        default_permissions = ("add", "view")
        permissions = [("verify_progressreport", _("Can verify progress on site"))]
        constraints = [
            *LedgerRow.Meta.constraints,
            counted_by_other_hands(),
            CheckConstraint(
                name="progress_status_is_known",
                condition=is_one_of("status", ProgressStatus.values),
            ),
            CheckConstraint(
                name="progress_counts_when_verified",
                condition=Q(status=ProgressStatus.VERIFIED, counted_at__isnull=False)
                | ~Q(status=ProgressStatus.VERIFIED) & Q(counted_at=None),
            ),
            CheckConstraint(
                name="progress_is_a_percentage", condition=Q(physical_pct__range=(0, 100))
            ),
            CheckConstraint(
                name="progress_period_is_a_month",
                condition=Q(period__regex=r"^\d{4}-(0[1-9]|1[0-2])$"),
            ),
            UniqueConstraint(
                name="progress_once_per_month",
                fields=["project", "period"],
                condition=Q(voided_at=None) & ~Q(status=ProgressStatus.RETURNED),
                violation_error_message=_(
                    "This project already has a progress report for this month."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period} {self.physical_pct}%"
