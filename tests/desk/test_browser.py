"""The desk in a real browser: under its own content policy, on a desk and on a phone."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from assistance.roles import Role
from projects.models import Stage
from tests import factories as make
from tests.desk.conftest import Seat, address_of


def _signed_in(browser: Browser, live_server: LiveServer, seat: Seat, width: int) -> Page:
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="zh-CN")
    context.add_cookies(
        [
            {
                "name": settings.SESSION_COOKIE_NAME,
                "value": seat.client.cookies[settings.SESSION_COOKIE_NAME].value,
                "url": live_server.url,
            }
        ]
    )
    return context.new_page()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [1440, 390])
def test_no_page_breaks_its_policy_or_the_width_of_the_screen(
    browser: Browser, live_server: LiveServer, sit_down: Callable[..., Seat], width: int
) -> None:
    seat = sit_down(Role.CLERK)
    draft, active = make.draft(), make.project_at(Stage.ACTIVE)
    completed = make.project_at(Stage.COMPLETED)
    accepted, asset = make.acceptance(completed), make.asset(completed)
    found = make.finding(project=completed)
    page = _signed_in(browser, live_server, seat, width)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    for address in (
        "/admin/",
        reverse("admin:projects_project_changelist"),
        reverse("admin:projects_project_add"),
        address_of(draft),
        address_of(active),
        address_of(active, "pay"),
        address_of(completed),
        address_of(completed, "record-acceptance"),
        address_of(completed, "evaluate"),
        address_of(accepted),
        address_of(asset),
        address_of(found),
        reverse("admin:projects_acceptance_changelist"),
        reverse("admin:projects_finding_changelist"),
    ):
        answer = page.goto(f"{live_server.url}{address}")
        assert answer is not None
        assert answer.status == 200, address
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{address} is {wide} px wide"
    page.goto(f"{live_server.url}{address_of(draft)}")
    page.click(".field-implementing_unit .select2-selection")
    page.wait_for_selector(".select2-results__option")
    page.goto(f"{live_server.url}{address_of(active, 'pay')}")
    page.fill("#id_amount_yuan", "1234567.89")
    assert page.text_content(".yuan-hint") == "= 123.46 万元"
    assert complaints == []
