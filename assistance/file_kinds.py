"""Which files the office takes in, and how a file proves that it is what its name says.

Six endings, each with a look at the bytes: the beginning alone is easily forged, so the whole
frame of a file is followed and nothing may hide before, behind or inside it.
"""

from __future__ import annotations

import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import PurePosixPath
from typing import NamedTuple
from xml.etree.ElementTree import ParseError  # nosec B405 - the error only; defusedxml parses

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

MOST_ENTRIES = 200  # of an office file, which is a zip archive
MOST_UNZIPPED_BYTES = 50 * 1024 * 1024
MOST_PIXELS = 120_000_000  # of a picture; the cameras of telephones end at 108 million
LONGEST_NAME = 120

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
PICTURES = frozenset({JPEG, PNG})

# Endings of programs, scripts and pages: a name that wears one inside wants to deceive.
_DISGUISES = frozenset(
    {
        "asp", "aspx", "bat", "cgi", "cmd", "cpl", "dll", "docm", "dotm", "exe", "hta", "htm",
        "html", "jar", "js", "jse", "jsp", "lnk", "msi", "php", "phtml", "pif", "ps1", "reg",
        "scr", "sh", "svg", "vb", "vbe", "vbs", "wsf", "xhtml", "xlsb", "xlsm", "xltm",
    }
)  # fmt: skip
_A_PAGE = re.compile(rb"<script[\s>/]|<!doctype\s+html|<html[\s>]|<\?php\s", re.IGNORECASE)
_DEFLATED_OR_STORED = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 0x1  # a zip entry's flag
PNG_BEGINS = b"\x89PNG\r\n\x1a\n"
JPEG_BEGINS, JPEG_ENDS = b"\xff\xd8\xff", b"\xff\xd9"
FILLING, SCAN = 0xFF, 0xDA  # markers of a JPEG
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # those that tell its size
PDF_IS_SOUGHT_WITHIN = 1024  # first bytes in which readers look for a PDF
ZIP_ENDS, ZIP_END_BYTES = b"PK\x05\x06", 22  # of an archive without a comment


