"""Planted numbers go through every door; then they are looked for everywhere, and found nowhere."""

from __future__ import annotations

import json
import logging
import re
import sys
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, models
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from assistance.models import Change
from assistance.periods import Month
from assistance.personal_numbers import MaskedReporter
from assistance.roles import Role
from assistance.scope import EVERYTHING
from config.celery import app
from reporting.ledgers import ledgers
from reporting.letter import compose
from reporting.models import Format
from reporting.payload import freeze
from reporting.reckoning import Reckoning
from reporting.render import render
from teams import actions
from teams.models import NumberReading, Person, PersonalNumber
from tests import factories as make
from tests import planted
from tests.desk.conftest import Seat, clock, sit_down
from tests.reporting.conftest import files
from tests.reporting.mail_rows import edition, reader, report
from tests.rosters import filled, line

__all__ = ["clock", "files", "sit_down"]

pytestmark = pytest.mark.django_db
Sit = Callable[..., Seat]


@pytest.fixture
def said(tmp_path: Path) -> Iterator[Path]:
    """Everything that is logged at DEBUG while the test runs."""
    file, root = tmp_path / "debug.log", logging.getLogger()
    level, handler = root.level, planted.listen(file)
    root.setLevel(logging.DEBUG)
    yield file
    root.setLevel(level)
    root.removeHandler(handler)
    handler.close()


def _form(**fields: Any) -> dict[str, Any]:
    return {
        "name": "演示人员", "gender": "F", "birth_ym": "1980-06", "home_unit": "演示单位",
    } | fields  # fmt: skip


def _unseen(page: Any) -> None:
    assert planted.numbers_in(page.content) == [], page.request["PATH_INFO"]


def test_planted_numbers_are_found_nowhere(  # noqa: PLR0915  one walk through every door
    sit_down: Sit, said: Path, redis_url: str, tmp_path: Path
) -> None:
    org, auditor = sit_down(Role.ORG), sit_down(Role.AUDITOR)
    national_id, phone = make.id_number(), make.phone()
    add, look_up = reverse("admin:teams_person_add"), reverse("admin:teams_person_look_up")

    # the form: first wrong in every way, then right
    wrong_digit = national_id[:-1] + ("0" if national_id[-1] != "0" else "1")
    for fields in (
        _form(national_id=wrong_digit, phone=phone),
        _form(national_id=national_id, phone=phone, birth_ym="1981-01"),
        _form(national_id=national_id, phone=phone, gender="M"),
        _form(national_id=national_id, phone=phone, name=""),
        _form(national_id=national_id, phone=phone + "9"),
    ):
        _unseen(org.fill_in(add, **fields))
        assert not Person.objects.exists()
    # in a field for words it comes back, or nobody could take it out; it is not kept
    for fields in (_form(name=f"演示 {national_id}"), _form(home_unit=f"单位 {phone}")):
        org.fill_in(add, **fields)
        assert not Person.objects.exists()
    page = org.fill_in(add, **_form(national_id=national_id, phone=f"+86 {phone}"))
    _unseen(page)
    person = Person.objects.get()
    assert {number.plain() for number in person.numbers.all()} == {national_id, phone}

    # the same number again, and a change of it
    _unseen(org.fill_in(add, **_form(national_id=national_id)))
    assert Person.objects.count() == 1
    row = reverse("admin:teams_person_change", args=[person.pk])
    _unseen(org.fill_in(row, national_id=make.id_number(), phone=make.phone(), rank="演示"))
    national_id, phone = (number.plain() for number in person.numbers.order_by("kind"))

    # lists, the search that must not be used, the choice of a person in a form
    for seat in (org, auditor):
        _unseen(seat.open(row))
        listed = seat.open(reverse("admin:teams_person_changelist"))
        _unseen(listed)
        assert f"330***********{national_id[-4:]}" in listed.content.decode()
    searched = org.client.get(reverse("admin:teams_person_changelist"), {"q": phone}, follow=True)
    _unseen(searched)
    assert searched.redirect_chain
    offered = {"app_label": "teams", "model_name": "posting", "field_name": "person"}
    answer = org.client.get(reverse("admin:autocomplete"), {"term": national_id, **offered})
    assert answer.json()["results"] == []

    # reveal: refused, then shown once
    _unseen(org.do(person, "reveal", kind="national_id", reason=""))
    org.do(person, "reveal", kind="national_id", reason=f"核对 {phone}")
    assert not NumberReading.objects.exists()
    shown = org.do(person, "reveal", kind="national_id", reason="核对任职文件")
    assert national_id in shown.content.decode()
    assert "no-store" in shown.headers["Cache-Control"]
    _unseen(org.open(row))

    # look-up: by post alone, and wrong
    for number in (phone, national_id, make.phone(), wrong_digit):
        _unseen(org.fill_in(look_up, number=number, reason="核对来电"))
    assert NumberReading.objects.count() == 4
    _unseen(auditor.open(reverse("admin:teams_numberreading_changelist")))
    _unseen(auditor.open(reverse("admin:assistance_change_changelist")))
    newest = Change.objects.filter(table="teams_personalnumber").latest("pk")
    _unseen(auditor.open(reverse("admin:assistance_change_change", args=[newest.pk])))

    # the ledger that goes out with the mail, the API
    make.posting(person=person)
    now = timezone.now()
    reckoning = Reckoning(EVERYTHING, Month(2026, 6), known_at=now, known_before=now)
    written = str([ledger.rows for ledger in ledgers(reckoning, "zh-hans")])
    assert "演示岗位" in written
    (tmp_path / "ledger.txt").write_text(written)
    _account, token = make.token()
    asked = Client(headers={"authorization": f"Bearer {token}"})
    posting = person.postings.get()
    for address in ("/api/v1/postings/", f"/api/v1/postings/{posting.pk}/"):
        _unseen(asked.get(address))

    # a fault in the middle of it, reported and logged; a task with a row of it
    _unseen_in_a_fault(national_id, phone)
    with app.connection_for_write(redis_url) as broker:
        app.send_task("nobody.takes.this", args=[str(person), repr(person)], connection=broker)

    found = [
        *planted.in_the_database(),
        *planted.in_redis(redis_url),
        *planted.in_files(tmp_path),
    ]
    assert "DEBUG" in said.read_text() or said.stat().st_size > 1_000
    assert found == []


