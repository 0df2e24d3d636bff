"""Projects that ran before the office worked with this system."""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, F, Q
from django.utils.translation import gettext_lazy as _

from assistance.models.rows import LedgerRow, counted_by_other_hands, is_one_of
from projects.models.history import Nature
from projects.models.project import OfProjectQuerySet, Project
from projects.models.road import TAKEN_OVER_AT, Stage


class OpeningQuerySet(OfProjectQuerySet["Opening"]):
    business_day = "as_of"


class Opening(LedgerRow):
    """Where a project stood on the day ``as_of`` when it was taken over (期初录入). It counts once
    a reviewer confirmed it; its shares bear ``opening`` and hold what was paid before.
    """

    project = models.OneToOneField(
        Project, models.PROTECT, related_name="opening", verbose_name=_("project")
    )
    as_of = models.DateField(_("as of"))
    stage = models.CharField(_("stage"), max_length=12, choices=Stage)
    nature = models.CharField(_("nature"), max_length=4, choices=Nature)
    year = models.PositiveSmallIntegerField(_("year of the plan"))
    physical_pct = models.DecimalField(_("physical progress (%)"), max_digits=5, decimal_places=2)
    actual_start = models.DateField(_("works began on"), null=True, blank=True)
    actual_end = models.DateField(_("works ended on"), null=True, blank=True)
    source_file = models.CharField(_("taken from the file"), max_length=200)
    source_row = models.PositiveIntegerField(_("row"), null=True, blank=True)

    objects = OpeningQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("opening")
        verbose_name_plural = _("openings")
        ordering = ["-id"]
        default_permissions = ("add", "view")
        permissions = [("confirm_opening", _("Can confirm an opening"))]
        constraints = [
            *LedgerRow.Meta.constraints,
            counted_by_other_hands(),
            CheckConstraint(
                name="opening_stage_is_known", condition=is_one_of("stage", TAKEN_OVER_AT)
            ),
            CheckConstraint(
                name="opening_nature_is_known", condition=is_one_of("nature", Nature.values)
            ),
            CheckConstraint(
                name="opening_progress_is_a_percentage", condition=Q(physical_pct__range=(0, 100))
            ),
            CheckConstraint(
                name="opening_days_in_order",
                condition=(Q(actual_start=None) | Q(actual_start__lte=F("as_of")))
                & (Q(actual_end=None) | Q(actual_end__lte=F("as_of")))
                & (
                    Q(actual_start=None) | Q(actual_end=None) | Q(actual_start__lte=F("actual_end"))
                ),
                violation_error_message=_(
                    "The works cannot end before they began, nor after the day of the opening."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project} · {self.as_of}"
