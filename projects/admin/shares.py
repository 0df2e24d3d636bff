"""Shares of fund plans on the project's page: prepared, dropped, and shown."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from assistance.admin.money import in_yuan, plain_money
from assistance.admin.scoped import Panel, link
from assistance.admin.verbs import ReasonForm, Refusal, Verb, VerbForm, yuan_input
from assistance.errors import Refused
from assistance.models import User
from projects.actions import allot, drop_allotment
from projects.admin.verbs import step
from projects.models import FundPlan, Project, ProjectFunding
from projects.models.funds import REQUESTED_IN, WITHOUT_A_PLAN, FundPlanStatus


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


def share_label(share: ProjectFunding) -> str:
    """A share by its source and amount."""
    return f"{share.get_source_display()} · {in_yuan(share.amount_yuan)}"


def drop(project: Project, *, share: ProjectFunding, reason: str, by: User, now: datetime) -> Any:
    """The verb of the share, asked on the project's page."""
    return drop_allotment(share, reason=reason, by=by, now=now)


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


def _drop_why_not(project: Project, user: User) -> Refusal | None:
    refusal = project.why_not("allot", user)
    if refusal is None and not _prepared(project).exists():
        return Refused("nothing_to_drop", _("No share is prepared that could be dropped."))
    return refusal


PROJECT_VERBS = (
    step("allot", allot, form=ShareForm, checks_version=False),
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
)


def project_panels(project: Project) -> Iterable[Panel]:
    """The shares of a project that stand, prepared or approved."""
    shares = project.funding.standing().select_related(
        "fund_plan__pairing__donor", "fund_plan__pairing__recipient"
    )
    rows = [
        (
            share.get_source_display(),
            link(share.fund_plan),
            plain_money(share.amount_yuan),
            share.approved_on or _("prepared"),
            share.doc_no or "–",
            plain_money(share.paid_yuan()),
        )
        for share in shares
    ]
    yield Panel(
        _("Funding"),
        (
            _("source"), _("fund plan"), _("amount (yuan)"), _("approved on"), _("document no."),
            _("paid (yuan)"),
        ),
        rows,
        _("No share is allotted yet."),
    )  # fmt: skip
