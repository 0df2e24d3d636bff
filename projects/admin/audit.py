"""Audit reports and findings on the desk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.admin.money import money, plain_money
from assistance.admin.scoped import Panel, badge, kept_by, link
from assistance.admin.verbs import Queue, ReasonForm, Verb, VerbForm, yuan_input
from assistance.errors import Refused
from assistance.models import Pairing, User
from assistance.periods import local_day
from projects.actions import audit as auditing
from projects.actions import (
    close_finding,
    raise_finding,
    record_audit,
    reopen_finding,
    report_rectified,
    strike_out_audit,
    strike_out_finding,
)
from projects.admin.acceptance import standing_of, strike_out
from projects.admin.lists import CountingFilter, LedgerAdmin
from projects.models import AuditRecord, Finding, Project
from projects.models.audit import AuditKind, FindingCategory, FindingSource, FindingStatus

FINDING_TONES = {
    FindingStatus.OPEN: "bad",
    FindingStatus.RECTIFYING: "open",
    FindingStatus.CLOSED: "good",
}


class AuditForm(VerbForm):
    body = forms.CharField(label=_("Audited by"), max_length=100)
    kind = forms.ChoiceField(label=_("Kind"), choices=AuditKind)
    report_no = forms.CharField(label=_("Report no."), max_length=80)
    issued_on = forms.DateField(label=_("Issued on"))
    audited_yuan = forms.DecimalField(
        label=_("Audited amount (yuan)"),
        max_digits=18,
        decimal_places=2,
        min_value=Decimal(0),
        widget=yuan_input(),
        help_text=_("the aid that the auditors confirm"),
    )


class FindingForm(VerbForm):
    source = forms.ChoiceField(label=_("Found by"), choices=FindingSource)
    category = forms.ChoiceField(label=_("Category"), choices=FindingCategory)
    description = forms.CharField(
        label=_("What was found"), widget=forms.Textarea(attrs={"rows": 3})
    )
    amount_yuan = forms.DecimalField(
        label=_("Amount concerned (yuan)"),
        max_digits=18,
        decimal_places=2,
        min_value=Decimal(0),
        initial=Decimal(0),
        widget=yuan_input(),
    )
    found_on = forms.DateField(label=_("Found on"))
    due_on = forms.DateField(label=_("To be put right by"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["found_on"].initial = local_day(timezone.now())


class RectifiedForm(VerbForm):
    rectification = forms.CharField(
        label=_("What was done about it"), widget=forms.Textarea(attrs={"rows": 4})
    )
    rectified_on = forms.DateField(label=_("Put right on"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["rectification"].initial = self.row.rectification
        self.fields["rectified_on"].initial = self.row.rectified_on or local_day(timezone.now())


def _raise_for(project: Project, **answers: Any) -> Finding:
    """The verb of a finding, asked on the project's page."""
    return raise_finding(pairing=project.pairing, project=project, **answers)


def _raise_why_not(project: Project, user: User) -> Refused | PermissionDenied | None:
    return None if user.has_perm("projects.add_finding") else PermissionDenied()


PROJECT_VERBS = (
    Verb(
        "record-audit",
        pgettext_lazy("verb", "Log an audit report"),
        auditing.MAY_RECORD,
        record_audit,
        auditing.record_why_not,
        form=AuditForm,
        checks_version=False,
    ),
    Verb(
        "raise-finding",
        pgettext_lazy("verb", "Raise a finding"),
        "projects.add_finding",
        _raise_for,
        _raise_why_not,
        form=FindingForm,
        checks_version=False,
    ),
)


def project_panels(project: Project) -> Iterable[Panel]:
    """What auditors said; nothing where they said nothing."""
    records = list(project.audit_records.standing())
    findings = list(project.findings.standing())
    if records:
        yield _audits_panel(records)
    if findings:
        yield _findings_panel(findings)


def _audits_panel(records: list[AuditRecord]) -> Panel:
    return Panel(
        _("Audit reports"),
        (
            _("report no."),
            _("kind"),
            _("audited by"),
            pgettext_lazy("audit", "issued on"),
            _("audited amount (yuan)"),
        ),
        [
            (
                link(record, record.report_no),
                record.get_kind_display(),
                record.body,
                record.issued_on,
                plain_money(record.audited_yuan),
            )
            for record in records
        ],
        "",
    )


def _findings_panel(findings: list[Finding]) -> Panel:
    return Panel(
        _("Findings"),
        (
            _("category"), _("status"), _("what was found"), _("amount concerned (yuan)"),
            _("to be put right by"), _("put right on"),
        ),
        [
            (
                link(finding, finding.get_category_display()),
                _finding_state(finding),
                finding.description,
                plain_money(finding.amount_yuan),
                finding.due_on,
                finding.rectified_on or "–",
            )
            for finding in findings
        ],
        "",
    )  # fmt: skip


def _finding_state(finding: Finding) -> SafeString:
    if finding.voided_at:
        return standing_of(finding)
    return badge(finding.get_status_display(), FINDING_TONES[FindingStatus(finding.status)])


