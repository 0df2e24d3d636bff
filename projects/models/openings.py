"""Projects that ran before the office worked with this system."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import models
from django.db.models import CheckConstraint, Count, F, Q, Sum, UniqueConstraint
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.models.rows import LedgerRow, counted_by_other_hands, is_one_of
from projects.models.funds.sources import AID, ZERO
from projects.models.history import Nature
from projects.models.project import OfProjectQuerySet, Project
from projects.models.road import TAKEN_OVER_AT, Stage


class TakenOver(NamedTuple):
    """How much was taken over: projects, and the fiscal aid that they held and had been paid, in
    yuan.
    """

    projects: int
    aid_yuan: Decimal
    paid_yuan: Decimal


class OpeningQuerySet(OfProjectQuerySet["Opening"]):
    business_day = "as_of"

    def waiting(self) -> OpeningQuerySet:
        """Entered, and neither confirmed nor declined."""
        return self.filter(counted_at=None, voided_at=None)

    def sums_as_at(self, day: date, known_at: datetime) -> TakenOver:
        """How much these openings brought, on ``day`` as known at ``known_at``, in one query.

        Without what was adjusted or paid afterwards; narrow it with ``within(scope)`` first.
        """
        counts = (
            Q(shares__counted_at__lte=known_at, shares__approved_on__lte=day)
            & (Q(shares__voided_at=None) | Q(shares__voided_at__gt=known_at))
            & Q(shares__source__in=AID)
        )
        sums = self.as_at(day, known_at).aggregate(
            projects=Count("pk", distinct=True),
            aid_yuan=Coalesce(Sum("shares__amount_yuan", filter=counts), ZERO),
            paid_yuan=Coalesce(Sum("shares__opening_paid_yuan", filter=counts), ZERO),
        )
        return TakenOver(**sums)


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
    source_row = models.PositiveIntegerField(
        pgettext_lazy("workbook", "row"), null=True, blank=True
    )

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
            # what its shares and its step refer to: see the foreign keys in migration 0013
            UniqueConstraint(name="opening_and_project", fields=["id", "project"]),
            UniqueConstraint(
                name="opening_with_its_stage", fields=["id", "project", "stage", "as_of"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project} · {self.as_of}"

    @property
    def source(self) -> str:
        """Where it was taken from: the file, and its row where that is known."""
        return f"{self.source_file}:{self.source_row}" if self.source_row else self.source_file

    @property
    def waits(self) -> bool:
        """Whether it was entered and neither confirmed nor declined."""
        return self.counted_at is None and self.voided_at is None
