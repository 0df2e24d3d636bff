"""The dictionary of indicators: what agreements set targets for and partners report."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.models.pairings import ProgrammeKind
from assistance.models.regions import in_language
from assistance.models.rows import Recorded, is_one_of


class Unit(models.TextChoices):
    YUAN = "YUAN", pgettext_lazy("unit", "yuan")
    PERSONS = "PERSONS", pgettext_lazy("unit", "persons")
    PERSON_TIMES = "PERSON_TIMES", pgettext_lazy("unit", "person-times")
    ENTERPRISES = "ENTERPRISES", pgettext_lazy("unit", "enterprises")
    ITEMS = "ITEMS", pgettext_lazy("unit", "items")
    PAIRS = "PAIRS", pgettext_lazy("unit", "pairs")
    VISITS = "VISITS", pgettext_lazy("unit", "visits")
    PER_CENT = "PER_CENT", pgettext_lazy("unit", "%")


class IndicatorKind(models.TextChoices):
    """How the values of months make the value of a year."""

    FLOW = "FLOW", pgettext_lazy("indicator", "flow")  # they are added up
    STOCK = "STOCK", pgettext_lazy("indicator", "stock")  # the last one holds
    DISTINCT = "DISTINCT", pgettext_lazy("indicator", "distinct count")  # the last one, since 1 Jan
    RATIO = "RATIO", pgettext_lazy("indicator", "ratio")  # of two others, never added up


class Better(models.TextChoices):
    UP = "UP", pgettext_lazy("better", "more is better")
    DOWN = "DOWN", pgettext_lazy("better", "less is better")


class Origin(models.TextChoices):
    COMPUTED = "COMPUTED", pgettext_lazy("origin", "from the ledger and the roster")
    REPORTED = "REPORTED", pgettext_lazy("origin", "from monthly returns")


class IndicatorQuerySet(models.QuerySet["Indicator"]):
    def valid_on(self, day: date) -> Self:
        return self.filter(
            Q(starts_on=None) | Q(starts_on__lte=day), Q(ends_on=None) | Q(ends_on__gte=day)
        )

    def asked_of(self, kind: str, day: date) -> Self:
        """Those that returns of a programme of this kind report for the month of ``day``."""
        reported = self.valid_on(day).filter(origin=Origin.REPORTED)
        return reported.exclude(kind=IndicatorKind.RATIO).filter(programme_kinds__contains=[kind])


class Indicator(Recorded):
    """One indicator; values are kept in its unit, money in yuan."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    name_zh = models.CharField(_("Chinese name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=120)
    unit = models.CharField(_("unit"), max_length=12, choices=Unit)
    kind = models.CharField(_("kind"), max_length=8, choices=IndicatorKind)
    better = models.CharField(_("better"), max_length=4, choices=Better, default=Better.UP)
    origin = models.CharField(_("origin"), max_length=8, choices=Origin, default=Origin.REPORTED)
    programme_kinds = ArrayField(
        models.CharField(max_length=2, choices=ProgrammeKind), verbose_name=_("programmes")
    )
    rule_zh = models.TextField(_("counting rule in Chinese"))
    rule_en = models.TextField(_("counting rule in English"))
    place = models.PositiveSmallIntegerField(_("place in lists"), default=100)
    starts_on = models.DateField(_("valid from"), null=True, blank=True)
    ends_on = models.DateField(_("valid until"), null=True, blank=True)

    objects = IndicatorQuerySet.as_manager()

    class Meta(Recorded.Meta):
        verbose_name = _("indicator")
        verbose_name_plural = _("indicators")
        ordering = ["place", "code"]
        default_permissions = ("add", "change", "view")
        constraints = [
            CheckConstraint(name="indicator_code_is_one", condition=Q(code__regex=r"^[A-Z0-9_]+$")),
            CheckConstraint(
                name="indicator_unit_is_known", condition=is_one_of("unit", Unit.values)
            ),
            CheckConstraint(
                name="indicator_kind_is_known", condition=is_one_of("kind", IndicatorKind.values)
            ),
            CheckConstraint(
                name="indicator_better_is_known", condition=is_one_of("better", Better.values)
            ),
            CheckConstraint(
                name="indicator_origin_is_known", condition=is_one_of("origin", Origin.values)
            ),
            CheckConstraint(
                name="indicator_programmes_are_known",
                condition=Q(programme_kinds__contained_by=list(ProgrammeKind.values)),
            ),
            CheckConstraint(
                name="indicator_days_in_order",
                condition=Q(starts_on=None) | Q(ends_on=None) | Q(starts_on__lte=F("ends_on")),
                violation_error_message=_("It would end before it begins."),
            ),
        ]

    def __str__(self) -> str:
        return in_language(self.name_zh, self.name_en)

    @property
    def rule(self) -> str:
        return in_language(self.rule_zh, self.rule_en)

    @property
    def is_whole(self) -> bool:
        """Whether its values are counts."""
        return self.unit not in {Unit.YUAN, Unit.PER_CENT}
