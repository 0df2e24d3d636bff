"""The embedded Redis keeps what was queued, and is closed to others."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis as Client

from deploy.local import redis
from deploy.local.place import Place


@pytest.fixture
def server(place: Place) -> Iterator[redis.Redis]:
    if redis.program() is None:
        pytest.skip("not run: no redis-server or valkey-server on the PATH")
    found = redis.Redis(place)
    yield found
    found.stop()


def test_a_killed_redis_comes_back_with_its_queue(server: redis.Redis) -> None:
    child = server.start()
    with Client(unix_socket_path=str(server.socket)) as client:
        for number in range(20):
            client.rpush("queue", number)
    assert child.process is not None
    child.process.kill()
    child.process.wait()

    server.start()

    with Client(unix_socket_path=str(server.socket)) as client:
        assert client.llen("queue") == 20


def test_its_socket_is_in_a_closed_directory(server: redis.Redis) -> None:
    server.start()
    assert server.socket.parent.stat().st_mode & 0o777 == 0o700
    assert server.socket.stat().st_mode & 0o077 == 0


def test_one_on_the_path_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    valkey = tmp_path / "valkey-server"
    valkey.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert redis.program() == valkey


def test_where_there_is_none_nothing_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(redis, "find_spec", lambda name: None)
    assert redis.program() is None
