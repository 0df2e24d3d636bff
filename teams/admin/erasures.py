"""Erasing persons on the desk: who is due, lists that wait for other hands, what was done."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from assistance.admin.scoped import Panel, ScopedAdmin, badge, link, reader
from assistance.admin.verbs import Queue, ReasonForm, Refusal, Verb
from assistance.errors import Refused
from assistance.models import User
from teams.actions import confirm_erasure, due, propose_erasure, withdraw_erasure
from teams.models import Erasure

MOST_NAMED = 200
FOR_GOOD = _(
    "Name, unit, rank, ID number, telephone and all earlier particulars of these persons are erased"
    " for good; nobody can bring them back. Gender, month of birth and the postings stay, so no"
    " figure changes."
)


def _settled(erasure: Erasure, user: User) -> Refusal | None:
    if erasure.counted_at or erasure.voided_at:
        return Refused("erasure_is_settled", _("This list was carried out or struck out already."))
    return None


def _why_not_confirm(erasure: Erasure, user: User) -> Refusal | None:
    if settled := _settled(erasure, user):
        return settled
    return erasure.own_work(user, than=("created_by",))


def _to_confirm(rows: models.QuerySet[Any], by: User, now: datetime) -> models.QuerySet[Any]:
    return rows.filter(counted_at=None, voided_at=None).exclude(created_by=by)


@admin.register(Erasure)
class ErasureAdmin(ScopedAdmin):
    place = 69
    never_edited = True
    joins = ("created_by", "counted_by", "voided_by")
    list_display = ["title", "kept_until", "listed", "erased", "standing", "created_by"]
    readonly_fields = [
        "kept_until", "years", "listed", "erased", "standing", "created_by", "counted_by",
        "counted_at", "void_reason",
    ]  # fmt: skip
    empty_list = _("No list was made yet. Who is due stands above; add a list of them.")
    verbs = (
        Verb(
            "confirm",
            _("Erase for good"),
            "teams.confirm_erasure",
            confirm_erasure,
            _why_not_confirm,
            explains=FOR_GOOD,
        ),
        Verb(
            "withdraw",
            _("Withdraw"),
            "teams.add_erasure",
            withdraw_erasure,
            _settled,
            form=ReasonForm,
            turns_down=True,
            explains=_("The persons stay as they are."),
        ),
    )
    queues = (Queue("to-confirm", _("Erasures to confirm"), "teams.confirm_erasure", _to_confirm),)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        rows: models.QuerySet[Any] = (
            super().get_queryset(request).annotate(persons_listed=models.Count("persons"))
        )
        return rows

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None:
            return [(None, {"fields": self.readonly_fields})]
        by = reader(request)
        found = due(by=by, now=timezone.now())
        told = _("Due: %(count)d persons, whose last posting ended by %(day)s. %(for_good)s") % {
            "count": found.persons.count(),
            "day": date_format(found.day),
            "for_good": FOR_GOOD,
        }
        return [(_("A list of everybody who is due"), {"fields": [], "description": told})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.readonly_fields if obj is not None else []

    def enter(self, fields: dict[str, Any], *, by: User, now: datetime) -> Any:
        return propose_erasure(by=by, now=now)

    def list_panels(self, request: HttpRequest) -> Iterable[Panel]:
        """Who is due today, before anybody proposes it."""
        by = reader(request)
        if not by.has_perm("teams.view_person"):
            raise PermissionDenied
        found = due(by=by, now=timezone.now())
        persons: models.QuerySet[Any] = found.persons
        note = _("Kept %(years)d years after the last posting; a setting of the office says so.")
        yield Panel(
            _("Due to be erased"),
            (_("person"), _("home unit"), _("last day in post, or entered on")),
            [
                (link(each), each.home_unit, each.kept_since.isoformat())
                for each in persons.order_by("kept_since", "pk")[:MOST_NAMED]
            ],
            _("Nobody is due."),
            note % {"years": found.years},
        )

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        return (
            (_("Persons listed"), row.persons_listed),
            (_("Last day in post up to"), row.kept_until),
            (_("State"), self.standing(row)),
        )

    def panels(self, request: HttpRequest, row: Any) -> Iterable[Panel]:
        yield Panel(
            _("Persons"),
            (_("person"), _("home unit")),
            [(link(each), each.home_unit or "–") for each in row.persons.all()[:MOST_NAMED]],
            "",
        )

    @admin.display(description=_("list"), ordering="pk")
    def title(self, erasure: Erasure) -> str:
        return str(erasure)

    @admin.display(description=_("persons"))
    def listed(self, erasure: Any) -> int:
        return int(erasure.persons_listed)

    @admin.display(description=_("standing"))
    def standing(self, erasure: Erasure) -> SafeString:
        if erasure.voided_at:
            return badge(_("withdrawn"), "quiet")
        if erasure.counted_at:
            return badge(_("carried out"), "good")
        return badge(_("waits for other hands"), "open")
