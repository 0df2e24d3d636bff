"""The roster of a batch on the desk: hand it in, see what would be entered, and enter it.

Between the two the rows travel in the page itself, encrypted and bound to batch and account: they
hold ID numbers, and no copy of them lies on the server.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from assistance.actions.attachments import proven
from assistance.admin.scoped import Panel, ScopedAdmin, badge, reader
from assistance.admin.verbs import tell
from assistance.encryption import Unreadable, decrypt, encrypt
from assistance.errors import BrokenFile, Fault
from assistance.file_kinds import SHEET
from assistance.models import User
from assistance.personal_numbers import without_numbers
from assistance.table_rows import Faults, Row
from teams.actions import enter_roster, read_roster
from teams.actions.batch_roster import Done
from teams.batch_sheet import MOST_ROWS, template
from teams.models import Batch

MOST_FAULTS = 200  # that a page shows


class RosterFileForm(forms.Form):
    """A roster and what to do with it."""

    file = forms.FileField(
        label=pgettext_lazy("batch", "Roster"),
        help_text=gettext_lazy("The filled-in template, .xlsx, at most 10 MB."),
        widget=forms.FileInput(attrs={"accept": ".xlsx"}),
        allow_empty_file=True,
    )
    dispatches = forms.TypedChoiceField(
        label=gettext_lazy("What to do"),
        choices=[
            ("yes", gettext_lazy("Enter and dispatch")),
            ("no", gettext_lazy("Enter as planned; dispatch later")),
        ],
        coerce=lambda answer: answer == "yes",
        initial="yes",
        widget=forms.RadioSelect,
    )
    letter_no = forms.CharField(
        label=gettext_lazy("Dispatch letter no."),
        help_text=gettext_lazy("For all rows that name none of their own."),
        max_length=80,
        required=False,
    )

    def rows(self) -> list[Row]:
        """The rows of the file; ValidationError where it is no workbook, BrokenFile where it is no
        roster.
        """
        sent = self.cleaned_data["file"]
        sent.seek(0)  # a request that met somebody is run again
        content = sent.read()
        name, kind = proven(content, name=sent.name or "")
        if kind.media_type != SHEET:
            raise ValidationError({"file": _("Hand in the roster as a workbook, .xlsx.")})
        return read_roster(content, file=without_numbers(name))


class SealedForm(forms.Form):
    """The rows that the preview showed."""

    sealed = forms.CharField(widget=forms.HiddenInput)


def template_view(page: ScopedAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """The empty roster of a batch."""
    batch = _batch(page, request, pk)
    answer = HttpResponse(template(batch), content_type=SHEET)
    answer["Content-Disposition"] = f'attachment; filename="roster-{batch.dispatched_on}.xlsx"'
    return answer


def batch_roster_view(page: ScopedAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Hand in a roster: nothing is entered before somebody has seen what it would do."""
    batch, by = _batch(page, request, pk), reader(request)
    shown: dict[str, Any] = {}
    form = RosterFileForm()
    if request.method == "POST" and "sealed" in request.POST:
        return _confirmed(page, request, batch)
    if request.method == "POST":
        form = RosterFileForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                rows = form.rows()
                asked = {name: form.cleaned_data[name] for name in ("dispatches", "letter_no")}
                done = enter_roster(batch, rows, by=by, now=timezone.now(), dry_run=True, **asked)
            except ValidationError as refusal:
                tell(form, refusal)
            except BrokenFile as broken:
                shown = _faults(broken.faults)
            else:
                shown = _preview(done) | {"sealed": _seal(batch, by, rows, asked)}
    return _page(page, request, batch, form, **shown)


def _confirmed(page: ScopedAdmin, request: HttpRequest, batch: Batch) -> HttpResponse:
    by = reader(request)
    try:
        rows, asked = _opened(batch, by, request.POST["sealed"])
    except Unreadable:
        told = _("The preview no longer holds; choose the file again.")
        page.message_user(request, told, messages.WARNING)
        return HttpResponseRedirect(request.path)
    try:
        done = enter_roster(batch, rows, by=by, now=timezone.now(), **asked)
    except BrokenFile as broken:
        return _page(page, request, batch, RosterFileForm(), **_faults(broken.faults))
    told = _counted(done, is_done=True)
    page.log_change(request, batch, f"{rows[0].file}: {told}")
    page.message_user(request, told, messages.SUCCESS)
    return HttpResponseRedirect(_row_url(batch))


