"""The value of the day applies; who maintains it never confirms it; nothing is overwritten."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction

from assistance.actions.settings import confirm_setting, propose_setting, strike_out_setting
from assistance.errors import Refused
from assistance.models import Organisation, Region, Setting, User
from assistance.roles import Role
from assistance.rules import RULES

pytestmark = pytest.mark.django_db
KEY = "livelihood_target"


def somebody(name: str, *roles: Role) -> User:
    city, _made = Region.objects.get_or_create(
        code="330000", defaults={"name_zh": "浙江省", "level": "province"}
    )
    bureau, _made = Organisation.objects.get_or_create(name_zh="办", kind="bureau", region=city)
    user = User.objects.create(username=name, name=name, organisation=bureau)
    user.groups.set(Group.objects.filter(name__in=roles))
    return user


def confirmed(value: object, starts_on: date, *, now: datetime) -> Setting:
    proposer, confirmer = (
        somebody(f"r{now:%H%M%S}", Role.REVIEWER),
        somebody(f"a{now:%H%M%S}", Role.APPROVER),
    )
    setting = propose_setting(key=KEY, value=value, starts_on=starts_on, by=proposer, now=now)
    return confirm_setting(setting, by=confirmer, now=now)


def test_without_a_value_the_default_applies(now: datetime) -> None:
    assert Setting.objects.value_on(KEY, now.date(), known_at=now) == RULES[KEY].default


def test_the_value_of_the_day_applies_as_it_was_known(now: datetime) -> None:
    confirmed("85", date(2026, 1, 1), now=now)
    confirmed("95", date(2026, 7, 1), now=now + timedelta(seconds=1))
    later = now + timedelta(hours=1)
    value_on = Setting.objects.value_on
    assert value_on(KEY, date(2025, 12, 31), known_at=later) == "90"
    assert value_on(KEY, date(2026, 6, 30), known_at=later) == "85"
    assert value_on(KEY, date(2026, 7, 1), known_at=later) == "95"
    assert value_on(KEY, date(2026, 7, 1), known_at=now - timedelta(seconds=1)) == "90"


def test_a_proposal_applies_only_once_somebody_else_confirmed_it(now: datetime) -> None:
    both = somebody("both", Role.REVIEWER, Role.APPROVER)
    setting = propose_setting(key=KEY, value="70", starts_on=date(2026, 1, 1), by=both, now=now)
    assert Setting.objects.value_on(KEY, now.date(), known_at=now) == "90"
    with pytest.raises(Refused):
        confirm_setting(setting, by=both, now=now)
    with pytest.raises(DatabaseError), transaction.atomic():
        Setting.objects.filter(pk=setting.pk).update(counted_at=now, counted_by=both)


def test_a_value_struck_out_gives_way_to_the_one_before(now: datetime) -> None:
    confirmed("85", date(2026, 1, 1), now=now)
    wrong = confirmed("8.5", date(2026, 2, 1), now=now + timedelta(seconds=1))
    later = now + timedelta(hours=1)
    strike_out_setting(
        wrong, reason="a slip of the pen", by=somebody("boss", Role.APPROVER), now=later
    )
    assert Setting.objects.value_on(KEY, date(2026, 3, 1), known_at=later) == "85"
    before = later - timedelta(minutes=1)
    assert Setting.objects.value_on(KEY, date(2026, 3, 1), known_at=before) == "8.5"


def test_a_confirmed_value_cannot_be_altered_by_anybody(now: datetime) -> None:
    setting = confirmed("85", date(2026, 1, 1), now=now)
    with pytest.raises(DatabaseError, match="void it and enter it anew"), transaction.atomic():
        Setting.objects.filter(pk=setting.pk).update(value="1")
    with pytest.raises(DatabaseError, match="never deleted"), transaction.atomic():
        Setting.objects.filter(pk=setting.pk).delete()


@pytest.mark.parametrize(
    ("key", "value", "field"),
    [
        (KEY, "101", "value"),
        (KEY, "many", "value"),
        ("expiring_days", "1.5", "value"),
        ("negative_list", " \n ", "value"),
        ("unheard_of", "1", "key"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_with_its_field(
    key: str, value: str, field: str, now: datetime
) -> None:
    with pytest.raises(ValidationError) as refused:
        propose_setting(
            key=key,
            value=value,
            starts_on=date(2026, 1, 1),
            by=somebody("r", Role.REVIEWER),
            now=now,
        )
    assert set(refused.value.message_dict) == {field}


def test_a_clerk_neither_proposes_nor_confirms(now: datetime) -> None:
    clerk = somebody("c", Role.CLERK)
    with pytest.raises(PermissionDenied):
        propose_setting(key=KEY, value="1", starts_on=date(2026, 1, 1), by=clerk, now=now)
    setting = propose_setting(
        key=KEY, value="1", starts_on=date(2026, 1, 1), by=somebody("r", Role.REVIEWER), now=now
    )
    with pytest.raises(PermissionDenied):
        confirm_setting(setting, by=clerk, now=now)


def test_every_default_passes_its_own_check() -> None:
    for rule in RULES.values():
        assert rule.read(rule.default) == rule.default
