"""A row out of sight answers exactly as a missing one, for every resource and every verb."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from assistance.roles import Role
from projects.api.urls import STEPS_AT
from projects.models import Stage
from projects.models.evidence import NoticeKind
from tests import factories as make
from tests.api.conftest import Ask

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows() -> dict[str, tuple[Any, Any]]:
    """Per resource the path of a row of the demo county and of one far away."""
    near, far = make.pairing(), make.pairing(make.FAR_COUNTY, make.OTHER_DONOR)
    found: dict[str, tuple[Any, Any]] = {"pairings": (near.pk, far.pk)}
    plans = [make.fund_plan(pairing=tie) for tie in (near, far)]
    found["fund-plans"] = (plans[0].pk, plans[1].pk)
    moved = [make.transfer(plan=plan) for plan in plans]
    found["transfers"] = (moved[0].pk, moved[1].pk)
    drawn = [make.project_at(Stage.SUBMITTED, bare=True, pairing=tie) for tie in (near, far)]
    found["projects"] = (drawn[0].code, drawn[1].code)
    filed = [make.paper(project) for project in drawn]
    found["papers"] = (filed[0].pk, filed[1].pk)
    days = date(2026, 6, 1), date(2026, 6, 12)
    hung = [make.notice(project, NoticeKind.PLAN, *days) for project in drawn]
    found["notices"] = (hung[0].pk, hung[1].pk)
    teams = [make.team(make.COUNTY), make.team(make.FAR_COUNTY)]
    found["teams"] = (teams[0].pk, teams[1].pk)
    posted = [
        make.posting(pairing=tie, team=team) for tie, team in zip((near, far), teams, strict=True)
    ]
    found["postings"] = (posted[0].pk, posted[1].pk)
    return found


@pytest.mark.parametrize(
    ("role", "region_code"),
    [
        (Role.P_EDIT, make.COUNTY),
        (Role.P_EDIT, make.PREFECTURE),
        (Role.FRONT, make.PREFECTURE),
        (Role.D_EDIT, make.DONOR),
    ],
)
def test_own_rows_are_shown_and_foreign_ones_are_not_there(
    partner: Ask, rows: dict[str, tuple[Any, Any]], role: Role, region_code: str
) -> None:
    caller = partner(role, region_code)
    for resource, (own, foreign) in rows.items():
        missing = "EW20209999990001" if resource == "projects" else 10**15
        key = "code" if resource == "projects" else "id"
        assert caller.get(f"{resource}/{own}/").status_code == 200, resource
        not_seen = caller.get(f"{resource}/{foreign}/")
        assert not_seen.status_code == 404, resource
        assert not_seen.content == caller.get(f"{resource}/{missing}/").content
        assert [row[key] for row in caller.get(f"{resource}/").json()["results"]] == [own]


def test_the_bureau_sees_all(partner: Ask, rows: dict[str, tuple[Any, Any]]) -> None:
    clerk = partner(Role.CLERK, make.DONOR_CITY)
    for resource in rows:
        assert len(clerk.get(f"{resource}/").json()["results"]) == 2, resource


def test_verbs_on_foreign_rows_are_not_there_either(
    partner: Ask, rows: dict[str, tuple[Any, Any]]
) -> None:
    caller = partner()
    paths = [f"projects/{{}}/{verb}/" for verb in STEPS_AT]
    answers = [
        caller.post(path.format(code), {"x": 1}, version=1)
        for path in paths
        for code in (rows["projects"][1], "EW20209999990001")
    ]
    answers.append(caller.patch(f"projects/{rows['projects'][1]}/", {}, version=1))
    answers += [
        caller.post(f"transfers/{pk}/report-arrival/") for pk in (rows["transfers"][1], 10**15)
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


def test_a_donor_does_not_see_drafts(partner: Ask) -> None:
    draft = make.draft()
    donor = partner(Role.D_EDIT)
    assert donor.get(f"projects/{draft.code}/").status_code == 404
    assert donor.get("projects/").json()["results"] == []


def test_a_draft_in_a_foreign_pairing_names_it_as_unknown(
    partner: Ask, body: dict[str, Any]
) -> None:
    far = make.pairing(make.FAR_COUNTY, make.OTHER_DONOR)
    answers = [
        partner().post("projects/", body | {"pairing": pk, "county": make.FAR_COUNTY})
        for pk in (far.pk, 10**15)
    ]
    assert {answer.status_code for answer in answers} == {400}
    assert answers[0].content == answers[1].content


def test_reference_rows_are_the_same_for_everybody(partner: Ask) -> None:
    make.region(make.FAR_COUNTY)
    make.programme()
    assert partner().get(f"regions/{make.FAR_COUNTY}/").json()["name"] == "Demo 990201"
    chinese = partner(language="zh-hans")
    assert chinese.get(f"regions/{make.FAR_COUNTY}/").json()["name"] == "演示地区990201"
    assert chinese.get("programmes/demo_ew/").json()["kind"] == "EW"


@pytest.mark.parametrize(
    "path", ["", "nothing/", "projects/x/", "projects/EW20269901010001", "regions/12/", "teams/0/"]
)
def test_addresses_that_lead_nowhere_are_problems_too(partner: Ask, path: str) -> None:
    answer = partner().get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def test_names_of_persons_are_for_those_who_may_see_persons(partner: Ask) -> None:
    posting = make.posting()
    shown = {
        role: partner(role, make.COUNTY).get(f"postings/{posting.pk}/").json()["person"]
        for role in (Role.P_EDIT, Role.FRONT)
    }
    assert shown == {Role.P_EDIT: None, Role.FRONT: posting.person.name}
    for answer in (partner().get("postings/"), partner().get(f"postings/{posting.pk}/")):
        assert posting.person.name not in answer.content.decode()
        assert posting.person.birth_ym not in answer.content.decode()
