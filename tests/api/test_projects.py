"""The road of a partner: create, edit, submit; and what the API says when it says no."""

from __future__ import annotations

from typing import Any

import pytest

from assistance.models import Organisation
from assistance.models.regions import OrganisationKind
from assistance.roles import Role
from projects.models import Project, Stage
from tests import factories as make
from tests.api.conftest import Ask

pytestmark = pytest.mark.django_db

Body = dict[str, Any]
TODAY = make.NOW.date().isoformat()


def test_a_partner_drafts_corrects_and_submits(partner: Ask, body: Body) -> None:
    county = partner()
    answer = county.post("projects/", body)
    assert answer.status_code == 201
    draft = answer.json()
    assert answer["ETag"] == '"1"'
    assert answer["Location"] == f"http://testserver/api/v1/projects/{draft['code']}/"
    assert draft["code"] == f"EW{make.YEAR}{make.COUNTY}0001"
    assert draft["stage"] == "DRAFT"
    assert draft["aid_yuan"] == draft["total_investment_yuan"] == "1000000.00"
    assert draft["implementing_unit"] == "演示农业农村局"
    assert draft["allowed_actions"] == ["edit", "submit", "withdraw", "file_paper", "give_notice"]
    assert [target["quantity"] for target in draft["targets"]] == ["12.00", "30.00", "95.00"]

    path = f"projects/{draft['code']}/"
    answer = county.patch(path, {"self_yuan": "250000.5", "name": "演示：大棚"}, version=1)
    assert answer.status_code == 200
    assert answer["ETag"] == '"2"'
    assert answer.json()["total_investment_yuan"] == "1250000.50"
    assert len(answer.json()["targets"]) == 3

    answer = county.post(f"{path}submit/", version=2)
    assert answer.status_code == 200
    assert answer.json()["stage"] == "SUBMITTED"
    assert answer.json()["allowed_actions"] == [
        "take_back",
        "withdraw",
        "file_paper",
        "give_notice",
    ]
    project = Project.objects.get(code=draft["code"])
    assert project.submitted_by is not None
    assert project.submitted_by.is_service
    assert county.get(path).json()["version"] == project.version == 3
    assert county.get("projects/").json()["results"][0]["stage"] == "SUBMITTED"


def test_the_other_steps_of_the_road_are_taken_by_the_roles_they_fall_to(partner: Ask) -> None:
    clerk, reviewer, approver = (
        partner(role, make.DONOR_CITY) for role in (Role.CLERK, Role.REVIEWER, Role.APPROVER)
    )
    project = make.project_at(Stage.SUBMITTED)
    path = f"projects/{project.code}/"
    version = project.version

    def step(who: Any, verb: str, given: Body | None = None) -> str:
        nonlocal version
        answer = who.post(f"{path}{verb}/", given, version=version)
        assert answer.status_code == 200, answer.content.decode()
        version = answer.json()["version"]
        return str(answer.json()["stage"])

    assert step(reviewer, "return", {"reason": "演示"}) == "DRAFT"
    assert step(clerk, "submit") == "SUBMITTED"
    assert step(reviewer, "admit") == "LIBRARY"
    make.ready_for(Stage.APPROVED, project)
    make.share(project)
    assert step(approver, "approve", {"doc_no": "演示1", "on": TODAY}) == "APPROVED"
    make.ready_for(Stage.READY, project)
    assert step(clerk, "advance", {"on": TODAY}) == "READY"
    assert step(clerk, "start", {"on": TODAY}) == "READY"
    assert step(reviewer, "confirm-start") == "ACTIVE"
    make.progress(project, measured_on=make.NOW.date())
    assert step(clerk, "complete", {"on": TODAY}) == "ACTIVE"
    assert step(reviewer, "confirm-completion") == "COMPLETED"

    other = make.project_at(Stage.SUBMITTED)
    answer = approver.post(
        f"projects/{other.code}/reject/", {"reason": "演示"}, version=other.version
    )
    assert answer.json()["stage"] == "REJECTED"


