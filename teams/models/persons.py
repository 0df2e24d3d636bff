"""Persons who are or were posted."""

from __future__ import annotations

from typing import Self

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import CheckConstraint, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from assistance.models.rows import (
    Recorded,
    RecordedQuerySet,
    is_one_of,
)
from assistance.scope import Scope
from teams.models.postings import Posting


class PersonQuerySet(RecordedQuerySet["Person"]):
    seen_through = "postings__pairing"

    def within(self, scope: Scope) -> Self:
        """Everybody for the whole scope; otherwise those with a posting inside it."""
        if scope.kind == "all":
            return self
        return self.filter(
            models.Exists(Posting.objects.within(scope).filter(person=OuterRef("pk")))
        )


class Gender(models.TextChoices):
    FEMALE = "F", _("female")
    MALE = "M", _("male")


class Person(Recorded):
    """Somebody who is or was posted. Numbers of identity papers and telephones are kept elsewhere,
    encrypted.
    """

    name = models.CharField(_("name"), max_length=60)
    gender = models.CharField(_("gender"), max_length=1, choices=Gender)
    ethnicity = models.CharField(_("ethnicity"), max_length=20, blank=True)
    birth_ym = models.CharField(
        _("year and month of birth"),
        max_length=7,
        validators=[
            RegexValidator(r"^\d{4}-(0[1-9]|1[0-2])$", _("Write year and month as 1980-06."))
        ],
    )
    political_status = models.CharField(_("political status"), max_length=20, blank=True)
    education = models.CharField(_("education"), max_length=20, blank=True)
    prof_title = models.CharField(_("professional title"), max_length=40, blank=True)
    home_unit = models.CharField(_("home unit"), max_length=100)
    rank = models.CharField(_("rank"), max_length=40, blank=True)

    objects = PersonQuerySet.as_manager()

    class Meta(Recorded.Meta):
        verbose_name = _("person")
        verbose_name_plural = _("persons")
        ordering = ["name", "id"]
        default_permissions = ("add", "change", "view")
        constraints = [
            CheckConstraint(
                name="person_gender_is_known", condition=is_one_of("gender", Gender.values)
            ),
            CheckConstraint(
                name="person_birth_is_a_month",
                condition=Q(birth_ym__regex=r"^\d{4}-(0[1-9]|1[0-2])$"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def take_turns(self) -> None:
        """Lock the person: postings of one person are entered one after the other, and whoever
        comes second is told instead of failing.
        """
        Person.objects.select_for_update(no_key=True).get(pk=self.pk)
