"""Rounding is half-up and last; what is missing is never zero."""

from decimal import Decimal

import pytest
from django.utils import translation

from reporting.render import numbers


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        ("943.45", "percent", "943.5%"),
        ("92.25", "percent", "92.3%"),
        ("101.6", "percent", "101.6%"),
        ("0.05", "percent", "0.1%"),
        ("-0.05", "points", "−0.1"),
        ("0.04", "points", "0.0"),
        ("1.25", "points", "+1.3"),
        ("50", "yuan", "0.01"),
        ("49.99", "yuan", "0.00"),
        ("3310000000.00", "yuan", "331,000.00"),
        ("1022", "projects", "1,022"),
        ("0", "persons", "0"),
        ("0.00", "yuan", "0.00"),
        (None, "yuan", "—"),
        (None, "percent", "—"),
        ("2026-03-01", "date", "2026-03-01"),
    ],
)
def test_a_cell_is_rounded_half_up_and_a_missing_one_is_a_dash(
    value: str | None, unit: str, text: str
) -> None:
    assert numbers.printed(value, unit) == text


@pytest.mark.parametrize(
    ("value", "unit", "chinese", "english"),
    [
        ("331500000.00", "yuan", "3.32亿元", "CNY 331.50 million"),
        ("99999999.99", "yuan", "10000.00万元", "CNY 100.00 million"),
        ("125050.00", "yuan", "12.51万元", "CNY 125,050.00"),
        ("1022", "projects", "1022个", "1,022 projects"),
        ("1", "projects", "1个", "1 project"),
        ("39", "persons", "39人", "39 people"),
        ("1", "persons", "1人", "1 person"),
        ("18", "counties", "18个", "18 counties"),
        ("23", "pairings", "23对", "23 pairings"),
        (None, "projects", "—", "—"),
    ],
)
def test_a_sentence_says_amounts_and_counts_in_the_readers_own_way(
    value: str | None, unit: str, chinese: str, english: str
) -> None:
    with translation.override("zh-hans"):
        assert numbers.spoken(value, unit) == chinese
    with translation.override("en"):
        assert numbers.spoken(value, unit) == english


def test_a_workbook_cell_keeps_the_fen_that_print_rounds_away() -> None:
    assert numbers.for_sheet("159993.26", "yuan") == Decimal("15.999326")
    assert numbers.for_sheet("92.3", "percent") == Decimal("0.923")
