"""Simulated time: stories that yield the instant of their next event, told in order."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import count
from random import Random

from assistance.periods import Month, local_day, local_instant

Story = Iterator[datetime]
SATURDAY = 5


class World:
    """All stories that are under way; nothing happens after ``now``."""

    def __init__(self, now: datetime, *, month_begins: Callable[[Month], None]) -> None:
        self.now = now
        self._month_begins = month_begins
        self._waiting: list[tuple[datetime, int, Story]] = []
        self._order = count()

    def begin(self, story: Story) -> None:
        """Let a story begin: it runs up to the instant of its first event."""
        at = next(story, None)
        if at is not None and at <= self.now:
            heapq.heappush(self._waiting, (at, next(self._order), story))

    def run(self) -> None:
        """Let everything happen that happens by now."""
        month = None
        while self._waiting:
            at, _order, story = heapq.heappop(self._waiting)
            if Month.of(local_day(at)) != month:
                month = Month.of(local_day(at))
                self._month_begins(month)
            self.begin(story)


def on(day: date, rng: Random) -> datetime:
    """A minute in office hours of ``day``, or of the Monday after it."""
    if day.weekday() >= SATURDAY:
        day += timedelta(days=7 - day.weekday())
    return local_instant(day, time(rng.randint(9, 16), rng.randrange(60), rng.randrange(60)))


def later(at: datetime, rng: Random, least: int, most: int) -> datetime:
    """Office hours ``least`` to ``most`` days later, at least one."""
    return on(local_day(at) + timedelta(days=max(1, rng.randint(least, most))), rng)
