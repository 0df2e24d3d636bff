"""A payload in one language: everything a printer needs, as text, in the order it is read.

The mail, the PDF and the workbook all print this one reading, so they cannot disagree.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.timezone import localtime
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from reporting.render import numbers, words
from reporting.render.sentences import Sentence, filled, said

Payload = Mapping[str, Any]

MAIL_ROWS = 30  # a mail whose table by region is longer leaves the counties to the attachments
MAIL_COLUMNS = {  # what a phone shows of a wide table; the workbook has every column
    "funds.by_region": ("plan", "arr", "alloc", "paid", "arrival_rate", "payment_rate"),
}
PAGE_COLUMNS = {  # what the width of a page holds
    "funds.by_region": (*MAIL_COLUMNS["funds.by_region"], "arr_month", "paid_month"),
}
TILES = ("arrival_rate", "payment_rate", "start_rate", "in_post")
UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+"
)


@dataclass(frozen=True)
class Column:
    """A column's code, unit and heading; numbers align to the right."""

    code: str
    unit: str
    heading: str
    is_number: bool


@dataclass(frozen=True)
class Cell:
    """A cell as it is printed, and the value behind it; only text may be broken into lines."""

    text: str
    value: str | None
    is_number: bool
    is_text: bool


@dataclass(frozen=True)
class Row:
    """A row's name, kind, depth in the tree of regions and cells; ``is_sum`` if it sums others."""

    key: str
    name: str
    kind: str
    depth: int
    cells: tuple[Cell, ...]
    is_sum: bool


@dataclass(frozen=True)
class Table:
    """A table with its numbered heading; ``key`` is section.table, ``title`` has no number."""

    key: str
    heading: str
    title: str
    units: str
    row_heading: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    remarks: tuple[str, ...]
    control_fails: bool


@dataclass(frozen=True)
class Figure:
    """A figure of a section, printed as a table would and raw, with how it is computed."""

    code: str
    name: str
    text: str
    value: str | None
    unit: str
    unit_name: str
    formula: str


