"""The project: what is to be done where, with what money, and where on its road it stands."""

from __future__ import annotations

from decimal import Decimal
from typing import Self

from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import CheckConstraint, F, GeneratedField, Q, UniqueConstraint, Value
from django.db.models.functions import Replace
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.errors import Refused
from assistance.models import Organisation, Pairing, Region, User
from assistance.models.rows import L, LedgerQuerySet, Recorded, RecordedQuerySet, is_one_of, yuan
from assistance.scope import Scope
from projects.models.road import STEPS, Stage, Step


class Sector(models.TextChoices):
    IND = "IND", pgettext_lazy("sector", "Industry")
    LAB = "LAB", pgettext_lazy("sector", "Labour cooperation")
    CONS = "CONS", pgettext_lazy("sector", "Consumption assistance")
    RURAL = "RURAL", pgettext_lazy("sector", "Rural construction")
    EDU = "EDU", pgettext_lazy("sector", "Education")
    HEALTH = "HEALTH", pgettext_lazy("sector", "Health")
    HOUSING = "HOUSING", pgettext_lazy("sector", "Housing")
    TALENT = "TALENT", pgettext_lazy("sector", "Training of cadres and professionals")
    CULT = "CULT", pgettext_lazy("sector", "Culture and exchange")
    ECO = "ECO", pgettext_lazy("sector", "Environment")
    DIGI = "DIGI", pgettext_lazy("sector", "Digitalisation")
    SOC = "SOC", pgettext_lazy("sector", "Social security")
    MGMT = "MGMT", pgettext_lazy("sector", "Management fee")


NOT_LIVELIHOOD_BY_DEFAULT = frozenset({Sector.IND, Sector.CULT, Sector.DIGI, Sector.MGMT})


class Mode(models.TextChoices):
    TURNKEY = "TURNKEY", _("turn-key")
    CHEQUE = "CHEQUE", _("cheque")
    SUBSIDY = "SUBSIDY", _("subsidy")
    EQUIPMENT = "EQUIPMENT", _("equipment")
    TALENT = "TALENT", _("intellectual aid")


class SpendLevel(models.TextChoices):
    PROVINCE = "province", _("province")
    PREFECTURE = "prefecture", _("prefecture")
    COUNTY = "county", _("county")
    TOWN = "town", _("township")
    VILLAGE = "village", _("village")


class ProjectQuerySet(RecordedQuerySet["Project"]):
    seen_through = "pairing"

    def within(self, scope: Scope) -> Self:
        """The rows inside ``scope``; a donor district does not see what is still a draft."""
        rows = super().within(scope)
        return rows.exclude(stage=Stage.DRAFT) if scope.kind == "donor" else rows

    def open_to(self, verb: str, user: User) -> Self:
        """The rows for which ``why_not(verb, user)`` finds nothing: the same rule as a query."""
        step = STEPS[verb]
        if not user.has_perm(step.permission):
            return self.none()
        rows = self.filter(stage__in=step.takes_from)
        if user.scope.kind != "all" and not _checks_for_others(step, user):
            own = user.organisation.region_id if user.organisation else None
            rows = rows.filter(**{f"pairing__{user.scope.kind}": own})
        for person in step.other_hands_than:
            rows = rows.filter(Q(**{person: None}) | ~Q(**{person: user}))
        return rows


class OfProjectQuerySet(LedgerQuerySet[L]):
    """Ledger rows of projects."""

    seen_through = "project__pairing"

    def visible_to(self, user: User) -> Self:
        """Rows of the projects that ``user`` may see.

        ``within`` is wider: figures of a past month may not hang on where a project stands today.
        """
        rows = super().visible_to(user)
        return rows.exclude(project__stage=Stage.DRAFT) if user.scope.kind == "donor" else rows


