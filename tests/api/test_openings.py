"""Openings through the API: the office's clerk enters, others confirm, partners only read."""

from __future__ import annotations

from typing import Any

import pytest

from assistance.models import Programme
from assistance.roles import Role
from projects.models import Opening, Project, Stage
from tests import factories as make
from tests.api.conftest import Ask

pytestmark = pytest.mark.django_db

SHARES = [
    {"source": "PROV", "amount_yuan": "4189400.00", "paid_yuan": "3351500.00"},
    {"source": "MATCH", "amount_yuan": "881000.00"},
]


@pytest.fixture
def row() -> dict[str, Any]:
    """What a ledger says, and nothing that it does not say."""
    return {
        "pairing": make.pairing().pk,
        "county": make.COUNTY,
        "fiscal_year": 2026,
        "name": "演示·肉牛养殖基地",
        "sector": "IND",
        "implementing_unit": "演示县农业农村局",
        "as_of": "2026-05-31",
        "stage": "ACTIVE",
        "nature": "NEW",
        "year": 2026,
        "physical_pct": "60.00",
        "total_investment_yuan": "5070400.00",
        "shares": SHARES,
        "source_file": "演示台账.xlsx",
        "source_row": 5,
    }


def test_a_project_is_taken_over_and_confirmed(partner: Ask, row: dict[str, Any]) -> None:
    clerk, reviewer = partner(Role.CLERK), partner(Role.REVIEWER)
    answer = clerk.post("openings/", row, key="k1")
    assert answer.status_code == 201, answer.content
    told = answer.json()
    opening = Opening.objects.get()
    assert answer["Location"].endswith(f"/api/v1/openings/{opening.pk}/")
    assert told["allowed_actions"] == ["decline"]
    assert (told["counted_at"], told["stage"]) == (None, "ACTIVE")
    assert (told["aid_yuan"], told["paid_yuan"]) == ("4189400.00", "3351500.00")
    assert told["shares"][1] == {
        "source": "MATCH", "amount_yuan": "881000.00", "paid_yuan": "0.00", "fund_plan": None,
    }  # fmt: skip
    assert told["physical_pct"] == "60.00"
    assert clerk.post("openings/", row, key="k1").json()["id"] == opening.pk
    assert Opening.objects.count() == 1

    path = f"openings/{opening.pk}/"
    assert reviewer.get(path).json()["allowed_actions"] == ["confirm", "decline"]
    assert reviewer.post(f"{path}confirm/").status_code == 428
    assert reviewer.post(f"{path}confirm/", version=9).status_code == 412
    answer = reviewer.post(f"{path}confirm/", version=1)
    assert answer.status_code == 200, answer.content
    assert answer["ETag"] == '"2"'
    assert answer.json()["allowed_actions"] == ["strike_out"]
    again = reviewer.post(f"{path}confirm/", version=2)
    assert (again.status_code, again.json()["code"]) == (409, "opening_is_settled")

    taken_over = reviewer.get(f"projects/{told['project']}/").json()["taken_over"]
    assert taken_over["as_of"] == "2026-05-31"
    assert (taken_over["source_file"], taken_over["source_row"]) == ("演示台账.xlsx", 5)
    assert taken_over["confirmed"] is True
    assert any("3,351,500.00" in sentence for sentence in taken_over["not_checked"])
    assert taken_over["not_checked"] == reviewer.get(path).json()["not_checked"]


def test_a_project_of_the_whole_road_was_not_taken_over(partner: Ask) -> None:
    assert partner().get(f"projects/{make.draft().code}/").json()["taken_over"] is None


@pytest.mark.parametrize(
    ("role", "code"),
    [
        (Role.P_EDIT, make.COUNTY),
        (Role.P_REVIEW, make.COUNTY),
        (Role.FRONT, make.PREFECTURE),
        (Role.D_EDIT, make.DONOR),
        (Role.REVIEWER, make.DONOR_CITY),
    ],
)
def test_only_the_clerk_takes_over(
    partner: Ask, row: dict[str, Any], role: Role, code: str
) -> None:
    caller = partner(role, code)
    assert caller.post("openings/", row).status_code == 403
    assert caller.post("openings/", {}).status_code == 403
    assert not Project.objects.exists()
    if role == Role.REVIEWER:
        return
    opening = make.opening(pairing=make.pairing())
    path = f"openings/{opening.pk}/"
    shown = caller.get(path)
    assert shown.status_code == 200
    assert shown.json()["allowed_actions"] == []
    for verb in ("confirm", "decline", "strike-out"):
        assert caller.post(f"{path}{verb}/", {"reason": "x"}, version=2).status_code == 403


