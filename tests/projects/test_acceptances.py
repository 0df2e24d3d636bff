"""A panel accepts works: who sits on it, what it may say, and what stands on its word."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from assistance.errors import Refused, Stale
from assistance.models.regions import OrganisationKind
from assistance.roles import Role
from projects.actions import (
    accept,
    confirm_acceptance,
    record_acceptance,
    rework,
    strike_out_acceptance,
)
from projects.models import Acceptance, Project, Stage
from projects.models.acceptance import AcceptanceLevel, AcceptanceResult
from projects.models.evidence import NoticeKind, PaperKind
from tests import by_sql
from tests import factories as make

pytestmark = pytest.mark.django_db

TODAY = make.NOW.date()


def recorded(project: Project, **fields: Any) -> Acceptance:
    return record_acceptance(
        project, by=make.hand(Role.CLERK), now=make.NOW, **make.acceptance_fields(**fields)
    )


def refused_fields(project: Project, **fields: Any) -> set[str]:
    with pytest.raises(ValidationError) as refused:
        recorded(project, **fields)
    return set(refused.value.message_dict)


def gone_on(project: Project, stage: Stage) -> None:
    """The reviewer takes the step that an acceptance leads to."""
    reviewer = make.hand(Role.REVIEWER)
    if stage == Stage.ACCEPTED:
        project = accept(project, on=TODAY, by=reviewer, now=make.NOW)
    else:
        project = rework(project, on=TODAY, reason="演示", by=reviewer, now=make.NOW)
    assert project.stage == stage


def test_an_acceptance_counts_once_a_reviewer_confirmed_it_with_its_form_on_file() -> None:
    project = make.project_at(Stage.COMPLETED)
    made = recorded(project)
    assert not made.counts
    reviewer = make.hand(Role.REVIEWER)
    with pytest.raises(Refused) as refused:
        confirm_acceptance(made, by=reviewer, now=make.NOW)
    assert refused.value.code == "acceptance_form_missing"
    make.paper(project, PaperKind.ACCEPTANCE, acceptance=made)
    assert confirm_acceptance(made, by=reviewer, now=make.NOW).counts
    with pytest.raises(Refused) as refused:
        confirm_acceptance(made, by=reviewer, now=make.NOW)
    assert refused.value.code == "acceptance_is_settled"
    assert project.stage == Stage.COMPLETED


def test_the_form_of_an_earlier_acceptance_does_not_prove_this_one() -> None:
    project = make.project_at(Stage.COMPLETED)
    make.acceptance(project, result=AcceptanceResult.RECTIFY)  # on 3 June, with its form
    make.paper(project, PaperKind.ACCEPTANCE, now=make.at(date(2026, 6, 9)))  # of no acceptance
    made = recorded(project, held_on=date(2026, 6, 10))
    with pytest.raises(Refused) as refused:
        confirm_acceptance(made, by=make.hand(Role.REVIEWER), now=make.NOW)
    assert refused.value.code == "acceptance_form_missing"
    make.paper(project, PaperKind.ACCEPTANCE, now=make.at(date(2026, 6, 10)))
    assert confirm_acceptance(made, by=make.hand(Role.REVIEWER), now=make.NOW).counts


def test_nobody_confirms_what_they_recorded_and_nobody_an_outdated_page() -> None:
    both = make.user_with(Role.CLERK, Role.REVIEWER)
    project = make.project_at(Stage.COMPLETED)
    made = record_acceptance(project, by=both, now=make.NOW, **make.acceptance_fields())
    make.paper(project, PaperKind.ACCEPTANCE, acceptance=made)
    with pytest.raises(Refused) as refused:
        confirm_acceptance(made, by=both, now=make.NOW)
    assert refused.value.code == "own_work"
    with pytest.raises(Stale):
        confirm_acceptance(made, by=make.hand(Role.REVIEWER), now=make.NOW, version=9)
    with by_sql.refused_by("acceptance_counted_by_other_hands"):
        by_sql.change(made, counted_at=make.NOW, counted_by_id=both.pk)


def test_only_completed_works_are_accepted() -> None:
    with pytest.raises(Refused) as refused:
        recorded(make.project_at(Stage.ACTIVE))
    assert refused.value.code == "not_on_the_road"
    project = make.project_at(Stage.COMPLETED)
    waiting = recorded(project)
    make.paper(project, PaperKind.ACCEPTANCE, acceptance=waiting)
    gone_on(make.ready_for(Stage.ACCEPTED, project), Stage.ACCEPTED)
    with pytest.raises(Refused) as refused:
        confirm_acceptance(waiting, by=make.hand(Role.REVIEWER), now=make.NOW)
    assert refused.value.code == "not_on_the_road"


def test_an_acceptance_lies_between_the_completion_and_today() -> None:
    project = make.project_at(Stage.COMPLETED)  # on 31 May
    assert refused_fields(project, held_on=date(2026, 5, 30)) == {"held_on"}
    assert refused_fields(project, held_on=TODAY + timedelta(days=1)) == {"held_on"}
    assert recorded(project, held_on=date(2026, 5, 31)).pk
    made = recorded(project)
    by = make.hand(Role.REVIEWER).pk
    for day in (date(2026, 5, 30), TODAY + timedelta(days=1)):
        with by_sql.refused_by("acceptance_follows_completion"):
            by_sql.change(made, held_on=day, counted_at=make.NOW, counted_by_id=by)


def test_a_panel_has_three_members_and_a_chair_from_elsewhere() -> None:
    project = make.project_at(Stage.COMPLETED)
    unit = project.implementing_unit
    for level in (AcceptanceLevel.COUNTY, AcceptanceLevel.JOINT):
        assert refused_fields(project, level=level, members=["甲", "乙", " 乙 ", ""]) == {"members"}
        assert refused_fields(project, level=level, chair_of=unit) == {"chair_of"}
    itself = recorded(project, level=AcceptanceLevel.SELF, members=["甲"], chair_of=unit)
    assert itself.members == ["甲"]
    counted = {"counted_at": make.NOW, "counted_by_id": make.hand(Role.REVIEWER).pk}
    with by_sql.refused_by("acceptance_panel_has_three"):
        by_sql.change(recorded(project), members='["甲", "乙", "乙"]', **counted)
    with by_sql.refused_by("acceptance_chair_is_from_elsewhere"):
        by_sql.change(recorded(project), chair_of_id=project.implementing_unit_id, **counted)


def test_what_passes_has_final_sums_within_settlement_and_grant() -> None:
    project = make.project_at(Stage.COMPLETED, match_yuan=Decimal(0))  # granted: 1,000,000
    assert refused_fields(project, final_aid_yuan=None) == {"final_aid_yuan"}
    assert refused_fields(project, final_settlement_yuan=None) == {"final_settlement_yuan"}
    assert refused_fields(project, final_settlement_yuan=Decimal("999999.99")) == {"__all__"}
    with pytest.raises(Refused) as refused:
        recorded(
            project,
            final_settlement_yuan=Decimal(2_000_000),
            final_aid_yuan=Decimal("1000000.01"),
        )
    assert refused.value.code == "final_aid_exceeds_grant"
    assert set(refused.value.fields) == {"final_aid_yuan"}
    made = recorded(project, final_settlement_yuan=Decimal(2_000_000))
    with by_sql.refused_by("acceptance_that_passes_has_final_sums"):
        by_sql.change(made, final_aid_yuan=None, final_settlement_yuan=None)
    for sums in ((2_000_000, None), (None, 1), (999_999, 1_000_000)):
        with by_sql.refused_by("acceptance_aid_within_settlement"):
            by_sql.change(
                made, result="FAIL", final_settlement_yuan=sums[0], final_aid_yuan=sums[1]
            )
    counted = {"counted_at": make.NOW, "counted_by_id": make.hand(Role.REVIEWER).pk}
    with by_sql.refused_by("acceptance_aid_was_granted"):
        by_sql.change(made, final_aid_yuan=Decimal("1000000.01"), **counted)
    by_sql.change(made, **counted)


def test_what_has_to_be_rectified_has_a_day_and_what_passed_has_none() -> None:
    project = make.project_at(Stage.COMPLETED)
    rectify = AcceptanceResult.RECTIFY
    assert refused_fields(project, result=rectify, rectify_due_on=None) == {"__all__"}
    assert refused_fields(project, result=rectify, rectify_due_on=date(2026, 6, 2)) == {"__all__"}
    assert refused_fields(project, rectify_due_on=date(2026, 7, 1)) == {"__all__"}
    made = recorded(project, result=rectify)
    with by_sql.refused_by("acceptance_rectification_has_a_day"):
        by_sql.change(made, rectify_due_on=None)
    with by_sql.refused_by("acceptance_rectification_follows"):
        by_sql.change(made, rectify_due_on=date(2026, 6, 2))


@pytest.mark.parametrize(
    "line",
    [
        {"name": "大棚", "unit": "座", "planned": "12"},
        {"name": "", "unit": "座", "planned": "12", "actual": "12"},
        {"name": "大棚", "unit": "座", "planned": "十二", "actual": "12"},
        {"name": "大棚", "unit": "座", "planned": "12", "actual": "-1"},
        {"name": "大棚", "unit": "座", "planned": "NaN", "actual": "1"},
        {"name": "大棚", "unit": "座", "planned": "12", "actual": "12", "note": "x"},
    ],
)
def test_quantities_are_names_units_and_figures(line: dict[str, str]) -> None:
    project = make.project_at(Stage.COMPLETED)
    assert refused_fields(project, quantities=[line]) == {"quantities"}


def test_whoever_recorded_it_strikes_it_out_before_it_counts_and_the_reviewer_afterwards() -> None:
    clerk, reviewer = make.hand(Role.CLERK), make.hand(Role.REVIEWER)
    waiting = make.acceptance(confirmed=False)
    with pytest.raises(ValidationError):
        strike_out_acceptance(waiting, reason=" ", by=clerk, now=make.NOW)
    assert strike_out_acceptance(waiting, reason="录错", by=clerk, now=make.NOW).voided_at
    with pytest.raises(Refused) as refused:
        strike_out_acceptance(waiting, reason="录错", by=clerk, now=make.NOW)
    assert refused.value.code == "struck_out_before"
    counting = make.acceptance()
    assert strike_out_acceptance(counting, reason="录错", by=reviewer, now=make.NOW).voided_at


@pytest.mark.parametrize(
    ("result", "went_on_to"),
    [
        (AcceptanceResult.PASS, Stage.ACCEPTED),
        (AcceptanceResult.RECTIFY, Stage.ACTIVE),
        (AcceptanceResult.FAIL, Stage.ACTIVE),
    ],
)
def test_an_acceptance_stands_once_the_project_went_on_by_its_word(
    result: AcceptanceResult, went_on_to: Stage
) -> None:
    project = make.project_at(Stage.COMPLETED)
    made = make.acceptance(project, level=AcceptanceLevel.JOINT, result=result)  # on 3 June
    make.notice(project, NoticeKind.DONE, date(2026, 6, 1), date(2026, 6, 7))
    gone_on(project, went_on_to)
    reviewer = make.hand(Role.REVIEWER)
    with pytest.raises(Refused) as refused:
        strike_out_acceptance(made, reason="录错", by=reviewer, now=make.NOW)
    assert refused.value.code == "project_has_gone_on"
    with by_sql.refused_by("acceptance_stands_under_its_step"):
        by_sql.change(made, voided_at=make.NOW, voided_by_id=reviewer.pk, void_reason="x")


def test_an_acceptance_that_nothing_rests_on_can_still_be_struck_out() -> None:
    project = make.project_at(Stage.COMPLETED)
    failed = make.acceptance(project, result=AcceptanceResult.FAIL)
    make.acceptance(project, level=AcceptanceLevel.JOINT, held_on=date(2026, 6, 4))
    make.notice(project, NoticeKind.DONE, date(2026, 6, 1), date(2026, 6, 7))
    gone_on(project, Stage.ACCEPTED)
    reviewer = make.hand(Role.REVIEWER)
    assert strike_out_acceptance(failed, reason="录错", by=reviewer, now=make.NOW).voided_at


def test_the_chair_may_come_from_any_office_but_the_unit() -> None:
    project = make.project_at(Stage.COMPLETED)
    office = make.organisation(OrganisationKind.DONOR, make.DONOR)
    assert recorded(project, level=AcceptanceLevel.JOINT, chair_of=office).chair_of == office
