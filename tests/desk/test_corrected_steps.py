"""The day of a step is corrected on the project's page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from assistance.roles import Role
from projects.models import Project, Stage
from tests import factories as make
from tests.desk.conftest import Seat, address_of

Sit = Callable[..., Seat]


def _began_on(project: Project) -> date:
    return project.stage_changes.counting().get(to_stage=Stage.ACTIVE).effective_on


def test_an_approver_corrects_the_day_of_a_step(sit_down: Sit) -> None:
    project = make.project_at(Stage.COMPLETED)
    began = project.stage_changes.get(to_stage=Stage.ACTIVE)
    approver = sit_down(Role.APPROVER)
    fields = {"step": began.pk, "effective_on": "2026-03-19", "reason": "日期误录"}
    page = approver.do(project, "correct-step", **fields)  # ready since 20 March
    assert set(page.context["form"].errors) == {"effective_on"}
    assert _began_on(project) == date(2026, 4, 1)
    approver.do(project, "correct-step", **fields | {"effective_on": "2026-04-03"})
    assert _began_on(project) == date(2026, 4, 3)
    page = approver.open(address_of(project, "correct-step"))
    offered = page.context["form"].fields["step"].queryset
    assert began not in offered, "it is struck out"
    assert len(offered) == project.stage_changes.counting().count()


def test_nobody_else_finds_the_verb_or_the_project(sit_down: Sit) -> None:
    project = make.project_at(Stage.ACTIVE)
    for role in (Role.CLERK, Role.REVIEWER):
        assert sit_down(role).open(address_of(project, "correct-step")).status_code == 403
    elsewhere = sit_down(Role.P_EDIT, region_code=make.OTHER_COUNTY)
    page = elsewhere.open(address_of(project, "correct-step"))
    assert page.status_code in {302, 404}
    assert _began_on(project) == date(2026, 4, 1)
