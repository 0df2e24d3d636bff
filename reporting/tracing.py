"""From a figure of a report back to the rows of the ledger that it adds up."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.apps import apps
from django.db.models import QuerySet

from assistance.scope import Scope
from projects.models import AID
from projects.models.as_at import MONEY, Part, of_pairings
from projects.models.funds import total_yuan
from reporting.reckoning import Reckoning


class RowsBehind(NamedTuple):
    """Rows of one table; ``sign`` x the sum of ``column`` over them is their part of the figure."""

    rows: QuerySet[Any]
    column: str
    sign: int

    @property
    def yuan(self) -> Decimal:
        return self.sign * total_yuan(self.rows, self.column)


def behind_money(r: Reckoning, code: str) -> dict[str, Any]:
    """The filters, without any language, that yield the rows of a cumulative sum of fiscal aid."""
    return {
        "day": r.at.day.isoformat(),
        "known_at": r.at.known_at.isoformat(),
        "scope": r.scope.as_dict(),
        "parts": [_filter(r, part) for part in MONEY[code]],
    }


def rows_behind(found: dict[str, Any]) -> list[RowsBehind]:
    """The rows that a figure's filters name; the figure is the sum of their parts."""
    at = date.fromisoformat(found["day"]), datetime.fromisoformat(found["known_at"])
    scope = Scope.from_dict(found["scope"])
    parts = []
    for part in found["parts"]:
        rows = apps.get_model(part["model"])._default_manager.as_at(*at)
        rows = rows.filter(of_pairings(part["pairings"], scope.q), **part["where"])
        parts.append(RowsBehind(rows, part["column"], part["sign"]))
    return parts


def _filter(r: Reckoning, part: Part) -> dict[str, Any]:
    year, source = part.path("fiscal_year"), part.path("source")
    return {
        "model": part.model._meta.label_lower,
        "column": part.column,
        "sign": part.sign,
        "pairings": list(part.pairings),
        "where": {
            year: r.year,
            f"{source}__in": [source.value for source in AID],
            **part.only,
        },
    }
