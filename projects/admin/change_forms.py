"""What a change asks for, kind by kind, with what stands now beside it; and a change in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import formats
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assistance.admin.money import in_yuan
from assistance.admin.verbs import VerbForm, day_input, yuan_input
from assistance.models import Organisation
from projects.actions.changed_values import COLUMNS, Shares, shares_of, written
from projects.admin.shares import plan_and_rest, plans_that_serve, share_label
from projects.models import ChangeRequest, FundPlan, PerformanceTarget, Project, ProjectFunding
from projects.models.changes import ChangeKind
from projects.models.funds import WITHOUT_A_PLAN, Source

APPLIED_FOR = tuple((kind.value, kind.label) for kind in ChangeKind if kind != ChangeKind.SURPLUS)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that a change changes, in the words of the reader; ``before`` may be blank."""

    label: str
    before: str
    after: str

    @property
    def short(self) -> str:
        return f"{self.label}: {self.before} → {self.after}" if self.before else self.after


class Names:
    """What the numbers in some changes are called; read once for all of them."""

    def __init__(self, changes: Iterable[ChangeRequest]) -> None:
        said = [values for change in changes for values in (change.before, change.after)]
        units = {values.get("implementing_unit") for values in said} - {None}
        shares = {key for values in said for key in values.get("shares", {})}
        plans = {key for values in said for key in values.get("new_shares", {})}
        self.units = Organisation.objects.in_bulk(units) if units else {}
        self.shares = ProjectFunding.objects.in_bulk([int(key) for key in shares]) if shares else {}
        self.plans = (
            {
                str(plan.pk): plan
                for plan in FundPlan.objects.filter(
                    pk__in=[int(key) for key in plans if key not in WITHOUT_A_PLAN]
                ).select_related("pairing__donor", "pairing__recipient")
            }
            if plans
            else {}
        )

    def value(self, column: str, value: Any) -> str:
        """A value of ``before`` or ``after`` as people read it."""
        field: Any = Project._meta.get_field(column)
        if value is None or value == "":
            said = "–"
        elif isinstance(value, bool):
            said = _("yes") if value else _("no")
        elif column == "implementing_unit":
            said = str(self.units.get(value, value))
        elif field.choices:
            said = str(dict(field.flatchoices).get(value, value))
        elif column.endswith("_yuan"):
            said = in_yuan(Decimal(value))
        elif column.startswith("planned_"):
            said = formats.date_format(field.to_python(value))
        else:
            said = str(value)
        return said

    def source(self, key: str) -> str:
        """What a key of ``new_shares`` draws on."""
        return str(Source(key).label) if key in WITHOUT_A_PLAN else str(self.plans.get(key, key))


def in_words(change: ChangeRequest, names: Names | None = None) -> list[Line]:
    """A change as its readers say it: labels instead of codes, names instead of numbers."""
    names = names or Names([change])
    before, after = change.before, change.after
    lines = [
        Line(_label(name), names.value(name, before.get(name)), names.value(name, after[name]))
        for name in COLUMNS[change.kind]
        if name in after
    ]
    for key, delta in after.get("shares", {}).items():
        share, was = names.shares[int(key)], Decimal(before["shares"][key])
        label = _("Share %(source)s") % {"source": share.get_source_display()}
        lines.append(Line(label, in_yuan(was), in_yuan(was + Decimal(delta))))
    for key, amount in after.get("new_shares", {}).items():
        lines.append(Line(_("New share"), "", f"{names.source(key)} · {in_yuan(Decimal(amount))}"))
    if "targets" in after:
        was_said, said = (_targets_in_words(values["targets"]) for values in (before, after))
        lines.append(Line(_("Performance targets"), was_said, said))
    if "justification" in after:
        lines.append(Line(_("Why paid money stays"), "", after["justification"]))
    return lines


def _label(column: str) -> str:
    return capfirst(str(getattr(Project._meta.get_field(column), "verbose_name")))  # noqa: B009  mypy


def _targets_in_words(targets: Iterable[Any]) -> str:
    return "; ".join(
        f"{target['name']} {Decimal(target['quantity']).normalize():f} {target['unit']}"
        for target in targets
    )