@dataclass(frozen=True)
class Chapter:
    """A section: its heading, what it says, its figures, its tables and its remarks."""

    code: str
    heading: str
    sentences: tuple[Sentence, ...]
    figures: tuple[Figure, ...]
    tables: tuple[Table, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """The whole report in one language."""

    language: str
    masthead: str
    title: str
    period: str
    scope: str
    cutoff: str
    stamp: str
    standing: str
    demo: str
    banner: str
    empty: str
    chapters: tuple[Chapter, ...]
    tiles: tuple[Figure, ...]
    footnotes: tuple[str, ...]
    known_at: datetime


def one_line(text: str) -> str:
    """Return a name fit for one line: line breaks, controls and direction marks become a space."""
    return UNPRINTABLE.sub(" ", text).strip()


def is_number(unit: str) -> bool:
    """Tell whether values of this unit are numbers."""
    return unit not in {"text", "date"}


class Reader:
    """Reads the parts of one payload in the active language."""

    def __init__(self, payload: Payload) -> None:
        self.payload = payload
        self.labels: Mapping[str, Mapping[str, str]] = payload.get("labels", {})
        self.tables = 0

    def label(self, key: str) -> str | None:
        """Return the name frozen with the figures, in this language if it has one; None if none."""
        names = self.labels.get(key)
        if not names:
            return None
        other = next((name for name in names.values() if name), "")
        return one_line(names.get(get_language() or "") or other) or None

    def scope(self) -> str:
        """Return the name of what the report covers."""
        scope = self.payload["scope"]
        if scope["kind"] == "all":
            return _("All programmes and regions")
        region = self.label(scope["region"]) or scope["region"]
        if scope["kind"] == "donor":
            return _("Donor: {region}").format(region=region)
        return _("Recipient: {region}").format(region=region)

    def cell(self, value: str | None, unit: str) -> Cell:
        """Return a cell; text that is a code with a frozen name becomes the name."""
        if value is not None and unit == "text":
            value = self.label(value) or one_line(value)
        return Cell(numbers.printed(value, unit), value, is_number(unit), unit == "text")

    def row(self, table: Mapping[str, Any], written: Mapping[str, Any]) -> Row:
        """Return one row; a project's row is headed by its code and named in its own column."""
        key, kind, values = written["key"], written["kind"], list(written["cells"])
        name = self.label(key) or words.word(words.ROWS, one_line(key))
        if kind in {"total", "carry_over"}:
            name = words.word(words.ROWS, kind)
        if kind == "own":
            name = _("{region}, own level").format(region=name)
        codes = [column["code"] for column in table["columns"]]
        if key.startswith("P:") and "name" in codes:
            place = codes.index("name")
            values[place] = values[place] or self.label(key)
            name = one_line(key.removeprefix("P:"))
        cells = tuple(
            self.cell(value, column["unit"])
            for value, column in zip(values, table["columns"], strict=True)
        )
        parents = any(each.get("depth", 0) for each in table["rows"])
        is_sum = kind == "total" or key == "aid" or (kind == "programme" and parents)
        return Row(key, name, kind, written.get("depth", 0), cells, is_sum)

    def table(self, section: str, table: Mapping[str, Any]) -> Table:
        """Return one table, numbered in the order of reading."""
        self.tables += 1
        key = f"{section}.{table['code']}"
        columns = tuple(
            Column(
                code=column["code"],
                unit=column["unit"],
                heading=words.column_word(table["code"], column["code"]),
                is_number=is_number(column["unit"]),
            )
            for column in table["columns"]
        )
        remarks = []
        control: Mapping[str, Any] = table.get("control") or {}
        if control:
            remarks.append(control_remark(control))
        if any(row["kind"] == "carry_over" for row in table["rows"]):
            remarks.append(
                _("Funds carried over from earlier years are outside this year's rates.")
            )
        title = words.word(words.TABLES, key)
        return Table(
            key=key,
            heading=_("Table {number}: {title}").format(number=self.tables, title=title),
            title=title,
            units=unit_note(columns),
            row_heading=words.word(words.ROW_HEADINGS, table["code"]),
            columns=columns,
            rows=tuple(self.row(table, row) for row in table["rows"]),
            remarks=tuple(remarks),
            control_fails=bool(control) and not control["holds"],
        )

    def note(self, note: Mapping[str, Any]) -> str:
        """Return a section's note with its values filled in; a place may end in its unit's name."""
        values = {}
        for place, value in note.get("values", {}).items():
            unit = place.rpartition("_")[2]
            printed = numbers.spoken(value, unit) if unit in words.UNITS else one_line(value)
            values[place] = self.label(value) or printed
        return "".join(run.text for run in filled(words.word(words.NOTES, note["code"]), values))

    def chapter(self, place: int, section: Mapping[str, Any]) -> Chapter:
        """Return one section under its number."""
        heading = words.word(words.SECTIONS, section["code"])
        figures = {figure["code"]: figure for figure in section.get("figures", [])}
        return Chapter(
            code=section["code"],
            heading=numbered_heading(place, heading),
            sentences=said(section["code"], figures, self.payload["period"]["ends_on"]),
            figures=tuple(printed_figure(figure) for figure in figures.values()),
            tables=tuple(self.table(section["code"], table) for table in section.get("tables", [])),
            remarks=tuple(self.note(note) for note in section.get("notes", [])),
        )


def printed_figure(figure: Mapping[str, Any]) -> Figure:
    """Return a figure with its name, unit and formula in words."""
    code, unit = figure["code"], figure["unit"]
    formula = words.FORMULAS.get(code, figure.get("formula", ""))
    return Figure(
        code=code,
        name=words.word(words.FIGURES, code),
        text=numbers.printed(figure["value"], unit),
        value=figure["value"],
        unit=unit,
        unit_name=words.word(words.UNITS, unit),
        formula=str(formula),
    )


def control_remark(control: Mapping[str, Any]) -> str:
    """Say whether the parts of a partition add up to its total, with both numbers if not."""
    if control["holds"]:
        return _("Check: the stages add up to the total.")
    return _("Check: the stages add up to {sum}, the total is {total}; they do not agree.").format(
        sum=numbers.count(Decimal(control["sum"])), total=numbers.count(Decimal(control["total"]))
    )


def unit_note(columns: tuple[Column, ...]) -> str:
    """Name the units of a table's columns whose cells do not carry their own; "" if all do."""
    carried = {"percent", "points", "date", "text"}
    units = list(dict.fromkeys(column.unit for column in columns if column.unit not in carried))
    names = [words.word(words.UNITS, unit) for unit in units]
    if not names:
        return ""
    # Translators: between the units of one table.
    return _("Unit: {units}").format(units=pgettext("between units", ", ").join(names))


def numbered_heading(place: int, heading: str) -> str:
    """Number a section as official papers do: 一、总体情况; 1. Overview."""
    if numbers.in_chinese():
        return f"{'一二三四五六七八九十'[place - 1]}、{heading}"
    return f"{place}. {heading}"


def period_name(payload: Payload) -> str:
    """Return the month the report is about: 2026年10月, October 2026."""
    return numbers.written_date(payload["period"]["starts_on"], pgettext("date format", "F Y"))


def is_empty(payload: Payload) -> bool:
    """Tell whether no figure of the payload is anything but missing or zero, settings apart."""
    return not any(
        figure["value"] is not None and Decimal(figure["value"]) != 0
        for section in payload["sections"]
        for figure in section.get("figures", [])
        if figure["unit"] not in {"text", "date"}
        and not figure["code"].endswith(("_target", "_within"))
    )


def demo_notice(payload: Payload) -> str:
    """Return the words that mark invented figures; "" for a real report."""
    return _("Demo data: invented, not for any use.") if payload["demo"] else ""


def read(payload: Payload) -> Report:
    """Read a payload in the active language."""
    reader = Reader(payload)
    known_at = localtime(datetime.fromisoformat(payload["known_at"]))
    day = numbers.day(payload["period"]["ends_on"])
    period = period_name(payload)
    chapters = tuple(
        reader.chapter(place, section) for place, section in enumerate(payload["sections"], start=1)
    )
    found = {figure.code: figure for chapter in chapters for figure in chapter.figures}
    empty = _("Nothing is on record for this scope up to {day}.").format(day=day)
    return Report(
        language=get_language() or "",
        masthead=_("Paired assistance: monthly report"),
        title=_("Summary of paired assistance, {period}").format(period=period),
        period=period,
        scope=reader.scope(),
        cutoff=_("Data to 24:00 on {day}, as recorded by {known}").format(
            day=day, known=f"{known_at:%Y-%m-%d %H:%M}"
        ),
        stamp=_("version {version}, checksum {checksum}").format(
            version=payload["version"], checksum=payload["sha256"][:8]
        ),
        standing=(
            _("Made automatically; valid once signed off.")
            if payload["require_signoff"]
            else _("Made automatically, not reviewed.")
        ),
        demo=demo_notice(payload),
        banner=_("Do not store, process or transmit state secrets."),
        empty=empty if is_empty(payload) else "",
        chapters=chapters,
        tiles=tuple(found[code] for code in TILES if code in found),
        footnotes=(_("Owing to rounding, totals may differ from the sum of their parts."),),
        known_at=known_at,
    )


def subject(payload: Payload) -> str:
    """Return the mail's subject in the active language, on one line."""
    day = numbers.day_of_year(payload["period"]["ends_on"])
    period = period_name(payload)
    if payload["scope"]["kind"] == "all":
        line = _("[Paired assistance] Monthly report, {period} (data to {day})")
    else:
        line = _("[Paired assistance] Monthly report, {period}, {scope} (data to {day})")
    line = line.format(period=period, day=day, scope=Reader(payload).scope())
    # Translators: put before the subject of a mail whose figures are invented.
    return _("[DEMO]") + line if payload["demo"] else line


def for_mail(report: Report) -> Report:
    """Return the report as a mail shows it: fewer columns, and no counties where there are many."""
    return with_tables(report, lambda table: without_counties(with_columns(table, MAIL_COLUMNS)))


def for_page(report: Report) -> Report:
    """Return the report as a page shows it: every row, and the columns that fit."""
    return with_tables(report, lambda table: with_columns(table, PAGE_COLUMNS))


def with_tables(report: Report, change: Callable[[Table], Table]) -> Report:
    """Return the report with every table changed."""
    chapters = (
        replace(chapter, tables=tuple(map(change, chapter.tables))) for chapter in report.chapters
    )
    return replace(report, chapters=tuple(chapters))


def with_columns(table: Table, kept: Mapping[str, Sequence[str]]) -> Table:
    """Return the table with the columns kept of it; all of them if it is not named."""
    places = [
        place
        for place, column in enumerate(table.columns)
        if column.code in kept.get(table.key, (column.code,))
    ]
    return replace(
        table,
        columns=tuple(table.columns[place] for place in places),
        rows=tuple(
            replace(row, cells=tuple(row.cells[place] for place in places)) for row in table.rows
        ),
    )


def without_counties(table: Table) -> Table:
    """Return a long table without its counties, and say where they are."""
    if len(table.rows) <= MAIL_ROWS or not any(row.depth > 1 for row in table.rows):
        return table
    remark = _("The counties are in the attached PDF and workbook.")
    rows = tuple(row for row in table.rows if row.depth <= 1)
    return replace(table, rows=rows, remarks=(remark, *table.remarks))
