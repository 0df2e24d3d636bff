"""Settings of the office: one person maintains, another confirms; nothing is overwritten."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import Setting, User
from assistance.models.rows import entered
from assistance.rules import RULES


@transaction.atomic
def propose_setting(*, key: str, value: Any, starts_on: date, by: User, now: datetime) -> Setting:
    """Enter the value that applies from ``starts_on`` on; it applies once somebody else confirmed
    it.
    """
    if not by.has_perm("assistance.add_setting"):
        raise PermissionDenied
    if key not in RULES:
        raise ValidationError({"key": _("There is no such setting.")})
    try:
        read = RULES[key].read(value)
    except ValidationError as wrong:
        raise ValidationError({"value": wrong.messages}) from None
    setting = Setting(key=key, value=read, starts_on=starts_on, **entered(by, now))
    setting.full_clean()
    setting.save()
    return setting


@transaction.atomic
def confirm_setting(
    setting: Setting, *, by: User, now: datetime, version: int | None = None
) -> Setting:
    """Let a proposed value apply from its day on."""
    if not by.has_perm("assistance.confirm_setting"):
        raise PermissionDenied
    setting = Setting.objects.lock_for(by, setting.pk, version=version)
    if setting.counted_at or setting.voided_at:
        raise Refused("setting_is_settled", _("This value was confirmed or struck out already."))
    setting.require_other_hands(by, than=("created_by",))
    setting.count(by=by, now=now)
    return setting


@transaction.atomic
def strike_out_setting(
    setting: Setting, *, reason: str, by: User, now: datetime, version: int | None = None
) -> Setting:
    """Strike a value out; what applied before it applies again. The reason stays on record."""
    permission = "confirm_setting" if setting.counted_at else "add_setting"
    if not by.has_perm(f"assistance.{permission}"):
        raise PermissionDenied
    setting = Setting.objects.lock_for(by, setting.pk, version=version)
    if not reason.strip():
        raise ValidationError({"reason": _("Give the reason; others will read it.")})
    if setting.voided_at:
        raise Refused("setting_is_settled", _("This value was confirmed or struck out already."))
    setting.void(by=by, now=now, reason=reason)
    return setting
