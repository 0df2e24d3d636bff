"""Rows of a pairing beside its projects: entered and changed by who works on the pairing, and where
they are money confirmed by other hands.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assistance.actions.upkeep import amend_row, enter_row
from assistance.models import Donation, InvestmentRecord, Pairing, User
from assistance.models.rows import Recorded
from assistance.periods import Month, local_day

R = TypeVar("R", bound=Recorded)
Money = Donation | InvestmentRecord


@transaction.atomic
def enter_in_pairing(row: R, *, by: User, now: datetime) -> R:
    """Enter a row of a pairing that ``by`` may see; ValidationError at the pairing otherwise, and
    where money or a visit lies in the future.
    """
    _require_sight(row, by)
    _require_past(row, now)
    return enter_row(row, by=by, now=now)


@transaction.atomic
def amend_in_pairing(
    row: R, fields: Mapping[str, Any], *, by: User, now: datetime, version: int | None = None
) -> R:
    """Change a row of a pairing that ``by`` may see; it stays in a pairing of theirs."""
    row = type(row)._default_manager.visible_to(by).get(pk=row.pk)  # type: ignore[attr-defined]  # they are scoped
    for name, value in fields.items():
        setattr(row, name, value)
    _require_sight(row, by)
    _require_past(row, now)
    return amend_row(row, fields, by=by, now=now, version=version)


@transaction.atomic
def confirm_money(row: Money, *, by: User, now: datetime, version: int | None = None) -> Money:
    """Let a donation or a paid-in investment count."""
    row = _lock(row, by=by, version=version)
    row.require_confirmable(by)
    row.count(by=by, now=now)
    return row


@transaction.atomic
def strike_out_money(
    row: Money, *, reason: str, by: User, now: datetime, version: int | None = None
) -> Money:
    """Strike a donation or a paid-in investment out; the right one is entered anew."""
    row = _lock(row, by=by, version=version)
    if not reason.strip():
        raise ValidationError({"reason": _("Give the reason; others will read it.")})
    row.void(by=by, now=now, reason=reason.strip())
    return row


def _lock(row: Money, *, by: User, version: int | None) -> Any:
    if not by.has_perm(f"assistance.confirm_{row._meta.model_name}"):
        raise PermissionDenied
    rows: Any = type(row).objects
    locked = rows.lock_for(by, row.pk, version=version)
    refusal = locked.why_not_strike_out()
    if refusal is not None:
        raise refusal
    return locked


def _require_sight(row: Any, by: User) -> None:
    """Where a row belongs to is theirs who enter it."""
    of = row.enterprise if isinstance(row, InvestmentRecord) else row
    if not Pairing.objects.visible_to(by).filter(pk=of.pairing_id).exists():
        name = "enterprise" if isinstance(row, InvestmentRecord) else "pairing"
        raise ValidationError({name: _("Choose one of your own.")})


def _require_past(row: Any, now: datetime) -> None:
    today = local_day(now)
    for name in ("received_on", "visited_on", "counted_on"):
        day = getattr(row, name, None)
        if day is not None and day > today:
            raise ValidationError({name: _("The day lies in the future.")})
    if isinstance(row, InvestmentRecord) and row.period > str(Month.of(today)):
        raise ValidationError({"period": _("The month lies in the future.")})
