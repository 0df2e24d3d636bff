"""Progress over the API: as JSON with papers filed before, or as a form with photographs."""

from __future__ import annotations

from datetime import date
from typing import Any

import orjson
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from assistance.models import Attachment
from assistance.roles import Role
from projects.models import ProgressReport, Project, Stage
from projects.models.evidence import PaperKind
from tests import factories as make
from tests.api.conftest import Ask
from tests.factories import files

pytestmark = pytest.mark.django_db

SAID: dict[str, Any] = {
    "period": "2026-06",
    "measured_on": make.NOW.date().isoformat(),
    "physical_pct": "35.5",
    "narrative": "演示：路基完成",
}
ROAD = {"name": "道路", "unit": "公里", "done": "1.20"}


@pytest.fixture
def project() -> Project:
    return make.project_at(Stage.ACTIVE)


def path_of(project: Project) -> str:
    return f"projects/{project.code}/progress/"


def picture(name: str = "一.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, files.png())


def test_progress_comes_as_json_with_papers_that_were_filed(partner: Ask, project: Project) -> None:
    county = partner()
    filed = county.send_form(f"projects/{project.code}/papers/", file=picture(), kind="PHOTO")
    given = SAID | {"quantities": [ROAD], "papers": [filed.json()["id"]]}
    answer = county.post(path_of(project), given, key="k")
    assert answer.status_code == 201, answer.content.decode()
    made = answer.json()
    assert made["physical_pct"] == "35.50"
    assert made["quantities"] == [ROAD]
    assert made["status"] == "submitted"
    report = ProgressReport.objects.get()
    assert made["papers"] == [report.papers.get().pk]
    kept = Attachment.objects.get(media_type="image/png")
    assert report.papers.get().attachment_id == kept.pk
    assert answer["Location"] == f"http://testserver/api/v1/progress-reports/{report.pk}/"
    assert county.post(path_of(project), given, key="k").json() == made
    assert ProgressReport.objects.count() == 1
    assert county.get(f"progress-reports/{report.pk}/").json() == made
    for path in (path_of(project), "progress-reports/"):
        (listed,) = county.get(path).json()["results"]
        assert listed == {name: made[name] for name in listed}


def test_progress_comes_as_a_form_with_its_photographs(partner: Ask, project: Project) -> None:
    said = SAID | {"quantities": orjson.dumps([ROAD]).decode()}
    county = partner()
    answer = county.send_form(path_of(project), photos=[picture(), picture("二.png")], **said)
    assert answer.status_code == 201, answer.content.decode()
    assert len(answer.json()["papers"]) == 2
    assert answer.json()["quantities"] == [ROAD]
    papers_of = county.get(f"projects/{project.code}/papers/", kind="PHOTO").json()["results"]
    assert {row["progress_report"] for row in papers_of} == {answer.json()["id"]}


def test_more_than_was_verified_needs_a_photograph(partner: Ask, project: Project) -> None:
    answer = partner().post(path_of(project), SAID)
    assert (answer.status_code, answer.json()["code"]) == (409, "photo_missing")
    assert "photos" in answer.json()["errors"]
    assert "report_progress" in answer.json()["allowed_actions"]
    assert partner().send_form(path_of(project), **SAID).status_code == 409
    assert not ProgressReport.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("physical_pct", 35),
        ("physical_pct", "100.01"),
        ("physical_pct", "-1"),
        ("physical_pct", "1e1"),
        ("period", "2026-13"),
        ("period", "2026-05"),
        ("measured_on", "2026-06-16"),
        ("measured_on", "15.6.2026"),
        ("narrative", ""),
        ("quantities", [ROAD | {"done": 1.2}]),
        ("quantities", [ROAD | {"planned": "2"}]),
        ("quantities", [ROAD, ROAD]),
        ("quantities", "[]"),
        ("papers", ["1"]),
        ("papers", [987654321]),
        ("papers", 1),
        ("photos", ["x"]),
        ("status", "verified"),
    ],
)
def test_a_value_that_does_not_fit_is_400_and_named(
    partner: Ask, project: Project, field: str, value: Any
) -> None:
    photo = make.paper(project, PaperKind.PHOTO, file=make.photo())
    answer = partner().post(path_of(project), {**SAID, "papers": [photo.pk], field: value})
    assert answer.status_code == 400, answer.content.decode()
    assert answer.json()["errors"]
    assert not ProgressReport.objects.exists()


@pytest.mark.parametrize("quantities", ["{", "{}", "1", '[{"name": "x"}]', '["x"]'])
def test_quantities_of_a_form_that_are_no_json_array_are_named(
    partner: Ask, project: Project, quantities: str
) -> None:
    said = SAID | {"quantities": quantities}
    answer = partner().send_form(path_of(project), photos=picture(), **said)
    assert answer.status_code == 400
    assert "quantities" in answer.json()["errors"]


def test_papers_of_other_projects_and_of_other_kinds_prove_nothing(
    partner: Ask, project: Project
) -> None:
    other = make.project_at(Stage.ACTIVE)
    for paper in (
        make.paper(other, PaperKind.PHOTO, file=make.photo()),
        make.paper(project, PaperKind.PLAN),
    ):
        answer = partner().post(path_of(project), SAID | {"papers": [paper.pk]})
        assert answer.status_code == 400
        assert "papers" in answer.json()["errors"]


def test_one_bad_photograph_keeps_none(partner: Ask, project: Project) -> None:
    bad = SimpleUploadedFile("二.png", b"MZ")
    answer = partner().send_form(path_of(project), photos=[picture(), bad], **SAID)
    assert answer.status_code == 400
    assert "二.png" in answer.json()["errors"]["photos"][0]
    assert not Attachment.objects.filter(media_type__startswith="image/").exists()


def test_foreign_progress_is_not_there_and_others_report_none(partner: Ask) -> None:
    far = make.project_at(Stage.ACTIVE, pairing=make.pairing(make.FAR_COUNTY, make.OTHER_DONOR))
    report, county = make.progress(far, 40), partner()
    answers = [
        county.get(f"progress-reports/{report.pk}/"),
        county.get("progress-reports/987654321/"),
        county.get(path_of(far)),
        county.post(path_of(far), SAID),
        county.post("projects/EW20209999990001/progress/", SAID),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert county.get("progress-reports/").json()["results"] == []
    for role in (Role.P_REVIEW, Role.D_EDIT, Role.FRONT):
        near = make.project_at(Stage.ACTIVE)
        assert partner(role).post(path_of(near), SAID).status_code == 403


def test_a_list_costs_as_many_queries_however_long(
    partner: Ask, project: Project, django_assert_num_queries: Any
) -> None:
    county = partner()
    for month in (4, 5):
        make.progress(project, month * 10, measured_on=date(2026, month, 20))
    for path in (path_of(project), "progress-reports/", f"projects/{project.code}/papers/"):
        county.get(path)
        expected = 5 if path.startswith("projects/") else 4
        for limit in (1, 2):
            with django_assert_num_queries(expected):
                assert len(county.get(path, limit=limit).json()["results"]) == limit
