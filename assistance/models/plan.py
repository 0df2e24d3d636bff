"""The five-year plan: its indicators with the targets of 2025, and what was published of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from assistance.models.agreements import FIRST_YEAR, LAST_YEAR
from assistance.models.regions import in_language
from assistance.models.rows import (
    LedgerQuerySet,
    LedgerRow,
    Recorded,
    counted_by_other_hands,
    is_one_of,
)
from assistance.scope import Scope

TARGET_YEAR = 2025


class Operator(models.TextChoices):
    """How an actual value has to stand to the target."""

    AT_LEAST = ">=", pgettext_lazy("operator", "at least")
    AT_MOST = "<=", pgettext_lazy("operator", "at most")
    BELOW = "<", pgettext_lazy("operator", "below")
    EXACTLY = "=", pgettext_lazy("operator", "exactly")


def number(label: Any, **options: Any) -> models.DecimalField[Any, Any]:
    """A value of an indicator of the plan, unrounded."""
    return models.DecimalField(label, max_digits=24, decimal_places=8, **options)


class PlanIndicator(Recorded):
    """An indicator of the plan as its article gives it; ``caution`` says where another report
    differs.
    """

    code = models.CharField(_("code"), max_length=20, unique=True)
    name_zh = models.CharField(_("Chinese name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=160)
    unit_zh = models.CharField(_("unit in Chinese"), max_length=20)
    unit_en = models.CharField(_("unit in English"), max_length=30)
    operator = models.CharField(_("target is"), max_length=2, choices=Operator)
    target = number(_("target of 2025"))
    baseline_year = models.PositiveSmallIntegerField(_("baseline year"), null=True, blank=True)
    baseline = number(_("baseline"), null=True, blank=True)
    is_computed = models.BooleanField(_("from our own ledger"), default=False)
    caution = models.TextField(_("caution"), blank=True)
    caution_en = models.TextField(_("caution in English"), blank=True)
    basis = models.TextField(_("basis"))
    place = models.PositiveSmallIntegerField(_("place in lists"), default=100)

    class Meta(Recorded.Meta):
        verbose_name = _("plan indicator")
        verbose_name_plural = _("plan indicators")
        ordering = ["place", "code"]
        default_permissions = ("change", "view")
        constraints = [
            CheckConstraint(
                name="plan_operator_is_known", condition=is_one_of("operator", Operator.values)
            ),
            CheckConstraint(
                name="plan_baseline_with_its_year",
                condition=Q(baseline=None, baseline_year=None)
                | Q(
                    baseline__isnull=False, baseline_year__isnull=False,
                    baseline_year__lt=TARGET_YEAR,
                ),
                violation_error_message=_("Give the baseline with its year, or neither."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return in_language(self.name_zh, self.name_en)

    @property
    def unit(self) -> str:
        return in_language(self.unit_zh, self.unit_en)

    @property
    def caution_shown(self) -> str:
        return in_language(self.caution, self.caution_en)


class PlanActualQuerySet(LedgerQuerySet["PlanActual"]):
    seen_through = ""
    business_day = "created_at"  # a value is of its year

    def within(self, scope: Scope) -> Self:
        """The plan is the city's own: for whoever sees the whole ledger, else nothing."""
        return self if scope.kind == "all" else self.none()

    def known(self, known_at: datetime) -> Self:
        """The values that counted by what was known at ``known_at``."""
        return self.filter(Q(voided_at=None) | Q(voided_at__gt=known_at), counted_at__lte=known_at)


class PlanActual(LedgerRow):
    """What was published of an indicator for a year; of a ratio both operands are kept."""

    indicator = models.ForeignKey(
        PlanIndicator, models.PROTECT, related_name="actuals", verbose_name=_("plan indicator")
    )
    year = models.PositiveSmallIntegerField(
        _("year"), validators=[MinValueValidator(FIRST_YEAR), MaxValueValidator(LAST_YEAR)]
    )
    value = number(_("value"), help_text=_("of a ratio: leave blank, it is worked out"), blank=True)
    numerator = number(_("numerator"), null=True, blank=True)
    denominator = number(_("denominator"), null=True, blank=True)
    basis = models.TextField(_("basis"), help_text=_("where it was published"))

    objects = PlanActualQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("value of the plan")
        verbose_name_plural = _("values of the plan")
        ordering = ["indicator__place", "-year", "-id"]
        default_permissions = ("add", "view")
        permissions = [("confirm_planactual", _("Can confirm values of the plan"))]
        constraints = [
            *LedgerRow.Meta.constraints,
            counted_by_other_hands(),
            UniqueConstraint(
                name="plan_value_once_per_year",
                fields=["indicator", "year"],
                condition=Q(voided_at=None),
                violation_error_message=_(
                    "There is a value for this year already; strike it out first."
                ),
            ),
            CheckConstraint(
                name="plan_value_has_both_operands",
                condition=Q(numerator=None, denominator=None)
                | Q(numerator__isnull=False, denominator__gt=0),
                violation_error_message=_(
                    "Give both operands or neither; the denominator is more than 0."
                ),
            ),
            CheckConstraint(name="plan_value_has_a_basis", condition=~Q(basis="")),
        ]

    def __str__(self) -> str:
        return f"{self.indicator} · {self.year}"

    def clean(self) -> None:
        """A ratio is worked out from its operands."""
        if self.numerator is not None and self.denominator:
            self.value = round(self.numerator / self.denominator, 8)
        if self.value is None:
            raise ValidationError(
                {"value": gettext("Enter the value, or both operands of a ratio.")}
            )
