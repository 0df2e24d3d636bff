"""Erase what identifies persons whose time has run out: proposed, then confirmed by other hands."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import Setting, User
from assistance.models.rows import entered
from assistance.periods import local_day
from teams.models import Erasure, Particulars, Person, PersonalNumber, Posting
from teams.models.persons import IDENTIFYING


class Due(NamedTuple):
    """Whose time has run out: those whose last posting ended by ``day``, ``years`` ago."""

    years: int
    day: date
    persons: models.QuerySet[Person]


def due(*, by: User, now: datetime) -> Due:
    """The persons that may no longer be kept, by the setting that applies today."""
    today = local_day(now)
    years = int(Setting.objects.value_on("personal_data_years", today, known_at=now))
    day = _years_before(today, years)
    return Due(years, day, Person.objects.visible_to(by).kept_no_longer_than(day))


@transaction.atomic
def propose_erasure(*, by: User, now: datetime) -> Erasure:
    """List everybody who is due; nothing is erased before somebody else confirms the list."""
    if not by.has_perm("teams.add_erasure"):
        raise PermissionDenied
    found = due(by=by, now=now)
    on_open_lists = Erasure.persons.through.objects.filter(
        person=models.OuterRef("pk"), erasure__counted_at=None, erasure__voided_at=None
    )
    listed = list(found.persons.exclude(models.Exists(on_open_lists)))
    if not listed:
        raise Refused(
            "nobody_is_due",
            _("Nobody is due who is not on an open list; those who left by %(day)s would be.")
            % {"day": date_format(found.day)},
        )
    erasure = Erasure(kept_until=found.day, years=found.years, **entered(by, now))
    erasure.full_clean()
    erasure.save()
    erasure.persons.set(listed)
    return erasure


@transaction.atomic
def confirm_erasure(
    erasure: Erasure, *, by: User, now: datetime, version: int | None = None
) -> Erasure:
    """Erase the listed persons, for good. Who was planned or dispatched meanwhile, or is no longer
    due by today's setting, stays.
    """
    if not by.has_perm("teams.confirm_erasure"):
        raise PermissionDenied
    erasure = _lock_open(erasure, by=by, version=version)
    erasure.require_other_hands(by, than=("created_by",))
    listed = erasure.persons.order_by("pk").values_list("pk", flat=True)
    locked = list(Person.objects.select_for_update().filter(pk__in=listed).order_by("pk"))
    still_due = due(by=by, now=now).persons.filter(pk__in=[person.pk for person in locked])
    erasure.erased = _erase(list(still_due.values_list("pk", flat=True)), by=by, now=now)
    erasure.count("erased", by=by, now=now)
    return erasure


@transaction.atomic
def withdraw_erasure(
    erasure: Erasure, *, reason: str, by: User, now: datetime, version: int | None = None
) -> Erasure:
    """Strike out a list that was not confirmed; its persons stay as they are."""
    if not by.has_perm("teams.add_erasure"):
        raise PermissionDenied
    erasure = _lock_open(erasure, by=by, version=version)
    if not reason.strip():
        raise ValidationError({"reason": _("Give the reason; others will read it.")})
    erasure.void(by=by, now=now, reason=reason)
    return erasure


def _lock_open(erasure: Erasure, *, by: User, version: int | None) -> Erasure:
    erasure = Erasure.objects.lock_for(by, erasure.pk, version=version)
    if erasure.counted_at or erasure.voided_at:
        raise Refused("erasure_is_settled", _("This list was carried out or struck out already."))
    return erasure


def _erase(persons: list[int], *, by: User, now: datetime) -> int:
    """Names, units, ranks, numbers and earlier particulars go; gender, month of birth, postings
    and the log of who read a number stay. What the desk noted under a name bears none any more.
    """
    PersonalNumber.objects.filter(person__in=persons).delete()
    count = Person.objects.filter(pk__in=persons).update(
        **dict.fromkeys(IDENTIFYING, ""),
        erased_at=now,
        erased_by=by,
        updated_at=now,
        updated_by=by,
        version=models.F("version") + 1,
    )
    Particulars.objects.filter(person__in=persons).update(before=None, after=None, salt=None)
    for model, path in _named_after_persons():
        rows = model._default_manager.filter(**{f"{path}__in": persons}).values_list(
            "pk", flat=True
        )
        LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(model),
            object_id__in=[str(pk) for pk in rows],
        ).update(object_repr="–")
    return count


def _named_after_persons() -> Iterable[tuple[type[models.Model], str]]:
    """Our models whose rows may be called by a person's name, and the way from them to it."""
    yield Person, "pk"
    for model in apps.get_app_config("teams").get_models():
        for field in model._meta.concrete_fields:
            if field.related_model is Person:
                yield model, field.name
            elif field.related_model is Posting and model is not Posting:
                yield model, f"{field.name}__person"


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)
