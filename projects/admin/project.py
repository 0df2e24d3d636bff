"""The project on the desk: its ledger columns, its steps, and everything that belongs to it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import models
from django.db.models import Count, Exists, OuterRef
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.admin.money import money, plain_money
from assistance.admin.scoped import Filter, Panel, ScopedAdmin, kept_by, link, reader
from assistance.admin.verbs import Queue
from assistance.desk import Figure
from assistance.models import User
from assistance.models.regions import RegionLevel
from assistance.periods import local_day
from projects.actions import create_project, edit_draft
from projects.actions.road import DRAFT_FIELDS
from projects.admin.lists import YearFilter, stage_of, state_of
from projects.admin.steps import VERBS, share_label
from projects.models import (
    BUCKETS,
    RESERVE,
    Payment,
    PerformanceTarget,
    Project,
    ProjectFunding,
    Stage,
    StageChange,
)
from projects.models.project import TargetKind

if TYPE_CHECKING:
    Inline = admin.TabularInline[Any, Any]
    TargetFormSet = BaseInlineFormSet[Any, Any, Any]
else:
    Inline, TargetFormSet = admin.TabularInline, BaseInlineFormSet

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
TARGET_FIELDS = ("kind", "name", "quantity", "unit")
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


class TargetRows(TargetFormSet):
    """The targets as rows of their own: the verb replaces them all, so none is tied to a number.

    A form that somebody overtook can be sent again, though the rows it showed are gone.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        instance: Project | None = options.get("instance")
        known = instance.targets.values(*TARGET_FIELDS) if instance and instance.pk else ()
        self.known = list(known)
        self.extra = len(self.known) or len(TargetKind)  # one of each kind is needed
        options["queryset"] = PerformanceTarget.objects.none()
        super().__init__(*args, initial=self.known, **options)

    def _construct_form(self, i: int, **options: Any) -> Any:
        form = super()._construct_form(i, **options)  # type: ignore[misc]  # not in the stubs
        if i < len(self.known):
            form.empty_permitted = False  # an untouched row stays
        return form

    def targets(self) -> list[dict[str, Any]]:
        """The rows that are filled in and not struck out."""
        return [
            {name: row.cleaned_data[name] for name in TARGET_FIELDS}
            for row in self.forms
            if row.cleaned_data and not row.cleaned_data.get("DELETE")
        ]


class TargetInline(Inline):
    """On the page of a draft only; who may edit the draft may edit its targets."""

    model = PerformanceTarget
    formset = TargetRows
    fields = TARGET_FIELDS
    verbose_name_plural = _("Performance targets: output, benefit and satisfaction")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


def _returned(rows: models.QuerySet[Any], user: User, now: datetime) -> models.QuerySet[Any]:
    back = StageChange.objects.filter(
        project=OuterRef("pk"), to_stage=Stage.DRAFT, from_stage__in=RESERVE
    )
    return rows.open_to("submit", user).filter(Exists(back))  # type: ignore[attr-defined,no-any-return]


def _without_shares(rows: models.QuerySet[Any], user: User, now: datetime) -> models.QuerySet[Any]:
    from_plans = ProjectFunding.objects.standing().filter(project=OuterRef("pk"))
    return rows.open_to("allot", user).filter(~Exists(from_plans))  # type: ignore[attr-defined,no-any-return]


def _done(rows: models.QuerySet[Any], user: User, now: datetime) -> models.QuerySet[Any]:
    return rows.open_to("complete", user).filter(physical_pct=100)  # type: ignore[attr-defined,no-any-return]


def _queue(name: str, label: str | Promise, verb: str, permission: str) -> Queue:
    return Queue(name, label, permission, lambda rows, user, now: rows.open_to(verb, user))  # type: ignore[attr-defined]


