"""Rosters as somebody fills them in: the template of a batch, with a line for each person."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import openpyxl
from django.utils import translation

from teams.batch_sheet import COLUMNS, template
from teams.models import Batch, Category, Person, PersonalNumber, Term
from tests import factories as make


def line(**cells: Any) -> dict[str, Any]:
    """What a row says of somebody whom nobody has entered yet."""
    fresh: dict[str, Any] = {
        "name": f"演示干部{next(make.numbers)}",
        "national_id": make.id_number(),
        "phone": make.phone(),
        "home_unit": "演示单位",
        "region": make.COUNTY,
        "host_unit": "演示接收单位",
        "unit_kind": "school",
        "host_post": "演示岗位",
        "category": Category.TEACHER,
        "term": Term.Y1,
        "planned_end": date(2027, 5, 31),
    }
    return fresh | cells


def filled(batch: Batch, *rows: dict[str, Any], language: str = "zh-hans") -> bytes:
    """The template of ``batch``, saved in a language, with these rows."""
    with translation.override(language):
        book = openpyxl.load_workbook(BytesIO(template(batch)))
    sheet = book.worksheets[0]
    places = {name: place for place, name in enumerate(COLUMNS, start=2)}
    for number, cells in enumerate(rows, start=2):
        sheet.cell(number, 1, number - 1)
        for name, value in cells.items():
            sheet.cell(number, places[name], value)
    kept = BytesIO()
    book.save(kept)
    return kept.getvalue()


def owner(national_id: str) -> Person:
    """Who is entered under an ID number."""
    return PersonalNumber.objects.of("national_id", national_id).get().person  # type: ignore[arg-type]  # the word of the kind
