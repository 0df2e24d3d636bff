"""Acceptances on the desk: recorded on the project's page, confirmed here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.admin.money import money, plain_money
from assistance.admin.scoped import Panel, badge, link
from assistance.admin.verbs import Queue, ReasonForm, Verb, VerbForm, yuan_input
from assistance.models import Organisation, User
from assistance.periods import local_day
from projects.actions import acceptance as accepting
from projects.actions import (
    confirm_acceptance,
    record_acceptance,
    strike_out_acceptance,
)
from projects.admin.corrections import STAYS_ON_RECORD
from projects.admin.lists import CountingFilter, LedgerAdmin
from projects.models import STEPS, Acceptance, Project, Stage
from projects.models.acceptance import (
    AcceptanceLevel,
    AcceptanceResult,
)
from projects.models.project import TargetKind

RESULT_TONES = {
    AcceptanceResult.PASS: "good",
    AcceptanceResult.RECTIFY: "open",
    AcceptanceResult.FAIL: "bad",
}
FROM_COMPLETION_ON = (Stage.COMPLETED, Stage.ACCEPTED, Stage.HANDED_OVER, Stage.CLOSED)
BETWEEN_PARTS = re.compile("[;\uff1b\t]")  # the second as a Chinese keyboard writes it


class NamesField(forms.CharField):
    """Names, one per line."""

    widget = forms.Textarea(attrs={"rows": 4})

    def clean(self, value: Any) -> Any:
        lines = (line.strip() for line in super().clean(value).splitlines())
        return [line for line in lines if line]


class QuantitiesField(forms.CharField):
    """What was planned and done, a line each: name; unit; planned; done. Columns that were copied
    from a sheet are taken too.
    """

    widget = forms.Textarea(attrs={"rows": 4})

    def clean(self, value: Any) -> Any:
        rows, faults = [], []
        for number, line in enumerate(super().clean(value).splitlines(), start=1):
            if not line.strip():
                continue
            parts = [part.strip() for part in BETWEEN_PARTS.split(line)]
            fault = _fault_of(parts)
            if fault:
                told = _("Line %(line)d: %(fault)s") % {"line": number, "fault": fault}
                faults.append(forms.ValidationError(told))
            else:
                rows.append(dict(zip(("name", "unit", "planned", "actual"), parts, strict=True)))
        if faults:
            raise forms.ValidationError(faults)
        return rows


def _fault_of(parts: list[str]) -> str | Promise:
    """What is wrong with one line; nothing where it is right."""
    if len(parts) != len(accepting.QUANTITY):
        return _("write name; unit; planned; done – found %(found)d of 4 parts.") % {
            "found": len(parts)
        }
    if "" in parts:
        missing = (_("name"), _("unit"), _("planned"), pgettext_lazy("quantity", "done"))[
            parts.index("")
        ]
        return _("“%(part)s” is missing.") % {"part": missing}
    for figure in parts[2:]:
        if not re.fullmatch(r"\d{1,12}(\.\d{1,4})?", figure):
            return _("“%(figure)s” is not a number.") % {"figure": figure}
    return ""


def _final_sum(label: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        max_digits=18,
        decimal_places=2,
        min_value=Decimal(0),
        required=False,
        widget=yuan_input(),
    )


class AcceptanceForm(VerbForm):
    level = forms.ChoiceField(
        label=_("Level"), choices=AcceptanceLevel, initial=AcceptanceLevel.COUNTY
    )
    held_on = forms.DateField(label=_("Held on"))
    chair = forms.CharField(label=_("Chair"), max_length=60)
    chair_of = forms.ModelChoiceField(
        label=_("Chair's organisation"),
        queryset=Organisation.objects.none(),
        help_text=_("not the unit that did the works, unless it checks itself"),
    )
    members = NamesField(
        label=_("Members of the panel"),
        required=False,
        help_text=_("one name per line, at least three unless the unit checks itself"),
    )
    result = forms.ChoiceField(
        label=_("Result"), choices=[("", "---------"), *AcceptanceResult.choices]
    )
    rectify_due_on = forms.DateField(
        label=_("To be rectified by"),
        required=False,
        help_text=_("only where something has to be rectified"),
    )
    quantities = QuantitiesField(
        label=_("Quantities planned and done"),
        required=False,
        help_text=_("a line each: name; unit; planned; done"),
    )
    final_settlement_yuan = _final_sum(_("Final settlement (yuan)"))
    final_aid_yuan = _final_sum(_("Of which aid and donations in cash (yuan)"))
    remarks = forms.CharField(
        label=_("Remarks"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["held_on"].initial = local_day(timezone.now())
        self.fields["quantities"].initial = _promised(self.row)
        self.fields["chair_of"].queryset = _offices_around(self.row, self.by)  # type: ignore[attr-defined]


def standing_of(row: Any) -> SafeString:
    """Whether a row without a status of its own counts, waits, or was struck out."""
    if row.voided_at:
        return badge(pgettext_lazy("status", "struck out"), "quiet")
    if row.counted_at:
        return badge(pgettext_lazy("status", "confirmed"), "good")
    return badge(pgettext_lazy("status", "to be confirmed"), "open")


def strike_out(permission: str, run: Any, why_not: Any) -> Verb:
    """The verb that strikes a row out, with its reason."""
    return Verb(
        "strike-out",
        _("Strike out"),
        permission,
        run,
        why_not,
        form=ReasonForm,
        explains=STAYS_ON_RECORD,
        turns_down=True,
    )


STEP = STEPS["record_acceptance"]
PROJECT_VERBS = (
    Verb(
        "record-acceptance",
        STEP.label,
        STEP.permission,
        record_acceptance,
        lambda project, user: project.why_not(STEP.verb, user),
        form=AcceptanceForm,
        explains=_("It counts once a reviewer confirmed it; file the signed form before that."),
        checks_version=False,
    ),
)


def project_panels(project: Project) -> Iterable[Panel]:
    """What the panels found, from the completion on."""
    acceptances = list(project.acceptances.standing().select_related("chair_of"))
    if acceptances or project.stage in FROM_COMPLETION_ON:
        yield _acceptances_panel(acceptances)


def _acceptances_panel(acceptances: list[Acceptance]) -> Panel:
    rows = [
        (
            link(row, row.held_on.isoformat()),
            standing_of(row),
            row.get_level_display(),
            badge(row.get_result_display(), RESULT_TONES[AcceptanceResult(row.result)]),
            f"{row.chair} ({row.chair_of})",
            plain_money(row.final_settlement_yuan),
            plain_money(row.final_aid_yuan),
        )
        for row in acceptances
    ]
    return Panel(
        _("Acceptances"),
        (
            _("held on"), _("status"), _("level"), _("result"), _("chair"),
            _("final settlement (yuan)"), _("of which aid (yuan)"),
        ),
        rows,
        _("Nobody accepted the works yet."),
    )  # fmt: skip


def _promised(project: Project) -> str:
    """The outputs that the project promised, ready to be completed."""
    outputs = project.targets.filter(kind=TargetKind.OUTPUT)
    return "\n".join(
        f"{target.name}; {target.unit}; {target.quantity.normalize():f}; " for target in outputs
    )


def _offices_around(project: Project, by: User) -> Any:
    """Organisations of the county, of its prefecture and of the two sides of the pairing."""
    code, pairing = project.county.code, project.pairing
    return (
        Organisation.objects.within(by.scope)
        .filter(
            region__code__in={
                code, f"{code[:4]}00", pairing.recipient.code, pairing.donor.code,
                f"{pairing.donor.code[:4]}00",
            }
        )
        .select_related("region")
        .order_by("region__code", "name_zh")
    )  # fmt: skip


def _to_confirm(rows: Any, user: User, now: datetime) -> Any:
    waiting = rows.filter(counted_at=None, voided_at=None, project__stage=Stage.COMPLETED)
    return waiting.exclude(created_by=user)


@admin.register(Acceptance)
class AcceptanceAdmin(LedgerAdmin):
    place = 60
    joins = ("project__pairing", "chair_of", "created_by", "updated_by", "counted_by")
    list_display = [
        "held", "project_link", "state", "found", "level", "settlement", "aid", "created_by",
    ]  # fmt: skip
    list_display_links = ["held"]
    list_filter = [CountingFilter, "result", "level"]
    search_fields = ["project__code", "project__name", "chair"]
    no_form_of_its_own = never_edited = True
    empty_list = _("Acceptances are recorded on the page of their project.")
    fieldsets = [
        (None, {"fields": ["project", ("level", "held_on"), ("result", "rectify_due_on")]}),
        (_("Panel"), {"fields": [("chair", "chair_of"), "panel"]}),
        (_("Money"), {"fields": [("final_settlement_yuan", "final_aid_yuan"), "remarks"]}),
        (_("Entered"), {"fields": [("entered_by", "created_at"), ("confirmed_by", "counted_at")]}),
        (_("Struck out"), {"fields": [("voided_at", "void_reason")]}),
    ]
    verbs = (
        Verb(
            "confirm",
            pgettext_lazy("verb", "Confirm"),
            accepting.MAY_CONFIRM,
            confirm_acceptance,
            accepting.confirm_why_not,
            explains=_("Compare with the signed acceptance form. It counts from now on."),
        ),
        strike_out("projects.view_acceptance", strike_out_acceptance, accepting.strike_out_why_not),
    )
    queues = (Queue("to-confirm", _("Acceptances to confirm"), accepting.MAY_CONFIRM, _to_confirm),)

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        return (
            (_("Result"), self.found(row)),
            (_("State"), standing_of(row)),
            (_("Level"), row.get_level_display()),
            (_("Final settlement"), money(row.final_settlement_yuan)),
            (_("Aid and donations in cash"), money(row.final_aid_yuan)),
            (_("Project"), link(row.project)),
        )

    def panels(self, request: HttpRequest, row: Any) -> Iterable[Panel]:
        columns = ("name", "unit", "planned", "actual")
        yield Panel(
            _("Quantities planned and done"),
            (_("name"), _("unit"), _("planned"), pgettext_lazy("quantity", "done")),
            [tuple(line.get(name, "–") for name in columns) for line in row.quantities],
            _("No quantities were recorded."),
        )
        papers = row.papers.counting().select_related("attachment", "created_by")
        yield Panel(
            _("Papers"),
            (_("paper"), _("document no."), _("filed on"), _("filed by")),
            [(paper, paper.doc_no or "–", paper.filed_on, paper.created_by) for paper in papers],
            _("No paper of this acceptance is on file yet."),
        )

    @admin.display(description=_("members of the panel"))
    def panel(self, row: Acceptance) -> str:
        return "、".join(row.members) or "–"

    @admin.display(description=_("held on"), ordering="held_on")
    def held(self, row: Acceptance) -> str:
        return row.held_on.isoformat()

    @admin.display(description=_("status"))
    def state(self, row: Acceptance) -> SafeString:
        return standing_of(row)

    @admin.display(description=_("result"), ordering="result")
    def found(self, row: Acceptance) -> SafeString:
        return badge(row.get_result_display(), RESULT_TONES[AcceptanceResult(row.result)])

    @admin.display(description=_("project"), ordering="project")
    def project_link(self, row: Acceptance) -> SafeString | str:
        return link(row.project)

    @admin.display(description=_("final settlement (yuan)"), ordering="final_settlement_yuan")
    def settlement(self, row: Acceptance) -> SafeString:
        return plain_money(row.final_settlement_yuan)

    @admin.display(description=_("of which aid (yuan)"), ordering="final_aid_yuan")
    def aid(self, row: Acceptance) -> SafeString:
        return plain_money(row.final_aid_yuan)
