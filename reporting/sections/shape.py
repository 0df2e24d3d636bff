"""How a section is written down: figures and tables without any language, ready to be frozen.

Values are strings: yuan with two decimals, rates with one (half-up), counts as whole numbers; None
stands for what cannot be said (a division by nothing), which is not the same as zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Value = str | None


@dataclass
class Section:
    """One chapter of a report."""

    code: str
    figures: list[dict[str, Any]] = field(default_factory=list)
    tables: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self,
        code: str,
        unit: str,
        value: Value,
        *,
        formula: str,
        of: tuple[Decimal | int, Decimal | int] | None = None,
        rows: dict[str, Any] | None = None,
    ) -> None:
        """Add a figure: its operands ``of``, its formula, and the filter that yields its rows."""
        figure: dict[str, Any] = {"code": code, "unit": unit, "value": value, "formula": formula}
        if of is not None:
            figure["of"] = [str(operand) for operand in of]
        if rows is not None:
            figure["rows"] = rows
        self.figures.append(figure)

    def table(
        self,
        code: str,
        columns: Sequence[tuple[str, str]],
        rows: Sequence[dict[str, Any]],
        *,
        control: dict[str, Any] | None = None,
    ) -> None:
        """Add a table of ``(code, unit)`` columns; ``control`` compares parts with total."""
        table: dict[str, Any] = {
            "code": code,
            "columns": [{"code": name, "unit": unit} for name, unit in columns],
            "rows": list(rows),
        }
        if control is not None:
            table["control"] = control
        self.tables.append(table)

    def note(self, code: str, **values: str) -> None:
        """Add a remark; every value has a place in its words, and the place says the unit."""
        self.notes.append({"code": code, "values": values})


def row(key: str, cells: Sequence[Value], *, kind: str = "row", depth: int = 0) -> dict[str, Any]:
    return {"key": key, "kind": kind, "depth": depth, "cells": list(cells)}


def yuan(amount: Decimal) -> str:
    return f"{amount:.2f}"


def rate(part: Decimal | int, whole: Decimal | int) -> Value:
    """``part`` of ``whole`` in per cent with one decimal, half-up; None where there is no whole."""
    if not whole:
        return None
    return str(one_decimal(Decimal(part) * 100 / Decimal(whole)))


def points(rate_now: tuple[Decimal, Decimal], rate_before: tuple[Decimal, Decimal]) -> Value:
    """The difference of two rates in percentage points, rounded only at the end."""
    if not rate_now[1] or not rate_before[1]:
        return None
    return str(one_decimal(rate_now[0] * 100 / rate_now[1] - rate_before[0] * 100 / rate_before[1]))


def one_decimal(number: Decimal) -> Decimal:
    return number.quantize(Decimal("0.1"), ROUND_HALF_UP) + 0  # never "-0.0"
