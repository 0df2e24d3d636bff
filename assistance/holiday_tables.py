"""Tables of days off and make-up workdays, as the office enters them for a year."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

OFF, WORK = "休", "班"  # as calendars print it
LONGEST = 15  # days of one holiday
_WORDS = {OFF: OFF, WORK: WORK, "off": OFF, "work": WORK}
_LINE = re.compile(
    r"(休|班|off|work)\s*(\d{4}-\d\d-\d\d)(?:\s*(?:至|到|to|~|–|-|\s)\s*(\d{4}-\d\d-\d\d))?",
    re.ASCII | re.IGNORECASE,
)


def read_table(typed: Iterable[str]) -> list[str]:
    """The lines of a table in one form; ValidationError names the line that is none.

    >>> read_table(["off 2027-01-01 to 2027-01-03", "班2027-01-09"])
    ['休 2027-01-01 2027-01-03', '班 2027-01-09']
    """
    lines: list[str] = []
    said: dict[date, str] = {}
    for number, text in enumerate(typed, start=1):
        line = _line(text, number)
        for day, mark in days_of(line):
            if said.setdefault(day, mark) != mark:
                told = _("Line %(line)d: %(day)s is said to be both off and a workday.")
                raise ValidationError(told % {"line": number, "day": day})
        lines.append(line)
    return lines


def _line(text: str, number: int) -> str:
    found = _LINE.fullmatch(text.strip())
    try:
        first = date.fromisoformat(found[2]) if found else date.max
        last = date.fromisoformat(found[3]) if found and found[3] else first
    except ValueError:
        found = None
    if found is None or not first <= last < first + timedelta(days=LONGEST):
        told = _(
            "Line %(line)d: write “休 2027-01-01 2027-01-03” for days off and “班 2027-01-09” for a"
            " make-up workday."
        )
        raise ValidationError(told % {"line": number})
    days = f"{first}" if first == last else f"{first} {last}"
    return f"{_WORDS[found[1].lower()]} {days}"


def days_of(line: str) -> Iterator[tuple[date, str]]:
    """The days of a line of ``read_table``, each with ``OFF`` or ``WORK``."""
    mark, *ends = line.split(" ")
    day, last = date.fromisoformat(ends[0]), date.fromisoformat(ends[-1])
    while day <= last:
        yield day, mark
        day += timedelta(days=1)
