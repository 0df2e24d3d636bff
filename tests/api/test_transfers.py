"""The partner reports that money arrived; finance confirms it."""

from __future__ import annotations

from typing import Any

import pytest

from assistance.roles import Role
from projects.actions import confirm_transfer
from projects.models import Transfer
from projects.models.funds import TransferStatus
from tests import factories as make
from tests.api.conftest import Ask

pytestmark = pytest.mark.django_db

ARRIVAL = {"arrived_on": "2026-02-12", "voucher_no": "演示凭证1"}


@pytest.fixture
def underway() -> Transfer:
    return make.transfer(TransferStatus.DRAFT, arrived_on=None, voucher_no="")


def test_an_arrival_is_reported_and_then_confirmed(partner: Ask, underway: Transfer) -> None:
    county, path = partner(), f"transfers/{underway.pk}/"
    answer = county.get(path)
    assert answer.json()["allowed_actions"] == ["report_arrival"]
    assert answer["ETag"] == '"1"'
    answer = county.post(f"{path}report-arrival/", ARRIVAL, version=1)
    assert answer.status_code == 200
    assert answer["ETag"] == '"2"'
    assert answer.json()["arrived_on"] == "2026-02-12"
    assert answer.json()["status"] == "draft"
    underway.refresh_from_db()
    assert underway.updated_by.is_service
    confirm_transfer(underway, by=make.hand(Role.FINANCE), now=make.NOW)
    answer = county.post(f"{path}report-arrival/", ARRIVAL, version=3)
    assert answer.status_code == 409
    assert answer.json()["code"] == "transfer_is_settled"
    assert answer.json()["allowed_actions"] == []


def test_a_report_names_its_version(partner: Ask, underway: Transfer) -> None:
    county, path = partner(), f"transfers/{underway.pk}/report-arrival/"
    assert county.post(path, ARRIVAL).status_code == 428
    assert county.post(path, ARRIVAL, version=9).status_code == 412


@pytest.mark.parametrize(
    "wrong",
    [
        {"arrived_on": "2026-02-09"},
        {"arrived_on": "2027-01-01"},
        {"arrived_on": None},
        {"voucher_no": " "},
        {"voucher_no": "x" * 61},
        {"amount_yuan": "1"},
    ],
)
def test_a_report_that_does_not_fit_is_400(
    partner: Ask, underway: Transfer, wrong: dict[str, Any]
) -> None:
    answer = partner().post(f"transfers/{underway.pk}/report-arrival/", ARRIVAL | wrong, version=1)
    assert answer.status_code == 400
    underway.refresh_from_db()
    assert underway.arrived_on is None


@pytest.mark.parametrize(
    ("role", "region_code"),
    [(Role.P_EDIT, make.PREFECTURE), (Role.D_EDIT, make.DONOR), (Role.P_REVIEW, make.COUNTY)],
)
def test_those_who_only_read_report_nothing(
    partner: Ask, underway: Transfer, role: Role, region_code: str
) -> None:
    caller = partner(role, region_code)
    assert caller.get(f"transfers/{underway.pk}/").json()["allowed_actions"] == []
    answer = caller.post(f"transfers/{underway.pk}/report-arrival/", ARRIVAL, version=1)
    assert answer.status_code == 403
