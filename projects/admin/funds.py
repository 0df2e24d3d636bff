"""Fund plans and transfers on the desk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.admin.money import in_large_units, in_yuan, money, plain_money
from assistance.admin.scoped import Panel, ScopedAdmin, kept_by, link, reader
from assistance.admin.verbs import Queue, Verb, VerbForm
from assistance.desk import Figure
from assistance.errors import Refused
from assistance.models import Pairing, User
from assistance.periods import local_day
from projects.actions import (
    confirm_transfer,
    edit_fund_plan,
    issue_fund_plan,
    plan_funds,
    record_transfer,
    report_arrival,
)
from projects.actions.funds import TREASURIES
from projects.admin.corrections import VERBS_OF_A_SHARE, VERBS_OF_A_TRANSFER
from projects.admin.lists import (
    AidFilter,
    CountingFilter,
    PlanAidFilter,
    PlanYearFilter,
    YearFilter,
    own_work,
    settled,
    state_of,
)
from projects.models import AID, FundPlan, ProjectFunding, Source, Transfer
from projects.models.funds import FundPlanStatus, TransferStatus, total_yuan

MONEY_OF_THE_YEAR = _("Aid of the fiscal year (yuan)")
SOURCES_OF_PLANS = [(s.value, s.label) for s in Source if s not in {Source.MATCH, Source.SELF}]


def _may_keep(pairing: Pairing, user: User) -> bool:
    return user.may_write_for(recipient_id=pairing.recipient_id, donor_id=pairing.donor_id)


def _issue_why_not(plan: FundPlan, user: User) -> Refused | None:
    if plan.status != FundPlanStatus.DRAFT:
        return settled(plan, "fund_plan_is_settled")
    return own_work(plan, user, "created_by")


def money_figure(
    page: ScopedAdmin, label: str | Promise, rows: models.QuerySet[Any], year: int
) -> Figure:
    """The sum of the year's aid in ``rows``, with the address of the list that shows them."""
    total = total_yuan(rows)
    address = f"{page.list_url}?year={year}&kind=aid&counting=1"
    return Figure(MONEY_OF_THE_YEAR, label, in_yuan(total), in_large_units(total), address)


