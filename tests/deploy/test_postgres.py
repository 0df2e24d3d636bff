"""The embedded PostgreSQL keeps its data whatever happens to it."""

from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from deploy.local.place import Place
from deploy.local.postgres import Postgres
from tests.deploy.conftest import remove


@pytest.fixture
def postgres(place: Place) -> Iterator[Postgres]:
    server = Postgres(place)
    yield server
    server.stop()


def ask(postgres: Postgres, sql: str) -> list[tuple[object, ...]]:
    link = psycopg2.connect(postgres.url)
    try:
        link.autocommit = True
        with link.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
    finally:
        link.close()


def test_a_killed_server_comes_back_with_every_committed_row(postgres: Postgres) -> None:
    child = postgres.start()
    ask(postgres, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number")
    assert child.process is not None
    child.process.kill()
    child.process.wait()

    postgres.start()

    assert ask(postgres, "SELECT count(*) FROM kept") == [(1000,)]


def test_a_server_left_running_by_a_killed_supervisor_is_replaced(postgres: Postgres) -> None:
    left = postgres.start()

    postgres.start()

    assert not left.alive
    assert ask(postgres, "SELECT 1") == [(1,)]


def test_it_listens_on_no_port_and_closes_its_socket_to_others(postgres: Postgres) -> None:
    postgres.start()
    assert ask(postgres, "SHOW listen_addresses") == [("",)]
    assert postgres.sockets.stat().st_mode & 0o777 == 0o700


def test_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    place = Place.at(tmp_path / ("long" * 25) / "data")
    try:
        socket = place.sockets / "postgres" / ".s.PGSQL.5432.lock"
        assert len(bytes(socket)) <= 107
        assert Place.at(place.data) == place
    finally:
        remove(place)