class NotTaken(ValueError):  # noqa: N818  an answer, not a fault of the program
    """The file is not what its name says. ``code`` says what is wrong with it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Kind(NamedTuple):
    """A kind of file: its media type, and what raises ``NotTaken`` where bytes are not of it."""

    media_type: str
    prove: Callable[[bytes], None]


def clean_name(name: str) -> str:
    """The name alone: without path, control and direction characters, at most ``LONGEST_NAME``
    characters, the ending kept. Blank where nothing is left.
    """
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    name = "".join("_" if c in '<>:"|?*' else c for c in name if unicodedata.category(c)[0] != "C")
    name = " ".join(name.split()).strip(". ")
    path = PurePosixPath(name)
    return path.stem[: LONGEST_NAME - len(path.suffix)].rstrip(". ") + path.suffix if name else ""


def kind_of(name: str) -> Kind:
    """The kind that a cleaned name claims; NotTaken where we take none of that name."""
    *inner, ending = name.lower().split(".")
    kind = KINDS.get(f".{ending}") if inner else None
    if kind is None:
        raise NotTaken("ending")
    if _DISGUISES.intersection(part.strip() for part in inner[1:]):
        raise NotTaken("disguise")
    return kind


def _prove_pdf(content: bytes) -> None:
    if not re.match(rb"%PDF-[12]\.[0-9]", content):
        raise NotTaken("other")
    _, ended, behind = content.rpartition(b"%%EOF")
    if not ended or behind.strip(b"\r\n\t \0"):
        raise NotTaken("broken")
    _require_no_archive(content)


def _prove_png(content: bytes) -> None:
    if not content.startswith(PNG_BEGINS):
        raise NotTaken("other")
    at, name = len(PNG_BEGINS), b""
    while name != b"IEND":
        length, is_after = _number(content, at, 4), name
        name, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        at += 8 + length
        if zlib.crc32(name + body) != _number(content, at, 4):
            raise NotTaken("broken")
        at += 4
        if (name == b"IHDR") != (is_after == b""):
            raise NotTaken("broken")
        if name == b"IHDR":
            _require_size(_number(body, 0, 4), _number(body, 4, 4))
    if at != len(content):
        raise NotTaken("more")
    _require_no_archive(content)
    _require_no_page(content)


def _prove_jpeg(content: bytes) -> None:
    if not content.startswith(JPEG_BEGINS):
        raise NotTaken("other")
    at, marker, is_sized = 2, 0, False
    while marker != SCAN:
        beginning, marker, length = content[at : at + 1], _number(content, at + 1, 1), 0
        if beginning != b"\xff":
            raise NotTaken("broken")
        at += 1
        if marker == FILLING:
            continue
        length = _number(content, at + 1, 2)
        if marker in FRAMES:
            _require_size(_number(content, at + 6, 2), _number(content, at + 4, 2))
            is_sized = True
        at += 1 + length
    # cameras write data of their own behind the end, so what follows it is only looked through
    if not is_sized or JPEG_ENDS not in content[at:]:
        raise NotTaken("broken")
    if b"%PDF-" in content[:PDF_IS_SOUGHT_WITHIN]:
        raise NotTaken("more")
    _require_no_archive(content)
    _require_no_page(content)


def _office(main: str, media_type: str) -> Callable[[bytes], None]:
    def prove(content: bytes) -> None:
        if not content.startswith(b"PK\x03\x04"):
            raise NotTaken("other")
        try:
            with zipfile.ZipFile(BytesIO(content)) as archive:
                types = _content_types(archive, content)
        except (
            zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError,
            ValueError,
        ) as error:  # fmt: skip
            if isinstance(error, NotTaken):
                raise
            raise NotTaken("broken") from error
        if any("macroenabled" in kind or "vbaproject" in kind for kind in types.values()):
            raise NotTaken("macros")
        if types.get(f"/{main}") != f"{media_type}.main+xml":
            raise NotTaken("other")

    return prove


def _content_types(archive: zipfile.ZipFile, content: bytes) -> dict[str, str]:
    """The parts of an office file and their types, once every entry was read to its end."""
    names = archive.namelist()
    if len(names) > MOST_ENTRIES:
        raise NotTaken("bomb")
    if len({name.lower() for name in names}) != len(names):
        raise NotTaken("broken")
    if not content[-ZIP_END_BYTES:].startswith(ZIP_ENDS):
        raise NotTaken("more")  # behind the end, or a comment
    left = MOST_UNZIPPED_BYTES
    for entry in archive.infolist():
        _require_tame(entry)
        with archive.open(entry) as part:  # the size that an entry declares may be a lie
            while piece := part.read(64 * 1024):
                left -= len(piece)
                if left < 0:
                    raise NotTaken("bomb")
    if not {"[Content_Types].xml", "_rels/.rels"} <= set(names):
        raise NotTaken("other")
    try:
        root = fromstring(archive.read("[Content_Types].xml"), forbid_dtd=True)
    except (ParseError, DefusedXmlException) as error:
        raise NotTaken("broken") from error
    return {
        name: found.get("ContentType", "").lower()
        for found in root.iter()
        if (name := found.get("PartName") or found.get("Extension"))
        if not name.startswith("/") or name[1:] in names
    }


def _require_tame(entry: zipfile.ZipInfo) -> None:
    path = entry.filename.lower()
    if path.startswith("/") or "\\" in path or ".." in path.split("/"):
        raise NotTaken("broken")
    if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _DEFLATED_OR_STORED:
        raise NotTaken("broken")
    if path.endswith("vbaproject.bin") or "/macrosheets/" in path or "/activex/" in path:
        raise NotTaken("macros")


def _number(content: bytes, at: int, size: int) -> int:
    """The number in ``size`` bytes, the highest first; NotTaken where the file ends before."""
    if at + size > len(content):
        raise NotTaken("broken")
    return int.from_bytes(content[at : at + size])


def _require_size(width: int, height: int) -> None:
    if not width or not height:
        raise NotTaken("broken")
    if width * height > MOST_PIXELS:
        raise NotTaken("bomb")


def _require_no_archive(content: bytes) -> None:
    if zipfile.is_zipfile(BytesIO(content)):
        raise NotTaken("more")


def _require_no_page(content: bytes) -> None:
    if _A_PAGE.search(content):
        raise NotTaken("more")


KINDS: dict[str, Kind] = {
    ".pdf": Kind(PDF, _prove_pdf),
    ".jpg": Kind(JPEG, _prove_jpeg),
    ".jpeg": Kind(JPEG, _prove_jpeg),
    ".png": Kind(PNG, _prove_png),
    ".docx": Kind(WORD, _office("word/document.xml", WORD)),
    ".xlsx": Kind(SHEET, _office("xl/workbook.xml", SHEET)),
}
