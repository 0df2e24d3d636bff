"""A partner reads, fills in and submits its own monthly returns, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assistance.models import MonthlyReturn, ReturnState, Unit
from assistance.roles import Role
from tests import factories as make
from tests.api.conftest import Partner

pytestmark = pytest.mark.django_db

Ask = Callable[..., Partner]


def address(row: MonthlyReturn, verb: str = "") -> str:
    return f"returns/{row.pairing_id}/{row.period}/{verb}"


@pytest.fixture
def row() -> MonthlyReturn:
    make.indicator("DEMO_A")
    make.indicator("DEMO_B", unit=Unit.YUAN)
    return make.monthly_return()


@pytest.fixture
def county(row: MonthlyReturn) -> Partner:
    return partner(Role.P_EDIT, make.COUNTY)


def partner(role: Role, region: str) -> Partner:
    _account, token = make.token(make.service_account(role, region))
    return Partner(token)


def test_a_return_is_filled_in_and_submitted(county: Partner, row: MonthlyReturn) -> None:
    shown = county.get(address(row))
    body = shown.json()
    assert (body["state"], body["due_on"], body["version"]) == ("OPEN", "2026-06-05", 1)
    assert [(v["indicator"], v["unit"], v["value"]) for v in body["values"]] == [
        ("DEMO_A", "PERSON_TIMES", None), ("DEMO_B", "YUAN", None),
    ]  # fmt: skip
    assert body["allowed_actions"] == ["fill_in", "submit"]
    missing = county.post(address(row, "submit/"), version=1)
    assert (missing.status_code, missing.json()["code"]) == (409, "values_missing")
    assert set(missing.json()["errors"]) == {"DEMO_A", "DEMO_B"}
    said = {"values": {"DEMO_A": "42", "DEMO_B": "1250000.50"}, "note": "演示"}
    filled = county.send("PATCH", address(row), said, version=1)
    assert filled.status_code == 200, filled.json()
    assert [v["value"] for v in filled.json()["values"]] == ["42", "1250000.5"]
    assert filled.headers["ETag"] == '"2"'
    sent = county.post(address(row, "submit/"), version=2)
    assert (sent.status_code, sent.json()["state"]) == (200, "SUBMITTED")
    assert sent.json()["allowed_actions"] == []
    late = county.send("PATCH", address(row), said, version=3)
    assert (late.status_code, late.json()["code"]) == (409, "return_in_another_state")


def test_what_does_not_fit_is_named(county: Partner, row: MonthlyReturn) -> None:
    for values, wrong in (
        ({"DEMO_A": "1.5"}, "DEMO_A"),
        ({"DEMO_X": "1"}, "DEMO_X"),
        ({"DEMO_A": 1}, "values"),
        ({"DEMO_A": "-1"}, "values"),
    ):
        answer = county.send("PATCH", address(row), {"values": values}, version=1)
        assert answer.status_code == 400, answer.json()
        assert wrong in str(answer.json()["errors"]), answer.json()
    assert not row.values.exists()
    assert county.send("PATCH", address(row), {"values": {}}).status_code == 428
    assert county.send("PATCH", address(row), {"values": {}}, version=9).status_code == 412


def test_another_countys_return_is_not_there(county: Partner, row: MonthlyReturn) -> None:
    foreign = make.monthly_return(pairing=make.pairing(make.FAR_COUNTY, make.OTHER_DONOR))
    assert county.get(address(foreign)).status_code == 404
    said = {"values": {"DEMO_A": "1"}}
    assert county.send("PATCH", address(foreign), said, version=1).status_code == 404
    assert county.post(address(foreign, "submit/"), version=1).status_code == 404
    assert [one["id"] for one in county.get("returns/").json()["results"]] == [row.pk]
    assert county.get("returns/9999/2026-05/").status_code == 404
    assert county.get(f"returns/{row.pairing_id}/2026-13/").status_code == 404
    assert not foreign.values.exists()


def test_a_locked_return_is_refused_here_too(county: Partner) -> None:
    locked = make.monthly_return(ReturnState.LOCKED, period="2026-03")
    values = {one.indicator.code: "7" for one in locked.values.all()}
    answer = county.send("PATCH", address(locked), {"values": values}, version=locked.version)
    assert (answer.status_code, answer.json()["code"]) == (409, "return_in_another_state")
    answer = county.post(address(locked, "submit/"), version=locked.version)
    assert answer.status_code == 409


def test_nobody_enters_a_return_of_a_month_a_second_time(
    county: Partner, row: MonthlyReturn
) -> None:
    said = {"pairing": row.pairing_id, "period": row.period}
    assert county.post("returns/", said).status_code == 405
    assert MonthlyReturn.objects.count() == 1


def test_a_partner_accepts_nothing(county: Partner) -> None:
    other = make.monthly_return(ReturnState.SUBMITTED, period="2026-04")
    for asks in (county, partner(Role.P_REVIEW, make.COUNTY)):
        assert asks.post(address(other, "accept/"), version=other.version).status_code == 403
    other.refresh_from_db()
    assert other.state == ReturnState.SUBMITTED


def test_the_office_sends_back_and_accepts(row: MonthlyReturn) -> None:
    first = make.monthly_return(ReturnState.SUBMITTED, period="2026-03")
    second = make.monthly_return(ReturnState.SUBMITTED, period="2026-04")
    _account, token = make.token(make.user_with(Role.REVIEWER, is_service=True))
    office = Partner(token)
    assert office.get(address(first)).json()["allowed_actions"] == ["accept", "send_back"]
    back = office.post(address(first, "send-back/"), {"reason": "演示:核对"}, version=first.version)
    assert (back.json()["state"], back.json()["return_reason"]) == ("RETURNED", "演示:核对")
    done = office.post(address(second, "accept/"), version=second.version)
    assert (done.status_code, done.json()["state"]) == (200, "ACCEPTED")
    assert second.values.filter(counted_at=None).count() == 0


def test_returns_are_listed_by_what_they_are(county: Partner, row: MonthlyReturn) -> None:
    make.monthly_return(ReturnState.SUBMITTED, period="2026-04")
    found = county.get("returns/", state="OPEN").json()["results"]
    assert [one["period"] for one in found] == ["2026-05"]
    found = county.get("returns/", period="2026-04", region=make.COUNTY).json()["results"]
    assert [(one["period"], one["state"]) for one in found] == [("2026-04", "SUBMITTED")]
