"""Who looked at a project afterwards, and what they found."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import CheckConstraint, F, GeneratedField, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.models import Pairing
from assistance.models.rows import (
    LedgerQuerySet,
    LedgerRow,
    counted_by_other_hands,
    is_one_of,
    yuan,
)
from projects.models.project import OfProjectQuerySet, Project

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class AuditKind(models.TextChoices):
    SETTLEMENT = "settlement", pgettext_lazy("audit", "settlement audit")
    SPECIAL = "special", pgettext_lazy("audit", "special audit")
    TRACKING = "tracking", pgettext_lazy("audit", "tracking audit")


class AuditRecordQuerySet(OfProjectQuerySet["AuditRecord"]):
    business_day = "issued_on"


class AuditRecord(LedgerRow):
    """An audit report about a project; ``audited_yuan`` is the aid that the auditors confirm."""

    project = models.ForeignKey(
        Project, models.PROTECT, related_name="audit_records", verbose_name=_("project")
    )
    body = models.CharField(_("audited by"), max_length=100)
    kind = models.CharField(_("kind"), max_length=10, choices=AuditKind)
    report_no = models.CharField(_("report no."), max_length=80)
    issued_on = models.DateField(pgettext_lazy("audit", "issued on"))
    audited_yuan = yuan(_("audited amount (yuan)"))

    objects = AuditRecordQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("audit report")
        verbose_name_plural = _("audit reports")
        ordering = ["project_id", "-issued_on", "-id"]
        default_permissions = ("add", "view")
        constraints = [
            *LedgerRow.Meta.constraints,
            CheckConstraint(
                name="audit_kind_is_known", condition=is_one_of("kind", AuditKind.values)
            ),
            UniqueConstraint(
                name="audit_report_once_per_project",
                fields=["project", "report_no"],
                condition=Q(voided_at=None),
                violation_error_message=_("This audit report is on record already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.report_no}"


class FindingSource(models.TextChoices):
    AUDIT = "AUDIT", pgettext_lazy("finding", "audit")
    INSPECTION = "INSPECTION", pgettext_lazy("finding", "inspection")
    EVALUATION = "EVALUATION", pgettext_lazy("finding", "evaluation")
    COMPLAINT = "COMPLAINT", pgettext_lazy("finding", "complaint")


class FindingCategory(models.TextChoices):
    IDLE_MONEY = "IDLE_MONEY", pgettext_lazy("finding", "money carried over or idle")
    NO_TENDER = "NO_TENDER", pgettext_lazy("finding", "no tender")
    NO_SETTLEMENT = "NO_SETTLEMENT", pgettext_lazy("finding", "no settlement audit")
    DIVERTED = "DIVERTED", pgettext_lazy("finding", "diverted to office expenses")
    UNPAID = "UNPAID", pgettext_lazy("finding", "should have been paid")
    ASSET = "ASSET", pgettext_lazy("finding", "asset idle or without owner")
    OTHER = "OTHER", pgettext_lazy("finding", "other")


class FindingStatus(models.TextChoices):
    OPEN = "open", pgettext_lazy("status", "open")
    RECTIFYING = "rectifying", pgettext_lazy("status", "being rectified")
    CLOSED = "closed", pgettext_lazy("finding status", "closed")


class FindingQuerySet(LedgerQuerySet["Finding"]):
    seen_through = "pairing"
    business_day = "found_on"


class Finding(LedgerRow):
    """Something that is wrong and has to be put right by a day. It counts once it is raised."""

    pairing = models.ForeignKey(
        Pairing, models.PROTECT, related_name="findings", verbose_name=_("pairing")
    )
    project = models.ForeignKey(
        Project,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="findings",
        verbose_name=_("project"),
    )
    source = models.CharField(_("found by"), max_length=10, choices=FindingSource)
    category = models.CharField(_("category"), max_length=13, choices=FindingCategory)
    description = models.TextField(_("what was found"))
    amount_yuan = yuan(_("amount concerned (yuan)"), default=Decimal(0))
    found_on = models.DateField(_("found on"))
    due_on = models.DateField(_("to be put right by"))
    rectification = models.TextField(_("what was done about it"), blank=True)
    rectified_on = models.DateField(_("put right on"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, editable=False)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("closed by"),
    )
    status = models.CharField(
        _("status"),
        max_length=10,
        choices=FindingStatus,
        default=FindingStatus.OPEN,
        editable=False,
    )

    objects = FindingQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        ordering = ["due_on", "id"]
        default_permissions = ("add", "view")
        permissions = [
            ("rectify_finding", _("Can report that a finding was put right")),
            ("close_finding", _("Can close a finding")),
        ]
        constraints = [
            *LedgerRow.Meta.constraints,
            CheckConstraint(
                name="finding_source_is_known", condition=is_one_of("source", FindingSource.values)
            ),
            CheckConstraint(
                name="finding_category_is_known",
                condition=is_one_of("category", FindingCategory.values),
            ),
            CheckConstraint(
                name="finding_status_is_known", condition=is_one_of("status", FindingStatus.values)
            ),
            CheckConstraint(
                name="finding_days_in_order",
                condition=Q(found_on__lte=F("due_on"))
                & (Q(rectified_on=None) | Q(rectified_on__gte=F("found_on"))),
                violation_error_message=_("The days are not in order."),
            ),
            CheckConstraint(
                name="finding_closed_at_and_by",
                condition=Q(closed_at=None, closed_by=None) & ~Q(status=FindingStatus.CLOSED)
                | Q(
                    closed_at__isnull=False,
                    closed_by__isnull=False,
                    rectified_on__isnull=False,
                    status=FindingStatus.CLOSED,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_category_display()} · {self.due_on}"


def points(label: _StrPromise, most: int) -> models.DecimalField[Decimal, Decimal]:
    """A column of points from 0 to ``most``."""
    return models.DecimalField(
        label,
        max_digits=5,
        decimal_places=2,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(most))],
    )


# From how many points on; the best first.
GRADES = ((90, "优"), (80, "良"), (60, "中"), (0, "差"))


class EvaluationQuerySet(OfProjectQuerySet["Evaluation"]):
    business_day = "evaluated_on"


class Evaluation(LedgerRow):
    """How well a project did in one year, in points of 100 (assumed after 财预〔2020〕10号).

    It counts once a reviewer confirmed it.
    """

    EXECUTION, OUTPUT, BENEFIT, SATISFACTION = 10, 50, 30, 10

    project = models.ForeignKey(
        Project, models.PROTECT, related_name="evaluations", verbose_name=_("project")
    )
    year = models.PositiveSmallIntegerField(_("year"))
    evaluated_on = models.DateField(_("evaluated on"))
    execution = points(_("execution of the budget (10)"), EXECUTION)
    output = points(_("output (50)"), OUTPUT)
    benefit = points(_("benefit (30)"), BENEFIT)
    satisfaction = points(_("satisfaction (10)"), SATISFACTION)
    total = GeneratedField(
        expression=F("execution") + F("output") + F("benefit") + F("satisfaction"),
        output_field=models.DecimalField(_("points"), max_digits=5, decimal_places=2),
        db_persist=True,
    )
    remarks = models.TextField(_("remarks"), blank=True)

    objects = EvaluationQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("evaluation")
        verbose_name_plural = _("evaluations")
        ordering = ["project_id", "-year"]
        default_permissions = ("add", "view")
        permissions = [("confirm_evaluation", _("Can confirm an evaluation"))]
        constraints = [
            *LedgerRow.Meta.constraints,
            counted_by_other_hands(),
            CheckConstraint(
                name="evaluation_points_are_in_range",
                condition=Q(
                    execution__range=(0, 10),
                    output__range=(0, 50),
                    benefit__range=(0, 30),
                    satisfaction__range=(0, 10),
                ),
            ),
            UniqueConstraint(
                name="evaluation_once_per_project_and_year",
                fields=["project", "year"],
                condition=Q(voided_at=None),
                violation_error_message=_("This project is evaluated for this year already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year} · {self.total}"

    @property
    def grade(self) -> str:
        """优 from 90 points, 良 from 80, 中 from 60, 差 below."""
        return next(grade for least, grade in GRADES if self.total >= least)
