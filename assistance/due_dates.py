"""When the monthly returns are due, reviewed and locked."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import NamedTuple

from assistance.models import Setting
from assistance.periods import Month, local_instant
from assistance.working_days import UnknownYear, WorkingDays

LOCKED_AT = time(9)  # with the report


class DueDates(NamedTuple):
    """The dates of one month's returns. Where it is not known yet which days of a year are off,
    ``unknown`` is that year, and only weekends are passed over.
    """

    due: date
    review: date
    locks_at: datetime
    unknown: int | None


class ReturnCalendar:
    """The dates of the returns of every month, as they were known at an instant."""

    def __init__(self, known_at: datetime) -> None:
        self.known_at = known_at
        self._days = WorkingDays.known(known_at)
        self._found: dict[Month, DueDates] = {}

    def of(self, month: Month) -> DueDates:
        """The settings of the last day of ``month`` apply; a day off moves to the next working
        day.
        """
        if month not in self._found:
            self._found[month] = self._dates(month)
        return self._found[month]

    def _dates(self, month: Month) -> DueDates:
        unknown = None
        found = []
        for key in ("return_due_day", "return_review_day", "return_lock_day"):
            number = int(Setting.objects.value_on(key, month.ends_on, known_at=self.known_at))
            day = month.next.starts_on.replace(day=number)
            try:
                found.append(self._days.on_or_after(day))
            except UnknownYear as refusal:
                unknown = refusal.year
                found.append(self._days.after_the_weekend(day))
        due, review, lock = found
        return DueDates(due, review, local_instant(lock, LOCKED_AT), unknown)
