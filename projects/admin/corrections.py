"""Money that goes back, and rows that are struck out: verbs of other pages and two lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.admin.money import money, plain_money
from assistance.admin.scoped import ScopedAdmin, link
from assistance.admin.verbs import Queue, ReasonForm, Verb, VerbForm, yuan_input
from assistance.models import Organisation
from assistance.models.regions import OrganisationKind
from projects.actions import (
    confirm_return,
    refund,
    refusals,
    return_transfer,
    verify_refund,
    void_payment,
    void_refund,
    void_return,
    void_transfer,
)
from projects.admin.lists import CountingFilter, state_of
from projects.models import Refund, TransferReturn
from projects.models.funds import TransferStatus
from projects.models.payments import PaymentStatus, RefundCause

STAYS_ON_RECORD = _("The row stays on record and no longer counts. Enter the right one anew.")


class ReturnForm(VerbForm):
    amount_yuan = forms.DecimalField(
        label=_("amount (yuan)"), max_digits=18, decimal_places=2, widget=yuan_input()
    )
    returned_on = forms.DateField(label=_("Returned on"))
    voucher_no = forms.CharField(label=_("Voucher no."), max_length=60)
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}))


class RefundForm(VerbForm):
    amount_yuan = forms.DecimalField(
        label=_("amount (yuan)"), max_digits=18, decimal_places=2, widget=yuan_input()
    )
    refunded_on = forms.DateField(label=_("Paid back on"))
    cause = forms.ChoiceField(label=_("cause"), choices=RefundCause)
    treasury = forms.ModelChoiceField(
        label=_("Receiving treasury"), queryset=Organisation.objects.none()
    )
    voucher_no = forms.CharField(label=_("Voucher no."), max_length=60)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        near = Organisation.objects.within(self.by.scope).filter(kind=OrganisationKind.FINANCE)
        treasury = self.fields["treasury"]
        assert isinstance(treasury, forms.ModelChoiceField)  # nosec B101  for mypy
        treasury.queryset = near


def _strike_out(permission: str, run: Any, why_not: Any = refusals.standing) -> Verb:
    return Verb(
        "void",
        _("Strike out"),
        permission,
        run,
        why_not,
        form=ReasonForm,
        explains=STAYS_ON_RECORD,
        turns_down=True,
    )


VERBS_OF_A_TRANSFER = (
    Verb(
        "return",
        pgettext_lazy("verb", "Log a return"),
        "projects.add_transferreturn",
        return_transfer,
        refusals.return_transfer,
        form=ReturnForm,
        explains=_("Money that went back to the donor. It counts once finance confirmed it."),
        checks_version=False,
    ),
    _strike_out("projects.confirm_transfer", void_transfer),
)
VERBS_OF_A_PAYMENT = (_strike_out("projects.verify_payment", void_payment, refusals.void_payment),)
VERBS_OF_A_SHARE = (
    Verb(
        "refund",
        pgettext_lazy("verb", "Log a refund"),
        "projects.add_refund",
        refund,
        refusals.refund,
        form=RefundForm,
        explains=_("Money that the unit paid back. It counts once finance verified it."),
        checks_version=False,
    ),
)


@admin.register(TransferReturn)
class TransferReturnAdmin(ScopedAdmin):
    place = 35
    joins = (
        "transfer__fund_plan__pairing__donor", "transfer__fund_plan__pairing__recipient",
        "created_by", "updated_by",
    )  # fmt: skip
    summed = "amount_yuan"
    list_display = ["voucher_no", "state", "transfer_link", "amount", "returned_on", "created_by"]
    list_filter = [CountingFilter, "status"]
    search_fields = ["voucher_no", "transfer__voucher_no"]
    no_form_of_its_own = never_edited = True
    empty_list = _("Returns are logged on the page of their transfer.")
    fieldsets = [
        (None, {"fields": ["transfer", "amount_yuan", "returned_on", "voucher_no", "reason"]}),
        (_("Struck out"), {"fields": ["voided_at", "void_reason"]}),
    ]
    verbs = (
        Verb(
            "confirm",
            pgettext_lazy("verb", "Confirm"),
            "projects.confirm_transferreturn",
            confirm_return,
            refusals.confirm_return,
            for_many=True,
            explains=_("Compare with the voucher. The money counts as gone back from now on."),
        ),
        _strike_out("projects.confirm_transferreturn", void_return),
    )
    queues = (
        Queue(
            "to-confirm",
            _("Returns to confirm"),
            "projects.confirm_transferreturn",
            lambda rows, user, now: rows.filter(status=TransferStatus.DRAFT).exclude(
                created_by=user
            ),
        ),
    )

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        return (
            (_("Amount"), money(row.amount_yuan)),
            (_("Transfer"), link(row.transfer)),
            (_("Returned on"), row.returned_on),
            (_("State"), state_of(row)),
        )

    @admin.display(description=_("status"), ordering="status")
    def state(self, returned: TransferReturn) -> SafeString:
        return state_of(returned)

    @admin.display(description=_("transfer"))
    def transfer_link(self, returned: TransferReturn) -> SafeString | str:
        return link(returned.transfer)

    @admin.display(description=_("amount (yuan)"), ordering="amount_yuan")
    def amount(self, returned: TransferReturn) -> SafeString:
        return plain_money(returned.amount_yuan)


@admin.register(Refund)
class RefundAdmin(ScopedAdmin):
    place = 55
    joins = (
        "project_funding__project", "project_funding__fund_plan", "treasury", "created_by",
        "updated_by",
    )  # fmt: skip
    summed = "amount_yuan"
    list_display = [
        "voucher_no", "state", "project_link", "amount", "refunded_on", "cause", "created_by",
    ]  # fmt: skip
    list_filter = [CountingFilter, "status", "cause"]
    search_fields = [
        "voucher_no",
        "project_funding__project__code",
        "project_funding__project__name",
    ]
    no_form_of_its_own = never_edited = True
    empty_list = _("Refunds are logged on the page of their share.")
    fieldsets = [
        (None, {"fields": ["project_funding", "amount_yuan", "refunded_on", "cause"]}),
        (_("Voucher"), {"fields": ["treasury", "voucher_no"]}),
        (_("Struck out"), {"fields": ["voided_at", "void_reason"]}),
    ]
    verbs = (
        Verb(
            "verify",
            pgettext_lazy("verb", "Verify"),
            "projects.verify_refund",
            verify_refund,
            refusals.verify_refund,
            for_many=True,
            explains=_("Compare with the voucher. The refund counts from now on."),
        ),
        _strike_out("projects.verify_refund", void_refund),
    )
    queues = (
        Queue(
            "to-verify",
            _("Refunds to verify"),
            "projects.verify_refund",
            lambda rows, user, now: rows.filter(status=PaymentStatus.SUBMITTED).exclude(
                created_by=user
            ),
        ),
    )

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        return (
            (_("Amount"), money(row.amount_yuan)),
            (_("Project"), link(row.project_funding.project)),
            (_("Paid back on"), row.refunded_on),
            (_("State"), state_of(row)),
        )

    @admin.display(description=_("status"), ordering="status")
    def state(self, paid_back: Refund) -> SafeString:
        return state_of(paid_back)

    @admin.display(description=_("project"))
    def project_link(self, paid_back: Refund) -> SafeString | str:
        return link(paid_back.project_funding.project)

    @admin.display(description=_("amount (yuan)"), ordering="amount_yuan")
    def amount(self, paid_back: Refund) -> SafeString:
        return plain_money(paid_back.amount_yuan)
