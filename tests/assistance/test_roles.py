"""Every migrate brings the roles to exactly what the apps grant them."""

from collections import defaultdict

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from assistance.roles import ADMINISTRATORS, Role, grant_roles

pytestmark = pytest.mark.django_db

APPS = ("assistance", "projects", "teams", "reporting")


def _granted() -> dict[str, set[str]]:
    """By the apps' own words: role -> app.codename."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for label in APPS:
        for codename, roles in apps.get_app_config(label).grants.items():  # type: ignore[attr-defined]  # each of ours has them
            for role in roles:
                wanted[role].add(f"{label}.{codename}")
    return dict(wanted)


def _held() -> dict[str, set[str]]:
    """By the database."""
    held: dict[str, set[str]] = {}
    for group in Group.objects.prefetch_related("permissions__content_type"):
        names = {f"{p.content_type.app_label}.{p.codename}" for p in group.permissions.all()}
        held[group.name] = names
    return held


def test_every_role_is_a_group_that_holds_exactly_what_is_granted() -> None:
    assert set(_held()) == set(Role.values)
    assert _held() == {role: _granted().get(role, set()) for role in Role.values}


def test_what_somebody_changed_by_hand_is_brought_back_and_stays() -> None:
    clerk = Group.objects.get(name=Role.CLERK)
    clerk.permissions.remove(Permission.objects.get(codename="submit_project"))
    clerk.permissions.add(Permission.objects.get(codename="approve_project"))
    before = _granted()
    for _run in range(2):
        call_command("migrate", verbosity=0)
        assert _held()[Role.CLERK] == before[Role.CLERK]
        assert Group.objects.count() == len(Role)


def test_an_app_brings_only_its_own_permissions_in_order() -> None:
    leader = Group.objects.get(name=Role.LEADER)
    foreign = Permission.objects.get(codename="view_logentry")
    leader.permissions.add(foreign)
    grant_roles(apps.get_app_config("projects"), using="default")
    assert foreign in leader.permissions.all()


def test_a_permission_that_does_not_exist_is_not_granted_in_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    projects = apps.get_app_config("projects")
    monkeypatch.setattr(projects, "grants", {"fly_project": (Role.CLERK,)}, raising=False)
    with pytest.raises(LookupError, match="fly_project"):
        grant_roles(projects, using="default")


def test_leaders_only_read_and_auditors_write_nothing_but_findings() -> None:
    findings = {"add_finding", "close_finding"}
    for role, more in ((Role.LEADER, set[str]()), (Role.AUDITOR, findings)):
        names = {name.split(".")[1] for name in _held()[role]}
        assert {name for name in names if not name.startswith("view_")} == more, role
        assert names - more


def test_no_administrator_holds_a_permission_on_the_ledger() -> None:
    for role in ADMINISTRATORS:
        held = _held()[role]
        assert not [name for name in held if name.startswith(("projects.", "teams."))], role
