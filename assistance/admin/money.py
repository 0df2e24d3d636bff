"""How money stands on the desk: yuan with thousands, and a hint in the unit people talk in."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

CENT = Decimal("0.01")


def in_yuan(amount: Decimal | None) -> str:
    """1,234,567.89, or a dash where there is no amount."""
    return "–" if amount is None else f"{amount:,.2f}"


def large_unit() -> tuple[Decimal, str]:
    """The unit that people talk in: ten thousand yuan in Chinese, a million in English."""
    chinese = (get_language() or "zh").startswith("zh")
    return (Decimal(10_000), "万元") if chinese else (Decimal(1_000_000), "million")


def in_large_units(amount: Decimal) -> str:
    """123.46 万元 in Chinese, 1.23 million in English; half up, two decimals."""
    unit, name = large_unit()
    return f"{(amount / unit).quantize(CENT, ROUND_HALF_UP):,} {name}"


def money(amount: Decimal | None) -> SafeString:
    """An amount for a table: yuan, and the hint in large units under it."""
    if not amount:
        return plain_money(amount)
    return format_html(
        '<span class="money">{} <small class="hint">{}</small></span>',
        in_yuan(amount),
        in_large_units(amount),
    )


def plain_money(amount: Decimal | None) -> SafeString:
    """An amount for a list: yuan only."""
    return format_html('<span class="money">{}</span>', in_yuan(amount))
