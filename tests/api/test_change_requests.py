"""Changes of what was approved, as another program applies for them, follows and decides them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assistance.roles import Role
from projects.models import ChangeRequest, Project, Stage
from projects.models.changes import ChangeKind, ChangeStatus
from tests import factories as make
from tests.api.conftest import Ask

pytestmark = pytest.mark.django_db

K, S = ChangeKind, ChangeStatus
TODAY = make.NOW.date().isoformat()
SITE = {"kind": "SITE", "after": {"place": "演示新村"}, "reason": "演示"}


def below(project: Project) -> str:
    return f"projects/{project.code}/change-requests/"


def one(pk: int, verb: str = "") -> str:
    return f"change-requests/{pk}/{verb}/" if verb else f"change-requests/{pk}/"


def test_a_change_goes_its_whole_way_through_the_api(partner: Ask) -> None:
    project = make.project_at(Stage.ACTIVE)
    office, front = partner(), partner(Role.FRONT)
    approver = partner(Role.APPROVER)
    made = office.post(below(project), SITE)
    assert made.status_code == 201, made.json()
    row = made.json()
    assert made["Location"].endswith(f"/api/v1/change-requests/{row['id']}/")
    assert (row["status"], row["after"]) == ("draft", {"place": "演示新村"})
    assert row["allowed_actions"] == ["edit", "submit", "withdraw"]
    pk = row["id"]
    edited = office.patch(one(pk), {"after": {"place": "演示二村"}}, version=1)
    assert edited.json()["after"] == {"place": "演示二村"}
    sent = office.post(one(pk, "submit"), version=2)
    assert sent.json()["before"] == {"place": "演示乡"}
    assert sent.json()["needs_consent"] is True
    early = front.post(one(pk, "consent"), {"doc_no": "函1"}, version=3)
    assert (early.status_code, early.json()["code"]) == (409, "consent_not_on_file")
    assert "consent" in early.json()["allowed_actions"]
    make.consent_paper(ChangeRequest.objects.get(pk=pk))
    consented = front.post(one(pk, "consent"), {"doc_no": "函1"}, version=3)
    assert consented.json()["status"] == "consented"
    decision = {"doc_no": "批1", "effective_on": TODAY}
    done = approver.post(one(pk, "approve"), decision, version=4)
    assert (done.status_code, done.json()["status"]) == (200, "approved")
    assert done["ETag"] == '"5"'
    assert Project.objects.get(pk=project.pk).place == "演示二村"


def test_a_small_one_is_returned_withdrawn_and_rejected(partner: Ask) -> None:
    office, reviewer = partner(), partner(Role.REVIEWER)
    change = make.change(make.project_at(Stage.ACTIVE), status=S.SUBMITTED)
    back = reviewer.post(one(change.pk, "return"), {"reason": "演示"}, version=2)
    assert (back.json()["status"], back.json()["decision_reason"]) == ("draft", "演示")
    again = office.post(one(change.pk, "submit"), version=3)
    assert again.json()["status"] == "submitted"
    gone = reviewer.post(one(change.pk, "reject"), {"reason": "演示"}, version=4)
    assert (gone.json()["status"], gone.json()["allowed_actions"]) == ("rejected", [])
    other = make.change(make.project_at(Stage.ACTIVE), status=S.DRAFT)
    assert office.post(one(other.pk, "withdraw"), version=1).json()["status"] == "withdrawn"


def test_a_budget_names_shares_and_plans(partner: Ask) -> None:
    project = make.project_at(Stage.ACTIVE)
    key, plan = str(project.funding.get().pk), make.fund_plan(source="CITY")
    after = {"shares": {key: "-0.50"}, "new_shares": {str(plan.pk): "10.00", "SELF": "5"}}
    body = {"kind": "BUDGET", "after": after, "reason": "演示"}
    made = partner().post(below(project), body)
    assert made.status_code == 201, made.json()
    assert made.json()["after"] == {
        "shares": {key: "-0.50"}, "new_shares": {str(plan.pk): "10.00", "SELF": "5.00"},
        "aid_yuan": "1000009.50", "self_yuan": "5.00",
    }  # fmt: skip


def test_a_unit_is_named(partner: Ask) -> None:
    project = make.project_at(Stage.ACTIVE)
    body = {"kind": "UNIT", "after": {"implementing_unit": "演示新单位"}, "reason": "演示"}
    made = partner().post(below(project), body)
    change = ChangeRequest.objects.get(pk=made.json()["id"])
    assert change.after == {"implementing_unit": change.after["implementing_unit"]}


@pytest.mark.parametrize(("body", "field"), [
    (SITE | {"kind": "SURPLUS"}, "kind"), (SITE | {"status": "approved"}, "status"),
    (SITE | {"after": {"village": "x"}}, "after"), (SITE | {"after": {"content": "x"}}, "content"),
    (SITE | {"reason": ""}, "reason"), ({"kind": "SITE", "reason": "x"}, "after"),
    ({"kind": "BUDGET", "reason": "x", "after": {"shares": {"1": -5}}}, "after"),
    ({"kind": "BUDGET", "reason": "x", "after": {"shares": {"x": "-5.00"}}}, "shares"),
    ({"kind": "BUDGET", "reason": "x", "after": {"new_shares": {"9999": "-5.00"}}}, "after"),
    ({"kind": "BUDGET", "reason": "x", "after": {"new_shares": {"9999": "5.00"}}}, "new_shares"),
])  # fmt: skip
def test_what_is_wrong_is_told_at_its_field(partner: Ask, body: dict[str, Any], field: str) -> None:
    answer = partner().post(below(make.project_at(Stage.ACTIVE)), body)
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {field}
    assert not ChangeRequest.objects.exists()


def test_a_repeated_application_is_made_once(partner: Ask) -> None:
    project, office = make.project_at(Stage.ACTIVE), partner()
    first = office.post(below(project), SITE, key="k1")
    again = office.post(below(project), SITE, key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert ChangeRequest.objects.count() == 1
    other = office.post(below(project), SITE | {"reason": "另一个"}, key="k1")
    assert other.status_code == 422


def test_a_verb_needs_the_version_that_was_read(partner: Ask) -> None:
    change = make.change(make.project_at(Stage.ACTIVE), status=S.DRAFT)
    office = partner()
    assert office.post(one(change.pk, "submit")).status_code == 428
    assert office.post(one(change.pk, "submit"), version=7).status_code == 412
    assert office.patch(one(change.pk), {"reason": "x"}).status_code == 428
    assert office.patch(one(change.pk), {"reason": "x"}, version=7).status_code == 412


def test_an_open_change_refuses_another_and_says_what_is_open(partner: Ask) -> None:
    project = make.project_at(Stage.ACTIVE)
    make.change(project, status=S.SUBMITTED)
    refused = partner().post(below(project), SITE)
    assert (refused.status_code, refused.json()["code"]) == (409, "change_open")


def test_wrong_roles_are_forbidden_and_strangers_find_nothing(partner: Ask) -> None:
    project = make.project_at(Stage.ACTIVE)
    change = make.change(project, K.SITE, {"place": "演示新村"}, status=S.SUBMITTED)
    bodies: dict[str, Any] = {
        "submit": {}, "withdraw": {}, "return": {"reason": "x"}, "consent": {"doc_no": "1"},
        "approve": {"doc_no": "1", "effective_on": TODAY}, "reject": {"reason": "x"},
    }  # fmt: skip
    leader, stranger = partner(Role.LEADER), partner(Role.P_EDIT, make.OTHER_COUNTY)
    assert leader.get(one(change.pk)).status_code == 200
    for verb, body in bodies.items():
        assert leader.post(one(change.pk, verb), body, version=2).status_code == 403, verb
        assert stranger.post(one(change.pk, verb), body, version=2).status_code == 404, verb
    assert leader.post(below(project), SITE).status_code == 403
    assert stranger.post(below(project), SITE).status_code == 404
    assert stranger.get(below(project)).status_code == 404
    assert stranger.get(one(change.pk)).status_code == 404
    assert stranger.get("change-requests/").json()["results"] == []
    office = partner()
    assert office.post(one(change.pk, "approve"), bodies["approve"], version=2).status_code == 403


def test_own_work_is_refused(partner: Ask) -> None:
    both = make.user_with(Role.CLERK, Role.REVIEWER, is_service=True)
    project = make.project_at(Stage.ACTIVE)
    caller = partner(user=both)
    content = {"kind": "CONTENT", "after": {"content": "新"}, "reason": "演示"}
    pk = caller.post(below(project), content).json()["id"]
    caller.post(one(pk, "submit"), version=1)
    refused = caller.post(one(pk, "approve"), {"doc_no": "1", "effective_on": TODAY}, version=2)
    assert (refused.status_code, refused.json()["code"]) == (409, "own_work")


def test_a_reading_token_may_do_nothing(partner: Ask) -> None:
    change = make.change(make.project_at(Stage.ACTIVE), status=S.DRAFT)
    reader = partner(may_write=False)
    assert reader.get(one(change.pk)).json()["allowed_actions"] == []
    assert reader.post(one(change.pk, "submit"), version=1).status_code == 403


def test_a_surplus_is_released_by_the_county(partner: Ask) -> None:
    project = make.project_at(Stage.ACCEPTED)
    make.audited(project, 930_000)
    office = partner()
    path = f"projects/{project.code}/release-surplus/"
    assert office.post(path).status_code == 428
    assert partner(Role.LEADER).post(path, version=1).status_code == 403
    version = Project.objects.get(pk=project.pk).version
    done = office.post(path, version=version)
    assert done.status_code == 200, done.json()
    key = str(project.funding.get().pk)
    assert done.json()["after"] == {"shares": {key: "-70000.00"}}
    assert done.json()["status"] == "submitted"


def test_lists_are_narrowed_and_ask_as_often_for_many_as_for_one(partner: Ask) -> None:
    office = partner()
    project = make.project_at(Stage.ACTIVE)
    make.change(project, K.SITE, {"place": "演示新村"}, status=S.SUBMITTED)

    def asked(path: str) -> tuple[int, int]:
        office.get(path)
        with CaptureQueriesContext(connection) as queries:
            found = office.get(path).json()["results"]
        return len(found), len(queries)

    paths = ("change-requests/?kind=SITE,UNIT&status=submitted", below(project))
    before = [asked(path) for path in paths]
    assert [found for found, _queries in before] == [1, 1]
    for _ in range(3):
        other = make.project_at(Stage.ACTIVE)
        make.change(other, K.SITE, {"place": "演示新村"}, status=S.SUBMITTED)
    after = [asked(path) for path in paths]
    assert [found for found, _queries in after] == [4, 1]
    assert [queries for _f, queries in after] == [queries for _f, queries in before]
    assert office.get(f"change-requests/?project={project.code}").json()["results"][0]["id"]
    assert office.get("change-requests/?nature=x").status_code == 400
