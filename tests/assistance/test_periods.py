"""Months tile the calendar, and local midnight is where days and fiscal years turn."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistance.periods import Month, local_day, local_instant

months = st.builds(Month, st.integers(1900, 2200), st.integers(1, 12))
seconds = st.integers(0, 4_102_444_800)  # 1970 to 2100
instants = seconds.map(lambda elapsed: datetime.fromtimestamp(elapsed, tz=UTC))


def test_every_day_from_2020_to_2030_lies_in_exactly_one_month() -> None:
    day, month = date(2020, 1, 1), Month(2020, 1)
    while day.year <= 2030:
        assert Month.of(day) == month
        assert month.starts_on <= day <= month.ends_on
        assert not month.next.starts_on <= day <= month.next.ends_on
        assert not month.previous.starts_on <= day <= month.previous.ends_on
        if day == month.ends_on:
            month = month.next
        day += timedelta(days=1)
    assert month == Month(2031, 1)


@given(months)
def test_months_follow_each_other_without_gap_or_overlap(month: Month) -> None:
    assert month.ends_on + timedelta(days=1) == month.next.starts_on
    assert month.starts_on - timedelta(days=1) == month.previous.ends_on
    assert month.next.previous == month == month.previous.next
    assert month.previous < month < month.next


@given(months)
def test_a_month_is_read_as_it_is_written(month: Month) -> None:
    assert Month.parse(str(month)) == month
    assert len(str(month)) == len("YYYY-MM")


@given(st.dates(date(1900, 1, 1), date(2200, 12, 31)))
def test_a_month_holds_the_day_it_is_made_of(day: date) -> None:
    assert Month.of(day).starts_on <= day <= Month.of(day).ends_on


@pytest.mark.parametrize(
    "name", ["2021-13", "2021-00", "2021-6", "21-06", "2021-06-01", "2021/06", "", " 2021-06"]
)
def test_what_is_not_a_month_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="write it as YYYY-MM"):
        Month.parse(name)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 12, 31, 15, 30, tzinfo=UTC), date(2026, 12, 31)),  # 23:30 in Shanghai
        (datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC), date(2026, 12, 31)),
        (datetime(2026, 12, 31, 16, 0, tzinfo=UTC), date(2027, 1, 1)),
        (datetime(2026, 12, 31, 16, 30, tzinfo=UTC), date(2027, 1, 1)),  # 00:30 in Shanghai
    ],
)
def test_days_turn_at_midnight_in_shanghai(instant: datetime, day: date) -> None:
    assert local_day(instant) == day


@given(instants)
def test_an_instant_lies_between_two_local_midnights(instant: datetime) -> None:
    day = local_day(instant)
    assert local_instant(day, time(0)) <= instant
    assert instant < local_instant(day + timedelta(days=1), time(0))
