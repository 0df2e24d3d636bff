"""The turn of the year: what is under way goes on in the new plan."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from assistance.actions.reference import timetable
from assistance.roles import Role
from config.celery import ROLL_OVER, app
from projects.actions import complete, confirm_completion, roll_over
from projects.models import Stage, YearPlanEntry
from projects.models.history import Nature
from projects.tasks import roll_over as ring
from tests import factories as make
from tests.at_once import at_once

pytestmark = pytest.mark.django_db

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YEAR = datetime(2026, 1, 1, 0, 5, tzinfo=SHANGHAI)
GOES_ON = {Stage.APPROVED, Stage.TENDERING, Stage.READY, Stage.ACTIVE, Stage.SUSPENDED}


@pytest.mark.parametrize("stage", Stage)
def test_a_project_goes_on_from_approval_until_it_is_completed(stage: Stage) -> None:
    if stage == Stage.WITHDRAWN:
        project = make.project_at(Stage.DRAFT, fiscal_year=2025)
    else:
        project = make.project_at(stage, fiscal_year=2025)
    added = roll_over(2026, by=timetable(), now=NEW_YEAR)
    entries = YearPlanEntry.objects.counting().filter(project=project, year=2026)
    assert added == entries.count() == (stage in GOES_ON)
    for entry in entries:
        assert entry.nature == Nature.CONT
        assert entry.entered_on == date(2026, 1, 1)
        assert entry.counted_at == NEW_YEAR
        assert entry.planned_invest_yuan == project.total_investment_yuan


def test_a_second_ring_adds_nothing() -> None:
    make.project_at(Stage.ACTIVE, fiscal_year=2025)
    assert roll_over(2026, by=timetable(), now=NEW_YEAR) == 1
    assert roll_over(2026, by=timetable(), now=NEW_YEAR) == 0


def test_a_late_ring_sees_the_stage_of_31_december() -> None:
    finished_in_may = make.project_at(Stage.COMPLETED, fiscal_year=2025)
    approved_this_year = make.project_at(Stage.APPROVED, fiscal_year=2026)
    assert roll_over(2025, by=timetable(), now=NEW_YEAR) == 0
    assert roll_over(2026, by=timetable(), now=make.NOW) == 0
    years = YearPlanEntry.objects.order_by("year").values_list("project_id", "year", "nature")
    assert list(years) == [
        (finished_in_may.pk, 2025, "NEW"),
        (approved_this_year.pk, 2026, "NEW"),
    ]


def test_completed_after_the_turn_of_the_year_still_went_on() -> None:
    project = make.project_at(Stage.ACTIVE, fiscal_year=2025)
    make.progress(project, measured_on=date(2026, 2, 20))
    complete(project, on=date(2026, 3, 1), by=make.hand(Role.CLERK), now=make.NOW)
    confirm_completion(project, by=make.hand(Role.REVIEWER), now=make.NOW)
    assert roll_over(2026, by=timetable(), now=make.NOW) == 1


def test_what_was_released_from_the_plan_stays_out() -> None:
    project = make.project_at(Stage.APPROVED, fiscal_year=2025)
    entry = YearPlanEntry.objects.get(project=project)
    entry.released_on = date(2025, 11, 1)
    entry.record("released_on", by=make.hand(Role.CLERK), now=NEW_YEAR)
    assert roll_over(2026, by=timetable(), now=NEW_YEAR) == 0


def test_a_year_that_has_not_begun_is_refused() -> None:
    evening_before = datetime(2025, 12, 31, 23, 59, tzinfo=SHANGHAI)
    with pytest.raises(ValidationError):
        roll_over(2026, by=timetable(), now=evening_before)
    with pytest.raises(CommandError), time_machine.travel(evening_before):
        call_command("roll_over", "2026")


def test_bell_and_command_take_the_year_of_the_local_clock(
    capsys: pytest.CaptureFixture[str],
) -> None:
    make.project_at(Stage.ACTIVE, fiscal_year=2025)
    with time_machine.travel(NEW_YEAR):
        ring()
        call_command("roll_over")
    assert YearPlanEntry.objects.filter(year=2026).count() == 1
    assert "0 projects go on in the plan of 2026" in capsys.readouterr().out


def test_the_timetable_rings_for_a_task_that_exists() -> None:
    assert ring.name == ROLL_OVER
    assert ROLL_OVER in {entry["task"] for entry in app.conf.beat_schedule.values()}


@pytest.mark.django_db(transaction=True)
def test_two_rings_at_once_enter_each_project_once() -> None:
    for _ in range(3):
        make.project_at(Stage.ACTIVE, fiscal_year=2025)
    by = timetable()
    added = at_once([lambda: roll_over(2026, by=by, now=NEW_YEAR)] * 4)
    assert sorted(added) == [0, 0, 0, 3]