@admin.register(AuditRecord)
class AuditRecordAdmin(LedgerAdmin):
    place = 64
    joins = ("project__pairing", "created_by", "updated_by")
    list_display = ["report_no", "kind", "project_link", "body", "issued_on", "audited"]
    list_filter = [CountingFilter, "kind"]
    search_fields = ["report_no", "body", "project__code", "project__name"]
    no_form_of_its_own = never_edited = True
    empty_list = _("Audit reports are logged on the page of their project.")
    fieldsets = [
        (None, {"fields": ["project", ("kind", "report_no"), ("body", "issued_on")]}),
        (_("Money"), {"fields": ["audited_yuan"]}),
        (_("Entered"), {"fields": [("entered_by", "created_at")]}),
        (_("Struck out"), {"fields": [("voided_at", "void_reason")]}),
    ]
    verbs = (strike_out(auditing.MAY_RECORD, strike_out_audit, auditing.strike_out_audit_why_not),)

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        return (
            (_("Audited amount"), money(row.audited_yuan)),
            (_("Kind"), row.get_kind_display()),
            (_("Issued on"), row.issued_on),
            (_("Project"), link(row.project)),
        )

    @admin.display(description=_("project"), ordering="project")
    def project_link(self, record: AuditRecord) -> SafeString | str:
        return link(record.project)

    @admin.display(description=_("audited amount (yuan)"), ordering="audited_yuan")
    def audited(self, record: AuditRecord) -> SafeString:
        return plain_money(record.audited_yuan)


def _to_put_right(rows: Any, user: User, now: datetime) -> Any:
    own = kept_by(user, Pairing.objects.all())
    return rows.filter(status=FindingStatus.OPEN, voided_at=None, pairing__in=own)


def _to_check(rows: Any, user: User, now: datetime) -> Any:
    waiting = rows.filter(status=FindingStatus.RECTIFYING, voided_at=None)
    return waiting.exclude(updated_by=user)


@admin.register(Finding)
class FindingAdmin(LedgerAdmin):
    place = 66
    joins = (
        "pairing__programme", "pairing__donor", "pairing__recipient", "project", "closed_by",
        "created_by", "updated_by",
    )  # fmt: skip
    summed = "amount_yuan"
    list_display = [
        "category", "state", "about", "amount", "found_on", "due", "source",
    ]  # fmt: skip
    list_filter = [CountingFilter, "status", "category", "source"]
    search_fields = ["description", "project__code", "project__name"]
    autocomplete_fields = ["project"]
    never_edited = True
    empty_list = _("Auditors raise findings here or on the page of a project.")
    fieldsets = [
        (None, {"fields": ["pairing", "project", ("source", "category"), "description"]}),
        (_("Money and time"), {"fields": ["amount_yuan", ("found_on", "due_on")]}),
        (_("Put right"), {"fields": ["rectification", "rectified_on"]}),
        (_("Closed"), {"fields": [("closed_by_whom", "closed_at")]}),
        (_("Struck out"), {"fields": [("voided_at", "void_reason")]}),
    ]
    once_filled = (
        *LedgerAdmin.once_filled,
        (_("Put right"), "rectification"),
        (_("Closed"), "closed_at"),
    )
    verbs = (
        Verb(
            "rectify",
            pgettext_lazy("verb", "Report it put right"),
            "projects.rectify_finding",
            report_rectified,
            auditing.rectify_why_not,
            form=RectifiedForm,
            explains=_("The auditors check what was done and close the finding."),
        ),
        Verb(
            "close",
            pgettext_lazy("finding verb", "Close"),
            auditing.MAY_CLOSE,
            close_finding,
            auditing.close_why_not,
            for_many=True,
            explains=_("What was found has been put right."),
        ),
        Verb(
            "reopen",
            pgettext_lazy("verb", "Send back"),
            auditing.MAY_CLOSE,
            reopen_finding,
            auditing.reopen_why_not,
            form=ReasonForm,
            turns_down=True,
        ),
        strike_out("projects.add_finding", strike_out_finding, auditing.strike_out_finding_why_not),
    )
    queues = (
        Queue(
            "to-put-right", _("Findings to put right"), "projects.rectify_finding", _to_put_right
        ),
        Queue("to-check", _("Findings to check"), auditing.MAY_CLOSE, _to_check),
    )

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        today = local_day(timezone.now()).isoformat()
        return {"found_on": today, **super().get_changeform_initial_data(request)}

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and db_field.name == "pairing":
            field.label_from_instance = lambda tie: f"{tie.programme} · {tie}"
        return field

    def enter(self, fields: dict[str, Any], *, by: User, now: datetime) -> Any:
        return raise_finding(by=by, now=now, **fields)

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        return (
            (_("State"), _finding_state(row)),
            (_("Amount concerned"), money(row.amount_yuan)),
            (_("To be put right by"), self.due(row)),
            (_("Project"), link(row.project)),
            (_("Pairing"), row.pairing),
        )

    @admin.display(description=_("status"), ordering="status")
    def state(self, finding: Finding) -> SafeString:
        return _finding_state(finding)

    @admin.display(description=_("closed by"))
    def closed_by_whom(self, finding: Finding) -> str:
        return str(finding.closed_by or "–")

    @admin.display(description=_("about"))
    def about(self, finding: Finding) -> SafeString | str:
        return link(finding.project) if finding.project else str(finding.pairing)

    @admin.display(description=_("amount concerned (yuan)"), ordering="amount_yuan")
    def amount(self, finding: Finding) -> SafeString:
        return plain_money(finding.amount_yuan)

    @admin.display(description=_("to be put right by"), ordering="due_on")
    def due(self, finding: Finding) -> SafeString | str:
        day = finding.due_on.isoformat()
        late = finding.status == FindingStatus.OPEN and finding.due_on < local_day(timezone.now())
        return format_html("{} {}", day, badge(_("overdue"), "bad")) if late else day
