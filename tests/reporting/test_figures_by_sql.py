"""Every figure and every cell of a report equals one computed by plain SQL over the ledger: in the
frozen payload, and printed in the mail, its text part and its workbook.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.conf import settings
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from assistance.periods import Month
from assistance.scope import EVERYTHING, NOTHING, Scope
from projects.models.as_at import AsAt
from reporting.actions.definitions import ensure_definitions
from reporting.actions.editions import SETTLING, build, schedule_due
from reporting.models import Edition, Format, ReportDefinition
from reporting.payload import freeze
from reporting.reckoning import Reckoning
from reporting.tracing import rows_behind
from tests import factories as make
from tests.fold import fold, progress_by_fold, stages_by_fold, weighed_by_fold
from tests.reporting import rich_ledger
from tests.reporting.mail_rows import reader, subscribe
from tests.reporting.plain_sql import PlainSql
from tests.reporting.printed import (
    NOT_SAID_AT_ZERO,
    SAID,
    Mail,
    in_sheet,
    in_units,
    in_words,
    named,
    named_cells,
    rows_of,
    wanted_tables,
)
from tests.reporting.rich_ledger import K, due

SCOPES = {
    "everything": EVERYTHING,
    "a province": Scope("recipient", make.PROVINCE),
    "a prefecture": Scope("recipient", make.PREFECTURE),
    "another prefecture": Scope("recipient", make.OTHER_PREFECTURE),
    "a county": Scope("recipient", make.COUNTY),
    "a donor city": Scope("donor", make.DONOR_CITY),
    "a donor district": Scope("donor", make.DONOR),
    "a place without rows": Scope("recipient", "990299"),
}
MONTHS = [
    Month(2025, 12),
    Month(2026, 1),
    Month(2026, 2),
    Month(2026, 4),
    Month(2026, 5),
    Month(2026, 6),
]


@pytest.fixture(scope="module")
def ledger(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The rich ledger, entered once for all tests of this module and then rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        ensure_definitions()
        rich_ledger.build()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # autovacuum does not see what is rolled back
        yield
        transaction.set_rollback(True)


def payload_of(month: Month, scope: Scope) -> dict[str, Any]:
    """The frozen figures of a month, closed on its calendar day."""
    edition = Edition(
        definition=ReportDefinition.objects.get(code="monthly"),
        period_start=month.starts_on,
        period_end=month.ends_on,
        scope=scope.as_dict(),
        scope_key=scope.key,
        data_cutoff_at=due(month),
    )
    reckoning = Reckoning(scope, month, known_at=due(month), known_before=due(month.previous))
    return freeze(edition, reckoning)


def by_sql(month: Month, scope: Scope) -> PlainSql:
    return PlainSql(
        month.starts_on,
        known_at=due(month),
        known_before=due(month.previous),
        kind=scope.kind,
        region=scope.region,
    )


def require_same(payload: dict[str, Any], sql: PlainSql) -> None:
    """Compare every figure and cell; one that only one of the two sides has is a difference."""
    wanted, every_table, notes = sql.figures(), sql.tables(), sql.notes()
    assert [section["code"] for section in payload["sections"]] == list(wanted)
    for section in payload["sections"]:
        code = section["code"]
        printed = {figure["code"]: figure["value"] for figure in section["figures"]}
        assert len(printed) == len(section["figures"]), "a figure is there twice"
        assert printed == {name: figure.value for name, figure in wanted[code].items()}, code
        operands = {
            figure["code"]: tuple(map(Decimal, figure["of"]))
            for figure in section["figures"]
            if "of" in figure
        }
        assert operands == {
            name: tuple(map(Decimal, figure.of))
            for name, figure in wanted[code].items()
            if figure.of is not None
        }, code
        assert section["notes"] == notes[code]
        tables = every_table[code]
        assert [table["code"] for table in section["tables"]] == list(tables)
        for table in section["tables"]:
            columns, rows = tables[table["code"]]
            assert [column["code"] for column in table["columns"]] == columns
            assert [
                (row["key"], row["kind"], row["depth"], row["cells"]) for row in table["rows"]
            ] == [(row.key, row.kind, row.depth, row.cells) for row in rows], table["code"]


@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)
@pytest.mark.parametrize("month", MONTHS, ids=str)
def test_every_figure_and_cell_is_what_plain_sql_finds(
    ledger: None, db: None, month: Month, scope: Scope
) -> None:
    require_same(payload_of(month, scope), by_sql(month, scope))


@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)
def test_the_rows_behind_a_sum_add_up_to_it(ledger: None, db: None, scope: Scope) -> None:
    payload = payload_of(Month(2026, 5), scope)
    traced = [
        figure for section in payload["sections"] for figure in section["figures"]
        if "rows" in figure
    ]  # fmt: skip
    assert [figure["code"] for figure in traced] == ["plan", "arr", "alloc", "paid"]
    for figure in traced:
        behind = sum((part.yuan for part in rows_behind(figure["rows"])), Decimal(0))
        assert behind == Decimal(figure["value"]), figure["code"]


@pytest.mark.parametrize(
    "at",
    [
        AsAt(date(2026, 5, 31), K),
        AsAt(date(2026, 5, 31), due(Month(2026, 6))),
        AsAt(date(2026, 6, 1), due(Month(2026, 6))),
        AsAt(date(2025, 12, 31), K),
        AsAt(date(2019, 1, 1), K),
    ],
)
def test_what_the_ledger_says_is_what_a_fold_over_its_rows_finds(
    ledger: None, db: None, at: AsAt
) -> None:
    inside = Scope("recipient", make.PREFECTURE)
    for figure, wanted in fold(at).items():
        assert at.money(figure, ("recipient", "source")) == wanted, figure
        assert at.money(figure, ("recipient", "source"), inside) == {
            key: yuan for key, yuan in wanted.items() if key[0].startswith(make.PREFECTURE[:4])
        }, figure
        assert at.money(figure, "source", NOTHING) == {}
    assert at.stages() == stages_by_fold(at)
    assert at.progress() == progress_by_fold(at)
    weighed = at.weighted_progress("county")
    assert {code: round(pct, 9) for code, pct in weighed.items()} == {
        code: round(pct, 9) for code, pct in weighed_by_fold(at).items()
    }
    assert at.weighted_progress("county", NOTHING) == {}
    assert set(at.weighted_progress("county", inside)) <= set(weighed)


# ----------------------------------------------------------------------- what is mailed


@pytest.fixture(scope="module")
def editions(
    ledger: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Edition]]:
    """The edition of May 2026 about everything and about a county, in both languages."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "FILES_DIR", tmp_path_factory.mktemp("files"))
        for language, name in product(("zh-hans", "en"), ("everything", "a county")):
            subscribe(
                reader(),
                scope=SCOPES[name],
                language=language,
                formats=[Format.XLSX],
                starts_on=date(2026, 5, 1),
            )
        now = K + SETTLING
        built = [build(pk, now=now) for pk in schedule_due(now)]
        yield {edition.scope["kind"]: edition for edition in built}


def file_of(edition: Edition, fmt: Format, language: str) -> Path:
    found = edition.files.get(format=fmt, language=language)
    return Path(settings.FILES_DIR) / found.path


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("kind", ["all", "recipient"])
def test_the_html_mail_prints_what_sql_finds(
    editions: dict[str, Edition], db: None, kind: str, language: str
) -> None:
    edition = editions[kind]
    mail = Mail(file_of(edition, Format.HTML, language).read_text())
    sql = by_sql(Month(2026, 5), edition.covers)
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
    for table in wanted_tables(by_sql(Month(2026, 5), edition.covers)):
        for cells in table:
            # the rows stand in this order, each with its cells at the end of its line
            row = [word for cell in named(cells, language) for word in cell.split()]
            assert any(line.split()[-len(row) :] == row for line in lines), row


@pytest.mark.parametrize("kind", ["all", "recipient"])
def test_the_workbook_holds_what_sql_finds_to_the_fen(
    editions: dict[str, Edition], db: None, kind: str
) -> None:
    edition, sql = editions[kind], by_sql(Month(2026, 5), editions[kind].covers)
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
    edition, sql = editions["all"], by_sql(Month(2026, 5), EVERYTHING)
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
