"""``make run``: everything the product needs, started, watched, and stopped as one."""

import contextlib
import fcntl
import http.client
import json
import os
import secrets
import shlex
import signal
import socket
import subprocess  # nosec B404 - starting programs is the point
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

from deploy.local import leftovers, prepare, redis
from deploy.local.child import Child, dies_with_us
from deploy.local.place import CannotStart, Place, private
from deploy.local.postgres import Postgres
from deploy.local.progress import box, say, step
from deploy.local.supervisor import Supervisor

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
FIRST_PORT = 8000
FIRST_MAILBOX_PORT = 8025
PORTS_TO_TRY = 100
READY_WITHIN = 90.0  # seconds
# Somebody types an ID number into a search box: the address is then a secret, the path is not.
WITHOUT_QUERIES = '%(h)s %(l)s %(u)s %(t)s "%(m)s %(U)s %(H)s" %(s)s %(b)s "%(a)s"'


class Stop(BaseException):
    """Somebody pressed Ctrl-C or sent a signal."""


@contextlib.contextmanager
def only_one(place: Place) -> Iterator[None]:
    """Hold the lock of the checkout; CannotStart when another run holds it.

    The kernel lets go of it when the process ends, however it ends.
    """
    with (place.data / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CannotStart(
                f"This checkout is running already (process {lock.read().strip() or '?'}). "
                "Stop that one first."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def listen(port: int) -> socket.socket:
    """A listening socket; it is handed to the program that answers, which may die and come back."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen(128)
    except OSError:
        listening.close()
        raise
    return listening


def next_free(first: int) -> socket.socket:
    """Listen on this port or the next one that is free."""
    for port in range(first, first + PORTS_TO_TRY):
        with contextlib.suppress(OSError):
            return listen(port)
    raise CannotStart(f"No port from {first} on is free. Choose one, as PORT=9000")


def desk_socket(wanted: str) -> socket.socket:
    """Listen on PORT; without it on 8000 or the next port that is free."""
    if wanted:
        try:
            return listen(int(wanted))
        except (ValueError, OverflowError):
            raise CannotStart(f"PORT={wanted} is not a port. Give a number, as PORT=8080") from None
        except OSError as error:
            raise CannotStart(
                f"Port {wanted} cannot be used ({error.strerror}). Choose another, as PORT=8080"
            ) from None
    return next_free(FIRST_PORT)


def port_of(listening: socket.socket) -> int:
    """The port a socket listens on."""
    return int(listening.getsockname()[1])


SIGNING_BYTES, KEY_BYTES = 64, 32
OWN_KEYS = ("SECRET_KEY", "PERSONAL_DATA_KEYS", "PERSONAL_DATA_INDEX_KEY")


def own_key(place: Place, name: str) -> str:
    """One of the keys of this checkout, made once."""
    path = place.data / name.lower()
    if not path.exists():
        with open(path, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as out:
            out.write(secrets.token_urlsafe(SIGNING_BYTES if name == "SECRET_KEY" else KEY_BYTES))
    return path.read_text()


class Run:
    """One `make run`, from its first step to its end."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.demo = os.environ.get("DEMO", "1") != "0"
        self.supervisor = Supervisor(place.data / "children.json", say=say)
        for name in leftovers.end_all(self.supervisor.note):
            say(f"  ended the {name} that a killed run had left")
        self.desk = desk_socket(os.environ.get("PORT", ""))
        self.own_mailbox = not os.environ.get("EMAIL_URL")
        self.smtp = listen(0) if self.own_mailbox else None
        self.mailbox_page = next_free(FIRST_MAILBOX_PORT) if self.own_mailbox else None
        self.environment: dict[str, str] = {}
        self.number = 0
        self.of = 4 + len(prepare.steps(demo=self.demo))
        self.warnings: list[str] = []

    def start(self) -> None:
        """Take every step up to the moment the desk answers that it is ready."""
        site = f"http://{HOST}:{port_of(self.desk)}"
        self.environment = {
            "PROFILE": "local",
            **{name: os.environ.get(name) or own_key(self.place, name) for name in OWN_KEYS},
            "ALLOWED_HOSTS": os.environ.get("ALLOWED_HOSTS") or f"{HOST},localhost",
            "SITE_URL": os.environ.get("SITE_URL") or site,
            "FILES_DIR": os.environ.get("FILES_DIR") or str(private(self.place.data / "files")),
            "STATIC_DIR": os.environ.get("STATIC_DIR") or str(self.place.data / "static"),
            "DATA_DIR": str(self.place.data),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONUNBUFFERED": "1",
        }
        private(self.place.data / "log")
        private(self.place.data / "static")
        self._database()
        self._broker()
        if self.smtp is None:
            self.environment["EMAIL_URL"] = os.environ["EMAIL_URL"]
        else:
            self.environment["EMAIL_URL"] = f"smtp://{HOST}:{port_of(self.smtp)}"
        self._write_environment()
        self._prepare()
        with self._step("Desk, worker, bell" + (" and mailbox" if self.own_mailbox else "")):
            for child in self._programs():
                self.supervisor.keep(child.start)
        with self._step("Ready"):
            self._wait_until_ready()

    def addresses(self) -> list[tuple[str, str]]:
        """What a person needs to know now."""
        desk = f"http://{HOST}:{port_of(self.desk)}"
        lines = [("Desk", f"{desk}/admin/"), ("API", f"{desk}/api/v1/docs/")]
        if self.mailbox_page is not None:
            lines.append(("Mailbox", f"http://{HOST}:{port_of(self.mailbox_page)}/"))
        lines.append(("Accounts", str(self.place.data / "credentials.json")))
        lines.append(("Logs", str(self.place.data / "log")))
        return lines

    @contextlib.contextmanager
    def _step(self, name: str) -> Iterator[None]:
        self.number += 1
        with step(self.number, self.of, name):
            yield

    def _database(self) -> None:
        if given := os.environ.get("DATABASE_URL"):
            with self._step("PostgreSQL of DATABASE_URL"):
                self.environment["DATABASE_URL"] = given
            return
        postgres = Postgres(self.place)
        with self._step("PostgreSQL"):
            self.supervisor.keep(postgres.start)
        self.environment["DATABASE_URL"] = postgres.url
        if self.place.served != self.place.data:
            say(f"        its data is in {self.place.served}, where its account can reach it")

    def _broker(self) -> None:
        if given := os.environ.get("REDIS_URL"):
            with self._step("Redis of REDIS_URL"):
                self.environment["REDIS_URL"] = given
            return
        if redis.program() is None:
            broker = private(self.place.data / "broker")
            for folder in ("queue", "control"):
                private(broker / folder)
            self.environment["REDIS_URL"] = f"filesystem://{broker}"
            with self._step("No Redis"):
                self.warnings.append(
                    "WARNING: there is no redis-server or valkey-server on the PATH. Tasks go "
                    "through files instead: slower, and what is under way is lost on kill -9 (the "
                    "database makes it up). Install Redis to be rid of this."
                )
            say(self.warnings[-1])
            return
        server = redis.Redis(self.place)
        with self._step("Redis"):
            self.supervisor.keep(server.start)
        self.environment["REDIS_URL"] = server.url

    def _write_environment(self) -> None:
        """For `make manage`, which speaks to the same database and broker."""
        path = self.place.data / "environment"
        path.unlink(missing_ok=True)
        with open(path, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as out:
            for name, value in self.environment.items():
                out.write(f"{name}={shlex.quote(value)}\n")

    def _prepare(self) -> None:
        command = [sys.executable, "-m", "deploy.local.prepare"]
        command += ["--first", str(self.number + 1), "--of", str(self.of)]
        if not self.demo:
            command.append("--without-demo")
        steps = subprocess.Popen(  # nosec B603 - our own fixed command
            command,
            cwd=ROOT,
            env=os.environ | self.environment,
            start_new_session=True,
            preexec_fn=dies_with_us(signal.SIGTERM),  # noqa: PLW1509 - no other thread here
        )
        try:
            code = steps.wait()
        except Stop:
            os.killpg(steps.pid, signal.SIGTERM)
            steps.wait()
            raise
        if code:
            raise CannotStart("A step failed; what it said stands above.")
        self.number += len(prepare.steps(demo=self.demo))

    def _programs(self) -> list[Child]:
        python = sys.executable
        celery = [python, "-m", "celery", "--app", "config"]
        log = self.place.data / "log"
        bell_notes = private(self.place.data / "bell") / "schedule"
        programs: dict[str, tuple[list[str], list[int]]] = {}
        if self.smtp is not None and self.mailbox_page is not None:
            letters = private(self.place.data / "mailbox")
            sockets = [self.smtp.fileno(), self.mailbox_page.fileno()]
            programs["mailbox"] = (
                [
                    *(python, "-m", "deploy.local.mailbox", "--directory", str(letters)),
                    *("--smtp", str(sockets[0]), "--page", str(sockets[1])),
                ],
                sockets,
            )
        programs["web"] = (
            [
                *(python, "-m", "gunicorn", "config.wsgi", "--bind", f"fd://{self.desk.fileno()}"),
                *("--worker-class", "gthread", "--workers", "2", "--threads", "4"),
                *("--no-control-socket", "--access-logfile", "-"),
                *("--access-logformat", WITHOUT_QUERIES),
            ],
            [self.desk.fileno()],
        )
        programs["worker"] = (
            [
                *(*celery, "worker", "--without-gossip", "--without-mingle", "-Ofair"),
                *("--concurrency", "2", "--loglevel", "INFO"),
            ],
            [],
        )
        programs["bell"] = ([*celery, "beat", "--schedule", str(bell_notes), "--pidfile="], [])
        return [
            Child(
                name=name,
                command=command,
                log=log / f"{name}.log",
                environment=self.environment,
                cwd=ROOT,
                inherits=inherits,
            )
            for name, (command, inherits) in programs.items()
        ]

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN
        reasons = "the desk does not answer"
        while time.monotonic() < deadline:
            self.supervisor.look()
            with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
                asked = http.client.HTTPConnection(HOST, port_of(self.desk), timeout=5)
                asked.request("GET", "/healthz/ready")
                answer = asked.getresponse()
                if answer.status == http.client.OK:
                    return
                reasons = ", ".join(json.loads(answer.read())["reasons"])
            time.sleep(0.2)
        self.warnings.append(f"WARNING: not ready after {READY_WITHIN:.0f} s: {reasons}")


def order_to_stop(number: int, frame: FrameType | None) -> NoReturn:
    """The first signal stops in order; those after it change nothing."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    raise Stop


def run(place: Place) -> int:
    """Start, watch, stop; the exit code."""
    runner: Run | None = None
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, order_to_stop)
    try:
        with only_one(place):
            try:
                runner = Run(place)
                runner.start()
                say("\n" + box(runner.addresses()))
                for warning in runner.warnings:
                    say(warning)
                say("Ctrl-C stops everything.")
                runner.supervisor.watch(until=lambda: False)
            except Stop:
                say("\nStopping ...")
                return 0
            finally:
                if runner is not None:
                    runner.supervisor.stop()
                    say("Stopped.")
    except CannotStart as cause:
        say(f"\n{cause}")
        return 1
    return 0


def main() -> int:
    """Run in the data directory that DATA_DIR names."""
    say("\n  结对 Jiedui\n")
    try:
        place = Place.at(ROOT / os.environ.get("DATA_DIR", ".data"))
    except (CannotStart, PermissionError) as cause:
        say(str(cause))
        return 1
    return run(place)


if __name__ == "__main__":
    sys.exit(main())
