"""Files that prove something: papers, photographs, workbooks, as they were handed in."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Q
from django.utils.translation import gettext_lazy as _

LARGEST_BYTES = 10 * 1024 * 1024


class Attachment(models.Model):
    """A file as it was handed in: it never changes, and lies outside the web's root under a name
    that nobody can guess. ``sha256`` is of its bytes.

    Who may read it follows from the row that it is filed with; by itself it is nobody's.
    """

    stored_as = models.UUIDField(_("stored as"), default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("file name"), max_length=200)
    media_type = models.CharField(_("type"), max_length=100)
    bytes = models.PositiveIntegerField(_("size (bytes)"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    created_at = models.DateTimeField(_("handed in at"), editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        editable=False,
        verbose_name=_("handed in by"),
    )

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["-id"]
        default_permissions = ()
        constraints = [
            CheckConstraint(
                name="attachment_size_is_allowed",
                condition=Q(bytes__gt=0, bytes__lte=LARGEST_BYTES),
            ),
            CheckConstraint(
                name="attachment_sha256_is_hexadecimal",
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"),
            ),
        ]

    def __str__(self) -> str:
        return self.name
