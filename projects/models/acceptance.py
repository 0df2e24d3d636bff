"""What was built, found good, and handed over."""

from __future__ import annotations

from decimal import Decimal
from typing import Self

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import CheckConstraint, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.models import Organisation
from assistance.models.rows import LedgerRow, counted_by_other_hands, is_one_of, yuan
from projects.models.project import OfProjectQuerySet, Project


class AcceptanceLevel(models.TextChoices):
    SELF = "SELF", pgettext_lazy("acceptance", "by the unit itself")
    COUNTY = "COUNTY", pgettext_lazy("acceptance", "by the county")
    JOINT = "JOINT", pgettext_lazy("acceptance", "joint")


class AcceptanceResult(models.TextChoices):
    PASS = "PASS", pgettext_lazy("acceptance", "passed")
    RECTIFY = "RECTIFY", pgettext_lazy("acceptance", "to be rectified")
    FAIL = "FAIL", pgettext_lazy("acceptance", "failed")


# By somebody else than the unit that built it: these have a panel, and lead to the settlement.
BY_OTHERS = (AcceptanceLevel.COUNTY, AcceptanceLevel.JOINT)
LEAST_PANEL = 3


class AcceptanceQuerySet(OfProjectQuerySet["Acceptance"]):
    business_day = "held_on"

    def settling(self) -> Self:
        """Those by others than the unit itself that count and say what the works cost in the end,
        the newest first.
        """
        passed = self.counting().filter(
            result=AcceptanceResult.PASS,
            level__in=BY_OTHERS,
            final_settlement_yuan__isnull=False,
        )
        return passed.order_by("-held_on", "-pk")


