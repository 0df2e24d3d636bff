"""Links, enterprises, parks, workshops, donations and visits on the desk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, Sum
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from assistance.actions.cooperation import (
    amend_in_pairing,
    confirm_money,
    enter_in_pairing,
    strike_out_money,
)
from assistance.admin.money import money
from assistance.admin.scoped import Panel, ScopedAdmin, counting, link, reader
from assistance.admin.verbs import Queue, ReasonForm, Verb, confirmable, strikeable
from assistance.models import (
    Donation,
    Enterprise,
    InvestmentRecord,
    PairLink,
    Park,
    User,
    Visit,
    Workshop,
)

SHELF = _("Cooperation")
TIE = ("pairing__recipient", "pairing__donor", "pairing__programme")
COUNTING = Q(counted_at__isnull=False, voided_at=None)


class OfPairingAdmin(ScopedAdmin):
    """A page of rows of a pairing: who works on the pairing enters and changes them."""

    shelf = SHELF
    joins: ClassVar[tuple[str, ...]] = TIE

    def enter(self, fields: dict[str, Any], *, by: User, now: datetime) -> Any:
        return enter_in_pairing(self.model(**fields), by=by, now=now)

    def amend(
        self, row: Any, fields: dict[str, Any], *, by: User, now: datetime, version: int | None
    ) -> Any:
        return amend_in_pairing(row, fields, by=by, now=now, version=version)


def _verbs(permission: str) -> tuple[Verb, ...]:
    return (
        Verb(
            "confirm", _("Confirm"), permission, confirm_money, confirmable,
            explains=_("It counts from now on. Nobody confirms what they entered."), for_many=True,
        ),
        Verb(
            "strike-out", _("Strike out"), permission, strike_out_money, strikeable,
            ReasonForm, turns_down=True,
        ),
    )  # fmt: skip


def _to_confirm(label: str | Promise, permission: str) -> Queue:
    return Queue(
        "to-confirm",
        label,
        permission,
        lambda rows, user, now: rows.filter(counted_at=None, voided_at=None).exclude(
            created_by=user
        ),
    )


@admin.register(PairLink)
class PairLinkAdmin(OfPairingAdmin):
    place = 40
    list_display = ["title", "kind", "pairing", "starts_on", "ends_on"]
    list_filter = ["kind", "pairing__programme"]
    search_fields = ["donor_side", "recipient_side", "pairing__recipient__name_zh"]
    autocomplete_fields = ["pairing"]
    empty_list = _("No link is entered yet: townships, villages, schools, hospitals.")
    fieldsets = [
        (None, {"fields": ["pairing", "kind", ("donor_side", "recipient_side")]}),
        (_("In force"), {"fields": [("starts_on", "ends_on"), "basis"]}),
    ]

    @admin.display(description=_("link"), ordering="recipient_side")
    def title(self, row: PairLink) -> str:
        return str(row)


@admin.register(Enterprise)
class EnterpriseAdmin(OfPairingAdmin):
    place = 41
    joins = (*TIE, "park")
    list_display = ["name", "pairing", "industry", "signed_on", "signed_yuan_shown", "landed_on"]
    list_filter = ["pairing__programme"]
    search_fields = ["name", "uscc", "pairing__recipient__name_zh"]
    autocomplete_fields = ["pairing", "park"]
    empty_list = _("No enterprise is entered yet.")
    fieldsets = [
        (None, {"fields": ["pairing", ("name", "uscc"), ("industry", "park")]}),
        (_("Road"), {"fields": [("signed_on", "signed_yuan"), ("landed_on", "closed_on")]}),
        (None, {"fields": ["basis"]}),
    ]

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        paid_in = row.investments.filter(COUNTING).aggregate(sum=Sum("paid_in_yuan"))["sum"]
        yield _("Agreed investment"), money(row.signed_yuan)
        yield _("Paid in"), money(paid_in)

    def panels(self, request: HttpRequest, row: Any) -> Iterable[Panel]:
        if not reader(request).has_perm("assistance.view_investmentrecord"):
            return
        yield Panel(
            _("Paid in"),
            (_("month"), _("paid in during the month, yuan"), _("basis"), _("state")),
            [
                (link(each, each.period), money(each.paid_in_yuan), each.basis, counting(each))
                for each in row.investments.all()
            ],
            _("Nothing is paid in yet."),
        )


@admin.register(InvestmentRecord)
class InvestmentRecordAdmin(OfPairingAdmin):
    place = 42
    never_edited = True
    joins = ("enterprise__pairing__recipient", "enterprise__pairing__donor")
    list_display = ["enterprise", "period", "paid_in_yuan_shown", "standing", "basis"]
    list_filter = ["period"]
    search_fields = ["enterprise__name"]
    autocomplete_fields = ["enterprise"]
    summed = "paid_in_yuan"
    empty_list = _("Nothing is paid in yet. Enter what an enterprise paid in during a month.")
    fieldsets = [(None, {"fields": ["enterprise", ("period", "paid_in_yuan"), "basis"]})]
    verbs = _verbs("assistance.confirm_investmentrecord")
    queues = (
        _to_confirm(_("paid-in investments to confirm"), "assistance.confirm_investmentrecord"),
    )

    @admin.display(description=_("state"))
    def standing(self, row: InvestmentRecord) -> SafeString:
        return counting(row)


@admin.register(Park)
class ParkAdmin(OfPairingAdmin):
    place = 43
    list_display = ["name", "kind", "pairing", "opened_on", "closed_on"]
    list_filter = ["kind", "pairing__programme"]
    search_fields = ["name", "pairing__recipient__name_zh"]
    autocomplete_fields = ["pairing"]
    empty_list = _("No park or enclave is entered yet.")
    fieldsets = [
        (None, {"fields": ["pairing", ("kind", "name"), ("opened_on", "closed_on"), "basis"]}),
    ]


@admin.register(Workshop)
class WorkshopAdmin(OfPairingAdmin):
    place = 44
    list_display = [
        "name", "pairing", "place", "certified_on", "employed", "employed_lifted", "counted_on",
    ]  # fmt: skip
    list_filter = ["pairing__programme"]
    search_fields = ["name", "place", "pairing__recipient__name_zh"]
    autocomplete_fields = ["pairing"]
    empty_list = _("No workshop is entered yet.")
    fieldsets = [
        (None, {"fields": ["pairing", ("name", "place"), ("certified_on", "closed_on")]}),
        (_("Workers"), {"fields": [("employed", "employed_lifted"), "counted_on", "basis"]}),
    ]


@admin.register(Donation)
class DonationAdmin(OfPairingAdmin):
    place = 46
    never_edited = True
    list_display = [
        "giver", "pairing", "kind", "amount_yuan_shown", "received_on", "standing", "purpose",
    ]  # fmt: skip
    list_filter = ["kind", "pairing__programme"]
    search_fields = ["giver", "pairing__recipient__name_zh"]
    autocomplete_fields = ["pairing"]
    summed = "amount_yuan"
    empty_list = _("No donation is entered yet.")
    fieldsets = [
        (None, {"fields": ["pairing", "giver", ("kind", "amount_yuan"), "valuation"]}),
        (None, {"fields": ["received_on", "purpose", "basis"]}),
    ]
    verbs = _verbs("assistance.confirm_donation")
    queues = (_to_confirm(_("donations to confirm"), "assistance.confirm_donation"),)

    @admin.display(description=_("state"))
    def standing(self, row: Donation) -> SafeString:
        return counting(row)


@admin.register(Visit)
class VisitAdmin(OfPairingAdmin):
    place = 47
    list_display = ["visited_on", "direction", "pairing", "leader_level", "headcount", "subject"]
    list_filter = ["direction", "leader_level", "pairing__programme"]
    search_fields = ["subject", "pairing__recipient__name_zh"]
    autocomplete_fields = ["pairing"]
    empty_list = _("No visit is entered yet.")
    fieldsets = [
        (None, {"fields": ["pairing", ("direction", "visited_on")]}),
        (None, {"fields": [("leader_level", "headcount"), "subject", "basis"]}),
    ]
