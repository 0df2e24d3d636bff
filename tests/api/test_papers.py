"""Papers over the API: filed as a form, listed, fetched, struck out; once for each key."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from assistance.api.forms import LARGEST_FORM
from assistance.models import Attachment
from assistance.models.attachments import LARGEST_BYTES
from assistance.roles import Role
from projects.models import Paper, Project, Stage
from tests import factories as make
from tests.api.conftest import Ask
from tests.factories import files

pytestmark = pytest.mark.django_db

NAME = "演示批复（第1号）.pdf"


def sent(content: bytes = files.PDF, name: str = NAME) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


@pytest.fixture
def project() -> Project:
    return make.project_at(Stage.SUBMITTED, bare=True)


def test_a_paper_is_filed_listed_fetched_and_struck_out(partner: Ask, project: Project) -> None:
    county = partner()
    path = f"projects/{project.code}/papers/"
    answer = county.send_form(path, file=sent(), kind="DECISION", doc_no="演示1")
    assert answer.status_code == 201, answer.content.decode()
    paper = answer.json()
    assert answer["ETag"] == '"1"'
    assert answer["Location"] == f"http://testserver/api/v1/papers/{paper['id']}/"
    assert (paper["project"], paper["kind"], paper["file_name"]) == (project.code, "DECISION", NAME)
    assert (paper["media_type"], paper["bytes"]) == ("application/pdf", len(files.PDF))
    assert paper["allowed_actions"] == ["strike_out"]

    make.paper(make.project_at(Stage.SUBMITTED, bare=True))
    listed = county.get(path).json()["results"]
    assert [row["id"] for row in listed] == [paper["id"]]
    assert len(county.get("papers/").json()["results"]) == 2
    assert county.get("papers/", project=project.code, kind="PLAN").json()["results"] == []

    answer = county.get(f"papers/{paper['id']}/file/")
    assert answer.content == files.PDF
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]

    one = f"papers/{paper['id']}/"
    assert county.post(f"{one}strike-out/", {"reason": "演示"}).status_code == 428
    assert county.post(f"{one}strike-out/", {"reason": "演示"}, version=7).status_code == 412
    answer = county.post(f"{one}strike-out/", {"reason": "演示"}, version=1)
    assert answer.status_code == 200
    assert answer.json()["voided_at"]
    assert answer.json()["allowed_actions"] == []
    again = county.post(f"{one}strike-out/", {"reason": "演示"}, version=2)
    assert (again.status_code, again.json()["code"]) == (409, "struck_out_before")
    standing = county.get(path, is_standing="true").json()["results"]
    assert standing == []


def test_only_who_filed_a_paper_strikes_it_out(partner: Ask, project: Project) -> None:
    paper = make.paper(project)
    answer = partner().post(f"papers/{paper.pk}/strike-out/", {"reason": "x"}, version=1)
    assert answer.status_code == 403


def test_foreign_papers_are_not_there(partner: Ask) -> None:
    far = make.project_at(
        Stage.SUBMITTED, bare=True, pairing=make.pairing(make.FAR_COUNTY, make.OTHER_DONOR)
    )
    foreign, county = make.paper(far), partner()
    pairs = [
        (f"papers/{foreign.pk}/", "papers/987654321/"),
        (f"papers/{foreign.pk}/file/", "papers/987654321/file/"),
        (f"projects/{far.code}/papers/", "projects/EW20209999990001/papers/"),
    ]
    for theirs, missing in pairs:
        answers = [county.get(path) for path in (theirs, missing)]
        assert [answer.status_code for answer in answers] == [404, 404], theirs
        assert answers[0].content == answers[1].content
    answers = [
        county.send_form(f"projects/{code}/papers/", file=sent(), kind="OTHER")
        for code in (far.code, "EW20209999990001")
    ]
    answers += [
        county.post(f"papers/{pk}/strike-out/", {"reason": "x"}, version=1)
        for pk in (foreign.pk, 987654321)
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert Attachment.objects.count() == 1
    assert county.get("papers/").json()["results"] == []


def test_readers_file_nothing(partner: Ask, project: Project) -> None:
    for caller in (
        partner(Role.LEADER, make.DONOR_CITY),
        partner(may_write=False),
        partner(Role.P_EDIT, make.PREFECTURE),
    ):
        answer = caller.send_form(f"projects/{project.code}/papers/", file=sent(), kind="OTHER")
        assert answer.status_code == 403
    assert not Attachment.objects.exists()


def test_the_same_form_sent_twice_files_one_paper(partner: Ask, project: Project) -> None:
    """Each time with another boundary, as libraries draw it."""
    county = partner()
    path = f"projects/{project.code}/papers/"
    first = county.send_form(path, key="k1", file=sent(), kind="OTHER")
    parts = {"kind": "OTHER", "file": sent()}
    body = encode_multipart("another", parts)
    again = county.client.generic(
        "POST", f"/api/v1/{path}", body,
        content_type=MULTIPART_CONTENT.replace(BOUNDARY, "another"),
        headers={"Idempotency-Key": "k1"},
    )  # fmt: skip
    assert (first.status_code, again.status_code) == (201, 201)
    assert again["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()
    assert Paper.objects.count() == Attachment.objects.count() == 1
    for other in (
        {"file": sent(files.PDF.replace(b"1.4", b"1.5")), "kind": "OTHER"},
        {"file": sent(name="其他.pdf"), "kind": "OTHER"},
        {"file": sent(), "kind": "PLAN"},
    ):
        assert county.send_form(path, key="k1", **other).status_code == 422
    assert Paper.objects.count() == 1


def test_a_refused_form_may_be_sent_again_with_its_key(partner: Ask, project: Project) -> None:
    county, path = partner(), f"projects/{project.code}/papers/"
    assert county.send_form(path, key="k", file=sent(b"MZ"), kind="OTHER").status_code == 400
    assert county.send_form(path, key="k", file=sent(), kind="OTHER").status_code == 201


@pytest.mark.parametrize(
    ("parts", "wrong"),
    [
        ({"kind": "OTHER"}, "file"),
        ({"file": "no file", "kind": "OTHER"}, "file"),
        ({"file": [sent(), sent()], "kind": "OTHER"}, "file"),
        ({"file": sent(b""), "kind": "OTHER"}, "file"),
        ({"file": sent(b"MZ"), "kind": "OTHER"}, "file"),
        ({"file": sent(name="批复.docm"), "kind": "OTHER"}, "file"),
        ({"file": sent(files.PDF + b"x" * LARGEST_BYTES), "kind": "OTHER"}, "file"),
        ({"file": sent()}, "kind"),
        ({"file": sent(), "kind": "NONE"}, "kind"),
        ({"file": sent(), "kind": ["OTHER", "PLAN"]}, "kind"),
        ({"file": sent(), "kind": "OTHER", "doc_no": "x" * 81}, "doc_no"),
        ({"file": sent(), "kind": "OTHER", "stage": "CLOSED"}, "stage"),
        ({"file": sent(), "kind": "OTHER", "remarks": sent()}, "remarks"),
    ],
)
def test_what_does_not_fit_is_400_and_named(
    partner: Ask, project: Project, parts: dict[str, Any], wrong: str
) -> None:
    answer = partner().send_form(f"projects/{project.code}/papers/", **parts)
    assert answer.status_code == 400, answer.content.decode()
    assert wrong in answer.json()["errors"]
    assert not Attachment.objects.exists()


def test_a_body_that_is_no_form_or_too_large_is_refused(partner: Ask, project: Project) -> None:
    county, path = partner(), f"projects/{project.code}/papers/"
    assert county.post(path, {"kind": "OTHER"}).status_code == 415
    broken = county.client.generic(
        "POST", f"/api/v1/{path}", b"--x\r\n", content_type="multipart/form-data"
    )
    assert broken.status_code == 400
    many = county.send_form(path, file=sent(), kind="OTHER", **{f"x{n}": "1" for n in range(1100)})
    assert (many.status_code, many.json()["code"]) == (400, "too_many")
    huge = county.client.generic(
        "POST", f"/api/v1/{path}", b"", content_type=MULTIPART_CONTENT,
        CONTENT_LENGTH=str(LARGEST_FORM + 1),
    )  # fmt: skip
    assert huge.status_code == 413


def test_a_file_of_ten_megabytes_fits_into_a_form(partner: Ask, project: Project) -> None:
    padding = b" " * (LARGEST_BYTES - len(files.PDF))
    content = files.PDF.replace(b"trailer", padding + b"trailer")
    answer = partner().send_form(
        f"projects/{project.code}/papers/", file=sent(content), kind="PLAN"
    )
    assert (answer.status_code, answer.json()["bytes"]) == (201, LARGEST_BYTES)
