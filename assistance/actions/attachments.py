"""Taking in files that prove something."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePath
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from assistance.files import write_file
from assistance.models import Attachment, User
from assistance.models.attachments import LARGEST_BYTES

# What a file has to begin with, by the ending of its name.
BEGINNINGS: dict[str, tuple[str, bytes]] = {
    ".pdf": ("application/pdf", b"%PDF-"),
    ".jpg": ("image/jpeg", b"\xff\xd8\xff"),
    ".jpeg": ("image/jpeg", b"\xff\xd8\xff"),
    ".png": ("image/png", b"\x89PNG\r\n\x1a\n"),
    ".docx": (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        b"PK\x03\x04",
    ),
    ".xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK\x03\x04"),
}


def keep_file(content: bytes, *, name: str, by: User, now: datetime) -> Attachment:
    """Keep a file of at most 10 MB under a name that nobody can guess, and its row.

    ValidationError on ``file`` where it is empty, too large, or not what its name says. The file is
    on the disk before its row is; where the transaction fails, a file without a row is left, which
    nobody can ask for.
    """
    ending = PurePath(name).suffix.lower()
    if ending not in BEGINNINGS:
        raise ValidationError(
            {"file": _("Hand in one of these: %(endings)s.") % {"endings": ", ".join(BEGINNINGS)}}
        )
    media_type, beginning = BEGINNINGS[ending]
    if not content:
        raise ValidationError({"file": _("The file is empty.")})
    if len(content) > LARGEST_BYTES:
        raise ValidationError({"file": _("The file is larger than 10 MB; make it smaller.")})
    if not content.startswith(beginning):
        raise ValidationError({"file": _("The file is not what its name says it is.")})
    stored_as = uuid4()
    _name, sha256 = write_file(path_of(stored_as.hex), content)
    return Attachment.objects.create(
        stored_as=stored_as,
        name=PurePath(name).name[-200:],
        media_type=media_type,
        bytes=len(content),
        sha256=sha256,
        created_at=now,
        created_by=by,
    )


def path_of(stored_as: str) -> str:
    """Where a kept file lies below the directory of files."""
    return f"attachments/{stored_as[:2]}/{stored_as}"
