"""The points of a year: those of the budget's use come from the ledger, to two decimals."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.core.exceptions import ValidationError

from assistance.errors import Refused, Stale
from assistance.models.rows import entered
from assistance.roles import Role
from projects.actions import (
    allot,
    approve,
    confirm_evaluation,
    evaluate,
    strike_out_evaluation,
)
from projects.actions.evaluation import execution_points
from projects.models import Evaluation, Payment, Project, Source, Stage
from projects.models.evidence import PaperKind
from projects.models.payments import PaymentBasis, PaymentStatus
from tests import by_sql
from tests import factories as make

pytestmark = pytest.mark.django_db

TODAY = make.NOW.date()


def execution(project: Project) -> Decimal:
    """The points of execution that the verb writes down today."""
    made = make.evaluation(project, confirmed=False, evaluated_on=TODAY)
    points: Decimal = Evaluation.objects.get(pk=made.pk).execution
    return points


def pay_out(project: Project, amount_yuan: Decimal | int, *, on: date) -> Payment:
    """A payment that counts, past the caps on what may be paid when: they are not the question."""
    share = project.funding.counting().exclude(fund_plan=None).get()
    return Payment.objects.create(
        project_funding=share,
        seq=share.payments.count() + 1,
        basis=PaymentBasis.PROGRESS,
        amount_yuan=amount_yuan,
        paid_on=on,
        treasury=make.treasury(),
        payee=make.organisation(),
        voucher_no=f"演示-{share.payments.count()}",
        status=PaymentStatus.VERIFIED,
        counted_at=make.NOW,
        counted_by=make.hand(Role.REVIEWER),
        **entered(make.hand(Role.CLERK), make.NOW),
    )


@pytest.mark.parametrize(
    ("aid", "paid", "points"),
    [
        ("1000000.00", "333333.33", "3.33"),
        ("1000000.00", "333500.00", "3.34"),  # 3.335: half up
        ("1000000.00", "333499.99", "3.33"),
        ("300000.00", "100000.00", "3.33"),
        ("300000.00", "200000.00", "6.67"),
        ("1000000.00", "999499.99", "9.99"),
        ("1000000.00", "999500.00", "10.00"),
        ("1000000.00", "1000000.00", "10.00"),
    ],
)
def test_execution_is_what_was_paid_of_what_was_allocated(aid: str, paid: str, points: str) -> None:
    project = make.project_at(Stage.ACTIVE, aid_yuan=Decimal(aid))
    pay_out(project, Decimal(paid), on=date(2026, 5, 6))
    assert execution(project) == Decimal(points)


def test_execution_reads_the_ledger_as_at_the_day_of_the_evaluation() -> None:
    project = make.project_at(Stage.COMPLETED)
    known = partial(execution_points, project, known_at=make.NOW)
    first = pay_out(project, 250_000, on=date(2026, 5, 6))
    pay_out(project, 500_000, on=date(2026, 6, 2))
    make.paid_back(first, amount_yuan=50_000, refunded_on=date(2026, 6, 10))
    make.payment(project, PaymentStatus.SUBMITTED, amount_yuan=50_000, paid_on=date(2026, 6, 2))
    assert known(date(2026, 5, 5)) == Decimal("0.00")
    assert known(date(2026, 5, 6)) == Decimal("2.50")
    assert known(date(2026, 6, 9)) == Decimal("7.50")
    assert known(date(2026, 6, 10)) == Decimal("7.00")


def test_matching_funds_are_no_part_of_it() -> None:
    matched, by = Decimal(400_000), make.hand(Role.CLERK)
    project = make.project_at(Stage.LIBRARY, aid_yuan=Decimal(600_000), match_yuan=matched)
    make.share(project)
    allot(project, source=Source.MATCH, amount_yuan=matched, by=by, now=make.NOW)
    project = approve(project, doc_no="批1", on=TODAY, by=make.hand(Role.APPROVER), now=make.NOW)
    pay_out(project, 300_000, on=TODAY)
    assert execution_points(project, TODAY, known_at=make.NOW) == Decimal("5.00")


def test_without_an_allocation_there_is_nothing_to_evaluate() -> None:
    project = make.project_at(Stage.ACTIVE)  # approved on 2 March
    with pytest.raises(Refused) as refused:
        make.evaluation(project, confirmed=False, evaluated_on=date(2026, 3, 1))
    assert refused.value.code == "nothing_allocated"


@pytest.mark.parametrize(
    ("output", "grade"),
    [("50.00", "优"), ("49.99", "良"), ("40.00", "良"), ("39.99", "中"), ("20.00", "中"),
     ("19.99", "差")],
)  # fmt: skip
def test_the_total_makes_the_grade(output: str, grade: str) -> None:
    made = make.evaluation(confirmed=False, output=Decimal(output))  # nothing was paid: 0 of 10
    assert made.total == Decimal(output) + 40
    assert made.grade == grade


def test_points_are_in_range_and_the_total_is_the_databases() -> None:
    project = make.project_at(Stage.COMPLETED)
    for field, most in (("output", 50), ("benefit", 30), ("satisfaction", 10)):
        for points in (Decimal(most) + Decimal("0.01"), Decimal("-0.01"), Decimal("1.001")):
            with pytest.raises(ValidationError) as refused:
                make.evaluation(project, confirmed=False, **{field: points})
            assert set(refused.value.message_dict) == {field}
    made = make.evaluation(project, confirmed=False)
    for field, wrong_points in (
        ("execution", 11),
        ("output", 51),
        ("benefit", 31),
        ("satisfaction", -1),
    ):
        with by_sql.refused_by("evaluation_points_are_in_range"):
            by_sql.change(made, **{field: wrong_points})
    with by_sql.refused_saying("total"):
        by_sql.change(made, total=100)


def test_an_evaluation_counts_once_a_reviewer_confirmed_it_with_its_score_sheet() -> None:
    project = make.project_at(Stage.COMPLETED)
    make.paper(project, PaperKind.EVALUATION, now=make.at(date(2026, 6, 8)))  # an older one
    made = make.evaluation(project, confirmed=False)  # on 9 June
    reviewer = make.hand(Role.REVIEWER)
    with pytest.raises(Refused) as refused:
        confirm_evaluation(made, by=reviewer, now=make.NOW)
    assert refused.value.code == "score_sheet_missing"
    make.paper(project, PaperKind.EVALUATION)
    with pytest.raises(Stale):
        confirm_evaluation(made, by=reviewer, now=make.NOW, version=9)
    assert confirm_evaluation(made, by=reviewer, now=make.NOW).counts
    with pytest.raises(Refused) as refused:
        confirm_evaluation(made, by=reviewer, now=make.NOW)
    assert refused.value.code == "evaluation_is_settled"


def test_nobody_confirms_the_points_that_they_gave() -> None:
    both, project = make.user_with(Role.CLERK, Role.REVIEWER), make.project_at(Stage.COMPLETED)
    made = evaluate(project, by=both, now=make.NOW, **make.evaluation_fields())
    make.paper(project, PaperKind.EVALUATION)
    with pytest.raises(Refused) as refused:
        confirm_evaluation(made, by=both, now=make.NOW)
    assert refused.value.code == "own_work"
    with by_sql.refused_by("evaluation_counted_by_other_hands"):
        by_sql.change(made, counted_at=make.NOW, counted_by_id=both.pk)


def test_a_year_is_evaluated_once_when_it_has_come() -> None:
    project = make.project_at(Stage.COMPLETED, fiscal_year=2025)
    make.evaluation(project)
    with pytest.raises(ValidationError):
        make.evaluation(project)
    year_before = make.evaluation(project, confirmed=False, year=2025)
    with by_sql.refused_by("evaluation_once_per_project_and_year"):
        by_sql.change(year_before, year=2026)
    for wrong in ({"year": 2024}, {"year": 2027}, {"evaluated_on": TODAY + timedelta(days=1)}):
        with pytest.raises(ValidationError) as refused:
            evaluate(
                project, by=make.hand(Role.CLERK), now=make.NOW, **make.evaluation_fields(**wrong)
            )
        assert set(refused.value.message_dict) == set(wrong)


@pytest.mark.parametrize("stage", [Stage.LIBRARY, Stage.READY, Stage.TERMINATED])
def test_only_works_that_began_are_evaluated(stage: Stage) -> None:
    with pytest.raises(Refused) as refused:
        make.evaluation(make.project_at(stage), confirmed=False)
    assert refused.value.code == "not_on_the_road"


def test_an_evaluation_that_counts_can_be_struck_out_and_the_year_evaluated_anew() -> None:
    made = make.evaluation()
    struck = strike_out_evaluation(made, reason="录错", by=make.hand(Role.REVIEWER), now=make.NOW)
    assert not struck.counts
    assert make.evaluation(made.project).counts


def test_the_evaluation_of_a_closed_project_stands() -> None:
    made, reviewer = make.project_at(Stage.CLOSED).evaluations.get(), make.hand(Role.REVIEWER)
    with pytest.raises(Refused) as refused:
        strike_out_evaluation(made, reason="录错", by=reviewer, now=make.NOW)
    assert refused.value.code == "project_has_gone_on"