class KindForm(VerbForm):
    """The fields of one kind of change, each with what stands now under it."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Those who decide will read it."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    of_kind: str = ""
    project: Project
    shares: Shares
    targets: list[PerformanceTarget]

    def ask(self, project: Project, kind: str, after: dict[str, Any]) -> None:
        """Add the fields of ``kind``, filled in with ``after`` where it says something."""
        self.of_kind, self.project = kind, project
        for name in () if kind == ChangeKind.BUDGET else COLUMNS[kind]:
            self.fields[name] = self._column(name, after)
        if kind == ChangeKind.CONTENT:
            self._ask_targets(after)
        if kind == ChangeKind.BUDGET:
            self._ask_shares(after)
        if kind == ChangeKind.TERMINATE:
            self.fields["justification"] = forms.CharField(
                label=_("Why paid money stays"),
                required=False,
                initial=after.get("justification"),
                help_text=_("Needed where not all that was paid came back; what is unspent is"
                            " released."),
                widget=forms.Textarea(attrs={"rows": 3}),
            )  # fmt: skip
        self.order_fields([name for name in self.fields if name != "reason"])

    def wanted(self) -> dict[str, Any]:
        """What is to be changed, for the verb."""
        given = self.cleaned_data
        after = {name: given[name] for name in COLUMNS[self.of_kind] if name in self.fields}
        if self.of_kind == ChangeKind.CONTENT:
            after["targets"] = [
                {"kind": row.kind, "name": row.name, "unit": row.unit,
                 "quantity": given[f"target_{row.pk}"]}
                for row in self.targets
            ]  # fmt: skip
        if self.of_kind == ChangeKind.BUDGET:
            after["shares"] = {
                key: given[f"share_{key}"] - share.net_yuan() for key, share in self.shares.items()
            }
            chosen, amount = given["new_share"], given["new_yuan"]
            after["new_shares"] = {chosen: amount} if chosen and amount else {}
        if self.of_kind == ChangeKind.TERMINATE:
            after["justification"] = given["justification"]
        return after

    def _column(self, name: str, after: dict[str, Any]) -> Any:
        column: Any = Project._meta.get_field(name)
        now = written(self.project, name)
        field = column.formfield()
        if name == "implementing_unit":
            county, unit = self.project.county, self.project.implementing_unit_id
            field.queryset = Organisation.objects.within(self.by.scope).filter(
                Q(region=county) | Q(pk=unit)
            )
        if isinstance(field, forms.DateField):
            field.widget = day_input()
        if isinstance(field.widget, forms.Textarea):
            field.widget.attrs["rows"] = 3
        field.initial = column.to_python(after.get(name, now))
        units = {"implementing_unit": self.project.implementing_unit}
        field.help_text = _now(str(units.get(name) or Names([]).value(name, now)))
        return field

    def _ask_targets(self, after: dict[str, Any]) -> None:
        self.targets = list(self.project.targets.all())
        asked = after.get("targets", [])
        for row, wanted in zip(self.targets, asked or [None] * len(self.targets), strict=False):
            now = f"{row.quantity.normalize():f} {row.unit}"
            self.fields[f"target_{row.pk}"] = forms.DecimalField(
                label=f"{row.get_kind_display()}: {row.name} ({row.unit})",
                max_digits=14,
                decimal_places=2,
                min_value=Decimal(0),
                initial=Decimal(wanted["quantity"]) if wanted else row.quantity,
                help_text=_now(now),
            )

    def _ask_shares(self, after: dict[str, Any]) -> None:
        self.shares = shares_of(self.project)
        for key, share in self.shares.items():
            net = share.net_yuan()
            self.fields[f"share_{key}"] = forms.DecimalField(
                label=share_label(share),
                max_digits=18,
                decimal_places=2,
                min_value=Decimal(0),
                widget=yuan_input(),
                initial=net + Decimal(after.get("shares", {}).get(key, 0)),
                help_text=_("Now: %(now)s; paid: %(paid)s")
                % {"now": in_yuan(net), "paid": in_yuan(share.paid_yuan())},
            )
        taken = {share.fund_plan_id for share in self.shares.values()}
        sources = {share.source for share in self.shares.values()}
        plans = plans_that_serve(self.project, self.by)
        choices = [("", "---------")]
        choices += [(str(p.pk), plan_and_rest(p)) for p in plans if p.pk not in taken]
        choices += [(s.value, str(s.label)) for s in WITHOUT_A_PLAN if s not in sources]
        asked = after.get("new_shares", {})
        chosen = next(iter(asked), "")
        self.fields["new_share"] = forms.ChoiceField(
            label=_("New share out of"), choices=choices, required=False, initial=chosen
        )
        self.fields["new_yuan"] = forms.DecimalField(
            label=_("New share (yuan)"),
            max_digits=18,
            decimal_places=2,
            min_value=Decimal("0.01"),
            widget=yuan_input(),
            initial=asked.get(chosen),
            required=False,
        )


class RequestForm(KindForm):
    """First which kind, then the fields of that kind alone."""

    kind_asked = forms.CharField(widget=forms.HiddenInput, required=False)
    kind = forms.ChoiceField(
        label=gettext_lazy("What is to be changed"), choices=APPLIED_FOR, widget=forms.RadioSelect
    )
    field_order = ["kind"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        chosen = self.data.get("kind", "")
        if chosen not in dict(APPLIED_FOR):
            del self.fields["reason"]
            return
        self.fields["kind"].widget = forms.HiddenInput()
        self.fields["kind"].initial = self.fields["kind_asked"].initial = chosen
        self.ask(self.row, chosen, {})
        if self.data.get("kind_asked") != chosen:  # nobody has seen these fields yet
            self.is_bound = False

    def answers(self) -> dict[str, Any]:
        return {"kind": self.of_kind, "after": self.wanted(), "reason": self.cleaned_data["reason"]}


class EditForm(KindForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["reason"].initial = self.row.reason
        self.ask(self.row.project, self.row.kind, self.row.after)

    def answers(self) -> dict[str, Any]:
        answers: dict[str, Any] = {"reason": self.cleaned_data["reason"]}
        if self.of_kind != ChangeKind.SURPLUS:
            answers["after"] = self.wanted()
        return answers


def _now(words: str | Promise) -> str:
    return _("Now: %(now)s") % {"now": words}
