"""One account per role to look around with, and the service accounts of two partner systems.

They are for a first look and for tests: every name says 演示 (demo). Passwords and second factors
are drawn at random and written once into a file that only its owner can read.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction
from django_otp.plugins.otp_totp.models import TOTPDevice

from assistance.actions.tokens import issue_token, revoke_token
from assistance.models import ApiToken, Language, Organisation, Region, User
from assistance.models.regions import OrganisationKind
from assistance.models.users import TOKEN_DAYS
from assistance.roles import Role

OWNER_ONLY = 0o600
PASSWORD_BYTES = 15  # 20 characters
TOTP_BYTES = 20  # as RFC 4226 recommends
MAIL_DOMAIN = "demo.invalid"  # reserved by RFC 2606: mail to it reaches nobody

Credentials = dict[str, list[dict[str, str]]]


class Office(NamedTuple):
    """A demo organisation: its kind, the code of its region, and its names after the region's."""

    kind: OrganisationKind
    region: str
    zh: str
    en: str


OFFICES = {
    "bureau": Office(OrganisationKind.BUREAU, "", "对口工作主管部门", "programme office"),
    "org": Office(OrganisationKind.ORG_DEPT, "", "组织部门", "organisation department"),
    "garze": Office(
        OrganisationKind.RECIPIENT_OFFICE, "513300", "东西部协作办公室", "cooperation office"
    ),
    "kangding": Office(
        OrganisationKind.RECIPIENT_OFFICE, "513301", "东西部协作办公室", "cooperation office"
    ),
    "guangyuan": Office(
        OrganisationKind.RECIPIENT_OFFICE, "510800", "东西部协作办公室", "cooperation office"
    ),
    "front": Office(OrganisationKind.FRONT_TEAM, "513300", "前方工作队", "front working team"),
    "gongshu": Office(OrganisationKind.DONOR, "330105", "对口工作部门", "paired assistance office"),
}


class Account(NamedTuple):
    """A demo account of a person."""

    username: str
    role: Role
    office: str
    name: str
    language: Language = Language.ZH


ACCOUNTS = (
    Account("demo-clerk", Role.CLERK, "bureau", "演示·经办人"),
    Account("demo-reviewer", Role.REVIEWER, "bureau", "演示·审核人"),
    Account("demo-approver", Role.APPROVER, "bureau", "演示·审批人"),
    Account("demo-finance", Role.FINANCE, "bureau", "演示·财务"),
    Account("demo-district", Role.D_EDIT, "gongshu", "演示·结对区经办"),
    Account("demo-front", Role.FRONT, "front", "演示·前方工作队"),
    Account("demo-partner", Role.P_EDIT, "kangding", "演示·受援方填报"),
    Account("demo-partner-reviewer", Role.P_REVIEW, "kangding", "演示·受援方审核"),
    Account("demo-org", Role.ORG, "org", "演示·组织处"),
    Account("demo-leader", Role.LEADER, "bureau", "演示·领导"),
    Account("demo-auditor", Role.AUDITOR, "bureau", "演示·审计督查"),
    Account("demo-sysadmin", Role.SYSADMIN, "bureau", "演示·系统管理员"),
    Account("demo-secadmin", Role.SECADMIN, "bureau", "演示·安全管理员"),
    Account("demo-logauditor", Role.LOGAUDITOR, "bureau", "演示·审计管理员"),
    # one of each role stands above; these show other languages and other regions
    Account("demo-leader-en", Role.LEADER, "bureau", "演示·领导(英文)", Language.EN),
    Account("demo-garze", Role.P_EDIT, "garze", "演示·甘孜州填报"),
    Account("demo-guangyuan", Role.P_EDIT, "guangyuan", "演示·广元市填报"),
)


class System(NamedTuple):
    """A partner's computer system, which speaks to the API."""

    username: str
    role: Role
    office: str
    may_write: bool


SYSTEMS = (
    System("demo-system-kangding", Role.P_EDIT, "kangding", may_write=True),
    System("demo-system-guangyuan", Role.P_EDIT, "guangyuan", may_write=True),
    System("demo-system-garze", Role.P_REVIEW, "garze", may_write=False),
)
ISSUES_TOKENS = "demo-sysadmin"


@dataclass
class Made:
    """What was made: accounts in all, those with new credentials, and why."""

    accounts: int = len(ACCOUNTS)
    tokens: int = len(SYSTEMS)
    renewed: list[str] = field(default_factory=list)
    file_was_lost: bool = False


