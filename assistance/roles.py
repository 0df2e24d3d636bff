"""The roles of the office (domain: who does what) and how they come to their permissions.

A role is a Django group that bears its code. Each app says in its ``apps.py`` what the roles may do
with its own rows (``grants``); after every migrate the groups are brought to exactly that state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.apps import AppConfig
from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    CLERK = "CLERK", _("clerk")
    REVIEWER = "REVIEWER", _("reviewer")
    APPROVER = "APPROVER", _("approver")
    FINANCE = "FINANCE", _("finance")
    D_EDIT = "D_EDIT", _("donor district's clerk")
    FRONT = "FRONT", _("front working team")
    P_EDIT = "P_EDIT", _("recipient's clerk")
    P_REVIEW = "P_REVIEW", _("recipient's reviewer")
    ORG = "ORG", _("organisation division")
    LEADER = "LEADER", _("leader")
    AUDITOR = "AUDITOR", _("auditor")
    SYSADMIN = "SYSADMIN", _("system administrator")
    SECADMIN = "SECADMIN", _("security administrator")
    LOGAUDITOR = "LOGAUDITOR", _("log auditor")


ADMINISTRATORS = frozenset({Role.SYSADMIN.value, Role.SECADMIN.value, Role.LOGAUDITOR.value})
BUREAU = (
    Role.CLERK,
    Role.REVIEWER,
    Role.APPROVER,
    Role.FINANCE,
    Role.ORG,
    Role.LEADER,
    Role.AUDITOR,
)
READERS = (*BUREAU, Role.D_EDIT, Role.FRONT, Role.P_EDIT, Role.P_REVIEW)

Grants = Mapping[str, Iterable[Role]]  # permission codename -> the roles that hold it


def grant_roles(sender: AppConfig, using: str, **_signal: Any) -> None:
    """After migrate: give every role exactly the permissions that ``sender`` grants it."""
    grants: Grants | None = getattr(sender, "grants", None)
    if grants is None:
        return
    from django.contrib.auth.models import (  # noqa: PLC0415  apps are not loaded on import
        Group,
        Permission,
    )

    own = Permission.objects.using(using).filter(content_type__app_label=sender.label)
    found = {permission.codename: permission for permission in own}
    unknown = set(grants) - set(found)
    if unknown:
        names = ", ".join(sorted(unknown))
        raise LookupError(f"{sender.label} grants permissions that it does not define: {names}")
    for role in Role:
        group, _created = Group.objects.using(using).get_or_create(name=role.value)
        wanted = [found[codename].pk for codename, roles in grants.items() if role in roles]
        held = group.permissions.filter(content_type__app_label=sender.label)
        group.permissions.remove(*held.exclude(pk__in=wanted))
        group.permissions.add(*wanted)
