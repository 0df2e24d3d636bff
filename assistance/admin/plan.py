"""The five-year plan on the desk: its indicators, and the values that are published."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from assistance.actions import plan
from assistance.admin.scoped import ScopedAdmin, counting
from assistance.admin.verbs import Queue, ReasonForm, Verb, confirmable, strikeable
from assistance.models import PlanActual, PlanIndicator, User

SHELF = _("Agreements and returns")


@admin.register(PlanIndicator)
class PlanIndicatorAdmin(ScopedAdmin):
    place = 79
    shelf = SHELF
    list_display = ["code", "name", "operator", "target", "baseline", "baseline_year", "basis"]
    search_fields = ["code", "name_zh", "name_en"]
    readonly_fields = ["code", "is_computed"]
    fieldsets = [
        (None, {"fields": ["code", ("name_zh", "name_en"), ("unit_zh", "unit_en")]}),
        (_("Target"), {"fields": [("operator", "target"), ("baseline", "baseline_year")]}),
        (
            _("Where this is known from"),
            {"fields": ["basis", "caution", "caution_en", "is_computed", "place"]},
        ),
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description=_("plan indicator"), ordering="place")
    def name(self, indicator: PlanIndicator) -> str:
        return str(indicator)


@admin.register(PlanActual)
class PlanActualAdmin(ScopedAdmin):
    place = 79
    shelf = SHELF
    never_edited = True
    joins = ("indicator", "created_by", "counted_by")
    list_display = ["title", "year", "value", "numerator", "denominator", "standing", "basis"]
    list_filter = ["year", "indicator"]
    empty_list = _("Nothing is published yet. Enter a value with the place where it was published.")
    fieldsets = [
        (None, {"fields": ["indicator", "year", "value", ("numerator", "denominator"), "basis"]}),
    ]
    verbs = (
        Verb(
            "confirm", _("Confirm"), plan.CONFIRMS, plan.confirm_actual, confirmable,
            explains=_("The value counts from now on. Nobody confirms what they entered."),
        ),
        Verb(
            "strike-out", _("Strike out"), plan.CONFIRMS, plan.strike_out_actual,
            strikeable, ReasonForm, turns_down=True,
        ),
    )  # fmt: skip
    queues = (
        Queue(
            "to-confirm",
            _("values of the plan to confirm"),
            plan.CONFIRMS,
            lambda rows, user, now: rows.filter(counted_at=None, voided_at=None).exclude(
                created_by=user
            ),
        ),
    )

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "indicator" and field is not None:
            field.queryset = field.queryset.filter(is_computed=False)
        return field

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "value" and field is not None:
            field.required = False  # of a ratio it is worked out
        return field

    def enter(self, fields: dict[str, Any], *, by: User, now: datetime) -> Any:
        return plan.record_actual(**fields, by=by, now=now)

    @admin.display(description=_("plan indicator"), ordering="indicator__place")
    def title(self, actual: PlanActual) -> str:
        return str(actual.indicator)

    @admin.display(description=_("state"))
    def standing(self, actual: PlanActual) -> SafeString:
        return counting(actual)
