"""Payments on the desk; they are entered on the project's page and verified here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.admin.money import money, plain_money
from assistance.admin.scoped import Panel, ScopedAdmin, link, reader
from assistance.admin.verbs import Queue, ReasonForm, Verb, VerbForm
from assistance.desk import Figure
from assistance.models import User
from projects.actions import refusals, reject_payment, remark_payment, verify_payment
from projects.actions.payments import look_alikes
from projects.admin.corrections import VERBS_OF_A_PAYMENT
from projects.admin.funds import money_figure, paid_of_plan
from projects.admin.lists import (
    CountingFilter,
    ShareAidFilter,
    ShareYearFilter,
    state_of,
)
from projects.admin.policies import room_panel
from projects.admin.shares import share_label
from projects.models import AID, Payment, Project
from projects.models.payments import PaymentStatus


class RemarkForm(VerbForm):
    remark = forms.CharField(
        label=_("What was found on site"),
        help_text=_("The reviewer reads it before the payment is verified."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["remark"].initial = self.row.front_remark


def _to_remark(rows: models.QuerySet[Any], user: User, now: datetime) -> models.QuerySet[Any]:
    return rows.filter(status=PaymentStatus.SUBMITTED, front_remark="").exclude(created_by=user)


def _to_verify(rows: models.QuerySet[Any], user: User, now: datetime) -> models.QuerySet[Any]:
    """Those that wait for the reviewer; where a front team works it remarks on them first."""
    waiting = rows.filter(status=PaymentStatus.SUBMITTED).exclude(created_by=user)
    for prefix in user.regions_with_a_front_team:
        waiting = waiting.exclude(
            project_funding__project__county__code__startswith=prefix, front_remark=""
        )
    return waiting.exclude(front_remark_by=user)


def project_panels(project: Project) -> Iterable[Panel]:
    """The payments of a project out of all its shares."""
    payments = Payment.objects.filter(project_funding__project=project).select_related(
        "payee", "project_funding"
    )
    rows = [
        (
            link(payment, payment.voucher_no),
            state_of(payment),
            plain_money(payment.amount_yuan),
            payment.paid_on,
            payment.get_basis_display(),
            payment.payee,
            share_label(payment.project_funding),
        )
        for payment in payments
    ]
    yield Panel(
        _("Payments"),
        (
            _("voucher no."), _("status"), _("amount (yuan)"), _("paid on"), _("basis"),
            _("payee"), _("out of"),
        ),
        rows,
        _("Nothing was paid yet."),
    )  # fmt: skip


@admin.register(Payment)
class PaymentAdmin(ScopedAdmin):
    place = 50
    joins = (
        "project_funding__project__county", "project_funding__fund_plan", "treasury", "payee",
        "created_by", "updated_by", "front_remark_by",
    )  # fmt: skip
    summed = "amount_yuan"
    list_display = [
        "voucher", "state", "project_link", "amount", "paid_on", "basis", "payee", "created_by",
    ]  # fmt: skip
    list_filter = [ShareYearFilter, ShareAidFilter, CountingFilter, "status", "basis"]
    search_fields = [
        "voucher_no",
        "project_funding__project__code",
        "project_funding__project__name",
    ]
    no_form_of_its_own = never_edited = True
    empty_list = _("Payments are entered on the page of their project.")
    fieldsets = [
        (None, {"fields": ["project_funding", "seq", "basis", "amount_yuan", "paid_on"]}),
        (_("Voucher"), {"fields": ["treasury", "payee", "voucher_no", "claimed_progress_pct"]}),
        (
            _("Checked"),
            {
                "fields": [
                    "front_remark",
                    ("front_remark_by", "front_remark_at"),
                    "duplicate_reason",
                ]
            },
        ),
        (_("Entered"), {"fields": ["entered_by", "created_at", "rejection_reason"]}),
    ]  # fmt: skip
    verbs = (
        Verb(
            "remark",
            pgettext_lazy("verb", "Remark"),
            "projects.remark_payment",
            remark_payment,
            refusals.remark_payment,
            form=RemarkForm,
        ),
        Verb(
            "verify",
            pgettext_lazy("verb", "Verify"),
            "projects.verify_payment",
            verify_payment,
            refusals.verify_payment,
            for_many=True,
            explains=_("Compare with the voucher. The payment counts from now on."),
        ),
        Verb(
            "reject",
            pgettext_lazy("payment verb", "Reject"),
            "projects.verify_payment",
            reject_payment,
            refusals.reject_payment,
            form=ReasonForm,
            for_many=True,
            turns_down=True,
        ),
        *VERBS_OF_A_PAYMENT,
    )
    queues = (
        Queue("to-remark", _("Payments to remark on"), "projects.remark_payment", _to_remark),
        Queue("to-verify", _("Payments to verify"), "projects.verify_payment", _to_verify),
    )

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        share = row.project_funding
        return (
            (_("Amount"), money(row.amount_yuan)),
            (_("Left in this share"), money(share.net_yuan() - share.paid_yuan())),
            (_("Voucher no."), row.voucher_no),
            (_("Paid on"), row.paid_on),
            (_("Payee"), row.payee),
            (_("Project"), link(share.project)),
            (_("State"), state_of(row)),
            *_paid_ahead(row),
        )

    def panels(self, request: HttpRequest, row: Any) -> Iterable[Panel]:
        return (*_room_panel(row), *_look_alikes_panel(row, reader(request)))

    def figures(self, request: HttpRequest, year: int) -> Iterable[Figure]:
        if self.has_view_permission(request):
            rows = Payment.objects.visible_to(reader(request)).counting()
            rows = rows.filter(project_funding__fiscal_year=year, project_funding__source__in=AID)
            yield money_figure(self, _("Paid of the year's shares"), rows, year)

    @admin.display(description=_("voucher no."), ordering="voucher_no")
    def voucher(self, payment: Payment) -> str:
        return payment.voucher_no

    @admin.display(description=_("entered by"))
    def entered_by(self, row: Any) -> str:
        return str(row.created_by)

    @admin.display(description=_("status"), ordering="status")
    def state(self, payment: Payment) -> SafeString:
        return state_of(payment)

    @admin.display(description=_("project"))
    def project_link(self, payment: Payment) -> SafeString | str:
        return link(payment.project_funding.project)

    @admin.display(description=_("amount (yuan)"), ordering="amount_yuan")
    def amount(self, payment: Payment) -> SafeString:
        return plain_money(payment.amount_yuan)


def _paid_ahead(payment: Payment) -> Iterable[tuple[str | Promise, SafeString]]:
    """The flag of a plan of which more was paid than arrived; counties may advance money."""
    plan = payment.project_funding.fund_plan
    if plan is not None:
        yield _("Paid of the fund plan"), paid_of_plan(plan, plan.arrived_yuan())


def _room_panel(payment: Payment) -> Iterable[Panel]:
    """What the policy allows by the day of a payment that waits."""
    if payment.status == PaymentStatus.SUBMITTED:
        project = payment.project_funding.project
        yield room_panel(project, payment.paid_on, basis=payment.basis)


def _look_alikes_panel(payment: Payment, by: User) -> Iterable[Panel]:
    alike = look_alikes(payment.payee, payment.amount_yuan, payment.paid_on)
    others = alike.exclude(pk=payment.pk).visible_to(by)
    rows = [
        (
            link(other, other.voucher_no),
            state_of(other),
            other.treasury,
            link(other.project_funding.project),
            other.duplicate_reason or "–",
        )
        for other in others.select_related("treasury", "project_funding__project")
    ]
    if rows:
        yield Panel(
            _("The same payee, amount and day"),
            (
                _("voucher no."), _("status"), _("paying treasury"), _("project"),
                _("why this is no duplicate"),
            ),
            rows,
            "",
        )  # fmt: skip
