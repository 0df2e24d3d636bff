"""The note of what we started: after a kill -9 the next start ends what still runs."""

import json
import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from deploy.local.child import Child, born_at

SAME_MOMENT = 0.05  # seconds by which two readings of one birth may differ


def note(path: Path, children: Iterable[Child]) -> None:
    """Write down the processes that run now."""
    lines = [
        {"name": child.name, "pid": child.process.pid, "born_at": born_at(child.process.pid)}
        for child in children
        if child.process is not None
    ]
    half = path.with_suffix(".new")
    half.write_text(json.dumps(lines, indent=1))
    half.replace(path)


def end_all(path: Path) -> list[str]:
    """End what the note names and what those started; the names of what was still there."""
    with suppress(FileNotFoundError, ValueError):
        return [line["name"] for line in json.loads(path.read_text()) if _end(line)]
    return []


def _end(line: dict[str, object]) -> bool:
    group, then = line["pid"], line["born_at"]
    if not isinstance(group, int) or not isinstance(then, float):
        return False
    now = born_at(group)
    if now is not None and abs(now - then) > SAME_MOMENT:
        return False  # the number belongs to somebody else by now
    members = list(_members(group))
    for member in members:
        with suppress(psutil.NoSuchProcess):
            member.send_signal(signal.SIGKILL)
    psutil.wait_procs(members, timeout=5)
    return bool(members)


def _members(group: int) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with suppress(ProcessLookupError, PermissionError):
            if os.getpgid(process.pid) == group:
                yield process