def test_openings_from_elsewhere_are_not_there(partner: Ask) -> None:
    far = make.opening(pairing=make.pairing(make.FAR_COUNTY, make.OTHER_DONOR))
    near = make.opening()
    caller = partner()
    missing = caller.get(f"openings/{10**15}/")
    foreign = caller.get(f"openings/{far.pk}/")
    assert (foreign.status_code, foreign.content) == (404, missing.content)
    assert caller.post(f"openings/{far.pk}/confirm/", version=1).status_code == 404
    assert [found["id"] for found in caller.get("openings/").json()["results"]] == [near.pk]


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("as_of", {"as_of": "2026-06-16"}),
        ("stage", {"stage": "DRAFT"}),
        ("year", {"year": 2025}),
        ("physical_pct", {"physical_pct": "100.01"}),
        ("physical_pct", {"physical_pct": 60}),
        ("physical_pct", {"stage": "CLOSED"}),
        ("total_investment_yuan", {"total_investment_yuan": "100.00"}),
        ("shares", {"shares": []}),
        ("shares", {"shares": [{"source": "PROV", "amount_yuan": "1", "paid_yuan": "2"}]}),
        ("shares", {"shares": [{"source": "MATCH", "amount_yuan": "1", "paid_yuan": "1"}]}),
        ("shares", {"shares": [{"source": "PROV", "amount_yuan": "1", "fund_plan": 10**15}]}),
        ("pairing", {"pairing": 10**15}),
        ("county", {"county": make.OTHER_COUNTY}),
        ("source_file", {"source_file": " "}),
        ("aid_yuan", {"aid_yuan": "1.00"}),
        ("targets", {"targets": []}),
    ],
)
def test_what_does_not_fit_is_named(
    partner: Ask, row: dict[str, Any], field: str, wrong: dict[str, Any]
) -> None:
    bare = {k: v for k, v in row.items() if k != "total_investment_yuan"}
    answer = partner(Role.CLERK).post("openings/", bare | wrong)
    assert answer.status_code == 400, answer.content
    assert field in answer.json()["errors"]
    assert not Project.objects.exists()


def test_a_live_programme_and_a_duplicate_are_refused(partner: Ask, row: dict[str, Any]) -> None:
    clerk = partner(Role.CLERK)
    assert clerk.post("openings/", row).status_code == 201
    answer = clerk.post("openings/", row)
    assert (answer.status_code, answer.json()["code"]) == (409, "project_is_there")
    Programme.objects.update(went_live_on="2026-06-01")
    answer = clerk.post("openings/", row | {"name": "演示另一个"})
    assert (answer.status_code, answer.json()["code"]) == (409, "programme_is_live")


def test_declining_and_striking_out_withdraw_the_project(partner: Ask) -> None:
    reviewer = partner(Role.REVIEWER)
    for opening, verb in ((make.opening_waiting(), "decline"), (make.opening(), "strike-out")):
        path = f"openings/{opening.pk}/{verb}/"
        assert reviewer.post(path, {}, version=opening.version).status_code == 400
        answer = reviewer.post(path, {"reason": "演示"}, version=opening.version)
        assert answer.status_code == 200, answer.content
        assert answer.json()["allowed_actions"] == []
        assert answer.json()["void_reason"] == "演示"
        opening.project.refresh_from_db()
        assert opening.project.stage == Stage.WITHDRAWN


def test_nobody_confirms_what_they_entered(partner: Ask, row: dict[str, Any]) -> None:
    account = make.user_with(Role.CLERK, Role.REVIEWER, is_service=True)
    both = partner(user=account)
    told = both.post("openings/", row).json()
    assert told["allowed_actions"] == ["decline"]
    answer = both.post(f"openings/{told['id']}/confirm/", version=1)
    assert (answer.status_code, answer.json()["code"]) == (409, "own_work")


def test_the_list_is_narrowed_and_costs_one_query(
    partner: Ask, django_assert_max_num_queries: Any
) -> None:
    waiting, ready = make.opening_waiting(), make.opening(Stage.READY)
    caller = partner()

    def ids(**asked: str) -> list[int]:
        return [found["id"] for found in caller.get("openings/", **asked).json()["results"]]

    assert ids(waiting="true") == [waiting.pk]
    assert ids(waiting="false") == [ready.pk]
    assert ids(stage="READY") == [ready.pk]
    assert ids(project=ready.project.code) == [ready.pk]
    assert ids(region=make.OTHER_COUNTY) == []
    assert ids(ordering="as_of") == [waiting.pk, ready.pk]
    told = caller.get("openings/", fields="id,paid_yuan,county_name").json()["results"][0]
    assert set(told) == {"id", "paid_yuan", "county_name"}
    with django_assert_max_num_queries(8):
        ids()