@transaction.atomic
def create_accounts(to: Path, *, now: datetime) -> Made:
    """Make the accounts that are missing and write the credentials of all of them to ``to``.

    Credentials in the file stay as they are. Those that it does not hold, or that belong to another
    database, are made anew, because nobody can read a password back. Region.DoesNotExist where the
    regions are not loaded.
    """
    known = _read(to)
    made = Made(file_was_lost=not known and User.objects.filter(username=ISSUES_TOKENS).exists())
    offices = {key: _office(office) for key, office in OFFICES.items()}
    entries = {entry["username"]: entry for entry in known.get("users", ())}
    users = [
        _account(account, offices, entries.get(account.username), made) for account in ACCOUNTS
    ]
    issuer = User.objects.get(username=ISSUES_TOKENS)
    written = {(t["organisation"], t["role"]): t["token"] for t in known.get("tokens", ())}
    tokens = []
    for system in SYSTEMS:
        office = offices[system.office]
        kept = written.get((office.name_zh, system.role.value), "")
        tokens.append(_token(system, office, kept, made, issuer=issuer, now=now))
    # the file before the commit: if it cannot be written, nothing was made either
    found = {"users": users, "tokens": tokens}
    if found != known:
        _write(to, found)
    to.chmod(OWNER_ONLY)
    return made


def _read(path: Path) -> Credentials:
    """What the file holds; nothing where there is none or where it was damaged."""
    try:
        found: Credentials = json.loads(path.read_text(encoding="utf-8"))
        whole = all(
            {"username", "password", "totp_secret"} <= entry.keys() for entry in found["users"]
        ) and all({"organisation", "role", "token"} <= entry.keys() for entry in found["tokens"])
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return found if whole else {}


def _write(path: Path, found: Credentials) -> None:
    """Replace the file as a whole; at no moment can anybody else read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with open(new, "x", opener=lambda name, flags: os.open(name, flags, OWNER_ONLY)) as out:
        json.dump(found, out, ensure_ascii=False, indent=1)
        out.write("\n")
        out.flush()
        os.fsync(out.fileno())
    new.replace(path)


def _office(office: Office) -> Organisation:
    region = Region.objects.get(code=office.region or settings.DONOR_CITY_CODE)
    name_zh, name_en = f"演示·{region.name_zh}{office.zh}", f"Demo: {region.name_en} {office.en}"
    if office.kind == OrganisationKind.BUREAU and settings.PROGRAMME_OFFICE:
        name_zh, name_en = f"演示·{settings.PROGRAMME_OFFICE}", f"Demo: {settings.PROGRAMME_OFFICE}"
    found, _new = Organisation.objects.get_or_create(
        kind=office.kind, region=region, name_zh=name_zh, defaults={"name_en": name_en}
    )
    return found


def _account(
    account: Account, offices: dict[str, Organisation], entry: dict[str, str] | None, made: Made
) -> dict[str, str]:
    office = offices[account.office]
    user, is_new = User.objects.get_or_create(
        username=account.username,
        defaults={
            "name": account.name,
            "email": f"{account.username}@{MAIL_DOMAIN}",
            "organisation": office,
            "language": account.language,
            "is_staff": True,
        },
    )
    if is_new:
        _give(user, account.role)
    device = TOTPDevice.objects.filter(user=user, name="demo").first()
    if entry and device and _base32(device.key) == entry["totp_secret"]:
        return entry
    made.renewed.append(account.username)
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    user.set_password(password)
    user.save(update_fields=["password"])
    TOTPDevice.objects.filter(user=user).delete()
    device = TOTPDevice.objects.create(
        user=user, name="demo", key=secrets.token_hex(TOTP_BYTES), confirmed=True
    )
    return {
        "role": account.role.value,
        "organisation": office.name_zh,
        "username": user.username,
        "password": password,
        "totp_secret": _base32(device.key),
    }


def _token(
    system: System, office: Organisation, kept: str, made: Made, *, issuer: User, now: datetime
) -> dict[str, str]:
    user, is_new = User.objects.get_or_create(
        username=system.username,
        defaults={
            "name": f"{office.name_zh}业务系统",
            "organisation": office,
            "is_service": True,
        },
    )
    if is_new:
        user.set_unusable_password()
        user.save(update_fields=["password"])
        _give(user, system.role)
    living = ApiToken.objects.filter(user=user, revoked_at=None, expires_at__gt=now)
    prefix = kept.partition(".")[0]
    switched_off = not (user.is_active and issuer.is_active)  # somebody's decision; it stands
    if not switched_off and not (prefix and living.filter(prefix=prefix).exists()):
        made.renewed.append(user.username)
        for token in living:
            revoke_token(token, by=issuer, now=now)
        _row, kept = issue_token(
            user,
            name=user.name[:60],
            by=issuer,
            now=now,
            days=TOKEN_DAYS,
            may_write=system.may_write,
        )
    return {"organisation": office.name_zh, "role": system.role.value, "token": kept}


def _give(user: User, *roles: Role) -> None:
    groups: Iterable[Any] = Group.objects.filter(name__in=[role.value for role in roles])
    user.groups.set(groups)


def _base32(key: str) -> str:
    return base64.b32encode(bytes.fromhex(key)).decode()
