"""The day of a step is corrected through the API."""

from __future__ import annotations

from typing import Any

import pytest

from assistance.roles import Role
from projects.models import Stage
from tests import factories as make
from tests.api.conftest import Ask

pytestmark = pytest.mark.django_db


def test_an_approver_corrects_the_day_of_a_step_that_the_project_lists(partner: Ask) -> None:
    project = make.project_at(Stage.ACTIVE)
    path, office = f"projects/{project.code}/", partner(Role.APPROVER, make.DONOR_CITY)
    shown = office.get(path).json()
    assert "correct_step" in shown["allowed_actions"]
    assert [step["to"] for step in shown["steps"]] == [
        "DRAFT", "SUBMITTED", "LIBRARY", "APPROVED", "READY", "ACTIVE",
    ]  # fmt: skip
    began = shown["steps"][-1]
    assert set(began) == {"id", "from", "to", "effective_on", "recorded_at"}
    assert (began["from"], began["effective_on"]) == ("READY", "2026-04-01")
    given: dict[str, Any] = {"step": began["id"], "effective_on": "2026-04-03", "reason": "误录"}
    door, version = f"{path}correct-step/", shown["version"]
    assert office.post(door, given).status_code == 428
    assert office.post(door, given, version=version + 1).status_code == 412
    wrong = office.post(door, given | {"effective_on": "2026-03-19"}, version=version)
    assert (wrong.status_code, set(wrong.json()["errors"])) == (400, {"effective_on"})
    unknown = office.post(door, given | {"step": 10**9}, version=version)
    assert (unknown.status_code, set(unknown.json()["errors"])) == (400, {"step"})
    answer = office.post(door, given, version=version)
    assert answer.status_code == 200, answer.content
    assert answer.json()["steps"][-1]["effective_on"] == "2026-04-03"
    assert answer.json()["version"] > version
    again = office.post(door, given, version=answer.json()["version"])
    assert (again.status_code, again.json()["code"]) == (409, "struck_out_before")


def test_nobody_else_corrects_a_step(partner: Ask) -> None:
    project = make.project_at(Stage.ACTIVE)
    step = project.stage_changes.get(to_stage=Stage.ACTIVE)
    given = {"step": step.pk, "effective_on": "2026-04-03", "reason": "误录"}
    door = f"projects/{project.code}/correct-step/"
    for who, status in (
        (partner(Role.REVIEWER, make.DONOR_CITY), 403),
        (partner(), 403),
        (partner(Role.P_EDIT, make.OTHER_COUNTY), 404),
    ):
        assert who.post(door, given, version=project.version).status_code == status
    step.refresh_from_db()
    assert step.counts
