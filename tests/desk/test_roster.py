"""The roster at the desk: who may see it, whose rows are on it, and what is in the workbook."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, datetime

import openpyxl
from django.urls import reverse

from assistance.roles import Role
from teams.models import Direction, LeaveState, Posting, PostingState
from tests import factories as make
from tests.desk.conftest import Seat, address_of

ROSTER = "admin:teams_posting_roster"


def test_the_division_counts_and_lists(sit_down: Callable[..., Seat]) -> None:
    posting = make.posting()
    page = sit_down(Role.ORG).open(reverse(ROSTER) + "?on=2026-06-10")
    said = page.content.decode()
    assert page.status_code == 200
    assert posting.person.name in said
    assert posting.host_post in said
    assert page.context["roster"].total.in_post == 1
    assert page.context["sum"][0] == 1


def test_a_day_before_the_dispatch_is_empty(sit_down: Callable[..., Seat]) -> None:
    posting = make.posting()
    page = sit_down(Role.ORG).open(reverse(ROSTER) + "?on=2024-05-31")
    assert page.context["rows"] == []
    assert posting.person.name not in page.content.decode()


def test_the_filter_narrows_and_a_wrong_day_is_told(sit_down: Callable[..., Seat]) -> None:
    make.posting()
    org = sit_down(Role.ORG)
    narrowed = org.open(f"{reverse(ROSTER)}?on=2026-06-10&direction={Direction.IN}")
    assert narrowed.context["rows"] == []
    wrong = org.open(reverse(ROSTER) + "?on=2026-13-01")
    assert wrong.status_code == 200
    assert wrong.context["form"].errors["on"]


def test_the_workbook_is_what_the_page_shows(sit_down: Callable[..., Seat]) -> None:
    posting: Posting = make.posting(host_post="=1+1")
    answer = sit_down(Role.ORG).open(reverse(ROSTER) + "?on=2026-06-10&as=xlsx")
    listed, counted = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets
    cells = [cell.value for cell in listed[5]]
    assert posting.person.name in cells
    assert "'=1+1" in cells  # text, not a formula
    assert any(isinstance(cell, datetime) and cell.date() == date(2024, 6, 1) for cell in cells)
    assert [cell.value for cell in counted[6]][3] == 1


def test_the_page_of_a_posting_tells_its_line(sit_down: Callable[..., Seat]) -> None:
    first = make.posting(planned_end=date(2026, 6, 30))
    follows = make.posting(
        pairing=first.pairing, host_unit=first.host_unit, start_on=date(2026, 6, 1),
        succeeds=first,
    )  # fmt: skip
    page = sit_down(Role.ORG).open(address_of(first)).content.decode()
    assert address_of(follows) in page


def test_who_may_not_see_persons_reads_no_name(sit_down: Callable[..., Seat]) -> None:
    posting = make.posting()
    page = sit_down(Role.FINANCE).open(reverse(ROSTER) + "?on=2026-06-10")
    said = page.content.decode()
    assert posting.host_post in said
    assert posting.person.name not in said
    taken = sit_down(Role.FINANCE).open(reverse(ROSTER) + "?on=2026-06-10&as=xlsx")
    cells = [
        cell.value for row in openpyxl.load_workbook(io.BytesIO(taken.content)) for cell in row[5]
    ]
    assert posting.host_post in cells
    assert posting.person.name not in cells


def test_a_partner_reads_its_own_rows_only(sit_down: Callable[..., Seat]) -> None:
    own = make.posting(host_post="演示自己的岗位")
    other = make.posting(
        pairing=make.pairing(make.region("990200").code), host_post="演示别处的岗位"
    )
    partner = sit_down(Role.P_EDIT, region_code=own.region.code)
    page = partner.open(reverse(ROSTER) + "?on=2026-06-10")
    said = page.content.decode()
    assert own.host_post in said
    assert other.host_post not in said
    assert page.context["sum"][0] == 1


def test_who_runs_the_system_reads_no_roster(sit_down: Callable[..., Seat]) -> None:
    assert sit_down(Role.SYSADMIN).open(reverse(ROSTER)).status_code == 403


def test_the_list_tells_who_follows_and_who_is_away(sit_down: Callable[..., Seat]) -> None:
    followed = make.posting(planned_end=date(2026, 7, 31))
    make.posting(
        PostingState.PLANNED, pairing=followed.pairing, host_unit=followed.host_unit,
        start_on=date(2026, 8, 1), succeeds=followed,
    )  # fmt: skip
    alone, away = make.posting(planned_end=date(2026, 7, 31)), make.posting()
    make.leave(away, LeaveState.ON_LEAVE)
    org = sit_down(Role.ORG)

    def listed(query: str) -> set[int]:
        page = org.open(f"{reverse('admin:teams_posting_changelist')}?{query}")
        return {row.pk for row in page.context["cl"].result_list}

    assert listed("ending=soon") == {followed.pk, alone.pk}
    assert listed("ending=followed") == {followed.pk}
    assert listed("ending=open") == {alone.pk}
    assert listed("away=today") == {away.pk}
