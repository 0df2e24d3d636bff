"""Regions, programmes, pairings and organisations on the desk."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from assistance.admin.scoped import Filter, ScopedAdmin, badge, reader
from assistance.models import Confidence, Organisation, Pairing, Programme, Region
from assistance.models.regions import OrganisationKind
from assistance.periods import local_day

UNITS = (
    OrganisationKind.IMPLEMENTING_UNIT,
    OrganisationKind.ENTERPRISE,
    OrganisationKind.SCHOOL,
    OrganisationKind.HOSPITAL,
)
CONFIDENCE_TONES = {Confidence.HIGH: "good", Confidence.MEDIUM: "open", Confidence.LOW: "bad"}


class InForceFilter(Filter):
    """Pairings in force today, on the last day of each of the last years, or not any more."""

    title = _("in force on")
    parameter_name = "on"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        today = local_day(timezone.now())
        ends = [date(year, 12, 31) for year in range(today.year - 1, today.year - 7, -1)]
        return [("today", str(_("today"))), *((day.isoformat(), day.isoformat()) for day in ends)]

    def queryset(
        self, request: HttpRequest, queryset: models.QuerySet[Any]
    ) -> models.QuerySet[Any]:
        asked = self.value()
        if not asked:
            return queryset
        try:
            day = local_day(timezone.now()) if asked == "today" else date.fromisoformat(asked)
        except ValueError:
            return queryset.none()
        pairings = Pairing.objects.in_force_on(day)
        return queryset.filter(pk__in=pairings.values("pk"))


@admin.register(Pairing)
class PairingAdmin(ScopedAdmin):
    place = 90
    joins = ("programme", "donor", "recipient")
    list_display = ["tie", "programme", "since", "until", "standing", "trust", "donor_standing"]
    list_filter = [InForceFilter, "programme", "confidence", "donor_confirmed"]
    search_fields = ["recipient__name_zh", "recipient__name_en", "donor__name_zh"]
    fieldsets = [
        (None, {"fields": ["programme", "donor", "donor_confirmed", "recipient"]}),
        (_("In force"), {"fields": [("since", "until"), "returns_monthly"]}),
        (_("Where this is known from"), {"fields": ["confidence", "basis"]}),
    ]

    @admin.display(description=_("pairing"), ordering="recipient__code")
    def tie(self, pairing: Pairing) -> str:
        return str(pairing)

    @admin.display(description=_("in force today"))
    def standing(self, pairing: Pairing) -> SafeString:
        today = local_day(timezone.now())
        begun = pairing.starts_on is None or pairing.starts_on <= today
        ended = pairing.ends_on is not None and pairing.ends_on < today
        if ended:
            return badge(_("ended"), "quiet")
        return badge(_("in force"), "good") if begun else badge(_("to come"), "open")

    @admin.display(description=_("confidence"), ordering="confidence")
    def trust(self, pairing: Pairing) -> SafeString:
        return _trust(pairing)

    @admin.display(description=_("donor"), ordering="donor__code")
    def donor_standing(self, pairing: Pairing) -> SafeString | str:
        if pairing.donor_confirmed:
            return pairing.donor.name
        return badge(_("district to be confirmed"), "open")


@admin.register(Region)
class RegionAdmin(ScopedAdmin):
    place = 92
    joins = ("parent",)
    list_display = ["code", "name", "level", "parent", "counted_in_headline", "trust"]
    list_filter = ["level", "counted_in_headline", "confidence", "altitude_band"]
    search_fields = ["code", "name_zh", "name_en"]
    autocomplete_fields = ["parent"]
    fieldsets = [
        (None, {"fields": ["code", ("name_zh", "name_en"), "level", "parent", "altitude_band"]}),
        (
            _("Where this is known from"),
            {"fields": ["counted_in_headline", "confidence", "basis"]},
        ),
    ]

    @admin.display(description=_("name"), ordering="name_zh")
    def name(self, region: Region) -> str:
        return region.name

    @admin.display(description=_("confidence"), ordering="confidence")
    def trust(self, region: Region) -> SafeString:
        return _trust(region)


@admin.register(Programme)
class ProgrammeAdmin(ScopedAdmin):
    place = 94
    list_display = ["name", "kind", "carries_aid", "went_live_on"]
    search_fields = ["name_zh", "name_en", "code"]
    fieldsets = [
        (None, {"fields": ["code", "kind", ("name_zh", "name_en"), "carries_aid"]}),
        (_("Reporting"), {"fields": ["returns_since"]}),
        (
            _("Going live"),
            {
                "fields": ["went_live_on"],
                "description": _(
                    "From this day on no project that ran before can be taken over into this"
                    " programme any more: every project goes the whole road, with all its papers"
                    " and checks. Openings that were entered before can still be confirmed. Set it"
                    " when the last ledger is in."
                ),
            },
        ),
    ]

    @admin.display(description=_("name"), ordering="name_zh")
    def name(self, programme: Programme) -> str:
        return programme.name


@admin.register(Organisation)
class OrganisationAdmin(ScopedAdmin):
    place = 96
    joins = ("region",)
    list_display = ["name", "kind", "region", "uscc"]
    list_filter = ["kind"]
    search_fields = ["name_zh", "name_en", "uscc"]
    autocomplete_fields = ["region"]
    fieldsets = [
        (None, {"fields": [("name_zh", "name_en"), "kind", "region", "uscc"]}),
        (_("Exists"), {"fields": [("starts_on", "ends_on")]}),
    ]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A recipient or a donor enters organisations of its own region only."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        scope = reader(request).scope
        if field is not None and db_field.name == "region" and scope.region:
            field.queryset = field.queryset.inside(scope.region)
        return field

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offices whose people see the ledger are entered by whoever maintains organisations."""
        if db_field.name == "kind" and not self.has_change_permission(request):
            units = [(kind.value, kind.label) for kind in UNITS]
            kwargs["choices"] = [("", "---------"), *units]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    @admin.display(description=_("name"), ordering="name_zh")
    def name(self, organisation: Organisation) -> str:
        return organisation.name


def _trust(row: Pairing | Region) -> SafeString:
    return badge(row.get_confidence_display(), CONFIDENCE_TONES[Confidence(row.confidence)])
