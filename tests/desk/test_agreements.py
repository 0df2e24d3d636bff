"""Agreements, returns and the plan go over the desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from assistance.actions.plan import load_plan
from assistance.models import (
    Agreement,
    AgreementState,
    AgreementTarget,
    Donation,
    MonthlyReturn,
    PlanActual,
    PlanIndicator,
    ReturnAdjustment,
    ReturnState,
    Visit,
)
from assistance.roles import Role
from tests import factories as make
from tests.desk.conftest import Seat, address_of, errors_on

pytestmark = pytest.mark.django_db

Sit = Callable[..., Seat]


def said_on(page: Any) -> str:
    return str(page.content.decode())


def test_an_agreement_from_the_draft_to_the_amended_target(sit_down: Sit) -> None:
    clerk, approver = sit_down(Role.CLERK), sit_down(Role.APPROVER)
    programme, indicator = make.programme(), make.indicator()
    clerk.fill_in(
        reverse("admin:assistance_agreement_add"), programme=programme.pk, year=2026,
        title="演示协议", basis="",
    )  # fmt: skip
    agreement = Agreement.objects.get()
    clerk.fill_in(
        reverse("admin:assistance_agreementtarget_add"), agreement=agreement.pk,
        indicator=indicator.pk, pairing="", value="100", q1="10", q2="40", q3="", basis="",
    )  # fmt: skip
    assert not AgreementTarget.objects.exists()
    clerk.fill_in(
        reverse("admin:assistance_agreementtarget_add"), agreement=agreement.pk,
        indicator=indicator.pk, pairing="", value="100", q1="10", q2="40", q3="70", basis="",
    )  # fmt: skip
    target = AgreementTarget.objects.get()
    assert "尚未录入目标" not in said_on(clerk.open(address_of(agreement)))
    approver.do(agreement, "sign", doc_no="演示函1", on="2026-06-01")
    agreement.refresh_from_db()
    assert agreement.state == AgreementState.SIGNED
    clerk.do(
        target, "amend", value="120", q1="10", q2="50", q3="90", doc_no="演示函2", on="2026-06-10",
        reason="演示:调整",
    )  # fmt: skip
    new = AgreementTarget.objects.get(amends=target)
    approver.do(new, "confirm")
    page = said_on(clerk.open(address_of(new)))
    for shown in ("100", "120", "已被取代", "有效", "演示函2"):
        assert shown in page


def test_the_board_of_an_agreement(sit_down: Sit) -> None:
    tie, indicator = make.pairing(), make.indicator("DEMO_OWN")
    agreement = make.agreement(AgreementState.SIGNED, {"indicator": indicator, "pairing": tie})
    for period, value in (("2026-03", 30), ("2026-04", 25)):
        make.monthly_return(
            ReturnState.ACCEPTED, pairing=tie, period=period, values={"DEMO_OWN": value}
        )
    seat = sit_down(Role.LEADER)
    page = reverse("admin:reporting_agreementprogress_change", args=[agreement.pk])
    board = said_on(seat.open(f"{page}?month=2026-04"))
    for shown in ("2026-04月末", "55.0%", "165.0%", "达到序时"):
        assert shown in board, shown
    last = said_on(seat.open(page))
    assert "2026-05月末" in last
    assert "沿用2026-04" in last
    assert "2026-05月末" in said_on(seat.open(f"{page}?month=x"))
    assert "2026-12月末" in said_on(seat.open(f"{page}?month=2019-01"))
    listed = said_on(seat.open(reverse("admin:reporting_agreementprogress_changelist")))
    assert agreement.title in listed


def test_a_return_is_filled_in_accepted_and_adjusted(sit_down: Sit) -> None:
    clerk, reviewer = sit_down(Role.CLERK), sit_down(Role.REVIEWER)
    row = make.monthly_return()
    page = clerk.do(row, "fill-in", DEMO_RETURN="1.5", note="")
    assert "整数" in errors_on(page) or "DEMO_RETURN" in errors_on(page)
    page = clerk.do(row, "submit")
    assert "没有发生的请填0" in said_on(page)
    clerk.do(row, "fill-in", DEMO_RETURN="12", note="演示")
    clerk.do(row, "submit")
    row.refresh_from_db()
    assert row.state == ReturnState.SUBMITTED
    page = reviewer.do(row, "send-back", reason="演示:核对")
    assert "演示:核对" in said_on(clerk.open(address_of(row)))
    clerk.do(row, "submit")
    reviewer.do(row, "accept")
    value = row.values.get()
    assert (value.value, value.counts) == (12, True)
    locked = make.monthly_return(ReturnState.LOCKED, period="2026-03")
    indicator = locked.values.get().indicator
    clerk.do(locked, "adjust", indicator=indicator.pk, delta="-3", reason="演示:多报")
    adjustment = ReturnAdjustment.objects.get()
    assert "−3 人次" in said_on(clerk.open(address_of(locked)))
    reviewer.do(adjustment, "confirm")
    adjustment.refresh_from_db()
    assert adjustment.counts


def test_a_locked_return_is_refused_and_none_is_entered_by_hand(sit_down: Sit) -> None:
    clerk = sit_down(Role.CLERK)
    row = make.monthly_return(ReturnState.LOCKED, period="2026-03")
    value = row.values.get()
    for verb in ("fill-in", "submit"):
        page = clerk.client.post(address_of(row, verb), {"DEMO_RETURN": "7", "note": "x"})
        assert "已锁定" in said_on(page)
    row.refresh_from_db()
    value.refresh_from_db()
    assert (row.state, row.note, value.value) == (ReturnState.LOCKED, "", 1)
    page = clerk.client.post(address_of(row), {"note": "x", "period": "2026-02"})
    row.refresh_from_db()
    assert (row.note, row.period) == ("", "2026-03")
    assert "assistance/monthlyreturn/add" not in said_on(clerk.open(reverse("admin:index")))
    add = reverse("admin:assistance_monthlyreturn_add")
    said = {"pairing": row.pairing_id, "period": "2026-03"}
    assert clerk.client.post(add, said).status_code == 403
    assert MonthlyReturn.objects.count() == 1


def test_a_partner_finds_its_own_returns_alone(sit_down: Sit) -> None:
    own = make.monthly_return()
    foreign = make.monthly_return(pairing=make.pairing(make.FAR_COUNTY, make.OTHER_DONOR))
    seat = sit_down(Role.P_EDIT, region_code=make.COUNTY)
    seat.do(own, "fill-in", DEMO_RETURN="1", note="")
    assert seat.open(address_of(foreign)).status_code in {302, 404}
    assert seat.open(address_of(foreign, "fill-in")).status_code in {302, 404}
    calendar = said_on(seat.open(reverse("admin:assistance_monthlyreturn_calendar")))
    assert address_of(own) in calendar
    assert address_of(foreign) not in calendar


def test_the_calendar_tells_what_was_due_on_time_late_and_missing(
    sit_down: Sit, clock: time_machine.Traveller
) -> None:
    tie = make.pairing()
    for period, state, known in (
        ("2026-02", ReturnState.ACCEPTED, make.at(date(2026, 3, 10), 10)),  # locked at 9 that day
        ("2026-03", ReturnState.ACCEPTED, make.at(date(2026, 4, 7))),  # due on the 7th
        ("2026-04", ReturnState.SUBMITTED, make.at(date(2026, 5, 7))),  # due on the 6th
        ("2026-05", ReturnState.OPEN, None),
    ):
        make.monthly_return(state, pairing=tie, period=period, known=known)
    seat = sit_down(Role.REVIEWER)
    page = seat.open(reverse("admin:assistance_monthlyreturn_calendar"))
    counted = {
        str(each.month): (each.owed, each.on_time, each.late, each.missing)
        for each in page.context["months"]
    }
    assert counted["2026-02"] == (1, 0, 1, 0)
    assert counted["2026-03"] == (1, 1, 0, 0)
    assert counted["2026-04"] == (1, 0, 1, 0)
    assert counted["2026-05"] == (1, 0, 0, 1)
    assert counted["2026-06"] == (0, 0, 0, 0)
    for shown in ("按时", "迟报", "补报", "未报", "2026-04-07"):
        assert shown in said_on(page)
    listed = said_on(seat.open(reverse("admin:assistance_monthlyreturn_changelist")))
    for shown in ("按时", "迟报", "未报"):
        assert shown in listed
    empty = said_on(seat.open(f"{reverse('admin:assistance_monthlyreturn_calendar')}?year=2020"))
    assert "没有应报的月报表" in empty


def test_a_year_whose_holidays_are_unknown_says_so(sit_down: Sit) -> None:
    make.monthly_return(period="2026-12")
    seat = sit_down(Role.CLERK)
    page = said_on(seat.open(reverse("admin:assistance_monthlyreturn_calendar")))
    assert "2027年放假安排尚未录入" in page


def test_the_plan_is_read_and_a_value_entered(sit_down: Sit) -> None:
    load_plan(now=make.NOW)
    clerk, reviewer = sit_down(Role.CLERK), sit_down(Role.REVIEWER)
    board = reverse("admin:reporting_planprogress_changelist")
    assert said_on(clerk.open(board)).count("未公布") == 15
    income = PlanIndicator.objects.get(code="INCOME_PC")
    clerk.fill_in(
        reverse("admin:assistance_planactual_add"), indicator=income.pk, year=2023,
        value="76354.50", numerator="", denominator="", basis="演示公报",
    )  # fmt: skip
    ratio = PlanIndicator.objects.get(code="UR_RATIO")
    clerk.fill_in(
        reverse("admin:assistance_planactual_add"), indicator=ratio.pk, year=2021, value="",
        numerator="74700", denominator="42692", basis="演示公报",
    )  # fmt: skip
    for row in PlanActual.objects.all():
        reviewer.do(row, "confirm")
    page = said_on(clerk.open(board))
    for shown in ("76,354.5 (2023)", "50.0%", "1.7497 (2021)", "74,700 / 42,692"):
        assert shown in page, shown
    own = reverse("admin:reporting_planprogress_change", args=[income.pk])
    assert "演示公报" in said_on(clerk.open(own))
    assert clerk.open(reverse("admin:assistance_planindicator_changelist")).status_code == 200
    assert clerk.open(reverse("admin:assistance_indicator_changelist")).status_code == 200


def test_what_a_pairing_brings_about_is_entered_and_confirmed(sit_down: Sit) -> None:
    tie = make.pairing()
    clerk, reviewer = sit_down(Role.CLERK), sit_down(Role.REVIEWER)
    clerk.fill_in(
        reverse("admin:assistance_donation_add"), pairing=tie.pk, giver="演示商会", kind="GOODS",
        amount_yuan="120000", valuation="", received_on="2026-05-01", purpose="演示", basis="演示",
    )  # fmt: skip
    assert not Donation.objects.exists()
    clerk.fill_in(
        reverse("admin:assistance_donation_add"), pairing=tie.pk, giver="演示商会", kind="GOODS",
        amount_yuan="120000", valuation="演示发票", received_on="2026-05-01", purpose="演示",
        basis="演示",
    )  # fmt: skip
    donation = Donation.objects.get()
    reviewer.do(donation, "confirm")
    donation.refresh_from_db()
    assert donation.counts
    assert "120,000.00" in said_on(reviewer.open(reverse("admin:assistance_donation_changelist")))
    investment = make.investment(make.enterprise(tie), confirmed=False)
    reviewer.do(investment, "confirm")
    page = said_on(clerk.open(address_of(investment.enterprise)))
    assert "3,000,000.00" in page
    clerk.fill_in(
        reverse("admin:assistance_visit_add"), pairing=tie.pk, direction="THERE",
        visited_on="2026-06-01", leader_level="HEAD", headcount="8", subject="演示", basis="",
    )  # fmt: skip
    for row in (Visit.objects.get(), make.pair_link(tie), make.park(tie), make.workshop(tie)):
        assert clerk.open(address_of(row)).status_code == 200
        name = f"admin:assistance_{row._meta.model_name}_changelist"
        assert clerk.open(reverse(name)).status_code == 200
