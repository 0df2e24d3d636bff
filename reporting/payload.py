"""The figures of one edition in their frozen form: language-free, with the names of their day."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from assistance.models import DEMO_LEDGER, Programme, Region, Setting
from reporting.models import Edition
from reporting.reckoning import Reckoning
from reporting.sections import SECTIONS
from reporting.sections.shape import Section

SCHEMA = 1


def freeze(edition: Edition, reckoning: Reckoning) -> dict[str, Any]:
    """Compute the sections of an edition and everything that its renderings need to say."""
    definition = edition.definition
    sections = [SECTIONS[code](reckoning) for code in definition.sections]
    # whenever it was loaded: a ledger that holds demo rows says so, also about months before
    demo = Setting.objects.counting().filter(key=DEMO_LEDGER).exists()
    return {
        "schema": SCHEMA,
        "definition": definition.code,
        "titles": {"zh-hans": definition.name_zh, "en": definition.name_en},
        "cadence": definition.cadence,
        "version": edition.version,
        "period": {
            "name": str(reckoning.month),
            "starts_on": edition.period_start.isoformat(),
            "ends_on": edition.period_end.isoformat(),
        },
        "known_at": edition.data_cutoff_at.isoformat(),
        "scope": edition.scope,
        "demo": demo,
        "require_signoff": definition.require_signoff,
        "labels": _labels(edition, reckoning, sections),
        "sections": [
            {"code": s.code, "figures": s.figures, "tables": s.tables, "notes": s.notes}
            for s in sections
        ],
    }


def digest(payload: dict[str, Any]) -> str:
    """SHA-256 over the canonical JSON of the payload (sorted keys, no spaces, UTF-8)."""
    canonical = json.dumps(payload, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _labels(
    edition: Edition, reckoning: Reckoning, sections: list[Section]
) -> dict[str, dict[str, str]]:
    """Names of everything that a table names by code, as they are when the edition is built."""
    tables = [table for section in sections for table in section.tables]
    keys = {row["key"] for table in tables for row in table["rows"]}
    keys |= {cell for table in tables for row in table["rows"] for cell in row["cells"] if cell}
    keys.add(edition.scope.get("region", ""))
    names = {
        region.code: {"zh-hans": region.name_zh, "en": region.name_en or region.name_zh}
        for region in Region.objects.filter(code__in=keys)
    }
    for programme in Programme.objects.filter(code__in=keys):
        names[programme.code] = {"zh-hans": programme.name_zh, "en": programme.name_en}
    for team, _registered in reckoning.teams:
        names[f"T:{team.pk}"] = {
            "zh-hans": f"{team.batch.label} · {team.region.name_zh}",
            "en": f"{team.batch.label} · {team.region.name_en or team.region.name_zh}",
        }
    for project in reckoning.planned_projects.values():
        if f"P:{project.code}" in keys:
            names[f"P:{project.code}"] = {"zh-hans": project.name, "en": project.name}
    return names
