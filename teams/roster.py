"""Who is in post on a day: the roster and its head counts, set-based and as at any day.

A person is in post from the first to the last day of a posting that was dispatched, both included,
also past the planned end until the end is recorded (``PostingQuerySet.in_post``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, Self

from django.db.models import Avg, Case, Count, Exists, F, IntegerField, OuterRef, Q, Value, When
from django.db.models.functions import Cast, Substr

from assistance.models import Setting
from teams.models import Leave, Posting
from teams.models.postings import PostingQuerySet, not_over

GROUPS = ("region__code", "category", "direction")
MONTHS = 12  # of a year


@dataclass(frozen=True, slots=True)
class RosterDay:
    """The day and the instant of knowledge; ``since`` begins the stretch for who came and went,
    ``soon`` is the last day on which a planned end is near. All days included.
    """

    day: date
    known_at: datetime
    since: date
    soon: date

    @classmethod
    def of(cls, day: date, known_at: datetime, *, since: date | None = None) -> Self:
        """``since`` is 1 January where it is not given; what is near says the office's setting
        ``expiring_days`` that applies on the day.
        """
        days = int(Setting.objects.value_on("expiring_days", day, known_at=known_at))
        return cls(day, known_at, since or date(day.year, 1, 1), day + timedelta(days=days))


class HeadCount(NamedTuple):
    """Distinct persons of one region, category and direction; ``age`` is the average in years of
    those in post, None where nobody is. ``new`` and ``returned`` are counted from ``since`` on.
    """

    region: str
    category: str
    direction: str
    in_post: int
    away: int
    new: int
    returned: int
    expiring: int
    overstayed: int
    age: float | None


def in_post(rows: PostingQuerySet, asked: RosterDay) -> PostingQuerySet:
    """The roster: the postings of ``rows`` under way, each with ``end_then`` (the planned end as
    known then) and ``away`` (on leave that day).
    """
    found = rows.in_post(asked.day, asked.known_at)
    return _told(found, asked)


def head_counts(rows: PostingQuerySet, asked: RosterDay) -> list[HeadCount]:
    """One line per region, category and direction where somebody is in post, came or left."""
    counts = _touched(rows, asked).values(*GROUPS).annotate(**_counts(asked)).order_by(*GROUPS)
    return [_line(found) for found in counts]


def total(rows: PostingQuerySet, asked: RosterDay) -> HeadCount:
    """The head counts of all rows together: each person once, whatever the number of postings."""
    everybody: Any = _touched(rows, asked).order_by().values(everybody=Value(1))
    for found in everybody.annotate(**_counts(asked)):
        return _line(found)
    return HeadCount("", "", "", 0, 0, 0, 0, 0, 0, None)


def _touched(rows: PostingQuerySet, asked: RosterDay) -> PostingQuerySet:
    """Postings that are under way, or ended since the stretch began."""
    first = min(asked.since, asked.day)
    lately = rows.as_at(asked.day, asked.known_at).filter(not_over(first, asked.known_at))
    return _told(lately, asked)


def _told(rows: PostingQuerySet, asked: RosterDay) -> PostingQuerySet:
    leave = Leave.objects.under_way(asked.day, asked.known_at).filter(posting=OuterRef("pk"))
    return rows.with_planned_end(asked.day, asked.known_at).annotate(away=Exists(leave))


def _counts(asked: RosterDay) -> dict[str, Any]:
    here = not_over(asked.day, asked.known_at)
    gone = Q(end_on__range=(asked.since, asked.day), ended_at__lte=asked.known_at)
    born = F("person__birth_ym")
    month = Cast(Substr(born, 1, 4), IntegerField()) * MONTHS + Cast(
        Substr(born, 6, 2), IntegerField()
    )
    age = Value(asked.day.year * MONTHS + asked.day.month) - month
    return {
        "in_post": _persons(here),
        "gone_away": _persons(here & Q(away=True)),
        "new": _persons(Q(start_on__gte=asked.since)),
        "returned": _persons(gone),
        "expiring": _persons(here & Q(end_then__gt=asked.day, end_then__lte=asked.soon)),
        "overstayed": _persons(here & Q(end_then__lt=asked.day)),
        # nobody is in two posts on one day, so the average over postings is one over persons
        "months": Avg(Case(When(here, then=age))),
    }


def _persons(which: Q) -> Count:
    return Count("person", distinct=True, filter=which)


def _line(found: dict[str, Any]) -> HeadCount:
    region, category, direction = (found.get(name, "") for name in GROUPS)
    age = None if found["months"] is None else float(found["months"]) / MONTHS
    return HeadCount(
        region, category, direction, found["in_post"], found["gone_away"], found["new"],
        found["returned"], found["expiring"], found["overstayed"], age,
    )  # fmt: skip


class Holder(NamedTuple):
    """One posting in the line of those who held a post. ``days_before`` counts the days between the
    last day of the one before and the first of this one: positive is a gap, negative is shared.
    """

    posting: Posting
    days_before: int | None


def line_of(posting: Posting, seen: PostingQuerySet) -> list[Holder]:
    """Who held this post, the first one first, as far as ``seen`` tells: whom the posting succeeds
    and who succeeds it.
    """
    rows = seen.filter(host_unit=posting.host_unit_id).taking_place().select_related("person")
    by_pk = {row.pk: row for row in rows}
    by_pk.setdefault(posting.pk, posting)
    before = {row.pk: row.succeeds_id for row in by_pk.values()}
    after = {row.succeeds_id: row.pk for row in by_pk.values() if row.succeeds_id}
    line = [*_walk(posting.pk, before)][::-1] + [*_walk(posting.pk, after)][1:]
    return [*_held(by_pk[pk] for pk in line if pk in by_pk)]


def _walk(start: int, onward: Mapping[int, int | None]) -> Iterator[int]:
    seen: set[int] = set()
    at: int | None = start
    while at is not None and at not in seen:
        seen.add(at)
        yield at
        at = onward.get(at)


def _held(line: Iterable[Posting]) -> Iterator[Holder]:
    before: Posting | None = None
    for posting in line:
        days = None
        if before is not None:
            days = (posting.start_on - before.last_day).days - 1
        yield Holder(posting, days)
        before = posting
