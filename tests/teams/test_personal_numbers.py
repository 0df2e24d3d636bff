"""How numbers are read, kept, masked, revealed and looked up."""

from __future__ import annotations

import secrets
from functools import partial
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from assistance.encryption import Unreadable, newest_key
from assistance.errors import Refused
from assistance.models import Change
from assistance.personal_numbers import (
    masked_national_id,
    masked_phone,
    read_national_id,
    read_phone,
    without_numbers,
)
from assistance.roles import Role
from teams import actions
from teams.models import NumberReading, Particulars, Person, PersonalNumber
from tests import factories as make
from tests.at_once import at_once, succeeded
from tests.raw_rows import triggers_asleep

TODAY = make.NOW.date()
OF_THE_STANDARD = ("11010519491231002X", "440524188001010014")  # printed in GB 11643


def _fields(**overrides: Any) -> dict[str, Any]:
    return {
        "name": "演示人员", "gender": "F", "birth_ym": "1980-06", "home_unit": "演示单位",
    } | overrides  # fmt: skip


def _enter(**overrides: Any) -> Person:
    return actions.enter_person(by=make.hand(Role.ORG), now=make.NOW, **_fields(**overrides))


def _plain(person: Person, kind: str) -> str:
    return person.numbers.get(kind=kind).plain()


def test_the_number_of_the_standard_is_one_in_any_writing() -> None:
    for typed in (
        "11010519491231002X",
        "110105 19491231 002x",
        "１１０１０５１９４９１２３１００２Ｘ",
    ):
        assert read_national_id(typed, today=TODAY) == OF_THE_STANDARD[0]


@pytest.mark.parametrize(
    ("typed", "about"),
    [
        ("110105194912310021", "末位"),
        ("11010519491331002X", "出生日期"),
        ("11010519490229002X", "出生日期"),
        ("110105202712310020", "出生日期"),  # not born yet
        ("440524188001010014", "出生日期"),  # nobody that old is posted
        ("99010519491231002X", "行政区划"),
        ("110105491231002", "15位"),
        ("1101051949123100", "现为16位"),
        ("11010519491231002XX", "现为19位"),
        ("A1010519491231002X", "18位"),
    ],
)
def test_what_is_no_id_number_is_told_without_repeating_it(typed: str, about: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read_national_id(typed, today=TODAY)
    told = " ".join(refused.value.messages)
    assert about in told
    assert told.startswith("身份证号：")
    assert typed not in told


def test_every_single_wrong_digit_and_every_swap_is_found() -> None:
    right = OF_THE_STANDARD[0]
    wrong = {right[:i] + digit + right[i + 1 :] for i in range(17) for digit in "0123456789"}
    wrong |= {right[:i] + right[i + 1] + right[i] + right[i + 2 :] for i in range(16)}
    for number in wrong - {right}:
        with pytest.raises(ValidationError):
            read_national_id(number, today=TODAY)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("13800001234", "13800001234"),
        ("+86 138-0000-1234", "13800001234"),
        ("008613800001234", "13800001234"),
        ("8613800001234", "13800001234"),
        ("19955000086", "19955000086"),
        ("0571 8765 4321", "0571-87654321"),
        ("(010)87654321", "010-87654321"),
        ("0836-2833333", "0836-2833333"),
    ],
)
def test_telephones_are_kept_in_one_form(typed: str, read: str) -> None:
    assert read_phone(typed) == read


@pytest.mark.parametrize(
    "typed", ["12800001234", "1380000123", "138000012345", "26543210", "0571-1", "+1 2025550123"]
)
def test_what_is_no_telephone_is_told_without_repeating_it(typed: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read_phone(typed)
    assert typed not in str(refused.value)
    assert "电话：" in str(refused.value)


def test_the_masks() -> None:
    assert masked_national_id("330106198006151234") == "330***********1234"
    assert masked_phone("13800001234") == "138****1234"
    assert masked_phone("0571-87654321") == "0571-****4321"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("tel 13800001234, id 33010619800615123X.", "tel 138****1234, id 330***********123X."),
        ("330106 19800615 1234", "330***********1234"),
        ("138 0000 1234", "138****1234"),
        ("０５７１", "０５７１"),
        ("call 0571-87654321", "call 0571-****4321"),
        ("aid 13800001234.56 yuan", "aid 13800001234.56 yuan"),
        ("row 330106198006151234567", "row 330106198006151234567"),
        ("2026-06-15 10:00:00,123", "2026-06-15 10:00:00,123"),
    ],
)
def test_numbers_in_running_text_are_masked_and_other_figures_are_not(
    text: str, shown: str
) -> None:
    assert without_numbers(text) == shown