@pytest.mark.usefixtures("files")
def test_a_roster_leaves_no_number_behind(
    sit_down: Sit, said: Path, redis_url: str, tmp_path: Path
) -> None:
    make.pairing()
    batch = make.team(make.PREFECTURE, dispatched_on=date(2026, 6, 1)).batch
    org, rows = sit_down(Role.ORG), [line(), line()]
    known = make.person(name=rows[0]["name"], national_id=rows[0]["national_id"])
    address = reverse("admin:teams_batch_roster", args=[batch.pk])
    national_id = make.id_number()

    def hand_in(*given: dict[str, Any]) -> Any:
        sent = SimpleUploadedFile(f"{national_id}.xlsx", filled(batch, *given))
        return org.client.post(address, {"file": sent, "dispatches": "yes", "letter_no": "演示函1"})

    # numbers where they do not belong, wrong ones, and one twice: told without being repeated
    wrong_digit = rows[1]["national_id"][:-1] + ("0" if rows[1]["national_id"][-1] != "0" else "1")
    for given in (
        line(home_unit=f"演示 {make.phone()}"),
        line(category=make.id_number(), start_on=make.phone(), region=make.id_number()),
        line(host_post=make.id_number(), host_unit=make.phone(), donor=make.phone()),
        line(national_id=wrong_digit),
        line(phone=f"{make.phone()}9"),
        line(national_id=known.numbers.get(kind="national_id").plain(), name="演示别人"),
    ):
        page = hand_in(given, given)
        _unseen(page)
        assert "broken" in page.context

    page = hand_in(*rows)
    _unseen(page)
    _unseen(org.client.post(address, {"sealed": page.context["sealed"]}, follow=True))
    assert known.postings.count() == 1
    _unseen(hand_in(*rows))

    # what leaves the house afterwards: the roster of the day, the template, the report
    kept = tmp_path / "taken-away"
    kept.mkdir()
    for name, path in {
        "roster.xlsx": f"{reverse('admin:teams_posting_roster')}?as=xlsx&on=2026-06-15",
        "template.xlsx": reverse("admin:teams_batch_template", args=[batch.pk]),
    }.items():
        (kept / name).write_bytes(org.open(path).content)
    assert rows[0]["name"].encode() in b"".join(planted.inside((kept / "roster.xlsx").read_bytes()))
    now = timezone.now()
    reckoning = Reckoning(EVERYTHING, Month(2026, 6), known_at=now, known_before=now)
    made = edition()
    payload = freeze(made, reckoning) | {"sha256": "0" * 64}
    for fmt in Format:
        sheets = ledgers(reckoning, "zh-hans") if fmt == Format.XLSX else ()
        (kept / f"report.{fmt}").write_bytes(render(payload, fmt.value, "zh-hans", sheets))
    assert "演示岗位".encode() in b"".join(planted.inside((kept / "report.xlsx").read_bytes()))
    (kept / "letter.eml").write_bytes(compose(report(made, reader())))

    found = [
        *planted.in_the_database(),
        *planted.in_redis(redis_url),
        *planted.in_files(tmp_path),
    ]
    assert said.read_text()
    assert found == []


