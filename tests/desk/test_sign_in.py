"""The door of the desk: password and authenticator on one page, in the reader's language."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django_otp.plugins.otp_totp.models import TOTPDevice

from assistance.models import Language
from assistance.roles import Role
from tests import factories as make
from tests.desk.conftest import Seat, code_of

LOGIN = "/admin/login/"


def _sign_in(client: Client, username: str, password: str, code: str) -> str:
    sent = {"username": username, "password": password, "otp_token": code}
    return client.post(LOGIN, sent).content.decode()


@pytest.mark.django_db
def test_a_password_alone_opens_nothing(client: Client) -> None:
    user = make.user_with(Role.CLERK)
    TOTPDevice.objects.create(user=user, name="authenticator")
    assert "请输入验证器上显示的六位数字" in _sign_in(client, user.username, make.PASSWORD, "")
    assert "动态口令不正确" in _sign_in(client, user.username, make.PASSWORD, "000000")
    assert client.get("/admin/").status_code == 302


@pytest.mark.django_db
def test_a_wrong_password_is_told_before_the_code(client: Client) -> None:
    user = make.user_with(Role.CLERK)
    assert "用户名或密码错误" in _sign_in(client, user.username, "wrong", "123456")


@pytest.mark.django_db
def test_an_account_without_an_authenticator_is_told_whom_to_ask(client: Client) -> None:
    user = make.user_with(Role.CLERK)
    assert "尚未配发动态口令" in _sign_in(client, user.username, make.PASSWORD, "123456")


@pytest.mark.django_db
def test_a_code_works_once(client: Client) -> None:
    user = make.user_with(Role.CLERK)
    device = TOTPDevice.objects.create(user=user, name="authenticator")
    code = code_of(device)
    _sign_in(Client(), user.username, make.PASSWORD, code)
    _sign_in(client, user.username, make.PASSWORD, code)
    assert client.get("/admin/").status_code == 302


@pytest.mark.django_db
def test_after_five_failures_the_account_is_closed_and_the_page_says_so(client: Client) -> None:
    user = make.user_with(Role.CLERK)
    answers = [_sign_in(client, user.username, "wrong", "") for _attempt in range(6)]
    assert "账号已锁定半小时" in answers[-1]
    assert "严禁存储、处理、传输国家秘密" in answers[-1]


@pytest.mark.django_db
def test_the_account_s_language_is_the_first_choice_and_the_switch_the_last(
    sit_down: Callable[..., Seat],
) -> None:
    seat = sit_down(Role.CLERK, language=Language.EN)
    assert "Work of the day" in seat.open("/admin/").content.decode()
    seat.client.post(reverse("set_language"), {"language": "zh-hans", "next": "/admin/"})
    assert "今日工作" in seat.open("/admin/").content.decode()
    seat.client.post(reverse("admin:logout"))
    assert not seat.client.cookies[settings.LANGUAGE_COOKIE_NAME].value


def _addresses(patterns: list[URLPattern | URLResolver], prefix: str) -> list[str]:
    found = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found += _addresses(pattern.url_patterns, prefix + str(pattern.pattern))
            continue
        address = prefix + str(pattern.pattern)
        for asked, given in (
            ("<path:object_id>", "1"),
            ("<int:pk>", "1"),
            ("<int:file_pk>", "1"),
            ("<slug:name>", "submit"),
            ("<path:content_type_id>", "1"),
        ):
            address = address.replace(asked, given)
        found.append(address)
    return found


def _desk_addresses() -> list[str]:
    (desk,) = [
        p
        for p in get_resolver().url_patterns
        if isinstance(p, URLResolver) and p.app_name == "admin"
    ]
    plain = [a for a in _addresses(desk.url_patterns, "/admin/") if not set(a) & set("(<^$?")]
    return [a for a in plain if a not in {LOGIN, "/admin/logout/"}]


@pytest.mark.django_db
def test_without_a_sign_in_every_page_of_the_desk_leads_to_the_door(client: Client) -> None:
    addresses = _desk_addresses()
    assert len(addresses) > 100
    shown = {address: client.get(address) for address in addresses}
    opened = {a: r.status_code for a, r in shown.items() if not r.headers.get("Location", "")}
    # the catalogue for scripts holds words of the framework only
    assert opened.keys() <= {"/admin/jsi18n/"}
    led = {r.headers["Location"].split("?")[0] for a, r in shown.items() if a not in opened}
    assert led <= {LOGIN, *_short_forms(addresses)}


def _short_forms(addresses: list[str]) -> set[str]:
    """Old short addresses lead to the change page, which leads to the door."""
    return {a for a in addresses if a.endswith("/1/change/")}
