"""The steps of a project's road as verbs of its page, and what each of them asks."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assistance.admin.money import in_yuan
from assistance.admin.verbs import DayForm, DocumentForm, ReasonForm, VerbForm, yuan_input
from assistance.models import Organisation, User
from assistance.models.regions import OrganisationKind
from assistance.periods import local_day
from projects.actions import (
    accept,
    admit,
    advance,
    approve,
    close,
    pay,
    reject,
    resume,
    return_to_draft,
    rework,
    submit,
    suspend,
    take_back,
    withdraw,
)
from projects.admin import (
    acceptance,
    assets,
    audit,
    changes,
    evaluation,
    history,
    notices,
    papers,
    progress,
    proposals,
    shares,
)
from projects.admin.shares import share_label
from projects.admin.verbs import step
from projects.models import Project, ProjectFunding, Stage
from projects.models.funds import PAID_THROUGH_THE_LEDGER
from projects.models.payments import PaymentBasis


class ContractForm(DayForm):
    """The day; for a tendered project on its way out of the tender also the contract."""

    contract_no = forms.CharField(label=gettext_lazy("Contract no."), max_length=60)
    contract_yuan = forms.DecimalField(
        label=gettext_lazy("Contract amount (yuan)"),
        max_digits=18,
        decimal_places=2,
        min_value=Decimal("0.01"),
        widget=yuan_input(),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.row.stage != Stage.TENDERING:
            del self.fields["contract_no"], self.fields["contract_yuan"]


class HaltForm(DayForm, ReasonForm):
    """The day and the reason; a winter stop also says when the works go on."""

    resumes_on = forms.DateField(
        label=gettext_lazy("To go on from"),
        required=False,
        help_text=gettext_lazy("For a winter stop; otherwise leave it blank."),
    )
    field_order = ["on", "resumes_on", "reason"]


class DayAndReasonForm(DayForm, ReasonForm):
    field_order = ["on", "reason"]


class ResumeForm(DayForm):
    reason = forms.CharField(
        label=gettext_lazy("Remarks"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class ClosingForm(DayForm):
    doc_no = forms.CharField(label=gettext_lazy("Document no."), max_length=80, required=False)
    field_order = ["doc_no", "on"]


class PaymentForm(VerbForm):
    funding = forms.ModelChoiceField(
        label=gettext_lazy("Out of the share"), queryset=ProjectFunding.objects.none()
    )
    basis = forms.ChoiceField(label=gettext_lazy("Basis"), choices=PaymentBasis.choices)
    amount_yuan = forms.DecimalField(
        label=gettext_lazy("Amount (yuan)"),
        max_digits=18,
        decimal_places=2,
        min_value=Decimal("0.01"),
        widget=yuan_input(),
    )
    paid_on = forms.DateField(label=gettext_lazy("Paid on"))
    treasury = forms.ModelChoiceField(
        label=gettext_lazy("Paying treasury"), queryset=Organisation.objects.none()
    )
    payee = forms.ModelChoiceField(
        label=gettext_lazy("Payee"), queryset=Organisation.objects.none()
    )
    voucher_no = forms.CharField(label=gettext_lazy("Voucher no."), max_length=60)
    claimed_progress_pct = forms.DecimalField(
        label=gettext_lazy("Progress claimed (%)"),
        max_digits=5,
        decimal_places=2,
        min_value=0,
        max_value=100,
        required=False,
    )
    duplicate_reason = forms.CharField(
        label=gettext_lazy("Why this is no duplicate"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("needed where the same payee got the same amount on the same day"),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        near = Organisation.objects.within(self.by.scope).select_related("region")
        county = self.row.county
        shares, fields = self.row.funding.counting(), self.fields
        fields["funding"].queryset = shares.filter(source__in=PAID_THROUGH_THE_LEDGER)  # type: ignore[attr-defined]
        fields["funding"].label_from_instance = _share_and_rest  # type: ignore[attr-defined]
        fields["treasury"].queryset = near.filter(  # type: ignore[attr-defined]
            kind=OrganisationKind.FINANCE, region__code__startswith=county.code[:4]
        )
        fields["payee"].queryset = near.filter(region=county) | near.filter(  # type: ignore[attr-defined]
            pk=self.row.implementing_unit_id
        )
        fields["payee"].initial = self.row.implementing_unit_id
        fields["paid_on"].initial = local_day(timezone.now())


def enter_payment(
    project: Project, *, funding: ProjectFunding, by: User, now: datetime, **answers: Any
) -> Any:
    """The verb of the share, asked on the project's page."""
    return pay(funding, by=by, now=now, **answers)


def _share_and_rest(share: ProjectFunding) -> str:
    rest = in_yuan(share.net_yuan() - share.paid_yuan())
    return _("%(share)s (left to pay: %(rest)s)") % {"share": share_label(share), "rest": rest}


VERBS = (
    step(
        "submit",
        submit,
        for_many=True,
        explains=gettext_lazy("The programme office takes over; the draft is closed."),
    ),
    step(
        "take_back",
        take_back,
        explains=gettext_lazy("Nobody looked at it yet: it becomes your draft again."),
        turns_down=True,
    ),
    step(
        "admit",
        admit,
        for_many=True,
        explains=gettext_lazy("The application was reviewed and goes into the project library."),
    ),
    *shares.PROJECT_VERBS,
    step(
        "approve",
        approve,
        form=DocumentForm,
        for_many=True,
        explains=gettext_lazy("The shares begin to count and the project enters the year's plan."),
    ),
    step("advance", advance, form=ContractForm),
    *proposals.PROJECT_VERBS,
    *progress.PROJECT_VERBS,
    step("pay", enter_payment, form=PaymentForm, checks_version=False),
    *papers.PROJECT_VERBS,
    *notices.PROJECT_VERBS,
    *acceptance.PROJECT_VERBS,
    *assets.PROJECT_VERBS,
    *evaluation.PROJECT_VERBS,
    *audit.PROJECT_VERBS,
    *changes.PROJECT_VERBS,
    *history.PROJECT_VERBS,
    step(
        "resume",
        resume,
        form=ResumeForm,
        explains=gettext_lazy("The works go on."),
    ),
    step(
        "accept",
        accept,
        form=DayForm,
        for_many=True,
        explains=gettext_lazy("The panel passed the works; nothing more is built."),
    ),
    step(
        "close",
        close,
        form=ClosingForm,
        for_many=True,
        explains=gettext_lazy("The file is closed for good; only retention is paid afterwards."),
    ),
    step("suspend", suspend, form=HaltForm, turns_down=True),
    step("rework", rework, form=DayAndReasonForm, turns_down=True),
    step("return", return_to_draft, form=ReasonForm, for_many=True, turns_down=True),
    step("reject", reject, form=ReasonForm, for_many=True, turns_down=True),
    step(
        "withdraw",
        withdraw,
        form=ReasonForm,
        explains=gettext_lazy("The application is given up for good."),
        turns_down=True,
    ),
)
