"""Caps, remarks, look-alikes, closed plans and policies, as people meet them at the desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from assistance.models import Setting
from assistance.roles import Role
from assistance.rules import RULES
from projects.models import Payment, PaymentPolicy, Stage
from projects.models.funds import FundPlanStatus
from projects.models.payments import PaymentStatus
from tests import factories as make
from tests.desk.conftest import Seat, address_of, errors_on

pytestmark = pytest.mark.django_db
Sit = Callable[..., Seat]

POLICIES = "admin:projects_paymentpolicy_"
STEPS = {
    "steps-0-pct": "30", "steps-0-when": "STARTED", "steps-0-number": "",
    "steps-1-pct": "50", "steps-1-when": "PROGRESS", "steps-1-number": "50",
    "steps-2-pct": "97", "steps-2-when": "ACCEPTED", "steps-2-number": "",
    "steps-3-pct": "100", "steps-3-when": "RETENTION", "steps-3-number": "12",
}  # fmt: skip


def text(page: Any) -> str:
    found: str = page.content.decode()
    return found


def test_the_page_of_a_payment_says_what_may_be_paid_and_the_verb_refuses_more(
    sit_down: Sit,
) -> None:
    project, clerk = make.project_at(Stage.ACTIVE), sit_down(Role.CLERK)
    payee = make.payee()
    fields = {
        "funding": project.funding.get().pk, "basis": "START", "amount_yuan": "300000.01",
        "paid_on": "2026-05-06", "treasury": make.treasury().pk, "payee": payee.pk,
        "voucher_no": "V-1",
    }  # fmt: skip
    page = clerk.do(project, "pay", **fields)
    assert "300,000.00" in errors_on(page)
    assert "300,000.00" in text(clerk.open(address_of(project)))
    clerk.do(project, "pay", **fields | {"amount_yuan": "150000"})
    page = clerk.do(project, "pay", **fields | {"amount_yuan": "150000", "voucher_no": "V-2"})
    assert "V-1" in errors_on(page)
    assert "duplicate_reason" in page.context["form"].errors
    reason = {"voucher_no": "V-2", "duplicate_reason": "演示:第二批"}
    clerk.do(project, "pay", **fields | {"amount_yuan": "150000"} | reason)
    second = Payment.objects.get(voucher_no="V-2")
    page = text(clerk.open(address_of(second)))
    assert "演示:第二批" in page
    assert "V-1" in page  # the one that it looks like


def test_a_payment_waits_for_the_front_team_and_then_for_the_reviewer(sit_down: Sit) -> None:
    payment = make.payment(make.project_at(Stage.ACTIVE), PaymentStatus.SUBMITTED)
    team, reviewer = sit_down(Role.FRONT), sit_down(Role.REVIEWER)
    queue = reverse("admin:projects_payment_changelist") + "?queue="
    assert reviewer.open(f"{queue}to-verify").context["cl"].result_count == 0
    assert team.open(f"{queue}to-remark").context["cl"].result_count == 1
    reviewer.do(payment, "verify")
    payment.refresh_from_db()
    assert payment.status == PaymentStatus.SUBMITTED
    assert reviewer.open(address_of(payment, "remark")).status_code == 403
    team.do(payment, "remark", remark="演示:已到场核实")
    assert reviewer.open(f"{queue}to-verify").context["cl"].result_count == 1
    assert "演示:已到场核实" in text(reviewer.open(address_of(payment)))
    reviewer.do(payment, "verify")
    payment.refresh_from_db()
    assert payment.status == PaymentStatus.VERIFIED


def test_what_was_paid_ahead_of_its_arrival_is_flagged(sit_down: Sit) -> None:
    project = make.project_at(Stage.ACTIVE)
    payment = make.payment(project, amount_yuan=250_000)
    plan = project.funding.get().fund_plan
    assert plan is not None
    make.transfer(plan=plan, amount_yuan=50_000)
    reviewer = sit_down(Role.REVIEWER)
    for page in (address_of(payment), address_of(plan)):
        assert "200,000.00" in text(reviewer.open(page)), page
    make.transfer(plan=plan, amount_yuan=200_000)
    assert "badge-open" not in text(reviewer.open(address_of(payment)))


def test_finance_closes_a_plan_with_the_document_of_the_write_off(sit_down: Sit) -> None:
    plan, unused, finance = make.fund_plan(), make.fund_plan(), sit_down(Role.FINANCE)
    assert "doc_no" in finance.do(plan, "close").context["form"].errors
    finance.do(plan, "close", doc_no="演示核销1号")
    plan.refresh_from_db()
    assert (plan.status, plan.closed_doc_no) == (FundPlanStatus.CLOSED, "演示核销1号")
    assert "演示核销1号" in text(finance.open(address_of(plan)))
    finance.do(unused, "void", reason="演示:重复下达")
    unused.refresh_from_db()
    assert unused.voided_at
    assert sit_down(Role.CLERK).open(address_of(unused, "void")).status_code == 403


def test_a_policy_is_written_as_steps_and_confirmed_by_another(sit_down: Sit) -> None:
    reviewer, county = sit_down(Role.REVIEWER), make.region()
    form = {"county": county.pk, "name": "演示办法", "starts_on": "2026-01-01"}
    wrong = STEPS | {"steps-1-number": ""}
    page = reviewer.fill_in(reverse(f"{POLICIES}add"), **form, **wrong)
    assert "steps" in page.context["adminform"].form.errors
    assert 'value="97"' in text(page)  # nothing that was typed is lost
    reviewer.fill_in(reverse(f"{POLICIES}add"), **form, **STEPS)
    policy = PaymentPolicy.objects.get()
    assert [step["pct"] for step in policy.steps] == ["30", "50", "97", "100"]
    assert policy.steps[1]["progress"] == "50"
    assert policy.steps[3]["months"] == 12
    approver = sit_down(Role.APPROVER)
    listed = approver.open(reverse(f"{POLICIES}changelist"))
    (in_force,) = listed.context["panels"]
    assert len(in_force.rows) == 1  # only the default one yet
    approver.do(policy, "confirm")
    policy.refresh_from_db()
    assert policy.counted_at
    (in_force,) = approver.open(reverse(f"{POLICIES}changelist")).context["panels"]
    assert in_force.rows[0][0] == county
    assert approver.open(address_of(policy)).status_code == 200
    approver.do(policy, "strike-out", reason="演示")
    policy.refresh_from_db()
    assert policy.void_reason == "演示"


@pytest.mark.parametrize("role", [Role.CLERK, Role.FINANCE, Role.P_EDIT])
def test_others_do_not_write_policies(sit_down: Sit, role: Role) -> None:
    assert sit_down(role).open(reverse(f"{POLICIES}add")).status_code == 403


def test_every_rule_is_shown_with_what_applies_and_its_default(sit_down: Sit) -> None:
    page = sit_down(Role.REVIEWER).open(reverse("admin:assistance_setting_changelist"))
    (panel,) = page.context["panels"]
    assert len(panel.rows) == len(RULES)
    for _rule, applies, default, *_rest in panel.rows:  # nobody has set one yet
        assert default in (applies, f"{applies}（暂定）")
    assert {row[2].endswith("（暂定）") for row in panel.rows} == {True, False}


def test_a_set_rule_shows_since_when_it_applies(sit_down: Sit) -> None:
    reviewer, approver = sit_down(Role.REVIEWER), sit_down(Role.APPROVER)
    address = reverse("admin:assistance_setting_add")
    for value, day in (("15", "2026-01-01"), ("20", "2026-12-01")):
        reviewer.fill_in(address, key="notice_min_days", value=value, starts_on=day)
    for setting in Setting.objects.order_by("pk"):
        approver.do(setting, "confirm")
    (panel,) = approver.open(reverse("admin:assistance_setting_changelist")).context["panels"]
    row = panel.rows[list(RULES).index("notice_min_days")]
    assert (row[1].split()[0], row[2].split()[0], row[3]) == ("15", "10", date(2026, 1, 1))
    assert row[5].startswith("20 ")
    assert "2026-12-01" in row[5]
