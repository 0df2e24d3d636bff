"""What a pairing brings about beside projects: links, enterprises, parks, workshops, donations and
visits.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from assistance.models.pairings import A_MONTH, Pairing
from assistance.models.regions import validate_uscc
from assistance.models.rows import (
    LedgerQuerySet,
    LedgerRow,
    Recorded,
    RecordedQuerySet,
    counted_by_other_hands,
    is_one_of,
    yuan,
)

DAYS_IN_ORDER = _("The last day lies before the first.")


def of_pairing(related_name: str) -> models.ForeignKey[Any, Any]:
    """The pairing that a row belongs to."""
    return models.ForeignKey(
        Pairing, models.PROTECT, related_name=related_name, verbose_name=_("pairing")
    )


class InPairingQuerySet(RecordedQuerySet[Any]):
    seen_through = "pairing"


class LinkKind(models.TextChoices):
    TOWNSHIP = "TOWNSHIP", pgettext_lazy("link", "township")
    VILLAGE = "VILLAGE", pgettext_lazy("link", "village")
    SCHOOL = "SCHOOL", pgettext_lazy("link", "school")
    HOSPITAL = "HOSPITAL", pgettext_lazy("link", "hospital")
    ENTERPRISE = "ENTERPRISE", pgettext_lazy("link", "enterprise and village")


class PairLinkQuerySet(RecordedQuerySet["PairLink"]):
    seen_through = "pairing"

    def in_force_on(self, day: date) -> Self:
        """Begun and not ended on ``day``; the last day still counts."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=day), starts_on__lte=day)


