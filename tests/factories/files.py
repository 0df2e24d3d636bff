"""Files that prove something, as small as they can be and still be what they say."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from typing import Any

from assistance.actions.attachments import keep_file
from assistance.file_kinds import SHEET, WORD
from assistance.models import Attachment, User
from assistance.roles import Role
from projects.actions import file_paper
from projects.models import Paper, Project
from projects.models.evidence import PaperKind
from tests import factories as make

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def chunk(name: bytes, body: bytes = b"") -> bytes:
    """One part of a PNG: its length, its name, its bytes and their check."""
    return len(body).to_bytes(4) + name + body + zlib.crc32(name + body).to_bytes(4)


def png(width: int = 1, height: int = 1, *more: bytes) -> bytes:
    """A grey picture; ``more`` are chunks before its end."""
    header = width.to_bytes(4) + height.to_bytes(4) + bytes([8, 0, 0, 0, 0])
    rows = zlib.compress((b"\0" + b"\x80" * width) * height) if width * height < 10_000 else b""
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", rows), *more, chunk(b"IEND"))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def jpeg(width: int = 1, height: int = 1, comment: bytes = b"demo") -> bytes:
    """The frame of a JPEG: enough for a reader to know its size."""
    frame = bytes([8]) + height.to_bytes(2) + width.to_bytes(2) + bytes([1, 1, 0x11, 0])
    return b"".join(
        (
            b"\xff\xd8",
            b"\xff\xfe" + (len(comment) + 2).to_bytes(2) + comment,
            b"\xff\xc0" + (len(frame) + 2).to_bytes(2) + frame,
            b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00",
            b"\x00\xff\xd9",
        )
    )


def office(
    main: str = "word/document.xml",
    media_type: str = WORD,
    more: Mapping[str, bytes | str] | None = None,
) -> bytes:
    """An office file; ``more`` are further entries, or others in the place of these."""
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    entries: dict[str, bytes | str] = {
        "[Content_Types].xml": f'<Types xmlns="{types}"><Override PartName="/{main}"'
        f' ContentType="{media_type}.main+xml"/></Types>',
        "_rels/.rels": "<Relationships/>",
        main: "<document/>",
    }
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (entries | dict(more or {})).items():
            archive.writestr(name, content)
    return packed.getvalue()


def workbook() -> bytes:
    """An office file with a workbook in it."""
    return office("xl/workbook.xml", SHEET)


def kept(content: bytes = PDF, name: str = "演示文件.pdf", *, by: User | None = None) -> Attachment:
    """A file that was handed in by the clerk and lies on the disk."""
    return keep_file(content, name=name, by=by or make.hand(Role.CLERK), now=make.NOW)


def photo(name: str = "演示照片.png", *, by: User | None = None) -> Attachment:
    """A picture of one grey dot."""
    return kept(png(), name, by=by)


def paper(
    project: Project,
    kind: PaperKind = PaperKind.OTHER,
    *,
    by: User | None = None,
    now: datetime | None = None,
    file: Attachment | None = None,
    **proves: Any,
) -> Paper:
    """A paper that was filed with its file, by the clerk; ``proves`` names its row."""
    by, now = by or make.hand(Role.CLERK), now or make.NOW
    kept_file = file or kept(by=by)
    return file_paper(project, kind=kind, attachment=kept_file, by=by, now=now, **proves)
