"""Mail that goes out: one row per message and recipient, and the ticks of the bell."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import CheckConstraint, Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from assistance.models import Language, User
from assistance.models.rows import is_one_of
from reporting.models.editions import Edition


class MailKind(models.TextChoices):
    EDITION = "edition", pgettext_lazy("mail", "edition")
    NOTICE = "notice", pgettext_lazy("mail", "notice")


class MailState(models.TextChoices):
    QUEUED = "queued", pgettext_lazy("mail", "queued")
    CLAIMED = "claimed", pgettext_lazy("mail", "being prepared")
    COMMITTING = "committing", pgettext_lazy("mail", "being handed over")
    SENT = "sent", pgettext_lazy("mail", "sent")
    FAILED = "failed", pgettext_lazy("mail", "failed")
    UNCERTAIN = "uncertain", pgettext_lazy("mail", "uncertain")
    CANCELLED = "cancelled", pgettext_lazy("mail", "cancelled")


HELD = (MailState.CLAIMED, MailState.COMMITTING)  # somebody is at work on it, until the lease ends
ENDED = (MailState.SENT, MailState.FAILED, MailState.CANCELLED)


class OutgoingMailQuerySet(models.QuerySet["OutgoingMail"]):
    def due(self, now: datetime) -> Self:
        """What waits to be sent and may be tried at ``now``."""
        return self.filter(state=MailState.QUEUED, run_after__lte=now)

    def lapsed(self, now: datetime) -> Self:
        """What somebody had in hand for longer than a task can last: that somebody is dead."""
        return self.filter(state__in=HELD, leased_until__lte=now)


class OutgoingMail(models.Model):
    """One message to one recipient. The row is the truth; the broker only wakes whoever sends it.

    queued → claimed → committing → sent | failed | uncertain; claimed → cancelled. ``committing``
    is committed before the message goes to the relay, so a row that is still ``committing`` after
    its lease may or may not have been delivered.
    """

    kind = models.CharField(_("kind"), max_length=8, choices=MailKind)
    recipient = models.ForeignKey(
        User, models.PROTECT, related_name="mail", verbose_name=pgettext_lazy("mail", "recipient")
    )
    address = models.EmailField(_("address"))
    language = models.CharField(_("language"), max_length=7, choices=Language)
    edition = models.ForeignKey(
        Edition,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="mail",
        verbose_name=_("edition"),
    )
    attachments = models.JSONField(_("attachments"), default=list)  # formats of the edition's files
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("text"), blank=True)  # of a notice; an edition's text is a file
    dedupe_key = models.CharField(max_length=120, unique=True)
    message_id = models.CharField("Message-ID", max_length=120, unique=True)
    state = models.CharField(_("state"), max_length=10, choices=MailState, default=MailState.QUEUED)
    # only ever counted up, so that an attempt knows whether the row is still its own
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    run_after = models.DateTimeField(_("not before"))
    give_up_at = models.DateTimeField(_("given up at"))
    leased_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    created_at = models.DateTimeField(_("queued at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    reply = models.TextField(_("last word of the mail server"), blank=True)
    resolved_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("resolved by")
    )
    resolved_at = models.DateTimeField(_("resolved at"), null=True, blank=True)

    objects = OutgoingMailQuerySet.as_manager()

    class Meta:
        verbose_name = _("outgoing mail")
        verbose_name_plural = _("outgoing mail")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("resolve_outgoingmail", _("Can resolve uncertain mail"))]
        constraints = [
            CheckConstraint(
                name="mail_kind_is_known", condition=is_one_of("kind", MailKind.values)
            ),
            CheckConstraint(
                name="mail_language_is_known", condition=is_one_of("language", Language.values)
            ),
            CheckConstraint(
                name="mail_state_is_known", condition=is_one_of("state", MailState.values)
            ),
            CheckConstraint(
                name="mail_is_leased_while_somebody_has_it",
                condition=Q(state__in=HELD, leased_until__isnull=False)
                | ~Q(state__in=HELD) & Q(leased_until=None),
            ),
            CheckConstraint(
                name="mail_of_an_edition_has_one",
                condition=Q(kind=MailKind.EDITION, edition__isnull=False)
                | Q(kind=MailKind.NOTICE) & ~Q(body=""),
            ),
            CheckConstraint(
                name="mail_finished_at_its_end",
                condition=Q(state__in=ENDED, finished_at__isnull=False)
                | ~Q(state__in=ENDED) & Q(finished_at=None),
            ),
            CheckConstraint(
                name="mail_resolved_at_and_by",
                condition=Q(resolved_at=None, resolved_by=None)
                | Q(resolved_at__isnull=False, resolved_by__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["run_after", "id"], name="mail_due", condition=Q(state="queued")),
            models.Index(fields=["leased_until"], name="mail_leases", condition=Q(state__in=HELD)),
        ]

    def __str__(self) -> str:
        return f"{self.address}: {self.subject}"

    @property
    def told(self) -> str:
        """Why the mail is where it is, in the reader's language; the relay's words as they came.

        Our own sentences are stored in ``reply`` in English and translated here.
        """
        return gettext(self.reply) if self.reply else ""


class Tick(models.Model):
    """When the bell last rang; the readiness check looks here."""

    name = models.SlugField(primary_key=True, max_length=30)
    rang_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
