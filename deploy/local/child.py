"""A program that we start, watch and stop, with everything it starts in turn."""

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess  # nosec B404 - starting programs is the point
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

LOG_MAY_GROW = 5 * 1024 * 1024  # bytes, then it is turned
PR_SET_PDEATHSIG = 1


def dies_with_us(how: signal.Signals) -> Callable[[], None] | None:
    """What a child runs before its program so that the kernel ends it when we end (Linux only).

    The kernel looks at the thread that started the child, so children start on the main thread.
    """
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, how)
        if os.getppid() != parent:  # we ended before the kernel was asked
            os._exit(1)

    return ask


@dataclass
class Child:
    """One program: how it starts, how it is asked to stop, and the process while there is one."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    run_as: pwd.struct_passwd | None = None
    ask_to_stop: signal.Signals = signal.SIGTERM
    patience: float = 10.0
    """Seconds between asking it to stop and ending it."""
    inherits: Sequence[int] = ()
    """File descriptors it takes over, for example a listening socket."""
    stands_below: bool = False
    """Whether the other programs stand on this one, as on a database."""
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    asked: bool = False
    """Whether it was asked to stop: some programs take a second request as an order to drop all."""

    def start(self) -> "Child":
        """Start the program in a session of its own, its output appended to the log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(  # nosec B603 - our own fixed commands
                list(self.command),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=self.cwd,
                env=dict(os.environ) | dict(self.environment),
                start_new_session=True,
                pass_fds=self.inherits,
                preexec_fn=dies_with_us(self.ask_to_stop),  # noqa: PLW1509 - no other thread here
                user=self.run_as.pw_uid if self.run_as else None,
                group=self.run_as.pw_gid if self.run_as else None,
                extra_groups=[] if self.run_as else None,
            )
        self.started_at, self.asked = time.monotonic(), False
        return self

    @property
    def alive(self) -> bool:
        """Whether the program runs now."""
        return self.process is not None and self.process.poll() is None

    def ask(self) -> None:
        """Ask the program to stop; it may take its time."""
        if self.process is not None and self.alive:
            self.asked = True
            self.process.send_signal(self.ask_to_stop)

    def end(self) -> None:
        """Ask it to stop, wait at most ``patience``, then end it and all that is left of it."""
        if self.process is None:
            return
        if not self.asked:
            self.ask()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(self.patience)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def turn_log(self) -> None:
        """Begin the log anew when it has grown long; the part before stays as ``.1``."""
        if self.log.exists() and self.log.stat().st_size > LOG_MAY_GROW:
            # the program holds the file open for appending, so it is emptied and not moved
            self.log.with_suffix(self.log.suffix + ".1").write_bytes(self.log.read_bytes())
            os.truncate(self.log, 0)

    def last_words(self, lines: int = 15) -> str:
        """The end of the log, for a person who wonders why the program is not running."""
        if not self.log.exists():
            return ""
        tail = self.log.read_bytes()[-8192:].decode(errors="replace").splitlines()[-lines:]
        return "\n".join(f"    {line}" for line in tail)


def born_at(pid: int) -> float | None:
    """When the process with this id began, seconds since the epoch; None when there is none.

    Together with the id this names a process for good: ids are used again, moments are not.
    """
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None
