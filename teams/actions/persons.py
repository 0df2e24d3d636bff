"""Enter and change a person with the numbers; show a number in full; find a person by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from assistance.encryption import Unreadable, blind_index
from assistance.errors import Refused
from assistance.models import User
from assistance.models.rows import entered
from assistance.periods import local_day
from assistance.personal_numbers import (
    born_by,
    read_national_id,
    read_phone,
    refuse_numbers,
)
from assistance.requests import told_to_database
from teams.models import NumberKind, NumberReading, Person, PersonalNumber, ReadingKind


@transaction.atomic
def enter_person(
    *, by: User, now: datetime, national_id: str = "", phone: str = "", **fields: Any
) -> Person:
    """Enter a person; a blank number is none.

    ValidationError at ``national_id`` where it is no ID number, belongs to a person who is entered
    already, or says another gender or month of birth; at ``phone`` where it is no telephone.
    """
    if not by.has_perm("teams.add_person"):
        raise PermissionDenied
    person = Person(**fields, **entered(by, now))
    numbers = _read({NumberKind.NATIONAL_ID: national_id, NumberKind.PHONE: phone}, now=now)
    person.full_clean()
    _require_agreement(person, numbers.get(NumberKind.NATIONAL_ID))
    person.save()
    for kind, plain in numbers.items():
        _keep(person, kind, plain, by=by, now=now)
    return person


@transaction.atomic
def amend_person(
    person: Person,
    *,
    by: User,
    now: datetime,
    version: int | None = None,
    national_id: str = "",
    phone: str = "",
    **fields: Any,
) -> Person:
    """Change a person; a blank number stays as it is. Errors as of ``enter_person``."""
    person = _lock(person, "teams.change_person", by=by, version=version)
    for name, value in fields.items():
        setattr(person, name, value)
    numbers = _read({NumberKind.NATIONAL_ID: national_id, NumberKind.PHONE: phone}, now=now)
    person.full_clean()
    if NumberKind.NATIONAL_ID in numbers:
        _require_agreement(person, numbers[NumberKind.NATIONAL_ID])
    elif {"gender", "birth_ym"} & fields.keys():
        _require_agreement_with_kept(person)
    person.record(*fields, by=by, now=now)
    for kind, plain in numbers.items():
        _keep(person, kind, plain, by=by, now=now)
    return person


@transaction.atomic
def remove_number(
    person: Person, *, kind: str, by: User, now: datetime, version: int | None = None
) -> Person:
    """Take a number out; the change log keeps that it was there, not what it was."""
    person = _lock(person, "teams.change_person", by=by, version=version)
    person.numbers.get(pk=_number_of(person, kind).pk).delete()
    person.record(by=by, now=now)
    return person


@transaction.atomic
def reveal(person: Person, *, kind: str, reason: str, by: User, now: datetime) -> str:
    """The number in full, for ``by`` alone; who, whom, which, why and from where stay on record."""
    if not by.has_perm("teams.reveal_person"):
        raise PermissionDenied
    person = Person.objects.visible_to(by).get(pk=person.pk)
    number = _number_of(person, kind)
    try:
        plain = number.plain()
    except Unreadable:
        raise Refused(
            "number_unreadable",
            _(
                "The key of this number is missing on this server. Tell the system administrator;"
                " PERSONAL_DATA_KEYS has to hold it."
            ),
        ) from None
    _log(ReadingKind.REVEALED, number.kind, person, _checked(reason), by=by, now=now)
    return plain


@transaction.atomic
def look_up(*, number: str, reason: str, by: User, now: datetime) -> list[Person]:
    """The persons whose ID number or telephone is exactly this one, through the blind index.

    Each look-up stays on record with its reason, found or not.
    """
    if not by.has_perm("teams.look_up_person"):
        raise PermissionDenied
    kind, plain = _recognised(number, now=now)
    reason = _checked(reason)
    rows = PersonalNumber.objects.visible_to(by).of(kind, plain)
    persons = list(Person.objects.filter(numbers__in=rows))
    for person in persons:
        _log(ReadingKind.LOOKED_UP, kind, person, reason, by=by, now=now)
    if not persons:
        _log(ReadingKind.NOT_FOUND, kind, None, reason, by=by, now=now)
    return persons


def owners_of(national_ids: Iterable[str], *, by: User) -> dict[str, Person]:
    """Who is entered under each of these ID numbers, as ``read_number`` gives them, through the
    blind index. For who enters persons, and would be told by entering one; ``put_on_record`` has
    to follow.
    """
    if not by.has_perm("teams.add_person"):
        raise PermissionDenied
    asked = {blind_index(plain, of=NumberKind.NATIONAL_ID): plain for plain in national_ids}
    rows = PersonalNumber.objects.visible_to(by).filter(
        kind=NumberKind.NATIONAL_ID, blind_index__in=list(asked)
    )
    return {asked[bytes(row.blind_index)]: row.person for row in rows.select_related("person")}


def put_on_record(persons: Iterable[Person], *, reason: str, by: User, now: datetime) -> None:
    """Note that ``by`` learned whose ID numbers these persons' are."""
    for person in persons:
        _log(ReadingKind.LOOKED_UP, NumberKind.NATIONAL_ID, person, reason, by=by, now=now)


