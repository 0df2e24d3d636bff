"""Transfers on the desk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Q
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.admin.money import money, plain_money
from assistance.admin.scoped import ScopedAdmin, kept_by, link, reader
from assistance.admin.verbs import Queue, Verb, VerbForm
from assistance.desk import Figure
from assistance.models import Pairing, User
from projects.actions import confirm_transfer, record_transfer, refusals, report_arrival
from projects.actions.transfers import TREASURIES
from projects.admin.corrections import VERBS_OF_A_TRANSFER
from projects.admin.funds import money_figure
from projects.admin.lists import CountingFilter, PlanAidFilter, PlanYearFilter, state_of
from projects.models import AID, Transfer
from projects.models.funds import FundPlanStatus, TransferStatus


class ArrivalForm(VerbForm):
    arrived_on = forms.DateField(label=_("Arrived on"))
    voucher_no = forms.CharField(label=_("Voucher no."), max_length=60)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["arrived_on"].initial = self.row.arrived_on
        self.fields["voucher_no"].initial = self.row.voucher_no


def _awaiting_arrival(
    rows: models.QuerySet[Any], user: User, now: datetime
) -> models.QuerySet[Any]:
    pairings = kept_by(user, Pairing.objects.all())
    drafts = rows.filter(status=TransferStatus.DRAFT, fund_plan__pairing__in=pairings)
    return drafts.filter(Q(arrived_on=None) | Q(voucher_no=""))


def _to_confirm(rows: models.QuerySet[Any], user: User, now: datetime) -> models.QuerySet[Any]:
    drafts = rows.filter(status=TransferStatus.DRAFT, arrived_on__isnull=False)
    return drafts.exclude(voucher_no="").exclude(created_by=user).exclude(updated_by=user)


@admin.register(Transfer)
class TransferAdmin(ScopedAdmin):
    place = 30
    joins = (
        "fund_plan__pairing__donor", "fund_plan__pairing__recipient", "treasury", "updated_by",
    )  # fmt: skip
    summed = "amount_yuan"
    list_display = [
        "title", "state", "amount", "sent_on", "arrived_on", "treasury", "voucher_no",
    ]  # fmt: skip
    list_filter = [PlanYearFilter, PlanAidFilter, CountingFilter, "status"]
    search_fields = ["voucher_no", "fund_plan__pairing__recipient__name_zh"]
    autocomplete_fields = ["fund_plan"]
    never_edited = True
    fieldsets = [
        (None, {"fields": ["fund_plan", "amount_yuan", "treasury"]}),
        (_("Journey"), {"fields": [("sent_on", "arrived_on"), "voucher_no", "over_doc_no"]}),
    ]
    verbs = (
        Verb(
            "report-arrival",
            pgettext_lazy("verb", "Report the arrival"),
            "projects.report_arrival_transfer",
            report_arrival,
            refusals.report_arrival,
            form=ArrivalForm,
        ),
        Verb(
            "confirm",
            pgettext_lazy("verb", "Confirm"),
            "projects.confirm_transfer",
            confirm_transfer,
            refusals.confirm_transfer,
            for_many=True,
            explains=_("Compare with the voucher. The money counts as arrived from now on."),
        ),
        *VERBS_OF_A_TRANSFER,
    )
    queues = (
        Queue(
            "to-confirm",
            _("Arrivals to confirm"),
            "projects.confirm_transfer",
            _to_confirm,
        ),
        Queue(
            "to-arrive",
            _("Transfers without an arrival"),
            "projects.report_arrival_transfer",
            _awaiting_arrival,
        ),
    )

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and db_field.name == "treasury":
            field.queryset = field.queryset.filter(kind__in=TREASURIES)
        if field is not None and db_field.name == "fund_plan":
            field.queryset = field.queryset.filter(
                status=FundPlanStatus.ISSUED,
                pairing__in=kept_by(reader(request), Pairing.objects.all()),
            )
        return field

    def enter(self, fields: dict[str, Any], *, by: User, now: datetime) -> Any:
        return record_transfer(**fields, by=by, now=now)

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        return (
            (_("Amount"), money(row.amount_yuan)),
            (_("Fund plan"), link(row.fund_plan)),
            (_("Voucher no."), row.voucher_no or "–"),
            (_("Arrived on"), row.arrived_on or "–"),
            (_("Receiving treasury"), row.treasury),
            (_("State"), state_of(row)),
        )

    def figures(self, request: HttpRequest, year: int) -> Iterable[Figure]:
        if self.has_view_permission(request):
            rows = Transfer.objects.visible_to(reader(request)).counting()
            rows = rows.filter(fund_plan__fiscal_year=year, fund_plan__source__in=AID)
            yield money_figure(self, _("Arrived of the year's plans"), rows, year)

    @admin.display(description=_("fund plan"), ordering="fund_plan")
    def title(self, transfer: Transfer) -> str:
        return str(transfer.fund_plan)

    @admin.display(description=_("status"), ordering="status")
    def state(self, transfer: Transfer) -> SafeString:
        return state_of(transfer)

    @admin.display(description=_("amount (yuan)"), ordering="amount_yuan")
    def amount(self, transfer: Transfer) -> SafeString:
        return plain_money(transfer.amount_yuan)
