"""Progress reports on the desk; they are written on the project's page and verified here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.admin.scoped import ScopedAdmin, link
from assistance.admin.verbs import Queue, ReasonForm, Verb
from assistance.errors import Refused
from assistance.models import User
from projects.actions import return_progress, verify_progress
from projects.admin.lists import CountingFilter, own_work, settled, state_of
from projects.models import ProgressReport
from projects.models.history import ProgressStatus


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
        (_("Report"), {"fields": ["narrative", "problems", "return_reason"]}),
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
        return format_html(
            '<meter class="progress" min="0" max="100" value="{0}">{0}%</meter> {0}%',
            report.physical_pct.normalize() if report.physical_pct else 0,
        )
