"""The desk in a real browser, under its own content policy."""

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("language", "lang"), [("zh-CN", "zh-hans"), ("en-GB", "en")])
def test_the_sign_in_page_breaks_no_rule_of_its_policy(
    browser: Browser, live_server: LiveServer, language: str, lang: str
) -> None:
    complaints: list[str] = []
    errors: list[str] = []
    page = browser.new_page(locale=language)
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))

    answer = page.goto(f"{live_server.url}/admin/")

    assert answer is not None
    assert answer.status == 200
    assert page.locator("html").get_attribute("lang") == lang
    assert page.locator("input[name=otp_token]").count() == 1
    assert [one for one in complaints if "Content Security Policy" in one] == []
    assert errors == []