class Project(Recorded):
    """One funded project, from application to hand-over."""

    code = models.CharField(_("project code"), max_length=16, unique=True, editable=False)
    name = models.CharField(_("project name"), max_length=120)
    pairing = models.ForeignKey(
        Pairing, models.PROTECT, related_name="projects", verbose_name=_("pairing")
    )
    county = models.ForeignKey(
        Region, models.PROTECT, related_name="projects", verbose_name=_("county")
    )
    place = models.CharField(_("township or village"), max_length=120, blank=True)
    fiscal_year = models.PositiveSmallIntegerField(_("fiscal year"))
    sector = models.CharField(_("sector"), max_length=8, choices=Sector)
    mode = models.CharField(_("mode"), max_length=10, choices=Mode, default=Mode.CHEQUE)
    content = models.TextField(_("scope and quantities"), blank=True)
    implementing_unit = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="projects",
        verbose_name=_("implementing unit"),
    )
    responsible_person = models.CharField(_("person responsible"), max_length=60, blank=True)
    office_phone = models.CharField(
        _("office telephone"),
        max_length=30,
        blank=True,
        help_text=_("the unit's own line, not a private number"),
    )
    aid_yuan = yuan(_("fiscal aid (yuan)"), default=Decimal(0))
    donation_yuan = yuan(_("donations (yuan)"), default=Decimal(0))
    match_yuan = yuan(_("recipient's matching funds (yuan)"), default=Decimal(0))
    self_yuan = yuan(_("unit's own funds (yuan)"), default=Decimal(0))
    total_investment_yuan = GeneratedField(
        expression=F("aid_yuan") + F("donation_yuan") + F("match_yuan") + F("self_yuan"),
        output_field=models.DecimalField(
            _("total investment (yuan)"), max_digits=18, decimal_places=2
        ),
        db_persist=True,
    )
    planned_start = models.DateField(_("planned start"), null=True, blank=True)
    planned_end = models.DateField(_("planned end"), null=True, blank=True)
    beneficiary_households = models.PositiveIntegerField(_("households that benefit"), default=0)
    beneficiary_persons = models.PositiveIntegerField(_("persons that benefit"), default=0)
    lifted_persons = models.PositiveIntegerField(_("of whom lifted out of poverty"), default=0)
    monitored_persons = models.PositiveIntegerField(_("of whom monitored"), default=0)
    linkage = models.TextField(_("linkage with farmers"), blank=True)
    is_livelihood = models.BooleanField(_("improves livelihoods"), default=True)
    livelihood_reason = models.CharField(_("reason"), max_length=200, blank=True)
    spend_level = models.CharField(
        _("spent at"), max_length=10, choices=SpendLevel, default=SpendLevel.COUNTY
    )
    forms_asset = models.BooleanField(_("forms an asset"), default=True)
    needs_tender = models.BooleanField(_("needs a tender"), default=False)
    contract_no = models.CharField(_("contract no."), max_length=60, blank=True)
    contract_yuan = yuan(_("contract amount (yuan)"), null=True, blank=True)
    remarks = models.TextField(_("remarks"), blank=True)
    stage = models.CharField(
        _("stage"), max_length=12, choices=Stage, default=Stage.DRAFT, editable=False
    )
    submitted_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("submitted by"),
    )
    reviewed_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("reviewed by"),
    )

    objects = ProjectQuerySet.as_manager()

    class Meta(Recorded.Meta):
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        ordering = ["-updated_at", "-id"]
        default_permissions = ("add", "change", "view")
        permissions = [
            ("submit_project", _("Can submit a project")),
            ("return_project", _("Can return a project")),
            ("admit_project", _("Can admit a project to the library")),
            ("reject_project", _("Can reject a project")),
            ("approve_project", _("Can approve a project")),
            ("advance_project", _("Can advance a project")),
            ("start_project", _("Can confirm the start of a project")),
            ("complete_project", _("Can confirm the completion of a project")),
        ]
        constraints = [
            CheckConstraint(
                name="project_stage_is_known", condition=is_one_of("stage", Stage.values)
            ),
            CheckConstraint(
                name="project_sector_is_known", condition=is_one_of("sector", Sector.values)
            ),
            CheckConstraint(name="project_mode_is_known", condition=is_one_of("mode", Mode.values)),
            CheckConstraint(
                name="project_spend_level_is_known",
                condition=is_one_of("spend_level", SpendLevel.values),
            ),
            CheckConstraint(
                name="project_fiscal_year_is_plausible",
                condition=Q(fiscal_year__range=(1990, 2100)),
            ),
            CheckConstraint(
                name="project_sums_are_not_negative",
                condition=Q(
                    aid_yuan__gte=0, donation_yuan__gte=0, match_yuan__gte=0, self_yuan__gte=0
                ),
            ),
            CheckConstraint(
                name="project_days_in_order",
                condition=Q(planned_start=None)
                | Q(planned_end=None)
                | Q(planned_start__lte=F("planned_end")),
                violation_error_message=_("The planned end lies before the planned start."),
            ),
            CheckConstraint(
                name="project_lifted_are_beneficiaries",
                condition=Q(lifted_persons__lte=F("beneficiary_persons")),
                violation_error_message=_(
                    "More persons lifted out of poverty than persons that benefit."
                ),
            ),
            CheckConstraint(
                name="project_monitored_are_beneficiaries",
                condition=Q(monitored_persons__lte=F("beneficiary_persons")),
                violation_error_message=_("More monitored persons than persons that benefit."),
            ),
            CheckConstraint(
                name="project_contract_within_total",
                condition=Q(contract_yuan=None) | Q(contract_yuan__lte=F("total_investment_yuan")),
                violation_error_message=_("The contract is larger than the total investment."),
            ),
            CheckConstraint(
                name="project_industry_livelihood_has_a_reason",
                condition=Q(is_livelihood=False) | ~Q(sector=Sector.IND) | ~Q(livelihood_reason=""),
                violation_error_message=_("Say why this industry project improves livelihoods."),
            ),
            UniqueConstraint(
                Replace(Replace("name", Value(" ")), Value("\u3000")),
                "county",
                "fiscal_year",
                name="project_name_once_per_county_and_year",
                condition=~Q(stage__in=[Stage.REJECTED, Stage.WITHDRAWN]),
                violation_error_message=_(
                    "This county already has a project of this name in this year."
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["-updated_at", "-id"], name="project_newest"),
            models.Index(
                fields=["pairing", "-updated_at", "-id"], name="project_newest_of_pairing"
            ),
            models.Index(fields=["county", "fiscal_year"], name="project_county_year"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    def why_not(self, verb: str, user: User) -> Refused | PermissionDenied | None:
        """What stands between ``user`` and a step of the road by stage, permission and other hands;
        None when nothing.

        Costs no query beyond the user's own permissions and the pairing (select it along in lists).
        """
        step = STEPS[verb]
        may_write = user.may_write_for(
            recipient_id=self.pairing.recipient_id, donor_id=self.pairing.donor_id
        )
        if not user.has_perm(step.permission) or not (may_write or _checks_for_others(step, user)):
            return PermissionDenied()
        if self.stage not in step.takes_from:
            return Refused(
                "not_on_the_road",
                _("“%(verb)s” is not open to a project at the stage “%(stage)s”.")
                % {"verb": step.label, "stage": self.get_stage_display()},
            )
        try:
            self.require_other_hands(user, than=step.other_hands_than)
        except Refused as refusal:
            return refusal
        return None

    def require(self, verb: str, by: User) -> None:
        """Raise what ``why_not`` finds."""
        refusal = self.why_not(verb, by)
        if refusal is not None:
            raise refusal

    def verbs_open_to(self, user: User) -> list[str]:
        """The steps that ``user`` may take now, as far as ``why_not`` can tell."""
        return [verb for verb in STEPS if self.why_not(verb, user) is None]


def _checks_for_others(step: Step, user: User) -> bool:
    # The front team belongs to a prefecture and checks the projects of every county in it.
    return user.scope.kind == "recipient" and step.verb in {"start", "complete"}


class TargetKind(models.TextChoices):
    OUTPUT = "OUTPUT", pgettext_lazy("target", "output")
    BENEFIT = "BENEFIT", pgettext_lazy("target", "benefit")
    SATISFACTION = "SATISFACTION", pgettext_lazy("target", "satisfaction")


class PerformanceTarget(models.Model):
    """What a project promises: outputs with quantity and unit, benefits, satisfaction in %."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="targets")
    kind = models.CharField(_("kind"), max_length=12, choices=TargetKind)
    name = models.CharField(_("target"), max_length=100)
    quantity = models.DecimalField(_("quantity"), max_digits=14, decimal_places=2)
    unit = models.CharField(_("unit"), max_length=20)

    class Meta:
        verbose_name = _("performance target")
        verbose_name_plural = _("performance targets")
        ordering = ["project_id", "id"]
        default_permissions = ()
        constraints = [
            CheckConstraint(
                name="target_kind_is_known", condition=is_one_of("kind", TargetKind.values)
            ),
            CheckConstraint(name="target_quantity_is_not_negative", condition=Q(quantity__gte=0)),
            CheckConstraint(
                name="target_satisfaction_is_a_percentage",
                condition=~Q(kind=TargetKind.SATISFACTION) | Q(quantity__lte=100),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.quantity.normalize():f} {self.unit}"
