"""What the ledger refuses is refused by the forms of the desk too, and told where it is wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from assistance.roles import Role
from projects import actions
from projects.models import Payment, ProgressReport, Project, Source, Stage
from projects.models.history import ProgressStatus
from tests import by_sql
from tests import factories as make
from tests.desk.conftest import Seat, errors_on

Sit = Callable[..., Seat]
TODAY = make.NOW.date().isoformat()


def _payment(project: Project, **changed: Any) -> dict[str, Any]:
    return {
        "funding": project.funding.earliest("pk").pk,
        "amount_yuan": "1000.00",
        "basis": "START",
        "paid_on": "2026-05-06",
        "treasury": make.treasury().pk,
        "payee": make.organisation().pk,
        "voucher_no": "V-1",
    } | changed


@pytest.mark.parametrize("day", ["2026-03-01", "2026-06-16"])  # approved on 2 March; tomorrow
def test_nothing_is_paid_before_the_approval_or_in_the_future(sit_down: Sit, day: str) -> None:
    project = make.project_at(Stage.ACTIVE)
    page = sit_down(Role.CLERK).do(project, "pay", **_payment(project, paid_on=day))
    assert set(page.context["form"].errors) == {"paid_on"}
    assert not Payment.objects.exists()


def test_nothing_is_paid_after_the_end(sit_down: Sit) -> None:
    project = make.project_at(Stage.CLOSED)
    page = sit_down(Role.CLERK).do(project, "pay", **_payment(project, paid_on=TODAY))
    assert page.context["form"].errors
    assert not project.funding.filter(payments__voucher_no="V-1").exists()


def test_nothing_is_paid_out_of_matching_funds(sit_down: Sit) -> None:
    project = make.project_at(Stage.ACTIVE)
    by_sql.copy(project.funding.get(), source=Source.MATCH, fund_plan_id=None)
    match = project.funding.get(source=Source.MATCH)
    page = sit_down(Role.CLERK).do(project, "pay", **_payment(project, funding=match.pk))
    assert page.context["form"].errors
    assert not Payment.objects.exists()


@pytest.mark.parametrize("day", ["2026-03-19", "2026-06-16"])  # ready since 20 March; tomorrow
def test_a_start_is_reported_in_the_order_of_days(sit_down: Sit, day: str) -> None:
    project = make.project_at(Stage.READY)
    page = sit_down(Role.CLERK).do(project, "start", on=day)
    assert set(page.context["form"].errors) == {"on"}
    project.refresh_from_db()
    assert not project.proposed_stage


def test_progress_that_falls_is_neither_reported_nor_verified(sit_down: Sit) -> None:
    project = make.project_at(Stage.ACTIVE)
    late = make.progress(
        project, 80, measured_on=date(2026, 4, 20), status=ProgressStatus.SUBMITTED
    )
    make.progress(project, 60)  # in May
    fields = {
        "period": "2026-06", "measured_on": TODAY, "physical_pct": "59.99", "narrative": "演示",
    }  # fmt: skip
    page = sit_down(Role.CLERK).do(project, "report-progress", **fields)
    assert set(page.context["form"].errors) == {"physical_pct"}
    page = sit_down(Role.REVIEWER).do(late, "verify")
    assert "2026-05" in errors_on(page)
    assert ProgressReport.objects.counting().get().period == "2026-05"


def test_a_draft_with_words_of_the_negative_list_is_not_submitted(sit_down: Sit) -> None:
    project = make.draft(content="演示担保项目")
    page = sit_down(Role.CLERK).do(project, "submit")
    assert "担保" in errors_on(page)
    actions.edit_draft(project, content="新建大棚", by=make.hand(Role.CLERK), now=make.NOW)
    sit_down(Role.CLERK).do(project, "submit")
    project.refresh_from_db()
    assert project.stage == Stage.SUBMITTED
