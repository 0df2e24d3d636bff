"""Fund plans, and the shares that projects have of them, on the desk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.admin.money import in_large_units, in_yuan, money, plain_money
from assistance.admin.scoped import Panel, ScopedAdmin, badge, kept_by, link, reader
from assistance.admin.verbs import Queue, ReasonForm, Verb, VerbForm
from assistance.desk import Figure
from assistance.models import User
from assistance.periods import local_day
from projects.actions import (
    close_fund_plan,
    edit_fund_plan,
    issue_fund_plan,
    plan_funds,
    refusals,
    strike_out_fund_plan,
)
from projects.admin.corrections import STAYS_ON_RECORD, VERBS_OF_A_SHARE
from projects.admin.lists import (
    AidFilter,
    CountingFilter,
    YearFilter,
    state_of,
)
from projects.models import AID, FundPlan, ProjectFunding, Source
from projects.models.funds import FundPlanStatus, total_yuan

MONEY_OF_THE_YEAR = _("Aid of the fiscal year (yuan)")
SOURCES_OF_PLANS = [(s.value, s.label) for s in Source if s not in {Source.MATCH, Source.SELF}]


def paid_of_plan(plan: FundPlan, arrived: Decimal) -> SafeString:
    """What was paid of a plan, flagged where counties advanced money that has not arrived yet."""
    paid = plan.paid_yuan()
    if paid <= arrived:
        return money(paid)
    ahead = badge(_("%(ahead)s yuan paid ahead") % {"ahead": in_yuan(paid - arrived)}, "open")
    return format_html("{} {}", money(paid), ahead)


def money_figure(
    page: ScopedAdmin, label: str | Promise, rows: models.QuerySet[Any], year: int
) -> Figure:
    """The sum of the year's aid in ``rows``, with the address of the list that shows them."""
    total = total_yuan(rows)
    address = f"{page.list_url}?year={year}&kind=aid&counting=1"
    return Figure(MONEY_OF_THE_YEAR, label, in_yuan(total), in_large_units(total), address)


class WriteOffForm(VerbForm):
    doc_no = forms.CharField(
        label=_("Document of the write-off"),
        max_length=80,
        required=False,
        help_text=_("needed where not all of the money has arrived"),
    )


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
        (_("Closed or struck out"), {"fields": ["closed_doc_no", "void_reason"]}),
    ]
    verbs = (
        Verb(
            "issue",
            pgettext_lazy("verb", "Issue"),
            "projects.issue_fundplan",
            issue_fund_plan,
            refusals.issue_plan,
            for_many=True,
            explains=_("Compare with the document. The plan counts from now on."),
        ),
        Verb(
            "close",
            pgettext_lazy("fund plan verb", "Close"),
            "projects.close_fundplan",
            close_fund_plan,
            refusals.close_plan,
            form=WriteOffForm,
            explains=_("Nothing is shared out of a closed plan, and no money of it arrives."),
        ),
        Verb(
            "void",
            _("Strike out"),
            "projects.issue_fundplan",
            strike_out_fund_plan,
            refusals.strike_out_plan,
            form=ReasonForm,
            explains=STAYS_ON_RECORD,
            turns_down=True,
        ),
    )
    queues = (
        Queue(
            "to-issue",
            _("Fund plans to issue"),
            "projects.issue_fundplan",
            lambda rows, user, now: rows.filter(
                status=FundPlanStatus.DRAFT, voided_at=None
            ).exclude(created_by=user),
        ),
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        if obj is None or not allowed:
            return allowed
        return refusals.edit_plan(obj, reader(request)) is None

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

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        written = super().get_fieldsets(request, obj)
        ended = obj is not None and (obj.closed_doc_no or obj.voided_at)
        return written if ended else written[:-1]

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
            (_("Paid to units"), paid_of_plan(row, row.total_arrived_yuan)),
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
