"""The roster counts what plain SQL counts, as at any day and as known at any instant."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from assistance.roles import Role
from teams.actions import end_posting
from teams.models import Category, Gender, LeaveState, Posting, PostingState
from teams.roster import RosterDay, head_counts, in_post, line_of, total
from tests import factories as make

DAY = date(2026, 6, 10)
# It shares no code with the product: one person's row per posting that counts on the day.
COUNTED = """
SELECT r.code, p.category, p.direction,
       count(DISTINCT p.person_id) FILTER (WHERE here),
       count(DISTINCT p.person_id) FILTER (WHERE here AND away),
       count(DISTINCT p.person_id) FILTER (WHERE p.start_on >= %(since)s),
       count(DISTINCT p.person_id)
         FILTER (WHERE NOT unended AND p.end_on BETWEEN %(since)s AND %(day)s),
       count(DISTINCT p.person_id) FILTER (WHERE here AND ends > %(day)s AND ends <= %(soon)s),
       count(DISTINCT p.person_id) FILTER (WHERE here AND ends < %(day)s),
       avg(extract(year FROM age(%(day)s::date, (n.birth_ym || '-01')::date)) * 12
           + extract(month FROM age(%(day)s::date, (n.birth_ym || '-01')::date)))
         FILTER (WHERE here) / 12
FROM (
  SELECT p.*, unended OR p.end_on >= %(day)s AS here,
         coalesce((SELECT e.new_end FROM teams_postingextension e WHERE e.posting_id = p.id
                   AND e.decided_on <= %(day)s AND e.counted_at <= %(known)s
                   AND (e.voided_at IS NULL OR e.voided_at > %(known)s)
                   ORDER BY e.id DESC LIMIT 1), p.first_planned_end) AS ends,
         EXISTS (SELECT FROM teams_leave l WHERE l.posting_id = p.id AND l.left_on <= %(day)s
                 AND l.counted_at <= %(known)s
                 AND (l.voided_at IS NULL OR l.voided_at > %(known)s)
                 AND (l.returned_on IS NULL OR l.returned_on > %(day)s
                      OR l.returned_at > %(known)s)) AS away
  FROM (SELECT *, end_on IS NULL OR ended_at > %(known)s AS unended FROM teams_posting) p
  WHERE p.start_on <= %(day)s AND p.counted_at <= %(known)s
    AND (p.voided_at IS NULL OR p.voided_at > %(known)s)
) p
JOIN teams_person n ON n.id = p.person_id
JOIN assistance_region r ON r.id = p.region_id
WHERE here OR p.end_on >= %(since)s
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


def _in_sql(asked: RosterDay) -> Any:
    given = {"day": asked.day, "known": asked.known_at, "since": asked.since, "soon": asked.soon}
    with connection.cursor() as cursor:
        cursor.execute(COUNTED, given)
        return cursor.fetchall()


def _same(asked: RosterDay) -> list[tuple[Any, ...]]:
    """The head counts; the test fails where plain SQL counts others."""
    found = [tuple(line) for line in head_counts(Posting.objects.all(), asked)]
    told = _in_sql(asked)
    assert [line[:-1] for line in found] == [line[:-1] for line in told]
    for line, other in zip(found, told, strict=True):
        assert (line[-1] is None) == (other[-1] is None)
        assert line[-1] is None or line[-1] == pytest.approx(float(other[-1]))
    return found


@pytest.fixture
def people(db: None) -> dict[str, Posting]:
    """One of each: in post, on leave, extended, overstayed, gone, recalled, planned, cancelled."""
    near: dict[str, Any] = {"start_on": date(2024, 6, 11), "planned_end": DAY + timedelta(days=30)}
    return {
        "there": make.posting(),
        "away": make.posting(category=Category.DOCTOR),
        "near": make.posting(**near),
        "extended": make.posting(**near),
        "over": make.posting(start_on=date(2023, 6, 1), planned_end=date(2026, 5, 31)),
        "gone": make.posting(PostingState.ENDED),
        "recalled": make.posting(
            PostingState.RECALLED, start_on=date(2026, 2, 1), end_on=date(2026, 6, 10)
        ),
        "planned": make.posting(PostingState.PLANNED),
        "cancelled": make.posting(PostingState.CANCELLED),
        "young": make.posting(
            person=make.person(birth_ym="1996-07", gender=Gender.MALE), start_on=date(2026, 3, 1)
        ),
    }


def test_counts_equal_plain_sql(people: dict[str, Posting]) -> None:
    make.leave(people["away"], LeaveState.ON_LEAVE)
    make.extension(people["extended"])
    known = make.at(date(2026, 6, 12))
    asked = RosterDay.of(DAY, known)
    lines = _same(asked)
    assert sum(line[3] for line in lines) == 7  # the recalled one's last day still counts
    found = total(Posting.objects.all(), asked)
    assert found[3:9] == (7, 1, 2, 2, 1, 1)
    for back in (1, 10, 100, 400, 2000):
        _same(RosterDay.of(DAY - timedelta(days=back), known))
        _same(RosterDay.of(DAY, known - timedelta(days=back)))


def test_what_was_not_known_yet_is_not_counted(people: dict[str, Posting]) -> None:
    before, after = make.at(date(2026, 6, 12)), make.at(date(2026, 6, 20))
    end_posting(
        people["there"], on=date(2026, 6, 5), reason="演示", by=make.hand(Role.ORG), now=after,
        recalled=True,
    )  # fmt: skip
    there = people["there"].pk
    assert in_post(Posting.objects.filter(pk=there), RosterDay.of(DAY, before)).exists()
    assert not in_post(Posting.objects.filter(pk=there), RosterDay.of(DAY, after)).exists()
    _same(RosterDay.of(DAY, before))
    _same(RosterDay.of(DAY, after))


@pytest.mark.django_db
def test_an_empty_roster_counts_nobody() -> None:
    asked = RosterDay.of(DAY, make.NOW)
    assert head_counts(Posting.objects.all(), asked) == []
    assert total(Posting.objects.all(), asked)[3:] == (0, 0, 0, 0, 0, 0, None)


@pytest.mark.django_db
def test_a_post_tells_its_gaps_and_shared_days() -> None:
    first = make.posting(PostingState.ENDED, end_on=date(2026, 5, 31))
    same: dict[str, Any] = {"pairing": first.pairing, "host_unit": first.host_unit}
    second = make.posting(
        PostingState.RECALLED, start_on=date(2026, 6, 4), planned_end=date(2027, 6, 3),
        end_on=date(2026, 6, 20), succeeds=first, **same,
    )  # fmt: skip
    third = make.posting(
        PostingState.PLANNED, start_on=date(2026, 6, 16), succeeds=second, **same
    )  # fmt: skip
    make.posting(**same)  # another post of the same unit
    for one in (first, second, third):
        line = line_of(one, Posting.objects.all())
        assert [held.posting.pk for held in line] == [first.pk, second.pk, third.pk]
        assert [held.days_before for held in line] == [None, 3, -5]
