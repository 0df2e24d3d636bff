"""Keeps programs running until told to stop: what dies is started again, what stops stops whole."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deploy.local import leftovers
from deploy.local.child import Child
from deploy.local.place import CannotStart

SHORTEST_PAUSE = 0.5  # seconds before a program that died is started again, doubled each time
LONGEST_PAUSE = 30.0
STEADY_AFTER = 30.0  # seconds of life after which a death counts as the first again
LOOK_EVERY = 0.2


@dataclass
class Kept:
    """A program we keep running: how it is started, and when next if it is down."""

    start: Callable[[], Child]
    child: Child
    pause: float = SHORTEST_PAUSE
    start_at: float | None = None


class Supervisor:
    """The programs of one checkout, in the order in which they were started."""

    def __init__(self, note: Path, *, say: Callable[[str], None]) -> None:
        self.note = note
        self.say = say
        self.kept: list[Kept] = []

    def keep(self, start: Callable[[], Child]) -> Child:
        """Start a program and keep it running from now on."""
        kept = Kept(start=start, child=start())
        self.kept.append(kept)
        self._write_note()
        return kept.child

    def watch(self, *, until: Callable[[], bool]) -> None:
        """Start again what dies; returns when ``until`` says so."""
        while not until():
            self.look()
            time.sleep(LOOK_EVERY)

    def look(self) -> None:
        """One look at every program: turn long logs, note deaths, start what is due."""
        now = time.monotonic()
        for kept in self.kept:
            kept.child.turn_log()
            if kept.child.alive:
                continue
            if kept.start_at is None:
                self._mourn(kept, now)
            elif now >= kept.start_at:
                self._revive(kept, now)

    def stop(self) -> None:
        """Stop everything, the programs first and only then the servers they stand on."""
        servers = [kept for kept in self.kept if kept.child.stands_below]
        programs = [kept for kept in self.kept if not kept.child.stands_below]
        for floor in (programs, servers):
            for kept in reversed(floor):
                kept.child.ask()
            for kept in reversed(floor):
                kept.child.end()
        self.note.unlink(missing_ok=True)

    def _revive(self, kept: Kept, now: float) -> None:
        try:
            kept.child = kept.start()
        except (CannotStart, OSError) as cause:
            kept.start_at = now + kept.pause
            kept.pause = min(kept.pause * 2, LONGEST_PAUSE)
            self.say(f"{kept.child.name} cannot be started and is tried again: {cause}")
        else:
            kept.start_at = None
            self._write_note()

    def _mourn(self, kept: Kept, now: float) -> None:
        child = kept.child
        if now - child.started_at > STEADY_AFTER:
            kept.pause = SHORTEST_PAUSE
        kept.start_at = now + kept.pause
        kept.pause = min(kept.pause * 2, LONGEST_PAUSE)
        code = child.process.returncode if child.process else None
        self.say(f"{child.name} ended (code {code}) and is started again; its last words:")
        self.say(child.last_words(5))

    def _write_note(self) -> None:
        leftovers.note(self.note, (kept.child for kept in self.kept))