@admin.register(FundPlan)
class FundPlanAdmin(ScopedAdmin):
    place = 20
    joins = ("pairing__donor", "pairing__recipient", "pairing__programme", "updated_by")
    summed = "amount_yuan"
    list_display = [
        "title", "state", "planned", "committed", "left", "arrived", "issued_on", "doc_no",
    ]  # fmt: skip
    list_filter = [YearFilter, AidFilter, CountingFilter, "source", "pairing__programme"]
    search_fields = ["pairing__recipient__name_zh", "pairing__recipient__name_en", "doc_no"]
    fieldsets = [
        (None, {"fields": ["pairing", ("fiscal_year", "source"), "amount_yuan"]}),
        (_("Document"), {"fields": [("doc_no", "issued_on"), "basis", "is_inferred"]}),
    ]
    verbs = (
        Verb(
            "issue",
            pgettext_lazy("verb", "Issue"),
            "projects.issue_fundplan",
            issue_fund_plan,
            _issue_why_not,
            for_many=True,
            explains=_("Compare with the document. The plan counts from now on."),
        ),
    )
    queues = (
        Queue(
            "to-issue",
            _("Fund plans to issue"),
            "projects.issue_fundplan",
            lambda rows, user, now: rows.filter(status=FundPlanStatus.DRAFT).exclude(
                created_by=user
            ),
        ),
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        if obj is None or not allowed:
            return allowed
        return obj.status == FundPlanStatus.DRAFT and _may_keep(obj.pairing, reader(request))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "pairing" and field is not None:
            field.queryset = kept_by(reader(request), field.queryset)
        return field

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "source":
            kwargs["choices"] = [("", "---------"), *SOURCES_OF_PLANS]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        today = local_day(timezone.now())
        return {"fiscal_year": str(today.year), **super().get_changeform_initial_data(request)}

    def enter(self, fields: dict[str, Any], *, by: User, now: datetime) -> Any:
        return plan_funds(**fields, by=by, now=now)

    def amend(
        self, row: Any, fields: dict[str, Any], *, by: User, now: datetime, version: int | None
    ) -> Any:
        return edit_fund_plan(row, **fields, by=by, now=now, version=version)

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        return (
            (_("Planned"), money(row.amount_yuan)),
            (_("Committed to projects"), money(row.total_committed_yuan)),
            (_("Left to commit"), money(row.amount_yuan - row.total_committed_yuan)),
            (_("Arrived"), money(row.total_arrived_yuan)),
            (_("State"), self.state(row)),
        )

    def panels(self, request: HttpRequest, row: Any) -> Iterable[Panel]:
        shares = row.shares.standing().select_related("project")
        transfers = row.transfers.standing().select_related("treasury")
        return (
            Panel(
                _("Shares of projects"),
                (_("project"), _("amount (yuan)"), _("approved on"), _("document no.")),
                [
                    (link(s.project), plain_money(s.amount_yuan), s.approved_on or "–", s.doc_no)
                    for s in shares
                ],
                _("No project draws on this plan yet."),
            ),
            Panel(
                _("Transfers"),
                (_("sent on"), _("arrived on"), _("amount (yuan)"), _("status")),
                [
                    (
                        link(t, str(t.sent_on)),
                        t.arrived_on or "–",
                        plain_money(t.amount_yuan),
                        state_of(t),
                    )
                    for t in transfers
                ],
                _("No money was logged for this plan yet."),
            ),
        )

    def figures(self, request: HttpRequest, year: int) -> Iterable[Figure]:
        if self.has_view_permission(request):
            rows = FundPlan.objects.visible_to(reader(request)).counting()
            rows = rows.filter(fiscal_year=year, source__in=AID)
            yield money_figure(self, _("Planned aid"), rows, year)

    @admin.display(description=_("fund plan"), ordering="fiscal_year")
    def title(self, plan: FundPlan) -> str:
        return str(plan)

    @admin.display(description=_("status"), ordering="status")
    def state(self, plan: FundPlan) -> SafeString:
        return state_of(plan)

    @admin.display(description=_("planned (yuan)"), ordering="amount_yuan")
    def planned(self, plan: FundPlan) -> SafeString:
        return plain_money(plan.amount_yuan)

    @admin.display(description=_("committed"), ordering="total_committed_yuan")
    def committed(self, plan: FundPlan) -> SafeString:
        return plain_money(plan.total_committed_yuan)

    @admin.display(description=_("left"))
    def left(self, plan: FundPlan) -> SafeString:
        return plain_money(plan.amount_yuan - plan.total_committed_yuan)

    @admin.display(description=_("arrived"), ordering="total_arrived_yuan")
    def arrived(self, plan: FundPlan) -> SafeString:
        return plain_money(plan.total_arrived_yuan)


@admin.register(ProjectFunding)
class ProjectFundingAdmin(ScopedAdmin):
    """Shares of projects, to be read; they are allotted and dropped on the project's page."""

    place = 25
    joins = (
        "project__county", "fund_plan__pairing__donor", "fund_plan__pairing__recipient",
    )  # fmt: skip
    summed = "amount_yuan"
    list_display = ["title", "project_link", "amount", "approved_on", "doc_no"]
    list_filter = [YearFilter, AidFilter, CountingFilter, "source"]
    search_fields = ["project__code", "project__name"]
    no_form_of_its_own = never_edited = True
    fieldsets = [
        (None, {"fields": ["project", "source", "fund_plan", "amount_yuan"]}),
        (_("Approval"), {"fields": ["approved_on", "doc_no"]}),
    ]
    verbs = VERBS_OF_A_SHARE

    def figures(self, request: HttpRequest, year: int) -> Iterable[Figure]:
        if self.has_view_permission(request):
            rows = ProjectFunding.objects.visible_to(reader(request)).counting()
            rows = rows.filter(fiscal_year=year, source__in=AID)
            yield money_figure(self, _("Allocated to projects"), rows, year)

    @admin.display(description=_("share"), ordering="fiscal_year")
    def title(self, share: ProjectFunding) -> str:
        return f"{share.fiscal_year} {share.get_source_display()}"

    @admin.display(description=_("project"), ordering="project")
    def project_link(self, share: ProjectFunding) -> SafeString | str:
        return link(share.project)

    @admin.display(description=_("amount (yuan)"), ordering="amount_yuan")
    def amount(self, share: ProjectFunding) -> SafeString:
        return plain_money(share.amount_yuan)


class ArrivalForm(VerbForm):
    arrived_on = forms.DateField(label=_("Arrived on"))
    voucher_no = forms.CharField(label=_("Voucher no."), max_length=60)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["arrived_on"].initial = self.row.arrived_on
        self.fields["voucher_no"].initial = self.row.voucher_no


def _arrival_why_not(transfer: Transfer, user: User) -> Refused | PermissionDenied | None:
    if transfer.status != TransferStatus.DRAFT:
        return settled(transfer, "transfer_is_settled")
    return None if _may_keep(transfer.fund_plan.pairing, user) else PermissionDenied()


def _confirm_why_not(transfer: Transfer, user: User) -> Refused | None:
    if transfer.status != TransferStatus.DRAFT:
        return settled(transfer, "transfer_is_settled")
    if transfer.arrived_on is None or not transfer.voucher_no:
        return Refused(
            "arrival_not_reported",
            _("The day of arrival and the voucher number are missing; have them reported first."),
        )
    return own_work(transfer, user, "created_by", "updated_by")


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
            _arrival_why_not,
            form=ArrivalForm,
        ),
        Verb(
            "confirm",
            pgettext_lazy("verb", "Confirm"),
            "projects.confirm_transfer",
            confirm_transfer,
            _confirm_why_not,
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
