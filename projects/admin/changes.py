"""Changes of what was approved on the desk: applied for on the project's page, decided here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.admin.money import plain_money
from assistance.admin.scoped import Panel, ScopedAdmin, badge, link
from assistance.admin.verbs import Queue, ReasonForm, Refusal, Verb, VerbForm
from assistance.errors import Refused
from assistance.models import User
from assistance.periods import local_day
from projects.actions import (
    approve_change,
    consent_to_change,
    edit_change,
    reject_change,
    release_surplus,
    request_change,
    return_change,
    submit_change,
    withdraw_change,
)
from projects.actions.guards import why_not_now
from projects.admin.change_forms import EditForm, Names, RequestForm, in_words
from projects.admin.papers import PaperForm, download_link, file_sent_paper
from projects.admin.verbs import step
from projects.models import STEPS, ChangeRequest, Paper, Project, Stage
from projects.models.changes import (
    CHANGE_VERBS,
    CONSENTS,
    DECIDES,
    DECIDES_SMALL,
    KEEPS,
    ChangeRequestQuerySet,
    ChangeStatus,
)

STATUS_TONES = {
    ChangeStatus.DRAFT: "quiet",
    ChangeStatus.SUBMITTED: "open",
    ChangeStatus.CONSENTED: "busy",
    ChangeStatus.APPROVED: "good",
    ChangeStatus.REJECTED: "bad",
    ChangeStatus.WITHDRAWN: "quiet",
}
SETTLED = (Stage.ACCEPTED, Stage.HANDED_OVER)
WHAT_CHANGES = (_("what changes"), _("before"), _("after"))


class ConsentForm(VerbForm):
    doc_no = forms.CharField(label=_("Number of the donor's letter"), max_length=80)


class DecisionForm(VerbForm):
    doc_no = forms.CharField(label=_("Document no."), max_length=80)
    effective_on = forms.DateField(
        label=_("Effective on"), help_text=_("no later than today; figures count it from then on")
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["effective_on"].initial = local_day(timezone.now())


def _release_why_not(project: Project, user: User) -> Refusal | None:
    refusal = project.why_not("request_change", user)
    if refusal is None and project.stage not in SETTLED:
        return Refused("not_settled", _("What is left over is known once the works are accepted."))
    return refusal


def _release_why_not_now(project: Project, user: User, now: datetime) -> Refusal | None:
    return _release_why_not(project, user) or why_not_now(project, "request_change", user, now)


PROJECT_VERBS = (
    step(
        "request_change",
        request_change,
        form=RequestForm,
        explains=_("It is a draft until you submit it; the project changes once it is approved."),
    ),
    Verb(
        "release-surplus",
        pgettext_lazy("verb", "Release the surplus"),
        STEPS["request_change"].permission,
        release_surplus,
        _release_why_not,
        why_not_now=_release_why_not_now,
        explains=_(
            "What the settlement left over is reckoned and taken off the shares that were approved"
            " last, once the approver has approved it."
        ),
    ),
)


def status_of(change: ChangeRequest) -> SafeString:
    """The status of a change, with its colour."""
    if change.status == ChangeStatus.DRAFT and change.decision_reason:
        return badge(_("returned"), "bad")
    return badge(change.get_status_display(), STATUS_TONES[ChangeStatus(change.status)])


def project_panels(project: Project) -> Iterable[Panel]:
    """The changes of a project, the newest first, and what they did to its shares."""
    changes = list(
        project.change_requests.select_related("created_by").prefetch_related("adjustments")
    )
    names = Names(changes)
    yield Panel(
        _("Changes of what was approved"),
        (
            _("kind"), _("status"), _("what changes"), _("effective on"), _("document no."),
            _("shares (yuan)"), _("applied for by"),
        ),
        [
            (
                link(change, change.get_kind_display()),
                status_of(change),
                "; ".join(f"{line.label}: {line.after}" for line in in_words(change, names)),
                change.effective_on or "–",
                change.doc_no or "–",
                "; ".join(f"{row.delta_yuan:+,.2f}" for row in change.adjustments.all()) or "–",
                change.created_by,
            )
            for change in changes
        ],
        _("Nothing was changed since the approval."),
    )  # fmt: skip


def _why_not(verb: str) -> Callable[[ChangeRequest, User], Refusal | None]:
    return lambda change, user: change.why_not(verb, user)


def _verb(name: str, permission: str, run: Callable[..., Any], **options: Any) -> Verb:
    return Verb(name, CHANGE_VERBS[name], permission, run, _why_not(name), **options)


def _file_why_not(change: ChangeRequest, user: User) -> Refusal | None:
    return change.project.why_not("file_paper", user)


def file_with(change: ChangeRequest, *, by: User, now: datetime, **answers: Any) -> Paper:
    """The paper of the project that proves this change."""
    return file_sent_paper(change.project, change_request=change, by=by, now=now, **answers)


def _queue(
    name: str,
    label: str | Promise,
    permission: str,
    waiting: Callable[[ChangeRequestQuerySet, User], QuerySet[Any]],
) -> Queue:
    return Queue(
        name,
        label,
        permission,
        lambda rows, user, now: waiting(cast("ChangeRequestQuerySet", rows), user),
    )


@admin.register(ChangeRequest)
class ChangeRequestAdmin(ScopedAdmin):
    place = 45
    joins = (
        "project__pairing", "project__county", "created_by", "updated_by", "submitted_by",
        "consented_by", "decided_by",
    )  # fmt: skip
    list_display = [
        "kind", "state", "project_link", "changes", "effective_on", "created_by", "updated_at",
    ]  # fmt: skip
    list_filter = ["status", "kind", "needs_consent"]
    search_fields = ["project__code", "project__name", "doc_no", "donor_consent_doc"]
    no_form_of_its_own = never_edited = True
    empty_list = _("Changes are applied for on the page of their project.")
    fieldsets = [
        (None, {"fields": ["project", "kind", "reason", "needs_consent"]}),
        (
            _("On its way"),
            {
                "fields": [
                    "entered_by", ("submitted_by", "submitted_at"),
                    ("consented_by", "donor_consent_doc"), ("decided_by", "decided_at"),
                    ("doc_no", "effective_on"), "decision_reason",
                ]
            },
        ),
    ]  # fmt: skip
    verbs = (
        _verb("edit", KEEPS, edit_change, form=EditForm),
        _verb(
            "submit", KEEPS, submit_change, for_many=True,
            explains=_("What stands now is frozen beside it. Until it is decided, only retention is"
                       " paid and the works cannot be completed."),
        ),
        Verb(
            "file-paper", STEPS["file_paper"].label, STEPS["file_paper"].permission, file_with,
            _file_why_not, form=PaperForm, checks_version=False,
        ),
        _verb(
            "consent", CONSENTS, consent_to_change, form=ConsentForm,
            explains=_("The donor agrees; the letter or the file of the change is on file here."),
        ),
        Verb(
            "approve", CHANGE_VERBS["approve"], "projects.view_changerequest", approve_change,
            _why_not("approve"), form=DecisionForm,
            explains=_("The project changes at once; its shares count from the day on."),
        ),
        _verb("withdraw", KEEPS, withdraw_change, turns_down=True),
        Verb(
            "return", CHANGE_VERBS["return"], "projects.view_changerequest", return_change,
            _why_not("return"), form=ReasonForm, turns_down=True,
        ),
        Verb(
            "reject", CHANGE_VERBS["reject"], "projects.view_changerequest", reject_change,
            _why_not("reject"), form=ReasonForm, turns_down=True,
        ),
    )  # fmt: skip
    queues = (
        _queue("returned", _("Returned changes"), KEEPS, lambda rows, user: rows.returned_to(user)),
        _queue(
            "to-consent", _("Changes to consent to"), CONSENTS,
            lambda rows, user: rows.awaiting("consent", user),
        ),
        _queue(
            "to-decide", _("Changes to decide"), DECIDES,
            lambda rows, user: rows.awaiting("approve", user),
        ),
        _queue(
            "small-to-decide", _("Small changes to decide"), DECIDES_SMALL,
            lambda rows, user: rows.awaiting("approve", user).filter(needs_consent=False),
        ),
    )  # fmt: skip

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        yield _("Project"), link(row.project)
        yield _("State"), status_of(row)
        for line in in_words(row):
            yield line.label, f"{line.before} → {line.after}" if line.before else line.after
        yield _("Reason"), row.reason
        if row.status == ChangeStatus.DRAFT and row.decision_reason:
            yield _("Returned because"), row.decision_reason

    def panels(self, request: HttpRequest, row: Any) -> Iterable[Panel]:
        yield Panel(
            _("Before and after"),
            WHAT_CHANGES,
            [(line.label, line.before or "–", line.after) for line in in_words(row)],
            _("Nothing is changed by this request yet."),
        )
        adjustments = row.adjustments.select_related("project_funding")
        yield Panel(
            _("Adjustments of shares"),
            (_("share"), _("difference (yuan)"), _("effective on")),
            [
                (str(it.project_funding), plain_money(it.delta_yuan), it.effective_on)
                for it in adjustments
            ],
            _("No share was adjusted by it."),
        )
        papers = row.papers.standing().select_related("attachment", "created_by")
        yield Panel(
            _("Papers of the change"),
            (_("kind"), _("file"), _("document no."), _("filed on"), _("filed by")),
            [
                (
                    paper.get_kind_display(), download_link(paper), paper.doc_no or "–",
                    paper.filed_on, paper.created_by,
                )
                for paper in papers
            ],
            _("No paper is on file yet."),
        )  # fmt: skip

    @admin.display(description=_("entered by"))
    def entered_by(self, row: Any) -> str:
        return str(row.created_by)

    @admin.display(description=_("status"), ordering="status")
    def state(self, change: ChangeRequest) -> SafeString:
        return status_of(change)

    @admin.display(description=_("project"), ordering="project")
    def project_link(self, change: ChangeRequest) -> SafeString | str:
        return link(change.project)

    @admin.display(description=_("what changes"))
    def changes(self, change: ChangeRequest) -> str:
        return "; ".join(line.short for line in in_words(change, getattr(change, "names", None)))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list, and in as many queries for many rows as for one what their numbers mean."""
        page = super().get_changelist_instance(request)
        page.result_list = list(page.result_list)
        names = Names(page.result_list)
        for change in page.result_list:
            change.names = names
        return page
