"""The demo accounts: one per role, credentials in a file of their owner, kept on a second run."""

from __future__ import annotations

import base64
import json
import stat
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from assistance.actions.accounts import create_accounts
from assistance.actions.reference import load_reference
from assistance.actions.tokens import recognise_token
from assistance.models import ApiToken, Organisation, User
from assistance.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def path(tmp_path: Path) -> Path:
    load_reference()
    return tmp_path / "state" / "credentials.json"


def written(path: Path) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_every_role_has_an_account_that_opens_with_what_the_file_says(
    path: Path, now: datetime
) -> None:
    create_accounts(path, now=now)
    entries = written(path)["users"]
    assert {entry["role"] for entry in entries} == set(Role.values)
    for entry in entries:
        assert set(entry) == {"role", "organisation", "username", "password", "totp_secret"}
        user = User.objects.get(username=entry["username"])
        assert user.is_staff
        assert not user.is_superuser
        assert user.roles == {entry["role"]}
        assert len(entry["password"]) >= 12
        assert user.check_password(entry["password"])
        device = TOTPDevice.objects.get(user=user, confirmed=True)
        assert device.verify_token(totp(base64.b32decode(entry["totp_secret"])))
    assert len({entry["password"] for entry in entries}) == len(entries)


def test_only_the_owner_may_read_the_file(path: Path, now: datetime) -> None:
    create_accounts(path, now=now)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    create_accounts(path, now=now)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_every_demo_name_says_so(path: Path, now: datetime) -> None:
    create_accounts(path, now=now)
    names = [*User.objects.values_list("name", flat=True)]
    names += Organisation.objects.values_list("name_zh", flat=True)
    assert names
    assert all(name.startswith("演示·") for name in names)


def test_the_office_of_the_settings_gives_its_name(
    path: Path, now: datetime, settings: Any
) -> None:
    settings.PROGRAMME_OFFICE = "某办公室"
    create_accounts(path, now=now)
    assert {e["organisation"] for e in written(path)["users"] if e["role"] == "CLERK"} == {
        "演示·某办公室"
    }


def test_the_tokens_reach_two_regions_and_one_may_only_read(path: Path, now: datetime) -> None:
    create_accounts(path, now=now)
    found = []
    for entry in written(path)["tokens"]:
        assert set(entry) == {"organisation", "role", "token"}
        token = recognise_token(entry["token"], now=now)
        assert token is not None
        found.append((token.user.scope.region, entry["role"], token.may_write))
    assert sorted(found) == [
        ("510800", "P_EDIT", True),
        ("513300", "P_REVIEW", False),
        ("513301", "P_EDIT", True),
    ]


def test_a_second_run_keeps_every_credential(path: Path, now: datetime) -> None:
    create_accounts(path, now=now)
    before = path.read_bytes()
    again = create_accounts(path, now=now + timedelta(days=1))
    assert again.renewed == []
    assert path.read_bytes() == before


@pytest.mark.parametrize("left", [None, "", "{", '{"users": [{}], "tokens": []}', "[]"])
def test_a_lost_or_damaged_file_brings_new_credentials(
    path: Path, now: datetime, left: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    create_accounts(path, now=now)
    old = written(path)
    path.unlink()
    if left is not None:
        path.write_text(left)
    call_command("create_accounts", "--to", str(path))
    assert "was not there or damaged" in capsys.readouterr().out
    new = written(path)
    assert len(new["users"]) == len(old["users"])
    clerk = User.objects.get(username="demo-clerk")
    assert clerk.check_password(new["users"][0]["password"])
    assert not clerk.check_password(old["users"][0]["password"])
    assert recognise_token(old["tokens"][0]["token"], now=now) is None
    assert ApiToken.objects.filter(revoked_at=None).count() == len(new["tokens"])
    assert TOTPDevice.objects.filter(user=clerk).count() == 1


def test_a_file_of_another_database_is_written_anew(path: Path, now: datetime) -> None:
    create_accounts(path, now=now)
    TOTPDevice.objects.filter(user__username="demo-clerk").update(key="00" * 20)
    assert create_accounts(path, now=now).renewed == ["demo-clerk"]
    clerk = User.objects.get(username="demo-clerk")
    assert clerk.check_password(written(path)["users"][0]["password"])


def test_an_expired_token_is_followed_by_a_new_one(path: Path, now: datetime) -> None:
    create_accounts(path, now=now)
    later = now + timedelta(days=366)
    create_accounts(path, now=later)
    assert all(recognise_token(e["token"], now=later) for e in written(path)["tokens"])


def test_an_account_that_was_switched_off_stays_so(path: Path, now: datetime) -> None:
    create_accounts(path, now=now)
    User.objects.filter(username__in=["demo-sysadmin", "demo-clerk"]).update(is_active=False)
    path.unlink()
    create_accounts(path, now=now)
    assert User.objects.filter(is_active=False).count() == 2


def test_without_regions_the_remedy_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="run load_reference first"):
        call_command("create_accounts", "--to", str(tmp_path / "credentials.json"))
    assert not list(tmp_path.iterdir())


def test_production_gets_no_demo_accounts_unasked(path: Path, settings: Any) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="--in-production"):
        call_command("create_accounts", "--to", str(path))
    assert not User.objects.exists()
    call_command("create_accounts", "--to", str(path), "--in-production")
    assert path.exists()
