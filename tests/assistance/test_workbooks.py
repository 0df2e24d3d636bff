"""Workbooks that people hand in: read as text, within bounds, with every fault at its cell."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from io import BytesIO
from typing import Any

import pytest
import xlsxwriter
from django.utils import translation

from assistance import workbooks
from assistance.errors import BrokenFile, Fault
from assistance.table_rows import Faults
from assistance.workbooks import has_lost_digits, letters, read_sheet

HEADINGS = {"name": ("姓名", "Name", "name"), "day": ("日期", "Day", "day"), "more": ("More",)}


def book(*lines: Sequence[Any]) -> bytes:
    content = BytesIO()
    kept = xlsxwriter.Workbook(content)
    sheet, days = kept.add_worksheet(), kept.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for number, line in enumerate(lines):
        for place, cell in enumerate(line):
            if isinstance(cell, date):
                sheet.write_datetime(number, place, cell, days)
            elif cell is not None:
                sheet.write(number, place, cell)
    kept.close()
    return content.getvalue()


def read(content: bytes, *, most_rows: int = 9) -> tuple[list[dict[str, str]], list[Fault]]:
    faults = Faults()
    with translation.override("en"):
        rows = read_sheet(
            content, HEADINGS, faults, file="a.xlsx", required=["name"], most_rows=most_rows
        )
    try:
        faults.refuse()
    except BrokenFile as broken:
        return [row.cells for row in rows], broken.faults
    return [row.cells for row in rows], []


def test_cells_come_as_a_person_reads_them() -> None:
    lines: list[list[Any]] = [
        ["Name*", "日期"],
        ["  演示\xa0甲 ", datetime(2024, 6, 1)],  # noqa: DTZ001 - a workbook knows no zones
        [13800001234, datetime(2024, 6, 1, 10, 30)],  # noqa: DTZ001
        [None, None],
        [True, 0.5],
    ]
    rows, faults = read(book(*lines))
    assert faults == []
    assert rows == [
        {"name": "演示 甲", "day": "2024-06-01", "more": ""},
        {"name": "13800001234", "day": "2024-06-01 10:30:00", "more": ""},
        {"name": "true", "day": "0.5", "more": ""},
    ]


def test_every_row_knows_its_line_and_cells() -> None:
    faults = Faults()
    content = book(["day", "name"], [], ["x", "y"])
    [row] = read_sheet(content, HEADINGS, faults, file="a.xlsx", required=[], most_rows=9)
    row.wrong("day", "no")
    row.wrong("", "nothing fits")
    assert (row.line, faults.count) == (3, 2)
    with pytest.raises(BrokenFile) as broken:
        faults.refuse()
    found = [(fault.cell, fault.column) for fault in broken.value.faults]
    assert found == [("", ""), ("A3", "day")]


def test_headings_that_do_not_fit_are_all_named() -> None:
    rows, faults = read(book(["日期", "Colour", "Day"], ["x", "y", "z"]))
    assert rows == []
    assert [(fault.cell, fault.column, fault.cause) for fault in faults] == [
        ("B1", "Colour", "This is no column of the template; remove it, or correct its heading."),
        ("C1", "Day", "The column stands there twice; remove one."),
        ("", "姓名", "The column is missing; take the template."),
    ]


def test_an_empty_sheet_misses_its_columns() -> None:
    rows, faults = read(book())
    assert (rows, [fault.column for fault in faults]) == ([], ["姓名"])


def test_more_rows_than_are_taken_are_refused_as_a_whole() -> None:
    lines: list[list[Any]] = [["name"], *(["x"] for _ in range(4))]
    assert len(read(book(*lines), most_rows=4)[0]) == 4
    rows, [fault] = read(book(*lines), most_rows=3)
    assert rows == []
    assert (fault.line, "more than 3 rows" in fault.cause) == (5, True)


def _with_sheet(xml: bytes, name: str = "xl/worksheets/sheet1.xml") -> bytes:
    kept = BytesIO()
    with zipfile.ZipFile(BytesIO(book(["name"]))) as old, zipfile.ZipFile(kept, "w") as new:
        for entry in old.namelist():
            content = xml if entry == "xl/worksheets/sheet1.xml" else old.read(entry)
            content = content.replace(b"worksheets/sheet1.xml", name.removeprefix("xl/").encode())
            new.writestr(name if entry == "xl/worksheets/sheet1.xml" else entry, content)
    return kept.getvalue()


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def _sheet(inside: str) -> bytes:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{inside}</sheetData></worksheet>'.encode()


CORNERS: dict[str, Callable[[], bytes]] = {
    "opposite corners": lambda: _with_sheet(
        _sheet('<row r="1"><c r="A1"/></row><row r="9"><c r="XFD1048576"><v>1</v></c></row>')
    ),
    "small letters": lambda: _with_sheet(
        _sheet('<row r="1"><c r="a1"/></row><row><c r="xfd01048576"><v>1</v></c></row>')
    ),
    "only the row says it": lambda: _with_sheet(
        _sheet('<row r="1"><c/></row><row r="600000"><c><v>1</v></c></row>')
    ),
    "under another name": lambda: _with_sheet(
        _sheet('<row r="9"><c r="XFD1048576"><v>1</v></c></row>'), "xl/other/part.bin"
    ),
    "many in one place": lambda: _with_sheet(
        _sheet('<row r="1">' + '<c r="A1"/>' * (workbooks.MOST_CELLS + 1) + "</row>")
    ),
}


@pytest.mark.parametrize("shape", CORNERS)
def test_a_sheet_that_would_take_all_memory_is_not_opened(shape: str) -> None:
    rows, [fault] = read(CORNERS[shape]())
    assert rows == []
    assert "too large" in fault.cause


def test_more_sheets_than_a_person_keeps_are_not_opened() -> None:
    content = BytesIO()
    kept = xlsxwriter.Workbook(content)
    for _number in range(workbooks.MOST_SHEETS + 1):
        kept.add_worksheet()
    kept.close()
    assert "too large" in read(content.getvalue())[1][0].cause


@pytest.mark.parametrize(
    "xml",
    [
        _sheet('<row r="1"><c r="Ä1"/></row>'),
        _sheet('<row r="one"><c/></row>'),
        _sheet('<row r="1">')[:-30],
        b'<!DOCTYPE x [<!ENTITY a "b">]>' + _sheet("&a;"),
    ],
)
def test_a_sheet_that_is_no_sheet_is_told(xml: bytes) -> None:
    rows, [fault] = read(_with_sheet(xml))
    assert rows == []
    assert fault.cause == "The workbook cannot be read; save it anew as .xlsx."


def test_letters_of_columns() -> None:
    assert [letters(place) for place in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_a_number_of_too_many_digits_is_recognised() -> None:
    rows, _faults = read(
        book(["name"], [330199198006150000], ["330199198006150000"], [13800001000])
    )
    found = [has_lost_digits(row["name"]) for row in rows]
    assert found == [True, False, False]
