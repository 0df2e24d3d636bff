"""Entering and amending rows that have no road: batches, teams, persons, subscriptions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db import models, transaction

from assistance.errors import Stale
from assistance.models import User
from assistance.models.rows import Recorded, entered

M = TypeVar("M", bound=models.Model)


@transaction.atomic
def enter_row(row: M, *, by: User, now: datetime) -> M:
    """Save a new row, with who entered it where its kind keeps that."""
    _require(row, "add", by)
    if isinstance(row, Recorded):
        for name, value in entered(by, now).items():
            setattr(row, name, value)
    row.full_clean()
    row.save()
    return row


@transaction.atomic
def amend_row(
    row: M, fields: Mapping[str, Any], *, by: User, now: datetime, version: int | None = None
) -> M:
    """Change the named fields under the row's lock; ``Stale`` where ``version`` is outdated."""
    _require(row, "change", by)
    row = type(row)._default_manager.select_for_update(of=("self",)).get(pk=row.pk)
    if isinstance(row, Recorded) and version is not None and row.version != version:
        raise Stale(row.version)
    for name, value in fields.items():
        setattr(row, name, value)
    row.full_clean()
    if isinstance(row, Recorded):
        row.record(*fields, by=by, now=now)
    else:
        row.save(update_fields=list(fields))
    return row


def _require(row: models.Model, verb: str, by: User) -> None:
    opts = row._meta
    if not by.has_perm(f"{opts.app_label}.{verb}_{opts.model_name}"):
        raise PermissionDenied
