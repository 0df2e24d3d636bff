"""What a reader gets says what plain SQL finds: HTML, text and workbook of an edition."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.conf import settings as configured
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from assistance.periods import Month
from assistance.scope import EVERYTHING, Scope
from reporting.actions.editions import SETTLING, build, schedule_due
from reporting.models import Edition, Format
from tests import factories as make
from tests.reporting import rich_ledger
from tests.reporting.mail_rows import reader, subscribe
from tests.reporting.plain_sql import PlainSql
from tests.reporting.rich_ledger import K

MAY = Month(2026, 5)
SCOPES = {"all": EVERYTHING, "county": Scope("recipient", make.COUNTY)}
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
        "registered", "declared",
    },
}  # fmt: skip
NOT_SAID_AT_ZERO = {"pairings_unknown_start", "released", "payment_rate_change"}
RATES = re.compile(r"rate|share|target|of_arrived|pct|progress")
AMOUNTS = {"plan", "arr", "alloc", "paid", "idle"}


@pytest.fixture(scope="module")
def editions(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Edition]]:
    """The edition of May 2026 about everything and about a county, in both languages."""
    with (
        django_db_blocker.unblock(),
        pytest.MonkeyPatch.context() as patch,
        transaction.atomic(),
    ):
        patch.setattr(configured, "FILES_DIR", tmp_path_factory.mktemp("files"))
        rich_ledger.build()
        for language in ("zh-hans", "en"):
            for scope in SCOPES.values():
                subscribe(
                    reader(),
                    scope=scope,
                    language=language,
                    formats=[Format.XLSX],
                    starts_on=date(2026, 5, 1),
                )
        now = K + SETTLING
        built = [build(pk, now=now) for pk in schedule_due(now)]
        yield {edition.scope["kind"]: edition for edition in built}
        transaction.set_rollback(True)


def file_of(edition: Edition, fmt: Format, language: str) -> Path:
    found = edition.files.get(format=fmt, language=language)
    return Path(configured.FILES_DIR) / found.path


def sql_of(edition: Edition) -> PlainSql:
    return PlainSql(
        MAY.starts_on,
        known_at=K,
        known_before=rich_ledger.due(MAY.previous),
        kind=edition.scope["kind"],
        region=edition.scope.get("region", ""),
    )


# ------------------------------------------------------------- how a value should be printed


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


# ------------------------------------------------------------------------------- the proofs


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("kind", ["all", "recipient"])
def test_the_html_mail_prints_what_sql_finds(
    editions: dict[str, Edition], db: None, kind: str, language: str
) -> None:
    edition = editions[kind]
    mail = Mail(file_of(edition, Format.HTML, language).read_text())
    sql = sql_of(edition)
    figures = sql.figures()
    for said, (section, codes) in zip(mail.said, SAID.items(), strict=True):
        values = {code: figures[section][code].value for code in codes}
        for code in NOT_SAID_AT_ZERO & codes:
            if not Decimal(values[code] or 0):
                del values[code]
        assert sorted(said) == sorted(
            in_words(value, code, language) for code, value in values.items()
        ), section
    printed = [[cells[1:] for cells in table if len(cells) > 1] for table in mail.tables]
    wanted = [[named(cells, language) for cells in table] for table in wanted_tables(sql)]
    assert printed == wanted


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_text_mail_prints_what_sql_finds(
    editions: dict[str, Edition], db: None, language: str
) -> None:
    edition = editions["all"]
    lines = iter(file_of(edition, Format.TEXT, language).read_text().splitlines())
    for table in wanted_tables(sql_of(edition)):
        for cells in table:
            # the rows stand in this order, each with its cells at the end of its line
            row = [word for cell in named(cells, language) for word in cell.split()]
            assert any(line.split()[-len(row) :] == row for line in lines), row


@pytest.mark.parametrize("kind", ["all", "recipient"])
def test_the_workbook_holds_what_sql_finds_to_the_fen(
    editions: dict[str, Edition], db: None, kind: str
) -> None:
    edition, sql = editions[kind], sql_of(editions[kind])
    book = openpyxl.load_workbook(file_of(edition, Format.XLSX, "en"))
    figures, tables = sql.figures(), sql.tables()
    assert edition.payload is not None
    order = [
        (section["code"], figure["code"], figure["unit"])
        for section in edition.payload["sections"]
        for figure in section["figures"]
    ]
    summary = [row[2].value for row in rows_of(book.worksheets[0])]
    assert [in_sheet(value) for value in summary[: len(order)]] == [
        in_units(figures[section][code].value, unit) for section, code, unit in order
    ]
    sheets = iter(book.worksheets[1:])
    for section in edition.payload["sections"]:
        for table in section["tables"]:
            units = [column["unit"] for column in table["columns"]]
            wanted = tables[section["code"]][table["code"]][1]
            written = list(rows_of(next(sheets)))[: len(wanted)]
            assert [
                [in_sheet(cell.value) for cell in row[1 : len(units) + 1]] for row in written
            ] == [
                [
                    in_units(cell, unit)
                    for cell, unit in zip(named_cells(row.cells), units, strict=True)
                ]
                for row in wanted
            ], table["code"]


def test_the_ledgers_of_the_workbook_add_up_to_what_sql_finds(
    editions: dict[str, Edition], db: None
) -> None:
    edition, sql = editions["all"], sql_of(editions["all"])
    book = openpyxl.load_workbook(file_of(edition, Format.XLSX, "en"))
    transfers, payments, people = book.worksheets[-3:]
    for sheet, measure, column in ((transfers, "arr", 6), (payments, "paid", 4)):
        cells = [row[column].value for row in rows_of(sheet)]
        amounts = [Decimal(repr(cell)) for cell in cells if isinstance(cell, int | float)]
        every_source = next(row for row in sql.by_source() if row.key == "aid").cells
        donated = [row.cells for row in sql.by_source() if row.key.startswith("DON")]
        place = ["plan", "arr", "alloc", "paid"].index(measure)
        total = sum((Decimal(cells[place] or 0) for cells in (every_source, *donated)), Decimal(0))
        assert len(amounts) > 5
        assert sum(amounts) * 10_000 == total, sheet.title
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM present")
        (present,) = cursor.fetchone()
    assert sum(isinstance(row[6].value, date) for row in rows_of(people)) == present


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
