"""Who reads the desk, and which rows they see and keep."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest

from assistance.models import Pairing, User


def reader(request: HttpRequest) -> User:
    """The signed-in person; no page of the desk is open to anybody else."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def seen_by(user: User, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """The rows that ``user`` may see; rows of no pairing and no region are open to every reader."""
    if hasattr(rows, "visible_to"):
        return rows.visible_to(user)  # type: ignore[no-any-return]
    if hasattr(rows, "seen_through") or not hasattr(rows, "within"):
        return rows
    return rows.within(user.scope)  # type: ignore[no-any-return]


def kept_by(user: User, pairings: models.QuerySet[Pairing]) -> models.QuerySet[Pairing]:
    """The pairings whose rows ``user`` enters: the rule of ``User.may_write_for`` as a query."""
    region = user.organisation.region_id if user.organisation else None
    match user.scope.kind:
        case "all":
            return pairings
        case "recipient":
            return pairings.filter(recipient=region)
        case "donor":
            return pairings.filter(donor=region)
        case _:
            return pairings.none()
