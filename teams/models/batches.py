"""Batches and the teams that are dispatched in them."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import OuterRef, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from assistance.models import Programme, Region
from assistance.models.rows import (
    Recorded,
    RecordedQuerySet,
)
from assistance.scope import Scope, region_prefix
from teams.models.postings import Posting


class Batch(Recorded):
    """People who are dispatched together; its declared headcount is the sum over its teams."""

    programme = models.ForeignKey(
        Programme, models.PROTECT, related_name="batches", verbose_name=_("programme")
    )
    label = models.CharField(_("batch"), max_length=80)
    dispatched_on = models.DateField(_("dispatched on"))
    basis = models.TextField(_("basis"), blank=True)

    class Meta(Recorded.Meta):
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        ordering = ["-dispatched_on", "-id"]
        default_permissions = ("add", "change", "view")
        constraints = [
            UniqueConstraint(name="batch_once_per_programme", fields=["programme", "label"])
        ]

    def __str__(self) -> str:
        return self.label


class TeamQuerySet(RecordedQuerySet["Team"]):
    seen_through = ""

    def within(self, scope: Scope) -> Self:
        """Teams in the regions of ``scope``; for a donor those that hold somebody posted under its
        pairings.
        """
        match scope.kind:
            case "recipient":
                return self.filter(region__code__startswith=region_prefix(scope.region))
            case "donor":
                posted = Posting.objects.within(scope).filter(team=OuterRef("pk"))
                return self.filter(models.Exists(posted))
            case _:
                return self.filter(scope.q(""))


class Team(Recorded):
    """The part of a batch that works in one region. The declared headcount is published, not
    counted.
    """

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="teams", verbose_name=_("batch"))
    region = models.ForeignKey(
        Region, models.PROTECT, related_name="teams", verbose_name=_("region")
    )
    declared_headcount = models.PositiveSmallIntegerField(_("declared headcount"))
    basis = models.TextField(_("basis"), blank=True)

    objects = TeamQuerySet.as_manager()

    class Meta(Recorded.Meta):
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["batch_id", "region__code"]
        default_permissions = ("add", "change", "view")
        constraints = [
            UniqueConstraint(name="team_once_per_batch_and_region", fields=["batch", "region"])
        ]

    def __str__(self) -> str:
        return f"{self.batch} · {self.region}"
