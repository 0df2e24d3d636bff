"""Verbs on the desk: which there are for a row, what each asks, and how a refusal is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import models
from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assistance.errors import Refused, Stale
from assistance.models import User
from assistance.models.rows import LedgerRow
from assistance.periods import local_day

Refusal = Refused | Stale | ValidationError | PermissionDenied
ANSWERS_OF_A_VERB = (Refused, Stale, ValidationError)


def day_input() -> forms.DateInput:
    """The browser's own calendar, in the browser's own language."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def yuan_input() -> forms.NumberInput:
    """A field for yuan; the page's script writes the amount in large units beside it."""
    return forms.NumberInput(attrs={"class": "vYuan", "step": "0.01", "min": "0"})


class VerbForm(forms.Form):
    """What a verb asks before it is done; nothing by itself but the version that was looked at."""

    seen_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, row: Any, by: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.row, self.by = row, by
        self.fields["seen_version"].initial = getattr(row, "version", None)
        for field in self.fields.values():
            if isinstance(field, forms.DateField):
                field.widget = day_input()

    def answers(self) -> dict[str, Any]:
        """The arguments for the verb."""
        return {name: value for name, value in self.cleaned_data.items() if name != "seen_version"}


class ReasonForm(VerbForm):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("The other side will read it."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class DayForm(VerbForm):
    on = forms.DateField(label=gettext_lazy("Day on which it took effect"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["on"].initial = local_day(timezone.now())


class DocumentForm(DayForm):
    doc_no = forms.CharField(label=gettext_lazy("Document no."), max_length=80)
    field_order = ["doc_no", "on"]


@dataclass(frozen=True)
class Verb:
    """A verb of one page. ``run`` is the action itself; it gets ``by``, ``now`` and the answers.

    ``why_not`` tells what stands in the way of somebody: ``PermissionDenied`` where the verb is not
    theirs at all (it is not shown then), ``Refused`` where it is shut now, ``None`` where it is
    open. It costs no query, for lists ask it of every row; ``why_not_now`` may ask the database
    too, for the page of one row.
    """

    name: str
    label: str | Promise
    permission: str
    run: Callable[..., Any]
    why_not: Callable[[Any, User], Refusal | None]
    form: type[VerbForm] = VerbForm
    explains: str | Promise = ""
    for_many: bool = False
    checks_version: bool = True
    turns_down: bool = False
    why_not_now: Callable[[Any, User, datetime], Refusal | None] | None = None

    def refusal(self, row: Any, by: User, now: datetime) -> Refusal | None:
        """All that stands in the way of ``by`` now."""
        if self.why_not_now is None:
            return self.why_not(row, by)
        return self.why_not_now(row, by, now)

    def do(self, row: Any, form: VerbForm, *, now: datetime) -> Any:
        """Run the verb with what the form holds."""
        if self.checks_version:
            version = form.cleaned_data["seen_version"]
            return self.run(row, by=form.by, now=now, version=version, **form.answers())
        return self.run(row, by=form.by, now=now, **form.answers())


def confirmable(row: LedgerRow, by: User) -> Refused | None:
    """The ``why_not`` of confirming a row that one enters and another confirms."""
    return row.why_not_confirm(by)


def strikeable(row: LedgerRow, by: User) -> Refused | None:
    """The ``why_not`` of striking such a row out, whether it counts or not."""
    return row.why_not_strike_out()


@dataclass(frozen=True)
class Queue:
    """Rows that wait for one kind of work; the card on the home page and the filter of the list."""

    name: str
    label: str | Promise
    permission: str
    rows: Callable[[models.QuerySet[Any], User, datetime], models.QuerySet[Any]]


def tell(form: Any, refusal: BaseException, current: Any = None) -> None:
    """Write on the form why a verb did not go through, at the fields that it is about.

    ``current`` is the row as it is now; after ``Stale`` the form adopts its version, so that
    whoever has read the notice may send again what is still on the page.
    """
    if isinstance(refusal, Stale):
        form.add_error(None, _stale(current))
        data = form.data.copy()
        data[form.add_prefix("seen_version")] = str(refusal.current)
        form.data = data
    elif isinstance(refusal, Refused):
        form.add_error(None, str(refusal.detail))
        for name, sentence in refusal.fields.items():
            if name in form.fields:
                form.add_error(name, str(sentence))
    elif isinstance(refusal, ValidationError):
        if not hasattr(refusal, "error_dict"):
            form.add_error(None, refusal)
            return
        for name, errors in refusal.error_dict.items():
            known = name in form.fields and name != NON_FIELD_ERRORS
            form.add_error(name if known else None, errors)


def sentence(refusal: BaseException, current: Any = None) -> str:
    """A refusal in one line, for the list of results."""
    if isinstance(refusal, Stale):
        return _stale(current)
    if isinstance(refusal, ValidationError):
        return " ".join(refusal.messages)
    if isinstance(refusal, PermissionDenied):
        return _("This step is not yours.")
    return str(refusal)


def _stale(current: Any) -> str:
    if current is None or not hasattr(current, "updated_by"):
        return _("Somebody changed this row meanwhile. Look at it again, then repeat the step.")
    return _(
        "%(who)s changed this row on %(when)s, after you opened it. What you entered is still"
        " here: compare it with the present state, then send it again."
    ) % {
        "who": current.updated_by,
        "when": formats.date_format(timezone.localtime(current.updated_at), "DATETIME_FORMAT"),
    }
