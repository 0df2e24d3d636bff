"""Projects of the time before this system, taken over from a ledger."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from assistance.roles import Role
from projects.actions import confirm_opening, take_over
from projects.models import Opening, Project, Sector, Source, Stage
from projects.models.funds import PAID_THROUGH_THE_LEDGER
from projects.models.history import Nature
from projects.models.works import ENDED_AT
from tests import factories as make

AS_OF = date(make.YEAR, 5, 31)
ENTERED = make.at(date(make.YEAR, 6, 1))
CONFIRMED = make.at(date(make.YEAR, 6, 2))
PER_CENT = {Stage.ACTIVE: 40, Stage.SUSPENDED: 40, Stage.TERMINATED: 40} | dict.fromkeys(
    ENDED_AT, 100
)


def ledger_share(
    amount_yuan: Decimal | int = 1_000_000,
    paid_yuan: Decimal | int = 0,
    source: str = Source.PROV,
    **plan: Any,
) -> dict[str, Any]:
    """What a ledger says about the money from one source."""
    paid = Decimal(paid_yuan) if source in PAID_THROUGH_THE_LEDGER else None
    return {
        "source": source,
        "amount_yuan": Decimal(amount_yuan),
        "paid_yuan": paid,
        **plan,
    }


def ledger_row(stage: Stage = Stage.ACTIVE, **overrides: Any) -> dict[str, Any]:
    """What ``take_over`` is told about a project at ``stage`` on 31 May: aid of a million, of which
    300,000 were paid. It has none of the columns that an application needs besides.
    """
    fields: dict[str, Any] = {
        "fiscal_year": make.YEAR,
        "name": f"演示接续项目{next(make.numbers)}",
        "sector": Sector.RURAL,
        "as_of": AS_OF,
        "stage": stage,
        "nature": Nature.NEW,
        "year": make.YEAR,
        "shares": [ledger_share(paid_yuan=300_000)],
        "physical_pct": Decimal(PER_CENT.get(stage, 0)),
        "source_file": "演示台账.xlsx",
        "source_row": 5,
    }
    fields |= overrides
    if "pairing" not in fields:
        fields["pairing"] = make.pairing()
    if "county" not in fields:
        fields["county"] = fields["pairing"].recipient
    return fields


def opening_waiting(
    stage: Stage = Stage.ACTIVE, *, now: datetime = ENTERED, **overrides: Any
) -> Opening:
    """An opening that the clerk entered and nobody confirmed."""
    return take_over(by=make.hand(Role.CLERK), now=now, **ledger_row(stage, **overrides))


def opening(
    stage: Stage = Stage.ACTIVE, *, confirmed_at: datetime = CONFIRMED, **overrides: Any
) -> Opening:
    """An opening that the reviewer confirmed."""
    waiting = opening_waiting(stage, **overrides)
    return confirm_opening(waiting, by=make.hand(Role.REVIEWER), now=confirmed_at)


def taken_over(stage: Stage = Stage.ACTIVE, **overrides: Any) -> Project:
    """The project of an opening that was confirmed."""
    found = opening(stage, **overrides)
    return Project.objects.select_related("pairing__recipient", "pairing__donor", "county").get(
        pk=found.project_id
    )
