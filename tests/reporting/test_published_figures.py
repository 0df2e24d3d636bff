"""Published figures come out as they were published, and a table that did not add up is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reporting.sections.projects import DoesNotAddUp, check_partition
from reporting.sections.shape import points, rate


def test_the_published_table_of_tacheng_would_not_have_left_the_house() -> None:
    with pytest.raises(DoesNotAddUp, match="96 projects, the year's plan has 102"):
        check_partition(44 + 11 + 10 + 31, 102)
    assert check_partition(44 + 11 + 10 + 37, 102)["holds"]


@pytest.mark.parametrize(
    ("part", "whole", "published"),
    [
        (943, 1022, "92.3"),
        (712, 803, "88.7"),
        (Decimal("45.8"), 110, "41.6"),
        (Decimal("573.2"), Decimal("564.3"), "101.6"),
        (1, 2000, "0.1"),
        (0, 5, "0.0"),
        (5, 0, None),
    ],
)
def test_rates_are_those_that_were_published(
    part: Decimal | int, whole: Decimal | int, published: str | None
) -> None:
    assert rate(part, whole) == published


@pytest.mark.parametrize(
    ("now", "before", "difference"),
    [
        (("92.35", "100"), ("92.30", "100"), "0.1"),
        (("92.30", "100"), ("92.35", "100"), "-0.1"),
        (("92.30", "100"), ("92.31", "100"), "0.0"),
        (("1", "0"), ("1", "2"), None),
        (("1", "2"), ("1", "0"), None),
    ],
)
def test_points_are_rounded_once_at_the_end(
    now: tuple[str, str], before: tuple[str, str], difference: str | None
) -> None:
    a, b, c, d = map(Decimal, (*now, *before))
    assert points((a, b), (c, d)) == difference
