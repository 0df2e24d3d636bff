"""Partners enter money and report it; the office's own systems check it: every verb, every no."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from assistance.roles import Role
from projects.actions import confirm_policy, propose_policy
from projects.models import (
    FundPlan,
    Payment,
    PaymentPolicy,
    Project,
    Refund,
    Stage,
    Transfer,
    TransferReturn,
)
from projects.models.funds import FundPlanStatus
from projects.models.payments import PaymentStatus
from tests import factories as make
from tests.api.conftest import Ask

pytestmark = pytest.mark.django_db
MaxQueries = Callable[..., Any]

TREASURY = f"演示单位{make.COUNTY}"


@pytest.fixture
def project() -> Project:
    """Under way, with a share of 1,000,000 yuan; the county has a treasury."""
    make.treasury()
    return make.project_at(Stage.ACTIVE)


def payment_body(**overrides: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "source": "PROV", "basis": "START", "amount_yuan": "1000.00", "paid_on": "2026-05-06",
        "treasury": TREASURY, "payee": "演示新单位", "voucher_no": "V-1",
    }  # fmt: skip
    return body | overrides


def test_a_partner_enters_a_payment_once_and_the_office_verifies_it(
    partner: Ask, project: Project
) -> None:
    county, path = partner(), f"projects/{project.code}/payments/"
    first = county.post(path, payment_body(), key="k")
    assert first.status_code == 201, first.content
    assert county.post(path, payment_body(), key="k").json() == first.json()
    payment = Payment.objects.get()
    assert first["Location"].endswith(f"/api/v1/payments/{payment.pk}/")
    shown = first.json()
    assert (shown["status"], shown["amount_yuan"], shown["payee"]) == (
        "submitted", "1000.00", "演示新单位",
    )  # fmt: skip
    assert shown["allowed_actions"] == []
    assert county.post(f"payments/{payment.pk}/verify/", version=1).status_code == 403
    office = partner(Role.REVIEWER, make.DONOR_CITY)
    assert office.get(f"payments/{payment.pk}/").json()["allowed_actions"] == ["verify", "reject"]
    assert office.post(f"payments/{payment.pk}/verify/").status_code == 428
    assert office.post(f"payments/{payment.pk}/verify/", version=9).status_code == 412
    answer = office.post(f"payments/{payment.pk}/verify/", version=1)
    assert (answer.status_code, answer.json()["status"]) == (200, "verified")
    again = office.post(f"payments/{payment.pk}/verify/", version=2)
    assert (again.status_code, again.json()["code"]) == (409, "payment_is_settled")
    assert again.json()["allowed_actions"] == ["void"]
    answer = office.post(f"payments/{payment.pk}/void/", {"reason": "演示"}, version=2)
    assert (answer.status_code, answer.json()["status"]) == (200, "voided")
    listed = county.get(path).json()["results"]
    assert [row["id"] for row in listed] == [payment.pk]
    assert listed == county.get("payments/", project=project.code).json()["results"]


@pytest.mark.parametrize(
    ("wrong", "status", "where"),
    [
        ({"amount_yuan": "300000.01"}, 409, "above_cap"),
        ({"source": "CITY"}, 400, "source"),
        ({"source": "MATCH"}, 400, "source"),
        ({"fund_plan": 10**17}, 400, "source"),
        ({"treasury": "演示没有的局"}, 400, "treasury"),
        ({"paid_on": "2027-01-01"}, 400, "paid_on"),
        ({"amount_yuan": 5}, 400, "amount_yuan"),
        ({"seq": 1}, 400, "seq"),
    ],
)
def test_a_payment_that_does_not_fit_is_refused(
    partner: Ask, project: Project, wrong: dict[str, Any], status: int, where: str
) -> None:
    answer = partner().post(f"projects/{project.code}/payments/", payment_body(**wrong))
    assert answer.status_code == status, answer.content
    found = answer.json()
    assert where in (found["errors"] if status == 400 else [found["code"]])
    assert not Payment.objects.exists()


def test_a_look_alike_is_told_and_entered_with_a_reason(partner: Ask, project: Project) -> None:
    county, path = partner(), f"projects/{project.code}/payments/"
    assert county.post(path, payment_body()).status_code == 201
    answer = county.post(path, payment_body(voucher_no="V-2"))
    assert (answer.status_code, answer.json()["code"]) == (409, "looks_like_a_duplicate")
    assert "duplicate_reason" in answer.json()["errors"]
    reason = {"voucher_no": "V-2", "duplicate_reason": "演示:第二批"}
    assert county.post(path, payment_body(**reason)).status_code == 201


def test_the_front_team_remarks_before_the_office_verifies(partner: Ask, project: Project) -> None:
    payment = make.payment(project, PaymentStatus.SUBMITTED)
    path = f"payments/{payment.pk}/"
    team, office = partner(Role.FRONT), partner(Role.REVIEWER, make.DONOR_CITY)
    answer = office.post(f"{path}verify/", version=1)
    assert (answer.status_code, answer.json()["code"]) == (409, "remark_missing")
    assert team.get(path).json()["allowed_actions"] == ["remark"]
    assert office.post(f"{path}remark/", {"remark": "演示"}, version=1).status_code == 403
    answer = team.post(f"{path}remark/", {"remark": "演示:已到场核实"}, version=1)
    assert (answer.status_code, answer.json()["front_remark"]) == (200, "演示:已到场核实")
    assert office.post(f"{path}verify/", version=2).status_code == 200


def test_a_refund_is_entered_by_the_partner_and_verified_by_finance(
    partner: Ask, project: Project
) -> None:
    make.payment(project)
    body = {"source": "PROV", "amount_yuan": "10.00", "refunded_on": "2026-05-26",
            "cause": "SURPLUS", "treasury": TREASURY, "voucher_no": "B-1"}  # fmt: skip
    county, finance = partner(), partner(Role.FINANCE, make.DONOR_CITY)
    path = f"projects/{project.code}/refunds/"
    assert finance.post(path, body).status_code == 403
    answer = county.post(path, body, key="r")
    assert answer.status_code == 201, answer.content
    assert county.post(path, body, key="r").json() == answer.json()
    row = f"refunds/{Refund.objects.get().pk}/"
    assert county.post(f"{row}verify/", version=1).status_code == 403
    assert finance.get(row).json()["allowed_actions"] == ["verify", "void"]
    assert finance.post(f"{row}verify/", version=1).json()["status"] == "verified"
    assert finance.post(f"{row}void/", {"reason": "演示"}, version=2).json()["status"] == "voided"


def test_a_transfer_and_its_return_go_from_the_partner_to_finance(partner: Ask) -> None:
    plan = make.fund_plan()
    make.treasury()
    county, finance = partner(), partner(Role.FINANCE, make.DONOR_CITY)
    body = {"fund_plan": plan.pk, "amount_yuan": "100.00", "sent_on": "2026-02-10",
            "arrived_on": "2026-02-12", "treasury": TREASURY, "voucher_no": "T-1"}  # fmt: skip
    assert finance.post("transfers/", body).status_code == 403
    answer = county.post("transfers/", body, key="t")
    assert answer.status_code == 201, answer.content
    row = f"transfers/{Transfer.objects.get().pk}/"
    assert county.post(f"{row}confirm/", version=1).status_code == 403
    assert finance.post(f"{row}confirm/", version=1).json()["status"] == "confirmed"
    back = {"transfer": Transfer.objects.get().pk, "amount_yuan": "1.00",
            "returned_on": "2026-03-01", "voucher_no": "R-1", "reason": "演示"}  # fmt: skip
    assert county.post("transfer-returns/", back | {"transfer": 10**17}).status_code == 400
    answer = county.post("transfer-returns/", back)
    assert answer.status_code == 201, answer.content
    returned = f"transfer-returns/{TransferReturn.objects.get().pk}/"
    answer = finance.post(f"{row}void/", {"reason": "演示"}, version=2)
    assert (answer.status_code, answer.json()["code"]) == (409, "has_returns")
    assert finance.post(f"{returned}confirm/", version=1).json()["status"] == "confirmed"
    answer = finance.post(f"{returned}void/", {"reason": "演示"}, version=2)
    assert answer.json()["status"] == "voided"
    assert finance.post(f"{row}void/", {"reason": "演示"}, version=2).json()["status"] == "voided"


def test_a_plan_is_drafted_issued_and_closed_by_the_office(partner: Ask) -> None:
    clerk, finance = partner(Role.CLERK, make.DONOR_CITY), partner(Role.FINANCE, make.DONOR_CITY)
    body = {"pairing": make.pairing().pk, "fiscal_year": 2026, "source": "PROV",
            "amount_yuan": "100.00", "issued_on": "2026-01-20", "doc_no": "演示文1号"}  # fmt: skip
    assert partner().post("fund-plans/", body).status_code == 403
    assert clerk.post("fund-plans/", body | {"source": "MATCH"}).status_code == 400
    answer = clerk.post("fund-plans/", body, key="p")
    assert answer.status_code == 201, answer.content
    path = f"fund-plans/{FundPlan.objects.get().pk}/"
    assert answer.json()["allowed_actions"] == ["edit"]
    assert clerk.patch(path, {"amount_yuan": "200.00"}).status_code == 428
    assert clerk.patch(path, {"status": "issued"}, version=1).status_code == 400
    assert clerk.patch(path, {"amount_yuan": "200.00"}, version=1).json()["amount_yuan"] == "200.00"
    assert clerk.post(f"{path}issue/", version=2).status_code == 403
    assert finance.post(f"{path}issue/", version=2).json()["status"] == "issued"
    answer = finance.post(f"{path}close/", {}, version=3)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_all_arrived")
    assert "doc_no" in answer.json()["errors"]
    answer = finance.post(f"{path}close/", {"doc_no": "演示核销1号"}, version=3)
    assert (answer.json()["status"], answer.json()["closed_doc_no"]) == ("closed", "演示核销1号")
    unused = make.fund_plan()
    answer = finance.post(f"fund-plans/{unused.pk}/void/", {"reason": "演示"}, version=2)
    assert answer.json()["voided_at"] is not None


def test_what_a_county_advanced_shows_on_its_plan(partner: Ask, project: Project) -> None:
    make.payment(project, amount_yuan=300_000)
    row = partner().get(f"fund-plans/{project.funding.get().fund_plan_id}/").json()
    assert (row["paid_yuan"], row["arrived_yuan"]) == ("300000.00", "0.00")


def test_the_policies_of_a_county_are_read_by_it(partner: Ask) -> None:
    proposed = propose_policy(
        county=make.region(), name="演示办法", steps=[{"pct": "70", "when": "STARTED"}],
        starts_on=date(2026, 1, 1), by=make.hand(Role.REVIEWER), now=make.NOW,
    )  # fmt: skip
    county, path = partner(), f"payment-policies/{proposed.pk}/"
    assert county.get(path).json()["standing"] == "proposed"
    confirm_policy(proposed, by=make.hand(Role.APPROVER), now=make.NOW)
    row = county.get(path).json()
    assert (row["standing"], row["steps"]) == ("confirmed", [{"pct": "70", "when": "STARTED"}])
    listed = county.get("payment-policies/", standing="confirmed").json()["results"]
    assert [found["id"] for found in listed] == [proposed.pk]
    assert partner(Role.P_EDIT, make.FAR_COUNTY).get(path).status_code == 404
    assert county.post(path, {}).status_code == 405


def _rows() -> dict[str, Any]:
    payment = make.payment(make.project_at(Stage.ACTIVE))
    transfer = make.transfer()
    return {
        "payments": payment,
        "refunds": make.paid_back(payment),
        "transfers": transfer,
        "transfer-returns": make.transfer_return(transfer),
        "fund-plans": transfer.fund_plan,
    }


def test_others_find_nothing_of_it(partner: Ask) -> None:
    rows, far = _rows(), partner(Role.P_EDIT, make.FAR_COUNTY)
    for path, row in rows.items():
        assert far.get(f"{path}/").json()["results"] == [], path
        assert far.get(f"{path}/{row.pk}/").status_code == 404, path
        assert far.post(f"{path}/{row.pk}/void/", {"reason": "x"}, version=1).status_code == 404
    code = Project.objects.get().code
    for path in ("payments", "refunds"):
        assert far.get(f"projects/{code}/{path}/").status_code == 404
        assert far.post(f"projects/{code}/{path}/", {}).status_code == 404


@pytest.mark.parametrize(
    "path", ["payments", "refunds", "transfer-returns", "fund-plans", "payment-policies"]
)
def test_a_list_costs_the_same_however_long_it_is(
    partner: Ask, path: str, django_assert_max_num_queries: MaxQueries
) -> None:
    project, transfer = make.project_at(Stage.ACTIVE), make.transfer()
    for number in range(3):
        make.paid_back(make.payment(project, amount_yuan=100 + number), amount_yuan=1)
        make.transfer_return(transfer, amount_yuan=1)
        make.fund_plan(FundPlanStatus.DRAFT)
        PaymentPolicy.objects.create(
            county=make.region(), name="x", steps=[{"pct": "1", "when": "STARTED"}],
            starts_on=date(2026, 1, 1), created_by=make.hand(Role.CLERK), created_at=make.NOW,
            updated_by=make.hand(Role.CLERK), updated_at=make.NOW,
        )  # fmt: skip
    county = partner()
    county.get(f"{path}/")
    with django_assert_max_num_queries(8) as counted:
        assert len(county.get(f"{path}/", limit=1).json()["results"]) == 1
    one = len(counted)
    with django_assert_max_num_queries(8) as counted:
        assert len(county.get(f"{path}/").json()["results"]) >= 3
    assert len(counted) == one


def test_amounts_are_filtered_and_ordered(partner: Ask, project: Project) -> None:
    for amount, day in ((300, date(2026, 5, 6)), (100, date(2026, 5, 7)), (200, date(2026, 5, 8))):
        make.payment(project, amount_yuan=Decimal(amount), paid_on=day)
    county = partner()

    def amounts(**asked: Any) -> list[str]:
        return [row["amount_yuan"] for row in county.get("payments/", **asked).json()["results"]]

    assert amounts(ordering="amount_yuan") == ["100.00", "200.00", "300.00"]
    assert amounts(ordering="-paid_on") == ["200.00", "100.00", "300.00"]
    for asked, found in (
        ({"status": "verified"}, 3), ({"status": "submitted"}, 0), ({"basis": "START"}, 3),
        ({"source": "CITY"}, 0), ({"year": 2026}, 3), ({"region": make.PREFECTURE}, 3),
        ({"region": make.OTHER_PREFECTURE}, 0), ({"project": project.code}, 3),
        ({"is_standing": "false"}, 0), ({"fund_plan": project.funding.get().fund_plan_id}, 3),
    ):  # fmt: skip
        assert len(amounts(**asked)) == found, asked
    assert county.get("payments/", payer="x").status_code == 400
