"""Fund plans that were published: what is known of a year before the office kept this ledger.

The rows are written directly and not through the verbs. The verbs ask who is allowed to plan and to
issue, and nobody of this office did either; the database still demands that whoever entered a plan
is not the one who lets it count, so the published source enters it and the loader counts it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction

from assistance.actions.reference import published_source, reference_loader
from assistance.csv_files import read_rows
from assistance.models import Pairing, Programme
from assistance.models.regions import RegionLevel
from assistance.models.rows import entered
from assistance.table_rows import Faults, Row, first_uses
from projects.models import FundPlan
from projects.models.funds import AID, FundPlanStatus

FUND_PLANS = Path(__file__).resolve().parent.parent / "reference" / "fund_plans_2021.csv"
COLUMNS = (
    "programme", "recipient_code", "fiscal_year", "source", "amount_yuan", "issued_on",
    "is_inferred", "basis",
)  # fmt: skip


@dataclass(frozen=True)
class Loaded:
    """Fund plans in the file, and those of them that were added."""

    plans: int
    added: int


@transaction.atomic
def load_fund_plans(path: Path = FUND_PLANS, *, now: datetime) -> Loaded:
    """Enter the published fund plans that are missing; those that are there stay as they are.

    BrokenFile names everything that is wrong in the file; then nothing was written.
    """
    faults = Faults()
    plans = _checked(read_rows(path, COLUMNS, faults))
    faults.refuse()
    enters, counts = published_source(), reference_loader()
    # two loads at once follow each other; the second then sees what the first one added
    Programme.objects.select_for_update(no_key=True).get(code="east_west")
    there = {
        (plan.pairing_id, plan.fiscal_year, plan.source)
        for plan in FundPlan.objects.standing().filter(created_by=enters)
    }
    missing = [
        FundPlan(
            **plan,
            status=FundPlanStatus.ISSUED,
            counted_at=now,
            counted_by=counts,
            **entered(enters, now),
        )
        for plan in plans
        if (plan["pairing"].pk, plan["fiscal_year"], plan["source"]) not in there
    ]
    FundPlan.objects.bulk_create(missing)
    return Loaded(len(plans), len(missing))


def _checked(rows: Sequence[Row]) -> list[dict[str, Any]]:
    for row, earlier in first_uses(
        rows, "programme", "recipient_code", "fiscal_year", "source", "issued_on"
    ):
        row.wrong("recipient_code", f"this plan stands in line {earlier} already; remove one")
    plans = []
    for row in rows:
        issued_on = _day(row)
        if not re.fullmatch(r"(199|20\d)\d", row["fiscal_year"]):
            row.wrong("fiscal_year", f"{row['fiscal_year']!r} is no year; write for example 2021")
            continue
        if not re.fullmatch(r"\d{1,16}\.\d\d", row["amount_yuan"]):
            row.wrong("amount_yuan", f"{row['amount_yuan']!r} is no sum; write yuan as 50000000.00")
            continue
        plans.append(
            {
                "pairing": _pairing(row, issued_on),
                "fiscal_year": int(row["fiscal_year"]),
                "source": row.one_of("source", AID),
                "amount_yuan": Decimal(row["amount_yuan"]),
                "issued_on": issued_on,
                "is_inferred": row.truth("is_inferred"),
                "basis": row.text("basis", longest=1000),
            }
        )
    return plans


def _day(row: Row) -> date | None:
    try:
        return date.fromisoformat(row["issued_on"])
    except ValueError:
        row.wrong("issued_on", f"{row['issued_on']!r} is no day; write it as 2021-07-07")
        return None


def _pairing(row: Row, day: date | None) -> Pairing | None:
    """The one pairing of the county on the day of issue."""
    if day is None:
        return None
    found = list(
        Pairing.objects.in_force_on(day).filter(
            programme__code=row["programme"],
            recipient__code=row["recipient_code"],
            recipient__level=RegionLevel.COUNTY,
        )
    )
    if len(found) == 1:
        return found[0]
    row.wrong(
        "recipient_code",
        f"{row['recipient_code']} has {len(found)} pairings of {row['programme']} on {day};"
        " load the pairings first, or correct the code",
    )
    return None
