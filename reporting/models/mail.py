"""Mail that goes out: one row per message and recipient, and the ticks of the bell."""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

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


class OutgoingMail(models.Model):
    """One message to one recipient. The row is the truth; the broker only wakes whoever sends it.

    queued → claimed → committing → sent | failed | uncertain; queued → cancelled. ``committing`` is
    committed before the final dot goes to the relay, so a row that is still ``committing`` after
    its lease may or may not have been delivered.
    """

    kind = models.CharField(_("kind"), max_length=8, choices=MailKind)
    recipient = models.ForeignKey(
        User, models.PROTECT, related_name="mail", verbose_name=_("recipient")
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
                name="mail_state_is_known", condition=is_one_of("state", MailState.values)
            ),
            CheckConstraint(
                name="mail_is_leased_while_somebody_has_it",
                condition=Q(
                    state__in=[MailState.CLAIMED, MailState.COMMITTING], leased_until__isnull=False
                )
                | ~Q(state__in=[MailState.CLAIMED, MailState.COMMITTING]) & Q(leased_until=None),
            ),
            CheckConstraint(
                name="mail_of_an_edition_has_one",
                condition=Q(kind=MailKind.EDITION, edition__isnull=False)
                | Q(kind=MailKind.NOTICE) & ~Q(body=""),
            ),
            CheckConstraint(
                name="mail_finished_at_its_end",
                condition=Q(
                    state__in=[MailState.SENT, MailState.FAILED, MailState.CANCELLED],
                    finished_at__isnull=False,
                )
                | Q(
                    state__in=[
                        MailState.QUEUED,
                        MailState.CLAIMED,
                        MailState.COMMITTING,
                        MailState.UNCERTAIN,
                    ],
                    finished_at=None,
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["run_after", "id"], name="mail_due", condition=Q(state="queued")),
            models.Index(
                fields=["leased_until"],
                name="mail_leases",
                condition=Q(state__in=["claimed", "committing"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address}: {self.subject}"


class Tick(models.Model):
    """When the bell last rang; the readiness check looks here."""

    name = models.SlugField(primary_key=True, max_length=30)
    rang_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
