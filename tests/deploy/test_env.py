"""What the environment may say, and what is said when it says something wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "PROFILE": "production",
    "SECRET_KEY": "a-key-that-is-long-enough-" * 3,
    "PERSONAL_DATA_KEYS": "b25lLWtleS10aGF0LWVuY3J5cHRzLW51bWJlcnMtb2s",
    "PERSONAL_DATA_INDEX_KEY": "YW5kLWFub3RoZXItb25lLXRoYXQtZmluZHMtdGhlbS4",
    "ALLOWED_HOSTS": "jiedui.example.org",
    "SITE_URL": "https://jiedui.example.org",
    "DATABASE_URL": "postgres://jiedui@db.example.org/jiedui",
    "REDIS_URL": "redis://redis.example.org/0",
    "EMAIL_URL": "smtps://mail.example.org",
}


def check(**changes: str) -> subprocess.CompletedProcess[str]:
    """``manage.py check`` in an environment of production, with these changes."""
    bare = {name: value for name, value in os.environ.items() if name not in env.VARIABLES}
    bare["DJANGO_SETTINGS_MODULE"] = "config.settings"
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=bare | PRODUCTION | changes,
        capture_output=True,
        text=True,
        check=False,
    )


REQUIRED = [name for name, variable in env.VARIABLES.items() if variable.default is None]


@pytest.mark.parametrize("name", REQUIRED)
def test_production_does_not_start_without(name: str) -> None:
    result = check(**{name: ""})
    assert result.returncode == 1
    assert result.stderr.startswith(f"{name} is missing")
    assert f"{name}={env.VARIABLES[name].example}" in result.stderr


def test_production_does_not_start_without_tls() -> None:
    result = check(SITE_URL="http://jiedui.example.org")
    assert result.returncode == 1
    assert "SITE_URL is 'http://jiedui.example.org', which is not an https address" in result.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROFILE", "staging"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_an_unknown_word_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=f"{name} is '{value}', which is not one of"):
        env.one_of(name, ("production", "INFO"))


@pytest.mark.parametrize("value", ["many", "-1", "1.5"])
def test_a_number_that_is_none_is_named(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", value)
    with pytest.raises(ImproperlyConfigured, match="TRUSTED_PROXIES"):
        env.whole_number("TRUSTED_PROXIES")


@pytest.mark.parametrize(
    "value", ["sqlite:///file", "mysql://host/name", "postgres://host:port/name", "nonsense"]
)
def test_only_postgresql_is_a_database(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", value)
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL is not the address of a Postgre"):
        env.database("DATABASE_URL")


def test_a_password_in_a_bad_address_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://jiedui:hush@host/name")
    with pytest.raises(ImproperlyConfigured) as caught:
        env.database("DATABASE_URL")
    assert "hush" not in str(caught.value)


def test_a_database_behind_a_unix_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://me@/ledger?host=/run/postgres&port=5433")
    found = env.database("DATABASE_URL")
    assert (found["USER"], found["HOST"], found["PORT"], found["NAME"]) == (
        "me",
        "/run/postgres",
        5433,
        "ledger",
    )


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("redis://host:6379/0", "redis://host:6379/0"),
        ("rediss://host/0", "rediss://host/0"),
        ("unix:///run/redis.sock", "redis+socket:///run/redis.sock"),
        ("filesystem:///srv/broker", "filesystem://"),
    ],
)
def test_a_broker_is_read(value: str, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", value)
    assert env.broker("REDIS_URL")[0] == address


@pytest.mark.parametrize("value", ["amqp://host", "filesystem://", "host:6379"])
def test_anything_else_is_no_broker(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", value)
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL"):
        env.broker("REDIS_URL")


@pytest.mark.parametrize(
    ("value", "port", "tls"),
    [
        ("smtp://mail.example.org", 25, ""),
        ("smtp+tls://mail.example.org", 587, "starttls"),
        ("smtps://mail.example.org", 465, "implicit"),
        ("smtp://mail.example.org:2525", 2525, ""),
    ],
)
def test_a_relay_is_read(value: str, port: int, tls: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMAIL_URL", value)
    relay = env.relay("EMAIL_URL")
    assert (relay["host"], relay["port"], relay["tls"]) == ("mail.example.org", port, tls)


def test_the_relay_s_password_may_hold_any_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMAIL_URL", "smtp://clerk%40example.org:p%3Aw%2Fd@mail.example.org")
    relay = env.relay("EMAIL_URL")
    assert (relay["user"], relay["password"]) == ("clerk@example.org", "p:w/d")


def test_a_relay_without_a_host_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMAIL_URL", "smtp://")
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
        env.relay("EMAIL_URL")


def test_every_variable_is_in_the_table() -> None:
    assert all(f"| `{name}` |" in env.table() for name in env.VARIABLES)
