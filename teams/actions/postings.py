"""Plan a posting, dispatch, end, cancel."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import Pairing, Setting, User
from assistance.models.rows import entered
from assistance.periods import local_day
from teams.models import AppraisalKind, Direction, LeaveState, Person, Posting, PostingState
from teams.models.leaves import BEFORE_IT_COUNTS


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
    require_inside_pairing(posting)
    require_short_overlap(posting, now=now)
    posting.full_clean()
    posting.save()
    return posting


@transaction.atomic
def edit_posting(
    posting: Posting, *, by: User, now: datetime, version: int | None = None, **fields: Any
) -> Posting:
    """Change a posting that is still planned."""
    posting = lock_posting(
        posting, "teams.change_posting", {PostingState.PLANNED}, by=by, version=version
    )
    for name, value in fields.items():
        setattr(posting, name, value)
    _require_not_erased(posting.person.take_turns())
    require_inside_pairing(posting)
    require_short_overlap(posting, now=now)
    posting.full_clean()
    posting.record(*fields, by=by, now=now)
    return posting


@transaction.atomic
def dispatch(
    posting: Posting, *, letter_no: str, by: User, now: datetime, version: int | None = None
) -> Posting:
    """Send a person to the post on the planned day; the posting counts from now on."""
    posting = lock_posting(
        posting, "teams.dispatch_posting", {PostingState.PLANNED}, by=by, version=version
    )
    if not letter_no.strip():
        raise ValidationError({"letter_no": _("Give the number of the dispatch letter.")})
    if posting.start_on > local_day(now):
        told = _("The posting starts later; dispatch it on %(day)s.")
        told %= {"day": date_format(posting.start_on)}
        raise Refused("starts_later", told, {"start_on": told})
    posting.letter_no, posting.state = letter_no.strip(), PostingState.ACTIVE
    posting.first_planned_end = posting.planned_end
    posting.counted_at, posting.counted_by = now, by  # the constraints judge the row as it will be
    posting.full_clean()
    posting.count("letter_no", "state", "first_planned_end", by=by, now=now)
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
    """Close a posting with its last day in post.

    Refused while leave is open, and without a final appraisal and a hand-over that count; who is
    ``recalled`` leaves at once, and both may follow.
    """
    posting = lock_posting(
        posting, "teams.end_posting", {PostingState.ACTIVE}, by=by, version=version
    )
    if on > local_day(now):
        raise ValidationError({"on": _("The day lies in the future.")})
    if not reason.strip():
        raise ValidationError({"reason": _("Give the reason; the other side will read it.")})
    _require_nothing_open(posting, recalled=recalled)
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
    posting = lock_posting(
        posting, "teams.change_posting", {PostingState.PLANNED}, by=by, version=version
    )
    posting.state = PostingState.CANCELLED
    posting.record("state", by=by, now=now)
    return posting


def lock_posting(
    posting: Posting,
    permission: str,
    states: Collection[PostingState],
    *,
    by: User,
    version: int | None = None,
) -> Posting:
    """Lock a posting, and its person before it; Refused where it is in none of ``states``."""
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


def require_inside_pairing(posting: Posting) -> None:
    """ValidationError where days, region or host unit lie outside the posting's pairing."""
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


def require_short_overlap(posting: Posting, *, now: datetime) -> None:
    """Who takes over a post shares it with who leaves it for no longer than the office allows.

    The caller holds the lock of the posting, or enters it; the other one is locked here.
    """
    pairs = []
    if posting.succeeds_id:
        before = Posting.objects.select_for_update(of=("self",), no_key=True)
        pairs.append((before.get(pk=posting.succeeds_id), posting))
    if posting.pk:
        after = posting.successors.taking_place()
        pairs += [(posting, one) for one in after.select_for_update(of=("self",), no_key=True)]
    for leaves, comes in pairs:
        if leaves.host_unit_id != comes.host_unit_id or leaves.person_id == comes.person_id:
            raise ValidationError(
                {"succeeds": _("Choose a posting of somebody else at the same host unit.")}
            )
        longest = int(Setting.objects.value_on("overlap_days", comes.start_on, known_at=now))
        shared = (leaves.last_day - comes.start_on).days + 1
        if shared > longest:
            raise ValidationError(
                {
                    "start_on": _(
                        "Both would be on this post for %(shared)s days; at most %(longest)s are"
                        " allowed for handing over."
                    )
                    % {"shared": shared, "longest": longest}
                }
            )


def _require_nothing_open(posting: Posting, *, recalled: bool) -> None:
    leave = posting.leaves.standing().filter(state__in=(*BEFORE_IT_COUNTS, LeaveState.ON_LEAVE))
    open_one = leave.first()
    if open_one is not None:
        raise Refused(
            "leave_open",
            _("Leave is still open (%(leave)s, %(state)s); sign the return in or withdraw it.")
            % {"leave": open_one, "state": open_one.get_state_display()},
        )
    if recalled:
        return
    if not posting.appraisals.counting().filter(kind=AppraisalKind.FINAL).exists():
        raise Refused("final_appraisal_missing", _("The joint final appraisal is not signed yet."))
    if not posting.handovers.counting().exists():
        raise Refused("handover_missing", _("The hand-over of the post is not confirmed yet."))
