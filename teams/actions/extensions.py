"""Extend a posting, and strike an extension out."""

from __future__ import annotations

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import User
from assistance.models.rows import entered
from assistance.periods import local_day
from teams.actions.postings import lock_posting, require_inside_pairing, require_short_overlap
from teams.models import Posting, PostingExtension, PostingState

MAY_EXTEND = "teams.add_postingextension"


@transaction.atomic
def extend(
    posting: Posting,
    *,
    new_end: date,
    doc_no: str,
    on: date,
    reason: str,
    by: User,
    now: datetime,
    version: int | None = None,
) -> Posting:
    """Move the planned end of a posting that is under way to ``new_end``, as decided ``on`` a day.

    ValidationError where the new end is not later, leaves the pairing's validity, runs into the
    person's next posting, or into more days of a successor than are allowed.
    """
    posting = lock_posting(posting, MAY_EXTEND, {PostingState.ACTIVE}, by=by, version=version)
    if new_end <= posting.planned_end:
        raise ValidationError(
            {
                "new_end": _("Choose a day after the present end, %(day)s.")
                % {"day": date_format(posting.planned_end)}
            }
        )
    if on > local_day(now):
        raise ValidationError({"on": _("The day lies in the future.")})
    posting.planned_end = new_end
    require_inside_pairing(posting)
    require_short_overlap(posting, now=now)
    posting.full_clean()
    extension = PostingExtension(
        posting=posting,
        doc_no=doc_no.strip(),
        decided_on=on,
        new_end=new_end,
        reason=reason.strip(),
        counted_at=now,
        counted_by=by,
        **entered(by, now),
    )
    extension.full_clean()
    extension.save()
    posting.record(by=by, now=now)
    return posting


@transaction.atomic
def strike_out_extension(
    extension: PostingExtension,
    *,
    reason: str,
    by: User,
    now: datetime,
    version: int | None = None,
) -> PostingExtension:
    """Strike out the last extension of a posting under way; the end before it holds again."""
    posting = PostingExtension.objects.visible_to(by).get(pk=extension.pk).posting
    posting = lock_posting(posting, MAY_EXTEND, {PostingState.ACTIVE}, by=by)
    extension = PostingExtension.objects.lock_for(by, extension.pk, version=version)
    if extension.voided_at:
        raise Refused("struck_out_before", _("This row was struck out already."))
    if posting.extensions.counting().filter(pk__gt=extension.pk).exists():
        raise Refused("not_the_last", _("A later extension builds on it; strike that out first."))
    if not reason.strip():
        raise ValidationError({"reason": _("Give the reason; others will read it.")})
    extension.void(by=by, now=now, reason=reason)
    return extension
