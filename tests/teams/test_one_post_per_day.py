"""Nobody holds two postings on one day, whoever writes the SQL."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from teams.models import Posting, PostingState
from tests import by_sql
from tests import factories as make

pytestmark = pytest.mark.django_db

FIRST, LAST = date(2024, 6, 1), date(2027, 5, 31)
DAY = timedelta(days=1)


def moved(posting: Posting, first: date, last: date) -> None:
    by_sql.copy(
        posting, state="PLANNED", counted_at=None, counted_by_id=None, first_planned_end=None,
        start_on=first, planned_end=last,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("first", "last"),
    [(LAST, LAST + 365 * DAY), (FIRST - 30 * DAY, FIRST), (FIRST + DAY, LAST - DAY)],
)
def test_two_postings_that_share_a_day_are_refused(first: date, last: date) -> None:
    posting = make.posting()
    with by_sql.refused_by("person_in_one_post_per_day"):
        moved(posting, first, last)
    with pytest.raises(ValidationError):
        make.posting(PostingState.PLANNED, person=posting.person, start_on=first, planned_end=last)


def test_postings_that_follow_each_other_are_not() -> None:
    posting = make.posting()
    moved(posting, LAST + DAY, LAST + 365 * DAY)
    moved(posting, FIRST - 30 * DAY, FIRST - DAY)
    assert Posting.objects.filter(person=posting.person).count() == 3


def test_who_overstays_cannot_be_sent_elsewhere() -> None:
    posting = make.posting(start_on=date(2022, 6, 1), planned_end=date(2025, 5, 31))
    with by_sql.refused_by("person_in_one_post_at_a_time"):
        last = date(2026, 5, 31)
        by_sql.copy(posting, start_on=date(2025, 6, 1), planned_end=last, first_planned_end=last)


def test_a_posting_does_not_end_before_it_starts() -> None:
    posting = make.posting(PostingState.PLANNED)
    # without the plain check a range would be refused too, with a less telling name
    with by_sql.refused_saying("posting_plan_in_order|range lower bound"):
        by_sql.change(posting, planned_end=FIRST - DAY)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT is_nullable FROM information_schema.columns"
            " WHERE table_name = 'teams_posting' AND column_name = 'planned_end'"
        )
        assert cursor.fetchone() == ("NO",)