@pytest.mark.django_db
def test_gender_and_month_of_birth_have_to_agree_with_the_id_number() -> None:
    national_id = make.id_number("1980-06", "F")
    for wrong in ({"gender": "M"}, {"birth_ym": "1980-07"}):
        with pytest.raises(ValidationError) as refused:
            _enter(national_id=national_id, **wrong)
        assert set(refused.value.message_dict) == {"national_id"}
    person = _enter(national_id=national_id)
    with pytest.raises(ValidationError) as refused:
        actions.amend_person(person, gender="M", by=make.hand(Role.ORG), now=make.NOW)
    assert set(refused.value.message_dict) == {"gender"}
    renamed = actions.amend_person(person, name="演示新名", by=make.hand(Role.ORG), now=make.NOW)
    assert (renamed.name, _plain(renamed, "national_id")) == ("演示新名", national_id)


@pytest.mark.django_db
def test_one_id_number_is_one_person_and_the_other_is_not_betrayed() -> None:
    first = make.person(name="演示独名")
    with pytest.raises(ValidationError) as refused:
        _enter(national_id=_plain(first, "national_id"))
    assert set(refused.value.message_dict) == {"national_id"}
    assert first.name not in str(refused.value)
    row = PersonalNumber.objects.get(person=first, kind="national_id")
    row.pk, row.person = None, make.person(national_id="")
    with pytest.raises(IntegrityError, match="one_person_per_id_number"), transaction.atomic():
        row.save()
    assert _enter(phone=_plain(first, "phone")).numbers.count() == 1  # a desk has one telephone


@pytest.mark.django_db(transaction=True)
def test_of_many_who_enter_one_id_number_at_once_one_stands() -> None:
    national_id, org = make.id_number(), make.hand(Role.ORG)

    def enter(number: int) -> Person:
        return actions.enter_person(
            by=org, now=make.NOW, national_id=national_id, **_fields(name=f"演示{number}号")
        )

    answers = at_once([partial(enter, number) for number in range(8)])
    assert len(succeeded(answers)) == 1
    assert (Person.objects.count(), PersonalNumber.objects.count()) == (1, 1)


@pytest.mark.django_db
def test_a_ciphertext_opens_in_its_own_row_only() -> None:
    first, second = make.person(), make.person()
    taken = first.numbers.get(kind="phone")
    moved = second.numbers.get(kind="phone")
    moved.ciphertext = taken.ciphertext
    with pytest.raises(Unreadable):
        moved.plain()
    taken.ciphertext = bytes(taken.ciphertext)[:-1] + b"\0"
    with pytest.raises(Unreadable):
        taken.plain()


@pytest.mark.django_db
def test_who_may_reveal_needs_a_reason_and_leaves_a_row_that_stands() -> None:
    person, org = make.posting().person, make.hand(Role.ORG)
    plain = _plain(person, "phone")
    for reason in ("", "  ", f"回电 {plain}"):
        with pytest.raises(ValidationError) as refused:
            actions.reveal(person, kind="phone", reason=reason, by=org, now=make.NOW)
        assert set(refused.value.message_dict) == {"reason"}
    for role in set(Role) - {Role.ORG}:
        with pytest.raises(PermissionDenied):
            actions.reveal(
                person, kind="phone", reason="演示", by=make.user_with(role), now=make.NOW
            )
    assert not NumberReading.objects.exists()
    why = f"为{person.name}订票"
    assert actions.reveal(person, kind="phone", reason=why, by=org, now=make.NOW) == plain
    row = NumberReading.objects.get()
    assert (row.read_by, row.person, row.kind, row.reason) == (org, person, "phone", "为※订票")
    for sql in ("UPDATE teams_numberreading SET reason = 'x'", "DELETE FROM teams_numberreading"):
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)