def test_an_incomplete_draft_is_refused_with_what_is_missing(partner: Ask, body: Body) -> None:
    county = partner()
    code = county.post(
        "projects/", {k: body[k] for k in ("pairing", "county", "fiscal_year", "name", "sector")}
    ).json()["code"]
    answer = county.post(f"projects/{code}/submit/", version=1)
    assert answer.status_code == 409
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "project_incomplete"
    assert problem["allowed_actions"] == ["edit", "withdraw", "file_paper", "give_notice"]
    assert set(problem["errors"]) >= {"place", "implementing_unit", "aid_yuan", "targets"}
    assert Project.objects.get(code=code).stage == Stage.DRAFT


def test_a_step_that_is_not_open_says_what_is(partner: Ask) -> None:
    project = make.project_at(Stage.SUBMITTED)
    answer = partner().post(f"projects/{project.code}/submit/", version=project.version)
    assert answer.status_code == 409
    assert answer.json()["code"] == "not_on_the_road"
    assert answer.json()["allowed_actions"] == ["withdraw", "file_paper", "give_notice"]


def test_nobody_approves_what_they_entered(partner: Ask) -> None:
    both = make.user_with(Role.CLERK, Role.APPROVER, region_code=make.DONOR_CITY, is_service=True)
    project = make.project_at(Stage.SUBMITTED, by=both)
    reviewer = partner(Role.REVIEWER, make.DONOR_CITY)
    answer = reviewer.post(f"projects/{project.code}/admit/", version=project.version)
    answer = partner(user=both).post(
        f"projects/{project.code}/approve/",
        {"doc_no": "演示1", "on": TODAY},
        version=answer.json()["version"],
    )
    assert answer.status_code == 409
    assert answer.json()["code"] == "own_work"


def test_another_role_s_step_is_403_even_without_a_version(partner: Ask) -> None:
    project = make.project_at(Stage.SUBMITTED)
    for verb in ("admit", "return", "reject", "approve", "confirm-start", "confirm-completion"):
        answer = partner().post(f"projects/{project.code}/{verb}/")
        assert answer.status_code == 403, verb
        assert answer.json()["code"] == "not_yours"


def test_a_change_names_the_version_it_is_based_on(partner: Ask, body: Body) -> None:
    county = partner()
    code = county.post("projects/", body).json()["code"]
    path = f"projects/{code}/"
    for missing in (None, "*"):
        answer = county.patch(path, {"place": "演示"}, version=missing)
        assert answer.status_code == 428
        assert answer.json()["code"] == "if_match_missing"
    assert county.patch(path, {"place": "先"}, version=1).status_code == 200
    for stale in (1, 99, 'W/"2"', '"x"', '"1", "2"'):
        answer = county.patch(path, {"place": "后"}, version=stale)
        assert answer.status_code == 412, stale
        assert answer["ETag"] == '"2"'
        assert answer.json()["code"] == "stale"
    assert county.post(f"{path}submit/", version=1).status_code == 412
    assert county.post(f"{path}submit/").status_code == 428
    assert Project.objects.get(code=code).place == "先"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("nobody", 1),
        ("stage", "APPROVED"),
        ("code", "EW20269901010009"),
        ("created_by", 1),
        ("aid_yuan", 1000000.0),
        ("aid_yuan", 1000000),
        ("aid_yuan", "1.005"),
        ("aid_yuan", "-1"),
        ("aid_yuan", "1e6"),
        ("aid_yuan", "12345678901234567"),
        ("sector", "NONE"),
        ("sector", True),
        ("name", ""),
        ("name", 7),
        ("name", "x" * 121),
        ("name", "nul\x00"),
        ("planned_start", "2026-13-01"),
        ("planned_start", "20260701"),
        ("planned_start", "2026-12-31"),
        ("beneficiary_persons", -1),
        ("beneficiary_persons", "40"),
        ("beneficiary_persons", 2**31),
        ("lifted_persons", 161),
        ("forms_asset", "yes"),
        ("fiscal_year", 0),
        ("fiscal_year", 2019),
        ("fiscal_year", 10**18),
        ("county", "990201"),
        ("county", "990199"),
        ("county", "x"),
        ("county", "990101\n"),
        ("pairing", 10**17),
        ("pairing", None),
        ("targets", [{"kind": "OUTPUT"}]),
        ("targets", [{"kind": "SATISFACTION", "name": "x", "quantity": "101", "unit": "%"}]),
        ("targets", "x"),
        ("implementing_unit", ""),
        ("implementing_unit", "x" * 101),
        ("implementing_unit", {"name": "x"}),
    ],
)
def test_a_value_that_does_not_fit_is_400_and_named(
    partner: Ask, body: Body, field: str, value: Any
) -> None:
    make.region(make.FAR_COUNTY)
    answer = partner().post("projects/", body | {field: value})
    assert answer.status_code == 400, answer.content.decode()
    assert answer.json()["code"] == "invalid"
    assert answer.json()["errors"]
    assert not Project.objects.exists()
    assert not Organisation.objects.filter(kind=OrganisationKind.IMPLEMENTING_UNIT).exists()


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b"1", b'"x"', b'{"name": "\\ud800"}', b"NaN", b"\xff", b"[" * 5000]
)
def test_a_body_that_is_no_json_object_is_400(partner: Ask, content: bytes) -> None:
    answer = partner().post("projects/", content)
    assert answer.status_code == 400
    assert answer.json()["code"] == "malformed"


