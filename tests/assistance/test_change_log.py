"""Whatever is written is logged by the database; whoever alters the log is found out."""

from __future__ import annotations

import threading
from datetime import datetime

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client

from assistance.actions import log
from assistance.models import Change, Region, Seal, User

pytestmark = pytest.mark.django_db

# Tables of our own that hold no business: why each is not logged
NOT_LOGGED = {
    "assistance_change": "it is the log",
    "assistance_seal": "it seals the log",
    "assistance_idempotencykey": "replies kept for 30 days",
    "reporting_tick": "when the bell rang",
    "reporting_outgoingmail": "states of delivery, kept in the row itself",
    "reporting_editionfile": "made from an edition, with its own digest",
}


def province(code: str = "510000", name: str = "四川省") -> Region:
    return Region.objects.create(code=code, name_zh=name, level="province")


def newest() -> Change:
    return Change.objects.order_by("-id")[0]


def test_every_table_of_ours_is_logged_or_says_why_not() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'log_update'"
        )
        there = {name for (name,) in cursor.fetchall()}
    ours = {
        model._meta.db_table
        for app in ("assistance", "projects", "teams", "reporting")
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
    }
    assert ours - there == set(NOT_LOGGED)


def test_an_entry_a_change_and_a_deletion_are_logged_with_what_changed() -> None:
    region = province()
    assert (newest().kind, newest().table, newest().row) == ("I", "assistance_region", region.pk)
    assert (newest().after or {})["name_zh"] == "四川省"
    region.name_en = "Sichuan"
    region.save()
    assert (newest().before, newest().after) == ({"name_en": ""}, {"name_en": "Sichuan"})
    region.delete()
    assert newest().kind == "D"
    assert (newest().before or {})["name_en"] == "Sichuan"


def test_a_bulk_update_and_raw_sql_are_logged_row_by_row() -> None:
    Region.objects.bulk_create(
        Region(code=f"{n}0000", name_zh=f"省{n}", level="province") for n in range(11, 31)
    )
    with connection.cursor() as cursor:
        cursor.execute("UPDATE assistance_region SET name_en = 'x' WHERE code < '210000'")
    assert Change.objects.filter(kind="U", after={"name_en": "x"}).count() == 10


def test_a_write_that_changes_nothing_is_not_logged() -> None:
    region = province()
    before = Change.objects.count()
    region.save()
    assert Change.objects.count() == before


def test_secrets_never_reach_the_log() -> None:
    User.objects.create_user("li", "li@example.org", "a very secret pass phrase", name="李")
    assert "password" not in (newest().after or {})
    assert not Change.objects.filter(after__icontains="argon2").exists()


def test_a_request_leaves_its_id_address_and_account(
    client: Client, django_user_model: type[User]
) -> None:
    client.post("/i18n/setlang/", {"language": "en"}, headers={"X-Request-ID": "abcdef-12345"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('jiedui.request', true)")
        assert cursor.fetchone() == ("",)  # nothing is left for the next request
        cursor.execute(
            "SELECT set_config('jiedui.request', %s, true)",
            ['{"id": "r1", "actor": 7, "address": "10.0.0.1"}'],
        )
    province()
    assert (newest().actor, newest().request) == (7, {"id": "r1", "address": "10.0.0.1"})


def test_the_answer_names_the_request(client: Client) -> None:
    assert client.get("/healthz/live").headers["X-Request-ID"]
    given = client.get("/healthz/live", headers={"X-Request-ID": "trace-0001"})
    assert given.headers["X-Request-ID"] == "trace-0001"
    broken = client.get("/healthz/live", headers={"X-Request-ID": "a b\tc<script>"})
    assert broken.headers["X-Request-ID"] != "a b\tc<script>"


@pytest.mark.parametrize("table", ["assistance_change", "assistance_seal"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_the_log_is_append_only_also_for_raw_sql(table: str, statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table))


@pytest.fixture
def committed(transactional_db: None) -> None:
    """Rows are really committed, as a seal needs it."""


@pytest.mark.usefixtures("committed")
def test_a_seal_takes_what_was_committed_since_the_last(now: datetime) -> None:
    province()
    first = log.seal(now)
    assert first is not None
    assert first.changes == Change.objects.count()
    assert log.seal(now) is None
    province("520000", "贵州省")
    second = log.seal(now)
    assert second is not None
    assert second.changes == 1
    assert list(log.findings()) == []
    call_command("verify_log")


@pytest.mark.usefixtures("committed")
def test_a_transaction_that_was_under_way_falls_under_the_next_seal(now: datetime) -> None:
    written, sealed = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                province()
                written.set()
                assert sealed.wait(10)
        finally:
            connection.close()

    writer = threading.Thread(target=slow)
    writer.start()
    assert written.wait(10)
    province("520000", "贵州省")  # later, yet committed earlier
    log.seal(now)
    sealed.set()
    writer.join()
    log.seal(now)
    assert sum(Seal.objects.values_list("changes", flat=True)) == Change.objects.count()
    assert list(log.findings()) == []


FIRST = "WHERE id = (SELECT min(id) FROM assistance_change)"
TAMPERING = {
    "altered": 'UPDATE assistance_change SET after = \'{"name_zh": "别"}\' ' + FIRST,
    "deleted": "DELETE FROM assistance_change " + FIRST,
    "slipped in": 'INSERT INTO assistance_change (at, transaction, "table", row, kind)'
    ' SELECT at, transaction, "table", row + 1, kind FROM assistance_change ORDER BY id LIMIT 1',
    "a seal removed": "DELETE FROM assistance_seal"
    " WHERE id = (SELECT min(id) FROM assistance_seal)",
    "redated": "UPDATE assistance_change SET at = at - interval '1 day' " + FIRST,
}


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("how", TAMPERING)
def test_whoever_gets_past_the_trigger_is_found_out(how: str, now: datetime) -> None:
    for code in ("510000", "520000", "530000"):
        province(code, code)
        log.seal(now)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # what a malicious owner could do
        cursor.execute(TAMPERING[how])
        cursor.execute("SET session_replication_role = origin")
    with pytest.raises(CommandError, match=r"[Ss]eal|封"):
        call_command("verify_log")
