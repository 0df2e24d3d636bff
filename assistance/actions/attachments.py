"""Taking in files that prove something."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assistance.file_kinds import KINDS, Kind, NotTaken, clean_name, kind_of
from assistance.files import write_file
from assistance.models import Attachment, User
from assistance.models.attachments import LARGEST_BYTES

ENDINGS = ", ".join(KINDS)
SENTENCES = {
    "ending": gettext_lazy("Hand in one of these: %(endings)s."),
    "disguise": gettext_lazy(
        "The name holds the ending of a program or a page; rename the file if it is none."
    ),
    "other": gettext_lazy("The file is not what its name says it is."),
    "broken": gettext_lazy("The file is damaged or locked; save it anew without a password."),
    "more": gettext_lazy("Something else hides in the file; save it anew as what it is."),
    "macros": gettext_lazy("The file holds macros; save it without them."),
    "bomb": gettext_lazy("The file is small only while it is packed; hand in one with less in it."),
}


def keep_file(
    content: bytes, *, name: str, by: User, now: datetime, field: str = "file"
) -> Attachment:
    """Keep a file of at most 10 MB under a name that nobody can guess, and its row.

    ValidationError on ``field`` where it is empty, too large, or not what its name says. The file
    is on the disk before its row is; where the transaction fails, a file without a row is left,
    which nobody can ask for.
    """
    name, kind = proven(content, name=name, field=field)
    stored_as = uuid4()
    _path, sha256 = write_file(path_of(stored_as.hex), content)
    return Attachment.objects.create(
        stored_as=stored_as,
        name=name,
        media_type=kind.media_type,
        bytes=len(content),
        sha256=sha256,
        created_at=now,
        created_by=by,
    )


def proven(content: bytes, *, name: str, field: str = "file") -> tuple[str, Kind]:
    """The cleaned name and the kind of a file that is what its name says, of at most 10 MB.

    ValidationError on ``field`` otherwise.
    """
    name = clean_name(name)
    try:
        if not content:
            raise ValidationError({field: _("The file is empty.")})
        if len(content) > LARGEST_BYTES:
            raise _too_large(field)
        kind = kind_of(name)
        kind.prove(content)
    except NotTaken as fault:
        said = str(SENTENCES[fault.code]) % {"endings": ENDINGS}
        raise ValidationError({field: f"{name}: {said}" if name else said}) from fault
    return name, kind


def keep_sent(
    sent: UploadedFile[Any], *, by: User, now: datetime, field: str = "file"
) -> Attachment:
    """Keep a file as a form or a request brought it; one that is too large is not even read."""
    if (sent.size or 0) > LARGEST_BYTES:
        raise _too_large(field)
    return keep_file(sent.read(), name=sent.name or "", by=by, now=now, field=field)


def keep_all_sent(
    sent: Iterable[UploadedFile[Any]], *, by: User, now: datetime, field: str
) -> list[Attachment]:
    """Keep several; the caller's transaction keeps none where one is not taken."""
    return [keep_sent(one, by=by, now=now, field=field) for one in sent]


def _too_large(field: str) -> ValidationError:
    return ValidationError({field: _("The file is larger than 10 MB; make it smaller.")})


def path_of(stored_as: str) -> str:
    """Where a kept file lies below the directory of files."""
    return f"attachments/{stored_as[:2]}/{stored_as}"
