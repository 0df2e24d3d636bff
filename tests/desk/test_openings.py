"""Openings at the desk: the clerk takes a project over, the reviewer confirms it, everybody reads
what nobody checked.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from assistance.models import Programme
from assistance.roles import Role
from projects.models import Opening, Project, Source, Stage
from tests import factories as make
from tests.desk.conftest import Seat, address_of, errors_on

Sit = Callable[..., Seat]
ADD = "admin:projects_opening_add"
LIST = "admin:projects_opening_changelist"
LEDGER_ROW = {
    "source_file": "演示台账.xlsx",
    "source_row": "5",
    "as_of": "2026-05-31",
    "name": "演示·肉牛养殖基地",
    "place": "演示镇",
    "fiscal_year": "2026",
    "sector": "IND",
    "stage": "ACTIVE",
    "physical_pct": "60",
    "nature": "NEW",
    "year": "2026",
    "total_investment_yuan": "5070400.00",
    "content": "演示圈舍2297平方米",
    "beneficiary_households": "603",
    "beneficiary_persons": "2078",
    "lifted_persons": "90",
    "planned_start": "2026-03-01",
    "planned_end": "2026-11-30",
    "shares-TOTAL_FORMS": "2",
    "shares-0-source": "PROV",
    "shares-0-amount_yuan": "4189400.00",
    "shares-0-opening_paid_yuan": "3351500.00",
    "shares-1-source": "MATCH",
    "shares-1-amount_yuan": "881000.00",
    "shares-1-opening_paid_yuan": "0.00",
}


def _fill_in(seat: Seat, **fields: Any) -> Any:
    tie = make.pairing()
    place = {"pairing": tie.pk, "county": tie.recipient_id}
    return seat.fill_in(reverse(ADD), **LEDGER_ROW | place | fields)


def test_a_clerk_takes_a_project_over_and_a_reviewer_confirms_it(sit_down: Sit) -> None:
    clerk, reviewer = sit_down(Role.CLERK), sit_down(Role.REVIEWER)
    unit = make.organisation()
    answer = _fill_in(clerk, implementing_unit=unit.pk)
    assert answer.redirect_chain, errors_on(answer)
    opening, project = Opening.objects.get(), Project.objects.get()
    assert (opening.source, opening.as_of) == ("演示台账.xlsx:5", date(2026, 5, 31))
    assert (project.implementing_unit, project.county.code) == (unit, make.COUNTY)
    assert project.aid_yuan == Decimal("4189400.00")
    paid = dict(opening.shares.values_list("source", "opening_paid_yuan"))
    assert paid == {Source.PROV: Decimal("3351500.00"), Source.MATCH: Decimal(0)}

    waiting = reviewer.open(f"{reverse(LIST)}?queue=to-confirm").content.decode()
    assert project.name in waiting
    assert address_of(opening, "confirm") in waiting
    reviewer.do(opening, "confirm")
    project.refresh_from_db()
    assert project.stage == Stage.ACTIVE
    clerk.client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    page = clerk.client.get(address_of(project))
    text = page.content.decode()
    assert "Not checked: taken over" in text
    assert "3,351,500.00 yuan paid before" in text
    assert address_of(opening) in text


def test_what_does_not_fit_is_told_on_the_form_with_nothing_lost(sit_down: Sit) -> None:
    clerk = sit_down(Role.CLERK)
    answer = _fill_in(clerk, total_investment_yuan="100.00", stage="COMPLETED")
    assert "physical_pct" in errors_on(answer)
    answer = _fill_in(clerk, total_investment_yuan="100.00")
    assert "total_investment_yuan" in errors_on(answer)
    content = answer.content.decode()
    assert "演示·肉牛养殖基地" in content
    assert "3351500.00" in content
    answer = _fill_in(clerk, **{"shares-0-opening_paid_yuan": "4189400.01"})
    assert "4,189,400.01" in answer.content.decode()
    assert not Project.objects.exists()


def test_nothing_is_taken_over_into_a_live_programme(sit_down: Sit) -> None:
    clerk = sit_down(Role.CLERK)
    kind = make.programme()
    page = clerk.fill_in(address_of(kind), went_live_on="2026-06-01")
    assert page.redirect_chain, errors_on(page)
    assert Programme.objects.get().went_live_on == date(2026, 6, 1)
    answer = _fill_in(clerk)
    assert "2026年6月1日" in errors_on(answer)


def test_the_page_of_a_programme_warns_what_going_live_does(sit_down: Sit) -> None:
    seat, kind = sit_down(Role.CLERK), make.programme()
    seat.client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    page = seat.client.get(address_of(kind)).content.decode()
    assert "no project that ran before can be taken over" in page


def test_only_clerks_are_offered_the_form_and_only_reviewers_the_verbs(sit_down: Sit) -> None:
    opening = make.opening_waiting()
    for role, code in ((Role.REVIEWER, 403), (Role.P_EDIT, 403), (Role.CLERK, 200)):
        seat = sit_down(role)
        assert seat.open(reverse(ADD)).status_code == code, role
        page = seat.open(address_of(opening)).content.decode()
        assert (address_of(opening, "confirm") in page) is (role == Role.REVIEWER)
        assert (address_of(opening, "decline") in page) is (role == Role.REVIEWER)
        assert address_of(opening, "take-back") not in page  # of another clerk
        if role != Role.REVIEWER:
            assert seat.client.post(address_of(opening, "confirm")).status_code == 403
    elsewhere = sit_down(Role.P_EDIT, region_code=make.OTHER_COUNTY)
    assert elsewhere.open(address_of(opening)).status_code == 302


def test_the_clerk_takes_back_what_was_entered_wrongly(sit_down: Sit) -> None:
    clerk = sit_down(Role.CLERK)
    _fill_in(clerk)
    opening = Opening.objects.get()
    clerk.do(opening, "take-back", reason="演示错行")
    assert Project.objects.get().stage == Stage.WITHDRAWN
    assert _fill_in(clerk).redirect_chain


def test_own_work_and_stale_versions_are_refused(sit_down: Sit) -> None:
    both = sit_down(Role.CLERK, Role.REVIEWER)
    _fill_in(both)
    opening = Opening.objects.get()
    both.client.post(address_of(opening, "confirm"), {"seen_version": "1"})
    opening.refresh_from_db()
    assert opening.waits
    reviewer = sit_down(Role.REVIEWER)
    refused = reviewer.do(opening, "confirm", seen_version="9")
    assert refused.context["form"].errors
    opening.refresh_from_db()
    assert opening.waits


def test_many_are_confirmed_from_the_list_each_with_its_line(sit_down: Sit) -> None:
    rows = [make.opening_waiting() for _number in range(3)]
    reviewer = sit_down(Role.REVIEWER)
    sent: dict[str, Any] = {
        "action": "confirm_selected",
        "_selected_action": [row.pk for row in rows],
        "confirmed": "1",
    } | {f"version_{row.pk}": "1" for row in rows}
    page = reviewer.client.post(reverse(LIST), sent)
    assert [result.went_through for result in page.context["results"]] == [True] * 3
    assert Opening.objects.counting().count() == 3


def test_a_confirmed_opening_is_struck_out_with_a_reason(sit_down: Sit) -> None:
    opening = make.opening()
    sit_down(Role.REVIEWER).do(opening, "void", reason="演示错行")
    opening.refresh_from_db()
    assert opening.void_reason == "演示错行"
    assert Project.objects.get().stage == Stage.WITHDRAWN


def test_a_draft_that_waits_to_be_taken_over_offers_no_steps_of_a_draft(sit_down: Sit) -> None:
    project = make.opening_waiting().project
    clerk = sit_down(Role.CLERK)
    page = clerk.open(address_of(project))
    assert 'name="name"' not in page.content.decode()  # it is shown, not edited
    assert address_of(project, "submit") not in page.content.decode()
    assert (
        project.name
        not in clerk.open(
            f"{reverse('admin:projects_project_changelist')}?queue=to-submit"
        ).content.decode()
    )


def test_the_list_asks_as_much_for_many_rows_as_for_few(sit_down: Sit) -> None:
    seat = sit_down(Role.CLERK, Role.REVIEWER)
    counts = []
    for more in (2, 5):
        for _number in range(more):
            make.opening_waiting()
        with CaptureQueriesContext(connection) as caught:
            assert seat.open(reverse(LIST)).status_code == 200
        counts.append(len(caught))
    assert counts[0] == counts[1]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_no_page_breaks_its_policy_or_the_width_of_the_screen(
    browser: Browser, live_server: LiveServer, sit_down: Sit, width: int, language: str
) -> None:
    seat = sit_down(Role.CLERK, Role.REVIEWER)
    waiting, opening = make.opening_waiting(), make.opening(Stage.CLOSED)
    context = browser.new_context(viewport={"width": width, "height": 900}, locale=language)
    cookie = seat.client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}]
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for address in (
        reverse(ADD),
        reverse(LIST),
        address_of(waiting),
        address_of(waiting, "confirm"),
        address_of(opening),
        address_of(opening.project),
        address_of(Programme.objects.get()),
    ):
        answer = page.goto(f"{live_server.url}{address}")
        assert answer is not None
        assert answer.status == 200, address
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{address} is {wide} px wide"
    page.goto(f"{live_server.url}{reverse(ADD)}")
    page.click(".field-implementing_unit .select2-selection")
    page.wait_for_selector(".select2-results__option")
    assert complaints == []
    context.close()
