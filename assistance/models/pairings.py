"""Programmes of assistance and the dated pairings under them."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import CheckConstraint, F, GeneratedField, Q
from django.utils.translation import gettext_lazy as _

from assistance.models.regions import Confidence, Region, RegionLevel, in_language
from assistance.models.rows import ScopedQuerySet, days, is_one_of, same
from assistance.partial_dates import PATTERN, FirstDay, LastDay, validate_partial_date
from assistance.periods import Month


class ProgrammeKind(models.TextChoices):
    EW = "EW", _("East–West cooperation")
    CS = "CS", _("counterpart support")
    CO = "CO", _("counterpart cooperation")
    TG = "TG", _("Three Gorges support")
    MS = "MS", _("Mountain–Sea coordination")
    IN = "IN", _("in-city pairing")
    NA = "NA", _("northern Anhui pairing")
    MC = "MC", _("metropolitan circle")
    GC = "GC", _("G60 corridor")


# Whose county-level pairings owe a monthly return where the pairing itself does not say.
OWE_RETURNS = (
    ProgrammeKind.EW, ProgrammeKind.CS, ProgrammeKind.MS, ProgrammeKind.TG, ProgrammeKind.NA,
)  # fmt: skip
A_MONTH = r"^[0-9]{4}-(0[1-9]|1[0-2])$"


class Programme(models.Model):
    """One kind of regional tie; its two letters go into project codes."""

    code = models.SlugField(_("code"), max_length=30, unique=True)
    kind = models.CharField(_("kind"), max_length=2, choices=ProgrammeKind)
    name_zh = models.CharField(_("Chinese name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=120)
    carries_aid = models.BooleanField(_("carries aid money"), default=True)
    went_live_on = models.DateField(
        _("works with this system since"),
        null=True,
        blank=True,
        help_text=_("from this day on nothing is taken over any more; blank: still taking over"),
    )
    returns_since = models.CharField(
        _("monthly returns since"),
        max_length=7,
        blank=True,
        validators=[RegexValidator(A_MONTH, _("Write year and month as 2026-01."))],
        help_text=_("the first month that partners report, as 2026-01; blank: none yet"),
    )

    class Meta:
        verbose_name = _("programme")
        verbose_name_plural = _("programmes")
        ordering = ["id"]
        default_permissions = ("add", "change", "view")
        constraints = [
            CheckConstraint(
                name="programme_kind_is_known", condition=is_one_of("kind", ProgrammeKind.values)
            ),
            CheckConstraint(
                name="programme_returns_since_a_month",
                condition=Q(returns_since="") | Q(returns_since__regex=A_MONTH),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return in_language(self.name_zh, self.name_en)


class PairingQuerySet(ScopedQuerySet["Pairing"]):
    seen_through = ""

    def in_force_on(self, day: date) -> Self:
        """In force on ``day``; an unknown first or last day counts as in force."""
        return self.in_force_between(day, day)

    def in_force_between(self, first: date, last: date) -> Self:
        """In force on some day from ``first`` to ``last``, both included."""
        return self.filter(
            Q(starts_on__lte=last) | Q(starts_on=None), Q(ends_on__gte=first) | Q(ends_on=None)
        )

    def owing_returns(self, month: Month) -> Self:
        """Those that owe a return for ``month``: in force on one of its days, of a programme that
        asks for returns by then, and county-level unless the pairing itself says otherwise.
        """
        usual = Q(
            returns_monthly=None,
            recipient__level=RegionLevel.COUNTY,
            programme__kind__in=OWE_RETURNS,
        )
        return (
            self.in_force_between(month.starts_on, month.ends_on)
            .filter(usual | Q(returns_monthly=True))
            .filter(programme__returns_since__lte=str(month))
            .exclude(programme__returns_since="")
        )

    def helping(
        self, region: Region, programme: str, day: date, *, donor: str = ""
    ) -> list[Pairing]:
        """Those of a programme, by its code, that help ``region`` on ``day``: of the region itself,
        and where it has none, of what it lies in. ``donor`` narrows by code or Chinese name.
        """
        ties = self.in_force_on(day).filter(programme__code=programme)
        found = [
            pairing
            for pairing in ties.select_related("donor", "recipient")
            if pairing.recipient.contains(region)
            and donor in {"", pairing.donor.code, pairing.donor.name_zh}
        ]
        return [pairing for pairing in found if pairing.recipient == region] or found


class Pairing(models.Model):
    """A dated tie under which a donor region helps a recipient region within one programme.

    ``since`` and ``until`` keep the precision of the source; ``starts_on`` and ``ends_on`` are the
    first and the last day that they can mean, blank where nothing is known.
    """

    programme = models.ForeignKey(
        Programme, models.PROTECT, related_name="pairings", verbose_name=_("programme")
    )
    donor = models.ForeignKey(
        Region, models.PROTECT, related_name="pairings_as_donor", verbose_name=_("donor")
    )
    recipient = models.ForeignKey(
        Region, models.PROTECT, related_name="pairings_as_recipient", verbose_name=_("recipient")
    )
    since = models.CharField(
        _("since"),
        max_length=10,
        blank=True,
        validators=[validate_partial_date],
        help_text=_("2021, 2021-06 or 2021-06-01; blank if unknown"),
    )
    until = models.CharField(
        _("until"),
        max_length=10,
        blank=True,
        validators=[validate_partial_date],
        help_text=_("the last day, month or year in force; blank if open"),
    )
    starts_on = GeneratedField(
        expression=FirstDay("since"), output_field=models.DateField(null=True), db_persist=True
    )
    ends_on = GeneratedField(
        expression=LastDay("until"), output_field=models.DateField(null=True), db_persist=True
    )
    donor_confirmed = models.BooleanField(_("donor confirmed"), default=True)
    confidence = models.CharField(
        _("confidence"), max_length=6, choices=Confidence, default=Confidence.HIGH
    )
    basis = models.TextField(_("basis"), blank=True)
    returns_monthly = models.BooleanField(
        _("monthly return"),
        null=True,
        blank=True,
        help_text=_(
            "unknown: it owes one where it is of a county and of a programme that reports monthly"
        ),
    )

    objects = PairingQuerySet.as_manager()

    class Meta:
        verbose_name = _("pairing")
        verbose_name_plural = _("pairings")
        ordering = ["programme_id", "recipient__code", "donor__code", "id"]
        default_permissions = ("add", "change", "view")
        constraints = [
            CheckConstraint(
                name="pairing_joins_two_regions",
                condition=~Q(donor=F("recipient")),
                violation_error_message=_("A region cannot be paired with itself."),
            ),
            CheckConstraint(
                name="pairing_confidence_is_known",
                condition=is_one_of("confidence", Confidence.values),
            ),
            CheckConstraint(
                name="pairing_since_is_a_partial_date", condition=Q(since__regex=PATTERN)
            ),
            CheckConstraint(
                name="pairing_until_is_a_partial_date", condition=Q(until__regex=PATTERN)
            ),
            CheckConstraint(
                name="pairing_days_in_order",
                condition=Q(starts_on=None) | Q(ends_on=None) | Q(starts_on__lte=F("ends_on")),
                violation_error_message=_("The pairing would end before it begins."),
            ),
            ExclusionConstraint(
                name="pairing_in_force_once",
                expressions=[
                    (same("programme"), RangeOperators.OVERLAPS),
                    (same("donor"), RangeOperators.OVERLAPS),
                    (same("recipient"), RangeOperators.OVERLAPS),
                    (days("starts_on", "ends_on"), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_(
                    "This tie would be in force twice on one day; give exact days"
                    " where two spells meet inside a month."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.donor_name} → {self.recipient.name}"

    @property
    def donor_name(self) -> str:
        """The donor; where its district is not known it says so instead of inventing one."""
        if self.donor_confirmed:
            return self.donor.name
        return str(_("%(city)s (district to be confirmed)") % {"city": self.donor.name})
