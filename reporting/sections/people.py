"""The chapter on people: who is in post where, who came, who left, who is about to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from reporting.reckoning import Reckoning
from reporting.sections.shape import Section, row
from teams.models import Category, Direction

PROFESSIONALS = frozenset({Category.TEACHER, Category.DOCTOR, Category.AGRI, Category.OTHER_TECH})
COLUMNS = ("in_post_cadre", "in_post_tech", "in_post", "new", "returned", "expiring", "overstayed")


def people(r: Reckoning) -> Section:
    """Distinct persons, never person-times; declared headcounts are shown beside the registered."""
    section = Section("people")
    totals = dict(zip(COLUMNS, _cells(r), strict=True))
    formulas = {
        "in_post": "persons, start_on <= T <= end_on",
        "in_post_cadre": "in_post[CADRE]",
        "in_post_tech": "in_post[TEACHER, DOCTOR, AGRI, OTHER_TECH]",
        "new": "start_on in period",
        "returned": "end_on in period",
        "expiring": f"in post, planned_end in (T, T+{r.expiring_days}]",
        "overstayed": "in post, planned_end < T",
    }
    for code, formula in formulas.items():
        section.add(code, "persons", totals[code], formula=formula)
    section.add(
        "expiring_within", "days", str(r.expiring_days), formula="setting that applies at T"
    )
    declared = sum(team.declared_headcount for team, _registered in r.teams)
    registered = sum(registered for _team, registered in r.teams)
    section.add("declared", "persons", str(declared), formula="sum(declared_headcount)")
    section.add("registered", "persons", str(registered), formula="persons in post in a team")
    section.add("gap", "persons", str(declared - registered), formula="declared - registered")
    everywhere = {
        found["region__code"]
        for rows in (r.postings_in_post, r.postings_begun_in_month, r.postings_ended_in_month)
        for found in rows
    }
    rows = [row(code, _cells(r, region__code=code)) for code in sorted(everywhere)]
    section.table(
        "by_region",
        [(code, "persons") for code in COLUMNS],
        [*rows, row("total", list(totals.values()), kind="total")],
    )
    section.table(
        "by_direction",
        [(code, "persons") for code in ("in_post_cadre", "in_post_tech", "in_post")],
        [row(d.value, _cells(r, direction=d.value)[:3]) for d in Direction],
    )
    section.table(
        "teams",
        [(code, "persons") for code in ("declared", "registered", "gap")],
        [
            row(
                f"T:{team.pk}",
                [str(n) for n in (team.declared_headcount, found, team.declared_headcount - found)],
            )
            for team, found in r.teams
        ],
    )
    return section


def _cells(r: Reckoning, **where: str) -> list[str]:
    in_post = _fitting(r.postings_in_post, where)
    soon = r.at.day + timedelta(days=r.expiring_days)
    place = {key: value for key, value in where.items() if key == "region__code"}
    return [
        _persons(p for p in in_post if p["category"] == Category.CADRE),
        _persons(p for p in in_post if p["category"] in PROFESSIONALS),
        _persons(in_post),
        _persons(_fitting(r.postings_begun_in_month, place)),
        _persons(_fitting(r.postings_ended_in_month, place)),
        _persons(p for p in in_post if r.at.day < p["end_then"] <= soon),
        _persons(p for p in in_post if p["end_then"] < r.at.day),
    ]


def _fitting(postings: list[Mapping[str, Any]], where: dict[str, str]) -> list[Mapping[str, Any]]:
    return [p for p in postings if all(p[key] == value for key, value in where.items())]


def _persons(postings: Iterable[Mapping[str, Any]]) -> str:
    return str(len({p["person_id"] for p in postings}))