@admin.register(Project)
class ProjectAdmin(ScopedAdmin):
    place = 10
    joins = (
        "pairing__programme", "pairing__donor", "pairing__recipient", "county",
        "implementing_unit", "created_by", "updated_by",
    )  # fmt: skip
    summed = "total_investment_yuan"
    list_display = [
        "code", "name", "standing", "total", "allocated", "paid", "progress", "county",
        "fiscal_year", "sector",
    ]  # fmt: skip
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
    queues = (
        Queue("returned", _("Returned drafts"), "projects.submit_project", _returned),
        _queue("to-submit", _("Drafts to submit"), "submit", "projects.submit_project"),
        _queue("to-admit", _("Applications to review"), "admit", "projects.admit_project"),
        Queue(
            "to-allot", _("Applications without funds"), "projects.add_projectfunding",
            _without_shares,
        ),
        _queue("to-approve", _("Projects to approve"), "approve", "projects.approve_project"),
        _queue("to-advance", _("Projects to advance"), "advance", "projects.advance_project"),
        _queue("to-start", _("Starts to confirm"), "start", "projects.start_project"),
        Queue("to-complete", _("Completions to confirm"), "projects.complete_project", _done),
    )  # fmt: skip

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
            (_("Fiscal aid"), money(row.aid_yuan)),
            (_("Allocated, donations in cash included"), money(row.allocated_yuan)),
            (_("Paid"), money(row.paid_yuan)),
            (_("Physical progress"), self.progress(row)),
            (_("County"), row.county),
            (_("Pairing"), row.pairing),
            (_("Programme"), row.pairing.programme),
            (_("Code"), row.code),
            (_("Entered by"), row.created_by),
        )

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return [TargetInline] if self.has_change_permission(request, obj) else []

    def panels(self, request: HttpRequest, row: Any) -> Iterable[Panel]:
        below = (
            _money_panel(row), _payments_panel(row), _progress_panel(row), _history_panel(row),
        )  # fmt: skip
        edited = self.has_change_permission(request, row)
        return below if edited else (_targets_panel(row), *below)

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

    @admin.display(description=_("allocated"), ordering="allocated_yuan")
    def allocated(self, project: Project) -> SafeString:
        return plain_money(project.allocated_yuan)

    @admin.display(description=_("paid"), ordering="paid_yuan")
    def paid(self, project: Project) -> SafeString:
        return plain_money(project.paid_yuan)

    @admin.display(description=_("progress"), ordering="physical_pct")
    def progress(self, project: Project) -> str:
        return f"{project.physical_pct.normalize():f}%"


def _pairing_label(pairing: Any) -> str:
    return f"{pairing.programme} · {pairing}"


def _county_label(county: Any) -> str:
    return f"{county.code} {county}"


def _moment(instant: datetime | None) -> str:
    if instant is None:
        return "–"
    return formats.date_format(timezone.localtime(instant), "DATETIME_FORMAT")


def _targets_panel(project: Project) -> Panel:
    return Panel(
        _("Performance targets"),
        (_("kind"), _("target"), _("quantity"), _("unit")),
        [
            (
                target.get_kind_display(),
                target.name,
                f"{target.quantity.normalize():,f}",
                target.unit,
            )
            for target in project.targets.all()
        ],
        _("No target is set yet."),
    )


def _money_panel(project: Project) -> Panel:
    shares = project.funding.standing().select_related(
        "fund_plan__pairing__donor", "fund_plan__pairing__recipient"
    )
    rows = [
        (
            share.get_source_display(),
            link(share.fund_plan),
            plain_money(share.amount_yuan),
            share.approved_on or _("prepared"),
            share.doc_no or "–",
            plain_money(share.paid_yuan()),
        )
        for share in shares
    ]
    return Panel(
        _("Funding"),
        (
            _("source"), _("fund plan"), _("amount (yuan)"), _("approved on"), _("document no."),
            _("paid (yuan)"),
        ),
        rows,
        _("No share is allotted yet."),
    )  # fmt: skip


def _payments_panel(project: Project) -> Panel:
    payments = Payment.objects.filter(project_funding__project=project).select_related(
        "payee", "project_funding"
    )
    rows = [
        (
            link(payment, payment.voucher_no),
            state_of(payment),
            plain_money(payment.amount_yuan),
            payment.paid_on,
            payment.get_basis_display(),
            payment.payee,
            share_label(payment.project_funding),
        )
        for payment in payments
    ]
    return Panel(
        _("Payments"),
        (
            _("voucher no."), _("status"), _("amount (yuan)"), _("paid on"), _("basis"),
            _("payee"), _("out of"),
        ),
        rows,
        _("Nothing was paid yet."),
    )  # fmt: skip


def _progress_panel(project: Project) -> Panel:
    rows = [
        (
            link(report, report.period),
            state_of(report),
            f"{report.physical_pct}%",
            report.measured_on,
            report.narrative,
            report.problems or "–",
        )
        for report in project.progress_reports.standing()
    ]
    return Panel(
        _("Progress of the works"),
        (
            _("month"), _("status"), _("progress"), _("measured on"), _("what was done"),
            _("problems"),
        ),
        rows,
        _("No progress was reported yet."),
    )  # fmt: skip


def _history_panel(project: Project) -> Panel:
    changes = project.stage_changes.select_related("created_by").order_by("-effective_on", "-pk")
    rows = [
        (
            change.effective_on,
            change.get_to_stage_display(),
            change.created_by,
            _moment(change.counted_at),
            change.doc_no or "–",
            change.reason or "–",
        )
        for change in changes
    ]
    return Panel(
        _("The road so far"),
        (
            _("effective on"), _("stage"), _("by"), _("recorded at"), _("document no."),
            _("reason"),
        ),
        rows,
        _("No step was taken yet."),
    )  # fmt: skip
