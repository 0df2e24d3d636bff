"""Editions: one report about one scope and one closed period, its figures frozen, and its files."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.models import Language, User
from assistance.models.rows import is_one_of
from assistance.scope import Scope, region_prefix
from reporting.models.definitions import Format, ReportDefinition


class EditionQuerySet(models.QuerySet["Edition"]):
    def visible_to(self, user: User) -> Self:
        """Editions about a scope that the reader's own covers."""
        mine = user.scope
        match mine.kind:
            case "all":
                return self
            case "nothing":
                return self.none()
            case _:
                return self.filter(
                    scope__kind=mine.kind, scope__region__startswith=region_prefix(mine.region)
                )


class EditionStatus(models.TextChoices):
    SCHEDULED = "SCHEDULED", pgettext_lazy("edition", "scheduled")
    BUILT = "BUILT", pgettext_lazy("edition", "built")
    RELEASED = "RELEASED", pgettext_lazy("edition", "released")
    SUPERSEDED = "SUPERSEDED", pgettext_lazy("edition", "superseded")
    FAILED = "FAILED", pgettext_lazy("edition", "failed")


class Edition(models.Model):
    """What was known at ``data_cutoff_at`` about the days up to ``period_end``; never altered once
    released.
    """

    definition = models.ForeignKey(
        ReportDefinition, models.PROTECT, related_name="editions", verbose_name=_("report")
    )
    period_start = models.DateField(_("first day"))
    period_end = models.DateField(_("last day"))
    scope = models.JSONField(_("scope"))
    scope_key = models.CharField(max_length=32)
    data_cutoff_at = models.DateTimeField(_("data as known at"))
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    status = models.CharField(
        _("status"), max_length=10, choices=EditionStatus, default=EditionStatus.SCHEDULED
    )
    payload = models.JSONField(_("figures"), null=True, blank=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    created_at = models.DateTimeField(_("scheduled at"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    claimed_until = models.DateTimeField(_("being built until"), null=True, blank=True)
    built_at = models.DateTimeField(_("built at"), null=True, blank=True)
    released_at = models.DateTimeField(_("released at"), null=True, blank=True)
    failure = models.TextField(_("failure"), blank=True)

    objects = EditionQuerySet.as_manager()

    class Meta:
        verbose_name = _("edition")
        verbose_name_plural = _("editions")
        ordering = ["-period_start", "definition_id", "scope_key", "-version"]
        default_permissions = ("view",)
        permissions = [("rebuild_edition", _("Can rebuild an edition"))]
        constraints = [
            CheckConstraint(
                name="edition_status_is_known", condition=is_one_of("status", EditionStatus.values)
            ),
            CheckConstraint(
                name="edition_days_in_order", condition=Q(period_start__lte=F("period_end"))
            ),
            CheckConstraint(
                name="edition_has_figures_once_built",
                condition=Q(status__in=[EditionStatus.SCHEDULED, EditionStatus.FAILED])
                | Q(payload__isnull=False, built_at__isnull=False) & ~Q(sha256=""),
            ),
            CheckConstraint(
                name="edition_released_when_it_says_so",
                condition=Q(
                    status__in=[EditionStatus.RELEASED, EditionStatus.SUPERSEDED],
                    released_at__isnull=False,
                )
                | Q(
                    status__in=[EditionStatus.SCHEDULED, EditionStatus.BUILT, EditionStatus.FAILED],
                    released_at=None,
                ),
            ),
            UniqueConstraint(
                name="edition_once_per_period_scope_and_version",
                fields=["definition", "period_start", "scope_key", "version"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.definition} {self.period_start:%Y-%m} v{self.version}"

    @property
    def covers(self) -> Scope:
        """The scope as an object."""
        return Scope.from_dict(self.scope)


class EditionFile(models.Model):
    """One rendering of an edition; ``path`` is relative to the directory of files."""

    edition = models.ForeignKey(
        Edition, models.PROTECT, related_name="files", verbose_name=_("edition")
    )
    format = models.CharField(_("format"), max_length=4, choices=Format)
    language = models.CharField(_("language"), max_length=7, choices=Language)
    path = models.CharField(max_length=200, unique=True)
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.PositiveBigIntegerField(_("bytes"))
    created_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("edition file")
        verbose_name_plural = _("edition files")
        ordering = ["edition_id", "language", "format"]
        default_permissions = ("view",)
        constraints = [
            CheckConstraint(
                name="edition_file_format_is_known", condition=is_one_of("format", Format.values)
            ),
            CheckConstraint(
                name="edition_file_language_is_known",
                condition=is_one_of("language", Language.values),
            ),
            UniqueConstraint(name="edition_file_once", fields=["edition", "format", "language"]),
        ]

    def __str__(self) -> str:
        return f"{self.edition} {self.format} {self.language}"
