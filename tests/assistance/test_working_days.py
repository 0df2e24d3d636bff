"""Working days and the dates that hang on them, against the arrangements that were published."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from assistance.actions.settings import confirm_setting, propose_setting
from assistance.due_dates import DueDates, ReturnCalendar
from assistance.holiday_tables import read_table
from assistance.periods import Month, local_instant
from assistance.roles import Role
from assistance.working_days import UnknownYear, WorkingDays
from tests import factories as make

# Month of the return: due, reviewed, locked. The State Council's arrangements of 2021 to 2026, on
# which chinesecalendar 1.11.0 and holidays 0.109, made apart from each other, agree for every day.
PUBLISHED = """
2021-01 02-05 02-08 02-10   2021-02 03-05 03-08 03-10   2021-03 04-06 04-08 04-12
2021-04 05-06 05-08 05-10   2021-05 06-07 06-08 06-10   2021-06 07-05 07-08 07-12
2021-07 08-05 08-09 08-10   2021-08 09-06 09-08 09-10   2021-09 10-08 10-08 10-11
2021-10 11-05 11-08 11-10   2021-11 12-06 12-08 12-10   2021-12 01-05 01-10 01-10
2022-01 02-07 02-08 02-10   2022-02 03-07 03-08 03-10   2022-03 04-06 04-08 04-11
2022-04 05-05 05-09 05-10   2022-05 06-06 06-08 06-10   2022-06 07-05 07-08 07-11
2022-07 08-05 08-08 08-10   2022-08 09-05 09-08 09-13   2022-09 10-08 10-08 10-10
2022-10 11-07 11-08 11-10   2022-11 12-05 12-08 12-12   2022-12 01-05 01-09 01-10
2023-01 02-06 02-08 02-10   2023-02 03-06 03-08 03-10   2023-03 04-06 04-10 04-10
2023-04 05-05 05-08 05-10   2023-05 06-05 06-08 06-12   2023-06 07-05 07-10 07-10
2023-07 08-07 08-08 08-10   2023-08 09-05 09-08 09-11   2023-09 10-07 10-08 10-10
2023-10 11-06 11-08 11-10   2023-11 12-05 12-08 12-11   2023-12 01-05 01-08 01-10
2024-01 02-05 02-08 02-18   2024-02 03-05 03-08 03-11   2024-03 04-07 04-08 04-10
2024-04 05-06 05-08 05-10   2024-05 06-05 06-11 06-11   2024-06 07-05 07-08 07-10
2024-07 08-05 08-08 08-12   2024-08 09-05 09-09 09-10   2024-09 10-08 10-08 10-10
2024-10 11-05 11-08 11-11   2024-11 12-05 12-09 12-10   2024-12 01-06 01-08 01-10
2025-01 02-05 02-08 02-10   2025-02 03-05 03-10 03-10   2025-03 04-07 04-08 04-10
2025-04 05-06 05-08 05-12   2025-05 06-05 06-09 06-10   2025-06 07-07 07-08 07-10
2025-07 08-05 08-08 08-11   2025-08 09-05 09-08 09-10   2025-09 10-09 10-09 10-10
2025-10 11-05 11-10 11-10   2025-11 12-05 12-08 12-10   2025-12 01-05 01-08 01-12
2026-01 02-05 02-09 02-10   2026-02 03-05 03-09 03-10   2026-03 04-07 04-08 04-10
2026-04 05-06 05-08 05-11   2026-05 06-05 06-08 06-10   2026-06 07-06 07-08 07-10
2026-07 08-05 08-10 08-10   2026-08 09-07 09-08 09-10   2026-09 10-08 10-08 10-10
2026-10 11-05 11-09 11-10   2026-11 12-07 12-08 12-10
"""
WORDS = PUBLISHED.split()
MONTHS = [WORDS[at : at + 4] for at in range(0, len(WORDS), 4)]


def due_dates(month: Month, *, known_at: datetime) -> DueDates:
    return ReturnCalendar(known_at).of(month)


def entered(lines: list[str], year: int, **when: datetime) -> None:
    now = when.get("now", make.NOW)
    setting = propose_setting(
        key="holidays", value=lines, starts_on=date(year, 1, 1), by=make.hand(Role.REVIEWER),
        now=now,
    )  # fmt: skip
    confirm_setting(setting, by=make.hand(Role.APPROVER), now=now)


@pytest.mark.django_db
def test_every_month_of_2021_to_2026_is_due_on_the_published_working_day() -> None:
    calendar = ReturnCalendar(make.NOW)
    assert len(MONTHS) == 71
    for name, *expected in MONTHS:
        found = calendar.of(Month.parse(name))
        locked = found.locks_at.astimezone(make.NOW.tzinfo)
        assert [f"{day:%m-%d}" for day in (found.due, found.review, locked)] == expected, name
        assert (locked.time(), found.unknown) == (time(9), None)


@pytest.mark.django_db
def test_a_year_that_is_not_published_says_so_and_passes_over_weekends_alone() -> None:
    days = WorkingDays.known(make.NOW)
    assert not days.knows(2027)
    with translation.override("en"), pytest.raises(UnknownYear, match="The holidays of 2027"):
        days.on_or_after(date(2027, 1, 5))
    found = due_dates(Month(2026, 12), known_at=make.NOW)
    assert (found.due, found.review, found.unknown) == (date(2027, 1, 5), date(2027, 1, 8), 2027)
    assert found.locks_at == local_instant(date(2027, 1, 11), time(9))
    assert days.after_the_weekend(date(2027, 1, 9)) == date(2027, 1, 11)


@pytest.mark.django_db
def test_a_table_that_a_person_entered_is_taken() -> None:
    entered(["休 2027-01-05 2027-01-07", "班 2027-01-09"], 2027)
    days = WorkingDays.known(make.NOW)
    assert days.on_or_after(date(2027, 1, 5)) == date(2027, 1, 8)
    assert days.is_working(date(2027, 1, 9))
    assert not days.is_working(date(2027, 1, 10))
    found = due_dates(Month(2026, 12), known_at=make.NOW)
    assert (found.due, found.unknown) == (date(2027, 1, 8), None)
    assert found.locks_at == local_instant(date(2027, 1, 11), time(9))
    before = make.NOW - timedelta(days=1)
    assert due_dates(Month(2026, 12), known_at=before).unknown == 2027, "nobody knew it yet"


@pytest.mark.django_db
def test_a_table_takes_the_place_of_a_published_one_and_reaches_into_december() -> None:
    entered(["休 2025-12-31 2026-01-05"], 2026)
    days = WorkingDays.known(make.NOW)
    assert not days.is_working(date(2025, 12, 31))
    assert days.is_working(date(2025, 12, 30))
    assert days.on_or_after(date(2026, 1, 2)) == date(2026, 1, 6)
    assert days.is_working(date(2026, 10, 1)), "the office's own table has no such holiday"
    later = make.NOW + timedelta(hours=1)
    entered(["休 2026-10-01 2026-10-07"], 2026, now=later)
    assert not WorkingDays.known(later).is_working(date(2026, 10, 1))
    assert WorkingDays.known(later).is_working(date(2026, 1, 5))


@pytest.mark.django_db
def test_the_dates_follow_the_settings_of_the_month() -> None:
    setting = propose_setting(
        key="return_due_day", value=20, starts_on=date(2026, 5, 1), by=make.hand(Role.REVIEWER),
        now=make.NOW,
    )  # fmt: skip
    confirm_setting(setting, by=make.hand(Role.APPROVER), now=make.NOW)
    assert due_dates(Month(2026, 4), known_at=make.NOW).due == date(2026, 5, 6)
    assert due_dates(Month(2026, 5), known_at=make.NOW).due == date(2026, 6, 22)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("off 2027-01-01 to 2027-01-03", "休 2027-01-01 2027-01-03"),
        ("休2027-01-01至2027-01-03", "休 2027-01-01 2027-01-03"),
        ("班 2027-01-09", "班 2027-01-09"),
        ("WORK 2027-01-09 – 2027-01-09", "班 2027-01-09"),
    ],
)
def test_lines_are_understood_as_people_write_them(typed: str, read: str) -> None:
    assert read_table([typed]) == [read]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["2027-01-01"], "Line 1"),
        (["休 2027-01-01", "休 2027-02-30"], "Line 2"),
        (["休 2027-01-03 2027-01-01"], "Line 1"),
        (["休 2027-01-01 2027-12-31"], "Line 1"),
        (["休 2027-01-01 2027-01-03", "班 2027-01-02"], "both off and a workday"),
    ],
)
def test_a_line_that_means_nothing_is_named(typed: list[str], said: Any) -> None:
    with translation.override("en"), pytest.raises(ValidationError) as refused:
        read_table(typed)
    assert said in refused.value.messages[0]
