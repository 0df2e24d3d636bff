"""Published figures come out as they were published, and a table that did not add up is refused."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from assistance.models.rows import entered
from assistance.roles import Role
from projects.models import Project, Stage, StageChange, YearPlanEntry
from reporting.actions.editions import build, schedule_due
from reporting.models import OutgoingMail
from reporting.models.editions import EditionStatus
from reporting.models.mail import MailKind
from reporting.sections.projects import DoesNotAddUp, check_partition
from reporting.sections.shape import points, rate
from tests import factories as make
from tests.raw_rows import triggers_asleep
from tests.reporting.mail_rows import reader, subscribe

# what other places published, each row with its source
PUBLISHED = list(
    csv.DictReader(Path(__file__).with_name("published_magnitudes.csv").read_text().splitlines())
)
RATIOS = [row for row in PUBLISHED if "/" in row["value"]]
SUMS = [row for row in PUBLISHED if "+" in row["measure"]]


@pytest.mark.parametrize("row", RATIOS, ids=lambda row: f"{row['scope']} {row['period']}")
def test_every_published_ratio_comes_out_at_one_decimal(row: dict[str, str]) -> None:
    part, whole = map(Decimal, row["value"].split("/"))
    assert f"{rate(part, whole)}%" == row["unit"]


def test_the_published_ratios_are_the_four_that_were_found() -> None:
    assert [row["value"] for row in RATIOS] == [
        "943/1022", "712/803", "45.8/110", "573.2/564.3",
    ]  # fmt: skip


@pytest.mark.parametrize("row", SUMS, ids=lambda row: row["scope"])
def test_published_parts_add_up_or_are_refused(row: dict[str, str]) -> None:
    words = row["measure"].split()
    parts = sum(map(int, words[1].split("+")))
    assert str(parts) == row["value"]
    if "does not add up" in row["unit"]:
        total = int(words[-2])
        with pytest.raises(DoesNotAddUp, match=f"{parts} projects, the year's plan has {total}"):
            check_partition(parts, total)
    else:
        assert check_partition(parts, parts)["holds"]


# Tacheng 2017: 102 projects were listed, the stages of 96 were said.
TACHENG = {Stage.COMPLETED: 44, Stage.ACTIVE: 11, Stage.READY: 10, Stage.APPROVED: 31}
NOT_SAID = 6


def tacheng() -> None:
    """The plan of a year with 102 projects, six of which are at no stage that the report knows."""
    pattern = make.draft()
    day, by = date(2026, 3, 2), make.hand(Role.CLERK)
    recorded = {"counted_at": make.at(day), "counted_by": by, **entered(by, make.at(day))}
    stages = [stage for stage, number in TACHENG.items() for _each in range(number)]
    stages += [Stage.LIBRARY] * NOT_SAID
    tables = ("projects_project", "projects_stagechange", "projects_yearplanentry")
    with triggers_asleep(*tables):
        for number, stage in enumerate(stages):
            project = Project.objects.get(pk=pattern.pk)
            project.pk, project.stage = None, stage
            project.code, project.name = f"EW2026990101T{number:03}", f"演示塔城{number}"
            project.save(force_insert=True)
            StageChange.objects.create(
                project=project, from_stage=_before(stage), to_stage=stage, effective_on=day,
                **recorded,
            )  # fmt: skip
            YearPlanEntry.objects.create(
                project=project, year=2026, nature="NEW", planned_invest_yuan=0, entered_on=day,
                **recorded,
            )  # fmt: skip


def _before(stage: Stage) -> Stage:
    road = [
        Stage.SUBMITTED, Stage.LIBRARY, Stage.APPROVED, Stage.READY, Stage.ACTIVE, Stage.COMPLETED,
    ]  # fmt: skip
    return road[road.index(stage) - 1]


def test_the_published_table_of_tacheng_would_not_have_left_the_house(db: None) -> None:
    tacheng()
    subscribe(reader(), starts_on=date(2026, 5, 1))
    now = make.at(date(2026, 6, 11))
    (pk,) = schedule_due(now)
    for _attempt in range(4):
        edition = build(pk, now=now)
    assert edition.status == EditionStatus.FAILED
    assert "the stages add up to 96 projects, the year's plan has 102" in edition.failure
    assert edition.payload is None
    assert not OutgoingMail.objects.filter(kind=MailKind.EDITION).exists()


@pytest.mark.parametrize(
    ("part", "whole", "printed"), [(1, 2000, "0.1"), (0, 5, "0.0"), (5, 0, None)]
)
def test_a_rate_is_rounded_half_up_and_of_nothing_there_is_none(
    part: int, whole: int, printed: str | None
) -> None:
    assert rate(part, whole) == printed


@pytest.mark.parametrize(
    ("now", "before", "difference"),
    [
        (("92.35", "100"), ("92.30", "100"), "0.1"),
        (("92.30", "100"), ("92.35", "100"), "-0.1"),
        (("92.30", "100"), ("92.31", "100"), "0.0"),
        (("1", "0"), ("1", "2"), None),
        (("1", "2"), ("1", "0"), None),
    ],
)
def test_points_are_rounded_once_at_the_end(
    now: tuple[str, str], before: tuple[str, str], difference: str | None
) -> None:
    a, b, c, d = map(Decimal, (*now, *before))
    assert points((a, b), (c, d)) == difference
