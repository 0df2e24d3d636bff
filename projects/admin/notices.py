"""Public notices on the desk: entered on the project's page, confirmed here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.admin.scoped import Panel, ScopedAdmin, badge, link
from assistance.admin.verbs import Queue, ReasonForm, Refusal, Verb, VerbForm
from assistance.errors import Refused
from assistance.models import User
from projects.actions import confirm_notice, give_notice, strike_out_notice
from projects.admin.lists import CountingFilter, own_work
from projects.admin.verbs import step
from projects.models import Project, PublicNotice
from projects.models.evidence import NoticeKind

MAY_CONFIRM = "projects.confirm_publicnotice"


class NoticeForm(VerbForm):
    kind = forms.ChoiceField(label=_("Kind"), choices=[("", "---------"), *NoticeKind.choices])
    place = forms.CharField(label=_("Where it hung"), max_length=120)
    starts_on = forms.DateField(label=_("First day"))
    ends_on = forms.DateField(label=_("Last day"))
    hotline = forms.CharField(label=_("Telephone for objections"), max_length=30)
    objections = forms.CharField(
        label=_("Objections"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Leave it blank where nobody objected."),
    )
    resolution = forms.CharField(
        label=_("How they were resolved"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


PROJECT_VERBS = (
    step(
        "give_notice",
        give_notice,
        form=NoticeForm,
        checks_version=False,
        explains=_("Enter it once its last day is over. It counts once a reviewer confirmed it."),
    ),
)


def standing_of(notice: PublicNotice) -> SafeString:
    """Whether a notice counts, with its colour."""
    if notice.voided_at:
        return badge(_("struck out"), "quiet")
    if notice.counted_at:
        return badge(_("confirmed"), "good")
    return badge(_("to be confirmed"), "open")


def project_panels(project: Project) -> Iterable[Panel]:
    """The public notices of a project, the newest first."""
    notices = project.notices.standing().select_related("created_by")
    yield Panel(
        _("Public notices"),
        (
            _("kind"), _("state"), _("where it hung"), _("first day"), _("last day"), _("days"),
            _("objections"), _("resolution"),
        ),
        [
            (
                link(notice, notice.get_kind_display()),
                standing_of(notice),
                notice.place,
                notice.starts_on,
                notice.ends_on,
                notice.days,
                notice.objections or _("none"),
                notice.resolution or "–",
            )
            for notice in notices
        ],
        _("No notice was entered yet."),
    )  # fmt: skip


def _confirm_why_not(notice: PublicNotice, user: User) -> Refusal | None:
    if notice.counted_at or notice.voided_at:
        return Refused("notice_is_settled", _("This notice was confirmed or struck out already."))
    return own_work(notice, user, "created_by")


def _strike_out_why_not(notice: PublicNotice, user: User) -> Refusal | None:
    own_draft = notice.counted_at is None and notice.created_by_id == user.pk
    if not own_draft and not user.has_perm(MAY_CONFIRM):
        return PermissionDenied()
    if notice.voided_at:
        return Refused("struck_out_before", _("This row was struck out already."))
    return None


@admin.register(PublicNotice)
class PublicNoticeAdmin(ScopedAdmin):
    place = 44
    joins = ("project__county", "created_by", "updated_by")
    list_display = ["kind", "state", "project_link", "place", "starts_on", "ends_on", "created_by"]
    list_filter = [CountingFilter, "kind"]
    search_fields = ["project__code", "project__name", "place"]
    no_form_of_its_own = never_edited = True
    empty_list = _("Notices are entered on the page of their project.")
    fieldsets = [
        (None, {"fields": ["project", "kind", "place", ("starts_on", "ends_on", "hung_for")]}),
        (_("Objections"), {"fields": ["hotline", "objections", "resolution"]}),
        (_("Entered"), {"fields": ["entered_by", "created_at", "void_reason"]}),
    ]
    verbs = (
        Verb(
            "confirm",
            pgettext_lazy("verb", "Confirm"),
            MAY_CONFIRM,
            confirm_notice,
            _confirm_why_not,
            for_many=True,
            explains=_("Compare with the notice on file and how its objections were resolved."),
        ),
        Verb(
            "void",
            pgettext_lazy("verb", "Strike out"),
            "projects.view_publicnotice",
            strike_out_notice,
            _strike_out_why_not,
            form=ReasonForm,
            explains=_("The row stays on record and no longer counts. Enter the right one anew."),
            turns_down=True,
        ),
    )
    queues = (
        Queue(
            "to-confirm",
            _("Notices to confirm"),
            MAY_CONFIRM,
            lambda rows, user, now: rows.filter(counted_at=None, voided_at=None).exclude(
                created_by=user
            ),
        ),
    )

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        return (
            (_("Kind"), row.get_kind_display()),
            (_("Days"), row.days),
            (_("Where it hung"), row.place),
            (_("Project"), link(row.project)),
            (_("State"), standing_of(row)),
        )

    @admin.display(description=_("days"))
    def hung_for(self, notice: PublicNotice) -> int:
        return notice.days

    @admin.display(description=_("entered by"))
    def entered_by(self, notice: PublicNotice) -> str:
        return str(notice.created_by)

    @admin.display(description=_("state"), ordering="counted_at")
    def state(self, notice: PublicNotice) -> SafeString:
        return standing_of(notice)

    @admin.display(description=_("project"), ordering="project")
    def project_link(self, notice: PublicNotice) -> SafeString | str:
        return link(notice.project)
