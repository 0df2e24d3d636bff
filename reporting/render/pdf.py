"""The PDF: the same report set by Typst, with the fonts of this project and nothing fetched.

Typst receives the report as JSON and the template places it as text; nothing of it is ever markup.
"""

import json
from dataclasses import asdict
from decimal import Decimal
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, cast

import typst
from django.utils.translation import gettext as _

from reporting.render import numbers, words
from reporting.render.report import Payload, Row, Table, for_page, read

HERE = Path(__file__).resolve().parent
FONTS = HERE.parent / "fonts"
BARS = ("plan", "arr", "paid")
CHART_ROWS = 16  # a chart of more regions than this cannot be read

_compiling = Lock()  # one compiler is shared by the threads of a process


@cache
def compiler() -> typst.Compiler:
    """Return the process's compiler, which keeps the fonts read."""
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS]
    )
    return typst.Compiler(
        input=HERE / "report.typ", root=HERE, font_paths=fonts, ignore_system_fonts=True
    )


@cache
def printable() -> frozenset[int]:
    """Return the code points that the fonts can draw."""
    lines = (FONTS / "coverage.txt").read_text(encoding="ascii").split()
    spans = [line.split("-") for line in lines]
    return frozenset(
        point for first, last in spans for point in range(int(first, 16), int(last, 16) + 1)
    )


def drawable(text: str) -> str:
    """Spell a character that no font here draws by its number: no box is left empty."""
    drawn = printable()
    return "".join(mark if ord(mark) in drawn else f"[U+{ord(mark):04X}]" for mark in text)


def all_drawable(value: Any) -> Any:
    """Apply ``drawable`` to every text in a JSON value."""
    if isinstance(value, str):
        return drawable(value)
    if isinstance(value, dict):
        return {key: all_drawable(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [all_drawable(member) for member in value]
    return value


def bars(table: Table) -> list[dict[str, Any]]:
    """Return planned, arrived and paid of each region as parts of the largest; [] if unfit to draw.

    The scale starts at 0. The regions are the prefectures and the counties that stand in the place
    of one, or the counties of a single prefecture.
    """
    place = {column.code: at for at, column in enumerate(table.columns)}
    drawn = [row for row in table.rows if row.depth == 1]
    if len(drawn) <= 1:
        drawn = [row for row in table.rows if row.kind == "county"]
    amounts = [[amount(row, place[code]) for code in BARS] for row in drawn]
    largest = max((part for parts in amounts for part in parts), default=Decimal(0))
    if not 1 < len(drawn) <= CHART_ROWS or largest <= 0:
        return []
    return [
        {
            "name": row.name,
            "parts": [float(max(part, Decimal(0)) / largest) for part in parts],
            "texts": [row.cells[place[code]].text for code in BARS],
        }
        for row, parts in zip(drawn, amounts, strict=True)
    ]


def amount(row: Row, place: int) -> Decimal:
    """Return a cell's amount; a missing one draws no bar."""
    return Decimal(row.cells[place].value or 0)


def chart(table: Table) -> dict[str, Any] | None:
    """Return what is drawn above a table; only the funds by region are."""
    drawn = bars(table) if table.key == "funds.by_region" else []
    if not drawn:
        return None
    return {
        "title": _("Planned, arrived and paid by region"),
        "units": table.units,
        "legend": [words.column_word("by_region", code) for code in BARS],
        "bars": drawn,
    }


def pdf(payload: Payload) -> bytes:
    """Return the report in the active language as a PDF; its date is the payload's cut-off."""
    report = for_page(read(payload))
    content = {
        **asdict(report),
        "known_at": report.known_at.isoformat(),
        "charts": {
            table.key: drawn
            for chapter in report.chapters
            for table in chapter.tables
            if (drawn := chart(table))
        },
        "joint": "" if numbers.in_chinese() else " ",
        "no_rows": _("No rows."),
    }
    inputs = {"report": json.dumps(all_drawable(content), ensure_ascii=False)}
    with _compiling:
        made = compiler().compile(
            format="pdf", sys_inputs=inputs, timestamp=int(report.known_at.timestamp())
        )
    return cast(bytes, made)
