"""From a figure of a report back to the rows of the ledger that it adds up."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from django.apps import apps
from django.db.models import QuerySet

from assistance.scope import Scope
from projects.models import AID
from projects.models.as_at import MONEY, Part
from reporting.reckoning import Reckoning


class RowsBehind(NamedTuple):
    """``amount_yuan`` over the rows added, less that over the rows taken off, is the figure."""

    added: QuerySet[Any]
    taken_off: QuerySet[Any] | None


def behind_money(r: Reckoning, code: str) -> dict[str, Any]:
    """The filters, without any language, that yield the rows of a cumulative sum of fiscal aid."""
    whole, *less = MONEY[code]
    return {
        "day": r.at.day.isoformat(),
        "known_at": r.at.known_at.isoformat(),
        "scope": r.scope.as_dict(),
        **_filter(r, whole),
        "less": _filter(r, less[0]) if less else None,
    }


def rows_behind(found: dict[str, Any]) -> RowsBehind:
    """The rows that a figure's filters name."""
    less = found.get("less")
    return RowsBehind(_rows(found, found), _rows(found, less) if less else None)


def _filter(r: Reckoning, part: Part) -> dict[str, Any]:
    year, source = part.path("fiscal_year"), part.path("source")
    return {
        "model": part.model._meta.label_lower,
        "pairing": part.pairings[0],
        "where": {year: r.year, f"{source}__in": [source.value for source in AID]},
    }


def _rows(found: dict[str, Any], part: dict[str, Any]) -> QuerySet[Any]:
    model = apps.get_model(part["model"])
    as_at = model._default_manager.as_at(
        date.fromisoformat(found["day"]), datetime.fromisoformat(found["known_at"])
    )
    scope = Scope.from_dict(found["scope"])
    rows: QuerySet[Any] = as_at.filter(scope.q(part["pairing"]), **part["where"])
    return rows
