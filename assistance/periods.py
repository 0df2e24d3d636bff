"""Reporting periods: stretches of whole local days, first and last day included, that tile the
calendar.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Self

from django.utils import timezone

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """One calendar month, written ``YYYY-MM``."""

    year: int
    month: int

    @classmethod
    def of(cls, day: date) -> Self:
        """The month that holds ``day``."""
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, name: str) -> Self:
        """Read ``YYYY-MM``; ValueError for anything else."""
        found = _MONTH.fullmatch(name)
        if not found:
            raise ValueError(f"{name!r} is not a month; write it as YYYY-MM, for example 2021-06")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"

    @property
    def starts_on(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def ends_on(self) -> date:
        """The last day that belongs to the month."""
        return self.next.starts_on - timedelta(days=1)

    @property
    def next(self) -> Self:
        return type(self)(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def previous(self) -> Self:
        return type(self)(self.year - (self.month == 1), (self.month - 2) % 12 + 1)


def local_day(instant: datetime) -> date:
    """The day that an aware instant falls on in the programme office (fiscal years turn at local
    midnight).
    """
    return timezone.localtime(instant).date()


def local_instant(day: date, at: time) -> datetime:
    """The aware instant of a local wall-clock time."""
    return datetime.combine(day, at, tzinfo=timezone.get_default_timezone())
