"""Nobody holds two posts on one day, and a posting counts from its dispatch to its last day."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from assistance.errors import Refused, Stale
from assistance.models import User
from assistance.models.regions import OrganisationKind
from assistance.models.rows import entered
from assistance.roles import Role
from teams import actions
from teams.models import Direction, Posting, PostingState
from tests import factories as make
from tests.at_once import at_once, refusals, succeeded

TODAY = make.NOW.date()
LAST_DAY = date(2024, 5, 31)


def _plan(**overrides: Any) -> Posting:
    return actions.plan_posting(
        by=make.hand(Role.ORG), now=make.NOW, **make.posting_fields(**overrides)
    )


def _insert(**overrides: Any) -> None:
    """As raw SQL does it: no verb, no form, only the database."""
    by = make.hand(Role.ORG)
    with transaction.atomic():
        Posting.objects.bulk_create(
            [Posting(**make.posting_fields(**overrides), **entered(by, make.NOW))]
        )


@pytest.fixture
def org() -> User:
    return make.hand(Role.ORG)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("start_on", "planned_end"),
    [
        (LAST_DAY, date(2027, 5, 30)),  # both hold the last day of the first one
        (date(2021, 6, 1), LAST_DAY),
        (date(2020, 1, 1), date(2021, 6, 1)),
        (date(2022, 1, 1), date(2022, 1, 1)),  # one day in the middle
        (date(2020, 1, 1), date(2030, 1, 1)),
    ],
)
def test_two_postings_of_one_person_never_share_a_day(start_on: date, planned_end: date) -> None:
    first = _plan(start_on=date(2021, 6, 1), planned_end=LAST_DAY)
    again = {"person": first.person, "start_on": start_on, "planned_end": planned_end}
    with pytest.raises(ValidationError):
        _plan(**again)
    with pytest.raises(IntegrityError, match="person_in_one_post_per_day"):
        _insert(**again)


@pytest.mark.django_db
@pytest.mark.parametrize("insert", [_plan, _insert])
def test_the_next_posting_may_begin_on_the_day_after_the_last(insert: Callable[..., Any]) -> None:
    first = _plan(start_on=date(2021, 6, 1), planned_end=LAST_DAY)
    insert(person=first.person, start_on=date(2024, 6, 1), planned_end=date(2027, 5, 31))
    insert(start_on=LAST_DAY, planned_end=LAST_DAY)  # somebody else may come on the same day
    assert Posting.objects.count() == 3


@pytest.mark.django_db
def test_the_days_of_a_cancelled_posting_are_free_again(org: User) -> None:
    first = _plan()
    actions.cancel_posting(first, by=org, now=make.NOW)
    assert _plan(person=first.person).state == PostingState.PLANNED


@pytest.mark.django_db
def test_the_days_after_an_early_end_are_free_again() -> None:
    first = make.posting(PostingState.ENDED, end_on=date(2026, 5, 31))
    with pytest.raises(ValidationError):
        _plan(person=first.person, start_on=date(2026, 5, 31))
    assert _plan(person=first.person, start_on=date(2026, 6, 1)).state == PostingState.PLANNED


@pytest.mark.django_db
def test_somebody_who_overstays_blocks_the_next_dispatch_until_the_end_is_recorded(
    org: User,
) -> None:
    first = make.posting(start_on=date(2023, 6, 1), planned_end=date(2026, 5, 31))
    second = _plan(person=first.person, start_on=date(2026, 6, 1), planned_end=date(2027, 5, 31))
    with pytest.raises(ValidationError):
        actions.dispatch(second, letter_no="函1", by=org, now=make.NOW)
    with pytest.raises(IntegrityError, match="person_in_one_post_at_a_time"), transaction.atomic():
        Posting.objects.filter(pk=second.pk).update(
            state=PostingState.ACTIVE,
            letter_no="函1",
            first_planned_end=second.planned_end,
            counted_at=make.NOW,
            counted_by=make.hand(Role.CLERK),
        )
    make.leaving(first, date(2026, 5, 31))
    actions.end_posting(first, on=date(2026, 5, 31), reason="期满", by=org, now=make.NOW)
    second = actions.dispatch(second, letter_no="函1", by=org, now=make.NOW)
    assert second.state == PostingState.ACTIVE


@pytest.mark.django_db
def test_an_end_after_the_plan_does_not_reach_into_the_next_posting(org: User) -> None:
    first = make.posting(start_on=date(2023, 6, 1), planned_end=date(2026, 5, 31))
    _plan(person=first.person, start_on=date(2026, 6, 10), planned_end=date(2027, 5, 31))
    make.leaving(first, date(2026, 5, 31))
    end = partial(actions.end_posting, first, reason="期满", by=org, now=make.NOW)
    with pytest.raises(ValidationError):
        end(on=date(2026, 6, 10))
    assert end(on=date(2026, 6, 9)).state == PostingState.ENDED


@pytest.mark.django_db(transaction=True)
def test_of_twenty_who_post_one_person_at_once_exactly_one_succeeds() -> None:
    fields = make.posting_fields()
    by = make.hand(Role.ORG)
    people = [User.objects.get(pk=by.pk) for _ in range(20)]
    results = at_once(
        [
            partial(
                actions.plan_posting,
                by=somebody,
                now=make.NOW,
                **fields | {"start_on": fields["start_on"] + timedelta(days=number)},
            )
            for number, somebody in enumerate(people)
        ]
    )
    assert len(succeeded(results)) == 1
    assert {type(refusal) for refusal in refusals(results)} == {ValidationError}
    assert Posting.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("start_on", "planned_end", "inside"),
    [
        (date(2021, 6, 1), date(2025, 12, 31), True),
        (date(2021, 5, 31), date(2025, 12, 31), False),
        (date(2021, 6, 1), date(2026, 1, 1), False),
        (date(2020, 1, 1), date(2020, 12, 31), False),
        (date(2026, 1, 1), date(2026, 12, 31), False),
    ],
)
def test_a_posting_lies_inside_the_days_of_its_pairing(
    start_on: date, planned_end: date, inside: bool
) -> None:
    tie = make.pairing(since="2021-06", until="2025")
    days = {"pairing": tie, "start_on": start_on, "planned_end": planned_end}
    if inside:
        assert _plan(**days).state == PostingState.PLANNED
        return
    with pytest.raises(ValidationError) as refusal:
        _plan(**days)
    assert set(refusal.value.message_dict) == {"pairing"}


@pytest.mark.django_db
def test_a_posting_is_planned_in_order_also_by_raw_sql() -> None:
    with pytest.raises(ValidationError):
        _plan(start_on=date(2024, 6, 2), planned_end=date(2024, 6, 1))
    with pytest.raises(IntegrityError):
        _insert(start_on=date(2024, 6, 2), planned_end=date(2024, 6, 1))


@pytest.mark.django_db
def test_a_region_outside_the_recipient_is_refused() -> None:
    with pytest.raises(ValidationError) as refusal:
        _plan(region=make.region(make.FAR_COUNTY))
    assert set(refusal.value.message_dict) == {"region"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("direction", "host", "accepted"),
    [
        (Direction.OUT, make.COUNTY, True),
        (Direction.OUT, make.DONOR, False),
        (Direction.OUT, make.FAR_COUNTY, False),
        (Direction.IN, make.DONOR, True),
        (Direction.IN, make.COUNTY, False),
    ],
)
def test_people_go_out_to_units_of_the_recipient_and_come_in_to_units_of_the_donor(
    direction: Direction, host: str, accepted: bool
) -> None:
    unit = make.organisation(OrganisationKind.SCHOOL, host)
    if accepted:
        assert _plan(direction=direction, host_unit=unit).direction == direction
        return
    with pytest.raises(ValidationError) as refusal:
        _plan(direction=direction, host_unit=unit)
    assert set(refusal.value.message_dict) == {"host_unit"}


@pytest.mark.django_db
def test_a_posting_counts_from_its_dispatch_on_with_its_letter(org: User) -> None:
    posting = _plan()
    assert posting.counted_at is None
    with pytest.raises(ValidationError) as refusal:
        actions.dispatch(posting, letter_no=" ", by=org, now=make.NOW)
    assert set(refusal.value.message_dict) == {"letter_no"}
    posting = actions.dispatch(posting, letter_no=" 函1 ", by=org, now=make.NOW)
    assert (posting.state, posting.letter_no) == (PostingState.ACTIVE, "函1")
    assert (posting.counted_at, posting.counted_by) == (make.NOW, org)


@pytest.mark.django_db
def test_nobody_is_dispatched_before_the_first_day(org: User) -> None:
    posting = _plan(start_on=TODAY + timedelta(days=1))
    with pytest.raises(Refused) as refusal:
        actions.dispatch(posting, letter_no="函1", by=org, now=make.NOW)
    assert refusal.value.code == "starts_later"
    tomorrow = make.NOW + timedelta(days=1)
    assert actions.dispatch(posting, letter_no="函1", by=org, now=tomorrow).counted_at == tomorrow


@pytest.mark.django_db
@pytest.mark.parametrize("recalled", [False, True])
def test_an_end_has_a_day_a_reason_and_an_author(org: User, *, recalled: bool) -> None:
    posting = make.posting()
    make.leaving(posting, TODAY)
    end = partial(
        actions.end_posting, posting, reason="期满", by=org, now=make.NOW, recalled=recalled
    )
    for wrong in (TODAY + timedelta(days=1), posting.start_on - timedelta(days=1)):
        with pytest.raises(ValidationError):
            end(on=wrong)
    with pytest.raises(ValidationError):
        end(on=TODAY, reason=" ")
    ended = end(on=TODAY)
    assert ended.state == (PostingState.RECALLED if recalled else PostingState.ENDED)
    assert (ended.end_on, ended.ended_at, ended.ended_by) == (TODAY, make.NOW, org)


STEPS: dict[str, tuple[Callable[..., Posting], PostingState]] = {
    "edit": (partial(actions.edit_posting, host_post="演示"), PostingState.PLANNED),
    "dispatch": (partial(actions.dispatch, letter_no="函1"), PostingState.PLANNED),
    "cancel": (actions.cancel_posting, PostingState.PLANNED),
    "recall": (
        partial(actions.end_posting, on=TODAY, reason="演示", recalled=True),
        PostingState.ACTIVE,
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("state", PostingState)
@pytest.mark.parametrize("step", STEPS)
def test_a_step_is_open_to_one_state_only(step: str, state: PostingState, org: User) -> None:
    take, opens_from = STEPS[step]
    posting = make.posting(state)
    if state == opens_from:
        assert take(posting, by=org, now=make.NOW).version == posting.version + 1
        return
    with pytest.raises(Refused) as refusal:
        take(posting, by=org, now=make.NOW)
    assert refusal.value.code == "posting_in_another_state"


@pytest.mark.django_db
@pytest.mark.parametrize("step", STEPS)
def test_a_step_on_an_outdated_version_is_stale(step: str, org: User) -> None:
    take, opens_from = STEPS[step]
    with pytest.raises(Stale):
        take(make.posting(opens_from), by=org, now=make.NOW, version=99)


@pytest.mark.django_db
@pytest.mark.parametrize("step", STEPS)
def test_only_the_organisation_division_posts_people(step: str) -> None:
    take, opens_from = STEPS[step]
    posting = make.posting(opens_from)
    for role in set(Role) - {Role.ORG}:
        with pytest.raises(PermissionDenied):
            take(posting, by=make.user_with(role), now=make.NOW)
        with pytest.raises(PermissionDenied):
            actions.plan_posting(by=make.user_with(role), now=make.NOW)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"state": PostingState.ENDED},
        {"state": PostingState.PLANNED},
        {"letter_no": ""},
        {"end_on": TODAY},
        {"counted_at": None, "counted_by": None},
    ],
)
def test_the_database_keeps_state_letter_and_end_together(wrong: dict[str, Any]) -> None:
    posting = make.posting()
    with pytest.raises(IntegrityError), transaction.atomic():
        Posting.objects.filter(pk=posting.pk).update(**wrong)


@pytest.mark.django_db
def test_who_is_in_post_is_answered_by_day_and_by_what_was_known(org: User) -> None:
    dispatched = make.at(date(2024, 6, 1))
    posting = make.posting()  # dispatched on 1 June 2024
    in_post = Posting.objects.in_post
    assert not in_post(date(2024, 5, 31), make.NOW).exists()
    assert not in_post(date(2024, 6, 1), dispatched - timedelta(seconds=1)).exists()
    assert in_post(date(2024, 6, 1), dispatched).exists()
    assert in_post(date(2027, 6, 1), make.NOW).exists()  # overstayed: no end is recorded
    make.leaving(posting, date(2026, 5, 31))
    actions.end_posting(posting, on=date(2026, 5, 31), reason="期满", by=org, now=make.NOW)
    assert in_post(date(2026, 5, 31), make.NOW).exists()
    assert not in_post(date(2026, 6, 1), make.NOW).exists()
    assert in_post(date(2026, 6, 1), make.NOW - timedelta(seconds=1)).exists()
