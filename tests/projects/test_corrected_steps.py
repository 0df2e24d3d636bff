"""A step that took effect on another day than was entered: what is known now, and what was then."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.db import connection

from assistance.errors import Refused, Stale
from assistance.models import User
from assistance.roles import Role
from projects import actions
from projects.models import Project, ProjectFunding, Source, Stage, StageChange, YearPlanEntry
from projects.models.payments import PaymentBasis
from tests import by_sql
from tests import factories as make

pytestmark = pytest.mark.django_db

END_OF_MAY, END_OF_JUNE = date(2026, 5, 31), make.at(date(2026, 6, 30))
JULY = make.at(date(2026, 7, 2))


def step(project: Project, became: Stage) -> StageChange:
    """The step of the project that led to this stage."""
    return project.stage_changes.counting().get(to_stage=became)


def correct(project: Project, became: Stage, day: date, **options: Any) -> StageChange:
    """That step, corrected in July by an approver who had no hand in it."""
    fields: dict[str, Any] = {
        "reason": "日期误录",
        "by": make.user_with(Role.APPROVER),
        "now": JULY,
    }
    fields |= options
    return actions.correct_step(step(project, became), effective_on=day, **fields)


def stage_at(project: Project, day: date, known_at: Any) -> str:
    """Where the project stood on a day by what was known at an instant."""
    steps = project.stage_changes.as_at(day, known_at).order_by("effective_on", "pk")
    return [s.to_stage for s in steps][-1]


def road(project: Project) -> list[tuple[str, str, date]]:
    """The road as it stands now."""
    steps = project.stage_changes.counting().order_by("effective_on", "pk")
    return [(s.from_stage, s.to_stage, s.effective_on) for s in steps]


def test_may_corrected_in_july_changes_may_as_known_in_july_and_not_as_known_in_june() -> None:
    project = make.project_at(Stage.ACTIVE)  # since 1 April
    assert stage_at(project, END_OF_MAY, END_OF_JUNE) == Stage.ACTIVE
    correct(project, Stage.ACTIVE, date(2026, 6, 2))
    assert stage_at(project, END_OF_MAY, END_OF_JUNE) == Stage.ACTIVE
    assert stage_at(project, END_OF_MAY, JULY - timedelta(microseconds=1)) == Stage.ACTIVE
    assert stage_at(project, END_OF_MAY, JULY) == Stage.READY
    assert stage_at(project, date(2026, 6, 2), JULY) == Stage.ACTIVE


def test_every_later_step_is_entered_anew_with_its_own_day() -> None:
    project = make.project_at(Stage.COMPLETED, needs_tender=True)
    before = road(project)
    old = {s.to_stage: s for s in project.stage_changes.counting()}
    corrected = correct(project, Stage.READY, date(2026, 3, 25))
    expected = [
        (was, became, date(2026, 3, 25) if became == Stage.READY else day)
        for was, became, day in before
    ]
    assert road(project) == expected
    assert (corrected.to_stage, corrected.counted_at) == (Stage.READY, JULY)
    for stage, was in old.items():
        was.refresh_from_db()
        later = stage in {Stage.READY, Stage.ACTIVE, Stage.COMPLETED}
        assert (was.voided_at == JULY) == later, stage
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # the road is whole, the stage its last
    project.refresh_from_db()
    assert project.stage == Stage.COMPLETED


@pytest.mark.parametrize(
    ("day", "right"),
    [
        (date(2026, 3, 19), False),  # the day before it was ready
        (date(2026, 3, 20), True),
        (date(2026, 5, 31), True),
        (date(2026, 6, 1), False),  # the day after it was completed
    ],
)
def test_a_corrected_day_lies_between_the_steps_around_it(day: date, right: bool) -> None:
    project = make.project_at(Stage.COMPLETED)
    if right:
        assert correct(project, Stage.ACTIVE, day).effective_on == day
        return
    with pytest.raises(ValidationError) as refusal:
        correct(project, Stage.ACTIVE, day)
    assert set(refusal.value.message_dict) == {"effective_on"}


@pytest.mark.parametrize(("day", "right"), [(date(2026, 3, 10), True), (date(2026, 3, 11), False)])
def test_an_approval_is_not_moved_past_shares_that_came_later(day: date, right: bool) -> None:
    project = make.project_at(Stage.ACTIVE)  # approved on 2 March, ready on the 20th
    by_sql.copy(
        project.funding.get(),
        source=Source.MATCH,
        fund_plan_id=None,
        approved_on=date(2026, 3, 10),
    )
    if right:
        assert correct(project, Stage.APPROVED, day).effective_on == day
        return
    with pytest.raises(ValidationError) as refusal:
        correct(project, Stage.APPROVED, day)
    assert set(refusal.value.message_dict) == {"effective_on"}


def test_the_last_step_is_not_moved_into_the_future() -> None:
    project = make.project_at(Stage.ACTIVE)
    with pytest.raises(ValidationError) as refusal:
        correct(project, Stage.ACTIVE, date(2026, 7, 3))
    assert set(refusal.value.message_dict) == {"effective_on"}
    assert correct(project, Stage.ACTIVE, date(2026, 7, 2)).counts


def test_only_an_approver_who_had_no_hand_in_the_step_corrects_it() -> None:
    project = make.project_at(Stage.APPROVED)
    with pytest.raises(Refused) as refusal:
        correct(project, Stage.APPROVED, date(2026, 3, 1), by=make.hand(Role.APPROVER))
    assert refusal.value.code == "own_work"
    everything = make.user_with(is_superuser=True)
    assert correct(project, Stage.APPROVED, date(2026, 3, 1), by=everything).counts
    for role in set(Role) - {Role.APPROVER}:
        with pytest.raises((PermissionDenied, ObjectDoesNotExist)):
            correct(project, Stage.LIBRARY, date(2026, 2, 9), by=make.user_with(role))


def test_a_correction_gives_a_reason_and_is_of_the_row_as_it_stands() -> None:
    project = make.project_at(Stage.ACTIVE)
    with pytest.raises(ValidationError) as refusal:
        correct(project, Stage.ACTIVE, date(2026, 4, 2), reason=" ")
    assert set(refusal.value.message_dict) == {"reason"}
    with pytest.raises(Stale):
        correct(project, Stage.ACTIVE, date(2026, 4, 2), version=7)
    struck = step(project, Stage.ACTIVE)
    correct(project, Stage.ACTIVE, date(2026, 4, 2))
    with pytest.raises(Refused) as refused:
        actions.correct_step(
            struck, effective_on=date(2026, 4, 3), reason="演示", now=JULY,
            by=make.user_with(Role.APPROVER),
        )  # fmt: skip
    assert refused.value.code == "struck_out_before"


def test_with_the_approval_its_shares_and_its_plan_entry_move() -> None:
    project = make.project_at(Stage.ACTIVE)
    share, entry = project.funding.get(), project.year_plan_entries.get()
    correct(project, Stage.APPROVED, date(2026, 3, 10))
    moved = project.funding.counting().get()
    assert (moved.approved_on, moved.amount_yuan) == (date(2026, 3, 10), share.amount_yuan)
    assert project.year_plan_entries.counting().get().entered_on == date(2026, 3, 10)
    known = partial(ProjectFunding.objects.filter(project=project).as_at, date(2026, 3, 5))
    assert known(END_OF_JUNE).get() == share
    assert not known(JULY).exists()
    planned = YearPlanEntry.objects.filter(project=project)
    assert planned.as_at(date(2026, 3, 5), END_OF_JUNE).get() == entry


def test_shares_that_were_paid_out_of_keep_the_day_of_their_approval() -> None:
    project = make.project_at(Stage.ACTIVE)
    payment = make.payment(project)
    with pytest.raises(Refused) as refusal:
        correct(project, Stage.APPROVED, date(2026, 3, 10))
    assert refusal.value.code == "share_in_use"
    actions.void_payment(payment, reason="演示", by=make.hand(Role.REVIEWER), now=make.NOW)
    assert correct(project, Stage.APPROVED, date(2026, 3, 10)).counts


@pytest.mark.parametrize(
    ("became", "day", "right"),
    [
        (Stage.COMPLETED, date(2026, 6, 3), True),
        (Stage.COMPLETED, date(2026, 6, 4), False),
        (Stage.ACCEPTED, date(2026, 6, 3), True),
        (Stage.ACCEPTED, date(2026, 6, 2), False),
    ],
)
def test_a_panel_stays_between_completion_and_acceptance(
    became: Stage, day: date, right: bool
) -> None:
    project = make.project_at(Stage.ACCEPTED)  # the panel met on 3 June, accepted on the 8th
    if right:
        assert correct(project, became, day).effective_on == day
        return
    with pytest.raises(ValidationError) as refusal:
        correct(project, became, day)
    assert set(refusal.value.message_dict) == {"effective_on"}


def test_the_assets_bear_the_day_of_the_hand_over() -> None:
    project = make.project_at(Stage.HANDED_OVER)
    correct(project, Stage.HANDED_OVER, date(2026, 6, 8))
    assert project.assets.get().handed_over_on == date(2026, 6, 8)


def test_the_file_is_not_closed_before_the_last_payment_but_retention() -> None:
    project = make.project_at(Stage.CLOSED)  # on 10 June; paid on the 9th
    handed_over = step(project, Stage.HANDED_OVER)
    correct(project, Stage.HANDED_OVER, date(2026, 6, 8))
    assert handed_over.effective_on == date(2026, 6, 9)
    with pytest.raises(ValidationError) as refusal:
        correct(project, Stage.CLOSED, date(2026, 6, 8))
    assert set(refusal.value.message_dict) == {"effective_on"}
    make.payment(project, amount_yuan=1, paid_on=date(2027, 6, 12), basis=PaymentBasis.RETENTION)
    assert correct(project, Stage.CLOSED, date(2026, 6, 11)).counts


def test_an_approver_of_nothing_in_sight_finds_no_step() -> None:
    project = make.project_at(Stage.ACTIVE)
    nowhere = make.user_with(Role.APPROVER)
    User.objects.filter(pk=nowhere.pk).update(organisation=None)
    with pytest.raises(ObjectDoesNotExist):
        correct(project, Stage.ACTIVE, date(2026, 4, 2), by=User.objects.get(pk=nowhere.pk))
