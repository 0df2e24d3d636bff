"""From a figure of a report back to the rows of the ledger that it adds up."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.db.models import QuerySet

from assistance.scope import Scope
from projects.models import AID
from reporting.reckoning import MEASURES, Reckoning


def behind_money(r: Reckoning, code: str) -> dict[str, Any]:
    """The filter, without any language, that yields the rows of a cumulative sum of fiscal aid."""
    measure = MEASURES[code]
    return {
        "model": measure.model._meta.label_lower,
        "day": r.at.day.isoformat(),
        "known_at": r.at.known_at.isoformat(),
        "scope": r.scope.as_dict(),
        "pairing": measure.pairing,
        "where": {measure.year: r.year, f"{measure.source}__in": [source.value for source in AID]},
    }


def rows_behind(found: dict[str, Any]) -> QuerySet[Any]:
    """The rows that a figure's filter names; ``amount_yuan`` over them gives the figure again."""
    model = apps.get_model(found["model"])
    scope = Scope.from_dict(found["scope"])
    as_at = model._default_manager.as_at(
        date.fromisoformat(found["day"]), datetime.fromisoformat(found["known_at"])
    )
    rows: QuerySet[Any] = as_at.filter(scope.q(found["pairing"]), **found["where"])
    return rows
