"""A file is taken in only where it is what its name says, whole and nothing besides."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import Http404

from assistance import file_kinds
from assistance.actions.attachments import keep_file, path_of
from assistance.downloads import handed_out
from assistance.file_kinds import MOST_ENTRIES, SHEET, WORD, clean_name
from assistance.models import Attachment
from assistance.models.attachments import LARGEST_BYTES
from assistance.roles import Role
from tests import factories as make
from tests.factories import files

pytestmark = pytest.mark.django_db

EXE = b"MZ\x90\x00\x03" + b"\x00" * 200
ZIP = files.office()
TYPES = "[Content_Types].xml"


def keep(content: bytes, name: str) -> Attachment:
    return keep_file(content, name=name, by=make.hand(Role.CLERK), now=make.NOW)


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (files.PDF, "批复.pdf", "application/pdf"),
        (files.PDF + b"\r\n\0\0", "scan.PDF", "application/pdf"),
        (files.png(3, 2), "现场 2026.6.15.png", "image/png"),
        (files.jpeg(), "photo.jpg", "image/jpeg"),
        (files.jpeg() + b"\0trailer of a telephone", "photo.JPEG", "image/jpeg"),
        (files.office(), "合同v1.2.docx", WORD),
        (files.workbook(), "台账.xlsx", SHEET),
    ],
)
def test_a_file_that_is_what_it_says_is_kept_as_it_is(
    content: bytes, name: str, media_type: str
) -> None:
    kept = keep(content, name)
    assert (kept.name, kept.media_type, kept.bytes) == (name, media_type, len(content))
    assert (Path(settings.FILES_DIR) / path_of(kept.stored_as.hex)).read_bytes() == content
    assert not Path(settings.FILES_DIR).is_relative_to(settings.STATIC_ROOT)
    assert name not in str(path_of(kept.stored_as.hex))


def _stored(entries: Mapping[str, bytes | str]) -> bytes:
    return files.office(more=entries)


def _bomb() -> bytes:
    return files.office(
        more={"word/media/image1.png": b"\0" * (file_kinds.MOST_UNZIPPED_BYTES + 1)}
    )


def _lying_bomb() -> bytes:
    """Declares one byte where much more follows."""
    bomb = bytearray(_bomb())
    size = (file_kinds.MOST_UNZIPPED_BYTES + 1).to_bytes(4, "little")
    return bytes(bomb.replace(size, (1).to_bytes(4, "little")))


def _locked() -> bytes:
    """The flag of encryption on every entry of the directory."""
    locked = bytearray(ZIP)
    for found in re.finditer(rb"PK\x01\x02", ZIP):
        locked[found.start() + 8] |= 1
    return bytes(locked)


def _with_types(content: str) -> bytes:
    return files.office(more={TYPES: content})


def _twice() -> bytes:
    packed = BytesIO(files.office())
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("WORD/document.xml", "<document/>")
    return packed.getvalue()


MACROS = "application/vnd.ms-word.document.macroEnabled.main+xml"
DOCM = _with_types(
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    f'<Override PartName="/word/document.xml" ContentType="{MACROS}"/></Types>'
)
LAUGHS = (
    '<!DOCTYPE t [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">&b;</Types>'
)
BAD: dict[str, tuple[Callable[[], bytes] | bytes, str]] = {
    "empty": (b"", "空.pdf"),
    "a byte too large": (files.PDF[:-7] + b"\n" * LARGEST_BYTES + b"%%EOF\n", "大.pdf"),
    "no ending": (files.PDF, "批复"),
    "nothing but an ending": (files.PDF, ".pdf"),
    "a program": (EXE, "setup.exe"),
    "a program renamed to a paper": (EXE, "批复.pdf"),
    "a program renamed to a picture": (EXE, "照片.jpg"),
    "a program renamed to a document": (EXE, "合同.docx"),
    "a paper with a program's ending": (files.PDF, "批复.pdf.exe"),
    "a program's ending inside": (files.PDF, "批复.exe.pdf"),
    "a page's ending inside": (files.png(), "照片.php .png"),
    "an old document": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "合同.doc"),
    "an old document with a new ending": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "合同.docx"),
    "a drawing with scripts": (b"<svg onload='alert(1)'/>", "图.svg"),
    "a page as a picture": (b"<html><script>1</script></html>", "图.png"),
    "a zip archive": (ZIP, "全部.zip"),
    "a picture that says it is a paper": (files.png(), "批复.pdf"),
    "a paper that begins late": (b"\0" + files.PDF, "批复.pdf"),
    "half a paper": (files.PDF[:-8], "批复.pdf"),
    "a paper with a program behind it": (files.PDF + EXE, "批复.pdf"),
    "a paper that is an archive": (files.PDF[:-6] + ZIP + b"%%EOF", "批复.pdf"),
    "half a picture": (files.png()[:-6], "照片.png"),
    "a picture's first bytes": (b"\x89PNG\r\n\x1a\n", "照片.png"),
    "a picture with a wrong check": (
        files.png().replace(b"\x08\x00\x00", b"\x08\x02\x00"), "照片.png",
    ),
    "a picture without a size": (files.png(0, 5), "照片.png"),
    "a picture of ten thousand million dots": (files.png(100_000, 100_000), "照片.png"),
    "a picture with an archive behind it": (files.png() + ZIP, "照片.png"),
    "a picture with an archive inside": (files.png(1, 1, files.chunk(b"teXt", ZIP)), "照片.png"),
    "a picture with a script inside": (
        files.png(1, 1, files.chunk(b"tEXt", b"x\0<SCRIPT >alert(1)</script>")), "照片.png",
    ),
    "a photograph's first bytes": (b"\xff\xd8\xff\xe0", "照片.jpg"),
    "a photograph without an end": (files.jpeg()[:-2], "照片.jpg"),
    "a photograph without a size": (b"\xff\xd8\xff\xda\x00\x02\x00\xff\xd9", "照片.jpg"),
    "a photograph of four thousand million dots": (files.jpeg(65_535, 65_535), "照片.jpg"),
    "a photograph that is an archive": (files.jpeg() + ZIP, "照片.jpg"),
    "a photograph that is a paper": (files.jpeg(comment=files.PDF), "照片.jpg"),
    "a photograph that is a program for a server": (
        files.jpeg(comment=b"<?php system($_GET[0]);"), "照片.jpg",
    ),
    "an archive named a document": (_stored({TYPES: b"<x/>"}), "合同.docx"),
    "a document named a workbook": (ZIP, "台账.xlsx"),
    "a workbook named a document": (files.workbook(), "合同.docx"),
    "a document with macros": (DOCM, "合同.docm"),
    "a document with macros renamed": (DOCM, "合同.docx"),
    "a document that hides macros": (_stored({"word/vbaProject.bin": b"x"}), "合同.docx"),
    "a workbook with the macros of old": (
        files.office("xl/workbook.xml", SHEET, {"xl/macrosheets/sheet1.xml": b"x"}), "台账.xlsx",
    ),
    "a document with controls": (_stored({"word/activeX/activeX1.bin": b"x"}), "合同.docx"),
    "a zip bomb": (_bomb, "合同.docx"),
    "a zip bomb that lies about its size": (_lying_bomb, "合同.docx"),
    "too many entries": (
        _stored({f"word/media/{n}.png": b"x" for n in range(MOST_ENTRIES)}), "合同.docx",
    ),
    "an entry that climbs": (_stored({"word/../../../etc/cron.d/x": b"x"}), "合同.docx"),
    "an entry from the root": (_stored({"/etc/passwd": b"x"}), "合同.docx"),
    "a locked document": (_locked, "合同.docx"),
    "a damaged document": (ZIP[:60] + b"\xff" * 20 + ZIP[80:], "合同.docx"),
    "half a document": (ZIP[:-30], "合同.docx"),
    "a document with something before it": (b"#!/bin/sh\n" + ZIP, "合同.docx"),
    "a document with something behind it": (ZIP + EXE, "合同.docx"),
    "the same entry twice": (_twice, "合同.docx"),
    "a document whose types expand": (_with_types(LAUGHS), "合同.docx"),
    "a document whose types are no xml": (_with_types("<Types"), "合同.docx"),
}  # fmt: skip


@pytest.mark.parametrize("which", BAD)
def test_a_bad_file_is_not_taken_and_leaves_nothing(which: str, caplog: Any) -> None:
    made, name = BAD[which]
    content = made if isinstance(made, bytes) else made()
    folder = Path(settings.FILES_DIR) / "attachments"
    before = set(folder.rglob("*"))
    with pytest.raises(ValidationError) as refusal:
        keep(content, name)
    assert list(refusal.value.message_dict) == ["file"]
    assert not Attachment.objects.exists()
    assert set(folder.rglob("*")) == before


def test_there_are_many_bad_files() -> None:
    assert len(BAD) >= 50


def test_a_file_of_exactly_ten_megabytes_is_taken() -> None:
    padding = LARGEST_BYTES - len(files.PDF)
    content = files.PDF.replace(b"trailer", b" " * padding + b"trailer")
    assert keep(content, "大.pdf").bytes == LARGEST_BYTES


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/批复.pdf", "批复.pdf"),
        ("C:\\Users\\演示\\批复.pdf", "批复.pdf"),
        ("批复\r\nSet-Cookie: a=b.pdf", "批复Set-Cookie_ a=b.pdf"),
        ("批复\u202efdp.exe.pdf", "批复fdp.exe.pdf"),
        ("a\x00b.pdf", "ab.pdf"),
        ('"><img>.png', "___img_.png"),
        ("..", ""),
        ("/", ""),
        ("  . 批 复 .pdf", "批 复.pdf"),
        ("长" * 300 + ".docx", "长" * 115 + ".docx"),
    ],
)
def test_of_a_name_only_the_name_is_kept(given: str, kept: str) -> None:
    assert clean_name(given) == kept


@pytest.mark.parametrize(
    "name", ["演示 “批复”；第1号.pdf", 'plain "quoted".pdf', "a.pdf", "a%0d%0ab.pdf"]
)
def test_a_file_is_handed_out_to_be_saved_and_never_shown(name: str) -> None:
    answer = handed_out(keep(files.PDF, name))
    assert answer.content == files.PDF
    assert answer["Content-Disposition"].startswith("attachment; filename")
    assert answer["Content-Disposition"].isascii()
    assert "\n" not in answer["Content-Disposition"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    assert "sandbox" in answer["Content-Security-Policy"]


def test_a_file_that_was_changed_on_the_disk_is_not_handed_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    kept = keep(files.PDF, "a.pdf")
    (Path(settings.FILES_DIR) / path_of(kept.stored_as.hex)).write_bytes(b"other")
    with pytest.raises(Http404):
        handed_out(kept)
    assert "gone or changed" in caplog.text
