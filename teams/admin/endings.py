"""Appraisals and hand-overs on the desk: entered on the posting's page, confirmed here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.admin.scoped import Panel, link
from assistance.admin.verbs import Queue, ReasonForm, Refusal, Verb, VerbForm
from assistance.models import User
from assistance.periods import local_day
from teams.actions import (
    appraise,
    confirm_appraisal,
    confirm_handover,
    hand_over_post,
    strike_out_appraisal,
    strike_out_handover,
)
from teams.actions.endings import (
    MAY_APPRAISE,
    MAY_CONFIRM,
    MAY_HAND_OVER,
    MAY_SIGN,
    WORKED,
)
from teams.actions.front import is_their_turn
from teams.admin.of_posting import (
    OfPostingAdmin,
    confirm_why_not,
    standing_of,
    strike_out_why_not,
)
from teams.admin.shown import open_at
from teams.models import GRADES, Appraisal, AppraisalKind, Handover, Posting, Scale
from teams.models.endings import usual_scale


class AppraisalForm(VerbForm):
    kind = forms.ChoiceField(label=_("Kind"), choices=AppraisalKind)
    year = forms.IntegerField(
        label=_("Year"), required=False, help_text=_("only of an annual appraisal")
    )
    scale = forms.ChoiceField(label=_("Scale"), choices=Scale)
    grade = forms.ChoiceField(
        label=_("Grade"),
        choices=lambda: [
            (scale.label, [(grade.value, grade.label) for grade in grades])
            for scale, grades in GRADES.items()
        ],
    )
    appraised_on = forms.DateField(label=_("Appraised on"))
    remarks = forms.CharField(
        label=_("Remarks"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["appraised_on"].initial = local_day(timezone.now())
        if self.row is not None:
            self.fields["scale"].initial = usual_scale(self.row.category)


class HandoverForm(VerbForm):
    handed_on = forms.DateField(label=_("Handed over on"))
    items = forms.CharField(label=_("Items and duties"), widget=forms.Textarea(attrs={"rows": 3}))
    open_projects = forms.CharField(
        label=_("Projects under way"),
        help_text=_("Write “none” where there is none."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    documents = forms.CharField(label=_("Documents"), widget=forms.Textarea(attrs={"rows": 2}))
    receiver = forms.CharField(
        label=_("Taken over by"), help_text=_("the successor, or the leader of the team")
    )


POSTING_VERBS = (
    Verb(
        "appraise",
        pgettext_lazy("verb", "Appraise"),
        MAY_APPRAISE,
        appraise,
        open_at(*WORKED),
        form=AppraisalForm,
        checks_version=False,
        explains=_("It counts once the sender's organisation division signed it too."),
    ),
    Verb(
        "hand-over",
        pgettext_lazy("verb", "Hand the post over"),
        MAY_HAND_OVER,
        hand_over_post,
        open_at(*WORKED),
        form=HandoverForm,
        checks_version=False,
        explains=_("It counts once the front team, or the reviewer, confirmed it."),
    ),
)


def posting_panels(posting: Posting, user: User) -> Iterable[Panel]:
    """Appraisals and hand-overs of a posting, for those who may see them."""
    if user.has_perm("teams.view_appraisal"):
        yield Panel(
            _("Appraisals"),
            (_("kind"), _("state"), _("year"), _("grade"), _("appraised on"), _("remarks")),
            [
                (
                    link(row, row.get_kind_display()), standing_of(row), row.year or "–",
                    row.get_grade_display(), row.appraised_on, row.remarks or "–",
                )
                for row in posting.appraisals.standing().select_related("posting")
            ],
            _("Nobody was appraised yet."),
        )  # fmt: skip
    if user.has_perm("teams.view_handover"):
        yield Panel(
            pgettext_lazy("people", "Hand-over"),
            (_("handed over on"), _("state"), _("taken over by"), _("items and duties")),
            [
                (
                    link(row, str(row.handed_on)), standing_of(row), row.receiver, row.items,
                )
                for row in posting.handovers.standing().select_related("posting")
            ],
            _("The post was not handed over yet."),
        )  # fmt: skip


def _handover_why_not(handover: Handover, user: User) -> Refusal | None:
    if not is_their_turn(handover.posting, user):
        return PermissionDenied()
    return confirm_why_not(handover, user)


def _to_confirm(rows: Any, user: User) -> Any:
    return rows.filter(counted_at=None, voided_at=None).exclude(created_by=user)


@admin.register(Appraisal)
class AppraisalAdmin(OfPostingAdmin):
    place = 70
    list_display = ["kind", "standing", "post", "person", "region", "year", "grade", "appraised_on"]
    list_filter = ["kind", "scale", "grade"]
    fieldsets = [
        (None, {"fields": ["posting", ("kind", "year"), ("scale", "grade"), "appraised_on"]}),
        (_("Entered"), {"fields": ["remarks", "entered_by", "created_at", "void_reason"]}),
    ]
    verbs = (
        Verb(
            "confirm",
            pgettext_lazy("verb", "Sign"),
            MAY_SIGN,
            confirm_appraisal,
            confirm_why_not,
            for_many=True,
            explains=_("It takes the place of one that was signed for the same before."),
        ),
        Verb(
            "void",
            pgettext_lazy("verb", "Strike out"),
            "teams.view_appraisal",
            strike_out_appraisal,
            strike_out_why_not(MAY_SIGN),
            form=ReasonForm,
            turns_down=True,
        ),
    )
    queues = (
        Queue(
            "to-sign",
            _("Appraisals to sign"),
            MAY_SIGN,
            lambda rows, user, now: _to_confirm(rows, user),
        ),
    )

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        return (
            (_("Kind"), row.get_kind_display()),
            (_("Year"), row.year or "–"),
            (_("Grade"), row.get_grade_display()),
            (_("Post"), link(row.posting, row.posting.host_post)),
            (_("State"), standing_of(row)),
        )


@admin.register(Handover)
class HandoverAdmin(OfPostingAdmin):
    place = 71
    list_display = ["post", "standing", "person", "region", "handed_on", "receiver"]
    fieldsets = [
        (None, {"fields": ["posting", ("handed_on", "receiver")]}),
        (_("What"), {"fields": ["items", "open_projects", "documents"]}),
        (_("Entered"), {"fields": ["entered_by", "created_at", "void_reason"]}),
    ]
    verbs = (
        Verb(
            "confirm",
            pgettext_lazy("verb", "Confirm"),
            MAY_CONFIRM,
            confirm_handover,
            _handover_why_not,
            for_many=True,
        ),
        Verb(
            "void",
            pgettext_lazy("verb", "Strike out"),
            "teams.view_handover",
            strike_out_handover,
            strike_out_why_not(MAY_CONFIRM),
            form=ReasonForm,
            turns_down=True,
        ),
    )
    queues = (
        Queue(
            "to-confirm",
            _("Hand-overs to confirm"),
            MAY_CONFIRM,
            lambda rows, user, now: _to_confirm(rows, user),
        ),
    )

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        return (
            (_("Post"), link(row.posting, row.posting.host_post)),
            (_("Handed over on"), row.handed_on),
            (_("Taken over by"), row.receiver),
            (_("State"), standing_of(row)),
        )
