"""A released edition and its files are never altered, whoever writes the SQL."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from assistance.scope import EVERYTHING
from reporting.actions.definitions import ensure_definitions
from reporting.models import Edition, EditionFile, Format, ReportDefinition
from reporting.models.editions import EditionStatus
from tests import by_sql
from tests import factories as make

pytestmark = pytest.mark.django_db

RELEASED = {
    "status": EditionStatus.RELEASED,
    "released_at": make.NOW,
    "payload": {"schema": 1},
    "sha256": "0" * 64,
    "built_at": make.NOW,
}
# what delivery needs: a newer version takes its place, and somebody writes to a late reader
FREE = {"status", "claimed_until", "failure"}
OTHER_VALUE = {
    "bigint": "coalesce({0}, 0) + 1",
    "smallint": "{0} + 1",
    "character varying": "'x'",
    "text": "'x'",
    "date": "{0} + 1",
    "timestamp with time zone": "coalesce({0}, now()) + interval '1 day'",
    "jsonb": "'{{\"schema\": 2}}'",
}


def edition(**fields: Any) -> Edition:
    ensure_definitions()
    return Edition.objects.create(
        definition=ReportDefinition.objects.get(code="monthly"),
        period_start=date(2026, 5, 1),
        period_end=date(2026, 5, 31),
        scope=EVERYTHING.as_dict(),
        scope_key=EVERYTHING.key,
        data_cutoff_at=make.NOW,
        created_at=make.NOW,
        **fields,
    )


def test_nothing_that_a_reader_saw_of_a_released_edition_can_be_altered() -> None:
    released = edition(**RELEASED)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_name = 'reporting_edition'"
        )
        columns: dict[str, str] = dict(cursor.fetchall())
    kept = set()
    for column, kind in columns.items():
        other = OTHER_VALUE[kind].format(column)
        try:
            with transaction.atomic():
                by_sql.run(f"UPDATE reporting_edition SET {column} = {other}")
                transaction.set_rollback(True)
        except DatabaseError as refused:
            if "build a new version instead" in str(refused):
                kept.add(column)
    assert kept == set(columns) - (FREE - {"status"})
    assert Edition.objects.get() == released


def test_a_released_edition_can_only_be_superseded() -> None:
    released = edition(**RELEASED)
    for status in (EditionStatus.SCHEDULED, EditionStatus.BUILT, EditionStatus.FAILED):
        with by_sql.refused_saying("build a new version instead"):
            by_sql.change(released, status=status, released_at=None)
    with by_sql.refused_saying("build a new version instead"):
        by_sql.run("DELETE FROM reporting_edition")
    by_sql.change(released, status=EditionStatus.SUPERSEDED)


def test_an_edition_that_nobody_received_can_be_built_again() -> None:
    by_sql.change(edition(), attempts=2)
    assert Edition.objects.get().attempts == 2


@pytest.mark.parametrize("statement", ["UPDATE {} SET sha256 = 'x'", "DELETE FROM {}"])
def test_a_file_is_written_once(statement: str) -> None:
    EditionFile.objects.create(
        edition=edition(**RELEASED), format=Format.PDF, language="en", path="a", sha256="0" * 64,
        size=1, created_at=make.NOW,
    )  # fmt: skip
    with by_sql.refused_saying("append-only"):
        by_sql.run(statement.format("reporting_editionfile"))
