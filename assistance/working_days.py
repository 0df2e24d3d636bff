"""Working days of the office: the State Council's holidays with their make-up workdays.

Arrangements come year by year, usually in November for the year that follows. ``chinesecalendar``
has those that were published when it was released; for every other year the office enters the table
as the setting ``holidays``, which also takes the place of a published one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import chinese_calendar
from chinese_calendar import constants
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.holiday_tables import WORK, days_of
from assistance.models import Setting

KEY = "holidays"
PUBLISHED = range(min(constants.holidays).year, max(constants.holidays).year + 1)
SATURDAY = 5


class UnknownYear(Refused):
    """Nobody has said yet which days of a year are off."""

    def __init__(self, year: int) -> None:
        told = _(
            "The holidays of %(year)s are not known here yet. Enter the State Council's table as"
            " the setting “holidays and make-up workdays”, applying from 1 January %(year)s."
        )
        super().__init__("holidays_unknown", told % {"year": year})
        self.year = year


@dataclass(frozen=True)
class WorkingDays:
    """The calendar as it was known at an instant."""

    entered: Mapping[int, Mapping[date, str]] = field(default_factory=dict)  # by year

    @classmethod
    def known(cls, known_at: datetime) -> WorkingDays:
        """With the tables that were confirmed by ``known_at``; a later one of a year replaces the
        one before.
        """
        tables = Setting.objects.as_at(date.max, known_at).filter(key=KEY)
        found: dict[int, Mapping[date, str]] = {}
        for table in tables.order_by("starts_on", "counted_at"):
            marks = dict(pair for line in table.value for pair in days_of(line))
            found[table.starts_on.year] = marks
        return cls(found)

    def knows(self, year: int) -> bool:
        """Whether it is known which days of a year are off."""
        return year in self.entered or year in PUBLISHED

    def is_working(self, day: date) -> bool:
        """Whether the office works on ``day``; UnknownYear where nobody can tell yet."""
        if not self.knows(day.year):
            raise UnknownYear(day.year)
        for year in (day.year, day.year + 1):  # a table reaches back to the last days of December
            if mark := self.entered.get(year, {}).get(day):
                return mark == WORK
        if day.year in self.entered:
            return day.weekday() < SATURDAY
        return bool(chinese_calendar.is_workday(day))

    def on_or_after(self, day: date) -> date:
        """``day`` itself, or the first working day behind it; UnknownYear as of ``is_working``."""
        while not self.is_working(day):
            day += timedelta(days=1)
        return day

    @staticmethod
    def after_the_weekend(day: date) -> date:
        """``day``, or the Monday behind its weekend: all that is known of a year without table."""
        return day + timedelta(days=7 - day.weekday() if day.weekday() >= SATURDAY else 0)
