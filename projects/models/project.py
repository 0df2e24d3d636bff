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
from assistance.models.rows import (
    L,
    LedgerQuerySet,
    Recorded,
    RecordedQuerySet,
    is_one_of,
    kept_yuan,
    yuan,
)
from assistance.roles import Role
from assistance.scope import DIGITS_OF_A_COUNTY, Scope
from projects.models.road import ANY_PROPOSAL, PROPOSED_STAGES, STEPS, Stage, Step


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


PROPOSES = frozenset({"start", "complete", "hand_over"})
# What is not done to a project that waits to be taken over: it is confirmed or declined as a whole.
OF_ONES_OWN_DRAFT = frozenset({"edit", "submit", "withdraw"})
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
        if scope.kind == "recipient" and len(scope.region) == DIGITS_OF_A_COUNTY:
            return self._lying_in(scope.region)
        rows = super().within(scope)
        return rows.exclude(stage=Stage.DRAFT) if scope.kind == "donor" else rows

    def _lying_in(self, code: str) -> Self:
        """The rows whose pairing's recipient is the region ``code`` or lies in it.

        A project lies in that recipient, so these are the projects that lie in the region, but for
        those of a tie with a region above it. Asked so, PostgreSQL walks an index in the order of
        lists (docs/performance.md).
        """
        province, prefecture = f"{code[:2]}0000", f"{code[:4]}00"
        column = {prefecture: "prefecture", province: "province"}.get(code, "county")
        region = Region.objects.filter(code=code).values("pk")[:1]
        ties_above = Pairing.objects.filter(recipient__code__in={province, prefecture} - {code})
        return self.filter(**{column: region}).exclude(pairing__in=ties_above)

    def open_to(self, verb: str, user: User) -> Self:
        """The rows for which ``why_not(verb, user)`` finds nothing: the same rule as a query."""
        step = STEPS[verb]
        if not user.has_perm(step.permission):
            return self.none()
        ones_own = {"opening": None} if verb in OF_ONES_OWN_DRAFT else {}
        rows = self.filter(stage__in=step.takes_from, **ones_own)
        if user.scope.kind != "all" and not _checks_for_others(step, user):
            own = user.organisation.region_id if user.organisation else None
            rows = rows.filter(**{f"pairing__{user.scope.kind}": own})
        for person in step.other_hands_than:
            rows = rows.filter(Q(**{person: None}) | ~Q(**{person: user}))
        if step.only_by:
            rows = rows.filter(**{step.only_by: user})
        if step.confirms == ANY_PROPOSAL:
            rows = rows.exclude(proposed_stage="")
        elif step.confirms:
            rows = rows.filter(proposed_stage=step.confirms)
        elif step.verb in PROPOSES:
            rows = rows.filter(proposed_stage="")
        if step.on_site and user.scope.kind == "all":
            for prefix in user.regions_with_a_front_team:
                rows = rows.exclude(county__code__startswith=prefix)
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
    proposed_stage = models.CharField(
        _("proposed"), max_length=12, choices=Stage, blank=True, default="", editable=False
    )
    proposed_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("proposed by"),
    )
    # Read columns: the database keeps them, from the county and from the ledger's rows. Sums are of
    # fiscal aid and donations in cash, by what is known now whatever the day: allocated is shares
    # and their adjustments, paid is payments less refunds, both with what was taken over. Progress
    # is that of the newest verified report, else of the opening.
    province = models.ForeignKey(
        Region, models.PROTECT, null=True, related_name="+", editable=False,
        verbose_name=_("province"),
    )  # fmt: skip
    prefecture = models.ForeignKey(
        Region, models.PROTECT, null=True, related_name="+", editable=False,
        verbose_name=_("prefecture"),
    )  # fmt: skip
    allocated_yuan = kept_yuan(_("allocated (yuan)"))
    paid_yuan = kept_yuan(_("paid (yuan)"))
    physical_pct = models.DecimalField(
        _("physical progress (%)"), max_digits=5, decimal_places=2, default=Decimal(0),
        db_default=Decimal(0), editable=False,
    )  # fmt: skip
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
            ("withdraw_project", _("Can withdraw a project")),
            ("propose_step", _("Can report start, completion and hand-over of a project")),
            ("start_project", _("Can confirm the start of a project")),
            ("complete_project", _("Can confirm the completion of a project")),
            ("decline_step", _("Can decline a proposed step")),
            ("suspend_project", _("Can suspend and resume a project")),
            ("rework_project", _("Can send a completed project back to the works")),
            ("accept_project", _("Can accept a project and confirm its hand-over")),
            ("close_project", _("Can close a project")),
        ]
        constraints = [
            CheckConstraint(
                name="project_stage_is_known", condition=is_one_of("stage", Stage.values)
            ),
            CheckConstraint(
                name="project_proposed_stage_and_by",
                condition=Q(proposed_stage="", proposed_by=None)
                | Q(proposed_stage__in=PROPOSED_STAGES, proposed_by__isnull=False),
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
            models.Index(fields=["prefecture", "-updated_at", "-id"], name="project_prefecture"),
            models.Index(fields=["province", "-updated_at", "-id"], name="project_province"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    def why_not(self, verb: str, user: User) -> Refused | PermissionDenied | None:
        """What stands between ``user`` and a step of the road by stage, permission and other hands;
        None when nothing.

        Costs no query beyond the user's own permissions, the pairing and, of drafts, the opening
        (select both along in lists).
        """
        step = STEPS[verb]
        may_write = user.may_write_for(
            recipient_id=self.pairing.recipient_id, donor_id=self.pairing.donor_id
        )
        if not user.has_perm(step.permission) or not (may_write or _checks_for_others(step, user)):
            return PermissionDenied()
        if step.on_site and user.scope.kind == "all" and self.has_a_front_team(user):
            return PermissionDenied()
        shut = self._shut(step)
        if shut is not None:
            return shut
        if step.only_by and getattr(self, f"{step.only_by}_id") != user.pk:
            return Refused(
                "not_who_submitted",
                _("Only who submitted it takes it back; a reviewer can return it."),
            )
        try:
            self.require_other_hands(user, than=step.other_hands_than)
        except Refused as refusal:
            return refusal
        return None

    def _shut(self, step: Step) -> Refused | None:
        """Why a step is open to nobody now: the stage, or what was reported or was not."""
        if self.stage not in step.takes_from:
            return Refused(
                "not_on_the_road",
                _("“%(verb)s” is not open to a project at the stage “%(stage)s”.")
                % {"verb": step.label, "stage": self.get_stage_display()},
            )
        if step.verb in OF_ONES_OWN_DRAFT and self.waits_to_be_taken_over:
            return Refused(
                "opening_waits",
                _(
                    "This project waits to be taken over; its opening has to be confirmed or"
                    " declined."
                ),
            )
        if step.confirms and not (
            self.proposed_stage == step.confirms
            or (step.confirms == ANY_PROPOSAL and self.proposed_stage)
        ):
            return Refused(
                "nothing_proposed",
                _("Nobody reported this step yet; the county's office or the clerk does that."),
            )
        if step.verb in PROPOSES and self.proposed_stage:
            return Refused(
                "proposed_already",
                _("“%(stage)s” was reported already and waits for confirmation.")
                % {"stage": self.get_proposed_stage_display()},
            )
        return None

    @property
    def waits_to_be_taken_over(self) -> bool:
        """Whether the project is of the time before this system and nobody confirmed that yet."""
        return self.stage == Stage.DRAFT and hasattr(self, "opening")

    def has_a_front_team(self, user: User) -> bool:
        """Whether a front team works where the project lies."""
        # the county lies in the pairing's recipient; read from the code, so lists cost no query
        return any(self.county.code.startswith(code) for code in user.regions_with_a_front_team)

    def verbs_open_to(self, user: User) -> list[str]:
        """The steps that ``user`` may take now, as far as ``why_not`` can tell."""
        return [verb for verb in STEPS if self.why_not(verb, user) is None]


def _checks_for_others(step: Step, user: User) -> bool:
    # The front team belongs to a prefecture and checks the projects of every county in it; its
    # opinion on them is a paper that it files.
    if user.scope.kind != "recipient":
        return False
    files_opinion = step.verb == "file_paper" and Role.FRONT in user.roles
    return step.on_site or step.verb == "decline" or files_opinion


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