class Acceptance(LedgerRow):
    """A panel looked at the works. It counts once a reviewer confirmed it.

    ``members`` are names; ``quantities`` a list of {"name", "unit", "planned", "actual"}.
    ``final_settlement_yuan`` is the whole cost, ``final_aid_yuan`` what aid and donations in cash
    bear of it.
    """

    project = models.ForeignKey(
        Project, models.PROTECT, related_name="acceptances", verbose_name=_("project")
    )
    level = models.CharField(_("level"), max_length=6, choices=AcceptanceLevel)
    held_on = models.DateField(_("held on"))
    chair = models.CharField(_("chair"), max_length=60)
    chair_of = models.ForeignKey(
        Organisation, models.PROTECT, related_name="+", verbose_name=_("chair's organisation")
    )
    members = models.JSONField(_("members of the panel"), default=list)
    result = models.CharField(_("result"), max_length=7, choices=AcceptanceResult)
    rectify_due_on = models.DateField(_("to be rectified by"), null=True, blank=True)
    quantities = models.JSONField(_("quantities planned and done"), default=list, blank=True)
    final_settlement_yuan = yuan(_("final settlement (yuan)"), null=True, blank=True)
    final_aid_yuan = yuan(_("of which aid and donations in cash (yuan)"), null=True, blank=True)
    remarks = models.TextField(_("remarks"), blank=True)

    objects = AcceptanceQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("acceptance")
        verbose_name_plural = _("acceptances")
        ordering = ["project_id", "-held_on", "-id"]
        default_permissions = ("add", "view")
        permissions = [("confirm_acceptance", _("Can confirm an acceptance"))]
        constraints = [
            *LedgerRow.Meta.constraints,
            counted_by_other_hands(),
            CheckConstraint(
                name="acceptance_level_is_known",
                condition=is_one_of("level", AcceptanceLevel.values),
            ),
            CheckConstraint(
                name="acceptance_result_is_known",
                condition=is_one_of("result", AcceptanceResult.values),
            ),
            CheckConstraint(
                name="acceptance_rectification_has_a_day",
                condition=~Q(result=AcceptanceResult.RECTIFY) | Q(rectify_due_on__isnull=False),
                violation_error_message=_("Give the day by which it has to be rectified."),
            ),
            CheckConstraint(
                name="acceptance_rectification_follows",
                condition=Q(rectify_due_on=None)
                | ~Q(result=AcceptanceResult.PASS) & Q(rectify_due_on__gte=models.F("held_on")),
                violation_error_message=_(
                    "What has to be rectified has a day after the acceptance; what passed has none."
                ),
            ),
            CheckConstraint(
                name="acceptance_aid_within_settlement",
                condition=Q(final_aid_yuan=None, final_settlement_yuan=None)
                | Q(
                    final_aid_yuan__isnull=False,
                    final_settlement_yuan__isnull=False,
                    final_settlement_yuan__gte=models.F("final_aid_yuan"),
                ),
                violation_error_message=_(
                    "Give both final sums, of which the aid is no more than the settlement."
                ),
            ),
            CheckConstraint(
                name="acceptance_that_passes_has_final_sums",
                condition=Q(level=AcceptanceLevel.SELF)
                | ~Q(result=AcceptanceResult.PASS)
                | Q(final_settlement_yuan__isnull=False, final_aid_yuan__isnull=False),
                violation_error_message=_(
                    "Give the final settlement and what aid and donations in cash bear of it."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_level_display()} · {self.held_on} · {self.get_result_display()}"


class AssetCategory(models.TextChoices):
    OPERATING = "OPERATING", pgettext_lazy("asset", "operating")
    PUBLIC = "PUBLIC", pgettext_lazy("asset", "public")
    HOUSEHOLD = "HOUSEHOLD", pgettext_lazy("asset", "given to households")


class AssetState(models.TextChoices):
    IN_USE = "in_use", pgettext_lazy("asset", "in use")
    IDLE = "idle", pgettext_lazy("asset", "idle")
    DAMAGED = "damaged", pgettext_lazy("asset", "damaged")
    DISPOSED = "disposed", pgettext_lazy("asset", "disposed of")


class AssetQuerySet(OfProjectQuerySet["Asset"]):
    business_day = "registered_on"


class Asset(LedgerRow):
    """Something that a project left behind, and whose it is. Its state and yearly income may be
    kept up to date after it counts; what it is may not.
    """

    project = models.ForeignKey(
        Project, models.PROTECT, related_name="assets", verbose_name=_("project")
    )
    name = models.CharField(_("asset"), max_length=100)
    category = models.CharField(_("category"), max_length=9, choices=AssetCategory)
    original_value_yuan = yuan(_("original value (yuan)"))
    owner = models.CharField(_("owner"), max_length=100, blank=True)
    manager = models.CharField(_("kept by"), max_length=100, blank=True)
    cert_no = models.CharField(_("title no."), max_length=80, blank=True)
    registered_on = models.DateField(_("registered on"))
    handed_over_on = models.DateField(_("handed over on"), null=True, blank=True)
    state = models.CharField(
        _("state"), max_length=8, choices=AssetState, default=AssetState.IN_USE
    )
    yearly_income_yuan = models.DecimalField(
        _("yearly income (yuan)"),
        max_digits=18,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
    )
    distribution = models.CharField(_("how the income is shared"), max_length=200, blank=True)

    objects = AssetQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("asset")
        verbose_name_plural = _("assets")
        ordering = ["project_id", "id"]
        default_permissions = ("add", "change", "view")
        constraints = [
            *LedgerRow.Meta.constraints,
            CheckConstraint(
                name="asset_category_is_known",
                condition=is_one_of("category", AssetCategory.values),
            ),
            CheckConstraint(
                name="asset_state_is_known", condition=is_one_of("state", AssetState.values)
            ),
            CheckConstraint(name="asset_has_a_value", condition=Q(original_value_yuan__gt=0)),
            CheckConstraint(
                name="asset_handed_over_has_owner_and_manager",
                condition=Q(handed_over_on=None) | ~Q(owner="") & ~Q(manager=""),
                violation_error_message=_("Name who owns the asset and who keeps it."),
            ),
            CheckConstraint(
                name="asset_income_is_of_an_operating_asset",
                condition=Q(category=AssetCategory.OPERATING)
                | Q(yearly_income_yuan=None, distribution=""),
                violation_error_message=_("Only an operating asset has a yearly income."),
            ),
        ]

    def __str__(self) -> str:
        return self.name
