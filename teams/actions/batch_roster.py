"""Enter and dispatch a whole batch from its roster: every row, or none and all that is wrong.

A row is one person and one posting, and goes through the verbs that the desk calls for a single
one. The ID number tells who is entered already; the batch and the first day tell which posting is.
So the same roster handed in again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from assistance.errors import BrokenFile, Refused
from assistance.models import User
from assistance.personal_numbers import (
    born_by,
    masked_national_id,
    masked_phone,
    without_numbers,
)
from assistance.table_rows import Faults, Row
from assistance.workbooks import read_sheet
from teams.actions.batch_places import Place, Places, who_leaves
from teams.actions.persons import amend_person, enter_person, owners_of, put_on_record, read_number
from teams.actions.postings import dispatch, edit_posting, plan_posting
from teams.batch_sheet import (
    COLUMNS,
    MOST_ROWS,
    PERSON,
    PLACE,
    POSTING,
    REQUIRED,
    Asks,
    Column,
    Truth,
    headings,
)
from teams.models import Batch, NumberKind, Person, Posting, PostingState

T = TypeVar("T")
# Where a verb names something that stands in another column, or in none.
_STANDS_IN = {"pairing": "planned_end", "person": "name", "team": "region"}
_AS_SAID = (
    "host_post", "category", "term", "start_on", "planned_end", "is_planned_quota", "group_type",
    "direction",
)  # fmt: skip


@dataclass
class Done:
    """What became of one row, in words for a page: numbers are masked."""

    line: int
    name: str
    national_id: str
    post: str = ""
    steps: list[str] = field(default_factory=list)
    changes: list[tuple[str, str, str]] = field(default_factory=list)  # column, before, after
    person: Person = field(default_factory=Person, repr=False)


def read_roster(content: bytes, *, file: str) -> list[Row]:
    """The rows of a roster's workbook; BrokenFile where it cannot be read, has other columns, or
    has no row.
    """
    faults = Faults()
    rows = read_sheet(
        content, headings(), faults, file=file, required=REQUIRED, most_rows=MOST_ROWS
    )
    if not rows and not faults.count:
        faults.add(file, 1, "", _("There is no row; write one for each person."))
    faults.refuse()
    return rows


def enter_roster(
    batch: Batch,
    rows: Sequence[Row],
    *,
    by: User,
    now: datetime,
    letter_no: str = "",
    dispatches: bool = True,
    dry_run: bool = False,
) -> list[Done]:
    """Enter what the rows of a roster say, and, where it ``dispatches``, send everybody.

    BrokenFile names everything that is wrong; then, and in a ``dry_run``, nothing was
    written. Whose numbers were found stays on record either way. ``letter_no`` is the dispatch
    letter of the rows that name none. PermissionDenied for who may not enter persons, plan or
    dispatch.
    """
    for permission in ("add_person", "change_person", "add_posting", "dispatch_posting"):
        if not by.has_perm(f"teams.{permission}"):
            raise PermissionDenied
    roster = _Roster(batch, by=by, now=now, letter_no=letter_no.strip(), dispatches=dispatches)
    faults = rows[0].faults if rows else Faults()
    try:
        with transaction.atomic():
            # whoever hands in the same roster meanwhile waits, and then finds it entered
            Batch.objects.select_for_update(no_key=True).get(pk=batch.pk)
            done = roster.take(rows)
            faults.refuse()
            if dry_run:
                transaction.set_rollback(True)
    except BrokenFile:
        _found(roster)
        raise
    _found(roster)
    return done


def _found(roster: _Roster) -> None:
    reason = _("Roster of the batch %(batch)s") % {"batch": without_numbers(roster.batch.label)}
    put_on_record(roster.known.values(), reason=reason, by=roster.by, now=roster.now)


@dataclass
class _Line:
    """A row with what its cells mean. ``said`` has nothing for the columns that are ``wrong``."""

    row: Row
    said: dict[str, Any] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)

    def no(self, column: str, cause: str) -> None:
        """Note what is wrong with a cell; blank where the whole row is meant."""
        self.row.wrong(column, cause)
        self.wrong.add(column)

    def is_wrong(self, columns: Iterable[Column]) -> bool:
        return not self.wrong.isdisjoint(column.name for column in columns)

    def told(self, columns: Iterable[Column], call: Callable[[], T]) -> T | None:
        """What ``call`` returns; None where a cell of ``columns`` is wrong, or a verb refuses."""
        if self.is_wrong(columns):
            return None
        try:
            with transaction.atomic():
                return call()
        except Refused as refusal:
            self.no(next((name for name in refusal.fields if name in COLUMNS), ""), str(refusal))
        except ValidationError as refusal:
            for name, sentences in refusal.message_dict.items():
                column = _STANDS_IN.get(name, name)
                self.no(column if column in COLUMNS else "", " ".join(sentences))
        return None


class _Roster:
    """One roster on its way in."""

    def __init__(
        self, batch: Batch, *, by: User, now: datetime, letter_no: str, dispatches: bool
    ) -> None:
        self.batch, self.by, self.now = batch, by, now
        self.letter_no, self.dispatches = letter_no, dispatches
        self.places = Places(batch, by=by)
        self.known: dict[str, Person] = {}  # by ID number

    def take(self, rows: Iterable[Row]) -> list[Done]:
        """Enter every row that fits; what does not is noted in its faults."""
        lines = [self._read(row) for row in rows]
        _require_once(lines)
        numbers = [line.said["national_id"] for line in lines if "national_id" in line.said]
        self.known = owners_of(numbers, by=self.by)
        taken = (self._take_one(line) for line in lines)
        return [done for done in taken if done is not None]

    def _take_one(self, line: _Line) -> Done | None:
        done = line.told(PERSON, lambda: self._enter(line.said, line.row.line))
        place = line.told(PLACE, lambda: self.places.of(line.said))
        if done is None or place is None:
            return None
        posting = line.told(POSTING, lambda: self._post(line.said, done, place))
        return None if posting is None else done

    # -------------------------------------------------------------------------------- the cells

    def _read(self, row: Row) -> _Line:
        line = _Line(row)
        for column in COLUMNS.values():
            try:
                line.said[column.name] = column.meaning(row[column.name])
            except ValidationError as refusal:
                line.no(column.name, " ".join(refusal.messages))
        said = line.said
        for kind in NumberKind:
            if said.get(kind):
                try:
                    said[kind] = read_number(kind, said[kind], now=self.now)
                except ValidationError as refusal:
                    del said[kind]
                    line.no(kind, " ".join(refusal.messages))
        if said.get("start_on", "") is None:
            said["start_on"] = self.batch.dispatched_on
        return line

    # ------------------------------------------------------------------------------- the person

    def _enter(self, said: dict[str, Any], line: int) -> Done:
        number, phone = said["national_id"], said["phone"]
        fields = {column.name: said[column.name] for column in PERSON if column.asks != Asks.NUMBER}
        person = self.known.get(number)
        done = Done(line, said["name"], masked_national_id(number))
        if person is None:
            born = born_by(number)
            fields["gender"] = fields["gender"] or born.gender
            fields["birth_ym"] = fields["birth_ym"] or born.month
            done.person = enter_person(
                **fields, national_id=number, phone=phone, by=self.by, now=self.now
            )
            done.steps.append(_("person entered"))
            return done
        if person.name != fields.pop("name"):
            told = _(
                "The person with this ID number is entered under another name; look the number up,"
                " and correct whichever is wrong."
            )
            raise ValidationError({"name": told})
        changed = {
            name: value
            for name, value in fields.items()
            if value and value != getattr(person, name)
        }
        done.changes += [_change(person, name, value) for name, value in changed.items()]
        if phone and not person.numbers.all().of(NumberKind.PHONE, phone).exists():
            changed[NumberKind.PHONE] = phone
            done.changes.append((str(capfirst(NumberKind.PHONE.label)), "…", masked_phone(phone)))
        if changed:
            person = amend_person(person, **changed, by=self.by, now=self.now)
            done.steps.append(_("particulars changed"))
        done.person = person
        return done

    # ------------------------------------------------------------------------------ the posting

    def _post(self, said: dict[str, Any], done: Done, place: Place) -> Posting:
        unit, is_new = self.places.unit(said, place)
        if is_new:
            done.steps.append(_("unit entered"))
        done.post = f"{place.region} · {unit} · {said['host_post']}"
        fields = {
            "region": place.region, "team": place.team, "pairing": place.pairing, "host_unit": unit,
        } | {name: said[name] for name in _AS_SAID}  # fmt: skip
        if said["succeeds"]:
            fields["succeeds"] = who_leaves(said, unit, done.person)
        if said["letter_no"]:
            fields["letter_no"] = said["letter_no"]
        posting = (
            Posting.objects.taking_place()
            .filter(person=done.person, team__batch=self.batch, start_on=said["start_on"])
            .first()
        )
        if posting is None:
            posting = plan_posting(person=done.person, **fields, by=self.by, now=self.now)
            done.steps.append(_("posting planned"))
        else:
            posting = self._amend(posting, fields, done)
        if self.dispatches and posting.state == PostingState.PLANNED:
            letter = posting.letter_no or self.letter_no
            posting = dispatch(posting, letter_no=letter, by=self.by, now=self.now)
            done.steps.append(pgettext("roster", "dispatched"))
        return posting

    def _amend(self, posting: Posting, fields: Mapping[str, Any], done: Done) -> Posting:
        """Change a posting that is still planned; one that was dispatched must say the same."""
        differs = {name: value for name, value in fields.items() if value != getattr(posting, name)}
        if posting.state == PostingState.PLANNED:
            if differs:
                done.changes += [_change(posting, name, value) for name, value in differs.items()]
                posting = edit_posting(posting, **differs, by=self.by, now=self.now)
                done.steps.append(_("posting changed"))
            return posting
        if differs.get("planned_end") == posting.first_planned_end:
            del differs["planned_end"]  # it was extended since
        if differs:
            told = _("This posting was dispatched with “%(kept)s”; write that, or change it there.")
            raise ValidationError(
                {name: told % {"kept": _shown(posting, name)} for name in differs}
            )
        return posting


def _require_once(lines: Iterable[_Line]) -> None:
    first: dict[str, int] = {}
    for line in lines:
        number = line.said.get("national_id")
        if number in first:
            told = _("This ID number stands in line %(line)d already; remove one of the two.")
            line.no("national_id", told % {"line": first[number]})
        elif number:
            first[number] = line.row.line


def _change(row: models.Model, name: str, value: Any) -> tuple[str, str, str]:
    after = copy(row)
    setattr(after, name, value)
    label = capfirst(str(row._meta.get_field(name).verbose_name))  # type: ignore[union-attr]  # a plain column
    return label, _shown(row, name), _shown(after, name)


def _shown(row: Any, name: str) -> str:
    display = getattr(row, f"get_{name}_display", None)
    value = display() if display else getattr(row, name)
    if isinstance(value, bool):
        return str(Truth(str(value).lower()).label)
    return str(value or "–")
