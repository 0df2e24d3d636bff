"""How the mail and the workbook should print a value, and what stands in them."""

from __future__ import annotations

import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from html.parser import HTMLParser
from typing import Any

from tests.reporting.plain_sql import PlainSql

# what the mail prints of the table by region; the workbook has every column
MAILED = ["plan", "arr", "alloc", "paid", "arrival_rate", "payment_rate"]
# the figures that each chapter's sentences say
SAID = {
    "headline": {
        "projects_planned", "plan", "alloc", "allocation_rate", "arr", "arrival_rate", "paid",
        "payment_rate", "payment_rate_change", "arr_month", "arr_month_late", "paid_month",
        "paid_month_late", "new_projects", "started", "start_rate", "completed", "accepted",
        "reserve", "pairings_in_force", "pairings_unknown_start", "counties_paired", "in_post",
    },
    "funds": {
        "livelihood_share", "livelihood_target", "county_below_share", "county_below_target",
        "industry_share", "idle", "paid_of_arrived",
    },
    "projects": {
        "projects_planned", "new_projects", "continuing_projects", "released", "started",
        "start_rate", "started_month", "resumed", "resume_rate", "completed", "completion_rate",
        "completed_month", "on_time_rate", "acceptance_rate", "weighted_progress", "overdue",
        "reserve",
    },
    "people": {
        "in_post", "in_post_cadre", "in_post_tech", "new", "returned", "expiring", "overstayed",
        "registered", "declared", "expiring_within",
    },
}  # fmt: skip
NOT_SAID_AT_ZERO = {"pairings_unknown_start", "released", "payment_rate_change"}
RATES = re.compile(r"rate|share|target|of_arrived|pct|progress")
AMOUNTS = {"plan", "arr", "alloc", "paid", "idle"}


def half_up(number: Decimal, places: str) -> str:
    return f"{number.quantize(Decimal(places), ROUND_HALF_UP):,}"


def unit_of(code: str) -> str:
    """The unit of a figure or column by its code."""
    if RATES.search(code):
        return "percent"
    if code.removesuffix("_late").removesuffix("_month") in AMOUNTS:
        return "yuan"
    return "text" if code in {"name", "county", "planned_end"} else "count"


def in_table(value: str | None, code: str) -> str:
    """As a table prints it: 10,000 yuan with two decimals, rates with one, "—" where missing."""
    if value is None:
        return "—"
    match unit_of(code):
        case "yuan":
            return half_up(Decimal(value) / 10_000, "0.01").replace("-", "−")
        case "percent":
            return half_up(Decimal(value), "0.1") + "%"
        case "count":
            return half_up(Decimal(value), "1").replace("-", "−")
    return value


def in_words(value: str | None, code: str, language: str) -> str:
    """As a sentence says it, without thousands separators and without the unit of a count."""
    if value is None:
        return "—"
    number = Decimal(value)
    if code == "payment_rate_change":
        return str(abs(number))
    if unit_of(code) == "percent":
        return f"{value}%"
    if unit_of(code) == "count":
        return value
    if language == "en":
        step, unit = (1_000_000, " million") if abs(number) >= 1_000_000 else (1, "")
    else:
        step, unit = (100_000_000, "亿元") if abs(number) >= 100_000_000 else (10_000, "万元")
    return str((number / step).quantize(Decimal("0.01"), ROUND_HALF_UP)) + unit


def plain(said: str) -> str:
    """A figure of a sentence without separators, currency and the noun that it counts."""
    text = said.replace(",", "").replace("−", "-").removeprefix("CNY ")
    if text.endswith(("亿元", "万元", "million", "%")):
        return text
    return re.sub(r"[^\d.\-—]", "", text)


class Mail(HTMLParser):
    """The tables of figures and the figures in the sentences of an HTML mail, by chapter."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: list[list[str]] = []
        self.tables: list[list[list[str]]] = []
        self.inside: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside.append(tag)
        self.text = ""
        if tag == "h2":
            self.said.append([])
        elif tag == "tbody":
            self.tables.append([])
        elif tag == "tr" and "tbody" in self.inside:
            self.tables[-1].append([])

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "b" and "p" in self.inside:
            self.said[-1].append(plain(self.text))
        elif tag == "td" and "tbody" in self.inside:
            self.tables[-1][-1].append(self.text)
        while self.inside and self.inside.pop() != tag:
            pass


def wanted_tables(sql: PlainSql) -> list[list[list[str]]]:
    """The cells of every table of the mail as SQL finds them, printed, in the order of reading."""
    tables = []
    for section, found in sql.tables().items():
        for name, (columns, rows) in found.items():
            kept = MAILED if (section, name) == ("funds", "by_region") else columns
            cells = [dict(zip(columns, row.cells, strict=True)) for row in rows]
            tables.append([[in_table(row[code], code) for code in kept] for row in cells])
    return tables


def named(cells: list[str], language: str) -> list[str]:
    """Cells with the invented regions' names instead of their codes."""
    prefix = "演示地区" if language == "zh-hans" else "Demo "
    return [f"{prefix}{cell}" if re.fullmatch(r"99\d{4}", cell) else cell for cell in cells]


def rows_of(sheet: Any) -> Any:
    """The rows below the headings."""
    return sheet.iter_rows(min_row=6)


def named_cells(cells: list[str | None]) -> list[str | None]:
    return [None if cell is None else named([cell], "en")[0] for cell in cells]


def in_units(value: str | None, unit: str) -> str | Decimal:
    """A value in the units of a workbook: yuan in 10,000, rates as fractions."""
    if value is None:
        return "—"
    if unit in {"text", "date"}:
        return value
    return Decimal(value) / {"yuan": 10_000, "percent": 100}.get(unit, 1)


def in_sheet(value: Any) -> str | Decimal:
    """What a cell holds, exactly."""
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    return value if isinstance(value, str) else Decimal(repr(value))
