"""Every migration runs forwards and backwards on an empty database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connection

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def _empty_database() -> Iterator[None]:
    """The connection leads to a new database, and back to that of the tests afterwards."""
    ours = connection.settings_dict["NAME"]
    fresh = f"{ours}_fresh"
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{fresh}"')
    connection.close()
    connection.settings_dict["NAME"] = fresh
    yield
    connection.close()
    connection.settings_dict["NAME"] = ours
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{fresh}"')


def left_over() -> set[str]:
    """Tables, functions and triggers of ours in the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE nspname = 'public' AND relkind = 'r'"
            " AND relname ~ '^(assistance|projects|teams|reporting)_'"
            " UNION SELECT proname FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace"
            " WHERE nspname = 'public'"
            " UNION SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        )
        return {name for (name,) in cursor.fetchall()}


@pytest.mark.usefixtures("_empty_database")
def test_all_apps_go_back_to_nothing_and_up_again() -> None:
    call_command("migrate", verbosity=0)
    whole = left_over()
    assert {"keep_ledger_row", "append_only", "projects_refund"} <= whole
    for app in ("reporting", "projects", "teams", "assistance"):
        call_command("migrate", app, "zero", verbosity=0)
    assert left_over() == set()
    call_command("migrate", verbosity=0)
    assert left_over() == whole
