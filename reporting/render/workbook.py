"""The workbook: a summary, one sheet per table of the report, and the ledgers a caller gives.

Numbers are numbers (yuan in units of 10,000, rates as fractions), dates are dates, and no text of a
cell can become a formula or a link. Rows are written as they come: a long ledger takes no memory.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from math import ceil
from typing import Any

import xlsxwriter
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from assistance.sheets import guarded
from reporting.render import numbers
from reporting.render.report import Payload, Report, Table, read
from reporting.render.widths import width

Value = str | int | Decimal | date | datetime | None

HEADER_ROW = 4  # below the title, the cut-off, the warning and the unit
LAST_ROW = 1_048_575  # of any sheet, counted from 0
NAME_LIMIT = 31  # characters of a sheet's name
NARROWEST, WIDEST, WIDEST_HEADING = 8, 56, 14  # columns, in characters of half width
LINE, TALLEST = 17, 409  # heights of a line and of the tallest row a sheet may have, in points
PATTERNS = {
    "yuan": "#,##0.00",
    "percent": "0.0%",
    "points": "+0.0;-0.0;0.0",
    "date": "yyyy-mm-dd",
    "text": "@",
}


@dataclass(frozen=True)
class Ledger:
    """Rows given by the caller for a sheet of their own.

    ``columns`` pairs each heading with its unit; amounts in ``rows`` are yuan, percentages 0–100.
    """

    code: str
    title: str
    unit_note: str
    columns: Sequence[tuple[str, str]]
    rows: Iterable[Sequence[Value]]


class Sheet:
    """A sheet being written from the top down."""

    def __init__(self, book: "Book", name: str, title: str, units: str) -> None:
        report = book.report
        self.book = book
        self.next_row = HEADER_ROW
        self.sheet = book.workbook.add_worksheet(book.free_name(name))
        self.widths: dict[int, int] = {}
        self.lines = 1  # of the current row's tallest cell
        self.sheet.set_default_row(LINE)
        grey = book.style(font_color="#57606A")
        for row, (line, style) in enumerate(
            [
                (title, book.style(bold=True, font_size=14)),
                (f"{report.scope}  {report.cutoff}  {report.stamp}", grey),
                (report.demo or report.standing, book.style(bold=True, font_color="#A61B1B")),
                (units, grey),
            ]
        ):
            self.sheet.write_string(row, 0, guarded(line), style)

    def headings(self, headings: Sequence[str]) -> None:
        """Write the row of headings and keep it and the first column in view."""
        look = {"bold": True, "bg_color": "#F3ECE7", "top": 2, "bottom": 1, "text_wrap": True}
        style = self.book.style(**look, align="center", valign="vcenter", border_color="#A61B1B")
        self.sheet.set_row(HEADER_ROW, 32)
        for column, heading in enumerate(headings):
            self.sheet.write_string(HEADER_ROW, column, guarded(heading), style)
            self.fit(column, min(width(heading), WIDEST_HEADING))
        self.sheet.freeze_panes(HEADER_ROW + 1, 1)
        self.next_row = HEADER_ROW + 1

    def fit(self, column: int, columns: int) -> None:
        """Remember how wide a column must be."""
        self.widths[column] = max(self.widths.get(column, NARROWEST), min(columns + 2, WIDEST))

    def put(self, column: int, value: Value, unit: str, **look: Any) -> None:
        """Write a cell of the current row: a number, a date, or guarded text."""
        if unit == "text" or value == numbers.MISSING:
            text = guarded(str(value))
            style = self.book.style(num_format="@", text_wrap=True, valign="vcenter", **look)
            self.sheet.write_string(self.next_row, column, text, style)
            widths = [width(line) for line in text.splitlines()]
            self.fit(column, max(widths, default=0))
            self.lines = max(self.lines, sum(ceil((each + 1) / (WIDEST - 2)) for each in widths))
            return
        pattern = PATTERNS.get(unit, "#,##0")
        style = self.book.style(num_format=pattern, valign="vcenter", **look)
        if isinstance(value, datetime):
            value = localtime(value)
        printed = value.isoformat()[:10] if isinstance(value, date) else str(value)
        self.fit(column, width(numbers.printed(printed, unit)))
        inside = numbers.for_sheet(printed, unit)
        if isinstance(inside, date):
            self.sheet.write_datetime(self.next_row, column, inside, style)
        else:
            self.sheet.write_number(self.next_row, column, inside, style)

    def end_row(self) -> None:
        """Go to the next row; ValueError where a sheet has no more, for no row may be lost."""
        if self.lines > 1:
            self.sheet.set_row(self.next_row, min(LINE * self.lines, TALLEST))
        self.lines = 1
        self.next_row += 1
        if self.next_row > LAST_ROW:
            raise ValueError(f"A sheet cannot hold more than {LAST_ROW} rows.")

    def remark(self, text: str) -> None:
        """Write a line below the rows."""
        style = self.book.style(font_color="#57606A")
        self.sheet.write_string(self.next_row, 0, guarded(text), style)
        self.end_row()

    def close(self, remarks: Iterable[str]) -> None:
        """Finish the rows: filter, remarks, widths, and how the sheet prints."""
        last = max(self.next_row - 1, HEADER_ROW)
        self.sheet.autofilter(HEADER_ROW, 0, last, len(self.widths) - 1)
        self.end_row()
        for line in [*remarks, *self.book.report.footnotes, self.book.report.banner]:
            self.remark(line)
        for column, columns in self.widths.items():
            self.sheet.set_column(column, column, columns)
        self.sheet.set_landscape()
        self.sheet.set_paper(9)  # A4
        self.sheet.fit_to_pages(1, 0)
        self.sheet.repeat_rows(HEADER_ROW)
        report = self.book.report
        demo = f"&R{escaped(report.demo)}" if report.demo else ""
        self.sheet.set_header(f"&L{escaped(report.banner)}{demo}")
        self.sheet.set_footer(f"&L{escaped(f'{report.cutoff}  {report.stamp}')}&R&P / &N")


def escaped(text: str) -> str:
    """Return text for a printed header or footer, where an ampersand starts a code."""
    return text.replace("&", "&&")


class Book:
    """A workbook being written, with its styles and the names its sheets have taken."""

    def __init__(self, report: Report, target: BytesIO) -> None:
        self.report = report
        self.styles: dict[tuple[tuple[str, Any], ...], Any] = {}
        self.names: set[str] = set()
        self.workbook = xlsxwriter.Workbook(
            target,
            {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
        )
        self.workbook.set_properties(
            {"title": report.title, "created": report.known_at.astimezone(UTC)}
        )

    def style(self, **look: Any) -> Any:
        """Return the format of this look, made once."""
        key = tuple(sorted(look.items()))
        if key not in self.styles:
            self.styles[key] = self.workbook.add_format(look)
        return self.styles[key]

    def free_name(self, wanted: str) -> str:
        """Return a name that a sheet may have and no other sheet here has."""
        name = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", wanted).strip(" '")[:NAME_LIMIT] or "-"
        number = 1
        free = name
        while free.casefold() in self.names:
            number += 1
            free = f"{name[: NAME_LIMIT - len(str(number)) - 1]} {number}"
        self.names.add(free.casefold())
        return free


def write_summary(book: Book) -> None:
    """Write the first sheet: every figure of every section with its unit and formula."""
    name = pgettext("sheet", "Summary")
    sheet = Sheet(book, name, book.report.title, "")
    sheet.headings([_("Section"), _("Figure"), _("Value"), _("Unit"), _("Formula")])
    for chapter in book.report.chapters:
        for figure in chapter.figures:
            missing = figure.value is None
            sheet.put(0, chapter.heading, "text")
            sheet.put(1, figure.name, "text")
            if missing:
                sheet.put(2, numbers.MISSING, figure.unit, align="right")
            else:
                sheet.put(2, figure.value, figure.unit, bold=True)
            sheet.put(3, figure.unit_name, "text", indent=1)
            sheet.put(4, figure.formula, "text")
            sheet.end_row()
    remarks = [remark for chapter in book.report.chapters for remark in chapter.remarks]
    period = _("T is the last day of the period; funds are this year's aid.")
    sheet.close([*filter(None, [book.report.empty]), period, *remarks])


def write_table(book: Book, table: Table) -> None:
    """Write a table of the report."""
    sheet = Sheet(book, table.title, table.heading, table.units)
    sheet.headings([table.row_heading, *(column.heading for column in table.columns)])
    for row in table.rows:
        look = {"bold": True, "bg_color": "#FAF8F5"} if row.is_sum else {}
        sheet.put(0, row.name, "text", indent=row.depth, **look)
        for place, (column, cell) in enumerate(zip(table.columns, row.cells, strict=True), start=1):
            if cell.value is None:
                sheet.put(place, numbers.MISSING, column.unit, align="right", **look)
            else:
                sheet.put(place, cell.value, column.unit, **look)
        sheet.end_row()
    sheet.close(table.remarks)


def write_ledger(book: Book, ledger: Ledger) -> None:
    """Write a ledger's rows as they come; a missing value leaves its cell blank."""
    sheet = Sheet(book, ledger.title, ledger.title, ledger.unit_note)
    sheet.headings([heading for heading, _unit in ledger.columns])
    for row in ledger.rows:
        for place, (value, (_heading, unit)) in enumerate(zip(row, ledger.columns, strict=True)):
            if value is not None and value != "":
                sheet.put(place, value, unit)
        sheet.end_row()
    sheet.close([])


def workbook(payload: Payload, ledgers: Iterable[Ledger] = ()) -> bytes:
    """Return the workbook in the active language; ValueError if a ledger outgrows a sheet."""
    report = read(payload)
    target = BytesIO()
    book = Book(report, target)
    with book.workbook:  # leaving it, also by an error, removes the rows kept in temporary files
        write_summary(book)
        for chapter in report.chapters:
            for table in chapter.tables:
                write_table(book, table)
        for ledger in ledgers:
            write_ledger(book, ledger)
    return target.getvalue()
