"""The log of the mail relay: was a hand-over that was cut short taken?

Understood is Postfix, one line per event: ``cleanup`` notes the Message-ID of every message that
begins to arrive, ``qmgr`` only those that arrived whole and were taken
(https://www.postfix.org/OVERVIEW.html). Time stamps are read in the form of RFC 3339; with others
nothing is ever proven absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import Enum
from pathlib import Path

EVENT = re.compile(
    r"(?P<stamp>\S+) \S+ postfix(?:-\w+)?/(?:\w+/)*(?P<program>\w+)\[\d+\]:"
    r" (?P<queue_id>[0-9A-Za-z]+): (?P<said>.*)"
)
TAKEN_IN = re.compile(r"from=<.*>, size=\d+, nrcpt=\d+")


class Found(Enum):
    TAKEN = "the relay took the message"
    ABSENT = "the relay was listening and did not take the message"
    UNKNOWN = "the log does not tell"


def look_up(log: Path, cut_short: Mapping[str, datetime]) -> dict[str, Found]:
    """Say of each Message-ID, handed over at its instant, what the log proves.

    Absence is proven only by a log that began before the hand-over and goes on after it. A log
    that cannot be read proves nothing.
    """
    try:
        with log.open(encoding="utf-8", errors="replace") as lines:
            return _read(lines, cut_short)
    except OSError:
        return dict.fromkeys(cut_short, Found.UNKNOWN)


def _read(lines: Iterator[str], cut_short: Mapping[str, datetime]) -> dict[str, Found]:
    begins: datetime | None = None
    ends: datetime | None = None
    arriving: dict[str, str] = {}  # queue id -> Message-ID; the relay uses its queue ids again
    taken = set()
    for line in lines:
        stamp = _instant(line.partition(" ")[0])
        begins, ends = begins or stamp, stamp or ends
        if not (event := EVENT.match(line)):
            continue
        queue_id, said = event["queue_id"], event["said"]
        if event["program"] == "cleanup" and said.startswith("message-id="):
            arriving[queue_id] = said.removeprefix("message-id=").strip()
        elif event["program"] == "qmgr" and TAKEN_IN.match(said) and queue_id in arriving:
            taken.add(arriving[queue_id])
    verdicts = {}
    for message_id, handed_over_at in cut_short.items():
        if message_id in taken:
            verdicts[message_id] = Found.TAKEN
        elif begins and ends and begins <= handed_over_at <= ends:
            verdicts[message_id] = Found.ABSENT
        else:
            verdicts[message_id] = Found.UNKNOWN
    return verdicts


def _instant(stamp: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return found if found.tzinfo else None
