"""A whole batch is entered from its roster: all of it, or nothing and every fault at its cell."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import translation

from assistance.errors import BrokenFile, Fault
from assistance.models import Organisation, Pairing
from assistance.models.regions import OrganisationKind
from assistance.roles import Role
from teams.actions import enter_roster, read_roster
from teams.actions.batch_roster import Done
from teams.models import (
    Batch,
    Category,
    Direction,
    GroupType,
    NumberReading,
    Person,
    Posting,
    PostingState,
    Term,
)
from tests import factories as make
from tests.at_once import at_once, refusals
from tests.rosters import filled, line, owner

pytestmark = pytest.mark.django_db

FIRST, LAST = date(2026, 6, 1), date(2027, 5, 31)


@pytest.fixture(autouse=True)
def _in_english() -> Any:
    with translation.override("en"):
        yield


@pytest.fixture
def batch() -> Batch:
    """A batch with one team, in the prefecture of a county that is helped since 2021."""
    make.pairing()
    return make.team(make.PREFECTURE, dispatched_on=FIRST).batch


def enter(batch: Batch, *rows: dict[str, Any], **options: Any) -> list[Done]:
    content = filled(batch, *rows)
    read = read_roster(content, file="roster.xlsx")
    by = options.pop("by", None) or make.hand(Role.ORG)
    return enter_roster(batch, read, by=by, now=make.NOW, **{"letter_no": "演示函1"} | options)


def faults_of(batch: Batch, *rows: dict[str, Any], **options: Any) -> list[Fault]:
    before = Person.objects.count(), Posting.objects.count(), Organisation.objects.count()
    with pytest.raises(BrokenFile) as broken:
        enter(batch, *rows, **options)
    after = Person.objects.count(), Posting.objects.count(), Organisation.objects.count()
    assert after == before, "something of a broken roster was written"
    return broken.value.faults


def cells_of(faults: list[Fault]) -> dict[str, str]:
    return {fault.cell or str(fault.line): fault.cause for fault in faults}


def test_a_row_becomes_a_person_in_post(batch: Batch) -> None:
    row = line(region="演示地区990101", ethnicity="汉族", rank="四级调研员", group_type="EDUCATION",
               is_planned_quota="否", letter_no="演示函7", start_on=date(2026, 6, 10))  # fmt: skip
    [done] = enter(batch, row)
    person = owner(row["national_id"])
    posting = Posting.objects.get()
    assert (person.name, person.ethnicity, person.rank, person.birth_ym, person.gender) == (
        row["name"], "汉族", "四级调研员", "1980-06", "F",
    )  # fmt: skip
    assert {number.plain() for number in person.numbers.all()} == {row["national_id"], row["phone"]}
    assert posting.person == person
    assert posting.team == batch.teams.get()
    assert (posting.region.code, posting.pairing) == (make.COUNTY, Pairing.objects.get())
    assert (posting.host_unit.name_zh, posting.host_unit.kind) == ("演示接收单位", "school")
    assert posting.host_unit.region.code == make.COUNTY
    assert (posting.category, posting.term, posting.group_type, posting.is_planned_quota) == (
        Category.TEACHER, Term.Y1, GroupType.EDUCATION, False,
    )  # fmt: skip
    assert (posting.state, posting.letter_no) == (PostingState.ACTIVE, "演示函7")
    assert (posting.start_on, posting.planned_end) == (date(2026, 6, 10), LAST)
    assert posting.direction == Direction.OUT
    assert done.steps == ["person entered", "unit entered", "posting planned", "dispatched"]
    assert row["national_id"] not in repr(done)


def test_blank_cells_mean_what_the_template_says(batch: Batch) -> None:
    enter(batch, line())
    posting = Posting.objects.get()
    assert (posting.start_on, posting.letter_no) == (FIRST, "演示函1")
    assert (posting.is_planned_quota, posting.group_type) == (True, GroupType.NONE)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_words_of_either_language_are_understood(batch: Batch, language: str) -> None:
    said = {"zh-hans": ("党政干部", "1年", "女", "学校"),
            "en": ("Party and government cadre", "1 year", "Female", "School")}  # fmt: skip
    category, term, gender, kind = said[language]
    row = line(category=category, term=term, gender=gender, unit_kind=kind)
    content = filled(batch, row, language=language)
    rows = read_roster(content, file="roster.xlsx")
    enter_roster(batch, rows, by=make.hand(Role.ORG), now=make.NOW, letter_no="演示函1")
    posting = Posting.objects.get()
    assert (posting.category, posting.term) == (Category.CADRE, Term.Y1)


@pytest.mark.parametrize("day", ["2026-06-03", "2026/6/3", "2026.6.3", "2026年6月3日"])
def test_days_are_understood_as_people_write_them(batch: Batch, day: str) -> None:
    enter(batch, line(start_on=day))
    assert Posting.objects.get().start_on == date(2026, 6, 3)


def test_the_same_roster_again_changes_nothing(batch: Batch) -> None:
    rows = [line(), line(), line()]
    enter(batch, *rows)
    persons = list(Person.objects.order_by("pk").values())
    postings = list(Posting.objects.order_by("pk").values())
    again = enter(batch, *rows)
    assert [done.steps for done in again] == [[], [], []]
    assert list(Person.objects.order_by("pk").values()) == persons
    assert list(Posting.objects.order_by("pk").values()) == postings


def test_a_preview_writes_nothing_but_whom_it_recognised(batch: Batch) -> None:
    known, new = line(), line()
    enter(batch, known)
    before = NumberReading.objects.count(), Posting.objects.count()
    [_known, done] = enter(batch, known, new, dry_run=True)
    assert done.steps[-1] == "dispatched"
    assert not Person.objects.filter(name=new["name"]).exists()
    assert Organisation.objects.filter(name_zh="演示接收单位").count() == 1
    assert (NumberReading.objects.count(), Posting.objects.count()) == (before[0] + 1, before[1])
    reading = NumberReading.objects.latest("pk")
    assert reading.person == owner(known["national_id"])
    assert batch.label in reading.reason


def test_whom_a_broken_roster_recognised_is_on_record_too(batch: Batch) -> None:
    person = make.person()
    number = person.numbers.get(kind="national_id").plain()
    [fault] = faults_of(batch, line(national_id=number, name="演示别人"))
    assert fault.cell == "B2"
    assert "another name" in fault.cause
    assert person.name not in fault.cause
    assert NumberReading.objects.get().person == person


def test_planned_first_and_dispatched_by_the_same_roster_later(batch: Batch) -> None:
    row = line()
    [done] = enter(batch, row, dispatches=False, letter_no="")
    assert done.steps == ["person entered", "unit entered", "posting planned"]
    assert Posting.objects.get().state == PostingState.PLANNED
    row |= {"host_post": "演示新岗位", "planned_end": date(2027, 6, 30)}
    [done] = enter(batch, row)
    assert done.steps == ["posting changed", "dispatched"]
    assert ("Post", "演示岗位", "演示新岗位") in done.changes
    posting = Posting.objects.get()
    assert (posting.host_post, posting.planned_end) == ("演示新岗位", date(2027, 6, 30))
    assert posting.first_planned_end == date(2027, 6, 30)


def test_who_was_dispatched_is_not_changed_from_a_roster(batch: Batch) -> None:
    row = line()
    enter(batch, row)
    faults = faults_of(batch, row | {"host_post": "演示他处", "term": Term.Y2})
    assert {fault.column for fault in faults} == {"岗位", "任期"}
    assert "演示岗位" in cells_of(faults)["Q2"]


def test_a_posting_that_was_extended_since_is_the_same(batch: Batch) -> None:
    row = line()
    enter(batch, row)
    make.extension(Posting.objects.get())
    [done] = enter(batch, row)
    assert done.steps == []


def test_what_a_person_is_now_is_taken_over_and_shown(batch: Batch) -> None:
    person = make.person(name="演示回归者", rank="演示科员")
    number = person.numbers.get(kind="national_id").plain()
    phone = make.phone()
    row = line(name="演示回归者", national_id=number, rank="演示科长", phone=phone)
    [done] = enter(batch, row)
    assert done.steps[0] == "particulars changed"
    assert ("Rank", "演示科员", "演示科长") in done.changes
    assert phone not in repr(done)
    person.refresh_from_db()
    assert (person.rank, person.numbers.get(kind="phone").plain()) == ("演示科长", phone)


def test_every_cell_that_does_not_fit_is_named_at_once(batch: Batch) -> None:
    good, number = line(), make.id_number()
    rows = [
        good,
        line(name="", category="演示厨师", planned_end="演示某日", phone="123"),
        line(national_id=good["national_id"]),
        line(national_id=float(f"{number[:15]}000")),
        line(region="演示别处", host_unit="", home_unit=f"演示 {make.phone()}"),
        line(region=make.FAR_COUNTY),
        line(unit_kind="", host_unit="演示接收单伍"),
        line(planned_end=date(2026, 5, 1)),
        line(start_on=date(2026, 7, 1)),
        line(gender="M"),
    ]
    make.region(make.FAR_COUNTY)
    Organisation.objects.create(
        name_zh="演示接收单位", kind=OrganisationKind.SCHOOL, region=make.region()
    )
    found = cells_of(faults_of(batch, *rows))
    for cell, said in {
        "B3": "Fill this in.", "R3": "write one of", "U3": "is no day", "D3": "Telephone",
        "C4": "in line 2 already", "C5": "lost the last digits",
        "M6": "helps no region of this name", "O6": "Fill this in.", "J6": "ID or telephone",
        "M7": "helps no region of this name", "O8": "similar: 演示接收单位",
        "U9": "The planned end lies before the start.", "T10": "dispatch it on",
        "C11": "gender is not",
    }.items():  # fmt: skip
        assert cell in found, (cell, found)
        assert said in found[cell], (cell, found[cell])


def test_rows_that_need_one_another_are_judged_in_their_order(batch: Batch) -> None:
    leaving = make.posting(
        start_on=date(2024, 6, 1), planned_end=date(2026, 6, 10),
        host_unit=make.organisation(OrganisationKind.SCHOOL),
    )  # fmt: skip
    name = leaving.person.name
    unit = leaving.host_unit.name_zh
    enter(batch, line(host_unit=unit, unit_kind="", succeeds=name))
    assert Posting.objects.get(team__batch=batch).succeeds == leaving
    [fault] = faults_of(batch, line(host_unit=unit, unit_kind="", succeeds=name))
    assert "take over this post already" in fault.cause
    [fault] = faults_of(batch, line(host_unit=unit, unit_kind="", succeeds="演示无名氏"))
    assert "Nobody of this name" in fault.cause


def test_one_person_is_not_in_two_places(batch: Batch) -> None:
    posting = make.posting()
    number = posting.person.numbers.get(kind="national_id").plain()
    row = line(national_id=number, name=posting.person.name)
    [fault] = faults_of(batch, row)
    assert fault.cause == "This person already has a posting on some of these days."


def test_several_donors_have_to_be_told_apart(batch: Batch) -> None:
    other = make.pairing(donor="330199")
    [fault] = faults_of(batch, line())
    assert (fault.cell, "330199" in fault.cause) == ("N2", True)
    enter(batch, line(donor="330199"))
    assert Posting.objects.get().pairing == other
    [fault] = faults_of(batch, line(donor="演示"))
    assert (fault.cell, "no pairing" in fault.cause) == ("N2", True)


def test_the_team_is_the_nearest_and_has_to_be_there(batch: Batch) -> None:
    near = make.team(make.COUNTY, batch=batch)
    enter(batch, line())
    assert Posting.objects.get().team == near
    make.pairing(make.FAR_COUNTY)
    [fault] = faults_of(batch, line(region=make.FAR_COUNTY))
    assert "no team for" in fault.cause


def test_who_comes_in_works_at_a_unit_of_the_donor(batch: Batch) -> None:
    enter(batch, line(direction=Direction.IN))
    posting = Posting.objects.get()
    assert (posting.region.code, posting.host_unit.region.code) == (make.COUNTY, make.DONOR)


def test_a_letter_is_needed_to_dispatch(batch: Batch) -> None:
    [fault] = faults_of(batch, line(), letter_no=" ")
    assert (fault.cell, "dispatch letter" in fault.cause) == ("Z2", True)


def test_a_roster_without_rows_or_with_too_many_is_refused(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BrokenFile, match="There is no row"):
        enter(batch)
    monkeypatch.setattr("teams.actions.batch_roster.MOST_ROWS", 1)
    with pytest.raises(BrokenFile, match="more than 1 rows"):
        enter(batch, line(), line())


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ORG])
def test_nobody_else_enters_a_roster(batch: Batch, role: Role) -> None:
    with pytest.raises(PermissionDenied):
        enter(batch, line(), by=make.user_with(role))
    assert not Person.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_same_roster_handed_in_by_many_at_once_is_entered_once() -> None:
    make.pairing()
    batch = make.team(make.PREFECTURE, dispatched_on=FIRST).batch
    content = filled(batch, line(), line())
    hands = [make.user_with(Role.ORG) for _ in range(8)]

    def hand_in(by: Any) -> list[Done]:
        rows = read_roster(content, file="roster.xlsx")
        return enter_roster(batch, rows, by=by, now=make.NOW, letter_no="演示函1")

    results = at_once([partial(hand_in, by) for by in hands])
    assert refusals(results) == []
    assert sum(any(done.steps for done in result) for result in results) == 1
    assert (Person.objects.count(), Posting.objects.count()) == (2, 2)
