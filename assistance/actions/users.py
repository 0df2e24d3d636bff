"""Accounts of people: opening and closing them, the second factor, and the roles they hold."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from assistance.errors import Refused
from assistance.models import User
from assistance.roles import ADMINISTRATORS


@transaction.atomic
def open_account(user: User, *, password: str | None, by: User, now: datetime) -> User:
    """Save a new account without any role; the security administrator grants those."""
    if not by.has_perm("assistance.add_user"):
        raise PermissionDenied
    user.date_joined = now
    user.is_staff = not user.is_service
    if user.is_service or password is None:
        user.set_unusable_password()
    else:
        user.set_password(password)
    user.full_clean()
    user.save()
    return user


@transaction.atomic
def amend_account(user: User, fields: Mapping[str, Any], *, by: User) -> User:
    """Change what an account says of its owner, or close it; roles are not changed here."""
    if not by.has_perm("assistance.change_user"):
        raise PermissionDenied
    user = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    if user.pk == by.pk and fields.get("is_active") is False:
        raise Refused("own_account", _("You cannot close your own account."))
    for name, value in fields.items():
        setattr(user, name, value)
    user.full_clean()
    user.save(update_fields=list(fields))
    return user


@transaction.atomic
def renew_second_factor(user: User, *, by: User, now: datetime) -> TOTPDevice:
    """Give an account a new authenticator; the one before it stops working."""
    if not by.has_perm("assistance.change_user"):
        raise PermissionDenied
    user = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    if user.is_service:
        raise Refused("service_account", _("A service account signs in by token only."))
    if user.pk == by.pk:
        raise Refused(
            "own_account", _("This is your own account; another administrator has to do this.")
        )
    TOTPDevice.objects.filter(user=user).delete()
    device: TOTPDevice = TOTPDevice.objects.create(user=user, name="authenticator", created_at=now)
    return device


def secret_of(device: TOTPDevice) -> str:
    """The secret as an authenticator wants it typed in: base32."""
    return base64.b32encode(device.bin_key).decode()


@transaction.atomic
def grant_roles_to(user: User, *, roles: Iterable[str], by: User, now: datetime) -> User:
    """Let an account hold exactly these roles.

    Refused for one's own account, where two of the three administrators would be one person, and
    where an administrator would also do business work.
    """
    if not by.has_perm("assistance.grant_roles_user"):
        raise PermissionDenied
    user = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    if user.pk == by.pk:
        raise Refused("own_account", _("Nobody grants roles to themselves."))
    wanted = frozenset(roles)
    administrators = wanted & ADMINISTRATORS
    if len(administrators) > 1:
        raise Refused(
            "two_administrators",
            _("One account holds at most one of the three administrator roles; choose one."),
        )
    if administrators and wanted - ADMINISTRATORS:
        raise Refused(
            "administrator_with_business",
            _("An administrator sees no business data; use a second account for the other roles."),
        )
    user.groups.set(Group.objects.filter(name__in=wanted))
    return user
