"""Annual agreements and their targets."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from assistance.models.indicators import Indicator
from assistance.models.pairings import Pairing, Programme
from assistance.models.rows import (
    LedgerQuerySet,
    LedgerRow,
    Recorded,
    RecordedQuerySet,
    counted_by_other_hands,
    is_one_of,
)
from assistance.scope import Scope

FIRST_YEAR, LAST_YEAR = 1990, 2100


def amount(label: Any, **options: Any) -> models.DecimalField[Any, Any]:
    """A column with the value of an indicator, in its unit, never negative."""
    return models.DecimalField(
        label,
        max_digits=20,
        decimal_places=4,
        validators=[MinValueValidator(Decimal(0))],
        **options,
    )


class AgreementState(models.TextChoices):
    DRAFT = "DRAFT", pgettext_lazy("agreement", "draft")
    SIGNED = "SIGNED", pgettext_lazy("agreement", "signed")
    CLOSED = "CLOSED", pgettext_lazy("agreement", "closed")


class AgreementQuerySet(RecordedQuerySet["Agreement"]):
    seen_through = ""

    def within(self, scope: Scope) -> Self:
        """Signed agreements of programmes under which the scope has a pairing."""
        if scope.kind == "all":
            return self
        own = Pairing.objects.within(scope).filter(programme=models.OuterRef("programme"))
        return self.filter(models.Exists(own)).exclude(state=AgreementState.DRAFT)


class Agreement(Recorded):
    """What two sides agreed for one programme and year. Its targets count from the signing on."""

    programme = models.ForeignKey(
        Programme, models.PROTECT, related_name="agreements", verbose_name=_("programme")
    )
    year = models.PositiveSmallIntegerField(
        _("year"), validators=[MinValueValidator(FIRST_YEAR), MaxValueValidator(LAST_YEAR)]
    )
    title = models.CharField(_("title"), max_length=120)
    basis = models.TextField(_("basis"), blank=True)
    state = models.CharField(
        _("state"), max_length=6, choices=AgreementState, default=AgreementState.DRAFT,
        editable=False,
    )  # fmt: skip
    doc_no = models.CharField(_("document no."), max_length=80, blank=True, editable=False)
    signed_on = models.DateField(_("signed on"), null=True, editable=False)
    signed_at = models.DateTimeField(_("signing recorded at"), null=True, editable=False)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False,
        verbose_name=_("signing recorded by"),
    )  # fmt: skip
    closed_at = models.DateTimeField(_("closed at"), null=True, editable=False)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False,
        verbose_name=_("closed by"),
    )  # fmt: skip
    closing_note = models.TextField(_("what came of it"), blank=True, editable=False)

    objects = AgreementQuerySet.as_manager()

    class Meta(Recorded.Meta):
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        ordering = ["-year", "programme_id"]
        default_permissions = ("add", "change", "view")
        permissions = [("sign_agreement", _("Can sign agreements and confirm amendments"))]
        constraints = [
            UniqueConstraint(
                name="agreement_once_per_programme_and_year", fields=["programme", "year"]
            ),
            CheckConstraint(
                name="agreement_state_is_known",
                condition=is_one_of("state", AgreementState.values),
            ),
            CheckConstraint(
                name="agreement_year_is_one", condition=Q(year__range=(FIRST_YEAR, LAST_YEAR))
            ),
            CheckConstraint(
                name="agreement_signed_with_its_document",
                condition=Q(
                    state=AgreementState.DRAFT, signed_on=None, signed_at=None, signed_by=None,
                    doc_no="",
                )
                | Q(
                    state__in=[AgreementState.SIGNED, AgreementState.CLOSED],
                    signed_on__isnull=False, signed_at__isnull=False, signed_by__isnull=False,
                )
                & ~Q(doc_no=""),
            ),
            CheckConstraint(
                name="agreement_closed_with_a_note",
                condition=Q(closed_at=None, closed_by=None, closing_note="")
                & ~Q(state=AgreementState.CLOSED)
                | Q(
                    state=AgreementState.CLOSED, closed_at__isnull=False, closed_by__isnull=False
                )
                & ~Q(closing_note=""),
            ),
            CheckConstraint(
                name="agreement_signed_by_other_hands",
                condition=Q(signed_by=None) | ~Q(signed_by=F("created_by")),
                violation_error_message=_(
                    "You entered this yourself; somebody else has to confirm it."
                ),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.title


# A whole programme is one target too: NULL would be unlike every other NULL.
_SAME_TARGET = ("agreement", "indicator", Coalesce("pairing", Value(0)))


class AgreementTargetQuerySet(LedgerQuerySet["AgreementTarget"]):
    seen_through = "pairing"
    business_day = "created_at"  # a target holds for the whole year of its agreement

    def within(self, scope: Scope) -> Self:
        """Signed targets of pairings inside the scope, and of a whole programme it belongs to."""
        if scope.kind == "all":
            return self
        own = Q(pairing__in=Pairing.objects.within(scope)) | Q(pairing=None)
        signed = Agreement.objects.within(scope)
        return self.filter(own, agreement__in=signed, counted_at__isnull=False)

    def known(self, known_at: datetime) -> Self:
        """The targets that held by what was known at ``known_at``: amended ones as they were."""
        return self.filter(Q(voided_at=None) | Q(voided_at__gt=known_at), counted_at__lte=known_at)


class AgreementTarget(LedgerRow):
    """A target for the year, of one pairing or, without one, of the whole programme.

    ``q1`` to ``q3`` are the plan from 1 January to the end of each quarter; the fourth is the
    target itself. An amendment is a new row beside the old one, which is struck out when the new
    one counts: what held before stays to be read.
    """

    agreement = models.ForeignKey(
        Agreement, models.PROTECT, related_name="targets", verbose_name=_("agreement")
    )
    indicator = models.ForeignKey(
        Indicator, models.PROTECT, related_name="targets", verbose_name=_("indicator")
    )
    pairing = models.ForeignKey(
        Pairing, models.PROTECT, null=True, blank=True, related_name="targets",
        verbose_name=_("pairing"), help_text=_("blank: the whole programme"),
    )  # fmt: skip
    value = amount(_("target of the year"))
    q1 = amount(_("by 31 March"), null=True, blank=True)
    q2 = amount(_("by 30 June"), null=True, blank=True)
    q3 = amount(_("by 30 September"), null=True, blank=True)
    basis = models.TextField(_("basis"), blank=True)
    amends = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="amendments", editable=False,
        verbose_name=_("amends"),
    )  # fmt: skip
    doc_no = models.CharField(_("document no."), max_length=80, blank=True, editable=False)
    decided_on = models.DateField(_("decided on"), null=True, editable=False)
    reason = models.TextField(_("reason of the amendment"), blank=True, editable=False)

    objects = AgreementTargetQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("agreement target")
        verbose_name_plural = _("agreement targets")
        ordering = ["agreement_id", "indicator__place", "pairing__recipient__code", "id"]
        default_permissions = ("add", "change", "view")
        constraints = [
            *LedgerRow.Meta.constraints,
            counted_by_other_hands(),
            UniqueConstraint(
                *_SAME_TARGET,
                name="one_target_that_counts",
                condition=Q(counted_at__isnull=False, voided_at=None),
            ),
            UniqueConstraint(
                *_SAME_TARGET,
                name="one_target_in_preparation",
                condition=Q(counted_at=None, voided_at=None),
                violation_error_message=_(
                    "This target is entered already, or an amendment of it waits to be confirmed."
                ),
            ),
            CheckConstraint(
                name="target_plan_never_falls",
                condition=Q(q1=None, q2=None, q3=None)
                | Q(
                    q1__isnull=False,
                    q2__isnull=False,
                    q3__isnull=False,  # or NULL would pass
                    q1__gte=0,
                    q1__lte=F("q2"),
                    q2__lte=F("q3"),
                    q3__lte=F("value"),
                ),
                violation_error_message=_(
                    "Give all three quarters or none; each is at least the one before, and none is"
                    " more than the target of the year."
                ),
            ),
            CheckConstraint(
                name="target_amended_by_a_document",
                condition=Q(amends=None, doc_no="", decided_on=None, reason="")
                | Q(amends__isnull=False, decided_on__isnull=False) & ~Q(doc_no="") & ~Q(reason=""),
            ),
            CheckConstraint(name="target_is_not_negative", condition=Q(value__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.indicator} · {self.pairing or self.agreement}"

    def clean(self) -> None:
        wrong = {}
        agreement = getattr(self, "agreement", None)
        if self.pairing and agreement and self.pairing.programme_id != agreement.programme_id:
            wrong["pairing"] = gettext(
                "This pairing belongs to another programme; choose one of the agreement's."
            )
        indicator = getattr(self, "indicator", None)
        if indicator and indicator.is_whole:
            for name in ("value", "q1", "q2", "q3"):
                number = getattr(self, name)
                if number is not None and number != int(number):
                    wrong[name] = gettext("This indicator is a count; enter a whole number.")
        if wrong:
            raise ValidationError(wrong)
