"""The columns that lists read, counted anew: sums and progress of projects, sums of fund plans.

Triggers keep them in the transaction of the rows they sum; this proves it, and mends what was
written past the triggers, by a bulk load for one.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from django.db import connection, transaction

PROJECTS = ("province_id", "prefecture_id", "allocated_yuan", "paid_yuan", "physical_pct")
PLANS = ("total_committed_yuan", "total_arrived_yuan")
KEPT: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "projects_project": ("recount_projects", "project_id", PROJECTS),
    "projects_fundplan": ("recount_fund_plans", "fund_plan_id", PLANS),
}


class Difference(NamedTuple):
    """A column that does not hold what the ledger's rows add up to."""

    table: str
    row: int
    column: str
    holds: Decimal | int | None
    counted: Decimal | int | None


def differences() -> list[Difference]:
    """Every column that differs from a recount of the whole ledger; takes no locks.

    Each table is compared in one statement, so writes that go on meanwhile make no difference.
    """
    found = []
    for table, (recount, key, columns) in KEPT.items():
        held = ", ".join(f"held.{column}" for column in columns)
        counted = ", ".join(f"counted.{column}" for column in columns)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT held.id, {held}, {counted} FROM {table} held"  # nosec B608 - names from above only
                f" JOIN {recount}() counted ON counted.{key} = held.id"
                f" WHERE ({held}) IS DISTINCT FROM ({counted}) ORDER BY held.id"
            )
            for row, *values in cursor.fetchall():
                pairs = zip(columns, values[: len(columns)], values[len(columns) :], strict=True)
                found += [
                    Difference(table, row, column, holds, should)
                    for column, holds, should in pairs
                    if holds != should
                ]
    return found


@transaction.atomic
def recompute_totals() -> list[Difference]:
    """Write the recount into the rows that differ, and return what differed.

    Those rows are locked, projects before plans and each in the order of its key, then counted
    again: whoever changes their sums waits until they are right.
    """
    found = differences()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('jiedui.recount', 'on', true)")
        for table, (recount, key, columns) in KEPT.items():
            rows = sorted({each.row for each in found if each.table == table})
            if not rows:
                continue
            cursor.execute(
                f"SELECT FROM {table} WHERE id = ANY(%s) ORDER BY id FOR UPDATE",  # nosec B608
                [rows],
            )
            setting = ", ".join(f"{column} = counted.{column}" for column in columns)
            cursor.execute(
                f"UPDATE {table} held SET {setting} FROM {recount}() counted"  # nosec B608
                f" WHERE counted.{key} = held.id AND held.id = ANY(%s)",
                [rows],
            )
        cursor.execute("SELECT set_config('jiedui.recount', '', true)")
    return found
