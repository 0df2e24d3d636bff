"""The change log on the desk: read by auditors, written by the database, altered by nobody."""

from __future__ import annotations

import json
from datetime import date, time, timedelta
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.urls import NoReverseMatch
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from assistance.admin.scoped import Filter, Panel, ScopedAdmin, badge, link
from assistance.models import Change, Seal, User
from assistance.models.log import ChangeKind
from assistance.periods import local_day, local_instant

TONES = {ChangeKind.INSERT: "good", ChangeKind.UPDATE: "busy", ChangeKind.DELETE: "bad"}
DAYS_OFFERED = 14
MOST_OF_A_ROW = 50  # changes that the history of a row shows


def kinds_of_rows() -> dict[str, type[models.Model]]:
    """Every model by the name of its table."""
    return {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}


class TableFilter(Filter):
    title = _("kind of row")
    parameter_name = "table"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        ours = ("assistance", "projects", "teams", "reporting")
        return sorted(
            (
                (table, str(capfirst(model._meta.verbose_name)))
                for table, model in kinds_of_rows().items()
                if model._meta.app_label in ours
            ),
            key=lambda offered: offered[1],
        )

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> Any:
        return queryset.filter(table=self.value()) if self.value() else queryset


class AccountFilter(Filter):
    title = _("account")
    parameter_name = "account"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(user.pk), str(user)) for user in User.objects.order_by("name")]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> Any:
        asked = self.value() or ""
        return queryset.filter(actor=int(asked)) if asked.isdigit() else queryset


class DayFilter(Filter):
    """The changes of one local day; the address takes any day, the list offers the last ones."""

    title = _("day")
    parameter_name = "day"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        today = local_day(timezone.now())
        days = [(today - timedelta(days=n)).isoformat() for n in range(DAYS_OFFERED)]
        return [(day, day) for day in days]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> Any:
        if not self.value():
            return queryset
        try:
            day = date.fromisoformat(self.value() or "")
        except ValueError:
            return queryset.none()
        begins, ends = (local_instant(each, time()) for each in (day, day + timedelta(days=1)))
        return queryset.filter(at__gte=begins, at__lt=ends)


class ReadOnly(ScopedAdmin):
    no_form_of_its_own = never_edited = True


@admin.register(Change)
class ChangeAdmin(ReadOnly):
    place = 120
    list_display = ["at", "kind_of_row", "row", "what", "account", "request_id"]
    list_filter = [TableFilter, AccountFilter, DayFilter, "kind"]
    ordering = ["-id"]
    fieldsets = [
        (None, {"fields": ["at", "what", "kind_of_row", "row_as_it_is", "account", "transaction"]}),
        (_("Request"), {"fields": ["request_id", "request"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """With the name of the account, which the log keeps as a number only."""
        name = User.objects.filter(pk=models.OuterRef("actor")).values("name")[:1]
        rows: models.QuerySet[Any] = (
            super().get_queryset(request).annotate(actor_name=models.Subquery(name))
        )
        return rows

    def panels(self, request: HttpRequest, row: Change) -> list[Panel]:
        """Before and after side by side, and everything else that happened to the same row."""
        before, after = row.before or {}, row.after or {}
        columns = [
            (column, _shown(before, column), _shown(after, column))
            for column in sorted({*before, *after})
        ]
        history = self.get_queryset(request).filter(table=row.table, row=row.row)
        steps = [
            (
                link(each, f"{timezone.localtime(each.at):%Y-%m-%d %H:%M:%S}"), self.what(each),
                self.account(each), ", ".join(sorted({*(each.before or {}), *(each.after or {})}))
                if each.kind == ChangeKind.UPDATE else "–",
            )
            for each in history.order_by("-id")[:MOST_OF_A_ROW]
        ]  # fmt: skip
        return [
            Panel(_("What changed"), (_("column"), _("before"), _("after")), columns, ""),
            Panel(
                _("History of this row"),
                (_("at"), _("what"), _("account"), _("columns")),
                steps,
                "",
            ),
        ]

    @admin.display(description=_("what"), ordering="kind")
    def what(self, change: Change) -> SafeString:
        return badge(change.get_kind_display(), TONES[ChangeKind(change.kind)])

    @admin.display(description=_("kind of row"), ordering="table")
    def kind_of_row(self, change: Change) -> str:
        model = kinds_of_rows().get(change.table)
        return str(capfirst(model._meta.verbose_name)) if model else change.table

    @admin.display(description=_("row"))
    def row_as_it_is(self, change: Change) -> SafeString | str:
        """A link to the row, where it is still there and the desk has a page for it."""
        model = kinds_of_rows().get(change.table)
        found = model._default_manager.filter(pk=change.row).first() if model else None
        try:
            return link(found, f"{change.row}") if found is not None else str(change.row)
        except NoReverseMatch:
            return str(change.row)

    @admin.display(description=_("account"))
    def account(self, change: Any) -> str:
        return change.actor_name or (f"#{change.actor}" if change.actor else "–")

    @admin.display(description=_("request"))
    def request_id(self, change: Change) -> str:
        return str((change.request or {}).get("id", "–"))


@admin.register(Seal)
class SealAdmin(ReadOnly):
    place = 122
    list_display = ["id", "sealed_at", "changes", "digest"]
    ordering = ["-id"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "sealed_at", "changes", "from_transaction", "before_transaction", "last_row",
                    "digest",
                ]
            },
        )
    ]  # fmt: skip


def _shown(columns: dict[str, Any], column: str) -> str:
    if column not in columns:
        return "–"
    value = columns[column]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
