"""The five-year plan: its indicators from the reference file, and the values that are published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assistance.actions.reference import DIRECTORY, Loaded, bring_to, reference_loader
from assistance.csv_files import read_rows
from assistance.models import PlanActual, PlanIndicator, User
from assistance.models.plan import Operator
from assistance.models.rows import entered
from assistance.table_rows import Faults, Row, first_uses

PLAN = "plan_indicators.csv"
COLUMNS = (
    "code", "name_en", "name_zh", "unit_zh", "unit_en", "operator", "target_2025", "baseline_year",
    "baseline", "computed", "caution_zh", "caution_en", "basis",
)  # fmt: skip
ENTERS, CONFIRMS = "assistance.add_planactual", "assistance.confirm_planactual"


@transaction.atomic
def record_actual(
    *,
    indicator: PlanIndicator,
    year: int,
    basis: str,
    by: User,
    now: datetime,
    value: Decimal | None = None,
    numerator: Decimal | None = None,
    denominator: Decimal | None = None,
) -> PlanActual:
    """Enter what was published for a year; of a ratio both operands instead of the value."""
    if not by.has_perm(ENTERS):
        raise PermissionDenied
    if indicator.is_computed:
        raise ValidationError(
            {"indicator": _("This indicator is computed from our own ledger; nothing is entered.")}
        )
    row = PlanActual(
        indicator=indicator, year=year, value=value, numerator=numerator, denominator=denominator,
        basis=basis.strip(), **entered(by, now),
    )  # fmt: skip
    row.full_clean()
    row.save()
    return row


@transaction.atomic
def confirm_actual(
    actual: PlanActual, *, by: User, now: datetime, version: int | None = None
) -> PlanActual:
    """Let a published value count."""
    actual = _lock(actual, by=by, version=version)
    actual.require_confirmable(by)
    actual.count(by=by, now=now)
    return actual


@transaction.atomic
def strike_out_actual(
    actual: PlanActual, *, reason: str, by: User, now: datetime, version: int | None = None
) -> PlanActual:
    """Strike a value out; it stays on record, and the right one is entered anew."""
    actual = _lock(actual, by=by, version=version)
    if not reason.strip():
        raise ValidationError({"reason": _("Give the reason; others will read it.")})
    actual.void(by=by, now=now, reason=reason.strip())
    return actual


def _lock(actual: PlanActual, *, by: User, version: int | None) -> PlanActual:
    if not by.has_perm(CONFIRMS):
        raise PermissionDenied
    actual = PlanActual.objects.lock_for(by, actual.pk, version=version)
    refusal = actual.why_not_strike_out()
    if refusal is not None:
        raise refusal
    return actual


# ------------------------------------------------------------------------------------ the file


def load_plan(directory: Path = DIRECTORY, *, now: datetime, update: bool = False) -> Loaded:
    """Bring the indicators of the plan into the database; what the office edited stays unless
    ``update``.

    BrokenFile names everything that is wrong in the file; then nothing was written.
    """
    faults = Faults()
    wanted = _checked(read_rows(directory / PLAN, COLUMNS, faults))
    faults.refuse()
    loaded = Loaded(programmes=0)
    with transaction.atomic():
        found = {row.code: row for row in PlanIndicator.objects.select_for_update()}
        by = reference_loader()
        for place, fields in enumerate(wanted, start=1):
            code = fields["code"]
            if code in found:
                bring_to(found[code], fields, f"plan indicator {code}", loaded, update=update)
            else:
                PlanIndicator.objects.create(**fields, place=place, **entered(by, now))
                loaded.added += 1
    return loaded


def _checked(rows: Sequence[Row]) -> list[Mapping[str, Any]]:
    for row, earlier in first_uses(rows, "code"):
        row.wrong("code", f"{row['code']} stands in line {earlier} already; remove one of them")
    return [
        {
            "code": row.text("code", longest=20),
            "name_zh": row.text("name_zh", longest=60),
            "name_en": row.text("name_en", longest=160),
            "unit_zh": row.text("unit_zh", longest=20),
            "unit_en": row.text("unit_en", longest=30),
            "operator": row.one_of("operator", Operator.values),
            "target": _number(row, "target_2025"),
            "baseline_year": int(row["baseline_year"]) if row["baseline_year"] else None,
            "baseline": _number(row, "baseline") if row["baseline"] else None,
            "is_computed": row.truth("computed"),
            "caution": row["caution_zh"],
            "caution_en": row["caution_en"],
            "basis": row.text("basis", longest=400),
        }
        for row in rows
    ]


def _number(row: Row, column: str) -> Decimal | None:
    try:
        return Decimal(row[column])
    except InvalidOperation:
        row.wrong(column, f"{row[column]!r} is no number; write digits with at most one point")
        return None