def test_a_body_of_another_kind_is_415_and_a_huge_one_413(partner: Ask) -> None:
    county = partner()
    answer = county.client.post("/api/v1/projects/", {"name": "x"})
    assert answer.status_code == 415
    answer = county.post("projects/", b'{"name": "' + b"x" * (11 * 1024 * 1024) + b'"}')
    assert answer.status_code == 413


def test_what_makes_the_code_cannot_be_changed(partner: Ask, body: Body) -> None:
    county = partner()
    code = county.post("projects/", body).json()["code"]
    for field in ("pairing", "county", "fiscal_year"):
        answer = county.patch(f"projects/{code}/", {field: body[field]}, version=1)
        assert answer.status_code == 400
        assert field in answer.json()["errors"]


def test_targets_are_replaced_as_a_whole(partner: Ask, body: Body) -> None:
    county = partner()
    code = county.post("projects/", body).json()["code"]
    one = body["targets"][:1]
    answer = county.patch(f"projects/{code}/", {"targets": one}, version=1)
    assert [target["kind"] for target in answer.json()["targets"]] == ["OUTPUT"]
    assert answer["ETag"] == '"2"'


def test_an_implementing_unit_is_entered_once(partner: Ask, body: Body) -> None:
    county = partner()
    county.post("projects/", body)
    county.post("projects/", body | {"name": "演示：第二个"})
    unit = Organisation.objects.get(kind=OrganisationKind.IMPLEMENTING_UNIT)
    assert unit.region.code == make.COUNTY


def test_the_same_name_twice_in_a_county_and_year_is_refused(partner: Ask, body: Body) -> None:
    county = partner()
    assert county.post("projects/", body).status_code == 201
    answer = county.post("projects/", body)
    assert answer.status_code == 400
    assert "non_field_errors" in answer.json()["errors"]


def test_readers_create_nothing(partner: Ask, body: Body) -> None:
    for role in (Role.P_REVIEW, Role.D_EDIT, Role.FRONT):
        answer = partner(role).post("projects/", body)
        assert answer.status_code == 403, role


def test_a_prefecture_reads_its_counties_but_writes_only_for_itself(
    partner: Ask, body: Body
) -> None:
    project = make.draft()
    prefecture = partner(Role.P_EDIT, make.PREFECTURE)
    answer = prefecture.get(f"projects/{project.code}/")
    assert answer.status_code == 200
    assert answer.json()["allowed_actions"] == []
    assert prefecture.post("projects/", body).status_code == 403
    answer = prefecture.patch(f"projects/{project.code}/", {"place": "x"}, version=1)
    assert answer.status_code == 403


def test_refusals_come_in_the_caller_s_language(partner: Ask) -> None:
    account = make.service_account()
    details = {
        language: partner(user=account, language=language).get("projects/?nobody=1").json()
        for language in ("en", "zh-hans", "fr")
    }
    assert {body["code"] for body in details.values()} == {"invalid"}
    assert "fit" in details["en"]["detail"]
