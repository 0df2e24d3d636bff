"""The project on the desk: its ledger columns, its steps, and everything that belongs to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import Count
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.admin.money import money, plain_money
from assistance.admin.scoped import Filter, Panel, ScopedAdmin, kept_by, reader
from assistance.desk import Figure
from assistance.models.regions import RegionLevel
from assistance.periods import local_day
from projects.actions import create_project, edit_draft
from projects.actions.drafts import DRAFT_FIELDS
from projects.admin import (
    acceptance,
    assets,
    audit,
    evaluation,
    notices,
    openings,
    papers,
    payments,
    progress,
    proposals,
    shares,
)
from projects.admin.history import history_panel
from projects.admin.lists import YearFilter, progress_bar, stage_of
from projects.admin.queues import QUEUES
from projects.admin.steps import VERBS
from projects.admin.targets import TargetInline, targets_panel
from projects.models import BUCKETS, RESERVE, Project

BUCKET_NAMES = {
    "reserve": pgettext_lazy("bucket", "In reserve"),
    "preparation": pgettext_lazy("bucket", "In preparation"),
    "tendering": pgettext_lazy("bucket", "Out to tender"),
    "ready": pgettext_lazy("bucket", "Ready to start"),
    "active": pgettext_lazy("bucket", "Under way"),
    "suspended": pgettext_lazy("bucket", "Suspended"),
    "completed": pgettext_lazy("bucket", "Completed, to be accepted"),
    "accepted": pgettext_lazy("bucket", "Accepted"),
    "terminated": pgettext_lazy("bucket", "Terminated"),
}
STAGES_IN = {"reserve": RESERVE, **BUCKETS}
AT_CREATION = ("pairing", "county", "fiscal_year")


class BucketFilter(Filter):
    """The stages as a report groups them."""

    title = _("standing")
    parameter_name = "bucket"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(bucket, str(name)) for bucket, name in BUCKET_NAMES.items()]

    def queryset(
        self, request: HttpRequest, queryset: models.QuerySet[Any]
    ) -> models.QuerySet[Any]:
        asked = self.value()
        return queryset.filter(stage__in=STAGES_IN.get(asked, ())) if asked else queryset


@admin.register(Project)
class ProjectAdmin(ScopedAdmin):
    place = 10
    joins = (
        "pairing__programme", "pairing__donor", "pairing__recipient", "county",
        "implementing_unit", "opening", "created_by", "updated_by",
    )  # fmt: skip
    summed = "total_investment_yuan"
    list_display = ["code", "name", "standing", "total", "county", "fiscal_year", "sector"]
    list_display_links = ["code", "name"]
    list_filter = [YearFilter, BucketFilter, "stage", "pairing__programme", "sector", "mode"]
    search_fields = ["code", "name"]
    autocomplete_fields = ["implementing_unit"]
    may_be_missing = ("implementing_unit",)
    readonly_fields = ["code", "stage", "total_investment_yuan", "contract_no", "contract_yuan"]
    fieldsets = [
        (
            _("What and where"),
            {
                "fields": [
                    "name", "pairing", ("county", "place"), ("fiscal_year", "sector", "mode"),
                ]
            },
        ),
        (
            _("Scope and unit"),
            {"fields": ["content", "implementing_unit", ("responsible_person", "office_phone")]},
        ),
        (
            _("Money asked for"),
            {"fields": [("aid_yuan", "donation_yuan"), ("match_yuan", "self_yuan")]},
        ),
        (_("Time"), {"fields": [("planned_start", "planned_end")]}),
        (
            _("Who benefits"),
            {
                "fields": [
                    ("beneficiary_households", "beneficiary_persons"),
                    ("lifted_persons", "monitored_persons"),
                    "linkage",
                    ("is_livelihood", "livelihood_reason"),
                ]
            },
        ),
        (_("Nature"), {"fields": [("spend_level", "forms_asset", "needs_tender")]}),
        (_("Remarks"), {"fields": ["remarks"]}),
    ]  # fmt: skip
    verbs = VERBS
    queues = QUEUES

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or obj.why_not("edit", reader(request)) is None)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = super().get_readonly_fields(request, obj)
        return fixed if obj is None else [*fixed, *AT_CREATION]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        written = super().get_fieldsets(request, obj)
        if obj is None or obj.contract_yuan is None:
            return written
        contract = (_("Contract"), {"fields": [("contract_no", "contract_yuan")]})
        return [*written[:-1], contract, written[-1]]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        mine = reader(request)
        if field is not None and db_field.name == "pairing":
            field.queryset = kept_by(mine, field.queryset)
            field.label_from_instance = _pairing_label
        if field is not None and db_field.name == "county":
            inside = mine.scope.region if mine.scope.kind == "recipient" else ""
            counties = field.queryset.filter(level=RegionLevel.COUNTY)
            field.queryset = counties.inside(inside) if inside else counties
            field.label_from_instance = _county_label
        return field

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        year = local_day(timezone.now()).year
        return {"fiscal_year": str(year), **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The verb needs the targets too: it is called in ``save_related``."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        (targets,) = formsets
        targets.new_objects = targets.changed_objects = targets.deleted_objects = []
        rows = targets.targets()
        by, now, fields = reader(request), timezone.now(), form.answers()
        if change:
            version = form.cleaned_data["seen_version"]
            fields = {name: value for name, value in fields.items() if name in DRAFT_FIELDS}
            done = edit_draft(
                form.instance, by=by, now=now, version=version, targets=rows, **fields
            )
        else:
            done = create_project(by=by, now=now, targets=rows, **fields)
        form.instance.pk = done.pk
        form.instance.refresh_from_db()

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        return (
            (_("Stage"), stage_of(row)),
            (_("Total investment"), money(row.total_investment_yuan)),
            (_("Allocated"), money(row.allocated_yuan)),
            (_("Paid"), money(row.paid_yuan)),
            (_("Progress"), progress_bar(row.physical_pct)),
            (_("County"), row.county),
            (_("Pairing"), row.pairing),
            (_("Programme"), row.pairing.programme),
            (_("Code"), row.code),
            (_("Entered by"), row.created_by),
            *openings.project_facts(row),
        )

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return [TargetInline] if self.has_change_permission(request, obj) else []

    def panels(self, request: HttpRequest, row: Any) -> Iterable[Panel]:
        if not self.has_change_permission(request, row):
            yield targets_panel(row)
        yield from proposals.project_panels(row)
        yield from shares.project_panels(row)
        yield from payments.project_panels(row)
        yield from progress.project_panels(row)
        yield from papers.project_panels(row)
        yield from notices.project_panels(row)
        yield from acceptance.project_panels(row)
        yield from assets.project_panels(row)
        yield from audit.project_panels(row)
        yield from evaluation.project_panels(row)
        yield history_panel(row)
        yield from openings.project_panels(row)

    def figures(self, request: HttpRequest, year: int) -> Iterable[Figure]:
        if not self.has_view_permission(request):
            return
        rows = Project.objects.visible_to(reader(request)).filter(fiscal_year=year)
        grouped = rows.order_by().values("stage").annotate(found=Count("pk"))
        counts = {row["stage"]: row["found"] for row in grouped}
        group = _("Projects of the fiscal year")
        for bucket, name in BUCKET_NAMES.items():
            found = sum(counts.get(stage, 0) for stage in STAGES_IN[bucket])
            address = f"{self.list_url}?year={year}&bucket={bucket}"
            yield Figure(group, name, str(found), "", address)

    @admin.display(description=_("stage"), ordering="stage")
    def standing(self, project: Project) -> SafeString:
        return stage_of(project)

    @admin.display(description=_("total (yuan)"), ordering="total_investment_yuan")
    def total(self, project: Project) -> SafeString:
        return plain_money(project.total_investment_yuan)


def _pairing_label(pairing: Any) -> str:
    return f"{pairing.programme} · {pairing}"


def _county_label(county: Any) -> str:
    return f"{county.code} {county}"
