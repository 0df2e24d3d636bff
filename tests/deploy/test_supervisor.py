"""What the supervisor promises about the programs it keeps."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local import child as child_module
from deploy.local import leftovers
from deploy.local.child import Child, born_at
from deploy.local.place import CannotStart
from deploy.local.supervisor import Supervisor

SLEEPS = (sys.executable, "-c", "import time; time.sleep(600)")
DEAF = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True)"
    "\ntime.sleep(600)",
)
HAS_A_CHILD = (
    sys.executable,
    "-c",
    "import subprocess, sys, time\n"
    "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "print(p.pid, flush=True)\ntime.sleep(600)",
)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
    found = Supervisor(tmp_path / "children.json", say=said.append)
    yield found
    found.stop()


def program(tmp_path: Path, command: tuple[str, ...] = SLEEPS, name: str = "sleeper") -> Child:
    return Child(name=name, command=command, log=tmp_path / "log" / f"{name}.log", patience=0.5)


def wait_for(seen: Callable[[], object], *, at_most: float = 10) -> None:
    deadline = time.monotonic() + at_most
    while not seen():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def pid_of(child: Child) -> int:
    assert child.process is not None
    return child.process.pid


def test_a_program_that_dies_is_started_again_and_somebody_is_told(
    supervisor: Supervisor, tmp_path: Path, said: list[str]
) -> None:
    child = supervisor.keep(program(tmp_path).start)
    first = pid_of(child)
    os.kill(first, signal.SIGKILL)

    supervisor.watch(until=lambda: child.alive and pid_of(child) != first)

    assert "sleeper ended (code -9)" in said[0]
    assert json.loads(supervisor.note.read_text())[0]["pid"] == pid_of(child)


def test_a_program_that_keeps_dying_is_started_at_growing_pauses(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    supervisor.keep(program(tmp_path, (sys.executable, "-c", "")).start)
    kept = supervisor.kept[0]
    pauses = {kept.pause}

    def long_enough() -> bool:
        pauses.add(kept.pause)
        return kept.pause >= 2

    supervisor.watch(until=long_enough)
    assert pauses == {0.5, 1, 2}


def test_a_program_that_cannot_be_started_now_is_tried_until_it_can(
    supervisor: Supervisor, tmp_path: Path, said: list[str]
) -> None:
    child = program(tmp_path)
    answers: Iterator[Callable[[], Child]] = iter([child.start, refuse, refuse, child.start])

    def start() -> Child:
        return next(answers)()

    supervisor.keep(start)
    first = pid_of(child)
    os.kill(first, signal.SIGKILL)

    supervisor.watch(until=lambda: child.alive and pid_of(child) != first)

    assert said[2:] == ["sleeper cannot be started and is tried again: the disk is full"] * 2


def refuse() -> Child:
    raise CannotStart("the disk is full")


def test_stopping_ends_a_program_that_does_not_listen(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    child = supervisor.keep(program(tmp_path, DEAF).start)
    wait_for(lambda: "deaf" in child.last_words())

    supervisor.stop()

    assert child.process is not None
    assert child.process.returncode == -signal.SIGKILL
    assert not supervisor.note.exists()


def test_stopping_ends_what_a_program_started_too(supervisor: Supervisor, tmp_path: Path) -> None:
    child = supervisor.keep(program(tmp_path, HAS_A_CHILD).start)
    wait_for(child.last_words)
    grandchild = int(child.last_words())

    supervisor.stop()

    wait_for(lambda: not runs(grandchild))


def test_the_next_start_ends_what_a_killed_run_left(tmp_path: Path) -> None:
    note = tmp_path / "children.json"
    left = program(tmp_path, HAS_A_CHILD)
    left.start()
    wait_for(left.last_words)
    grandchild = int(left.last_words())
    leftovers.note(note, [left])

    assert leftovers.end_all(note) == ["sleeper"]

    assert not left.alive
    wait_for(lambda: not runs(grandchild))


def test_a_stranger_who_got_the_number_of_a_dead_program_is_left_alone(tmp_path: Path) -> None:
    stranger = program(tmp_path)
    stranger.start()
    note = tmp_path / "children.json"
    born = born_at(pid_of(stranger))
    assert born is not None
    note.write_text(json.dumps([{"name": "web", "pid": pid_of(stranger), "born_at": born - 60}]))

    assert leftovers.end_all(note) == []

    assert stranger.alive
    stranger.end()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's promise, on Linux")
def test_programs_end_when_their_supervisor_is_killed(tmp_path: Path) -> None:
    supervisor = program(
        tmp_path,
        (
            sys.executable,
            "-c",
            "import sys, time\nfrom pathlib import Path\nfrom deploy.local.child import Child\n"
            "child = Child('sleeper', [sys.executable, '-c', 'import time; time.sleep(600)'],"
            f" Path({str(tmp_path / 'inner.log')!r})).start()\n"
            "print(child.process.pid, flush=True)\ntime.sleep(600)",
        ),
        name="supervisor",
    )
    supervisor.start()
    wait_for(supervisor.last_words)
    sleeper = int(supervisor.last_words())
    assert runs(sleeper)

    os.kill(pid_of(supervisor), signal.SIGKILL)

    wait_for(lambda: not runs(sleeper))
    supervisor.end()


def test_a_long_log_is_turned_and_the_program_writes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_module, "LOG_MAY_GROW", 1000)
    talks = "import time\nwhile True:\n    print('x' * 99, flush=True)\n    time.sleep(0.01)"
    child = program(tmp_path, (sys.executable, "-c", talks), name="talker")
    child.start()
    try:
        wait_for(lambda: child.log.exists() and child.log.stat().st_size > 1000)
        child.turn_log()
        assert child.log.with_suffix(".log.1").stat().st_size > 1000
        assert child.log.stat().st_size < 1000
        wait_for(child.last_words)
    finally:
        child.end()


def runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
