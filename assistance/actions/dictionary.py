"""The dictionary of indicators, as the reference file has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from assistance.actions.reference import DIRECTORY, Loaded, bring_to, reference_loader
from assistance.csv_files import read_rows
from assistance.models import Better, Indicator, IndicatorKind, Origin, Unit
from assistance.models.pairings import ProgrammeKind
from assistance.models.rows import entered
from assistance.table_rows import Faults, Row, first_uses

INDICATORS = "indicators.csv"
COLUMNS = (
    "code", "name_zh", "name_en", "unit", "kind", "better", "origin", "programmes", "rule_zh",
    "rule_en",
)  # fmt: skip


def load_indicators(directory: Path = DIRECTORY, *, now: datetime, update: bool = False) -> Loaded:
    """Bring the indicators of the file into the database, in its order; what the office edited
    stays unless ``update``.

    BrokenFile names everything that is wrong in the file; then nothing was written.
    """
    faults = Faults()
    rows = read_rows(directory / INDICATORS, COLUMNS, faults)
    wanted = _checked(rows)
    faults.refuse()
    loaded = Loaded(programmes=0)
    with transaction.atomic():
        found = {row.code: row for row in Indicator.objects.select_for_update()}
        by = reference_loader()
        for place, fields in enumerate(wanted, start=1):
            code = fields["code"]
            if code in found:
                bring_to(found[code], fields, f"indicator {code}", loaded, update=update)
            else:
                Indicator.objects.create(**fields, place=place, **entered(by, now))
                loaded.added += 1
    return loaded


def _checked(rows: Sequence[Row]) -> list[Mapping[str, Any]]:
    for row, earlier in first_uses(rows, "code"):
        row.wrong("code", f"{row['code']} stands in line {earlier} already; remove one of them")
    found: list[Mapping[str, Any]] = []
    for row in rows:
        kinds = row["programmes"].split()
        for kind in sorted(set(kinds) - set(ProgrammeKind.values)):
            known = ", ".join(ProgrammeKind.values)
            row.wrong("programmes", f"{kind!r} is not known; write some of: {known}")
        found.append(
            {
                "code": row.text("code", longest=20),
                "name_zh": row.text("name_zh", longest=60),
                "name_en": row.text("name_en", longest=120),
                "unit": row.one_of("unit", Unit.values),
                "kind": row.one_of("kind", IndicatorKind.values),
                "better": row.one_of("better", Better.values),
                "origin": row.one_of("origin", Origin.values),
                "programme_kinds": kinds,
                "rule_zh": row.text("rule_zh", longest=400),
                "rule_en": row.text("rule_en", longest=400),
            }
        )
    return found
