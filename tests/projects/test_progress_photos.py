"""Who reports more than was verified shows it; quantities count from the beginning on."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from assistance.errors import Refused
from assistance.roles import Role
from projects.actions import report_progress, return_progress
from projects.actions.progress import MOST_PHOTOS, MOST_QUANTITIES
from projects.models import Paper, ProgressReport, Project, Stage
from projects.models.evidence import PaperKind
from projects.models.history import ProgressStatus
from tests import factories as make

pytestmark = pytest.mark.django_db

ROAD = {"name": "道路", "unit": "公里", "done": "1.20"}


def report(project: Project, pct: int | str, **said: Any) -> ProgressReport:
    usual: dict[str, Any] = {"period": "2026-06", "measured_on": make.NOW.date()}
    return report_progress(
        project,
        physical_pct=Decimal(pct),
        narrative="演示",
        by=make.hand(Role.CLERK),
        now=make.NOW,
        **usual | said,
    )


def test_more_than_was_verified_needs_a_photograph() -> None:
    project = make.project_at(Stage.ACTIVE)
    with pytest.raises(Refused) as refusal:
        report(project, "0.01")
    assert refusal.value.code == "photo_missing"
    assert "photos" in refusal.value.fields
    assert not ProgressReport.objects.exists()

    made = report(project, 40, photos=[make.photo(), make.photo()])
    papers = made.papers.counting()
    assert {paper.kind for paper in papers} == {PaperKind.PHOTO}
    assert {paper.project_id for paper in papers} == {project.pk}
    assert len(papers) == 2


def test_no_more_than_was_verified_needs_none() -> None:
    project = make.project_at(Stage.ACTIVE)
    assert report(project, 0, period="2026-05", measured_on=date(2026, 5, 2)).pk
    return_progress(
        ProgressReport.objects.get(), reason="演示", by=make.hand(Role.REVIEWER), now=make.NOW
    )
    make.progress(project, 40)
    assert report(project, 40).papers.count() == 0


def test_what_was_only_reported_is_no_measure() -> None:
    project = make.project_at(Stage.ACTIVE)
    make.progress(project, 40, status=ProgressStatus.SUBMITTED)
    with pytest.raises(Refused, match=r"40\.00%"):
        report(project, 40)


def test_a_paper_is_no_photograph() -> None:
    project = make.project_at(Stage.ACTIVE)
    with pytest.raises(ValidationError) as refusal:
        report(project, 40, photos=[make.attachment()])
    assert list(refusal.value.message_dict) == ["photos"]
    with pytest.raises(ValidationError) as refusal:
        report(project, 40, photos=[make.photo()] * (MOST_PHOTOS + 1))
    assert list(refusal.value.message_dict) == ["photos"]
    assert not Paper.objects.filter(kind=PaperKind.PHOTO).exists()


def test_quantities_are_kept_with_two_decimals() -> None:
    made = report(
        make.project_at(Stage.ACTIVE),
        40,
        photos=[make.photo()],
        quantities=[
            ROAD | {"done": "1.2"},
            {"name": " 安居房 ", "unit": "套", "done": 3},
            {"name": "安居房", "unit": "平方米", "done": Decimal("300")},
        ],
    )
    made.refresh_from_db()
    assert made.quantities == [
        {"name": "道路", "unit": "公里", "done": "1.20"},
        {"name": "安居房", "unit": "套", "done": "3.00"},
        {"name": "安居房", "unit": "平方米", "done": "300.00"},
    ]


@pytest.mark.parametrize(
    "quantities",
    [
        [{"name": "道路", "unit": "公里"}],
        [ROAD | {"planned": "3"}],
        [ROAD | {"name": " "}],
        [ROAD | {"unit": ""}],
        [ROAD | {"name": "长" * 101}],
        [ROAD | {"done": "-1"}],
        [ROAD | {"done": "1.005"}],
        [ROAD | {"done": "NaN"}],
        [ROAD | {"done": "Infinity"}],
        [ROAD | {"done": "1e400"}],
        [ROAD | {"done": "很多"}],
        [ROAD | {"done": None}],
        [ROAD, ROAD | {"done": "2"}],
        [ROAD | {"name": str(n)} for n in range(MOST_QUANTITIES + 1)],
    ],
)
def test_quantities_that_do_not_fit_are_named(quantities: list[dict[str, Any]]) -> None:
    with pytest.raises(ValidationError) as refusal:
        report(make.project_at(Stage.ACTIVE), 40, photos=[make.photo()], quantities=quantities)
    assert list(refusal.value.message_dict) == ["quantities"]
    assert not Paper.objects.filter(kind=PaperKind.PHOTO).exists()


def test_quantities_never_fall_below_what_was_verified() -> None:
    project = make.project_at(Stage.ACTIVE)
    make.progress(project, 40, quantities=[ROAD])
    with pytest.raises(ValidationError, match=r"1\.20"):
        report(project, 50, photos=[make.photo()], quantities=[ROAD | {"done": "1.19"}])
    house = {"name": "安居房", "unit": "套", "done": "0"}
    assert report(project, 50, photos=[make.photo()], quantities=[ROAD, house]).pk
