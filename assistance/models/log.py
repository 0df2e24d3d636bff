"""The change log: what was written, by whom, why, and the seals that show if it was tampered with.

Rows are written by triggers of the database, so bulk writes and raw SQL are logged like verbs are.
Nobody alters them: UPDATE and DELETE are refused by a trigger. The tick seals what was
committed since the last seal, so no write ever waits for the chain.
"""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import CheckConstraint
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.models.rows import is_one_of


class ChangeKind(models.TextChoices):
    INSERT = "I", pgettext_lazy("change", "entered")
    UPDATE = "U", pgettext_lazy("change", "changed")
    DELETE = "D", pgettext_lazy("change", "deleted")


class Change(models.Model):
    """One row of one table before and after one write; of an update only what changed."""

    at = models.DateTimeField(_("at"))
    transaction = models.BigIntegerField(_("transaction"))
    table = models.CharField(_("table"), max_length=63)
    row = models.BigIntegerField(_("row"))
    kind = models.CharField(_("kind"), max_length=1, choices=ChangeKind)
    before = models.JSONField(_("before"), null=True)
    after = models.JSONField(_("after"), null=True)
    actor = models.BigIntegerField(_("account"), null=True)  # no foreign key: the log outlives all
    request = models.JSONField(_("request"), null=True)  # id, door, address, as the door told it

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("change log")
        ordering = ["-id"]
        default_permissions = ("view",)
        constraints = [
            CheckConstraint(
                name="change_kind_is_known", condition=is_one_of("kind", ChangeKind.values)
            ),
        ]
        indexes = [
            models.Index(fields=["table", "row", "id"], name="change_of_row"),
            models.Index(fields=["transaction"], name="change_transaction"),
            models.Index(fields=["actor", "id"], name="change_by_actor"),
            BrinIndex(fields=["at"], name="change_at"),  # rows lie in the order of their instants
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.row} {self.kind}"


class Seal(models.Model):
    """A digest over the changes of all transactions up to ``before_transaction``, and the seal
    before.

    A seal takes the transactions that ended since the one before it: those numbered from the
    previous ``before_transaction`` up to, not including, its own. ``after_row`` is set instead
    where the numbers began anew, which happens when a back-up is restored into a new cluster.
    """

    sealed_at = models.DateTimeField(_("sealed at"))
    from_transaction = models.BigIntegerField()
    before_transaction = models.BigIntegerField()
    after_row = models.BigIntegerField(default=0)
    last_row = models.BigIntegerField()
    changes = models.PositiveBigIntegerField(_("changes"))
    digest = models.CharField(_("digest"), max_length=64)

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        ordering = ["id"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.digest[:12]
