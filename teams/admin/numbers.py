"""Personal numbers on the desk: typed in and never sent back, shown masked, revealed with a reason,
and who did that.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from assistance.admin.scoped import ScopedAdmin, link
from assistance.admin.verbs import VerbForm
from assistance.encryption import Unreadable
from teams.models import NumberKind, NumberReading, Person, PersonalNumber


class UnseenInput(forms.TextInput):
    """A field whose content no page repeats, not even the one that finds it wrong."""

    def __init__(self) -> None:
        super().__init__(attrs={"autocomplete": "off", "spellcheck": "false", "maxlength": 40})

    def format_value(self, value: Any) -> None:
        return None


def number_field(label: Any, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, required=False, max_length=40, widget=UnseenInput()
    )


def masked(person: Person, kind: NumberKind) -> str:
    """The number of this kind as a page shows it; ``person.numbers`` is prefetched by lists."""
    for number in person.numbers.all():
        if number.kind == kind:
            return masked_row(number)
    return "–"


def masked_row(number: PersonalNumber) -> str:
    try:
        return number.masked()
    except Unreadable:
        return gettext("on file; its key is missing on this server")


class KindForm(VerbForm):
    kind = forms.ChoiceField(label=_("Number"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["kind"].choices = [  # type: ignore[attr-defined]  # a ChoiceField has them
            (number.kind, f"{number.get_kind_display()}: {masked_row(number)}")
            for number in self.row.numbers.all()
        ]


class RevealForm(KindForm):
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("The auditor reads it. Name the errand, not the person and not the number."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=400,
    )


class LookUpForm(forms.Form):
    number = forms.CharField(label=_("ID number or telephone"), max_length=40, widget=UnseenInput())
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("The auditor reads it. Name the errand, not the person and not the number."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=400,
    )


@admin.register(NumberReading)
class NumberReadingAdmin(ScopedAdmin):
    place = 68
    no_form_of_its_own = never_edited = True
    joins = ("person", "read_by")
    list_display = ["read_at", "read_by", "what", "kind", "whom", "reason", "address"]
    list_filter = ["what", "kind"]
    empty_list = _("Nobody has read a number in full or looked one up.")
    fieldsets = [
        (None, {"fields": ["read_at", "read_by", "what", "kind", "whom", "reason"]}),
        (_("Request"), {"fields": ["request_id", "address", "door"]}),
    ]

    @admin.display(description=_("person"))
    def whom(self, reading: NumberReading) -> Any:
        return link(reading.person)

    @admin.display(description=_("request"))
    def request_id(self, reading: NumberReading) -> str:
        return _of_request(reading, "id")

    @admin.display(description=_("address"))
    def address(self, reading: NumberReading) -> str:
        return _of_request(reading, "address")

    @admin.display(description=_("door"))
    def door(self, reading: NumberReading) -> str:
        return _of_request(reading, "door")


def _of_request(reading: NumberReading, what: str) -> str:
    return str((reading.request or {}).get(what) or "–")
