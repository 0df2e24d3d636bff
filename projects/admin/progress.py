"""Progress reports on the desk; they are written on the project's page and verified here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.actions.attachments import keep_all_sent
from assistance.admin.scoped import Panel, ScopedAdmin, link
from assistance.admin.uploads import Pictures
from assistance.admin.verbs import Queue, ReasonForm, Verb, VerbForm
from assistance.errors import Refused
from assistance.models import User
from assistance.periods import Month, local_day
from projects.actions import report_progress, return_progress, verify_progress
from projects.actions.progress import MOST_QUANTITIES
from projects.admin.lists import CountingFilter, own_work, progress_bar, settled, state_of
from projects.admin.papers import download_link, size_of
from projects.admin.verbs import step
from projects.models import ProgressReport, Project
from projects.models.history import ProgressStatus
from projects.models.project import TargetKind

BLANK_QUANTITIES = 2  # rows for quantities that no report named before


class QuantityRows(forms.Widget):
    """Name, unit and what is done so far, in rows; a row without what is done says nothing."""

    template_name = "admin/desk/quantity_rows.html"
    columns = ("name", "unit", "done")

    def format_value(self, value: Any) -> Any:
        """The rows and some blank ones after them."""
        known = [row for row in value or () if any(row.values())]
        return [*known, *({} for _number in range(BLANK_QUANTITIES))]

    def value_from_datadict(
        self, data: Mapping[str, Any], files: Any, name: str
    ) -> list[dict[str, str]]:
        rows = []
        for number in range(MOST_QUANTITIES + BLANK_QUANTITIES):
            row = {c: str(data.get(f"{name}-{number}-{c}", "")).strip() for c in self.columns}
            if row["done"]:
                rows.append(row)
        return rows


class ProgressForm(VerbForm):
    period = forms.CharField(
        label=_("Month"), max_length=7, widget=forms.TextInput(attrs={"type": "month"})
    )
    measured_on = forms.DateField(label=_("Measured on"))
    physical_pct = forms.DecimalField(
        label=_("Physical progress (%)"),
        max_digits=5,
        decimal_places=2,
        min_value=0,
        max_value=100,
    )
    photos = Pictures(required=False)
    narrative = forms.CharField(label=_("What was done"), widget=forms.Textarea(attrs={"rows": 3}))
    quantities = forms.Field(
        label=_("Done from the beginning on"),
        required=False,
        widget=QuantityRows,
        help_text=_("Kilometres, houses, trees …: the sum since the start, not of the month."),
    )
    problems = forms.CharField(
        label=_("Problems"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        today = local_day(timezone.now())
        self.fields["measured_on"].initial = today
        self.fields["period"].initial = str(Month.of(today))
        self.fields["quantities"].initial = _known_quantities(self.row)
        if self.row.physical_pct:
            self.fields["physical_pct"].help_text = _(
                "%(pct)s%% are verified; more needs a photograph."
            ) % {"pct": self.row.physical_pct}


def _known_quantities(project: Project) -> list[dict[str, str]]:
    """What the last verified report counted; before there is one, the outputs that are promised."""
    before = project.progress_reports.counting().exclude(quantities=[])
    newest = before.order_by("-measured_on", "-pk").first()
    named: Iterable[Mapping[str, Any]]
    if newest is not None:
        named = newest.quantities
    else:
        named = project.targets.filter(kind=TargetKind.OUTPUT).values("name", "unit")
    return [{"name": row["name"], "unit": row["unit"], "done": ""} for row in named]


@transaction.atomic
def report_with_sent_photos(
    project: Project,
    *,
    photos: Sequence[UploadedFile[Any]],
    by: User,
    now: datetime,
    **answers: Any,
) -> ProgressReport:
    """Keep the pictures that the form brought, and report with them."""
    kept = keep_all_sent(photos, by=by, now=now, field="photos")
    return report_progress(project, photos=kept, by=by, now=now, **answers)


PROJECT_VERBS = (
    step("report_progress", report_with_sent_photos, form=ProgressForm, checks_version=False),
)


def _photo_links(report: ProgressReport) -> SafeString | str:
    papers = [paper for paper in report.papers.all() if paper.voided_at is None]
    if not papers:
        return "–"
    return format_html_join(" ", "{}", ((download_link(paper),) for paper in papers))


def _quantities_of(report: ProgressReport) -> str:
    rows = [f"{row['name']} {row['done']} {row['unit']}" for row in report.quantities]
    return "; ".join(rows) or "–"


def project_panels(project: Project) -> Iterable[Panel]:
    """The progress reports of a project with their photographs, the newest first."""
    reports = project.progress_reports.standing().prefetch_related("papers__attachment")
    yield Panel(
        _("Progress of the works"),
        (
            _("month"), _("status"), _("progress"), _("measured on"), _("what was done"),
            _("quantities"), _("problems"), _("photographs"),
        ),
        [
            (
                link(report, report.period),
                state_of(report),
                f"{report.physical_pct}%",
                report.measured_on,
                report.narrative,
                _quantities_of(report),
                report.problems or "–",
                _photo_links(report),
            )
            for report in reports
        ],
        _("No progress was reported yet."),
    )  # fmt: skip


def _verify_why_not(report: ProgressReport, user: User) -> Refused | None:
    return _return_why_not(report, user) or own_work(report, user, "created_by")


def _return_why_not(report: ProgressReport, user: User) -> Refused | None:
    if report.status != ProgressStatus.SUBMITTED:
        return settled(report, "not_submitted")
    return None


@admin.register(ProgressReport)
class ProgressReportAdmin(ScopedAdmin):
    place = 40
    joins = ("project__county", "created_by", "updated_by")
    list_display = [
        "period", "state", "project_link", "physical", "measured_on", "created_by",
    ]  # fmt: skip
    list_filter = [CountingFilter, "status"]
    search_fields = ["project__code", "project__name"]
    no_form_of_its_own = never_edited = True
    empty_list = _("Progress is reported on the page of its project.")
    fieldsets = [
        (None, {"fields": ["project", ("period", "measured_on"), "physical_pct"]}),
        (_("Report"), {"fields": ["narrative", "counted", "problems", "return_reason"]}),
        (_("Entered"), {"fields": ["entered_by", "created_at"]}),
    ]
    verbs = (
        Verb(
            "verify",
            pgettext_lazy("verb", "Verify"),
            "projects.verify_progressreport",
            verify_progress,
            _verify_why_not,
            for_many=True,
            explains=_("Confirm what was seen on site. The progress counts from now on."),
        ),
        Verb(
            "return",
            pgettext_lazy("verb", "Return"),
            "projects.verify_progressreport",
            return_progress,
            _return_why_not,
            form=ReasonForm,
            for_many=True,
            turns_down=True,
        ),
    )
    queues = (
        Queue(
            "to-verify",
            _("Progress to verify"),
            "projects.verify_progressreport",
            lambda rows, user, now: rows.filter(status=ProgressStatus.SUBMITTED).exclude(
                created_by=user
            ),
        ),
    )

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        return (
            (_("Progress"), f"{row.physical_pct}%"),
            (_("Month"), row.period),
            (_("Measured on"), row.measured_on),
            (_("Project"), link(row.project)),
            (_("State"), state_of(row)),
        )

    def panels(self, request: HttpRequest, row: Any) -> Iterable[Panel]:
        papers = row.papers.standing().select_related("attachment")
        yield Panel(
            _("Photographs"),
            (_("file"), _("size"), _("filed on")),
            [(download_link(paper), size_of(paper), paper.filed_on) for paper in papers],
            _("The report has no photograph."),
        )

    @admin.display(description=_("done from the beginning on"))
    def counted(self, report: ProgressReport) -> str:
        return _quantities_of(report)

    @admin.display(description=_("entered by"))
    def entered_by(self, row: Any) -> str:
        return str(row.created_by)

    @admin.display(description=_("status"), ordering="status")
    def state(self, report: ProgressReport) -> SafeString:
        return state_of(report)

    @admin.display(description=_("project"), ordering="project")
    def project_link(self, report: ProgressReport) -> SafeString | str:
        return link(report.project)

    @admin.display(description=_("progress"), ordering="physical_pct")
    def physical(self, report: ProgressReport) -> SafeString:
        return progress_bar(report.physical_pct)
