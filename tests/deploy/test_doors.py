"""What every answer carries, how long a session lasts, and when the house says it is ready."""

import json
from datetime import datetime, timedelta

import psycopg2
import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection
from django.test import Client, RequestFactory, override_settings
from django.urls import reverse
from django.utils import timezone

from assistance.models import User
from assistance.sessions import client_address
from reporting.models import Tick

PAGES = ["/", "/admin/login/", "/healthz/live", "/nowhere"]


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES)
def test_every_answer_carries_the_security_headers(client: Client, page: str) -> None:
    headers = client.get(page).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES)
@override_settings(SECURE_HSTS_SECONDS=31_536_000, SECURE_HSTS_INCLUDE_SUBDOMAINS=True)
def test_over_tls_a_browser_is_told_to_stay_there(client: Client, page: str) -> None:
    headers = client.get(page, secure=True).headers
    assert headers["Strict-Transport-Security"].startswith("max-age=31536000; includeSubDomains")


@pytest.fixture
def clerk(client: Client) -> User:
    user = User.objects.create_user("clerk", password="correct horse battery")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return user


def signed_in(client: Client) -> bool:
    request = client.get(reverse("admin:login")).wsgi_request
    return bool(request.user.is_authenticated)


@pytest.mark.django_db
def test_nothing_a_signed_in_person_sees_is_stored(client: Client, clerk: User) -> None:
    assert "no-store" in client.get("/").headers["Cache-Control"]


@pytest.mark.django_db
def test_a_session_ends_after_half_an_hour_of_rest(client: Client, clerk: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert signed_in(client)
        clock.shift(timedelta(minutes=29))
        assert signed_in(client)
        clock.shift(timedelta(minutes=29))
        assert signed_in(client)
        clock.shift(timedelta(minutes=31))
        assert not signed_in(client)


@pytest.mark.django_db
def test_a_session_ends_after_twelve_hours_of_work(client: Client, clerk: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(36):
            assert signed_in(client)
            clock.shift(timedelta(minutes=20))
        assert not signed_in(client)
    assert not Session.objects.filter(pk=client.cookies["sessionid"].value).exists()


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "10.0.0.1, 203.0.113.9", "203.0.113.9"),
        (2, "10.0.0.1, 203.0.113.9, 198.51.100.7", "203.0.113.9"),
        (2, "203.0.113.9", "192.0.2.1"),
        (1, "", "192.0.2.1"),
    ],
)
def test_an_invented_address_is_not_believed(proxies: int, forwarded: str, address: str) -> None:
    request = RequestFactory(REMOTE_ADDR="192.0.2.1").get(
        "/", headers={"X-Forwarded-For": forwarded}
    )
    with override_settings(TRUSTED_PROXIES=proxies):
        assert client_address(request) == address


@pytest.mark.django_db
def test_the_house_is_ready_while_the_bell_rings(client: Client, now: datetime) -> None:
    Tick.objects.create(name="bell", rang_at=now - timedelta(seconds=170))
    with time_machine.travel(now, tick=False):
        answer = client.get("/healthz/ready")
    assert (answer.status_code, json.loads(answer.content)) == (200, {"ready": True, "reasons": []})


@pytest.mark.django_db
def test_the_house_is_not_ready_when_the_bell_is_silent(client: Client, now: datetime) -> None:
    Tick.objects.create(name="bell", rang_at=now - timedelta(seconds=181))
    with time_machine.travel(now, tick=False):
        answer = client.get("/healthz/ready")
    assert answer.status_code == 503
    assert json.loads(answer.content)["reasons"] == ["tick_is_old"]


def test_the_house_is_not_ready_without_its_database(
    client: Client, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("the database is away") from psycopg2.OperationalError()

    monkeypatch.setattr(connection, "cursor", away)
    answer = client.get("/healthz/ready")
    assert answer.status_code == 503
    assert json.loads(answer.content) == {"ready": False, "reasons": ["database_is_away"]}
    assert client.get("/healthz/live").status_code == 200


def try_password(client: Client, username: str, password: str, address: str = "192.0.2.1") -> int:
    answer = client.post(
        reverse("admin:login"),
        {"username": username, "password": password, "otp_token": ""},
        REMOTE_ADDR=address,
    )
    return answer.status_code


@pytest.mark.django_db
@pytest.mark.parametrize("username", ["clerk", "nobody-of-this-name"])
def test_the_sixth_guess_is_not_heard_wherever_it_comes_from(client: Client, username: str) -> None:
    User.objects.create_user("clerk", password="correct horse battery")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        answers = [try_password(client, username, "wrong", f"192.0.2.{n}") for n in range(1, 6)]
        assert answers == [200, 200, 200, 200, 429]
        assert try_password(client, username, "correct horse battery", "192.0.2.9") == 429
        clock.shift(timedelta(minutes=31))
        assert try_password(client, username, "wrong") == 200


@pytest.mark.django_db
def test_one_account_locked_out_locks_nobody_else_at_the_same_address(client: Client) -> None:
    for _ in range(6):
        try_password(client, "forgetful", "wrong")
    assert try_password(client, "forgetful", "wrong") == 429
    assert try_password(client, "colleague", "wrong") == 200
