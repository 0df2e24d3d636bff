"""Leave: asked for, agreed to by the team, granted by the host, begun, and signed back in."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import User
from assistance.models.rows import entered
from assistance.periods import local_day
from teams.actions.front import require_front_or_reviewer
from teams.actions.postings import lock_posting
from teams.models import Leave, LeaveState, Posting, PostingState
from teams.models.leaves import BEFORE_IT_COUNTS

MAY_REQUEST, MAY_AGREE = "teams.add_leave", "teams.agree_leave"
MAY_GRANT, MAY_SIGN = "teams.grant_leave", "teams.sign_leave"


@transaction.atomic
def request_leave(
    posting: Posting,
    *,
    kind: str,
    starts_on: date,
    ends_on: date,
    reason: str,
    by: User,
    now: datetime,
    destination: str = "",
) -> Leave:
    """Ask for leave of somebody in post, for days inside the posting that no other leave holds."""
    posting = lock_posting(posting, MAY_REQUEST, {PostingState.ACTIVE}, by=by)
    if starts_on < posting.start_on or ends_on > posting.planned_end:
        raise ValidationError(
            {
                "starts_on": _("Leave lies inside the posting, %(first)s to %(last)s.")
                % {
                    "first": date_format(posting.start_on),
                    "last": date_format(posting.planned_end),
                }
            }
        )
    leave = Leave(
        posting=posting,
        kind=kind,
        starts_on=starts_on,
        ends_on=ends_on,
        reason=reason.strip(),
        destination=destination.strip(),
        **entered(by, now),
    )
    leave.full_clean()
    leave.save()
    return leave


@transaction.atomic
def agree_to_leave(leave: Leave, *, by: User, now: datetime, version: int | None = None) -> Leave:
    """Agree for the team: the front team, or the reviewer where there is none."""
    leave = _lock(leave, MAY_AGREE, {LeaveState.REQUESTED}, by=by, version=version)
    require_front_or_reviewer(leave.posting, by)
    leave.require_other_hands(by, than=("created_by",))
    leave.team_by, leave.state = by, LeaveState.TEAM_OK
    leave.record("team_by", "state", by=by, now=now)
    return leave


@transaction.atomic
def grant_leave(leave: Leave, *, by: User, now: datetime, version: int | None = None) -> Leave:
    """Grant leave for the host, where the person works day by day."""
    leave = _lock(leave, MAY_GRANT, {LeaveState.TEAM_OK}, by=by, version=version)
    leave.require_other_hands(by, than=("created_by", "team_by"))
    leave.host_by, leave.state = by, LeaveState.HOST_OK
    leave.record("host_by", "state", by=by, now=now)
    return leave


@transaction.atomic
def begin_leave(
    leave: Leave, *, on: date, by: User, now: datetime, version: int | None = None
) -> Leave:
    """Record the day on which the person left; leave counts from now on."""
    leave = _lock(leave, MAY_SIGN, {LeaveState.HOST_OK}, by=by, version=version)
    if not leave.starts_on <= on <= leave.ends_on:
        raise ValidationError({"on": _("The day lies outside the leave that was granted.")})
    if on > local_day(now):
        raise ValidationError({"on": _("The day lies in the future.")})
    leave.left_on, leave.state = on, LeaveState.ON_LEAVE
    leave.count("left_on", "state", by=by, now=now)
    return leave


@transaction.atomic
def return_from_leave(
    leave: Leave, *, on: date, by: User, now: datetime, version: int | None = None
) -> Leave:
    """Sign the return in: ``on`` is the first day back in post, also where it is late."""
    leave = _lock(leave, MAY_SIGN, {LeaveState.ON_LEAVE}, by=by, version=version)
    if on > local_day(now):
        raise ValidationError({"on": _("The day lies in the future.")})
    if leave.left_on is None or on <= leave.left_on:
        raise ValidationError({"on": _("The return lies after the day of leaving.")})
    leave.returned_on, leave.returned_at, leave.returned_by = on, now, by
    leave.state = LeaveState.RETURNED
    leave.full_clean()
    leave.record("returned_on", "returned_at", "returned_by", "state", by=by, now=now)
    return leave


@transaction.atomic
def refuse_leave(
    leave: Leave, *, reason: str, by: User, now: datetime, version: int | None = None
) -> Leave:
    """Refuse it, for the team or for the host, whoever's turn it is."""
    turn = {LeaveState.REQUESTED: MAY_AGREE, LeaveState.TEAM_OK: MAY_GRANT}
    seen = Leave.objects.visible_to(by).get(pk=leave.pk)
    permission = turn.get(LeaveState(seen.state), MAY_GRANT)
    leave = _lock(
        leave, permission, {LeaveState.REQUESTED, LeaveState.TEAM_OK}, by=by, version=version
    )
    if permission != turn[LeaveState(leave.state)]:
        raise Refused("leave_moved_on", _("Somebody agreed meanwhile; look at it again."))
    if leave.state == LeaveState.REQUESTED:
        require_front_or_reviewer(leave.posting, by)
    leave.require_other_hands(by, than=("created_by",))
    if not reason.strip():
        raise ValidationError({"reason": _("Give the reason; the other side will read it.")})
    leave.answer, leave.state = reason.strip(), LeaveState.REFUSED
    leave.record("answer", "state", by=by, now=now)
    return leave


@transaction.atomic
def withdraw_leave(leave: Leave, *, by: User, now: datetime, version: int | None = None) -> Leave:
    """Take the request back while nobody has left; the days are free again."""
    leave = _lock(leave, MAY_REQUEST, BEFORE_IT_COUNTS, by=by, version=version)
    leave.state = LeaveState.WITHDRAWN
    leave.record("state", by=by, now=now)
    return leave


def why_not(leave: Leave, states: Any) -> Refused | None:
    """Refused where ``leave`` is in none of ``states``."""
    if leave.state in states:
        return None
    return Refused(
        "leave_in_another_state",
        _("This leave is %(state)s; the step is not open to it.")
        % {"state": leave.get_state_display()},
    )


def _lock(leave: Leave, permission: str, states: Any, *, by: User, version: int | None) -> Leave:
    if not by.has_perm(permission):
        raise PermissionDenied
    posting = Leave.objects.visible_to(by).select_related("posting").get(pk=leave.pk).posting
    posting = lock_posting(posting, permission, {PostingState.ACTIVE}, by=by)
    leave = Leave.objects.lock_for(by, leave.pk, version=version)
    leave.posting = posting
    refusal = why_not(leave, states)
    if refusal is not None:
        raise refusal
    return leave