@pytest.mark.django_db
def test_a_look_up_finds_exactly_and_is_logged_also_when_nobody_is_found() -> None:
    person, org = make.person(), make.hand(Role.ORG)
    make.person()
    for kind in ("national_id", "phone"):
        number = _plain(person, kind)
        found = actions.look_up(number=number, reason="核对", by=org, now=make.NOW)
        assert found == [person]
    assert actions.look_up(number=make.phone(), reason="核对", by=org, now=make.NOW) == []
    said = list(NumberReading.objects.order_by("pk").values_list("what", "kind", "person"))
    assert said == [
        ("LOOKED_UP", "national_id", person.pk),
        ("LOOKED_UP", "phone", person.pk),
        ("NOT_FOUND", "phone", None),
    ]
    with pytest.raises(ValidationError):
        actions.look_up(number=_plain(person, "phone")[:7], reason="核对", by=org, now=make.NOW)
    with pytest.raises(PermissionDenied):
        actions.look_up(number="x", reason="核对", by=make.hand(Role.FRONT), now=make.NOW)


@pytest.mark.django_db
def test_nothing_is_revealed_or_looked_up_by_get(client: Client) -> None:
    person = make.person()
    client.force_login(make.hand(Role.ORG))
    for address in (
        reverse("admin:teams_person_verb", args=[person.pk, "reveal"]),
        reverse("admin:teams_person_look_up"),
    ):
        answer = client.get(
            address, {"kind": "phone", "number": _plain(person, "phone"), "reason": "核对"}
        )
        assert answer.status_code in {200, 302}
    assert not NumberReading.objects.exists()


@pytest.mark.django_db
def test_keys_are_changed_in_batches_and_a_run_goes_on_where_it_stopped(
    settings: LazySettings,
) -> None:
    persons = [make.person() for _ in range(3)]
    before = [_plain(person, "phone") for person in persons]
    old = list(settings.PERSONAL_DATA_KEYS)
    settings.PERSONAL_DATA_KEYS = [secrets.token_bytes(32), *old]
    half_way = PersonalNumber.objects.earliest("pk")
    half_way.keep(half_way.plain())
    half_way.save(update_fields=["ciphertext"])
    logged = Change.objects.count()
    call_command("reencrypt_personal_data", "--batch", "2", verbosity=0)
    assert all(
        bytes(row.ciphertext).startswith(newest_key()) for row in PersonalNumber.objects.all()
    )
    assert Change.objects.count() == logged  # nobody changed a person
    settings.PERSONAL_DATA_KEYS = settings.PERSONAL_DATA_KEYS[:1]
    assert [_plain(person, "phone") for person in persons] == before

    settings.PERSONAL_DATA_INDEX_KEY = secrets.token_bytes(32)
    org = make.hand(Role.ORG)
    assert actions.look_up(number=before[0], reason="核对", by=org, now=make.NOW) == []
    call_command("reencrypt_personal_data", "--index", verbosity=0)
    assert actions.look_up(number=before[0], reason="核对", by=org, now=make.NOW) == [persons[0]]


@pytest.mark.django_db
def test_a_missing_key_is_told_and_stops_no_list(settings: LazySettings) -> None:
    person, org = make.posting().person, make.hand(Role.ORG)
    settings.PERSONAL_DATA_KEYS = [secrets.token_bytes(32)]
    with pytest.raises(Refused, match="PERSONAL_DATA_KEYS"):
        actions.reveal(person, kind="phone", reason="演示", by=org, now=make.NOW)
    with pytest.raises(CommandError, match="2 of 2 numbers"):
        call_command("reencrypt_personal_data", verbosity=0)
    assert not NumberReading.objects.exists()


@pytest.mark.django_db
def test_earlier_names_are_beside_the_log_which_proves_them() -> None:
    person, org = make.person(name="演示旧名"), make.hand(Role.ORG)
    actions.amend_person(person, name="演示新名", by=org, now=make.NOW)
    assert [row.after["name"] for row in Particulars.objects.order_by("pk") if row.after] == [
        "演示旧名",
        "演示新名",
    ]
    for change in Change.objects.all():
        assert "演示旧名" not in f"{change.before}{change.after}"
    call_command("verify_particulars", verbosity=0)
    with triggers_asleep("teams_particulars"), connection.cursor() as cursor:
        cursor.execute('UPDATE teams_particulars SET after = after || \'{"name": "x"}\'')
    with pytest.raises(CommandError, match="2 of 2 rows were altered"):
        call_command("verify_particulars", verbosity=0)
