"""Administrative regions and the organisations in them."""

from __future__ import annotations

from typing import Self

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from assistance.models.rows import is_one_of
from assistance.scope import EVERYTHING as ALL_OF_IT
from assistance.scope import NOTHING, Scope, region_prefix


class Confidence(models.TextChoices):
    HIGH = "high", _("high")
    MEDIUM = "medium", _("medium")
    LOW = "low", _("low")


def in_language(zh: str, en: str) -> str:
    """The name in the reader's language; the Chinese one where no English name is known."""
    return en if en and not (get_language() or "zh").startswith("zh") else zh


class RegionQuerySet(models.QuerySet["Region"]):
    def inside(self, code: str) -> Self:
        """The region ``code`` and all that lie in it."""
        return self.filter(code__startswith=region_prefix(code))


class RegionLevel(models.TextChoices):
    PROVINCE = "province", _("province")
    PREFECTURE = "prefecture", _("prefecture")
    COUNTY = "county", _("county")
    TOWNSHIP = "township", _("township")
    VILLAGE = "village", _("village")


class AltitudeBand(models.TextChoices):
    NORMAL = "normal", _("below 4,000 m")
    HIGH = "high", _("4,000 m and above")


class Region(models.Model):
    """An administrative unit by its GB/T 2260 code: 6 digits, of a township 9, of a village 12."""

    code = models.CharField(
        _("code"),
        max_length=12,
        unique=True,
        validators=[RegexValidator(r"^(\d{6}|\d{9}|\d{12})$", _("6, 9 or 12 digits"))],
    )
    name_zh = models.CharField(_("Chinese name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=120, blank=True)
    level = models.CharField(_("level"), max_length=10, choices=RegionLevel)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("lies in"),
    )
    altitude_band = models.CharField(
        _("altitude"), max_length=6, choices=AltitudeBand, default=AltitudeBand.NORMAL
    )
    counted_in_headline = models.BooleanField(_("counted in the published figure"), default=False)
    confidence = models.CharField(
        _("confidence"), max_length=6, choices=Confidence, default=Confidence.HIGH
    )
    basis = models.TextField(_("basis"), blank=True)

    objects = RegionQuerySet.as_manager()

    class Meta:
        verbose_name = _("region")
        verbose_name_plural = _("regions")
        ordering = ["code"]
        default_permissions = ("add", "change", "view")
        constraints = [
            CheckConstraint(
                name="region_level_is_known", condition=is_one_of("level", RegionLevel.values)
            ),
            CheckConstraint(
                name="region_altitude_is_known",
                condition=is_one_of("altitude_band", AltitudeBand.values),
            ),
            CheckConstraint(
                name="region_confidence_is_known",
                condition=is_one_of("confidence", Confidence.values),
            ),
            CheckConstraint(
                name="region_code_is_6_9_or_12_digits",
                condition=Q(code__regex=r"^([0-9]{6}|[0-9]{9}|[0-9]{12})$"),
            ),
            CheckConstraint(
                name="region_has_a_parent_unless_province",
                condition=Q(level=RegionLevel.PROVINCE, parent=None)
                | ~Q(level=RegionLevel.PROVINCE) & Q(parent__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return in_language(self.name_zh, self.name_en)

    def take_turns(self) -> None:
        """Lock the region: projects of it get their codes and names one after the other, and
        whoever comes second is told instead of failing. Other rows may refer to it meanwhile.
        """
        Region.objects.select_for_update(no_key=True).get(pk=self.pk)

    def contains(self, other: Region) -> bool:
        """Whether ``other`` is this region or lies in it."""
        return other.code.startswith(region_prefix(self.code))


_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_LENGTH = 18


def validate_uscc(text: str) -> None:
    """Check the 18 characters and the check character of a unified social credit code (GB
    32100-2015).
    """
    if len(text) != _USCC_LENGTH or any(c not in _USCC_ALPHABET for c in text):
        raise ValidationError(
            _(
                "A unified social credit code has 18 digits and capital"
                " letters, without I, O, S, V and Z."
            )
        )
    weighed = sum(_USCC_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(text[:17]))
    if _USCC_ALPHABET[-weighed % 31] != text[17]:
        raise ValidationError(
            _("The check character does not fit; compare the code with the licence.")
        )


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    def within(self, scope: Scope) -> Self:
        """Organisations in the regions of ``scope``; a donor also finds those of the regions that
        it helps.
        """
        match scope.kind:
            case "all":
                return self
            case "recipient":
                return self.filter(region__code__startswith=region_prefix(scope.region))
            case "donor":
                helped = Region.objects.filter(
                    pairings_as_recipient__donor__code__startswith=region_prefix(scope.region)
                )
                return self.filter(
                    Q(region__code__startswith=region_prefix(scope.region)) | Q(region__in=helped)
                )
            case "nothing":
                return self.none()


class OrganisationKind(models.TextChoices):
    BUREAU = "bureau", _("programme office")
    ORG_DEPT = "org_dept", _("organisation department")
    FINANCE = "finance", _("finance bureau")
    FRONT_TEAM = "front_team", _("front working team")
    RECIPIENT_OFFICE = "recipient_office", _("recipient's cooperation office")
    DONOR = "donor", _("donor district's office")
    IMPLEMENTING_UNIT = "implementing_unit", _("implementing unit")
    ENTERPRISE = "enterprise", _("enterprise")
    SCHOOL = "school", _("school")
    HOSPITAL = "hospital", _("hospital")


class Organisation(models.Model):
    """An office, treasury, company, school or hospital that takes part in the work."""

    name_zh = models.CharField(_("Chinese name"), max_length=100)
    name_en = models.CharField(_("English name"), max_length=160, blank=True)
    uscc = models.CharField(
        _("unified social credit code"), max_length=18, blank=True, validators=[validate_uscc]
    )
    kind = models.CharField(_("kind"), max_length=20, choices=OrganisationKind)
    region = models.ForeignKey(
        Region, models.PROTECT, related_name="organisations", verbose_name=_("region")
    )
    starts_on = models.DateField(_("exists since"), null=True, blank=True)
    ends_on = models.DateField(_("last day"), null=True, blank=True)

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["region__code", "kind", "name_zh"]
        default_permissions = ("add", "change", "view")
        constraints = [
            CheckConstraint(
                name="organisation_kind_is_known",
                condition=is_one_of("kind", OrganisationKind.values),
            ),
            CheckConstraint(
                name="organisation_days_in_order",
                condition=Q(starts_on=None)
                | Q(ends_on=None)
                | Q(starts_on__lte=models.F("ends_on")),
            ),
            UniqueConstraint(
                name="organisation_once_per_region_and_kind",
                fields=["region", "kind", "name_zh"],
                violation_error_message=_(
                    "This region already has an organisation of this kind and name."
                ),
            ),
            UniqueConstraint(
                name="organisation_uscc_once",
                fields=["uscc"],
                condition=~Q(uscc=""),
                violation_error_message=_(
                    "Another organisation has this unified social credit code."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return in_language(self.name_zh, self.name_en)

    def take_turns(self) -> None:
        """Lock the organisation: vouchers of one treasury are entered one after the other, and
        whoever uses a number second is told instead of failing.
        """
        Organisation.objects.select_for_update(no_key=True).get(pk=self.pk)

    @property
    def scope(self) -> Scope:
        """How far the people of this organisation see."""
        match self.kind:
            case OrganisationKind.BUREAU | OrganisationKind.ORG_DEPT:
                return ALL_OF_IT
            case OrganisationKind.RECIPIENT_OFFICE | OrganisationKind.FRONT_TEAM:
                return Scope("recipient", self.region.code)
            case OrganisationKind.DONOR:
                return Scope("donor", self.region.code)
            case _:
                return NOTHING
