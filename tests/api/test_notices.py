"""Public notices over the API: entered by the county, confirmed by other hands."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from assistance.roles import Role
from projects.models import Project, PublicNotice, Stage
from projects.models.evidence import NoticeKind
from tests import factories as make
from tests.api.conftest import Ask

pytestmark = pytest.mark.django_db

SAID: dict[str, Any] = {
    "kind": "PRE",
    "place": "演示乡政府公示栏",
    "starts_on": "2026-06-01",
    "ends_on": "2026-06-12",
    "hotline": "0000-0000000",
}


def give_out(project: Project, **more: Any) -> PublicNotice:
    days = date(2026, 6, 1), date(2026, 6, 12)
    return make.notice(project, NoticeKind.PLAN, *days, **more)


def test_a_notice_is_entered_by_the_county_and_confirmed_by_a_reviewer(partner: Ask) -> None:
    county, reviewer = partner(), partner(Role.REVIEWER, make.DONOR_CITY)
    project = make.project_at(Stage.SUBMITTED, bare=True)
    path = f"projects/{project.code}/notices/"
    answer = county.post(path, SAID, key="k")
    assert answer.status_code == 201, answer.content.decode()
    notice = answer.json()
    assert county.post(path, SAID, key="k").json() == notice
    assert notice["counted_at"] is None
    assert notice["allowed_actions"] == ["strike_out"]
    one = f"notices/{notice['id']}/"
    assert answer["Location"] == f"http://testserver/api/v1/{one}"
    assert county.post(f"{one}confirm/", version=1).status_code == 403
    seen = reviewer.get(one)
    assert seen.json()["allowed_actions"] == ["confirm", "strike_out"]
    assert reviewer.post(f"{one}confirm/").status_code == 428
    assert reviewer.post(f"{one}confirm/", version=9).status_code == 412
    done = reviewer.post(f"{one}confirm/", version=1)
    assert done.status_code == 200
    assert done.json()["counted_at"]
    again = reviewer.post(f"{one}confirm/", version=2)
    assert (again.status_code, again.json()["code"]) == (409, "notice_is_settled")
    assert county.post(f"{one}strike-out/", {"reason": "x"}, version=2).status_code == 403
    struck = reviewer.post(f"{one}strike-out/", {"reason": "演示"}, version=2)
    assert struck.json()["voided_at"]
    for listed in (county.get(path), county.get("notices/", is_standing="false")):
        assert [row["id"] for row in listed.json()["results"]] == [notice["id"]]


def test_nobody_confirms_a_notice_of_their_own(partner: Ask) -> None:
    both = make.user_with(Role.CLERK, Role.REVIEWER, region_code=make.DONOR_CITY, is_service=True)
    project, caller = make.project_at(Stage.SUBMITTED, bare=True), partner(user=both)
    made = caller.post(f"projects/{project.code}/notices/", SAID).json()
    assert made["allowed_actions"] == ["strike_out"]
    answer = caller.post(f"notices/{made['id']}/confirm/", version=1)
    assert (answer.status_code, answer.json()["code"]) == (409, "own_work")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "NONE"),
        ("place", ""),
        ("hotline", "x" * 31),
        ("ends_on", "2026-05-31"),
        ("ends_on", "2026-06-16"),
        ("starts_on", None),
        ("counted_at", "2026-06-12T00:00:00Z"),
    ],
)
def test_a_value_that_does_not_fit_is_400(partner: Ask, field: str, value: Any) -> None:
    project = make.project_at(Stage.SUBMITTED, bare=True)
    answer = partner().post(f"projects/{project.code}/notices/", SAID | {field: value})
    assert answer.status_code == 400, answer.content.decode()
    assert not PublicNotice.objects.exists()


def test_open_objections_are_not_confirmed(partner: Ask) -> None:
    project = make.project_at(Stage.SUBMITTED, bare=True)
    notice = give_out(project, confirmed=False, objections="演示:一户有异议")
    answer = partner(Role.REVIEWER, make.DONOR_CITY).post(
        f"notices/{notice.pk}/confirm/", version=1
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "objections_open")


def test_foreign_notices_are_not_there(partner: Ask) -> None:
    far = make.project_at(Stage.SUBMITTED, pairing=make.pairing(make.FAR_COUNTY, make.OTHER_DONOR))
    notice, county = give_out(far), partner()
    answers = [
        county.get(f"notices/{notice.pk}/"),
        county.get("notices/987654321/"),
        county.get(f"projects/{far.code}/notices/"),
        county.post(f"projects/{far.code}/notices/", SAID),
        county.post(f"notices/{notice.pk}/strike-out/", {"reason": "x"}, version=1),
        county.post(f"notices/{notice.pk}/confirm/", version=1),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert county.get("notices/").json()["results"] == []
