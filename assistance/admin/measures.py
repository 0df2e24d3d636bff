"""Values of indicators as a page shows them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from assistance.admin.money import CENT, large_unit
from assistance.models import Indicator, Unit


def unit_of(indicator: Indicator) -> str:
    """The unit in which tables show it: money in the unit that people talk in."""
    if indicator.unit != Unit.YUAN:
        return str(indicator.get_unit_display())
    name = large_unit()[1]
    return name if name.endswith("元") else f"{name} {indicator.get_unit_display()}"


def shown_in(indicator: Indicator, value: Decimal | None) -> str:
    """The value in ``unit_of`` its indicator, money half up to two decimals; a dash for none."""
    if value is None:
        return "–"
    if indicator.unit == Unit.YUAN:
        return f"{(value / large_unit()[0]).quantize(CENT, ROUND_HALF_UP):,}"
    if indicator.is_whole and value == int(value):
        return f"{int(value):,}"
    return f"{value:,.2f}"
