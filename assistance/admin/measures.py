"""Values of indicators as a page shows them."""

from __future__ import annotations

from decimal import Decimal

from assistance.models import Indicator


def shown_in(indicator: Indicator, value: Decimal | None) -> str:
    """The value in the unit of its indicator, without zeros that say nothing; a dash for none."""
    if value is None:
        return "–"
    if indicator.is_whole and value == int(value):
        return f"{int(value):,}"
    return f"{value:,.2f}"
