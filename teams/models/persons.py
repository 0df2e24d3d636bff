"""Persons who are or were posted."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import CheckConstraint, Max, OuterRef, Q
from django.db.models.functions import Coalesce, TruncDate
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from assistance.models.rows import (
    Recorded,
    RecordedQuerySet,
    is_one_of,
)
from assistance.personal_numbers import refuse_numbers
from assistance.scope import Scope
from teams.models.postings import Posting, PostingState

# What tells who somebody is. The change log does not hold these; ``Particulars`` does, until they
# are erased. Gender and month of birth stay: head counts and average ages are made of them.
IDENTIFYING = (
    "name", "ethnicity", "political_status", "education", "prof_title", "home_unit", "rank",
)  # fmt: skip


class PersonQuerySet(RecordedQuerySet["Person"]):
    seen_through = "postings__pairing"

    def within(self, scope: Scope) -> Self:
        """Everybody for the whole scope; otherwise those with a posting inside it."""
        if scope.kind == "all":
            return self
        return self.filter(
            models.Exists(Posting.objects.within(scope).filter(person=OuterRef("pk")))
        )

    def not_erased(self) -> Self:
        return self.filter(erased_at=None)

    def kept_no_longer_than(self, day: date) -> Self:
        """Persons, not yet erased, whose last posting ended by ``day``; without any posting, those
        entered by that local day.

        Nobody who is in post or is planned to go; a posting that was cancelled or struck out is
        none.
        """
        own = Posting.objects.taking_place().filter(person=OuterRef("pk"))
        open_ones = own.filter(state__in=[PostingState.PLANNED, PostingState.ACTIVE])
        ended = own.order_by().values("person").annotate(last=Max("end_on"))
        return (
            self.not_erased()
            .exclude(models.Exists(open_ones))
            .annotate(
                kept_since=Coalesce(models.Subquery(ended.values("last")), TruncDate("created_at"))
            )
            .filter(kept_since__lte=day)
        )


class Gender(models.TextChoices):
    FEMALE = "F", _("female")
    MALE = "M", _("male")


class Person(Recorded):
    """Somebody who is or was posted. ID and telephone numbers are rows of ``PersonalNumber``.

    Once erased nothing is left but the row itself, gender and month of birth, so that postings
    and figures stand; the database lets nobody write to it again.
    """

    name = models.CharField(pgettext_lazy("person", "name"), max_length=60)
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
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True, editable=False)
    erased_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("erased by"),
    )

    objects = PersonQuerySet.as_manager()

    class Meta(Recorded.Meta):
        verbose_name = _("person")
        verbose_name_plural = _("persons")
        ordering = ["name", "id"]
        default_permissions = ("add", "change", "view")
        permissions = [
            ("reveal_person", _("Can see a person's full numbers, with a reason")),
            ("look_up_person", _("Can find a person by a full number")),
        ]
        constraints = [
            CheckConstraint(
                name="person_gender_is_known", condition=is_one_of("gender", Gender.values)
            ),
            CheckConstraint(
                name="person_birth_is_a_month",
                condition=Q(birth_ym__regex=r"^\d{4}-(0[1-9]|1[0-2])$"),
            ),
            CheckConstraint(
                name="person_erased_at_and_by",
                condition=Q(erased_at=None, erased_by=None)
                | Q(erased_at__isnull=False, erased_by__isnull=False),
            ),
            CheckConstraint(
                name="person_erased_says_nothing",
                condition=Q(erased_at=None) | Q(**dict.fromkeys(IDENTIFYING, "")),
            ),
        ]

    def __str__(self) -> str:
        if self.erased_at is not None:
            return gettext("person no. %(id)d (erased)") % {"id": self.pk}
        return self.name

    def clean(self) -> None:
        """Everybody reads these columns, so none of them bears a number."""
        wrong = {}
        for name in IDENTIFYING:
            try:
                refuse_numbers(getattr(self, name))
            except ValidationError as refusal:
                wrong[name] = refusal
        if wrong:
            raise ValidationError(wrong)

    def take_turns(self) -> Person:
        """Lock the person and read it anew: postings of one person are entered one after the other,
        and whoever comes second is told instead of failing.
        """
        return Person.objects.select_for_update(no_key=True).get(pk=self.pk)
