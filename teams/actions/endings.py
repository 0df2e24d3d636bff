"""Appraise somebody in post, and hand the post over."""

from __future__ import annotations

from datetime import date, datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import User
from assistance.models.rows import entered
from assistance.periods import local_day
from teams.actions.front import require_front_or_reviewer
from teams.actions.postings import lock_posting
from teams.models import Appraisal, AppraisalKind, Handover, Posting, PostingState

MAY_APPRAISE, MAY_SIGN = "teams.add_appraisal", "teams.confirm_appraisal"
MAY_HAND_OVER, MAY_CONFIRM = "teams.add_handover", "teams.confirm_handover"
# A correction may follow the end, and what is owed of somebody who was recalled does.
WORKED = (PostingState.ACTIVE, PostingState.ENDED, PostingState.RECALLED)


@transaction.atomic
def appraise(
    posting: Posting,
    *,
    kind: str,
    scale: str,
    grade: str,
    appraised_on: date,
    by: User,
    now: datetime,
    year: int | None = None,
    remarks: str = "",
) -> Appraisal:
    """Enter an appraisal; it counts once the sender's side signed it too.

    ValidationError where the grade is not on the scale, an annual one is of no year of the posting,
    or the day lies before the posting or in the future.
    """
    posting = lock_posting(posting, MAY_APPRAISE, WORKED, by=by)
    last_day = posting.end_on or local_day(now)
    if kind == AppraisalKind.ANNUAL and not (
        year and posting.start_on.year <= year <= last_day.year
    ):
        raise ValidationError({"year": _("Choose a year of the posting.")})
    _require_day(posting, "appraised_on", appraised_on, now)
    appraisal = Appraisal(
        posting=posting,
        kind=kind,
        year=year if kind == AppraisalKind.ANNUAL else None,
        scale=scale,
        grade=grade,
        appraised_on=appraised_on,
        remarks=remarks.strip(),
        **entered(by, now),
    )
    appraisal.full_clean()
    appraisal.save()
    return appraisal


@transaction.atomic
def confirm_appraisal(
    appraisal: Appraisal, *, by: User, now: datetime, version: int | None = None
) -> Appraisal:
    """Sign for the sender; it takes the place of one that counted before for the same."""
    appraisal = _lock_appraisal(appraisal, MAY_SIGN, by=by, version=version)
    if appraisal.counted_at or appraisal.voided_at:
        raise Refused("settled_before", _("This row was confirmed or struck out already."))
    appraisal.require_other_hands(by, than=("created_by",))
    same = appraisal.posting.appraisals.counting().filter(kind=appraisal.kind, year=appraisal.year)
    for older in same:
        older.void(by=by, now=now, reason=_("A newer one took its place."))
    appraisal.count(by=by, now=now)
    return appraisal


@transaction.atomic
def strike_out_appraisal(
    appraisal: Appraisal, *, reason: str, by: User, now: datetime, version: int | None = None
) -> Appraisal:
    """Strike out: who entered it before it counts, the sender's side afterwards, but never the
    final one of a posting that ended; there a newer one takes its place.
    """
    appraisal = _lock_appraisal(appraisal, "teams.view_appraisal", by=by, version=version)
    own_draft = appraisal.counted_at is None and appraisal.created_by_id == by.pk
    if not own_draft and not by.has_perm(MAY_SIGN):
        raise PermissionDenied
    is_owed = appraisal.kind == AppraisalKind.FINAL and appraisal.counted_at is not None
    _require_may_go(appraisal, reason, is_owed=is_owed)
    appraisal.void(by=by, now=now, reason=reason)
    return appraisal


@transaction.atomic
def hand_over_post(
    posting: Posting,
    *,
    handed_on: date,
    items: str,
    open_projects: str,
    documents: str,
    receiver: str,
    by: User,
    now: datetime,
) -> Handover:
    """Enter what was handed over, to whom; it counts once the front team confirmed it."""
    posting = lock_posting(posting, MAY_HAND_OVER, WORKED, by=by)
    _require_day(posting, "handed_on", handed_on, now)
    handover = Handover(
        posting=posting,
        handed_on=handed_on,
        items=items.strip(),
        open_projects=open_projects.strip(),
        documents=documents.strip(),
        receiver=receiver.strip(),
        **entered(by, now),
    )
    handover.full_clean()
    handover.save()
    return handover


@transaction.atomic
def confirm_handover(
    handover: Handover, *, by: User, now: datetime, version: int | None = None
) -> Handover:
    """Confirm that the post was taken over; it takes the place of one that counted before."""
    handover = _lock_handover(handover, MAY_CONFIRM, by=by, version=version)
    require_front_or_reviewer(handover.posting, by)
    if handover.counted_at or handover.voided_at:
        raise Refused("settled_before", _("This row was confirmed or struck out already."))
    handover.require_other_hands(by, than=("created_by",))
    for older in handover.posting.handovers.counting():
        older.void(by=by, now=now, reason=_("A newer one took its place."))
    handover.count(by=by, now=now)
    return handover


@transaction.atomic
def strike_out_handover(
    handover: Handover, *, reason: str, by: User, now: datetime, version: int | None = None
) -> Handover:
    """Strike out: who entered it before it counts, who confirms afterwards, but not once the
    posting ended; there a newer one takes its place.
    """
    handover = _lock_handover(handover, "teams.view_handover", by=by, version=version)
    own_draft = handover.counted_at is None and handover.created_by_id == by.pk
    if not own_draft and not by.has_perm(MAY_CONFIRM):
        raise PermissionDenied
    _require_may_go(handover, reason, is_owed=handover.counted_at is not None)
    handover.void(by=by, now=now, reason=reason)
    return handover


def _require_may_go(row: Appraisal | Handover, reason: str, *, is_owed: bool) -> None:
    if row.voided_at:
        raise Refused("struck_out_before", _("This row was struck out already."))
    if is_owed and row.posting.state == PostingState.ENDED:
        raise Refused(
            "posting_ended",
            _("The posting ended with it; enter the right one, which takes its place."),
        )
    if not reason.strip():
        raise ValidationError({"reason": _("Give the reason; others will read it.")})


def _require_day(posting: Posting, field: str, day: date, now: datetime) -> None:
    if day > local_day(now):
        raise ValidationError({field: _("The day lies in the future.")})
    if day < posting.start_on:
        raise ValidationError({field: _("The day lies before the posting.")})


def _lock_appraisal(
    appraisal: Appraisal, permission: str, *, by: User, version: int | None
) -> Appraisal:
    seen = Appraisal.objects.visible_to(by).select_related("posting").get(pk=appraisal.pk)
    posting = lock_posting(seen.posting, permission, WORKED, by=by)
    appraisal = Appraisal.objects.lock_for(by, appraisal.pk, version=version)
    appraisal.posting = posting
    return appraisal


def _lock_handover(
    handover: Handover, permission: str, *, by: User, version: int | None
) -> Handover:
    seen = Handover.objects.visible_to(by).select_related("posting").get(pk=handover.pk)
    posting = lock_posting(seen.posting, permission, WORKED, by=by)
    handover = Handover.objects.lock_for(by, handover.pk, version=version)
    handover.posting = posting
    return handover
