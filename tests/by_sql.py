"""Raw SQL against the ledger, as somebody would write it who goes around every verb."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError, connection, models, transaction


def run(statement: str, *values: Any) -> None:
    """Execute one statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def change(row: models.Model, **columns: Any) -> None:
    """UPDATE the columns of one row, and ask the rules that wait for the commit."""
    connection.check_constraints()  # what waits from before is not this change's
    setting = ", ".join(f'"{column}" = %s' for column in columns)
    run(f"UPDATE {row._meta.db_table} SET {setting} WHERE id = %s", *columns.values(), row.pk)
    connection.check_constraints()


def copy(row: models.Model, **columns: Any) -> None:
    """INSERT the row once more with other values in these columns."""
    connection.check_constraints()
    table = row._meta.db_table
    run(
        f"INSERT INTO {table} SELECT (jsonb_populate_record(null::{table}, to_jsonb(r) || %s"
        f" || jsonb_build_object('id', nextval(pg_get_serial_sequence(%s, 'id'))))).*"
        f" FROM {table} r WHERE id = %s",
        json.dumps(columns, default=str),
        table,
        row.pk,
    )
    connection.check_constraints()


@contextmanager
def refused_by(rule: str) -> Iterator[None]:
    """The database refuses what is done here, by the constraint or trigger of this name."""
    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        yield
    diagnosis = refused.value.__cause__.diag  # type: ignore[union-attr]  # psycopg2's own error
    assert diagnosis.constraint_name == rule, str(refused.value)


@contextmanager
def refused_saying(words: str) -> Iterator[None]:
    """The database refuses what is done here and gives this reason."""
    with pytest.raises(DatabaseError, match=words), transaction.atomic():
        yield
