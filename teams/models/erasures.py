"""Erasing what identifies people once it may no longer be kept: one person proposes, another
confirms.
"""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from assistance.models.rows import LedgerQuerySet, LedgerRow, counted_by_other_hands
from assistance.scope import Scope
from teams.models.persons import Person


class ErasureQuerySet(LedgerQuerySet["Erasure"]):
    seen_through = ""
    business_day = "kept_until"

    def within(self, scope: Scope) -> Self:
        """All of them for whoever sees the whole ledger, else none."""
        return self if scope.kind == "all" else self.none()


class Erasure(LedgerRow):
    """A list of persons whose time has run out. Confirmed by other hands, it is carried out in the
    same transaction and counts; there is no way back.
    """

    kept_until = models.DateField(_("last day in post up to"))
    years = models.PositiveSmallIntegerField(_("years that they are kept"))
    persons = models.ManyToManyField(Person, related_name="erasures", verbose_name=_("persons"))
    erased = models.PositiveIntegerField(_("erased"), null=True, blank=True, editable=False)

    objects = ErasureQuerySet.as_manager()

    class Meta(LedgerRow.Meta):
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering = ["-id"]
        default_permissions = ("add", "view")
        permissions = [("confirm_erasure", _("Can confirm an erasure"))]
        constraints = [*LedgerRow.Meta.constraints, counted_by_other_hands()]

    def __str__(self) -> str:
        return f"{self.pk} · {self.kept_until}"
