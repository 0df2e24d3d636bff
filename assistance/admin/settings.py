"""The office's settings on the desk: one person proposes, another confirms, nobody alters."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from assistance.actions.settings import confirm_setting, propose_setting, strike_out_setting
from assistance.admin.scoped import DeskForm, Panel, ScopedAdmin, badge, link
from assistance.admin.verbs import Queue, ReasonForm, Refusal, Verb
from assistance.errors import Refused
from assistance.models import Setting, User
from assistance.periods import local_day
from assistance.rules import RULES, Rule

MAINTAINS, CONFIRMS = "assistance.add_setting", "assistance.confirm_setting"


class SettingForm(DeskForm):
    key = forms.ChoiceField(
        label=_("Setting"), choices=[(rule.key, rule.label) for rule in RULES.values()]
    )
    value = forms.CharField(
        label=_("Value"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("A number, or one entry per line where the setting is a list."),
    )

    class Meta:
        fields = ["key", "value", "starts_on"]


def _settled(setting: Setting) -> Refused | None:
    if setting.counted_at or setting.voided_at:
        return Refused("setting_is_settled", _("This value was confirmed or struck out already."))
    return None


def _default_of(rule: Rule) -> str:
    """The default, and whether it was found in a public text."""
    said = _said(rule.key, rule.default)
    return gettext("%(default)s (assumed)") % {"default": said} if rule.assumed else said


def _why_not_confirm(setting: Setting, by: User) -> Refusal | None:
    if settled := _settled(setting):
        return settled
    return setting.own_work(by, than=("created_by",))


def _why_not_withdraw(setting: Setting, by: User) -> Refusal | None:
    return PermissionDenied() if setting.counted_at else _settled(setting)


def _why_not_strike_out(setting: Setting, by: User) -> Refusal | None:
    if not setting.counted_at:
        return PermissionDenied()  # whoever maintains the settings withdraws a proposal
    return _settled(setting) if setting.voided_at else None


def _to_confirm(rows: models.QuerySet[Any], by: User, now: datetime) -> models.QuerySet[Any]:
    return rows.filter(counted_at=None, voided_at=None).exclude(created_by=by)


def _said(key: str, value: Any) -> str:
    """A value with its unit."""
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "–"
    unit = RULES[key].unit if key in RULES else ""
    return f"{value} {unit}".strip()


@admin.register(Setting)
class SettingAdmin(ScopedAdmin):
    place = 98
    form = SettingForm
    joins = ("created_by", "counted_by", "voided_by")
    list_display = ["title", "shown_value", "starts_on", "standing", "created_by", "counted_by"]
    list_filter = ["key"]
    readonly_fields = ["standing", "created_by", "counted_by", "counted_at", "void_reason"]
    never_edited = True  # a new value is proposed beside the old one
    verbs = (
        Verb(
            "confirm", _("Confirm"), CONFIRMS, confirm_setting, _why_not_confirm,
            explains=_("The value applies from its day on. Nobody confirms their own proposal."),
        ),
        Verb(
            "withdraw", _("Withdraw"), MAINTAINS, strike_out_setting, _why_not_withdraw, ReasonForm,
            turns_down=True,
        ),
        Verb(
            "strike-out", _("Strike out"), CONFIRMS, strike_out_setting, _why_not_strike_out,
            ReasonForm, turns_down=True,
            explains=_("What applied before applies again; this value stays on record."),
        ),
    )  # fmt: skip
    queues = (Queue("to-confirm", _("settings to confirm"), CONFIRMS, _to_confirm),)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Each value beside the one that applies today."""
        now = timezone.now()
        applies = Setting.objects.as_at(local_day(now), now).filter(key=OuterRef("key"))
        newest = applies.order_by("-starts_on", "-counted_at").values("pk")[:1]
        rows: models.QuerySet[Any] = (
            super().get_queryset(request).annotate(applies=Subquery(newest))
        )
        return rows

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        asked = ["key", "value", "starts_on"]
        if obj is None:
            return [(None, {"fields": asked})]
        shown = ["title", "shown_value", "starts_on"]
        return [(None, {"fields": [*shown, *self.readonly_fields]})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*self.readonly_fields, "title", "shown_value"]

    def list_panels(self, request: HttpRequest) -> list[Panel]:
        """Every rule that there is with the value of today, also those that nobody has set."""
        now = timezone.now()
        today = local_day(now)
        standing = Setting.objects.standing().filter(key__in=RULES).order_by("starts_on", "pk")
        to_come: dict[str, list[Setting]] = {}
        for value in standing.filter(Q(counted_at=None) | Q(starts_on__gt=today)):
            to_come.setdefault(value.key, []).append(value)
        applies: dict[str, Setting] = {}
        counting = Setting.objects.as_at(today, now).filter(key__in=RULES)
        for value in counting.select_related("counted_by").order_by("starts_on", "counted_at"):
            applies[value.key] = value  # of two from one day the one confirmed later
        rows = []
        for key, rule in RULES.items():
            found = applies.get(key)
            rows.append(
                (
                    format_html('<a href="{}?key={}">{}</a>', self.list_url, key, rule.label),
                    _said(key, found.value if found else rule.default),
                    _default_of(rule),
                    found.starts_on if found else _("from the beginning"),
                    found.counted_by if found else "–",
                    ", ".join(
                        f"{_said(key, value.value)} ({value.starts_on})"
                        for value in to_come.get(key, ())
                    )
                    or "–",
                )
            )
        headings = (
            _("setting"), _("applies today"), _("default"), _("since"), _("confirmed by"),
            _("proposed or to come"),
        )  # fmt: skip
        note = _("Where nothing was set the default applies; those are our own choice or assumed.")
        return [Panel(_("What applies today"), headings, rows, "", note)]

    def enter(self, fields: dict[str, Any], *, by: User, now: datetime) -> Setting:
        return propose_setting(**fields, by=by, now=now)

    def panels(self, request: HttpRequest, row: Setting) -> list[Panel]:
        values = self.get_queryset(request).filter(key=row.key)
        rows = [
            (
                each.starts_on, link(each, self.shown_value(each)), self.standing(each),
                each.created_by, each.counted_by or "–", each.void_reason or "–",
            )
            for each in values.order_by("-starts_on", "-pk")
        ]  # fmt: skip
        headings = (
            _("applies from"), _("value"), _("standing"), _("proposed by"), _("confirmed by"),
            _("reason for voiding"),
        )  # fmt: skip
        return [Panel(_("All values of this setting"), headings, rows, "")]

    @admin.display(description=_("setting"), ordering="key")
    def title(self, setting: Setting) -> str:
        return str(RULES[setting.key].label) if setting.key in RULES else setting.key

    @admin.display(description=_("value"))
    def shown_value(self, setting: Setting) -> str:
        return _said(setting.key, setting.value)

    @admin.display(description=_("standing"))
    def standing(self, setting: Any) -> SafeString:
        if setting.voided_at:
            return badge(_("struck out"), "bad")
        if not setting.counted_at:
            return badge(_("proposed"), "open")
        if setting.pk == setting.applies:
            return badge(_("applies today"), "good")
        to_come = setting.starts_on > local_day(timezone.now())
        return badge(_("to come"), "busy") if to_come else badge(_("superseded"), "quiet")
