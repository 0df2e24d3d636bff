"""How a figure is written, one function per unit; rounding is half-up and happens here, once.

A payload keeps every value as text in plain digits. A missing value (None) is written "—" and is
never 0. Tables and workbooks show yuan in units of 10,000 (万元); sentences say 亿元 or 万元 in
Chinese and CNY million in English, with two decimals.
"""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.utils.dateformat import format as format_date
from django.utils.translation import get_language, ngettext, pgettext

MISSING = "—"
MINUS = "−"
TEN_THOUSAND = Decimal(10_000)
MILLION = Decimal(1_000_000)
HUNDRED_MILLION = Decimal(100_000_000)

COUNTED = {"projects", "persons", "pairings", "counties", "entries", "days"}


def in_chinese() -> bool:
    """Tell whether the active language is Chinese, whose amounts step by ten thousand."""
    return (get_language() or "").startswith("zh")


def half_up(value: Decimal, places: int) -> Decimal:
    """Round to so many decimals, halves away from zero."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def signed(value: Decimal, places: int) -> str:
    """Write with thousands separators and a real minus sign."""
    figure = half_up(value, places)
    return f"{abs(figure):,.{places}f}" if figure >= 0 else f"{MINUS}{abs(figure):,.{places}f}"


def yuan(value: Decimal) -> str:
    """Write an amount of yuan in units of 10,000, for a table: 331,000.00."""
    return signed(value / TEN_THOUSAND, 2)


def percent(value: Decimal) -> str:
    """Write a percentage with one decimal: 92.3%."""
    return f"{signed(value, 1)}%"


def points(value: Decimal) -> str:
    """Write a difference of two percentages in points, with its sign: +1.2."""
    figure = half_up(value, 1)
    return f"+{figure:,.1f}" if figure > 0 else signed(figure, 1)


def count(value: Decimal) -> str:
    """Write how many."""
    return signed(value, 0)


def written_date(value: str, pattern: str) -> str:
    """Write an ISO date by a pattern in the letters of Django's date filter."""
    return format_date(date.fromisoformat(value), pattern)


def day(value: str) -> str:
    """Write an ISO date in the active language: 2026年10月31日, 31 October 2026."""
    # Translators: a date of day, month and year, in the letters of Django's date filter.
    return written_date(value, pgettext("date format", "j F Y"))


def day_of_year(value: str) -> str:
    """Write an ISO date without its year: 10月31日, 31 October."""
    # Translators: a date of day and month, in the letters of Django's date filter.
    return written_date(value, pgettext("date format", "j F"))


def printed(value: str | None, unit: str) -> str:
    """Write a value as a cell of a table shows it; text is returned as it is."""
    if value is None or value == "":
        return MISSING
    if unit == "date":
        return value  # ISO dates are read alike in both languages and keep their column narrow
    if unit == "text":
        return value
    write = {"yuan": yuan, "percent": percent, "points": points}.get(unit, count)
    return write(Decimal(value))


def spoken_yuan(value: Decimal) -> str:
    """Write an amount of yuan as a sentence says it: 3.31亿元, CNY 331.00 million."""
    if in_chinese():
        if abs(value) >= HUNDRED_MILLION:
            return f"{half_up(value / HUNDRED_MILLION, 2)}亿元"
        return f"{half_up(value / TEN_THOUSAND, 2)}万元"
    if abs(value) >= MILLION:
        return f"CNY {signed(value / MILLION, 2)} million"
    return f"CNY {signed(value, 2)}"


def counted(value: Decimal, unit: str) -> str:
    """Write how many of what, as a sentence says it: 1022个, 1,022 projects."""
    number = int(half_up(value, 0))
    if unit == "projects":
        phrase = ngettext("{n} project", "{n} projects", number)
    elif unit == "persons":
        phrase = ngettext("{n} person", "{n} people", number)
    elif unit == "pairings":
        phrase = ngettext("{n} pairing", "{n} pairings", number)
    elif unit == "counties":
        phrase = ngettext("{n} county", "{n} counties", number)
    elif unit == "days":
        phrase = ngettext("{n} day", "{n} days", number)
    else:
        phrase = ngettext("{n} entry", "{n} entries", number)
    return phrase.format(n=number if in_chinese() else count(value))


def spoken(value: str | None, unit: str) -> str:
    """Write a value as a sentence says it."""
    if value is None or value == "":
        return MISSING
    if unit == "yuan":
        return spoken_yuan(Decimal(value))
    if unit in COUNTED:
        return counted(Decimal(value), unit)
    if unit == "date":
        return day(value)
    return printed(value, unit)


def for_sheet(value: str, unit: str) -> Decimal | date | str:
    """Return what a workbook's cell holds, unrounded: yuan in 10,000, rates as fractions."""
    if unit == "text":
        return value
    if unit == "date":
        return date.fromisoformat(value)
    number = Decimal(value)
    if unit == "yuan":
        return number / TEN_THOUSAND
    if unit == "percent":
        return number / 100
    return number
