"""Leave on the desk: asked for on the posting's page, agreed to, granted and signed here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.admin.scoped import Panel, badge, link
from assistance.admin.verbs import DayForm, Queue, ReasonForm, Refusal, Verb, VerbForm
from assistance.models import User
from assistance.periods import local_day
from teams.actions import (
    agree_to_leave,
    begin_leave,
    grant_leave,
    refuse_leave,
    request_leave,
    return_from_leave,
    withdraw_leave,
)
from teams.actions.front import is_their_turn
from teams.actions.leaves import MAY_AGREE, MAY_GRANT, MAY_REQUEST, MAY_SIGN, why_not
from teams.admin.of_posting import OfPostingAdmin
from teams.admin.shown import open_at
from teams.models import Leave, LeaveKind, LeaveState, Posting, PostingState
from teams.models.leaves import BEFORE_IT_COUNTS

TONES = {
    LeaveState.REQUESTED: "open",
    LeaveState.TEAM_OK: "open",
    LeaveState.HOST_OK: "busy",
    LeaveState.ON_LEAVE: "busy",
    LeaveState.RETURNED: "good",
    LeaveState.REFUSED: "bad",
    LeaveState.WITHDRAWN: "quiet",
}


class LeaveForm(VerbForm):
    kind = forms.ChoiceField(label=_("Kind"), choices=[("", "---------"), *LeaveKind.choices])
    starts_on = forms.DateField(label=_("First day"))
    ends_on = forms.DateField(label=_("Last day"))
    destination = forms.CharField(label=_("Destination"), max_length=100, required=False)
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}))


class LeftForm(DayForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["on"].label = _("Day of leaving")


class ReturnForm(DayForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["on"].label = _("First day back in post")


POSTING_VERBS = (
    Verb(
        "request-leave",
        pgettext_lazy("verb", "Request leave"),
        MAY_REQUEST,
        request_leave,
        open_at(PostingState.ACTIVE),
        form=LeaveForm,
        checks_version=False,
        explains=_("The team agrees, then the host grants it."),
    ),
)


def state_of(leave: Leave) -> SafeString:
    """The state in its tone."""
    return badge(leave.get_state_display(), TONES[LeaveState(leave.state)])


def posting_panels(posting: Posting) -> Iterable[Panel]:
    """The leave of a posting, the newest first."""
    yield Panel(
        pgettext_lazy("noun, plural", "Leave"),
        (_("kind"), _("state"), _("first day"), _("last day"), _("left on"), _("returned on")),
        [
            (
                link(row, row.get_kind_display()), state_of(row), row.starts_on, row.ends_on,
                row.left_on or "–", row.returned_on or "–",
            )
            for row in posting.leaves.standing().select_related("posting")
        ],
        _("No leave was asked for yet."),
    )  # fmt: skip


def _at(
    *states: LeaveState, others_than: tuple[str, ...] = (), for_team: bool = False
) -> Callable[[Leave, User], Refusal | None]:
    def tell(leave: Leave, user: User) -> Refusal | None:
        if for_team and not is_their_turn(leave.posting, user):
            return PermissionDenied()
        refusal = why_not(leave, states)
        return refusal or leave.own_work(user, than=others_than)

    return tell


def _refuse_why_not(leave: Leave, user: User) -> Refusal | None:
    turn = {LeaveState.REQUESTED: MAY_AGREE, LeaveState.TEAM_OK: MAY_GRANT}
    permission = turn.get(LeaveState(leave.state), MAY_GRANT)
    if not user.has_perm(permission):
        return PermissionDenied()
    for_team = permission == MAY_AGREE
    return _at(*turn, others_than=("created_by",), for_team=for_team)(leave, user)


@admin.register(Leave)
class LeaveAdmin(OfPostingAdmin):
    place = 69
    list_display = [
        "kind", "state_shown", "post", "person", "region", "starts_on", "ends_on", "returned_on",
    ]  # fmt: skip
    list_filter = ["state", "kind"]
    empty_list = _("Leave is asked for on the page of the posting.")
    fieldsets = [
        (None, {"fields": ["posting", "kind", ("starts_on", "ends_on"), "destination", "reason"]}),
        (_("Granted"), {"fields": [("team_by", "host_by"), "answer"]}),
        (_("Away"), {"fields": [("left_on", "returned_on"), "returned_by"]}),
        (_("Entered"), {"fields": ["entered_by", "created_at"]}),
    ]
    verbs = (
        Verb(
            "agree", pgettext_lazy("verb", "Agree for the team"), MAY_AGREE, agree_to_leave,
            _at(LeaveState.REQUESTED, others_than=("created_by",), for_team=True), for_many=True,
        ),
        Verb(
            "grant", pgettext_lazy("verb", "Grant for the host"), MAY_GRANT, grant_leave,
            _at(LeaveState.TEAM_OK, others_than=("created_by", "team_by")), for_many=True,
        ),
        Verb(
            "begin", pgettext_lazy("verb", "Record the departure"), MAY_SIGN, begin_leave,
            _at(LeaveState.HOST_OK), form=LeftForm,
        ),
        Verb(
            "return", pgettext_lazy("verb", "Sign the return in"), MAY_SIGN, return_from_leave,
            _at(LeaveState.ON_LEAVE), form=ReturnForm,
        ),
        Verb(
            "refuse", pgettext_lazy("verb", "Refuse"), "teams.view_leave", refuse_leave,
            _refuse_why_not, form=ReasonForm, turns_down=True,
        ),
        Verb(
            "withdraw", pgettext_lazy("verb", "Withdraw"), MAY_REQUEST, withdraw_leave,
            _at(*BEFORE_IT_COUNTS), turns_down=True,
            explains=_("The days are free again."),
        ),
    )  # fmt: skip
    queues = (
        Queue(
            "to-agree",
            _("Leave to agree to"),
            MAY_AGREE,
            lambda rows, user, now: rows.filter(state=LeaveState.REQUESTED).exclude(
                created_by=user
            ),
        ),
        Queue(
            "to-grant",
            _("Leave to grant"),
            MAY_GRANT,
            lambda rows, user, now: (
                rows.filter(state=LeaveState.TEAM_OK).exclude(created_by=user).exclude(team_by=user)
            ),
        ),
        Queue(
            "overdue",
            _("On leave past the last day"),
            MAY_SIGN,
            lambda rows, user, now: rows.filter(
                state=LeaveState.ON_LEAVE, ends_on__lt=local_day(now)
            ),
        ),
    )

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        return (
            (_("Kind"), row.get_kind_display()),
            (_("First day"), row.starts_on),
            (_("Last day"), row.ends_on),
            (_("Post"), link(row.posting, row.posting.host_post)),
            (_("State"), state_of(row)),
        )

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, leave: Leave) -> SafeString:
        return state_of(leave)
