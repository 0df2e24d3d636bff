"""Plan a posting, dispatch, end, cancel."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import Pairing, User
from assistance.models.rows import entered
from assistance.periods import local_day
from teams.models import Direction, Person, Posting, PostingState


@transaction.atomic
def plan_posting(*, by: User, now: datetime, **fields: Any) -> Posting:
    """Enter a posting that is to come.

    ValidationError where it leaves its pairing's validity or region, or where the person has
    another posting on one of its days (the database refuses that too, also to raw SQL).
    """
    if not by.has_perm("teams.add_posting"):
        raise PermissionDenied
    posting = Posting(**fields, **entered(by, now))
    _require_not_erased(posting.person.take_turns())
    _require_inside_pairing(posting)
    posting.full_clean()
    posting.save()
    return posting


@transaction.atomic
def edit_posting(
    posting: Posting, *, by: User, now: datetime, version: int | None = None, **fields: Any
) -> Posting:
    """Change a posting that is still planned."""
    posting = _lock(posting, "teams.change_posting", {PostingState.PLANNED}, by=by, version=version)
    for name, value in fields.items():
        setattr(posting, name, value)
    _require_not_erased(posting.person.take_turns())
    _require_inside_pairing(posting)
    posting.full_clean()
    posting.record(*fields, by=by, now=now)
    return posting


@transaction.atomic
def dispatch(
    posting: Posting, *, letter_no: str, by: User, now: datetime, version: int | None = None
) -> Posting:
    """Send a person to the post on the planned day; the posting counts from now on."""
    posting = _lock(
        posting, "teams.dispatch_posting", {PostingState.PLANNED}, by=by, version=version
    )
    if not letter_no.strip():
        raise ValidationError({"letter_no": _("Give the number of the dispatch letter.")})
    if posting.start_on > local_day(now):
        raise Refused(
            "starts_later",
            _("The posting starts later; dispatch it on %(day)s.")
            % {"day": date_format(posting.start_on)},
        )
    posting.letter_no, posting.state = letter_no.strip(), PostingState.ACTIVE
    posting.counted_at, posting.counted_by = now, by  # the constraints judge the row as it will be
    posting.full_clean()
    posting.count("letter_no", "state", by=by, now=now)
    return posting


@transaction.atomic
def end_posting(
    posting: Posting,
    *,
    on: date,
    reason: str,
    by: User,
    now: datetime,
    recalled: bool = False,
    version: int | None = None,
) -> Posting:
    """Close a posting with its last day in post."""
    posting = _lock(posting, "teams.end_posting", {PostingState.ACTIVE}, by=by, version=version)
    if on > local_day(now):
        raise ValidationError({"on": _("The day lies in the future.")})
    if not reason.strip():
        raise ValidationError({"reason": _("Give the reason; the other side will read it.")})
    posting.end_on, posting.end_reason = on, reason
    posting.ended_at, posting.ended_by = now, by
    posting.state = PostingState.RECALLED if recalled else PostingState.ENDED
    posting.full_clean()
    posting.record("end_on", "end_reason", "ended_at", "ended_by", "state", by=by, now=now)
    return posting


@transaction.atomic
def cancel_posting(
    posting: Posting, *, by: User, now: datetime, version: int | None = None
) -> Posting:
    """Give up a posting that was only planned; its days are free again."""
    posting = _lock(posting, "teams.change_posting", {PostingState.PLANNED}, by=by, version=version)
    posting.state = PostingState.CANCELLED
    posting.record("state", by=by, now=now)
    return posting


def _lock(
    posting: Posting,
    permission: str,
    states: set[PostingState],
    *,
    by: User,
    version: int | None,
) -> Posting:
    if not by.has_perm(permission):
        raise PermissionDenied
    Posting.objects.visible_to(by).get(pk=posting.pk).person.take_turns()
    posting = Posting.objects.lock_for(by, posting.pk, version=version)
    if posting.state not in states:
        raise Refused(
            "posting_in_another_state",
            _("This posting is %(state)s; the step is not open to it.")
            % {"state": posting.get_state_display()},
        )
    return posting


def _require_not_erased(person: Person) -> None:
    if person.erased_at is not None:
        raise ValidationError(
            {"person": _("What identified this person was erased; enter the person anew.")}
        )


def _require_inside_pairing(posting: Posting) -> None:
    pairing: Pairing = posting.pairing
    inside = Pairing.objects.filter(pk=pairing.pk).in_force_between(
        posting.start_on, posting.start_on
    )
    ends_inside = Pairing.objects.filter(pk=pairing.pk).in_force_between(
        posting.planned_end, posting.planned_end
    )
    if not (inside.exists() and ends_inside.exists()):
        raise ValidationError(
            {"pairing": _("The posting has to lie inside the days of its pairing.")}
        )
    if not pairing.recipient.contains(posting.region):
        raise ValidationError({"region": _("The region has to lie in the pairing's recipient.")})
    at_home = pairing.donor.contains(posting.host_unit.region)
    away = pairing.recipient.contains(posting.host_unit.region)
    if (posting.direction == Direction.OUT and not away) or (
        posting.direction == Direction.IN and not at_home
    ):
        raise ValidationError(
            {"host_unit": _("Out: a unit of the recipient. In: a unit of the donor.")}
        )