class PairLink(Recorded):
    """Two units that are paired below the counties: townships, villages, schools, hospitals."""

    pairing = of_pairing("links")
    kind = models.CharField(_("kind"), max_length=10, choices=LinkKind)
    donor_side = models.CharField(_("unit of the donor"), max_length=100)
    recipient_side = models.CharField(_("unit of the recipient"), max_length=100)
    starts_on = models.DateField(_("since"))
    ends_on = models.DateField(_("last day"), null=True, blank=True)
    basis = models.TextField(_("basis"), blank=True)

    objects = PairLinkQuerySet.as_manager()

    class Meta(Recorded.Meta):
        verbose_name = _("link")
        verbose_name_plural = _("links")
        ordering = ["pairing_id", "kind", "recipient_side", "-starts_on"]
        default_permissions = ("add", "change", "view")
        constraints = [
            CheckConstraint(
                name="link_kind_is_known", condition=is_one_of("kind", LinkKind.values)
            ),
            CheckConstraint(
                name="link_days_in_order",
                condition=Q(ends_on=None) | Q(starts_on__lte=F("ends_on")),
                violation_error_message=DAYS_IN_ORDER,
            ),
            UniqueConstraint(
                name="link_once_at_a_time",
                fields=["pairing", "kind", "donor_side", "recipient_side"],
                condition=Q(ends_on=None),
                violation_error_message=_("These two are linked already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.donor_side} – {self.recipient_side}"


class ParkKind(models.TextChoices):
    PARK = "PARK", pgettext_lazy("park", "industrial park built together")
    INDUSTRY = "INDUSTRY", pgettext_lazy("park", "industrial enclave")
    SCIENCE = "SCIENCE", pgettext_lazy("park", "science enclave")
    VILLAGES = "VILLAGES", pgettext_lazy("park", "village-income enclave")


class Park(Recorded):
    """A park built together, or an enclave of one side in the other."""

    pairing = of_pairing("parks")
    kind = models.CharField(_("kind"), max_length=8, choices=ParkKind)
    name = models.CharField(pgettext_lazy("park", "name"), max_length=100)
    opened_on = models.DateField(_("opened on"))
    closed_on = models.DateField(_("last day"), null=True, blank=True)
    basis = models.TextField(_("basis"), blank=True)

    objects = InPairingQuerySet.as_manager()

    class Meta(Recorded.Meta):
        verbose_name = _("park")
        verbose_name_plural = _("parks")
        ordering = ["pairing_id", "name"]
        default_permissions = ("add", "change", "view")
        constraints = [
            CheckConstraint(
                name="park_kind_is_known", condition=is_one_of("kind", ParkKind.values)
            ),
            CheckConstraint(
                name="park_days_in_order",
                condition=Q(closed_on=None) | Q(opened_on__lte=F("closed_on")),
                violation_error_message=DAYS_IN_ORDER,
            ),
            UniqueConstraint(name="park_once_per_pairing", fields=["pairing", "name"]),
        ]

    def __str__(self) -> str:
        return self.name


class Enterprise(Recorded):
    """An enterprise that came under a pairing: signed, then put into operation."""

    pairing = of_pairing("enterprises")
    name = models.CharField(pgettext_lazy("enterprise", "name"), max_length=100)
    uscc = models.CharField(
        _("unified social credit code"), max_length=18, blank=True, validators=[validate_uscc]
    )
    industry = models.CharField(_("industry"), max_length=60, blank=True)
    park = models.ForeignKey(
        Park, models.PROTECT, null=True, blank=True, related_name="enterprises",
        verbose_name=_("park"),
    )  # fmt: skip
    signed_on = models.DateField(_("signed on"))
    signed_yuan = yuan(_("agreed investment, yuan"))
    landed_on = models.DateField(
        _("in operation since"), null=True, blank=True, help_text=_("blank: not yet")
    )
    closed_on = models.DateField(_("last day"), null=True, blank=True)
    basis = models.TextField(_("basis"), blank=True)

    objects = InPairingQuerySet.as_manager()

    class Meta(Recorded.Meta):
        verbose_name = _("enterprise")
        verbose_name_plural = _("enterprises")
        ordering = ["pairing_id", "name"]
        default_permissions = ("add", "change", "view")
        constraints = [
            UniqueConstraint(name="enterprise_once_per_pairing", fields=["pairing", "name"]),
            CheckConstraint(
                name="enterprise_days_in_order",
                condition=(Q(landed_on=None) | Q(signed_on__lte=F("landed_on")))
                & (Q(closed_on=None) | Q(signed_on__lte=F("closed_on"))),
                violation_error_message=_("It would begin or end before it was signed."),
            ),
            CheckConstraint(
                name="enterprise_investment_is_not_negative", condition=Q(signed_yuan__gte=0)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.park and self.park.pairing_id != self.pairing_id:
            raise ValidationError(
                {
                    "park": gettext(
                        "This park belongs to another pairing; choose one of this pairing."
                    )
                }
            )
        if self.uscc and self._is_entered_elsewhere():
            told = gettext("This enterprise is entered for this county and programme already.")
            raise ValidationError({"uscc": told})

    def _is_entered_elsewhere(self) -> bool:
        """Under another pairing of the same county and programme: it counts once."""
        same = Enterprise.objects.filter(
            uscc=self.uscc,
            pairing__recipient=self.pairing.recipient_id,
            pairing__programme=self.pairing.programme_id,
        )
        return same.exclude(pk=self.pk).exists()


class InvestmentRecordQuerySet(LedgerQuerySet["InvestmentRecord"]):
    seen_through = "enterprise__pairing"
    business_day = "created_at"  # its month is ``period``


class InvestmentRecord(LedgerRow):
    """What an enterprise paid in during one month, not since the beginning."""

    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, related_name="investments", verbose_name=_("enterprise")
    )
    period = models.CharField(_("month"), max_length=7, help_text=_("for example 2026-05"))
    paid_in_yuan = yuan(_("paid in during the month, yuan"))
    basis = models.TextField(_("basis"), help_text=_("capital verification, bank slip or the like"))

    objects = InvestmentRecordQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("paid-in investment")
        verbose_name_plural = _("paid-in investments")
        ordering = ["-period", "-id"]
        default_permissions = ("add", "view")
        permissions = [("confirm_investmentrecord", _("Can confirm paid-in investments"))]
        constraints = [
            *LedgerRow.Meta.constraints,
            counted_by_other_hands(),
            UniqueConstraint(
                name="investment_once_per_month",
                fields=["enterprise", "period"],
                condition=Q(voided_at=None),
                violation_error_message=_(
                    "There is an amount for this month already; strike it out first."
                ),
            ),
            CheckConstraint(
                name="investment_is_of_a_month",
                condition=Q(period__regex=A_MONTH),
                violation_error_message=_("Write year and month as 2026-01."),
            ),
            CheckConstraint(
                name="investment_is_something",
                condition=Q(paid_in_yuan__gt=0),
                violation_error_message=_("Enter more than 0."),
            ),
            CheckConstraint(name="investment_has_a_basis", condition=~Q(basis="")),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise} · {self.period}"


class Workshop(Recorded):
    """An assistance workshop, with who worked there when it was last counted."""

    pairing = of_pairing("workshops")
    name = models.CharField(pgettext_lazy("workshop", "name"), max_length=100)
    place = models.CharField(_("place"), max_length=100)
    certified_on = models.DateField(_("certified on"))
    closed_on = models.DateField(_("last day"), null=True, blank=True)
    employed = models.PositiveIntegerField(_("rural workers"))
    employed_lifted = models.PositiveIntegerField(_("of which lifted out of poverty"))
    counted_on = models.DateField(_("counted on"))
    basis = models.TextField(_("basis"), blank=True)

    objects = InPairingQuerySet.as_manager()

    class Meta(Recorded.Meta):
        verbose_name = _("workshop")
        verbose_name_plural = _("workshops")
        ordering = ["pairing_id", "name"]
        default_permissions = ("add", "change", "view")
        constraints = [
            UniqueConstraint(name="workshop_once_per_pairing", fields=["pairing", "name"]),
            CheckConstraint(
                name="workshop_days_in_order",
                condition=Q(closed_on=None) | Q(certified_on__lte=F("closed_on")),
                violation_error_message=DAYS_IN_ORDER,
            ),
            CheckConstraint(
                name="workshop_lifted_are_among_the_workers",
                condition=Q(employed_lifted__lte=F("employed")),
                violation_error_message=_("Those lifted out of poverty are among the workers."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DonationKind(models.TextChoices):
    CASH = "CASH", pgettext_lazy("donation", "money")
    GOODS = "GOODS", pgettext_lazy("donation", "goods")


class DonationQuerySet(LedgerQuerySet["Donation"]):
    seen_through = "pairing"
    business_day = "received_on"


class Donation(LedgerRow):
    """Money or goods that society gave; goods are valued by invoice or appraisal."""

    pairing = of_pairing("donations")
    giver = models.CharField(_("giver"), max_length=100)
    kind = models.CharField(_("kind"), max_length=5, choices=DonationKind)
    amount_yuan = yuan(_("value, yuan"))
    valuation = models.CharField(
        _("valued by"), max_length=100, blank=True, help_text=_("of goods: invoice or appraisal")
    )
    received_on = models.DateField(_("received on"))
    purpose = models.TextField(_("purpose"))
    basis = models.TextField(_("basis"))

    objects = DonationQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("donation")
        verbose_name_plural = _("donations")
        ordering = ["-received_on", "-id"]
        default_permissions = ("add", "view")
        permissions = [("confirm_donation", _("Can confirm donations"))]
        constraints = [
            *LedgerRow.Meta.constraints,
            counted_by_other_hands(),
            CheckConstraint(
                name="donation_kind_is_known", condition=is_one_of("kind", DonationKind.values)
            ),
            CheckConstraint(
                name="donation_is_something",
                condition=Q(amount_yuan__gt=0),
                violation_error_message=_("Enter more than 0."),
            ),
            CheckConstraint(
                name="donation_of_goods_is_valued",
                condition=~Q(kind=DonationKind.GOODS) | ~Q(valuation=""),
                violation_error_message=_("Say which invoice or appraisal values the goods."),
            ),
            CheckConstraint(name="donation_has_a_basis", condition=~Q(basis="")),
        ]

    def __str__(self) -> str:
        return f"{self.giver} · {self.received_on}"


class VisitDirection(models.TextChoices):
    THERE = "THERE", pgettext_lazy("visit", "to the recipient")
    HERE = "HERE", pgettext_lazy("visit", "to the donor")


class LeaderLevel(models.TextChoices):
    HEAD = "HEAD", pgettext_lazy("visit", "head of Party or government")
    DEPUTY = "DEPUTY", pgettext_lazy("visit", "deputy")
    OFFICE = "OFFICE", pgettext_lazy("visit", "head of an office")


class Visit(Recorded):
    """A visit of one side to the other, led by somebody of this level."""

    pairing = of_pairing("visits")
    direction = models.CharField(_("direction"), max_length=5, choices=VisitDirection)
    visited_on = models.DateField(_("visited on"))
    leader_level = models.CharField(_("led by"), max_length=6, choices=LeaderLevel)
    headcount = models.PositiveSmallIntegerField(_("persons"))
    subject = models.TextField(_("subject"))
    basis = models.TextField(_("basis"), blank=True)

    objects = InPairingQuerySet.as_manager()

    class Meta(Recorded.Meta):
        verbose_name = pgettext_lazy("noun", "visit")
        verbose_name_plural = pgettext_lazy("noun, plural", "visits")
        ordering = ["-visited_on", "-id"]
        default_permissions = ("add", "change", "view")
        constraints = [
            CheckConstraint(
                name="visit_direction_is_known",
                condition=is_one_of("direction", VisitDirection.values),
            ),
            CheckConstraint(
                name="visit_leader_level_is_known",
                condition=is_one_of("leader_level", LeaderLevel.values),
            ),
            CheckConstraint(
                name="visit_of_somebody",
                condition=Q(headcount__gt=0),
                violation_error_message=_("Enter more than 0."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_direction_display()} · {self.visited_on}"
