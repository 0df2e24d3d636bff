"""Indicators, agreements and targets on the desk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.actions import agreements
from assistance.admin.measures import shown_in, unit_of
from assistance.admin.plan import SHELF
from assistance.admin.scoped import Panel, ScopedAdmin, badge, link, reader
from assistance.admin.verbs import DocumentForm, Queue, ReasonForm, Verb, VerbForm
from assistance.errors import Refused
from assistance.models import Agreement, AgreementState, AgreementTarget, Indicator, User

TONES = {
    AgreementState.DRAFT: "open",
    AgreementState.SIGNED: "good",
    AgreementState.CLOSED: "quiet",
}
QUARTERS = ("q1", "q2", "q3")


class CloseForm(VerbForm):
    note = forms.CharField(
        label=_("What came of it"), widget=forms.Textarea(attrs={"rows": 3})
    )  # fmt: skip


class AmendmentForm(DocumentForm):
    value = forms.DecimalField(label=_("Target of the year"), max_digits=20, decimal_places=4)
    q1 = forms.DecimalField(label=_("By 31 March"), max_digits=20, decimal_places=4, required=False)
    q2 = forms.DecimalField(label=_("By 30 June"), max_digits=20, decimal_places=4, required=False)
    q3 = forms.DecimalField(
        label=_("By 30 September"), max_digits=20, decimal_places=4, required=False
    )
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}))
    field_order = ["value", *QUARTERS, "doc_no", "on", "reason"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("value", *QUARTERS):
            number = getattr(self.row, name, None)
            self.fields[name].initial = None if number is None else f"{number:f}"


@admin.register(Indicator)
class IndicatorAdmin(ScopedAdmin):
    place = 77
    shelf = SHELF
    list_display = ["code", "name", "unit", "kind", "origin", "rule_shown"]
    list_filter = ["origin", "kind"]
    search_fields = ["code", "name_zh", "name_en"]
    fieldsets = [
        (None, {"fields": ["code", ("name_zh", "name_en"), ("unit", "kind", "better")]}),
        (_("Counting"), {"fields": ["origin", "programme_kinds", "rule_zh", "rule_en"]}),
        (_("Valid"), {"fields": [("starts_on", "ends_on"), "place"]}),
    ]

    @admin.display(description=_("indicator"), ordering="place")
    def name(self, indicator: Indicator) -> str:
        return str(indicator)

    @admin.display(description=_("counting rule"))
    def rule_shown(self, indicator: Indicator) -> str:
        return indicator.rule


def _to_sign(agreement: Agreement, user: User) -> Refused | None:
    shut = agreements.why_not_in(agreement, AgreementState.DRAFT)
    return shut or agreement.own_work(user, than=("created_by",))


def _to_close(agreement: Agreement, user: User) -> Refused | None:
    return agreements.why_not_in(agreement, AgreementState.SIGNED)


@admin.register(Agreement)
class AgreementAdmin(ScopedAdmin):
    place = 73
    shelf = SHELF
    joins = ("programme", "created_by")
    list_display = ["title", "year", "programme", "standing", "signed_on", "doc_no"]
    list_filter = ["state", "programme", "year"]
    search_fields = ["title", "doc_no"]
    readonly_fields = ["doc_no", "signed_on", "closing_note"]
    empty_list = _("No agreement is entered yet. Add one and enter its targets.")
    fieldsets = [
        (None, {"fields": [("programme", "year"), "title", "basis"]}),
        (_("Signed"), {"fields": [("doc_no", "signed_on"), "closing_note"]}),
    ]
    verbs = (
        Verb(
            "sign", pgettext_lazy("verb", "Record the signing"), agreements.SIGNS,
            agreements.sign_agreement, _to_sign, DocumentForm,
            explains=_("Its targets count from now on; only amendments change them."),
        ),
        Verb(
            "close", pgettext_lazy("verb", "Close"), agreements.SIGNS,
            agreements.close_agreement, _to_close, CloseForm,
            explains=_("Once its year is over. Nothing of it changes any more."),
        ),
    )  # fmt: skip
    queues = (
        Queue(
            "to-sign",
            _("agreements to sign"),
            agreements.SIGNS,
            lambda rows, user, now: rows.filter(state=AgreementState.DRAFT).exclude(
                created_by=user
            ),
        ),
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or obj.state == AgreementState.DRAFT)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        written = [*super().get_fieldsets(request, obj)]
        return written if obj is not None and obj.signed_on else written[:1]

    def enter(self, fields: dict[str, Any], *, by: User, now: datetime) -> Any:
        return agreements.draft_agreement(**fields, by=by, now=now)

    def amend(
        self, row: Any, fields: dict[str, Any], *, by: User, now: datetime, version: int | None
    ) -> Any:
        return agreements.edit_agreement(row, **fields, by=by, now=now, version=version)

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        return (
            (_("State"), self.standing(row)),
            (_("Programme"), row.programme),
            (_("Year"), row.year),
        )

    def panels(self, request: HttpRequest, row: Any) -> Iterable[Panel]:
        targets = (
            AgreementTarget.objects.visible_to(reader(request))
            .filter(agreement=row)
            .standing()
            .select_related("indicator", "pairing__recipient", "pairing__donor", "agreement")
        )
        yield Panel(
            _("Targets"),
            (
                _("indicator"), _("pairing"), _("unit"), _("by 31 March"), _("by 30 June"),
                _("by 30 September"), _("target of the year"), _("state"),
            ),
            [
                (
                    link(target, str(target.indicator)), target.pairing or "–",
                    unit_of(target.indicator),
                    *(shown_in(target.indicator, getattr(target, name)) for name in QUARTERS),
                    shown_in(target.indicator, target.value), standing_of(target),
                )
                for target in targets
            ],
            _("No target is entered yet."),
        )  # fmt: skip

    @admin.display(description=_("state"), ordering="state")
    def standing(self, agreement: Agreement) -> SafeString:
        return badge(agreement.get_state_display(), TONES[AgreementState(agreement.state)])


def standing_of(target: AgreementTarget) -> SafeString:
    """Whether a target holds, waits or was replaced."""
    if target.voided_at:
        return badge(_("replaced") if target.counted_at else _("struck out"), "quiet")
    if target.counted_at:
        return badge(pgettext_lazy("target", "holds"), "good")
    if target.amends_id:
        return badge(_("amendment to confirm"), "open")
    return badge(pgettext_lazy("target", "draft"), "open")


def _to_amend(target: AgreementTarget, user: User) -> Refused | None:
    return agreements.why_not_amend(target)


def _to_take_out(target: AgreementTarget, user: User) -> Refused | None:
    return agreements.why_not_change(target)


@admin.register(AgreementTarget)
class AgreementTargetAdmin(ScopedAdmin):
    place = 74
    shelf = SHELF
    joins = (
        "agreement__programme", "indicator", "pairing__recipient", "pairing__donor", "created_by",
    )  # fmt: skip
    list_display = ["title", "agreement", "pairing", "target", "standing"]
    list_filter = ["agreement", "indicator"]
    search_fields = ["indicator__code", "indicator__name_zh", "pairing__recipient__name_zh"]
    autocomplete_fields = ["pairing", "indicator"]
    readonly_fields = ["doc_no", "decided_on", "reason", "void_reason"]
    fieldsets = [
        (None, {"fields": ["agreement", "indicator", "pairing"]}),
        (_("Numbers"), {"fields": ["value", ("q1", "q2", "q3"), "basis"]}),
        (_("Amendment"), {"fields": [("doc_no", "decided_on"), "reason", "void_reason"]}),
    ]
    verbs = (
        Verb(
            "amend", pgettext_lazy("verb", "Amend"), agreements.TARGETS,
            agreements.propose_amendment, _to_amend, AmendmentForm,
            explains=_("The numbers that hold now stay to be read. Somebody else confirms."),
        ),
        Verb(
            "confirm", _("Confirm"), agreements.SIGNS, agreements.confirm_amendment,
            agreements.why_not_confirm,
            explains=_("The new numbers hold from now on, and the old ones are struck out."),
        ),
        Verb(
            "strike-out", _("Strike out"), "assistance.change_agreementtarget",
            agreements.strike_out_target, _to_take_out, ReasonForm, turns_down=True,
        ),
    )  # fmt: skip
    queues = (
        Queue(
            "to-confirm",
            _("amendments of targets to confirm"),
            agreements.SIGNS,
            lambda rows, user, now: rows.filter(
                amends__isnull=False, counted_at=None, voided_at=None
            ).exclude(created_by=user),
        ),
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or not (obj.counted_at or obj.voided_at))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        written = [*super().get_fieldsets(request, obj)]
        amended = obj is not None and (obj.amends_id or obj.void_reason)
        return written if amended else written[:2]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "agreement" and field is not None:
            field.queryset = field.queryset.filter(state=AgreementState.DRAFT)
        return field

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What a target is of never changes; its numbers do while it is a draft."""
        fixed = ["agreement", "indicator", "pairing"] if obj is not None else []
        return [*self.readonly_fields, *fixed]

    def enter(self, fields: dict[str, Any], *, by: User, now: datetime) -> Any:
        return agreements.set_target(**fields, by=by, now=now)

    def amend(
        self, row: Any, fields: dict[str, Any], *, by: User, now: datetime, version: int | None
    ) -> Any:
        return agreements.edit_target(row, **fields, by=by, now=now, version=version)

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        return (
            (_("Agreement"), link(row.agreement)),
            (_("Target of the year"), self.target(row)),
            (_("State"), self.standing(row)),
        )

    def panels(self, request: HttpRequest, row: Any) -> Iterable[Panel]:
        same = AgreementTarget.objects.visible_to(reader(request)).filter(
            agreement=row.agreement_id, indicator=row.indicator_id, pairing=row.pairing_id
        )
        yield Panel(
            _("Numbers before and after"),
            (
                _("target of the year"), _("by 31 March"), _("by 30 June"), _("by 30 September"),
                _("state"), _("document no."), _("decided on"), _("reason"),
            ),
            [
                (
                    link(each, shown_in(row.indicator, each.value)),
                    *(shown_in(row.indicator, getattr(each, name)) for name in QUARTERS),
                    standing_of(each), each.doc_no or "–", each.decided_on or "–",
                    each.reason or "–",
                )
                for each in same.order_by("pk")
            ],
            "",
        )  # fmt: skip

    @admin.display(description=_("indicator"), ordering="indicator__place")
    def title(self, target: AgreementTarget) -> str:
        return str(target.indicator)

    @admin.display(description=_("target of the year"), ordering="value")
    def target(self, target: AgreementTarget) -> str:
        return f"{shown_in(target.indicator, target.value)} {unit_of(target.indicator)}"

    @admin.display(description=_("state"))
    def standing(self, target: AgreementTarget) -> SafeString:
        return standing_of(target)
