"""Papers at the desk: filed with their file, fetched, struck out; photographs with a report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from assistance.models import Attachment
from assistance.models.attachments import LARGEST_BYTES
from assistance.roles import Role
from projects.models import Paper, ProgressReport, Stage
from projects.models.evidence import PaperKind
from tests import factories as make
from tests.desk.conftest import Seat, address_of, errors_on
from tests.factories import files

pytestmark = pytest.mark.django_db

Sit = Callable[..., Seat]
NAME = "演示批复（第1号）.pdf"
TODAY = make.NOW.date().isoformat()


def sent(content: bytes = files.PDF, name: str = NAME) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def file_address(paper: Paper) -> str:
    return reverse("admin:projects_paper_file", args=[paper.pk])


def test_a_paper_is_filed_shown_fetched_and_struck_out(sit_down: Sit) -> None:
    clerk, reader = sit_down(Role.CLERK), sit_down(Role.LEADER)
    project = make.project_at(Stage.SUBMITTED, bare=True)
    page = clerk.open(address_of(project, "file-paper"))
    assert 'enctype="multipart/form-data"' in page.content.decode()
    done = clerk.do(project, "file-paper", kind="DECISION", doc_no="演示1", file=sent())
    assert done.redirect_chain, errors_on(done)
    paper = Paper.objects.get()
    assert (paper.kind, paper.attachment.name) == (PaperKind.DECISION, NAME)

    page = reader.open(address_of(project)).content.decode()
    assert NAME in page
    assert file_address(paper) in page
    answer = reader.open(file_address(paper))
    assert answer.content == files.PDF
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]

    refused = clerk.do(paper, "void", reason=" ")
    assert "reason" in refused.context["form"].errors
    clerk.do(paper, "void", reason="演示:另一份")
    paper.refresh_from_db()
    assert paper.voided_by == clerk.user
    assert file_address(paper) not in reader.open(address_of(project)).content.decode()
    assert reader.open(file_address(paper)).status_code == 200  # it stays on record


def test_only_who_filed_a_paper_strikes_it_out(sit_down: Sit) -> None:
    other = sit_down(Role.CLERK)
    paper = make.paper(make.project_at(Stage.SUBMITTED, bare=True))
    assert other.open(address_of(paper, "void")).status_code == 403
    assert other.client.post(address_of(paper, "void"), {"reason": "x"}).status_code == 403
    page = other.open(address_of(paper))
    assert [step.verb.name for step in page.context["open_steps"]] == []


def test_an_outdated_page_strikes_nothing_out(sit_down: Sit) -> None:
    clerk = sit_down(Role.CLERK)
    paper = make.paper(make.project_at(Stage.SUBMITTED, bare=True), by=clerk.user)
    Paper.objects.filter(pk=paper.pk).update(updated_at=make.NOW)
    answer = clerk.do(paper, "void", reason="演示", seen_version=paper.version + 1)
    assert "您打开本页后" in errors_on(answer)
    paper.refresh_from_db()
    assert paper.voided_at is None


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", NAME),
        (b"MZ\x90", NAME),
        (files.PDF, "演示.pdf.exe"),
        (files.PDF + b"x" * LARGEST_BYTES, NAME),
    ],
)
def test_a_bad_file_is_told_at_the_field_and_nothing_is_filed(
    sit_down: Sit, content: bytes, name: str
) -> None:
    clerk = sit_down(Role.CLERK)
    answer = clerk.do(
        make.project_at(Stage.SUBMITTED, bare=True),
        "file-paper",
        kind="OTHER",
        file=sent(content, name),
    )
    assert list(answer.context["form"].errors) == ["file"]
    assert not Paper.objects.exists()
    assert not Attachment.objects.exists()


def test_a_form_without_a_file_asks_for_one(sit_down: Sit) -> None:
    answer = sit_down(Role.CLERK).do(
        make.project_at(Stage.SUBMITTED, bare=True), "file-paper", kind="OTHER"
    )
    assert list(answer.context["form"].errors) == ["file"]


def test_papers_of_a_foreign_project_are_not_there(sit_down: Sit) -> None:
    seat = sit_down(Role.P_EDIT)
    foreign = make.paper(make.draft(pairing=make.pairing(make.FAR_COUNTY, make.OTHER_DONOR)))
    own = make.paper(make.draft())
    missing = file_address(foreign).replace(f"/{foreign.pk}/", "/987654/")
    answers = [seat.open(address) for address in (file_address(foreign), missing)]
    assert {answer.status_code for answer in answers} == {404}
    listed = seat.open(reverse("admin:projects_paper_changelist"))
    assert list(listed.context["cl"].result_list) == [own]
    donor = sit_down(Role.D_EDIT)
    assert donor.open(file_address(own)).status_code == 404  # a draft is not the donor's yet


@pytest.mark.parametrize("role", [Role.LEADER, Role.AUDITOR, Role.FINANCE, Role.ORG])
def test_readers_file_nothing(sit_down: Sit, role: Role) -> None:
    project = make.project_at(Stage.SUBMITTED, bare=True)
    seat = sit_down(role)
    assert seat.open(address_of(project, "file-paper")).status_code == 403
    sent_to = seat.client.post(address_of(project, "file-paper"), {"kind": "OTHER", "file": sent()})
    assert sent_to.status_code == 403
    assert not Paper.objects.exists()


def test_nobody_without_an_account_fetches_a_file(client: Any) -> None:
    paper = make.paper(make.project_at(Stage.SUBMITTED, bare=True))
    assert client.get(file_address(paper)).status_code == 302
    admin = Seat(make.user_with(Role.SYSADMIN))
    assert admin.open(file_address(paper)).status_code == 403


def progress(**changed: Any) -> dict[str, Any]:
    said = {
        "period": "2026-06", "measured_on": TODAY, "physical_pct": "40", "narrative": "路基完成",
        "quantities-0-name": "道路", "quantities-0-unit": "公里", "quantities-0-done": "1.2",
    }  # fmt: skip
    return said | changed


def test_progress_is_reported_with_several_photographs(sit_down: Sit) -> None:
    clerk = sit_down(Role.CLERK)
    project = make.project_at(Stage.ACTIVE)
    page = clerk.open(address_of(project, "report-progress")).content.decode()
    assert "multiple" in page
    assert "新建大棚" in page  # the outputs that the project promised are ready to be counted
    photos = [sent(files.png(), "一.png"), sent(files.jpeg(), "二.jpg")]
    done = clerk.do(project, "report-progress", **progress(photos=photos))
    assert done.redirect_chain, errors_on(done)
    report = ProgressReport.objects.get()
    assert report.quantities == [{"name": "道路", "unit": "公里", "done": "1.20"}]
    assert {paper.attachment.name for paper in report.papers.all()} == {"一.png", "二.jpg"}
    assert "二.jpg" in clerk.open(address_of(report)).content.decode()
    assert "道路 1.20 公里" in clerk.open(address_of(project)).content.decode()


def test_progress_without_a_photograph_or_with_a_bad_one_is_told_at_the_field(
    sit_down: Sit,
) -> None:
    clerk = sit_down(Role.CLERK)
    project = make.project_at(Stage.ACTIVE)
    for photos in ([], [sent(files.png(), "一.png"), sent(b"MZ", "二.png")], [sent()]):
        answer = clerk.do(project, "report-progress", **progress(photos=photos))
        assert "photos" in answer.context["form"].errors, photos
        assert "路基完成" in answer.content.decode()
    answer = clerk.do(
        project, "report-progress",
        **progress(photos=[sent(files.png(), "一.png")], **{"quantities-0-done": "1.234"}),
    )  # fmt: skip
    assert "quantities" in answer.context["form"].errors
    assert "1.234" in answer.content.decode()
    assert not ProgressReport.objects.exists()
    assert not Attachment.objects.filter(media_type__startswith="image/").exists()
