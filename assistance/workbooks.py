"""Reading a workbook that somebody hands in: the rows of its first sheet, as text.

Cells come as a person reads them: a day as 2024-06-01, a whole number without a fraction. Blank
lines are left out. ``assistance.file_kinds`` has proven before that the file is a workbook.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import ParseError  # nosec B405 - the error only; defusedxml parses

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse
from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook

from assistance.table_rows import Faults, Row

HEADER = 1
MOST_SHEETS = 10
MOST_CELLS = 500_000  # of the rectangle that holds all cells of a sheet
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,12})", re.ASCII | re.IGNORECASE)
_EXACT = 2**53  # from here on a number of a workbook has lost digits
_ROUNDED = re.compile(r"\d(\.\d+)?e\+\d+", re.ASCII | re.IGNORECASE)


def read_sheet(
    content: bytes,
    headings: Mapping[str, Sequence[str]],
    faults: Faults,
    *,
    file: str,
    required: Iterable[str],
    most_rows: int,
) -> list[Row]:
    """The rows of the first sheet, whose first line holds headings.

    ``headings`` has for every column the texts that it may be headed with; ``required`` are those
    that must be there. A row has a cell for every column, blank where the sheet has no such column.
    A heading that is not known, stands there twice or is missing is noted in ``faults``, and so is
    a sheet that is too large; then there are no rows.
    """
    lines = _lines(content, faults, file)
    if lines is None:
        return []
    places = _places(lines[0] if lines else [], headings, faults, file)
    missing = [column for column in required if column not in places]
    for column in missing:
        heading = headings[column][0]
        faults.add(file, HEADER, heading, _("The column is missing; take the template."))
    if faults.count:
        return []
    rows: list[Row] = []
    for number, line in enumerate(lines[1:], start=HEADER + 1):
        if not any(line):
            continue
        if len(rows) == most_rows:
            cause = _("There are more than %(most)d rows; hand them in in several files.")
            faults.add(file, number, "", cause % {"most": most_rows})
            return []
        cells = dict.fromkeys(headings, "")
        cells |= {column: line[at] for column, at in places.items()}
        shown = {column: (_bare(lines[0][at]), letters(at)) for column, at in places.items()}
        rows.append(Row(file, number, cells, faults, shown))
    return rows


def letters(place: int) -> str:
    """What a workbook calls a column, the first being 0.

    >>> letters(0), letters(25), letters(26), letters(701), letters(702)
    ('A', 'Z', 'AA', 'ZZ', 'AAA')
    """
    found, place = "", place + 1
    while place:
        place, rest = divmod(place - 1, 26)
        found = chr(ord("A") + rest) + found
    return found


def has_lost_digits(text: str) -> bool:
    """Whether a cell holds, as a quantity, a number of more digits than a workbook keeps.

    >>> has_lost_digits("3.3019919800615e+17"), has_lost_digits("330199198006150000")
    (True, False)
    """
    return _ROUNDED.fullmatch(text) is not None


def _lines(content: bytes, faults: Faults, file: str) -> list[list[str]] | None:
    """Every line from the first on, each as long as the longest; None where it cannot be read."""
    try:
        if not _is_small(content):
            cause = _(
                "The workbook is too large: at most %(sheets)d sheets, and %(cells)d cells from the"
                " first to the last that is filled in. Copy the rows into the template."
            )
            limits = {"sheets": MOST_SHEETS, "cells": MOST_CELLS}
            faults.add(file, HEADER, "", cause % limits)
            return None
        sheet = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0)
        found = sheet.to_python(skip_empty_area=False)
    except (CalamineError, ParseError, DefusedXmlException, ValueError, KeyError):
        faults.add(file, HEADER, "", _("The workbook cannot be read; save it anew as .xlsx."))
        return None
    return [[_text(cell) for cell in line] for line in found]


def _is_small(content: bytes) -> bool:
    """Whether every sheet stays within the bounds. What reads the cells afterwards holds the whole
    rectangle: two cells in opposite corners would take all the memory there is.
    """
    sheets = 0
    with zipfile.ZipFile(BytesIO(content)) as archive:
        for name in archive.namelist():
            with archive.open(name) as part:
                cells = _rectangle(part)
            sheets += cells is not None
            if sheets > MOST_SHEETS or (cells or 0) > MOST_CELLS:
                return False
    return True


def _rectangle(part: Any) -> int | None:
    """How many cells the rectangle of a sheet has, or at least more than there may be; None where
    a part of the file, whatever its name, is no sheet. ValueError where it cannot be told.
    """
    events = iterparse(part, events=("start", "end"), forbid_dtd=True)
    try:
        if _kind_of(next(events)[1]) != "worksheet":
            return None
    except (ParseError, StopIteration):
        return None
    last_row = last_column = row = column = written = 0
    for event, element in events:
        kind = _kind_of(element)
        if event == "end":
            if kind in {"c", "row"}:
                element.clear()
        elif kind == "row":
            row, column = int(element.get("r") or row + 1), 0
            written += 1
        elif kind == "c":
            column += 1  # where a cell does not say where it stands, it follows the one before
            written += 1
            if reference := element.get("r"):
                column, row = _place_of(reference)
            last_row, last_column = max(last_row, row), max(last_column, column)
        if max(last_row * last_column, written) > MOST_CELLS:
            return MOST_CELLS + 1
    return last_row * last_column


def _kind_of(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _place_of(reference: str) -> tuple[int, int]:
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise ValueError(reference)
    column = 0
    for letter in found[1].upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return column, int(found[2])


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell)) if abs(cell) < _EXACT else f"{cell:e}"
    if isinstance(cell, datetime):
        return str(cell.date()) if cell.time() == time() else str(cell)
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, date):
        return str(cell)
    return str(cell).replace("\xa0", " ").strip()


def _bare(heading: str) -> str:
    """A heading without the star that says that its cells have to be filled in."""
    return heading.removesuffix("*").rstrip()


def _places(
    header: Sequence[str], headings: Mapping[str, Sequence[str]], faults: Faults, file: str
) -> dict[str, int]:
    """Where each column stands."""
    known = {text.casefold(): column for column, texts in headings.items() for text in texts}
    places: dict[str, int] = {}
    for at, heading in enumerate(header):
        if not heading:
            continue
        column = known.get(_bare(heading).casefold())
        cell = f"{letters(at)}{HEADER}"
        if column is None:
            told = _("This is no column of the template; remove it, or correct its heading.")
            faults.add(file, HEADER, heading, told, cell)
        elif column in places:
            faults.add(file, HEADER, heading, _("The column stands there twice; remove one."), cell)
        else:
            places[column] = at
    return places
