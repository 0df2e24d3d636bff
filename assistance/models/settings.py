"""Settings of the office that apply from a day on; the value of the day counts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from assistance.models.rows import LedgerQuerySet, LedgerRow, counted_by_other_hands
from assistance.rules import RULES
from assistance.scope import Scope

DEMO_LEDGER = "demo_ledger"  # marks a ledger that holds demo rows; nobody sets it by hand


class SettingQuerySet(LedgerQuerySet["Setting"]):
    seen_through = ""
    business_day = "starts_on"

    def within(self, scope: Scope) -> Self:
        """All of them for whoever sees the whole ledger, else none: they belong to no pairing."""
        return self if scope.kind == "all" else self.none()

    def value_on(self, key: str, day: date, *, known_at: datetime) -> Any:
        """The value of ``key`` that applies on ``day`` by what is known at ``known_at``.

        Of two values from the same day the one confirmed later applies. Where none was set, the
        rule's own default does.
        """
        found = self.as_at(day, known_at).filter(key=key).order_by("-starts_on", "-counted_at")
        newest = found.first()
        if newest is not None:
            return newest.value
        return RULES[key].default if key in RULES else None


class Setting(LedgerRow):
    """One value of one setting (``assistance.rules`` says which there are) from one day on."""

    key = models.SlugField(_("setting"), max_length=60)
    value = models.JSONField(_("value"))
    starts_on = models.DateField(_("applies from"))

    objects = SettingQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("setting")
        verbose_name_plural = _("settings")
        ordering = ["key", "-starts_on"]
        default_permissions = ("add", "view")
        permissions = [("confirm_setting", _("Can confirm a setting"))]
        constraints = [*LedgerRow.Meta.constraints, counted_by_other_hands()]

    def __str__(self) -> str:
        label = RULES[self.key].label if self.key in RULES else self.key
        return f"{label} ({self.starts_on})"
