"""A roster goes over the desk: the template, the preview, and only then the entry."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from assistance.roles import Role
from teams.models import Batch, Person, Posting, PostingState
from tests import factories as make
from tests import planted
from tests.desk.conftest import Seat
from tests.factories.files import png
from tests.rosters import filled, line

pytestmark = pytest.mark.django_db

Sit = Callable[..., Seat]


@pytest.fixture
def batch() -> Batch:
    make.pairing()
    return make.team(make.PREFECTURE, dispatched_on=date(2026, 6, 1)).batch


def address_of(batch: Batch) -> str:
    return reverse("admin:teams_batch_roster", args=[batch.pk])


def hand_in(seat: Seat, batch: Batch, content: bytes, **fields: Any) -> Any:
    sent = SimpleUploadedFile(fields.pop("name", "花名册.xlsx"), content)
    asked = {"file": sent, "dispatches": "yes", "letter_no": "演示函1"} | fields
    return seat.client.post(address_of(batch), asked)


def confirm(seat: Seat, batch: Batch, page: Any) -> Any:
    sealed = page.context["sealed"]
    return seat.client.post(address_of(batch), {"sealed": sealed}, follow=True)


def said_on(page: Any) -> str:
    return str(page.content.decode())


def test_the_batch_leads_to_its_roster_and_the_template(sit_down: Sit, batch: Batch) -> None:
    seat = sit_down(Role.ORG)
    own = seat.open(reverse("admin:teams_batch_change", args=[batch.pk]))
    assert address_of(batch) in said_on(own)
    page = seat.open(address_of(batch))
    template = reverse("admin:teams_batch_template", args=[batch.pk])
    assert template in said_on(page)
    saved = seat.open(template)
    assert saved["Content-Disposition"] == 'attachment; filename="roster-2026-06-01.xlsx"'
    book = openpyxl.load_workbook(BytesIO(saved.content))
    sheet, told, words = book.worksheets
    assert [sheet.title, told.title] == ["花名册", "填写说明"]
    assert words.sheet_state == "hidden"
    headings = [cell.value for cell in sheet[1]]
    assert headings[:4] == ["序号", "姓名*", "身份证号*", "电话"]
    assert sheet.column_dimensions["C"].width > 18
    assert sheet.freeze_panes == "C2"
    lists = [rule for rule in sheet.data_validations.dataValidation if rule.type == "list"]
    assert len(lists) == 7
    for rule in lists:
        place = str(rule.sqref).split(":")[0].rstrip("0123456789")
        column = [cell.value for cell in words[place] if cell.value]
        assert rule.formula1 == f"'可选项'!${place}$1:${place}${len(column)}"
        assert len(column) > 1
    assert batch.label in str(told["A1"].value)


def test_a_roster_is_looked_at_and_then_entered(sit_down: Sit, batch: Batch) -> None:
    seat, rows = sit_down(Role.ORG), [line(), line(), line()]
    page = hand_in(seat, batch, filled(batch, *rows))
    assert page["Cache-Control"] == "no-store, private"
    assert planted.numbers_in(page.content) == []
    for row in rows:
        assert row["name"] in said_on(page)
        assert f"330***********{row['national_id'][-4:]}" in said_on(page)
    assert not Person.objects.exists()
    page = confirm(seat, batch, page)
    assert "已登记3行" in said_on(page)
    assert Posting.objects.filter(state=PostingState.ACTIVE, team__batch=batch).count() == 3
    entry = LogEntry.objects.latest("pk")
    assert (entry.object_id, "花名册.xlsx" in entry.change_message) == (str(batch.pk), True)
    again = hand_in(seat, batch, filled(batch, *rows))
    assert "无须再办" in said_on(again)
    assert 'name="sealed"' not in said_on(again)


def test_a_roster_can_be_planned_only(sit_down: Sit, batch: Batch) -> None:
    seat = sit_down(Role.ORG)
    page = hand_in(seat, batch, filled(batch, line()), dispatches="no", letter_no="")
    confirm(seat, batch, page)
    assert Posting.objects.get().state == PostingState.PLANNED


def test_faults_name_their_cells_and_nothing_is_entered(sit_down: Sit, batch: Batch) -> None:
    seat = sit_down(Role.ORG)
    broken = filled(batch, line(), line(category="演示厨师", region=""), line(phone="123"))
    page = hand_in(seat, batch, broken)
    for cell in ("R3", "M3", "D4"):
        assert f"<td>{cell}</td>" in said_on(page)
    assert "共有3处须修改" in said_on(page)
    assert 'type="file"' in said_on(page)
    assert planted.numbers_in(page.content) == []
    assert not Person.objects.exists()


def test_of_many_faults_the_first_are_shown(
    sit_down: Sit, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("teams.admin.batch_roster.MOST_FAULTS", 1)
    page = hand_in(sit_down(Role.ORG), batch, filled(batch, line(region="", term="")))
    assert "共有2处须修改" in said_on(page)
    assert "以下仅列出前1处" in said_on(page)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("花名册.xlsx", b"", "空"),
        ("花名册.xlsx", b"PK\x03\x04 nothing", "损坏"),
        ("花名册.csv", b"a,b", ".xlsx"),
        ("照片.png", png(), ".xlsx"),
    ],
)
def test_what_is_no_workbook_is_told_at_the_file(
    sit_down: Sit, batch: Batch, name: str, content: bytes, said: str
) -> None:
    page = hand_in(sit_down(Role.ORG), batch, content, name=name)
    assert said in str(page.context["form"].errors["file"])


def test_what_changed_after_the_preview_is_told_and_nothing_entered(
    sit_down: Sit, batch: Batch
) -> None:
    seat, first, second = sit_down(Role.ORG), line(), line()
    page = hand_in(seat, batch, filled(batch, first, second))
    make.person(national_id=second["national_id"], name="演示别人")
    page = confirm(seat, batch, page)
    assert "<td>B3</td>" in said_on(page)
    assert Person.objects.count() == 1


def test_a_preview_is_of_one_account_and_one_batch(sit_down: Sit, batch: Batch) -> None:
    seat = sit_down(Role.ORG)
    page = hand_in(seat, batch, filled(batch, line()))
    other = make.team(make.COUNTY, dispatched_on=date(2026, 6, 1)).batch
    for somebody, where in ((sit_down(Role.ORG), batch), (seat, other)):
        answer = confirm(somebody, where, page)
        assert "预览已失效" in said_on(answer)
    answer = seat.client.post(address_of(batch), {"sealed": "演示"}, follow=True)
    assert "预览已失效" in said_on(answer)
    assert not Person.objects.exists()


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.AUDITOR, Role.LEADER])
def test_nobody_else_comes_here(sit_down: Sit, batch: Batch, role: Role) -> None:
    seat = sit_down(role)
    for name in ("roster", "template"):
        address = reverse(f"admin:teams_batch_{name}", args=[batch.pk])
        assert seat.open(address).status_code == 403
    own = seat.open(reverse("admin:teams_batch_change", args=[batch.pk]))
    assert address_of(batch) not in said_on(own)


def test_a_batch_that_is_not_there_is_not_found(sit_down: Sit) -> None:
    seat = sit_down(Role.ORG)
    assert seat.open(reverse("admin:teams_batch_roster", args=[0])).status_code == 404
