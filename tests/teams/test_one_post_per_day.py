"""Nobody holds two postings on one day, whoever writes the SQL."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from datetime import date, timedelta
from functools import partial

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection
from django.test import Client
from django.urls import reverse

from assistance.errors import BrokenFile
from assistance.roles import Role
from teams.actions import enter_roster, plan_posting, read_roster
from teams.models import Posting, PostingState
from tests import by_sql
from tests import factories as make
from tests.at_once import at_once, refusals, succeeded
from tests.desk.conftest import Seat, sit_down
from tests.rosters import filled, line

__all__ = ["sit_down"]

pytestmark = pytest.mark.django_db
Sit = Callable[..., Seat]
FIRST_OF_2021 = date(2021, 6, 1)

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


@pytest.mark.parametrize(
    ("start_on", "shares_a_day"), [(date(2024, 5, 31), True), (date(2024, 6, 1), False)]
)
def test_the_last_day_is_still_a_day_in_post(start_on: date, shares_a_day: bool) -> None:
    posting = make.posting(start_on=FIRST_OF_2021, planned_end=date(2024, 5, 31))
    ended = make.posting(
        PostingState.ENDED, start_on=FIRST_OF_2021, planned_end=date(2024, 5, 31),
        end_on=date(2024, 5, 31),
    )  # fmt: skip
    for before in (posting, ended):
        last = start_on + 364 * DAY
        refused = by_sql.refused_by("person_in_one_post_per_day") if shares_a_day else nullcontext()
        with refused:
            by_sql.copy(
                before, state="PLANNED", counted_at=None, counted_by_id=None, ended_at=None,
                ended_by_id=None, end_on=None, end_reason="", first_planned_end=None,
                start_on=start_on, planned_end=last,
            )  # fmt: skip
        assert Posting.objects.filter(person=before.person).count() == 2 - shares_a_day


@pytest.mark.django_db(transaction=True)
def test_of_fifty_attempts_at_once_by_every_road_exactly_one_stands(sit_down: Sit) -> None:
    """The API takes no posting in, so it has no road for one: its attempts are turned away."""
    tie, sent = make.pairing(), make.team(make.PREFECTURE, dispatched_on=date(2026, 6, 1))
    person, pattern = make.person(), make.posting(PostingState.PLANNED)
    number = person.numbers.get(kind="national_id").plain()
    org, seat = make.user_with(Role.ORG), sit_down(Role.ORG)
    _account, token = make.token()
    fields = make.posting_fields(person=person, pairing=tie)

    def days(turn: int) -> dict[str, date]:
        first = date(2026, 6, 1) + turn % 10 * DAY
        return {"start_on": first, "planned_end": first + 364 * DAY}

    def desk(turn: int) -> None:
        client = Client()
        client.cookies = seat.client.cookies
        said = fields | days(turn) | {"direction": "OUT", "group_type": "NONE"}
        sent_in = {name: getattr(value, "pk", value) for name, value in said.items()}
        answer = client.post(reverse("admin:teams_posting_add"), sent_in)
        if answer.status_code != 302:
            assert answer.status_code in {200, 503}, answer.status_code
            raise ValidationError(str(answer.status_code))

    def roster(turn: int) -> None:
        row = line(national_id=number, name=person.name, phone="", **days(turn))
        rows = read_roster(filled(sent.batch, row), file="roster.xlsx")
        enter_roster(sent.batch, rows, by=org, now=make.NOW, dispatches=False)

    def verb(turn: int) -> None:
        plan_posting(by=org, now=make.NOW, **fields | days(turn))

    def sql(turn: int) -> None:
        by_sql.copy(pattern, person_id=person.pk, **days(turn))

    def api(turn: int) -> None:
        asked = {"person": person.pk, "pairing": tie.pk} | days(turn)
        answer = Client(headers={"authorization": f"Bearer {token}"}).post(
            "/api/v1/postings/", asked, content_type="application/json"
        )
        assert answer.status_code == 405, answer.status_code
        raise ValidationError("405")

    roads = (desk, roster, verb, sql, api)
    results = at_once([partial(roads[turn % 5], turn) for turn in range(50)])
    assert Posting.objects.taking_place().filter(person=person).count() == 1
    assert len(succeeded(results)) == 1
    for refusal in refusals(results):
        assert isinstance(refusal, (ValidationError, BrokenFile, DatabaseError)), repr(refusal)


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
