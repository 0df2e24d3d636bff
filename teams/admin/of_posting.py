"""What the pages of extensions, leave, appraisals and hand-overs have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from assistance.admin.scoped import ScopedAdmin, badge, link
from assistance.admin.verbs import Refusal
from assistance.errors import Refused
from assistance.models import User
from assistance.models.rows import LedgerRow
from teams.admin.shown import sees_persons


class OfPostingAdmin(ScopedAdmin):
    """Rows that are entered on the page of their posting and only looked through here."""

    joins = ("posting__person", "posting__region", "created_by", "updated_by")
    search_fields = ["posting__host_post", "posting__region__name_zh"]
    no_form_of_its_own = never_edited = True
    empty_list = _("They are entered on the page of their posting.")

    def get_list_display(self, request: HttpRequest) -> Any:
        """Names of persons only for who may see persons."""
        columns = list(super().get_list_display(request))
        return columns if sees_persons(request) else [c for c in columns if c != "person"]

    @admin.display(description=_("person"), ordering="posting__person__name")
    def person(self, row: Any) -> str:
        return str(row.posting.person.name)

    @admin.display(description=_("post"), ordering="posting__host_post")
    def post(self, row: Any) -> SafeString | str:
        return link(row.posting, row.posting.host_post)

    @admin.display(description=_("region"), ordering="posting__region")
    def region(self, row: Any) -> str:
        return str(row.posting.region)

    @admin.display(description=_("entered by"))
    def entered_by(self, row: Any) -> str:
        return str(row.created_by)

    @admin.display(description=_("state"), ordering="counted_at")
    def standing(self, row: Any) -> SafeString:
        return standing_of(row)


def standing_of(row: Any) -> SafeString:
    """Whether a row counts, with its colour."""
    if row.voided_at:
        return badge(_("struck out"), "quiet")
    if row.counted_at:
        return badge(_("confirmed"), "good")
    return badge(_("to be confirmed"), "open")


def confirm_why_not(row: LedgerRow, user: User) -> Refusal | None:
    """Of a row that one enters and another confirms."""
    if row.counted_at or row.voided_at:
        return Refused("settled_before", _("This row was confirmed or struck out already."))
    return row.own_work(user, than=("created_by",))


def strike_out_why_not(may_confirm: str) -> Callable[[Any, User], Refusal | None]:
    """Who entered a row strikes it out before it counts, who confirms it afterwards."""

    def why_not(row: Any, user: User) -> Refusal | None:
        own_draft = row.counted_at is None and row.created_by_id == user.pk
        if not own_draft and not user.has_perm(may_confirm):
            return PermissionDenied()
        if row.voided_at:
            return Refused("struck_out_before", _("This row was struck out already."))
        return None

    return why_not
