"""Every figure and every cell of a report equals one computed by plain SQL over the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from assistance.periods import Month
from assistance.scope import Scope
from reporting.actions.definitions import ensure_definitions
from reporting.models import Edition, ReportDefinition
from reporting.payload import freeze
from reporting.reckoning import Reckoning
from tests import factories as make
from tests.reporting import rich_ledger
from tests.reporting.plain_sql import PlainSql
from tests.reporting.rich_ledger import due

SCOPES = {
    "everything": Scope("all"),
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
    wanted, every_table = sql.figures(), sql.tables()
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
