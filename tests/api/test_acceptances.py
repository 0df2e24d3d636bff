"""Acceptances, assets, findings and evaluations as a partner's system sees and enters them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from assistance.roles import Role
from projects.models import Acceptance, Evaluation, Project, Stage
from projects.models.audit import FindingStatus
from projects.models.evidence import PaperKind
from tests import factories as make
from tests.api.conftest import Ask

pytestmark = pytest.mark.django_db

MaxQueries = Callable[..., Any]
ACCEPTANCE: dict[str, Any] = {
    "level": "COUNTY",
    "held_on": "2026-06-10",
    "chair": "演示组长",
    "chair_of": "演示县发展和改革局",
    "members": ["甲", "乙", "丙"],
    "result": "PASS",
    "quantities": [{"name": "大棚", "unit": "座", "planned": "12", "actual": "12.50"}],
    "final_settlement_yuan": "1200000.00",
    "final_aid_yuan": "990000.01",
}
ASSET: dict[str, Any] = {
    "name": "演示大棚",
    "category": "OPERATING",
    "original_value_yuan": "600000.00",
    "registered_on": "2026-06-10",
}
EVALUATION: dict[str, Any] = {
    "year": 2026,
    "evaluated_on": "2026-06-15",
    "output": "50.00",
    "benefit": "29.5",
    "satisfaction": "9.99",
}
RECTIFIED = {"rectification": "演示：已收回", "rectified_on": "2026-06-10"}


@pytest.fixture
def completed() -> Project:
    return make.project_at(Stage.COMPLETED)


def test_an_acceptance_is_recorded_once_and_confirmed_by_the_city(
    partner: Ask, completed: Project
) -> None:
    county, path = partner(), f"projects/{completed.code}/acceptances/"
    answers = [county.post(path, ACCEPTANCE, key="演示".encode().hex()) for _twice in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    made = answers[0].json()
    assert answers[1].json() == made
    assert answers[0]["Location"].endswith(f"/api/v1/acceptances/{made['id']}/")
    assert answers[0]["ETag"] == '"1"'
    assert made["final_aid_yuan"] == "990000.01"
    assert made["members"] == ["甲", "乙", "丙"]
    assert made["quantities"][0]["actual"] == "12.50"
    assert made["counted_at"] is None
    assert made["allowed_actions"] == []
    assert Acceptance.objects.get().chair_of.name_zh == "演示县发展和改革局"

    reviewer, confirm = (
        partner(Role.REVIEWER, make.DONOR_CITY),
        f"acceptances/{made['id']}/confirm/",
    )
    assert reviewer.get(f"acceptances/{made['id']}/").json()["allowed_actions"] == ["confirm"]
    assert county.post(confirm, version=1).status_code == 403
    assert reviewer.post(confirm).status_code == 428
    assert reviewer.post(confirm, version=2).status_code == 412
    missing = reviewer.post(confirm, version=1)
    assert (missing.status_code, missing.json()["code"]) == (409, "acceptance_form_missing")
    make.paper(completed, PaperKind.ACCEPTANCE)
    done = reviewer.post(confirm, version=1)
    assert (done.status_code, done["ETag"]) == (200, '"2"')
    assert done.json()["counted_at"]
    again = reviewer.post(confirm, version=2)
    assert (again.status_code, again.json()["allowed_actions"]) == (409, [])


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"members": ["甲", "乙", "乙"]}, "members"),
        ({"members": "甲乙丙"}, "members"),
        ({"held_on": "2026-05-30"}, "held_on"),
        ({"result": "passed"}, "result"),
        ({"final_aid_yuan": 990000}, "final_aid_yuan"),
        ({"quantities": [{"name": "大棚", "unit": "座", "planned": "12"}]}, "quantities"),
        ({"chair_of": "演示单位990101"}, "chair_of"),
        ({"rectify_due_on": "2026-07-01"}, "non_field_errors"),
        ({"panel": []}, "panel"),
    ],
)
def test_an_acceptance_that_does_not_fit_is_400_at_its_field(
    partner: Ask, completed: Project, wrong: dict[str, Any], field: str
) -> None:
    answer = partner().post(f"projects/{completed.code}/acceptances/", ACCEPTANCE | wrong)
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {field}
    assert not Acceptance.objects.exists()


def test_what_the_ledger_does_not_hold_is_409(partner: Ask, completed: Project) -> None:
    county = partner()
    more = {"final_aid_yuan": "1000000.01"}
    answer = county.post(f"projects/{completed.code}/acceptances/", ACCEPTANCE | more)
    assert (answer.status_code, answer.json()["code"]) == (409, "final_aid_exceeds_grant")
    active = make.project_at(Stage.ACTIVE)
    answer = county.post(f"projects/{active.code}/acceptances/", ACCEPTANCE)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_on_the_road")


def test_an_asset_is_registered_and_kept_up_to_date(partner: Ask, completed: Project) -> None:
    county = partner()
    answer = county.post(f"projects/{completed.code}/assets/", ASSET)
    assert answer.status_code == 201
    path = f"assets/{answer.json()['id']}/"
    assert answer.json()["allowed_actions"] == ["edit"]
    assert county.patch(path, {"owner": "演示村"}).status_code == 428
    changed = county.patch(path, {"owner": "演示村", "yearly_income_yuan": "12.30"}, version=1)
    assert changed.status_code == 200
    assert (changed.json()["owner"], changed.json()["yearly_income_yuan"]) == ("演示村", "12.30")
    assert county.patch(path, {"state": "idle"}, version=1).status_code == 412
    for wrong in ({"name": "x"}, {"state": "lost"}, {"owner": 1}):
        assert county.patch(path, wrong, version=2).status_code == 400, wrong
    above = partner(Role.P_EDIT, make.PREFECTURE)
    assert above.patch(path, {"state": "idle"}, version=2).status_code == 403
    assert above.get(path).json()["allowed_actions"] == []


def test_a_finding_is_reported_as_put_right(partner: Ask) -> None:
    finding, county = make.finding(), partner()
    path = f"findings/{finding.pk}/"
    assert county.get(path).json()["allowed_actions"] == ["rectify"]
    assert county.post(f"{path}rectify/", RECTIFIED).status_code == 428
    assert county.post(f"{path}rectify/", RECTIFIED, version=9).status_code == 412
    late = county.post(f"{path}rectify/", RECTIFIED | {"rectified_on": "2026-06-16"}, version=1)
    assert set(late.json()["errors"]) == {"rectified_on"}
    done = county.post(f"{path}rectify/", RECTIFIED, version=1)
    assert (done.status_code, done.json()["status"]) == (200, "rectifying")
    reader = partner(Role.D_EDIT)
    assert reader.get(path).json()["project"] is None
    assert reader.post(f"{path}rectify/", RECTIFIED, version=2).status_code == 403
    closed = make.finding(FindingStatus.CLOSED)
    refused = county.post(f"findings/{closed.pk}/rectify/", RECTIFIED, version=3)
    assert (refused.status_code, refused.json()["code"]) == (409, "finding_is_closed")


def test_an_evaluation_is_entered_and_confirmed(partner: Ask, completed: Project) -> None:
    county, path = partner(), f"projects/{completed.code}/evaluations/"
    for wrong in ({"output": "50.01"}, {"year": 2027}, {"total": "100"}):
        answer = county.post(path, EVALUATION | wrong)
        assert answer.status_code == 400
        assert set(answer.json()["errors"]) == set(wrong)
    made = county.post(path, EVALUATION)
    assert made.status_code == 201
    shown = made.json()
    assert (shown["execution"], shown["total"], shown["grade"]) == ("0.00", "89.49", "良")
    confirm = f"evaluations/{shown['id']}/confirm/"
    reviewer = partner(Role.REVIEWER, make.DONOR_CITY)
    assert reviewer.post(confirm, version=1).json()["code"] == "score_sheet_missing"
    make.paper(completed, PaperKind.EVALUATION)
    assert county.post(confirm, version=1).status_code == 403
    assert reviewer.post(confirm, version=1).status_code == 200
    assert Evaluation.objects.get().counts
    (row,) = county.get("evaluations/", year=2026, is_waiting="false").json()["results"]
    assert row["grade"] == "良"
    assert county.get("evaluations/", year=2025).json()["results"] == []


def test_rows_of_foreign_projects_are_not_there(partner: Ask) -> None:
    far = make.project_at(Stage.COMPLETED, pairing=make.pairing(make.FAR_COUNTY, make.OTHER_DONOR))
    rows = {
        "acceptances": make.acceptance(far).pk,
        "assets": make.asset(far).pk,
        "audit-records": make.audit_record(far).pk,
        "evaluations": make.evaluation(far).pk,
        "findings": make.finding(project=far).pk,
    }
    county, bureau = partner(), partner(Role.CLERK, make.DONOR_CITY)
    bodies = {"acceptances": ACCEPTANCE, "assets": ASSET, "evaluations": EVALUATION}
    for resource, pk in rows.items():
        assert county.get(f"{resource}/").json()["results"] == [], resource
        assert [row["id"] for row in bureau.get(f"{resource}/").json()["results"]] == [pk]
        missing = county.get(f"{resource}/{10**15}/")
        assert missing.status_code == 404
        assert county.get(f"{resource}/{pk}/").content == missing.content
        if resource != "findings":
            answer = county.get(f"projects/{far.code}/{resource}/")
            assert (answer.status_code, answer.content) == (404, missing.content), resource
            assert len(bureau.get(f"projects/{far.code}/{resource}/").json()["results"]) == 1
        if resource in bodies:
            answer = county.post(f"projects/{far.code}/{resource}/", bodies[resource])
            assert answer.content == missing.content, resource
    for path in (f"acceptances/{rows['acceptances']}/confirm/",
                 f"findings/{rows['findings']}/rectify/"):  # fmt: skip
        assert county.post(path, version=1).status_code == 404
    assert county.patch(f"assets/{rows['assets']}/", {}, version=1).status_code == 404


def test_lists_are_walked_filtered_and_cost_the_same_for_many_rows(
    partner: Ask, completed: Project, django_assert_num_queries: MaxQueries
) -> None:
    county = partner()
    for number in range(1, 4):
        make.asset(completed, original_value_yuan=Decimal(number), name=f"演示资产{number}")
    county.get("me/")  # notes the use of the token
    page = county.get("assets/", ordering="original_value_yuan", limit=2).json()
    rows = [*page["results"], *county.get(page["next"]).json()["results"]]
    assert [row["original_value_yuan"] for row in rows] == ["1.00", "2.00", "3.00"]
    for asked, found in (
        ({"project": completed.code}, 3),
        ({"project": "EW20209999990001"}, 0),
        ({"region": make.PREFECTURE, "category": "OPERATING"}, 3),
        ({"state": "idle"}, 0),
        ({"is_standing": "false"}, 0),
        ({"year": completed.fiscal_year, "pairing": completed.pairing_id}, 3),
    ):
        assert len(county.get("assets/", **asked).json()["results"]) == found, asked
    assert county.get("assets/", colour="red").status_code == 400
    for resource in ("acceptances", "assets", "audit-records", "evaluations", "findings"):
        with django_assert_num_queries(4):
            assert county.get(f"{resource}/").status_code == 200, resource
        if resource != "findings":
            with django_assert_num_queries(5):  # and the project of the address
                county.get(f"projects/{completed.code}/{resource}/")