def _unseen_in_a_fault(national_id: str, phone: str) -> None:
    request = RequestFactory().post("/x/", {"national_id": national_id, "phone": phone})
    assert request.POST
    try:
        raise ValueError(f"{national_id} {phone}")
    except ValueError:
        report = MaskedReporter(request, *sys.exc_info())
    for text in (report.get_traceback_html(), report.get_traceback_text()):
        assert f"330***********{national_id[-4:]}" in text
        assert planted.numbers_in(text.encode()) == []


def test_a_number_that_leaks_is_found(
    tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search itself: what it does not find would prove nothing. It looks for another county
    here, or the end of the run would find these.
    """
    monkeypatch.setattr(planted, "BEGINNINGS", (b"440199",))
    monkeypatch.setattr(planted, "PLANTED", re.compile(rb"440199\d{11}[\dX]"))
    leak = "44019919800615002X"
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE leaky (said jsonb)")
        cursor.execute("INSERT INTO leaky VALUES (%s)", [json.dumps({"id": leak})])
        assert list(planted.in_the_database()) == [f"table leaky: {leak}"]
        cursor.execute("DROP TABLE leaky")
    file = tmp_path / "export.bin"
    file.write_bytes(f"x{leak}y".encode("utf-16"))
    assert list(planted.in_files(tmp_path)) == [f"{file}: {leak}"]
    packed = tmp_path / "export.xlsx"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", f"<t>{leak}</t>")
    letter = EmailMessage()
    letter["Subject"] = "x"
    letter.add_attachment(
        packed.read_bytes(), maintype="application", subtype="zip", filename="a.xlsx"
    )
    mail = tmp_path / "letter.eml"
    mail.write_bytes(bytes(letter))
    assert list(planted.in_files(tmp_path)) == [
        f"{path}: {leak}" for path in tmp_path.rglob("*") if path.is_file()
    ]
    packed.unlink()
    mail.unlink()
    handler = planted.listen(tmp_path / "a.log")
    logging.getLogger("tests").warning("entered %s", leak)
    logging.getLogger().removeHandler(handler)
    handler.close()
    assert len(list(planted.in_files(tmp_path))) == 2
    with app.connection_for_write(redis_url) as broker:
        app.send_task("nobody.takes.this", args=[leak], queue="leaky", connection=broker)
        found = set(planted.in_redis(redis_url))
        broker.SimpleQueue("leaky").clear()
    assert found == {f"Redis b'leaky': {leak}"}


def test_the_database_never_holds_a_number_in_clear_nor_the_same_ciphertext_twice() -> None:
    first, second = make.person(), make.person()
    actions.amend_person(second, phone=_plain(first, "phone"), by=make.hand(Role.ORG), now=make.NOW)
    kept = PersonalNumber.objects.filter(kind="phone")
    assert len({bytes(row.ciphertext) for row in kept}) == 2
    assert len({bytes(row.blind_index) for row in kept}) == 1
    logged = Change.objects.filter(table="teams_personalnumber")
    assert logged.exists()
    for change in logged:
        columns = {*(change.before or {}), *(change.after or {})}
        assert not columns & {"ciphertext", "blind_index"}


def _plain(person: Person, kind: str) -> str:
    return person.numbers.get(kind=kind).plain()


def test_no_model_says_a_number_of_itself() -> None:
    person = make.person()
    rows: list[models.Model] = [person, *person.numbers.all()]
    for row in rows:
        assert planted.numbers_in(f"{row} {row!r} {vars(row)}".encode()) == []
    with pytest.raises(ValidationError) as refused:
        actions.enter_person(
            by=make.hand(Role.ORG), now=make.NOW, **_form(national_id=_plain(person, "national_id"))
        )
    assert planted.numbers_in(str(refused.value).encode()) == []
