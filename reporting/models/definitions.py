"""Which reports there are, who gets them, in which language and about which part of the ledger."""

from __future__ import annotations

from datetime import datetime, time
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.models import Language, Region, User
from assistance.models.regions import in_language
from assistance.models.rows import Recorded, is_one_of
from assistance.periods import Month, local_instant
from assistance.scope import Scope


class Format(models.TextChoices):
    HTML = "html", "HTML"
    TEXT = "txt", pgettext_lazy("format", "text")
    XLSX = "xlsx", "Excel"
    PDF = "pdf", "PDF"


class Cadence(models.TextChoices):
    MONTHLY = "monthly", pgettext_lazy("cadence", "monthly")


class ReportDefinition(models.Model):
    """A report that is made for every period: its sections, and the day of the next month on which
    it is due.
    """

    code = models.SlugField(_("code"), max_length=30, unique=True)
    name_zh = models.CharField(_("Chinese name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=120)
    cadence = models.CharField(
        _("cadence"), max_length=10, choices=Cadence, default=Cadence.MONTHLY
    )
    sections = ArrayField(models.CharField(max_length=20), verbose_name=_("sections"))
    due_day = models.PositiveSmallIntegerField(_("due on day of the next month"), default=10)
    due_at = models.TimeField(_("due at"), default=time(9))
    require_signoff = models.BooleanField(_("needs sign-off"), default=False)

    class Meta:
        verbose_name = _("report definition")
        verbose_name_plural = _("report definitions")
        ordering = ["code"]
        default_permissions = ("view",)
        constraints = [
            CheckConstraint(
                name="definition_cadence_is_known",
                condition=is_one_of("cadence", Cadence.values),
            ),
            CheckConstraint(
                name="definition_due_day_is_in_every_month", condition=Q(due_day__range=(1, 28))
            ),
            CheckConstraint(name="definition_has_sections", condition=Q(sections__len__gt=0)),
        ]

    def __str__(self) -> str:
        return in_language(self.name_zh, self.name_en)

    def due_instant(self, month: Month) -> datetime:
        """The instant K up to which the report of ``month`` knows the ledger, by the calendar."""
        return local_instant(month.next.starts_on.replace(day=self.due_day), self.due_at)


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def active(self) -> Self:
        return self.filter(paused_at=None, reader__is_active=True)

    def about(self, scope: Scope) -> Self:
        """The orders for exactly this scope."""
        region = {"scope_region__code": scope.region} if scope.region else {"scope_region": None}
        return self.filter(scope_kind=scope.kind, **region)


class Subscription(Recorded):
    """One reader's order for one report: about which scope, in which language, since when."""

    definition = models.ForeignKey(
        ReportDefinition, models.PROTECT, related_name="subscriptions", verbose_name=_("report")
    )
    reader = models.ForeignKey(
        User, models.PROTECT, related_name="subscriptions", verbose_name=_("reader")
    )
    scope_kind = models.CharField(
        _("about"),
        max_length=9,
        choices=[
            ("all", pgettext_lazy("scope", "everything")),
            ("recipient", pgettext_lazy("scope", "a recipient region")),
            ("donor", pgettext_lazy("scope", "a donor region")),
        ],
    )
    scope_region = models.ForeignKey(
        Region, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("region")
    )
    language = models.CharField(_("language"), max_length=7, choices=Language, default=Language.ZH)
    formats = ArrayField(
        models.CharField(
            max_length=4, choices=[(f.value, f.label) for f in (Format.PDF, Format.XLSX)]
        ),
        default=list,
        blank=True,
        verbose_name=_("attachments"),
    )
    starts_on = models.DateField(_("from the period that ends on or after"))
    paused_at = models.DateTimeField(_("paused since"), null=True, blank=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta(Recorded.Meta):
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        ordering = ["definition_id", "reader_id", "id"]
        default_permissions = ("add", "change", "view")
        constraints = [
            CheckConstraint(
                name="subscription_scope_is_known",
                condition=is_one_of("scope_kind", ["all", "recipient", "donor"]),
            ),
            CheckConstraint(
                name="subscription_language_is_known",
                condition=is_one_of("language", Language.values),
            ),
            CheckConstraint(
                name="subscription_scope_has_its_region",
                condition=Q(scope_kind="all", scope_region=None)
                | ~Q(scope_kind="all") & Q(scope_region__isnull=False),
                violation_error_message=_("Choose a region, or “everything” without one."),
            ),
            UniqueConstraint(
                name="subscription_once_per_reader_and_scope",
                fields=["definition", "reader", "scope_kind", "scope_region"],
                nulls_distinct=False,
                violation_error_message=_("This reader already gets this report about this scope."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.definition} → {self.reader}"

    @property
    def scope(self) -> Scope:
        return Scope(self.scope_kind, self.scope_region.code if self.scope_region else "")  # type: ignore[arg-type]  # by CHECK
