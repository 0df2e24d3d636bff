"""What an opening brought stands or falls with it, also where SQL goes around the verbs."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from assistance.models import Programme
from assistance.roles import Role
from projects.models import Opening, Stage, StageChange
from projects.models.evidence import PaperKind
from tests import by_sql
from tests import factories as make

pytestmark = pytest.mark.django_db


def _counts(by: Role = Role.REVIEWER) -> dict[str, Any]:
    return {"counted_at": make.NOW, "counted_by_id": make.hand(by).pk}


def _struck() -> dict[str, Any]:
    return {"voided_at": make.NOW, "voided_by_id": make.hand(Role.REVIEWER).pk, "void_reason": "x"}


def _step_of(opening: Opening, **columns: Any) -> None:
    """INSERT the step that lets the project move to where its opening says."""
    first = opening.project.stage_changes.get(from_stage="")
    values = {
        "from_stage": "DRAFT", "to_stage": opening.stage, "effective_on": opening.as_of,
        "opening_id": opening.pk, **_counts(),
    }  # fmt: skip
    by_sql.copy(first, **values | columns)


def test_one_project_has_one_opening() -> None:
    opening = make.opening_waiting()
    with by_sql.refused_by("projects_opening_project_id_key"):
        by_sql.copy(opening)


@pytest.mark.parametrize(
    "other",
    [
        {"to_stage": Stage.READY},
        {"effective_on": date(2026, 6, 1)},
        {"to_stage": Stage.CLOSED, "effective_on": date(2026, 6, 2)},
    ],
)
def test_the_step_of_an_opening_leads_to_its_stage_on_its_day(other: dict[str, Any]) -> None:
    opening = make.opening_waiting()
    by_sql.run("SET CONSTRAINTS ALL DEFERRED")
    with by_sql.refused_by("stage_change_is_what_its_opening_says"):
        _step_of(opening, **other)


def test_the_step_of_an_opening_is_of_its_own_project() -> None:
    opening, other = make.opening_waiting(), make.draft()
    step = other.stage_changes.get()
    with by_sql.refused_by("stage_change_is_what_its_opening_says"):
        by_sql.copy(
            step, from_stage="DRAFT", to_stage=opening.stage, opening_id=opening.pk,
            effective_on=opening.as_of, **_counts(),
        )  # fmt: skip


def test_an_opening_is_the_first_step_after_the_draft_and_no_other() -> None:
    opening = make.opening(Stage.READY)
    step = opening.project.stage_changes.get(to_stage=Stage.READY)
    with by_sql.refused_by("stage_change_of_an_opening_is_the_first"):
        by_sql.copy(step, from_stage="READY", to_stage="ACTIVE", effective_on=date(2026, 6, 3))
    with by_sql.refused_by("stage_change_is_on_the_road"):
        by_sql.copy(step, opening_id=None)


def test_a_step_counts_only_with_its_opening() -> None:
    opening = make.opening_waiting()
    with by_sql.refused_by("opening_counts_with_what_it_brought"):
        _step_of(opening)


def test_a_share_counts_only_with_its_opening() -> None:
    share = make.opening_waiting().shares.get()
    with by_sql.refused_by("opening_counts_with_what_it_brought"):
        by_sql.change(share, approved_on=date(2026, 5, 31), doc_no="x", **_counts())


def test_an_opening_counts_only_with_its_step() -> None:
    opening = make.opening_waiting()
    with by_sql.refused_by("opening_has_its_step"):
        by_sql.change(opening, **_counts())


def test_an_opening_is_not_struck_out_under_what_it_brought() -> None:
    with by_sql.refused_by("opening_counts_with_what_it_brought"):
        by_sql.change(make.opening(), **_struck())


def test_the_step_of_an_opening_is_not_struck_out_alone() -> None:
    opening = make.opening()
    with by_sql.refused_by("opening_has_its_step"):
        by_sql.change(StageChange.objects.get(opening=opening), **_struck())


def test_whoever_entered_an_opening_cannot_let_it_count() -> None:
    opening = make.opening_waiting()
    with by_sql.refused_by("opening_counted_by_other_hands"):
        by_sql.change(opening, **_counts(Role.CLERK))


def test_a_share_of_an_opening_belongs_to_its_project() -> None:
    share, other = make.opening_waiting().shares.get(), make.draft()
    with by_sql.refused_by("share_is_of_its_openings_project"):
        by_sql.change(share, project_id=other.pk)
    approved = make.project_at(Stage.LIBRARY)
    prepared = make.share(approved)
    with by_sql.refused_by("share_is_of_its_openings_project"):
        by_sql.change(prepared, opening_id=share.opening_id)


@pytest.mark.parametrize(
    "columns",
    [
        {"opening_paid_yuan": 2_000_000},
        {"opening_paid_yuan": -1},
        {"source": "MATCH"},
        {"source": "DON_KIND"},
    ],
)
def test_what_was_paid_before_is_of_an_opening_and_within_its_share(
    columns: dict[str, Any],
) -> None:
    share = make.opening_waiting().shares.get()
    assert share.opening_paid_yuan == 300_000
    with by_sql.refused_by("funding_paid_before_is_of_an_opening"):
        by_sql.change(share, **columns)


def test_without_an_opening_nothing_was_paid_before() -> None:
    share = make.share(make.project_at(Stage.LIBRARY))
    with by_sql.refused_by("funding_paid_before_is_of_an_opening"):
        by_sql.change(share, opening_paid_yuan="0.01")


@pytest.mark.parametrize(
    ("rule", "columns"),
    [
        ("opening_stage_is_known", {"stage": "DRAFT"}),
        ("opening_nature_is_known", {"nature": "OLD"}),
        ("opening_progress_is_a_percentage", {"physical_pct": "100.01"}),
        ("opening_days_in_order", {"actual_start": date(2026, 6, 1)}),
        (
            "opening_days_in_order",
            {"actual_start": date(2026, 5, 2), "actual_end": date(2026, 5, 1)},
        ),
    ],
)
def test_what_is_true_of_one_opening(rule: str, columns: dict[str, Any]) -> None:
    with by_sql.refused_by(rule):
        by_sql.change(make.opening_waiting(), **columns)


def test_nothing_is_taken_over_into_a_programme_that_went_live() -> None:
    opening = make.opening_waiting()
    other = make.draft()
    Programme.objects.update(went_live_on=date(2026, 6, 1))
    with by_sql.refused_by("opening_precedes_going_live"):
        by_sql.copy(opening, project_id=other.pk)
    Programme.objects.update(went_live_on=date(2026, 6, 2))
    by_sql.copy(opening, project_id=other.pk)


def test_payments_of_what_was_taken_over_stay_within_the_share_and_after_its_day() -> None:
    project = make.taken_over(Stage.COMPLETED)  # 300,000 of a million were paid before
    make.papers(project, PaperKind.PLAN)
    paid = make.payment(project, amount_yuan=1, paid_on=date(2026, 6, 5))
    with by_sql.refused_by("share_is_not_overpaid"):
        by_sql.copy(paid, seq=2, voucher_no="v2", amount_yuan="699999.01")
    with by_sql.refused_by("payment_follows_approval"):
        by_sql.copy(paid, seq=3, voucher_no="v3", amount_yuan="0.01", paid_on=date(2026, 5, 30))
