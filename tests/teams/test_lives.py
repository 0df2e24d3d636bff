"""Extensions, leave, appraisals and hand-overs: what each step asks, and what stands afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction

from assistance.errors import Refused
from assistance.models import User
from assistance.models.regions import OrganisationKind
from assistance.models.rows import entered
from assistance.roles import Role
from teams import actions
from teams.models import (
    Appraisal,
    AppraisalKind,
    Direction,
    Grade,
    Handover,
    Leave,
    LeaveState,
    Posting,
    PostingExtension,
    PostingState,
    Scale,
)
from tests import by_sql
from tests import factories as make
from tests.at_once import at_once, refusals, succeeded

pytestmark = pytest.mark.django_db

TODAY = make.NOW.date()
END = date(2026, 12, 31)
LATER = date(2027, 6, 30)


@pytest.fixture
def org() -> User:
    return make.hand(Role.ORG)


@pytest.fixture
def posting() -> Posting:
    return make.posting(planned_end=END)


def _extend(posting: Posting, new_end: date, **other: Any) -> Posting:
    asked: dict[str, Any] = {"doc_no": "演示延期1", "on": TODAY, "reason": "演示:工作需要"} | other
    return actions.extend(posting, new_end=new_end, by=make.hand(Role.ORG), now=make.NOW, **asked)


# ---------------------------------------------------------------------------------- extensions


def test_an_extension_moves_the_planned_end_and_striking_it_out_moves_it_back(
    posting: Posting, org: User
) -> None:
    assert _extend(posting, LATER).planned_end == LATER
    posting.refresh_from_db()
    assert (posting.planned_end, posting.first_planned_end) == (LATER, END)
    assert posting.state == PostingState.ACTIVE
    last = posting.extensions.get()
    actions.strike_out_extension(last, reason="录错", by=org, now=make.NOW)
    posting.refresh_from_db()
    assert posting.planned_end == END


def test_only_the_last_extension_is_struck_out(posting: Posting, org: User) -> None:
    first = make.extension(posting, new_end=LATER)
    posting.refresh_from_db()
    make.extension(posting, new_end=LATER + timedelta(days=30))
    with pytest.raises(Refused) as refusal:
        actions.strike_out_extension(first, reason="录错", by=org, now=make.NOW)
    assert refusal.value.code == "not_the_last"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"new_end": END}, "new_end"),
        ({"on": TODAY + timedelta(days=1)}, "on"),
        ({"doc_no": " "}, "doc_no"),
        ({"reason": " "}, "reason"),
    ],
)
def test_an_extension_says_until_when_why_and_by_which_paper(
    posting: Posting, wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        _extend(posting, **{"new_end": LATER} | wrong)
    assert set(refusal.value.message_dict) == {field}
    posting.refresh_from_db()
    assert posting.planned_end == END


def test_an_extension_stays_inside_the_pairing(org: User) -> None:
    posting = make.posting(
        pairing=make.pairing(since="2021-06", until="2026"),
        start_on=date(2025, 6, 1),
        planned_end=date(2026, 6, 30),
    )
    with pytest.raises(ValidationError) as refusal:
        _extend(posting, date(2027, 1, 1))
    assert set(refusal.value.message_dict) == {"pairing"}
    assert _extend(posting, date(2026, 12, 31)).planned_end == date(2026, 12, 31)


def test_an_extension_never_runs_into_the_next_posting_of_the_person(posting: Posting) -> None:
    actions.plan_posting(
        by=make.hand(Role.ORG), now=make.NOW,
        **make.posting_fields(person=posting.person, start_on=LATER, planned_end=date(2028, 1, 1)),
    )  # fmt: skip
    with pytest.raises(ValidationError):
        _extend(posting, LATER)
    assert _extend(posting, LATER - timedelta(days=1)).planned_end == LATER - timedelta(days=1)


def _raw_extension(posting: Posting, new_end: date, **other: Any) -> None:
    by = make.hand(Role.ORG)
    fields = {
        "doc_no": "演示", "decided_on": TODAY, "reason": "演示", "counted_at": make.NOW,
        "counted_by": by, **entered(by, make.NOW),
    }  # fmt: skip
    with transaction.atomic():
        PostingExtension.objects.bulk_create(
            [PostingExtension(posting=posting, new_end=new_end, **fields | other)]
        )


def test_the_database_keeps_the_planned_end_to_its_extensions(posting: Posting, org: User) -> None:
    with pytest.raises(IntegrityError, match="only an extension moves"), transaction.atomic():
        Posting.objects.filter(pk=posting.pk).update(planned_end=LATER)
    with pytest.raises(IntegrityError, match="ends after"):
        _raw_extension(posting, END)
    with pytest.raises(IntegrityError, match="counts_from_its_entry_on"):
        _raw_extension(posting, LATER, counted_at=None, counted_by=None)
    _raw_extension(posting, LATER)
    posting.refresh_from_db()
    assert posting.planned_end == LATER
    with pytest.raises(IntegrityError, match="it counts since"), transaction.atomic():
        PostingExtension.objects.update(new_end=LATER + timedelta(days=1))
    with pytest.raises(IntegrityError, match="is not under way"):
        _raw_extension(make.posting(PostingState.ENDED), LATER)
    actions.plan_posting(
        by=org, now=make.NOW,
        **make.posting_fields(
            person=posting.person,
            start_on=LATER + timedelta(days=1),
            planned_end=date(2028, 1, 1),
        ),
    )  # fmt: skip
    with pytest.raises(IntegrityError, match="person_in_one_post_per_day"):
        _raw_extension(posting, LATER + timedelta(days=1))


def test_the_planned_end_of_a_day_is_the_one_that_was_known_then(posting: Posting) -> None:
    make.extension(posting, new_end=LATER, on=date(2026, 6, 1))

    def end(day: date, known_at: Any) -> date:
        found: Any = Posting.objects.with_planned_end(day, known_at).get(pk=posting.pk)
        return date.fromisoformat(str(found.end_then))

    assert end(date(2026, 5, 31), make.NOW) == END
    assert end(date(2026, 6, 1), make.NOW) == LATER
    assert end(TODAY, make.at(date(2026, 6, 1)) - timedelta(seconds=1)) == END


# ------------------------------------------------------------------- whoever takes over a post


def test_a_successor_shares_the_post_for_no_longer_than_allowed(posting: Posting) -> None:
    def successor(first_day: date, **other: Any) -> Posting:
        fields = make.posting_fields(
            pairing=posting.pairing, host_unit=posting.host_unit, succeeds=posting,
            start_on=first_day, planned_end=date(2029, 1, 1), **other,
        )  # fmt: skip
        return actions.plan_posting(by=make.hand(Role.ORG), now=make.NOW, **fields)

    with pytest.raises(ValidationError, match="31 天；交接重叠最多 30 天"):
        successor(END - timedelta(days=30))
    elsewhere = make.organisation(OrganisationKind.SCHOOL, make.COUNTY)
    with pytest.raises(ValidationError) as refusal:
        actions.plan_posting(
            by=make.hand(Role.ORG), now=make.NOW,
            **make.posting_fields(
                pairing=posting.pairing, host_unit=elsewhere, succeeds=posting,
                start_on=END, planned_end=date(2029, 1, 1),
            ),
        )  # fmt: skip
    assert set(refusal.value.message_dict) == {"succeeds"}
    taken = successor(END - timedelta(days=29))
    with pytest.raises(ValidationError):
        successor(END)  # there is one already
    with pytest.raises(ValidationError, match="最多 30 天"):
        _extend(posting, END + timedelta(days=1))  # they would share 31 days
    with pytest.raises(ValidationError, match="最多 30 天"):
        actions.edit_posting(
            taken, start_on=END - timedelta(days=40), by=make.hand(Role.ORG), now=make.NOW
        )
    assert taken.state == PostingState.PLANNED


# --------------------------------------------------------------------------------------- leave


def test_leave_goes_from_the_request_to_the_return(posting: Posting) -> None:
    org, host, reviewer = make.hand(Role.ORG), make.hand(Role.P_REVIEW), make.hand(Role.REVIEWER)
    leave = make.leave(posting)
    leave = actions.agree_to_leave(leave, by=reviewer, now=make.NOW)
    leave = actions.grant_leave(leave, by=host, now=make.NOW)
    assert leave.counted_at is None
    leave = actions.begin_leave(leave, on=date(2026, 6, 8), by=org, now=make.NOW)
    assert (leave.state, leave.counted_at) == (LeaveState.ON_LEAVE, make.NOW)
    under_way = Leave.objects.under_way
    assert not under_way(date(2026, 6, 7), make.NOW).exists()
    assert under_way(date(2026, 6, 8), make.NOW).exists()
    assert under_way(date(2026, 6, 30), make.NOW).exists()  # nobody signed the return in
    tomorrow = make.NOW + timedelta(days=1)
    leave = actions.return_from_leave(leave, on=date(2026, 6, 13), by=org, now=tomorrow)
    assert leave.state == LeaveState.RETURNED
    assert under_way(date(2026, 6, 12), tomorrow).exists()
    assert not under_way(date(2026, 6, 13), tomorrow).exists()
    assert under_way(date(2026, 6, 13), make.NOW).exists()


TURNS: dict[str, tuple[Callable[..., Leave], set[LeaveState], set[Role]]] = {
    "agree": (actions.agree_to_leave, {LeaveState.REQUESTED}, {Role.FRONT, Role.REVIEWER}),
    "grant": (
        actions.grant_leave, {LeaveState.TEAM_OK}, {Role.P_EDIT, Role.P_REVIEW, Role.CLERK},
    ),
    "begin": (
        partial(actions.begin_leave, on=date(2026, 6, 8)), {LeaveState.HOST_OK},
        {Role.FRONT, Role.ORG, Role.P_EDIT, Role.P_REVIEW},
    ),
    "return": (
        partial(actions.return_from_leave, on=date(2026, 6, 13)), {LeaveState.ON_LEAVE},
        {Role.FRONT, Role.ORG, Role.P_EDIT, Role.P_REVIEW},
    ),
    "withdraw": (
        actions.withdraw_leave,
        {LeaveState.REQUESTED, LeaveState.TEAM_OK, LeaveState.HOST_OK},
        {Role.ORG, Role.FRONT, Role.CLERK, Role.P_EDIT},
    ),
}  # fmt: skip


@pytest.mark.parametrize("state", [s for s in LeaveState if s.name not in {"REFUSED", "WITHDRAWN"}])
@pytest.mark.parametrize("turn", TURNS)
def test_a_step_of_leave_is_open_to_its_states_and_roles_only(turn: str, state: LeaveState) -> None:
    take, states, roles = TURNS[turn]
    leave = make.leave(make.posting(planned_end=END), state)
    somebody = make.user_with(next(iter(sorted(roles & set(Role.__members__.values())))))
    if state in states:
        for role in set(Role) - roles:
            with pytest.raises((PermissionDenied, Leave.DoesNotExist)):
                take(leave, by=make.user_with(role), now=make.NOW)
        assert take(leave, by=somebody, now=make.NOW).version == leave.version + 1
        return
    with pytest.raises(Refused) as refusal:
        take(leave, by=somebody, now=make.NOW)
    assert refusal.value.code == "leave_in_another_state"


def test_nobody_grants_what_they_asked_for_themselves_not_even_a_superuser(
    posting: Posting,
) -> None:
    boss = make.hand(Role.ORG)
    boss.is_superuser = True
    boss.save()
    leave = actions.request_leave(
        posting, kind="SICK", starts_on=TODAY, ends_on=TODAY, reason="演示", by=boss, now=make.NOW
    )
    with pytest.raises(Refused) as refusal:
        actions.agree_to_leave(leave, by=boss, now=make.NOW)
    assert refusal.value.code == "own_work"
    with pytest.raises(IntegrityError, match="by_other_hands"), transaction.atomic():
        Leave.objects.filter(pk=leave.pk).update(team_by=boss)


def test_two_leaves_of_one_posting_never_share_a_day(posting: Posting, org: User) -> None:
    first = make.leave(posting, LeaveState.RETURNED)  # 8 to 12 June
    ask = partial(actions.request_leave, posting, kind="HOME", reason="演示", by=org, now=make.NOW)
    with pytest.raises(ValidationError):
        ask(starts_on=date(2026, 6, 12), ends_on=date(2026, 6, 20))
    second = ask(starts_on=date(2026, 6, 13), ends_on=date(2026, 6, 20))
    with by_sql.refused_by("one_leave_of_a_posting_per_day"):
        Leave.objects.filter(pk=second.pk).update(starts_on=date(2026, 6, 12))
    actions.withdraw_leave(second, by=org, now=make.NOW)
    assert ask(starts_on=date(2026, 6, 13), ends_on=date(2026, 6, 13)).pk
    assert first.state == LeaveState.RETURNED


def test_leave_lies_inside_the_posting(posting: Posting, org: User) -> None:
    ask = partial(actions.request_leave, posting, kind="HOME", reason="演示", by=org, now=make.NOW)
    for first, last in (
        (posting.start_on - timedelta(days=1), posting.start_on),
        (END, END + timedelta(days=1)),
    ):
        with pytest.raises(ValidationError) as refusal:
            ask(starts_on=first, ends_on=last)
        assert set(refusal.value.message_dict) == {"starts_on"}


def test_leave_is_refused_with_a_reason_by_whose_turn_it_is(posting: Posting) -> None:
    leave = make.leave(posting)
    reviewer, host = make.hand(Role.REVIEWER), make.hand(Role.P_REVIEW)
    with pytest.raises(PermissionDenied):
        actions.refuse_leave(leave, reason="演示", by=host, now=make.NOW)
    with pytest.raises(ValidationError):
        actions.refuse_leave(leave, reason=" ", by=reviewer, now=make.NOW)
    leave = actions.refuse_leave(leave, reason="人手不足", by=reviewer, now=make.NOW)
    assert (leave.state, leave.answer) == (LeaveState.REFUSED, "人手不足")


def test_a_posting_does_not_end_over_open_leave(posting: Posting, org: User) -> None:
    leave = make.leave(posting)
    recall = partial(
        actions.end_posting, posting, on=TODAY, reason="演示", by=org, now=make.NOW, recalled=True
    )
    with pytest.raises(Refused) as refusal:
        recall()
    assert refusal.value.code == "leave_open"
    actions.withdraw_leave(leave, by=org, now=make.NOW)
    assert recall().state == PostingState.RECALLED


# ------------------------------------------------------------------- appraisals and hand-overs


def _appraise(posting: Posting, **other: Any) -> Appraisal:
    fields: dict[str, Any] = {
        "kind": AppraisalKind.FINAL, "scale": Scale.CIVIL, "grade": Grade.COMPETENT,
        "appraised_on": TODAY,
    }  # fmt: skip
    return actions.appraise(posting, by=make.hand(Role.P_EDIT), now=make.NOW, **fields | other)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"grade": Grade.QUALIFIED}, "__all__"),
        ({"scale": Scale.INSTITUTION}, "__all__"),
        ({"kind": AppraisalKind.ANNUAL}, "year"),
        ({"kind": AppraisalKind.ANNUAL, "year": 2023}, "year"),
        ({"kind": AppraisalKind.ANNUAL, "year": 2027}, "year"),
        ({"appraised_on": TODAY + timedelta(days=1)}, "appraised_on"),
        ({"appraised_on": date(2024, 5, 31)}, "appraised_on"),
    ],
)
def test_an_appraisal_is_of_a_year_or_the_term_and_on_its_scale(
    posting: Posting, wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        _appraise(posting, **wrong)
    assert set(refusal.value.message_dict) == {field}


def test_both_sides_sign_and_a_newer_appraisal_takes_the_place_of_the_older(
    posting: Posting, org: User
) -> None:
    first = _appraise(posting)
    host = first.created_by
    host.is_superuser = True
    host.save()
    with pytest.raises(Refused):
        actions.confirm_appraisal(first, by=host, now=make.NOW)
    actions.confirm_appraisal(first, by=org, now=make.NOW)
    annual = _appraise(posting, kind=AppraisalKind.ANNUAL, year=2025)
    actions.confirm_appraisal(annual, by=org, now=make.NOW)
    second = _appraise(posting, grade=Grade.EXCELLENT)
    actions.confirm_appraisal(second, by=org, now=make.NOW)
    counting = posting.appraisals.counting()
    assert set(counting.values_list("pk", flat=True)) == {annual.pk, second.pk}
    assert Appraisal.objects.get(pk=first.pk).voided_at == make.NOW


def test_a_posting_ends_with_a_final_appraisal_and_a_hand_over(posting: Posting, org: User) -> None:
    end = partial(actions.end_posting, posting, on=TODAY, reason="期满", by=org, now=make.NOW)
    make.appraisal(posting, kind=AppraisalKind.ANNUAL, year=2025)
    _appraise(posting)
    for missing, supply in (
        ("final_appraisal_missing", lambda: make.appraisal(posting)),
        ("handover_missing", lambda: make.handover(posting)),
    ):
        with pytest.raises(Refused) as refusal:
            end()
        assert refusal.value.code == missing
        supply()
    assert end().state == PostingState.ENDED


def test_the_papers_of_an_ended_posting_are_replaced_never_taken_away(org: User) -> None:
    posting = make.posting(PostingState.ENDED)
    final, handover = posting.appraisals.get(), posting.handovers.get()
    steps: list[tuple[Callable[..., Any], Appraisal | Handover]] = [
        (actions.strike_out_appraisal, final),
        (actions.strike_out_handover, handover),
    ]
    for strike_out, row in steps:
        who = org if row is final else make.hand(Role.REVIEWER)
        with pytest.raises(Refused) as refusal:
            strike_out(row, reason="录错", by=who, now=make.NOW)
        assert refusal.value.code == "posting_ended"
        with by_sql.refused_by("ended_posting_has_papers"):
            row.void(by=org, now=make.NOW, reason="演示")
            _as_at_the_commit()
    newer = make.appraisal(posting, grade=Grade.EXCELLENT, appraised_on=date(2026, 5, 31))
    assert posting.appraisals.counting().get() == newer
    _as_at_the_commit()


def _as_at_the_commit() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def test_the_database_ends_no_posting_without_its_papers(posting: Posting, org: User) -> None:
    with by_sql.refused_by("ended_posting_has_papers"):
        Posting.objects.filter(pk=posting.pk).update(
            state=PostingState.ENDED, end_on=TODAY, end_reason="演示", ended_at=make.NOW,
            ended_by=org,
        )  # fmt: skip
        _as_at_the_commit()


def test_a_hand_over_is_confirmed_by_the_front_team_or_the_reviewer_where_there_is_none(
    posting: Posting,
) -> None:
    reviewer = make.hand(Role.REVIEWER)
    handover = make.handover(posting, confirmed=False)
    front = make.user_with(
        Role.FRONT, organisation=make.organisation(OrganisationKind.FRONT_TEAM, make.PREFECTURE)
    )
    reviewer = User.objects.get(pk=reviewer.pk)
    with pytest.raises(PermissionDenied):
        actions.confirm_handover(handover, by=reviewer, now=make.NOW)
    assert actions.confirm_handover(handover, by=front, now=make.NOW).counted_at == make.NOW
    unit = make.organisation(OrganisationKind.SCHOOL, make.DONOR)
    away = make.posting(direction=Direction.IN, host_unit=unit, planned_end=END)
    inward = make.handover(away, confirmed=False)
    assert actions.confirm_handover(inward, by=reviewer, now=make.NOW).counted_at == make.NOW


def test_a_hand_over_says_what_and_to_whom(posting: Posting, org: User) -> None:
    said = {"items": "演示", "open_projects": "无", "documents": "演示", "receiver": "演示队长"}
    for left_out in said:
        with pytest.raises(ValidationError) as refusal:
            actions.hand_over_post(
                posting, handed_on=TODAY, by=org, now=make.NOW, **said | {left_out: " "}
            )
        assert left_out in refusal.value.message_dict
    assert not Handover.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_who_extend_and_end_one_posting_at_once_none_breaks_it() -> None:
    posting = make.posting(planned_end=END)
    make.leaving(posting, TODAY)
    org = make.hand(Role.ORG)
    said: dict[str, Any] = {"doc_no": "演示", "reason": "演示", "on": TODAY, "now": make.NOW}
    results = at_once(
        [
            partial(
                actions.extend, posting, new_end=END + timedelta(days=10 * number + 1),
                by=User.objects.get(pk=org.pk), **said,
            )
            for number in range(8)
        ]
        + [
            partial(
                actions.end_posting, posting, on=TODAY, reason="演示",
                by=User.objects.get(pk=org.pk), now=make.NOW,
            )
        ]
    )  # fmt: skip
    assert {type(refusal) for refusal in refusals(results)} <= {ValidationError, Refused}
    assert succeeded(results)
    posting.refresh_from_db()
    assert posting.state == PostingState.ENDED
    last = posting.extensions.order_by("-pk").first()
    assert posting.planned_end == (last.new_end if last else END)
