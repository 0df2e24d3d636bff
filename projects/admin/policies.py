"""Payment policies on the desk, and what they allow for a project."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.admin.money import in_yuan, plain_money
from assistance.admin.scoped import DeskForm, Panel, ScopedAdmin, badge, link, reader
from assistance.admin.verbs import Queue, ReasonForm, Verb
from assistance.models import User
from assistance.models.regions import RegionLevel
from assistance.periods import local_day
from projects import policies
from projects.actions import (
    caps,
    confirm_policy,
    propose_policy,
    refusals,
    strike_out_policy,
)
from projects.models import PaymentPolicy, Project, Stage
from projects.policies import DEFAULT, MOST_STEPS, Step, When

NEVER_PAID = (Stage.DRAFT, Stage.SUBMITTED, Stage.LIBRARY, Stage.REJECTED, Stage.WITHDRAWN)


class StepLines(forms.Widget):
    """The steps of a policy, one per line: per cent, from when on, and the number some need."""

    template_name = "admin/desk/policy_steps.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        lines = [_line(step) for step in value or ()]
        blank = {"pct": "", "when": "", "number": ""}
        lines += [blank] * (MOST_STEPS - len(lines))
        context["widget"] |= {"lines": lines, "conditions": When.choices}
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, Any]]:
        lines = (
            {part: data.get(f"{name}-{number}-{part}", "").strip() for part in _PARTS}
            for number in range(MOST_STEPS)
        )
        return [_step(line) for line in lines if any(line.values())]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-0-pct" not in data


_PARTS = ("pct", "when", "number")
_NUMBER_OF = {When.PROGRESS.value: "progress", When.RETENTION.value: "months"}


def _line(step: Mapping[str, Any]) -> dict[str, Any]:
    number = step.get("progress", step.get("months", step.get("number", "")))
    return {"pct": step.get("pct", ""), "when": step.get("when", ""), "number": number}


def _step(line: dict[str, str]) -> dict[str, Any]:
    step: dict[str, Any] = {"pct": line["pct"], "when": line["when"]}
    if line["number"] or line["when"] in _NUMBER_OF:
        step[_NUMBER_OF.get(line["when"], "number")] = line["number"]
    return step


class StepsField(forms.Field):
    widget = StepLines

    def to_python(self, value: Any) -> Any:
        """The lines as they came; the verb reads them and names the step that does not fit."""
        return value or []


class PolicyForm(DeskForm):
    steps = StepsField(
        label=_("Steps"),
        initial=policies.as_dicts(DEFAULT),
        help_text=_(
            "In rising order of per cent. What may be paid in all is the per cent of the highest"
            " step whose condition holds."
        ),
    )

    class Meta:
        fields = ["county", "name", "starts_on", "doc_no", "steps"]


def _to_confirm(rows: models.QuerySet[Any], by: User, now: datetime) -> models.QuerySet[Any]:
    return rows.filter(counted_at=None, voided_at=None).exclude(created_by=by)


def steps_of(steps: Iterable[Step]) -> SafeString:
    """The steps as lines."""
    return format_html_join("", "<div>{}</div>", ((str(step),) for step in steps))


@admin.register(PaymentPolicy)
class PaymentPolicyAdmin(ScopedAdmin):
    place = 60
    form = PolicyForm
    joins = ("county", "created_by", "counted_by", "voided_by")
    list_display = ["title", "standing", "county", "starts_on", "doc_no", "created_by"]
    search_fields = ["county__name_zh", "county__name_en", "county__code", "name"]
    autocomplete_fields = ["county"]
    readonly_fields = ["standing", "shown_steps", "created_by", "counted_by", "counted_at"]
    never_edited = True  # a new policy is proposed beside the old one
    empty_list = _("No county has a policy of its own; all follow the default one.")
    verbs = (
        Verb(
            "confirm",
            _("Confirm"),
            "projects.confirm_paymentpolicy",
            confirm_policy,
            refusals.confirm_policy,
            explains=_("The policy applies from its day on. Nobody confirms their own proposal."),
        ),
        Verb(
            "withdraw",
            _("Withdraw"),
            "projects.add_paymentpolicy",
            strike_out_policy,
            refusals.withdraw_policy,
            ReasonForm,
            turns_down=True,
        ),
        Verb(
            "strike-out",
            _("Strike out"),
            "projects.confirm_paymentpolicy",
            strike_out_policy,
            refusals.strike_out_policy,
            ReasonForm,
            turns_down=True,
            explains=_("What applied before applies again; this policy stays on record."),
        ),
    )
    queues = (
        Queue(
            "to-confirm",
            _("Payment policies to confirm"),
            "projects.confirm_paymentpolicy",
            _to_confirm,
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        asked = ["county", "name", ("starts_on", "doc_no")]
        if obj is None:
            return [(None, {"fields": [*asked, "steps"]})]
        shown = [*asked, *self.readonly_fields]
        return [(None, {"fields": [*shown, "void_reason"] if obj.voided_at else shown})]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and db_field.name == "county":
            field.queryset = field.queryset.filter(level=RegionLevel.COUNTY)
        return field

    def enter(self, fields: dict[str, Any], *, by: User, now: datetime) -> PaymentPolicy:
        return propose_policy(**fields, by=by, now=now)

    def list_panels(self, request: HttpRequest) -> Iterable[Panel]:
        """The policy in force of every county that has one, and what the others follow."""
        now = timezone.now()
        seen = PaymentPolicy.objects.visible_to(reader(request)).as_at(local_day(now), now)
        in_force = seen.order_by("county__code", "-starts_on", "-counted_at").distinct(
            "county__code"
        )
        rows: list[tuple[Any, ...]] = [
            (
                policy.county,
                link(policy, policy.name),
                steps_of(policies.read_steps(policy.steps)),
                policy.starts_on,
            )
            for policy in in_force.select_related("county")
        ]
        rows.append((_("every other county"), _("default policy"), steps_of(DEFAULT), "–"))
        headings = (_("county"), _("policy"), _("steps"), _("since"))
        return [Panel(_("What applies today"), headings, rows, "")]

    @admin.display(description=_("policy"), ordering="name")
    def title(self, policy: PaymentPolicy) -> str:
        return policy.name

    @admin.display(description=_("steps"))
    def shown_steps(self, policy: PaymentPolicy) -> SafeString:
        return steps_of(policies.read_steps(policy.steps))

    @admin.display(description=_("standing"))
    def standing(self, policy: PaymentPolicy) -> SafeString:
        if policy.voided_at:
            return badge(_("struck out"), "bad")
        if not policy.counted_at:
            return badge(_("proposed"), "open")
        to_come = policy.starts_on > local_day(timezone.now())
        return badge(_("to come"), "busy") if to_come else badge(_("confirmed"), "good")


def room_panel(project: Project, day: date, *, basis: str = "") -> Panel:
    """What the policy allows for a project by a day: every step, and whether it is reached."""
    room = caps.room_on(project, day, known_at=timezone.now(), basis=basis)
    rows = [
        (
            f"{policies.plain(step.pct)} %",
            step.needs,
            plain_money(policies.amount_yuan(step.pct, room.facts)),
            badge(_("reached"), "good")
            if policies.holds(step, room.facts)
            else badge(_("not yet"), "quiet"),
        )
        for step in room.policy.steps
    ]
    note = _(
        "“%(policy)s”, by %(day)s: %(cap)s yuan may be paid, %(paid)s are paid, %(left)s are left."
    ) % {
        "policy": room.policy.name,
        "day": date_format(day),
        "cap": in_yuan(room.cap_yuan),
        "paid": in_yuan(room.paid_yuan),
        "left": in_yuan(max(room.left_yuan, room.left_yuan * 0)),
    }
    headings = (_("per cent"), _("from when on"), _("in all (yuan)"), _("reached"))
    return Panel(pgettext_lazy("panel", "What may be paid"), headings, rows, "", note)


def project_panels(project: Project) -> Iterable[Panel]:
    """What may be paid for a project today, from its approval on."""
    if project.stage not in NEVER_PAID:
        yield room_panel(project, local_day(timezone.now()))
