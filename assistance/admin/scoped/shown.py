"""What pages show of rows: links, words with a colour, tables below a form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db import models
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from assistance.admin.money import money
from assistance.admin.verbs import Verb
from assistance.models.rows import LedgerRow


class NextStep(NamedTuple):
    """A verb on the page of a row: open, or shut with the reason."""

    verb: Verb
    url: str
    reason: str
    is_near: bool  # the row is where the verb begins, only the person is not the right one


@dataclass(frozen=True)
class Panel:
    """A table on the page of a row: what belongs to it, readable and not to be edited there."""

    title: str | Promise
    headings: tuple[str | Promise, ...]
    rows: list[tuple[Any, ...]]
    empty: str | Promise
    note: str | Promise = ""


class Result(NamedTuple):
    """What became of one row of a bulk step."""

    row: str
    url: str
    went_through: bool
    sentence: str


def link(row: models.Model | None, text: str | Promise = "") -> SafeString | str:
    """A link to the page of a row."""
    if row is None:
        return "–"
    opts = row._meta
    address = reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[quote(row.pk)])
    return format_html('<a href="{}">{}</a>', address, text or str(row))


def badge(text: str | Promise, tone: str) -> SafeString:
    """A word with a colour: ``open``, ``good``, ``bad``, ``quiet`` or ``busy``."""
    return format_html('<span class="badge badge-{}">{}</span>', tone, capfirst(str(text)))


def counting(row: LedgerRow) -> SafeString:
    """Whether a row counts, waits to be confirmed, or was struck out."""
    if row.voided_at:
        return badge(_("struck out"), "quiet")
    return badge(_("counts"), "good") if row.counted_at else badge(_("to confirm"), "open")


def money_shown(field: models.DecimalField[Any, Any]) -> Callable[[Any], SafeString]:
    @admin.display(description=field.verbose_name)
    def shown(row: Any) -> SafeString:
        return money(getattr(row, field.name))

    return shown
