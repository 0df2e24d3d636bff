"""Months add up to the year, a correction changes what is known from then on, figures have rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistance.models.rows import entered
from assistance.periods import Month
from assistance.roles import Role
from assistance.scope import EVERYTHING, Scope
from projects.actions import return_to_draft
from projects.models import FundPlan, Stage, StageChange, Transfer
from projects.models.funds import TransferStatus
from reporting.actions.editions import cutoff
from reporting.ledgers import ledgers
from reporting.models import Edition, ReportDefinition
from reporting.payload import freeze
from reporting.reckoning import Reckoning
from reporting.tracing import rows_behind
from tests import factories as make
from tests.reporting.demo import fill
from tests.reporting.plain_sql import PlainSql
from tests.reporting.rich_ledger import K, arrival, due, payment, plan, void
from tests.reporting.test_figures_by_sql import require_same

HALF_YEAR = [Month(2026, number) for number in range(1, 7)]
MAY = Month(2026, 5)
JANUARY_1 = date(2026, 1, 1)


def definition() -> ReportDefinition:
    return ReportDefinition.objects.get(code="monthly")


def edition_of(month: Month, known_at: datetime, scope: Scope = EVERYTHING) -> Edition:
    return Edition(
        definition=definition(),
        period_start=month.starts_on,
        period_end=month.ends_on,
        scope=scope.as_dict(),
        scope_key=scope.key,
        data_cutoff_at=known_at,
        created_at=known_at,
    )


def payload_of(
    month: Month, known_at: datetime, scope: Scope = EVERYTHING, *, short: bool = False
) -> dict[str, Any]:
    """A month as known at an instant; ``short``: the headline only."""
    reckoning = Reckoning(
        scope, month, known_at=known_at, known_before=cutoff(definition(), month.previous)
    )
    edition = edition_of(month, known_at, scope)
    if short:
        edition.definition.sections = ["headline"]
    return freeze(edition, reckoning)


def figures_of(payload: dict[str, Any]) -> dict[str, Any]:
    """The headline figures by code."""
    return {figure["code"]: figure for figure in payload["sections"][0]["figures"]}


def arrived(payload: dict[str, Any]) -> tuple[str, str]:
    """What had arrived in all, and in the month."""
    figures = figures_of(payload)
    return figures["arr"]["value"], figures["arr_month"]["value"]


def number(payload: dict[str, Any], code: str) -> Decimal:
    return Decimal(figures_of(payload)[code]["value"])


# ---------------------------------------------------------------------------------- months


def write_in(fund: FundPlan, rows: Sequence[tuple[int, int, int, int | None]]) -> None:
    """Transfers by fen, day of arrival, days until known, and days until struck out after that."""
    clerk, finance = make.hand(Role.CLERK), make.hand(Role.FINANCE)
    treasury, new = make.treasury(), []
    for place, (fen, day, delay, life) in enumerate(rows):
        arrived_on = JANUARY_1 + timedelta(days=day)
        known = make.at(arrived_on + timedelta(days=delay))
        transfer = Transfer(
            fund_plan=fund,
            amount_yuan=Decimal(fen) / 100,
            sent_on=arrived_on,
            arrived_on=arrived_on,
            treasury=treasury,
            voucher_no=f"演示{place}",
            status=TransferStatus.CONFIRMED,
            counted_at=known,
            counted_by=finance,
            **entered(clerk, known),
        )
        if life is not None:
            transfer.status, transfer.void_reason = TransferStatus.VOIDED, "演示更正"
            transfer.voided_at, transfer.voided_by = known + timedelta(days=life), finance
        new.append(transfer)
    Transfer.objects.bulk_create(new)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(
        st.tuples(
            st.integers(1, 10**12),
            st.integers(-20, 180),
            st.integers(0, 90),
            st.none() | st.integers(0, 90),
        ),
        max_size=12,
    ),
    closed_early=st.lists(st.integers(0, 9), min_size=6, max_size=6),
)
def test_the_months_of_a_year_add_up_whatever_came_late_was_struck_out_or_closed_early(
    db: None, rows: list[tuple[int, int, int, int | None]], closed_early: list[int]
) -> None:
    with transaction.atomic():
        write_in(plan(make.pairing(), "99999999999.99"), rows)
        months = []
        for month, early in zip(HALF_YEAR, closed_early, strict=True):
            known_at = due(month) - timedelta(days=early)
            edition_of(month, known_at).save()
            months.append(payload_of(month, known_at, short=True))
        for so_far in range(1, 7):
            added = sum((number(month, "arr_month") for month in months[:so_far]), Decimal(0))
            assert added == number(months[so_far - 1], "arr")
        transaction.set_rollback(True)


def test_a_correction_in_july_changes_may_as_known_in_july_and_not_as_known_in_june(
    db: None,
) -> None:
    fund = plan(make.pairing(), "1000.00")
    wrong = arrival(fund, "300.00", date(2026, 5, 6))
    in_july = make.at(date(2026, 7, 6))
    void(wrong, in_july)
    arrival(fund, "30.00", date(2026, 5, 6), known=in_july)

    in_june = payload_of(MAY, K)
    assert arrived(in_june) == ("300.00", "300.00")
    later = payload_of(MAY, due(Month(2026, 6)))
    assert arrived(later) == ("30.00", "30.00")
    june = payload_of(Month(2026, 6), due(Month(2026, 6)))
    assert arrived(june) == ("30.00", "-270.00")
    assert number(june, "arr_month_late") == -270


def test_the_project_ledger_shows_the_stage_of_the_month_whatever_became_of_it_since(
    db: None,
) -> None:
    returned, draft = make.project_at(Stage.SUBMITTED), make.draft()
    return_to_draft(
        returned, reason="演示", by=make.hand(Role.REVIEWER), now=make.at(date(2026, 7, 1))
    )
    may = Reckoning(EVERYTHING, MAY, known_at=K, known_before=due(MAY.previous))
    sheet = ledgers(may, "en")[0]
    listed = {row[0]: row[5] for row in sheet.rows}
    assert listed == {returned.code: "Submitted"}, f"{draft.code} is a draft"


# ---------------------------------------------------------------------------------- tracing


@pytest.mark.parametrize(
    "scope",
    [EVERYTHING, Scope("recipient", make.COUNTY), Scope("donor", make.OTHER_DONOR)],
    ids=str,
)
def test_the_rows_behind_a_sum_add_up_to_it(db: None, scope: Scope) -> None:
    for tie in (make.pairing(), make.pairing(make.OTHER_COUNTY, make.OTHER_DONOR)):
        fund = plan(tie, "2000000.00")
        project = make.project_at(Stage.ACTIVE, plan=fund, pairing=tie)
        arrival(fund, "900000.09", date(2026, 2, 3))
        void(arrival(fund, "1.00", date(2026, 2, 3)), make.at(date(2026, 3, 1)))
        arrival(fund, "2.00", date(2026, 6, 1))
        payment(project, "12345.67", date(2026, 5, 31))
    figures = figures_of(payload_of(MAY, K, scope))
    for code, value in (
        ("plan", "2000000.00"),
        ("arr", "900000.09"),
        ("alloc", "1000000.00"),
        ("paid", "12345.67"),
    ):
        parts = rows_behind(figures[code]["rows"])
        ties = 2 if scope == EVERYTHING else 1
        assert sum(part.rows.count() for part in parts) == ties
        total = sum((part.yuan for part in parts), Decimal(0))
        assert str(total) == figures[code]["value"] == str(ties * Decimal(value))


# ------------------------------------------------------------------- controls, the demo ledger


def test_the_parts_of_the_tables_add_up_to_their_totals_in_yuan(db: None) -> None:
    for stage in Stage:
        make.project_at(stage)
    month = Month(2026, 6)
    sections = {s["code"]: s for s in payload_of(month, due(month))["sections"]}
    (buckets, by_programme, _overdue) = sections["projects"]["tables"]
    assert buckets["control"] == {"sum": "10", "total": "10", "holds": True}
    new, continuing, total = (list(map(int, row["cells"])) for row in buckets["rows"])
    assert [a + b for a, b in zip(new, continuing, strict=True)] == total
    assert sum(total[:-1]) == total[-1] == StageChange.objects.filter(to_stage="APPROVED").count()
    assert by_programme["rows"][-1]["cells"][0] == "10"
    by_region, by_source, by_sector = sections["funds"]["tables"]
    for table, parts, whole in (
        (by_region, {"programme"}, "total"),
        (by_source, {"PROV", "CITY", "DIST", "MS"}, "aid"),
        (by_sector, {"row"}, "total"),
    ):
        totals = next(row for row in table["rows"] if row["key"] == whole)["cells"]
        inside = [row["cells"] for row in table["rows"] if parts & {row["kind"], row["key"]}]
        for place, column in enumerate(table["columns"]):
            if column["unit"] in {"yuan", "projects"}:
                added = sum((Decimal(cells[place]) for cells in inside), Decimal(0))
                assert added == Decimal(totals[place]), (table["code"], column["code"])


def test_the_demo_ledgers_figures_are_what_plain_sql_finds(db: None, tmp_path: Path) -> None:
    fill(tmp_path, seed=20260615, projects=12)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # the planner still takes these tables for empty
    for month in (Month(2026, 4), MAY):
        for scope in (EVERYTHING, Scope("recipient", "513300"), Scope("donor", "330100")):
            payload = payload_of(month, due(month), scope)
            sql = PlainSql(
                month.starts_on,
                known_at=due(month),
                known_before=due(month.previous),
                kind=scope.kind,
                region=scope.region,
            )
            require_same(payload, sql)
            assert payload["demo"]
            if scope == EVERYTHING:
                assert number(payload, "arr") > 0
                assert number(payload, "projects_planned") > 0
