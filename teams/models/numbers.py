"""Numbers of people, encrypted; who read them; and what once identified somebody."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.encryption import blind_index, decrypt, encrypt
from assistance.models.rows import Recorded, RecordedQuerySet, ScopedQuerySet, is_one_of
from assistance.personal_numbers import masked_national_id, masked_phone
from assistance.scope import Scope
from teams.models.persons import Person


class NumberKind(models.TextChoices):
    NATIONAL_ID = "national_id", _("ID number")
    PHONE = "phone", _("telephone")


MASKS = {NumberKind.NATIONAL_ID: masked_national_id, NumberKind.PHONE: masked_phone}


class PersonalNumberQuerySet(RecordedQuerySet["PersonalNumber"]):
    seen_through = "person"

    def within(self, scope: Scope) -> Self:
        return self.filter(person__in=Person.objects.within(scope))

    def of(self, kind: NumberKind, plain: str) -> Self:
        """Those that are exactly this number."""
        return self.filter(kind=kind, blind_index=blind_index(plain, of=kind))


class PersonalNumber(Recorded):
    """One number of one person. It lies encrypted, bound to the person and the kind; the blind
    index finds it by the full number. Neither of the two columns is in the change log.
    """

    person = models.ForeignKey(
        Person, models.PROTECT, related_name="numbers", verbose_name=_("person")
    )
    kind = models.CharField(_("kind"), max_length=11, choices=NumberKind)
    ciphertext = models.BinaryField(editable=False)
    blind_index = models.BinaryField(editable=False)

    objects = PersonalNumberQuerySet.as_manager()

    class Meta(Recorded.Meta):
        verbose_name = _("personal number")
        verbose_name_plural = _("personal numbers")
        ordering = ["person_id", "kind"]
        default_permissions = ()
        constraints = [
            CheckConstraint(
                name="number_kind_is_known", condition=is_one_of("kind", NumberKind.values)
            ),
            UniqueConstraint(name="number_once_per_kind", fields=["person", "kind"]),
            UniqueConstraint(
                name="one_person_per_id_number",
                fields=["blind_index"],
                condition=Q(kind=NumberKind.NATIONAL_ID),
            ),
        ]
        indexes = [models.Index(fields=["blind_index"], name="number_by_index")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.person_id}"

    def keep(self, plain: str) -> None:
        """Take in the number; the person has to be saved before."""
        self.ciphertext = encrypt(plain, bound_to=self._place)
        self.blind_index = blind_index(plain, of=self.kind)

    def plain(self) -> str:
        """The number in full; ``Unreadable`` where its key is gone. No page calls this but by the
        verb that logs it.
        """
        return decrypt(bytes(self.ciphertext), bound_to=self._place)

    def masked(self) -> str:
        """The number as everybody may see it who sees the person."""
        return MASKS[NumberKind(self.kind)](self.plain())

    @property
    def _place(self) -> str:
        return f"{self.kind}:{self.person_id}"


class ReadingKind(models.TextChoices):
    REVEALED = "REVEALED", pgettext_lazy("reading", "shown in full")
    LOOKED_UP = "LOOKED_UP", pgettext_lazy("reading", "looked up")
    NOT_FOUND = "NOT_FOUND", pgettext_lazy("reading", "looked up, nobody found")


class NumberReadingQuerySet(ScopedQuerySet["NumberReading"]):
    seen_through = "person"

    def within(self, scope: Scope) -> Self:
        """All for the whole scope; otherwise those of persons inside it."""
        if scope.kind == "all":
            return self
        return self.filter(person__in=Person.objects.within(scope))


class NumberReading(models.Model):
    """Somebody read a number in full or asked whose it is. Append-only; never the number itself."""

    read_at = models.DateTimeField(_("at"))
    read_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by")
    )
    what = models.CharField(_("what"), max_length=9, choices=ReadingKind)
    kind = models.CharField(_("number"), max_length=11, choices=NumberKind)
    person = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="readings",
        verbose_name=_("person"),
    )
    reason = models.TextField(_("reason"))
    request = models.JSONField(_("request"), null=True)  # id, door and address, as in the log

    objects = NumberReadingQuerySet.as_manager()

    class Meta:
        verbose_name = _("reading of a number")
        verbose_name_plural = _("readings of numbers")
        ordering = ["-id"]
        default_permissions = ("view",)
        constraints = [
            CheckConstraint(
                name="reading_what_is_known", condition=is_one_of("what", ReadingKind.values)
            ),
            CheckConstraint(
                name="reading_kind_is_known", condition=is_one_of("kind", NumberKind.values)
            ),
            CheckConstraint(
                name="reading_names_whom",
                condition=Q(what=ReadingKind.NOT_FOUND, person=None)
                | ~Q(what=ReadingKind.NOT_FOUND) & Q(person__isnull=False),
            ),
            CheckConstraint(name="reading_has_a_reason", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"{self.get_what_display()} · {self.get_kind_display()}"


class ParticularsQuerySet(ScopedQuerySet["Particulars"]):
    seen_through = "person"

    def within(self, scope: Scope) -> Self:
        return self.filter(person__in=Person.objects.within(scope))


class Particulars(models.Model):
    """What identified a person before and after one write, kept beside the change log.

    A trigger of ``teams_person`` writes it. The change log holds the fingerprint, which is salted
    and sealed: as long as the words are here it proves them, and once they are erased it betrays
    nothing. Nobody alters a row but by erasing the person.
    """

    person = models.ForeignKey(
        Person, models.PROTECT, related_name="particulars", verbose_name=_("person")
    )
    written_at = models.DateTimeField(_("at"))
    actor = models.BigIntegerField(_("account"), null=True)
    before = models.JSONField(_("before"), null=True)
    after = models.JSONField(_("after"), null=True)
    salt = models.UUIDField(null=True)
    fingerprint = models.CharField(_("fingerprint"), max_length=64)

    objects = ParticularsQuerySet.as_manager()

    class Meta:
        verbose_name = _("earlier particulars")
        verbose_name_plural = _("earlier particulars")
        ordering = ["-id"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.fingerprint[:12]