def _lock(person: Person, permission: str, *, by: User, version: int | None) -> Person:
    if not by.has_perm(permission):
        raise PermissionDenied
    person = Person.objects.lock_for(by, person.pk, version=version)
    if person.erased_at is not None:
        raise Refused(
            "person_is_erased",
            _("What identified this person was erased; nothing can be entered here any more."),
        )
    return person


def _read(typed: Mapping[NumberKind, str], *, now: datetime) -> dict[NumberKind, str]:
    found, wrong = {}, {}
    for kind, text in typed.items():
        if not text.strip():
            continue
        try:
            found[kind] = read_number(kind, text, now=now)
        except ValidationError as refusal:
            wrong[kind.value] = refusal
    if wrong:
        raise ValidationError(wrong)
    return found


def read_number(kind: NumberKind, text: str, *, now: datetime) -> str:
    """The number in the one form in which it is kept; ValidationError where it is none."""
    if kind == NumberKind.NATIONAL_ID:
        return read_national_id(text, today=local_day(now))
    return read_phone(text)


def _recognised(text: str, *, now: datetime) -> tuple[NumberKind, str]:
    """Which of the two it is; a look-up has one field for both."""
    many = sum(sign.isdigit() for sign in text) > 14  # noqa: PLR2004  no telephone is as long
    kind = NumberKind.NATIONAL_ID if many else NumberKind.PHONE
    try:
        return kind, read_number(kind, text, now=now)
    except ValidationError as refusal:
        raise ValidationError({"number": refusal}) from None


def _require_agreement(person: Person, national_id: str | None) -> None:
    if national_id is None:
        return
    born = born_by(national_id)
    wrong = []
    if born.month != person.birth_ym:
        wrong.append(
            _(
                "ID number: it says another month of birth than %(month)s; correct whichever is"
                " wrong."
            )
            % {"month": person.birth_ym}
        )
    if born.gender != person.gender:
        wrong.append(
            _("ID number: it belongs to a person whose gender is not “%(gender)s”; correct either.")
            % {"gender": person.get_gender_display()}
        )
    if wrong:
        raise ValidationError({NumberKind.NATIONAL_ID.value: wrong})


def _require_agreement_with_kept(person: Person) -> None:
    kept = person.numbers.filter(kind=NumberKind.NATIONAL_ID).first()
    if kept is None:
        return
    try:
        born = born_by(kept.plain())
    except Unreadable:
        return  # its key is missing; that must not stop the office from correcting a name
    said = {"birth_ym": born.month, "gender": born.gender}
    sentence = _("This does not agree with the ID number on file; enter the right number with it.")
    wrong = {name: sentence for name, value in said.items() if getattr(person, name) != value}
    if wrong:
        raise ValidationError(wrong)


def _keep(person: Person, kind: NumberKind, plain: str, *, by: User, now: datetime) -> None:
    if kind == NumberKind.NATIONAL_ID:
        others = PersonalNumber.objects.of(kind, plain).exclude(person=person)
        if others.exists():
            raise _taken()
    kept = PersonalNumber.objects.filter(person=person, kind=kind).first()
    number = kept or PersonalNumber(person=person, kind=kind, **entered(by, now))
    number.keep(plain)
    try:
        with transaction.atomic():
            if kept:
                number.record("ciphertext", "blind_index", by=by, now=now)
            else:
                number.save()
    except IntegrityError as met:
        if "one_person_per_id_number" not in str(met):
            raise
        raise _taken() from None


def _taken() -> ValidationError:
    told = _(
        "ID number: a person with this number is entered already. Find that entry by looking the"
        " number up, and go on there."
    )
    return ValidationError({NumberKind.NATIONAL_ID.value: told})


def _number_of(person: Person, kind: str) -> PersonalNumber:
    number = person.numbers.filter(kind=kind).first()
    if number is None:
        raise ValidationError({"kind": _("This person has no such number on file.")})
    return number


def _checked(reason: str) -> str:
    """The reason, which the auditor reads and nobody can take back."""
    if not reason.strip():
        raise ValidationError({"reason": _("Give the reason; the auditor will read it.")})
    try:
        refuse_numbers(reason)
    except ValidationError as refusal:
        raise ValidationError({"reason": refusal}) from None
    return reason.strip()


def _log(
    what: ReadingKind, kind: str, person: Person | None, reason: str, *, by: User, now: datetime
) -> None:
    if person is not None and person.name:
        reason = reason.replace(person.name, "※")  # the row outlives the name
    NumberReading.objects.create(
        what=what,
        kind=kind,
        person=person,
        reason=reason,
        read_by=by,
        read_at=now,
        request=told_to_database(),
    )
