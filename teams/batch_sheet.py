"""The workbook in which a batch is handed in: a line for each person, with the posting.

Its columns are read under their headings in any language of the office, so a template that was
saved in one is understood in the other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from io import BytesIO
from typing import Any

import xlsxwriter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from assistance.models.regions import OrganisationKind
from assistance.personal_numbers import refuse_numbers, without_numbers
from assistance.sheets import guarded
from assistance.workbooks import has_lost_digits
from teams.models import (
    Batch,
    Category,
    Direction,
    Gender,
    GroupType,
    NumberKind,
    Person,
    Posting,
    Term,
)

MOST_ROWS = 200  # each goes through the verbs of a single one, about 0.1 s
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", re.ASCII)
NUMBERING = "numbering"  # a column for the reader's eye alone
EARLIEST, LATEST = date(1990, 1, 1), date(2100, 12, 31)  # days outside are slips


class Asks(StrEnum):
    """What the cells of a column hold."""

    TEXT = "text"
    DAY = "day"
    NUMBER = "number"  # an ID or telephone number: digits that are no quantity


class Truth(models.TextChoices):
    TRUE = "true", pgettext_lazy("truth", "yes")
    FALSE = "false", pgettext_lazy("truth", "no")


@dataclass(frozen=True)
class Column:
    """A column of the roster; ``words`` are the only ones that its cells may say."""

    name: str
    label: str | Promise
    told: str | Promise = ""
    required: bool = False
    blank: Any = ""  # what a blank cell means
    asks: Asks = Asks.TEXT
    words: type[models.TextChoices] | None = None
    width: int = 14

    def headings(self) -> Sequence[str]:
        """What it may be headed with: the label in the reader's language first, in the others, its
        name.
        """
        return [str(self.label), *_in_every_language(self.label), self.name]

    def meaning(self, text: str) -> Any:
        """What a cell says; ValidationError where it says nothing that the column takes."""
        if not text:
            if self.required:
                raise ValidationError(_("Fill this in."))
            return self.blank
        if self.words is not None:
            return _word(text, self.words)
        if self.asks == Asks.DAY:
            return _day(text)
        if self.asks == Asks.NUMBER and has_lost_digits(text):
            raise ValidationError(
                _(
                    "The workbook has kept this as a quantity and lost the last digits. Format the"
                    " cell as text and type the number anew."
                )
            )
        if self.asks == Asks.TEXT:
            refuse_numbers(text)
        return text


def _word(text: str, words: type[models.TextChoices]) -> Any:
    found = _values(words).get(text.casefold())
    if found is None:
        known = " / ".join(str(label) for label in words.labels)
        told = _("“%(found)s” is not known; write one of: %(words)s")
        raise ValidationError(told % {"found": without_numbers(text), "words": known})
    return found == Truth.TRUE if words is Truth else found


@cache
def _values(words: type[models.TextChoices]) -> dict[str, str]:
    """What a cell may say in any language, in small letters, and what that means."""
    return {
        said.casefold(): word.value
        for word in words
        for said in (word.value, *_in_every_language(word.label))
    }


def _day(text: str) -> date:
    found = _DAY.fullmatch(text)
    try:
        day = date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        day = None
    if day is None or not EARLIEST <= day <= LATEST:
        told = _("“%(found)s” is no day; write it as 2024-06-01.")
        raise ValidationError(told % {"found": without_numbers(text)})
    return day


def _in_every_language(text: str | Promise) -> list[str]:
    found = []
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            found.append(str(text))
    return found


def _of(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name).verbose_name  # type: ignore[union-attr]  # a plain column


PERSON = (
    Column("name", _of(Person, "name"), required=True),
    Column(
        "national_id", NumberKind.NATIONAL_ID.label,
        gettext_lazy("tells who is entered already; kept encrypted"),
        required=True, asks=Asks.NUMBER, width=22,
    ),
    Column("phone", NumberKind.PHONE.label, gettext_lazy("kept encrypted"), asks=Asks.NUMBER),
    Column(
        "gender", _of(Person, "gender"), gettext_lazy("blank: as the ID number says"),
        words=Gender, width=8,
    ),
    Column(
        "birth_ym", _of(Person, "birth_ym"),
        gettext_lazy("as 1980-06; blank: as the ID number says"),
    ),
    Column("ethnicity", _of(Person, "ethnicity"), width=8),
    Column("political_status", _of(Person, "political_status")),
    Column("education", _of(Person, "education")),
    Column("home_unit", _of(Person, "home_unit"), required=True, width=26),
    Column("rank", _of(Person, "rank")),
    Column("prof_title", _of(Person, "prof_title")),
)  # fmt: skip
POSTING = (
    Column(
        "region", _of(Posting, "region"),
        gettext_lazy("name or code; it decides the team and the pairing"), required=True,
    ),
    Column(
        "donor", gettext_lazy("donor"),
        gettext_lazy("name or code; only where several donors help the region"),
    ),
    Column("host_unit", _of(Posting, "host_unit"), required=True, width=26),
    Column(
        "unit_kind", gettext_lazy("kind of unit"),
        gettext_lazy("only for a unit that is not known yet: it is entered with the roster"),
        words=OrganisationKind,
    ),
    Column("host_post", _of(Posting, "host_post"), required=True, width=26),
    Column("category", _of(Posting, "category"), required=True, words=Category),
    Column("term", _of(Posting, "term"), required=True, words=Term, width=12),
    Column(
        "start_on", _of(Posting, "start_on"), gettext_lazy("blank: the day of the batch"),
        blank=None, asks=Asks.DAY,
    ),
    Column("planned_end", _of(Posting, "planned_end"), required=True, asks=Asks.DAY),
    Column(
        "is_planned_quota", _of(Posting, "is_planned_quota"), gettext_lazy("blank: yes"),
        blank=True, words=Truth, width=10,
    ),
    Column(
        "group_type", _of(Posting, "group_type"), gettext_lazy("blank: none"),
        blank=GroupType.NONE, words=GroupType,
    ),
    Column(
        "direction", _of(Posting, "direction"), gettext_lazy("blank: east to west"),
        blank=Direction.OUT, words=Direction,
    ),
    Column(
        "succeeds", _of(Posting, "succeeds"),
        gettext_lazy("name of who leaves the post, at the same unit"),
    ),
    Column(
        "letter_no", _of(Posting, "letter_no"),
        gettext_lazy("blank: the one that is given for the whole batch"), width=20,
    ),
)  # fmt: skip
PLACE = [column for column in POSTING if column.name in {"region", "donor", "start_on"}]
COLUMNS = {column.name: column for column in (*PERSON, *POSTING)}
REQUIRED = [name for name, column in COLUMNS.items() if column.required]


def headings() -> Mapping[str, Sequence[str]]:
    """Under what each column may stand."""
    numbering = pgettext_lazy("roster", "No.")
    found = {name: column.headings() for name, column in COLUMNS.items()}
    return {NUMBERING: [*_in_every_language(numbering), NUMBERING]} | found


def template(batch: Batch) -> bytes:
    """An empty roster of a batch: columns that keep numbers as text, lists to choose from, and a
    sheet that tells how to fill it in.
    """
    content = BytesIO()
    book = xlsxwriter.Workbook(
        content,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
    )
    bold = {"bold": True, "bottom": 1, "text_wrap": True, "valign": "vcenter"}
    head = book.add_format(bold | {"bg_color": "#EEF2F6"})
    must = book.add_format(bold | {"bg_color": "#FBE9E7"})
    as_text = book.add_format({"num_format": "@"})
    as_day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
    sheet = book.add_worksheet(pgettext("batch", "Roster"))
    told = book.add_worksheet(_("How to fill it in"))
    words = book.add_worksheet(_("Words"))
    sheet.write_string(0, 0, str(headings()[NUMBERING][0]), head)
    sheet.set_column(0, 0, 6)
    for place, column in enumerate(COLUMNS.values(), start=1):
        star = "*" if column.required else ""
        sheet.write_string(0, place, f"{_heading(column)}{star}", must if star else head)
        sheet.set_column(place, place, column.width, as_day if column.asks == Asks.DAY else as_text)
        if column.asks == Asks.DAY:
            sheet.data_validation(1, place, MOST_ROWS, place, _a_day())
        elif column.words:
            sheet.data_validation(1, place, MOST_ROWS, place, _one_of(words, place, column))
    sheet.set_row(0, 32)
    sheet.freeze_panes(1, 2)
    words.hide()
    _tell(told, batch, head, book.add_format({"text_wrap": True, "valign": "top"}))
    book.close()
    return content.getvalue()


def _heading(column: Column) -> str:
    return str(column.label)[:1].upper() + str(column.label)[1:]


def _a_day() -> dict[str, Any]:
    return {
        "validate": "date", "criteria": "between", "minimum": EARLIEST,
        "maximum": LATEST, "error_title": _("No day"),
        "error_message": _("Write a day as 2024-06-01."),
    }  # fmt: skip


def _one_of(words: Any, place: int, column: Column) -> dict[str, Any]:
    """A list to choose from; it lies in a sheet of its own, for some are longer than the 255
    characters that a rule holds.
    """
    assert column.words is not None  # nosec B101 - the caller has looked
    for line, label in enumerate(column.words.labels):
        words.write_string(line, place, guarded(str(label)))
    letter = xlsxwriter.utility.xl_col_to_name(place)
    last = len(column.words.labels)
    return {"validate": "list", "source": f"='{words.name}'!${letter}$1:${letter}${last}"}


def _tell(sheet: Any, batch: Batch, head: Any, wrap: Any) -> None:
    lines = [
        _("Batch: %(batch)s, dispatched on %(day)s.")
        % {"batch": batch.label, "day": batch.dispatched_on},
        _("One line for each person, at most %(most)d; columns with a star have to be filled in.")
        % {"most": MOST_ROWS},
        _("Handing the same file in again changes nothing."),
    ]
    for line, text in enumerate(lines):
        sheet.write_string(line, 0, guarded(text))
    first = len(lines) + 1
    for place, text in enumerate(
        (_("Column"), _("To be filled in"), _("What goes there"), _("Words"))
    ):
        sheet.write_string(first, place, text, head)
    for line, column in enumerate(COLUMNS.values(), start=first + 1):
        said = (
            _heading(column),
            _("yes") if column.required else pgettext("truth", "no"),
            str(column.told),
            _joined(column),
        )
        for place, text in enumerate(said):
            sheet.write_string(line, place, guarded(text), wrap)
    for place, width in enumerate((22, 14, 48, 60)):
        sheet.set_column(place, place, width)
    sheet.freeze_panes(first + 1, 0)


def _joined(column: Column) -> str:
    if column.words:
        return " / ".join(str(label) for label in column.words.labels)
    return "2024-06-01" if column.asks == Asks.DAY else ""
