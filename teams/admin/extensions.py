"""Extensions on the desk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.admin.scoped import Panel, link
from assistance.admin.verbs import DayForm, ReasonForm, Verb
from teams.actions import extend, strike_out_extension
from teams.actions.extensions import MAY_EXTEND
from teams.admin.of_posting import OfPostingAdmin, standing_of, strike_out_why_not
from teams.admin.shown import open_at
from teams.models import Posting, PostingExtension, PostingState


class ExtensionForm(DayForm):
    new_end = forms.DateField(label=_("New planned end"), help_text=_("the last day in post"))
    doc_no = forms.CharField(label=_("Document no."), max_length=80)
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}))
    field_order = ["new_end", "doc_no", "on", "reason"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["on"].label = _("Decided on")


POSTING_VERBS = (
    Verb(
        "extend",
        pgettext_lazy("verb", "Extend"),
        MAY_EXTEND,
        extend,
        open_at(PostingState.ACTIVE),
        form=ExtensionForm,
        explains=_("The planned end moves; the one before stays on record."),
    ),
)


def posting_panels(posting: Posting) -> Iterable[Panel]:
    """The extensions of a posting, the newest first."""
    rows = posting.extensions.select_related("posting")
    yield Panel(
        _("Extensions"),
        (_("new planned end"), _("state"), _("decided on"), _("document no."), _("reason")),
        [
            (
                link(row, str(row.new_end)), standing_of(row), row.decided_on, row.doc_no,
                row.reason,
            )
            for row in rows
        ],
        _("The posting was not extended yet."),
    )  # fmt: skip


@admin.register(PostingExtension)
class ExtensionAdmin(OfPostingAdmin):
    place = 68
    list_display = ["post", "person", "region", "new_end", "decided_on", "doc_no", "standing"]
    fieldsets = [
        (None, {"fields": ["posting", ("new_end", "decided_on"), "doc_no", "reason"]}),
        (_("Entered"), {"fields": ["entered_by", "created_at", "void_reason"]}),
    ]
    verbs = (
        Verb(
            "void",
            pgettext_lazy("verb", "Strike out"),
            MAY_EXTEND,
            strike_out_extension,
            strike_out_why_not(MAY_EXTEND),
            form=ReasonForm,
            explains=_("The planned end before it holds again; the row stays on record."),
            turns_down=True,
        ),
    )

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        return (
            (_("Post"), link(row.posting, row.posting.host_post)),
            (_("New planned end"), row.new_end),
            (_("State"), standing_of(row)),
        )
