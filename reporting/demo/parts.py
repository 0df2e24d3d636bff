"""The demo told by several processes at once, each for prefectures of its own.

Nothing that one part locks or reads is another's, so each is a transaction by itself. They are kept
one after the other when all are told: a telling that is cut off leaves no project behind.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from multiprocessing.connection import Connection, wait
from typing import NamedTuple

import django
from django.db import connection, transaction


class Telling(NamedTuple):
    """What every part is told of."""

    now: datetime
    seed: int
    projects: int  # of the whole demo
    of: int  # parts


class Heard(NamedTuple):
    """How far a part has come."""

    month: str
    projects: int


class Parts:
    """Parts under way in processes of their own."""

    def __init__(self, lines: list[Connection], say: Callable[[str, int], object]) -> None:
        self._lines, self._say = lines, say
        self._heard: dict[Connection, Heard] = {}

    def wait_until_told(self) -> None:
        """Return when every part is told and waits to be kept; RuntimeError where one ended."""
        under_way = set(self._lines)
        while under_way:
            for line in [one for one in wait(list(under_way)) if isinstance(one, Connection)]:
                heard = _next(line)
                if heard is None:
                    under_way.remove(line)
                else:
                    self._note(line, heard)

    def keep(self) -> None:
        """Let every part commit."""
        for line in self._lines:
            line.send("keep")
            _next(line)

    def _note(self, line: Connection, heard: Heard) -> None:
        """A month has begun when it has begun in every part."""
        before = self._begun()
        self._heard[line] = heard
        begun = self._begun()
        if begun and begun != before:
            self._say(begun, sum(part.projects for part in self._heard.values()))

    def _begun(self) -> str:
        if len(self._heard) < len(self._lines):
            return ""
        return min(part.month for part in self._heard.values())


def wait_in_transaction() -> None:
    """Let this transaction be idle for as long as a slow machine takes to tell the parts; the
    server would end it as forgotten.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")


@contextmanager
def told_at_once(telling: Telling, say: Callable[[str, int], object]) -> Iterator[Parts]:
    """Begin the parts; whatever happens, none of them outlives this."""
    fresh = multiprocessing.get_context("spawn")  # a forked one would share our connection
    database = str(connection.settings_dict["NAME"])
    lines, processes = [], []
    for number in range(telling.of):
        ours, theirs = fresh.Pipe()
        process = fresh.Process(target=_tell, args=(theirs, database, telling, number))
        process.start()
        theirs.close()
        lines.append(ours)
        processes.append(process)
    try:
        yield Parts(lines, say)
    finally:
        for line, process in zip(lines, processes, strict=True):
            line.close()
            process.terminate()  # nothing to one that has ended
            process.join()


def _next(line: Connection) -> Heard | None:
    try:
        heard: Heard | None = line.recv()
    except EOFError as cause:
        raise RuntimeError("A part of the demo ended early; its own words stand above.") from cause
    return heard


def _tell(line: Connection, database: str, telling: Telling, number: int) -> None:
    """One part, in its own process: it ends without a trace where the one who waits is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who waits for us is asked too, and ends us
    django.setup()
    from reporting.demo.ledger import tell_part  # noqa: PLC0415  needs the models that stand now

    connection.settings_dict["NAME"] = database  # in tests another than the settings say
    with transaction.atomic():
        tell_part(telling, number, lambda month, there: line.send(Heard(month, there)))
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or the commit might still be refused
        wait_in_transaction()
        line.send(None)
        line.recv()
    line.send(None)
