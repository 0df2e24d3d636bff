"""The steps of a project's road as verbs of its page, and what each of them asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from assistance.admin.money import in_yuan
from assistance.admin.verbs import (
    DayForm,
    DocumentForm,
    ReasonForm,
    Refusal,
    Verb,
    VerbForm,
    yuan_input,
)
from assistance.errors import Refused
from assistance.models import Organisation, User
from assistance.models.regions import OrganisationKind
from assistance.periods import Month, local_day
from projects.actions import (
    admit,
    advance,
    allot,
    approve,
    complete,
    drop_allotment,
    pay,
    reject,
    report_progress,
    return_to_draft,
    start,
    submit,
)
from projects.admin import acceptance, assets, audit, evaluation
from projects.models import STEPS, FundPlan, Project, ProjectFunding, Stage
from projects.models.funds import (
    PAID_THROUGH_THE_LEDGER,
    REQUESTED_IN,
    WITHOUT_A_PLAN,
    FundPlanStatus,
)
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


class ShareForm(VerbForm):
    """A share of a plan that serves the project, or of money that has no plan."""

    draws_on = forms.ChoiceField(label=gettext_lazy("Out of"))
    amount_yuan = forms.DecimalField(
        label=gettext_lazy("Amount (yuan)"),
        max_digits=18,
        decimal_places=2,
        min_value=Decimal("0.01"),
        widget=yuan_input(),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.plans = {str(plan.pk): plan for plan in _plans_that_serve(self.row, self.by)}
        self.fields["draws_on"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            ("", "---------"),
            *((key, _plan_and_rest(plan)) for key, plan in self.plans.items()),
            *((source.value, str(source.label)) for source in WITHOUT_A_PLAN),
        ]
        self.fields["amount_yuan"].initial = _not_allotted(self.row)

    def answers(self) -> dict[str, Any]:
        chosen = self.cleaned_data["draws_on"]
        plan = self.plans.get(chosen)
        return {
            "source": plan.source if plan else chosen,
            "fund_plan": plan,
            "amount_yuan": self.cleaned_data["amount_yuan"],
        }


class DropForm(ReasonForm):
    share = forms.ModelChoiceField(
        label=gettext_lazy("Share"), queryset=ProjectFunding.objects.none()
    )
    field_order = ["share", "reason"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        shares = self.fields["share"]
        shares.queryset = _prepared(self.row)  # type: ignore[attr-defined]  # a ModelChoiceField
        shares.label_from_instance = share_label  # type: ignore[attr-defined]


class ProgressForm(VerbForm):
    period = forms.CharField(
        label=gettext_lazy("Month"), max_length=7, widget=forms.TextInput(attrs={"type": "month"})
    )
    measured_on = forms.DateField(label=gettext_lazy("Measured on"))
    physical_pct = forms.DecimalField(
        label=gettext_lazy("Physical progress (%)"),
        max_digits=5,
        decimal_places=2,
        min_value=0,
        max_value=100,
    )
    narrative = forms.CharField(
        label=gettext_lazy("What was done"), widget=forms.Textarea(attrs={"rows": 3})
    )
    problems = forms.CharField(
        label=gettext_lazy("Problems"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        today = local_day(timezone.now())
        self.fields["measured_on"].initial = today
        self.fields["period"].initial = str(Month.of(today))


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


def share_label(share: ProjectFunding) -> str:
    """A share by its source and amount."""
    return f"{share.get_source_display()} · {in_yuan(share.amount_yuan)}"


def drop(project: Project, *, share: ProjectFunding, reason: str, by: User, now: datetime) -> Any:
    """The verb of the share, asked on the project's page."""
    return drop_allotment(share, reason=reason, by=by, now=now)


def enter_payment(
    project: Project, *, funding: ProjectFunding, by: User, now: datetime, **answers: Any
) -> Any:
    """The verb of the share, asked on the project's page."""
    return pay(funding, by=by, now=now, **answers)


def _share_and_rest(share: ProjectFunding) -> str:
    rest = in_yuan(share.amount_yuan - share.paid_yuan())
    return _("%(share)s (left to pay: %(rest)s)") % {"share": share_label(share), "rest": rest}


def _plan_and_rest(plan: FundPlan) -> str:
    rest = in_yuan(plan.amount_yuan - plan.committed_yuan())
    return _("%(plan)s (left: %(rest)s)") % {"plan": plan, "rest": rest}


def _plans_that_serve(project: Project, by: User) -> list[FundPlan]:
    """Issued plans of the project's own pairing and, in its programme, of the regions above it."""
    code = project.pairing.recipient.code
    above = {code, f"{code[:4]}00", f"{code[:2]}0000"}
    plans = FundPlan.objects.visible_to(by).filter(
        status=FundPlanStatus.ISSUED,
        fiscal_year=project.fiscal_year,
        pairing__programme=project.pairing.programme_id,
        pairing__recipient__code__in=above,
    )
    return [
        plan
        for plan in plans.select_related("pairing__donor", "pairing__recipient")
        if plan.pairing_id == project.pairing_id or plan.pairing.recipient.code != code
    ]


def _not_allotted(project: Project) -> Decimal | None:
    """What is asked for from the first kind of money that the shares do not cover yet."""
    rest = {column: getattr(project, column) for column in dict.fromkeys(REQUESTED_IN.values())}
    for share in project.funding.standing():
        rest[REQUESTED_IN[share.source]] -= share.amount_yuan
    return next((amount for amount in rest.values() if amount > 0), None)


def _prepared(project: Project) -> Any:
    return project.funding.standing().filter(counted_at=None)


def _by_the_road(verb: str) -> Callable[[Project, User], Refusal | None]:
    return lambda project, user: project.why_not(verb, user)


def _drop_why_not(project: Project, user: User) -> Refusal | None:
    refusal = project.why_not("allot", user)
    if refusal is None and not _prepared(project).exists():
        return Refused("nothing_to_drop", _("No share is prepared that could be dropped."))
    return refusal


def _step(verb: str, run: Callable[..., Any], **options: Any) -> Verb:
    step = STEPS[verb]
    name = verb.replace("_", "-")
    return Verb(name, step.label, step.permission, run, _by_the_road(verb), **options)


VERBS = (
    _step(
        "submit",
        submit,
        for_many=True,
        explains=gettext_lazy("The programme office takes over; the draft is closed."),
    ),
    _step(
        "admit",
        admit,
        for_many=True,
        explains=gettext_lazy("The application was reviewed and goes into the project library."),
    ),
    _step("allot", allot, form=ShareForm, checks_version=False),
    Verb(
        "drop-share",
        pgettext_lazy("verb", "Drop a share"),
        "projects.add_projectfunding",
        drop,
        _drop_why_not,
        form=DropForm,
        checks_version=False,
        turns_down=True,
    ),
    _step(
        "approve",
        approve,
        form=DocumentForm,
        for_many=True,
        explains=gettext_lazy("The shares begin to count and the project enters the year's plan."),
    ),
    _step("advance", advance, form=ContractForm),
    _step("start", start, form=DayForm, for_many=True),
    _step("report_progress", report_progress, form=ProgressForm, checks_version=False),
    _step("pay", enter_payment, form=PaymentForm, checks_version=False),
    _step("complete", complete, form=DayForm, for_many=True),
    *acceptance.PROJECT_VERBS,
    *assets.PROJECT_VERBS,
    *evaluation.PROJECT_VERBS,
    *audit.PROJECT_VERBS,
    _step("return", return_to_draft, form=ReasonForm, for_many=True, turns_down=True),
    _step("reject", reject, form=ReasonForm, for_many=True, turns_down=True),
)
