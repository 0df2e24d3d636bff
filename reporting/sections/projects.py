"""The chapter on projects: the year's plan by stage, without rest; starts, completions, delays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from projects.models import BUCKETS, RESERVE, Stage
from projects.models.history import Nature
from reporting.reckoning import COMPLETED_OR_LATER, STARTED_OR_LATER, Reckoning, Spell
from reporting.sections.shape import Section, one_decimal, rate, row

LONGEST_DELAYS = 10  # rows of the list


class DoesNotAddUp(Exception):  # noqa: N818  what it says is the finding, not a fault
    """The parts of a table differ from its total: the report must not leave the house."""


def projects(r: Reckoning) -> Section:
    """N projects of the year's plan, new and continuing, each in one bucket of stages."""
    section = Section("projects")
    spells = r.year_plan
    new = [s for s in spells if s.nature == Nature.NEW]
    cont = [s for s in spells if s.nature == Nature.CONT]
    started, resumed = count_started(spells), sum(s.stage in STARTED_OR_LATER for s in cont)
    done = [s for s in spells if s.stage in COMPLETED_OR_LATER]
    accepted = sum(s.stage in BUCKETS["accepted"] for s in spells)
    due, in_time, late = _deadlines(r)
    weighed = sum(
        (r.aid_of_project.get(s.project, Decimal(0)) * _progress(r, s) for s in spells), Decimal(0)
    )
    aid = sum((r.aid_of_project.get(s.project, Decimal(0)) for s in spells), Decimal(0))
    for code, number, formula in (
        ("projects_planned", len(spells), "N = N_new + N_cont"),
        ("new_projects", len(new), "N_new"),
        ("continuing_projects", len(cont), "N_cont"),
        ("released", r.released, "#(released_on <= T)"),
        ("started", started, "#(NEW, actual_start <= T)"),
        ("resumed", resumed, "#(CONT under way or completed at T)"),
        ("completed", len(done), "#(actual_end <= T)"),
        ("accepted", accepted, "#(ACCEPTED or later)"),
        ("overdue", len(late), "#(planned_end < T, not completed)"),
        ("reserve", reserve(r), "#(SUBMITTED, LIBRARY)"),
        ("started_month", started - count_started(r.year_plan_before), "started(T) - started(T-1)"),
        (
            "completed_month",
            len(done) - sum(s.stage in COMPLETED_OR_LATER for s in r.year_plan_before),
            "completed(T) - completed(T-1)",
        ),
    ):
        section.add(code, "projects", str(number), formula=formula)
    for code, part, whole, formula in (
        ("start_rate", started, len(new), "started / N_new"),
        ("resume_rate", resumed, len(cont), "resumed / N_cont"),
        ("completion_rate", len(done), len(spells), "completed / N"),
        ("on_time_rate", in_time, due, "#(actual_end <= planned_end <= T) / #(planned_end <= T)"),
        ("acceptance_rate", accepted, len(done), "accepted / completed"),
    ):
        section.add(code, "percent", rate(part, whole), of=(part, whole), formula=formula)
    section.add(
        "weighted_progress",
        "percent",
        str(one_decimal(weighed / aid)) if aid else None,
        of=(weighed, aid),
        formula="sum(alloc * physical_pct) / sum(alloc)",
    )
    taken_over = sum(s.project in r.taken_over for s in spells)
    if taken_over:
        section.note("taken_over", projects=str(taken_over))
    section.tables.append(_buckets(new, cont))
    section.table(
        "by_programme",
        [
            (code, "projects")
            for code in ("projects_planned", "new_projects", "started", "completed", "accepted")
        ],
        _by_programme(r),
    )
    section.table(
        "overdue",
        [
            ("name", "text"),
            ("county", "text"),
            ("planned_end", "date"),
            ("days_overdue", "days"),
            ("physical_pct", "percent"),
        ],
        late[:LONGEST_DELAYS],
    )
    return section


def count_started(spells: Iterable[Spell]) -> int:
    """New projects whose works began; continuing ones are reported as resumed instead."""
    return sum(s.started and s.nature == Nature.NEW for s in spells)


def reserve(r: Reckoning) -> int:
    """Applications and library projects: shown apart, never part of the total."""
    return sum(stage in RESERVE for stage in r.stages.values())


def _progress(r: Reckoning, spell: Spell) -> Decimal:
    return r.progress.get(spell.project, Decimal(0))


def _deadlines(r: Reckoning) -> tuple[int, int, list[dict[str, Any]]]:
    """Projects due by T, those of them completed in time, and rows of those that are overdue."""
    due = in_time = 0
    late = []
    for spell in r.year_plan:
        project = r.planned_projects[spell.project]
        if project.planned_end is None or project.planned_end > r.at.day:
            continue
        due += 1
        ended_on = r.completed_on.get(spell.project)
        in_time += ended_on is not None and ended_on <= project.planned_end
        is_over = spell.stage in COMPLETED_OR_LATER or spell.stage == Stage.TERMINATED
        if not is_over and project.planned_end < r.at.day:
            late.append(
                row(
                    f"P:{project.code}",
                    [
                        project.name,
                        project.county.code,
                        project.planned_end.isoformat(),
                        str((r.at.day - project.planned_end).days),
                        str(one_decimal(_progress(r, spell))),
                    ],
                )
            )
    late.sort(key=lambda found: (-int(found["cells"][3]), found["key"]))
    return due, in_time, late


def _buckets(new: list[Spell], cont: list[Spell]) -> dict[str, Any]:
    """Stages in the order of the road; the parts must add up to the whole or the run fails."""
    bucket_of = {stage.value: code for code, stages in BUCKETS.items() for stage in stages}
    rows = []
    for key, spells in (("new", new), ("continuing", cont), ("total", [*new, *cont])):
        counts = Counter(bucket_of.get(spell.stage, "") for spell in spells)
        cells = [str(counts[code]) for code in BUCKETS]
        rows.append(row(key, [*cells, str(len(spells))], kind="total" if key == "total" else "row"))
    parts = sum(int(cell) for cell in rows[-1]["cells"][:-1])
    total = len(new) + len(cont)
    control = check_partition(parts, total)
    section = Section("")
    section.table(
        "buckets",
        [*((code, "projects") for code in BUCKETS), ("total", "projects")],
        rows,
        control=control,
    )
    return section.tables[0]


def check_partition(parts: int, total: int) -> dict[str, Any]:
    """The control total of a table that has to be exhaustive; DoesNotAddUp where it is not."""
    if parts != total:
        raise DoesNotAddUp(f"the stages add up to {parts} projects, the year's plan has {total}")
    return {"sum": str(parts), "total": str(total), "holds": True}


def _by_programme(r: Reckoning) -> list[dict[str, Any]]:
    by_programme: dict[str, list[Spell]] = {}
    for spell in r.year_plan:
        code = r.planned_projects[spell.project].pairing.programme.code
        by_programme.setdefault(code, []).append(spell)
    rows = [row(code, _counts(spells)) for code, spells in sorted(by_programme.items())]
    return [*rows, row("total", _counts(r.year_plan), kind="total")]


def _counts(spells: list[Spell]) -> list[str]:
    return [
        str(len(spells)),
        str(sum(s.nature == Nature.NEW for s in spells)),
        str(count_started(spells)),
        str(sum(s.stage in COMPLETED_OR_LATER for s in spells)),
        str(sum(s.stage in BUCKETS["accepted"] for s in spells)),
    ]
