"""Payments on the desk; they are entered on the project's page and verified here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.admin.money import money, plain_money
from assistance.admin.scoped import Panel, ScopedAdmin, link, reader
from assistance.admin.verbs import Queue, ReasonForm, Verb
from assistance.desk import Figure
from assistance.errors import Refused
from assistance.models import User
from projects.actions import reject_payment, verify_payment
from projects.admin.corrections import VERBS_OF_A_PAYMENT
from projects.admin.funds import money_figure
from projects.admin.lists import (
    CountingFilter,
    ShareAidFilter,
    ShareYearFilter,
    own_work,
    settled,
    state_of,
)
from projects.admin.shares import share_label
from projects.models import AID, Payment, Project
from projects.models.payments import PaymentStatus


def _verify_why_not(payment: Payment, user: User) -> Refused | None:
    return _reject_why_not(payment, user) or own_work(payment, user, "created_by")


def _reject_why_not(payment: Payment, user: User) -> Refused | None:
    if payment.status != PaymentStatus.SUBMITTED:
        return settled(payment, "payment_is_settled")
    return None


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
        "project_funding__project", "project_funding__fund_plan", "treasury", "payee",
        "created_by", "updated_by",
    )  # fmt: skip
    summed = "amount_yuan"
    list_display = [
        "voucher", "state", "project_link", "amount", "paid_on", "basis", "payee", "created_by",
    ]  # fmt: skip
    list_filter = [ShareYearFilter, ShareAidFilter, CountingFilter, "status", "basis"]
    search_fields = ["voucher_no", "project_funding__project__code"]
    no_form_of_its_own = never_edited = True
    empty_list = _("Payments are entered on the page of their project.")
    fieldsets = [
        (None, {"fields": ["project_funding", "seq", "basis", "amount_yuan", "paid_on"]}),
        (_("Voucher"), {"fields": ["treasury", "payee", "voucher_no", "claimed_progress_pct"]}),
        (_("Entered"), {"fields": ["entered_by", "created_at", "rejection_reason"]}),
    ]
    verbs = (
        Verb(
            "verify",
            pgettext_lazy("verb", "Verify"),
            "projects.verify_payment",
            verify_payment,
            _verify_why_not,
            for_many=True,
            explains=_("Compare with the voucher. The payment counts from now on."),
        ),
        Verb(
            "reject",
            pgettext_lazy("payment verb", "Reject"),
            "projects.verify_payment",
            reject_payment,
            _reject_why_not,
            form=ReasonForm,
            for_many=True,
            turns_down=True,
        ),
        *VERBS_OF_A_PAYMENT,
    )
    queues = (
        Queue(
            "to-verify",
            _("Payments to verify"),
            "projects.verify_payment",
            lambda rows, user, now: rows.filter(status=PaymentStatus.SUBMITTED).exclude(
                created_by=user
            ),
        ),
    )

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        share = row.project_funding
        return (
            (_("Amount"), money(row.amount_yuan)),
            (_("Left in this share"), money(share.amount_yuan - share.paid_yuan())),
            (_("Voucher no."), row.voucher_no),
            (_("Paid on"), row.paid_on),
            (_("Payee"), row.payee),
            (_("Project"), link(share.project)),
            (_("State"), state_of(row)),
        )

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
