"""``make run`` from an empty directory: it gets ready, stays alone, stops whole, and comes back."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from config import env
from deploy.local.place import Place

ROOT = Path(__file__).resolve().parents[2]


def environment(place: Place) -> dict[str, str]:
    given = {name: value for name, value in os.environ.items() if name not in env.VARIABLES}
    given.pop("DJANGO_SETTINGS_MODULE", None)
    return given | {"DATA_DIR": str(place.data), "DEMO": "0"}


def command() -> list[str]:
    return [sys.executable, "-m", "deploy.local"]


class Running:
    """A `make run` that says what it says."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.process = subprocess.Popen(
            command(), cwd=ROOT, env=environment(place), stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.said = ""
        for line in self.process.stdout:
            self.said += line
            if line.startswith("Ctrl-C"):
                break
        else:
            pytest.fail(f"it did not get ready:\n{self.said}")

    def address(self, name: str) -> str:
        found = re.search(rf"{name} +(http://\S+)", self.said)
        assert found, self.said
        return found.group(1)

    def ready(self) -> bool:
        with urllib.request.urlopen(
            self.address("Desk").replace("/admin/", "/healthz/ready"), timeout=10
        ) as answer:
            return bool(json.loads(answer.read())["ready"])

    def pids(self) -> dict[str, int]:
        notes = json.loads((self.place.data / "children.json").read_text())
        return {note["name"]: note["pid"] for note in notes}

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        assert self.process.stdout is not None
        if not self.process.stdout.closed:
            self.process.stdout.read()
            self.process.stdout.close()
        return self.process.wait(60)


@contextmanager
def running(place: Place) -> Iterator[Running]:
    found = Running(place)
    try:
        yield found
    finally:
        found.stop()


def test_a_run_from_nothing_to_ready_and_back_again(place: Place) -> None:
    with running(place) as first:
        assert first.ready()
        assert set(first.pids()) >= {"postgres", "web", "worker", "bell", "mailbox"}
        assert (place.data / "credentials.json").stat().st_mode & 0o777 == 0o600
        assert (place.data / "secret_key").stat().st_mode & 0o777 == 0o600
        with urllib.request.urlopen(first.address("Mailbox"), timeout=10) as page:
            assert page.status == 200

        second = subprocess.run(
            command(), cwd=ROOT, env=environment(place), capture_output=True, text=True, check=False
        )
        assert second.returncode == 1
        assert f"running already (process {first.process.pid})" in second.stdout

        key = (place.data / "secret_key").read_text()
        for pid in (first.process.pid, *first.pids().values()):
            os.kill(pid, signal.SIGKILL)

    with running(place) as again:
        assert again.ready()
        assert (place.data / "secret_key").read_text() == key
        pids = again.pids()
        assert again.stop(signal.SIGINT) == 0
    assert not [pid for pid in pids.values() if psutil.pid_exists(pid)]


@pytest.mark.parametrize("port", ["http", "70000"])
def test_a_port_that_is_none_is_named(place: Place, port: str) -> None:
    result = subprocess.run(
        command(),
        cwd=ROOT,
        env=environment(place) | {"PORT": port},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert f"PORT={port} is not a port" in result.stdout