def _batch(page: ScopedAdmin, request: HttpRequest, pk: int) -> Batch:
    if not reader(request).has_perm("teams.dispatch_posting"):
        raise PermissionDenied
    batch: Batch | None = page.get_object(request, str(pk))
    if batch is None:
        raise Http404
    return batch


def _row_url(batch: Batch) -> str:
    return reverse("admin:teams_batch_change", args=[batch.pk])


def _page(
    page: ScopedAdmin, request: HttpRequest, batch: Batch, form: forms.Form, **shown: Any
) -> HttpResponse:
    context = {
        **page.admin_site.each_context(request),
        "title": _("Roster of the batch"),
        "subtitle": str(batch),
        "opts": page.opts,
        "list_url": page.list_url,
        "row": batch,
        "row_url": _row_url(batch),
        "facts": page.facts(batch),
        "form": form,
        "most_rows": MOST_ROWS,
        **shown,
    }
    answer = TemplateResponse(request, "teams/batch_roster.html", context)
    answer["Cache-Control"] = "no-store, private"
    return answer


# --------------------------------------------------------------------------------- what it shows


def _preview(done: Sequence[Done]) -> dict[str, Any]:
    rows = [
        (
            each.line, each.name, each.national_id, each.post,
            " · ".join(each.steps) or badge(_("entered already"), "quiet"),
            " / ".join(f"{name}: {before} → {after}" for name, before, after in each.changes)
            or "–",
        )
        for each in done
    ]  # fmt: skip
    headings = (
        _("line"), _("person"), _("ID number"), _("post"), _("what is done"), _("changes"),
    )  # fmt: skip
    panel = Panel(_("What would be entered"), headings, rows, "", _counted(done, is_done=False))
    return {"panels": [panel], "writes": any(each.steps for each in done), "previewed": True}


def _counted(done: Sequence[Done], *, is_done: bool) -> str:
    written = sum(bool(each.steps) for each in done)
    told = (
        ngettext("%(count)d row entered", "%(count)d rows entered", written)
        if is_done
        else ngettext("%(count)d row to enter", "%(count)d rows to enter", written)
    ) % {"count": written}
    same = len(done) - written
    if not same:
        return _("%(told)s.") % {"told": told}
    return _("%(told)s, %(same)d entered already.") % {"told": told, "same": same}


def _faults(faults: Sequence[Fault]) -> dict[str, Any]:
    rows = [
        (fault.cell or fault.line, fault.column or _("the whole row"), fault.cause)
        for fault in faults[:MOST_FAULTS]
    ]
    note = ngettext(
        "%(count)d thing to repair; nothing was entered. Repair it in the workbook and hand it in"
        " again.",
        "%(count)d things to repair; nothing was entered. Repair them in the workbook and hand it"
        " in again.",
        len(faults),
    ) % {"count": len(faults)}
    if len(faults) > MOST_FAULTS:
        note += _(" The first %(most)d are shown.") % {"most": MOST_FAULTS}
    headings = (pgettext_lazy("workbook", "cell"), _("Column"), _("what is wrong"))
    return {"panels": [Panel(_("Not entered"), headings, rows, "", note)], "broken": True}


# ------------------------------------------------------------------------- from preview to entry


def _bound_to(batch: Batch, by: User) -> str:
    return f"roster:{batch.pk}:{by.pk}"


def _seal(batch: Batch, by: User, rows: Sequence[Row], asked: dict[str, Any]) -> str:
    kept = {
        "file": rows[0].file,
        "places": dict(rows[0].places),
        "rows": [(row.line, row.cells) for row in rows],
        "asked": asked,
    }
    sealed = encrypt(json.dumps(kept, ensure_ascii=False), bound_to=_bound_to(batch, by))
    return base64.b64encode(sealed).decode()


def _opened(batch: Batch, by: User, sealed: str) -> tuple[list[Row], dict[str, Any]]:
    """What ``_seal`` was given; Unreadable where it is of another batch, account or key."""
    try:
        raw = base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError):
        raise Unreadable from None
    kept = json.loads(decrypt(raw, bound_to=_bound_to(batch, by)))
    faults, places = Faults(), {name: tuple(place) for name, place in kept["places"].items()}
    rows = [Row(kept["file"], line, cells, faults, places) for line, cells in kept["rows"]]
    return rows, kept["asked"]
