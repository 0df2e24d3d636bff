"""From its opening on, a project goes its way by the ordinary verbs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from assistance.errors import Refused
from assistance.roles import Role
from projects.actions import (
    accept,
    advance,
    close,
    complete,
    confirm_completion,
    confirm_evaluation,
    confirm_start,
    correct_step,
    evaluate,
    pay,
    refund,
    report_progress,
    resume,
    start,
    verify_progress,
)
from projects.models import STEPS, Project, Source, Stage
from projects.models.as_at import AsAt
from projects.models.evidence import PaperKind
from projects.models.road import TAKEN_OVER_AT
from projects.models.works import with_days_of_works
from tests import factories as make
from tests.factories.openings import AS_OF, CONFIRMED, ENTERED

pytestmark = pytest.mark.django_db

BEGAN, ENDED, TODAY = date(2026, 3, 9), date(2026, 5, 8), date(2026, 6, 10)
CLERK_AT = {  # the verbs of the table that a clerk finds open; others may still miss their papers
    Stage.APPROVED: {"advance", "request_change"},
    Stage.TENDERING: {"advance", "request_change"},
    Stage.READY: {"start", "pay", "request_change"},
    Stage.ACTIVE: {"complete", "report_progress", "pay", "request_change"},
    Stage.SUSPENDED: {"report_progress", "pay", "request_change"},
    Stage.COMPLETED: {"record_acceptance", "pay", "request_change"},
    Stage.ACCEPTED: {"hand_over", "pay", "request_change"},
    Stage.HANDED_OVER: {"pay", "request_change"},
    Stage.CLOSED: {"pay"},
    Stage.TERMINATED: set(),
}
MATCHED = make.ledger_share(50_000, source=Source.MATCH)
ABOUT_PAPERS = {"file_paper", "give_notice"}


@pytest.mark.parametrize("stage", TAKEN_OVER_AT)
def test_the_next_verbs_are_open_as_on_the_whole_road(stage: Stage) -> None:
    taken_over, clerk = make.taken_over(stage), make.hand(Role.CLERK)
    open_ones = {verb for verb in STEPS if taken_over.why_not(verb, clerk) is None}
    assert open_ones - ABOUT_PAPERS == CLERK_AT[stage]
    by_table = {
        verb
        for verb, step in STEPS.items()
        if stage in step.takes_from and clerk.has_perm(step.permission) and not step.confirms
    }
    assert open_ones == by_table
    for verb in STEPS:
        found = Project.objects.open_to(verb, clerk).exists()
        assert found is (verb in open_ones), verb


def test_an_approved_one_is_advanced_and_started() -> None:
    project = make.taken_over(Stage.APPROVED)
    by, now = make.hand(Role.CLERK), make.NOW
    with pytest.raises(Refused):  # what comes after the opening is checked as ever
        advance(project, on=date(2026, 6, 3), by=by, now=now)
    make.papers(project, PaperKind.PLAN, on=date(2026, 6, 2))
    with pytest.raises(ValidationError, match="2026年5月31日"):
        advance(project, on=date(2026, 5, 30), by=by, now=now)
    project = advance(project, on=date(2026, 6, 3), by=by, now=now)
    assert project.stage == Stage.READY
    project = start(project, on=date(2026, 6, 4), by=by, now=now)
    project = confirm_start(project, by=make.hand(Role.REVIEWER), now=now)
    assert project.stage == Stage.ACTIVE
    assert with_days_of_works(Project.objects.all()).get().started_on == date(2026, 6, 4)


def test_progress_goes_on_from_what_was_taken_over() -> None:
    project = make.taken_over()
    fields: dict[str, Any] = {"period": "2026-06", "measured_on": TODAY, "narrative": "演示"}
    by = make.hand(Role.CLERK)
    with pytest.raises(ValidationError) as refused:
        report_progress(project, physical_pct=Decimal("39.99"), by=by, now=make.NOW, **fields)
    assert "physical_pct" in refused.value.message_dict
    fields["photos"] = [make.photo()]
    report = report_progress(project, physical_pct=Decimal(70), by=by, now=make.NOW, **fields)
    assert verify_progress(report, by=make.hand(Role.REVIEWER), now=make.NOW).counts


def test_works_that_rest_are_taken_up_again_and_completed() -> None:
    project = make.taken_over(Stage.SUSPENDED, actual_start=BEGAN)
    clerk, reviewer = make.hand(Role.CLERK), make.hand(Role.REVIEWER)
    project = resume(project, on=date(2026, 6, 3), by=reviewer, now=make.NOW)
    with pytest.raises(Refused) as refused:
        complete(project, on=TODAY, by=clerk, now=make.NOW)
    assert refused.value.code == "progress_below_100"
    make.progress(project, 100, measured_on=date(2026, 6, 8))
    project = complete(project, on=TODAY, by=clerk, now=make.NOW)
    project = confirm_completion(project, by=reviewer, now=make.NOW)
    assert project.stage == Stage.COMPLETED
    assert days(project) == (BEGAN, TODAY)


def test_a_completed_one_still_has_to_be_accepted() -> None:
    project = make.taken_over(Stage.COMPLETED)
    with pytest.raises(Refused) as refused:
        accept(project, on=TODAY, by=make.hand(Role.REVIEWER), now=make.NOW)
    assert refused.value.code == "acceptance_missing"


def test_one_that_was_handed_over_is_closed_when_it_is_paid_and_evaluated() -> None:
    project = make.taken_over(
        Stage.HANDED_OVER, shares=[make.ledger_share(100_000, 60_000), MATCHED]
    )
    close_it: dict[str, Any] = {"on": TODAY, "by": make.hand(Role.APPROVER), "now": make.NOW}
    for code, done in (
        ("not_paid", lambda: make.payment(project, amount_yuan=37_000, paid_on=TODAY,
                                          basis="ACCEPTANCE")),
        ("evaluation_missing", lambda: _evaluated(project)),
    ):  # fmt: skip
        with pytest.raises(Refused) as refused:
            close(project, **close_it)
        assert refused.value.code == code
        done()
    assert close(project, **close_it).stage == Stage.CLOSED


def _evaluated(project: Project) -> None:
    points: dict[str, Any] = {
        "output": Decimal(50),
        "benefit": Decimal(30),
        "satisfaction": Decimal(10),
    }
    clerk, reviewer = make.hand(Role.CLERK), make.hand(Role.REVIEWER)
    made = evaluate(project, year=2026, evaluated_on=TODAY, by=clerk, now=make.NOW, **points)
    make.papers(project, PaperKind.EVALUATION, on=TODAY)
    confirm_evaluation(made, by=reviewer, now=make.NOW)


def test_the_step_of_an_opening_is_not_moved_to_another_day() -> None:
    step = make.taken_over().stage_changes.get(to_stage=Stage.ACTIVE)
    with pytest.raises(Refused) as refused:
        correct_step(
            step, effective_on=date(2026, 5, 30), reason="演示", by=make.user_with(Role.APPROVER),
            now=make.NOW,
        )  # fmt: skip
    assert refused.value.code == "step_of_an_opening"


# ------------------------------------------------------------------------------------- the money


def _pay(project: Project, yuan: int | str, paid_on: date = TODAY) -> Any:
    return pay(
        project.funding.get(), basis="PROGRESS", amount_yuan=Decimal(yuan), paid_on=paid_on,
        treasury=make.treasury(), payee=make.organisation(), voucher_no="演示-1",
        by=make.hand(Role.CLERK), now=make.NOW,
    )  # fmt: skip


def test_what_was_paid_before_counts_towards_the_share() -> None:
    project = make.taken_over(Stage.COMPLETED, shares=[make.ledger_share(1_000_000, 800_000)])
    share = project.funding.get()
    assert share.paid_yuan() == 800_000
    with pytest.raises(Refused) as refused:
        _pay(project, "200000.01")
    assert refused.value.code == "share_overpaid"


def test_vouchers_begin_with_the_day_of_the_opening() -> None:
    project = make.taken_over(Stage.COMPLETED)
    with pytest.raises(ValidationError) as refused:
        _pay(project, 1, paid_on=date(2026, 5, 30))
    assert "paid_on" in refused.value.message_dict
    make.papers(project, PaperKind.PLAN)
    day = date(2026, 6, 5)  # the opening was confirmed by then
    payment = make.payment(project, amount_yuan=100_000, paid_on=day, basis="COMPLETION")
    assert payment.counts
    assert project.funding.get().paid_yuan() == 400_000


def test_money_paid_before_can_be_paid_back_and_no_more() -> None:
    project = make.taken_over(Stage.COMPLETED)
    fields: dict[str, Any] = {"refunded_on": TODAY, "cause": "AUDIT", "treasury": make.treasury(),
              "voucher_no": "退1", "by": make.hand(Role.CLERK), "now": make.NOW}  # fmt: skip
    with pytest.raises(Refused):
        refund(project.funding.get(), amount_yuan=Decimal("300000.01"), **fields)
    assert refund(project.funding.get(), amount_yuan=Decimal(300_000), **fields).pk


# ------------------------------------------------------------------------------- days of the works


def days(project: Project, at: Any = None) -> tuple[date | None, date | None]:
    found = with_days_of_works(Project.objects.filter(pk=project.pk), at).get()
    return found.started_on, found.ended_on


def test_the_days_of_the_works_are_those_of_the_opening() -> None:
    known = {"actual_start": BEGAN, "actual_end": ENDED}
    assert days(make.taken_over(Stage.CLOSED, **known)) == (BEGAN, ENDED)
    assert days(make.taken_over(Stage.ACTIVE, actual_start=BEGAN)) == (BEGAN, None)
    assert days(make.taken_over(Stage.TERMINATED, actual_start=BEGAN)) == (BEGAN, None)


def test_where_the_ledger_names_no_day_they_had_come_by_that_of_the_opening() -> None:
    assert days(make.taken_over(Stage.COMPLETED)) == (AS_OF, AS_OF)
    assert days(make.taken_over(Stage.SUSPENDED)) == (AS_OF, None)
    assert days(make.taken_over(Stage.READY)) == (None, None)
    assert days(make.taken_over(Stage.TERMINATED)) == (None, None)


def test_the_days_of_the_works_are_those_of_the_steps_where_the_road_was_gone_here() -> None:
    for stage, expected in (
        (Stage.READY, (None, None)),
        (Stage.ACTIVE, (date(2026, 4, 1), None)),
        (Stage.SUSPENDED, (date(2026, 4, 1), None)),
        (Stage.ACCEPTED, (date(2026, 4, 1), date(2026, 5, 31))),
    ):
        assert days(make.project_at(stage)) == expected, stage


def test_the_days_of_the_works_are_told_as_they_were_known() -> None:
    project = make.taken_over(Stage.CLOSED, actual_start=BEGAN, actual_end=ENDED)
    assert days(project, (AS_OF, CONFIRMED)) == (BEGAN, ENDED)
    assert days(project, (AS_OF, ENTERED)) == (None, None)
    assert days(project, (ENDED, make.NOW)) == (None, None)  # the opening counts from its own day
    own = make.project_at(Stage.COMPLETED)
    assert days(own, (date(2026, 5, 30), make.NOW)) == (date(2026, 4, 1), None)
    assert days(own, (date(2026, 5, 31), make.NOW)) == (date(2026, 4, 1), date(2026, 5, 31))


@pytest.mark.parametrize(
    ("stage", "named", "expected"),
    [
        (Stage.COMPLETED, {"actual_start": BEGAN, "actual_end": ENDED}, (BEGAN, ENDED)),
        (Stage.ACCEPTED, {}, (AS_OF, AS_OF)),
        (Stage.SUSPENDED, {}, (AS_OF, None)),
        (Stage.READY, {}, (None, None)),
    ],
)
def test_the_report_reads_the_same_days(stage: Stage, named: Any, expected: Any) -> None:
    project, at = make.taken_over(stage, **named), AsAt(AS_OF, CONFIRMED)
    assert days(project, at) == expected
    assert (project.pk in at.started()) == (expected[0] is not None)
    assert at.ended_on().get(project.pk) == expected[1]


def test_the_days_of_many_come_in_one_query(django_assert_num_queries: Any) -> None:
    for _number in range(3):
        make.taken_over(Stage.CLOSED)
    with django_assert_num_queries(1):
        found = list(with_days_of_works(Project.objects.all()))
    assert [project.ended_on for project in found] == [AS_OF] * 3
