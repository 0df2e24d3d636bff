"""After their time persons are forgotten, by two pairs of hands, and no figure changes."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from assistance.actions import log
from assistance.errors import Refused
from assistance.models import User
from assistance.periods import Month
from assistance.roles import Role
from assistance.scope import EVERYTHING
from reporting.reckoning import Reckoning
from reporting.sections.people import people
from teams import actions
from teams.models import Erasure, Particulars, Person, PersonalNumber, PostingState
from tests import factories as make
from tests.desk.conftest import Seat, address_of, clock, sit_down

__all__ = ["clock", "sit_down"]
pytestmark = pytest.mark.django_db

LONG_AGO: dict[str, Any] = {"start_on": date(2021, 6, 1), "planned_end": date(2021, 6, 10)}


@pytest.fixture
def gone() -> Person:
    """Somebody whose last posting ended five years ago today."""
    return make.posting(PostingState.ENDED, end_on=date(2021, 6, 15), **LONG_AGO).person


def _other() -> User:
    return make.user_with(Role.ORG)


def _erase() -> Erasure:
    erasure = actions.propose_erasure(by=make.hand(Role.ORG), now=make.NOW)
    return actions.confirm_erasure(erasure, by=_other(), now=make.NOW)


def _due() -> set[str]:
    found = actions.due(by=make.hand(Role.ORG), now=make.NOW)
    return {person.name for person in found.persons}


def test_who_is_due(gone: Person) -> None:
    make.posting(person=make.person(name="在岗"), **LONG_AGO)  # overstays
    late = make.person(name="差一天")
    make.posting(PostingState.ENDED, end_on=date(2021, 6, 16), person=late, **LONG_AGO)
    back = make.person(name="又去")
    make.posting(PostingState.ENDED, end_on=date(2021, 6, 10), person=back, **LONG_AGO)
    make.posting(PostingState.PLANNED, person=back)
    assert _due() == {gone.name}


def test_erased_is_everything_that_names_them_and_no_figure_changes(gone: Person) -> None:
    others = make.posting().person
    name = gone.name
    before = _figures()
    heads = {figure["code"]: figure["value"] for figure in before[0]["figures"]}
    assert (heads["new"], heads["returned"]) == ("1", "1")
    erasure = _erase()
    assert erasure.erased == 1
    gone.refresh_from_db()
    assert (gone.name, gone.home_unit, gone.gender, gone.birth_ym) == ("", "", "F", "1980-06")
    assert not PersonalNumber.objects.filter(person=gone).exists()
    assert PersonalNumber.objects.filter(person=others).count() == 2
    left = [(p.before, p.after, p.salt) for p in Particulars.objects.filter(person=gone)]
    assert left == [(None, None, None)]
    assert _figures() == before
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(c::text, '') FROM assistance_change c")
        assert name not in cursor.fetchone()[0]
    call_command("verify_particulars", verbosity=0)
    log.seal(make.NOW)
    assert list(log.findings()) == []


def _figures() -> list[Any]:
    """The heads of three months, and what average ages and shares of women are made of."""
    found: list[Any] = []
    for month in (Month(2021, 6), Month(2021, 7), Month(2026, 5)):
        r = Reckoning(EVERYTHING, month, known_at=make.NOW, known_before=make.NOW)
        found.append(asdict(people(r)))
        found.append(sorted(Person.objects.values_list("pk", "gender", "birth_ym")))
    return found


def test_nobody_confirms_their_own_list_nor_a_list_twice(gone: Person) -> None:
    org = make.hand(Role.ORG)
    erasure = actions.propose_erasure(by=org, now=make.NOW)
    with pytest.raises(Refused, match="他人办理"):
        actions.confirm_erasure(erasure, by=org, now=make.NOW)
    with pytest.raises(Refused):
        actions.propose_erasure(by=org, now=make.NOW)  # all are on an open list
    actions.confirm_erasure(erasure, by=_other(), now=make.NOW)
    with pytest.raises(Refused):
        actions.confirm_erasure(erasure, by=_other(), now=make.NOW)
    with pytest.raises(Refused):
        actions.withdraw_erasure(erasure, reason="演示", by=org, now=make.NOW)


def test_who_is_planned_to_go_meanwhile_stays(gone: Person) -> None:
    erasure = actions.propose_erasure(by=make.hand(Role.ORG), now=make.NOW)
    make.posting(PostingState.PLANNED, person=gone)
    erasure = actions.confirm_erasure(erasure, by=_other(), now=make.NOW)
    gone.refresh_from_db()
    assert (erasure.erased, gone.erased_at) == (0, None)
    assert gone.name


def test_a_withdrawn_list_leaves_everything_and_frees_its_persons(gone: Person) -> None:
    org = make.hand(Role.ORG)
    erasure = actions.propose_erasure(by=org, now=make.NOW)
    actions.withdraw_erasure(erasure, reason="演示", by=org, now=make.NOW)
    assert actions.propose_erasure(by=org, now=make.NOW).persons.get() == gone


def test_an_erased_person_takes_nothing_any_more(gone: Person) -> None:
    _erase()
    org = make.hand(Role.ORG)
    with pytest.raises(Refused):
        actions.amend_person(gone, name="演示", by=org, now=make.NOW)
    with pytest.raises(ValidationError, match="已删除"):
        actions.plan_posting(by=org, now=make.NOW, **make.posting_fields(person=gone))
    for sql in (
        f"UPDATE teams_person SET name = 'x' WHERE id = {gone.pk}",
        f"DELETE FROM teams_person WHERE id = {gone.pk}",
        "INSERT INTO teams_personalnumber (person_id, kind, ciphertext, blind_index, created_at,"
        " created_by_id, updated_at, updated_by_id, version)"
        f" VALUES ({gone.pk}, 'phone', '', '', now(), {org.pk}, now(), {org.pk}, 1)",
    ):
        with (
            pytest.raises(DatabaseError, match="it was erased"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)


def test_the_desk_shows_who_is_due_and_erases_by_two(gone: Person, sit_down: Any) -> None:
    name = gone.name
    first, second, auditor = (sit_down(role) for role in (Role.ORG, Role.ORG, Role.AUDITOR))
    first.fill_in(address_of(gone), rank="演示职级")
    assert LogEntry.objects.filter(object_repr=name).exists()
    listed = reverse("admin:teams_erasure_changelist")
    assert name in first.open(listed).content.decode()
    add = reverse("admin:teams_erasure_add")
    assert "无法恢复" in first.open(add).content.decode()
    first.fill_in(add)
    erasure = Erasure.objects.get()
    assert name in second.open(address_of(erasure)).content.decode()
    second.do(erasure, "confirm")
    erasure.refresh_from_db()
    assert erasure.erased == 1
    assert not LogEntry.objects.filter(object_repr__contains=name).exists()
    seats: list[Seat] = [first, second, auditor]
    for seat in seats:
        for address in (
            address_of(gone), address_of(gone.postings.get()), listed, address_of(erasure),
            reverse("admin:teams_person_changelist"), reverse("admin:teams_posting_changelist"),
        ):  # fmt: skip
            page = seat.open(address)
            assert page.status_code == 200, address
            assert name not in page.content.decode(), address
