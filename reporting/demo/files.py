"""The two files that all papers and photographs of the demo are: both say that they are demo."""

from __future__ import annotations

import zlib
from datetime import datetime

from assistance.actions.attachments import keep_file
from assistance.models import User

SAYS = "演示文件,不是真实材料"
SIDE = 96  # pixels of the picture
PAGE = "BT /F1 28 Tf 90 700 Td <{text}> Tj ET"


class Files:
    """Kept when they are first asked for."""

    def __init__(self, *, by: User, now: datetime) -> None:
        self.paper = keep_file(a_page(), name="演示文件.pdf", by=by, now=now)
        self.photo = keep_file(a_picture(), name="演示照片.png", by=by, now=now)


def a_page() -> bytes:
    """A PDF of one page that says what it is, in a typeface that readers bring along."""
    page = PAGE.format(text=SAYS.encode("utf-16-be").hex()).encode()
    parts = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(page), page),
        b"<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UCS2-H"
        b"/DescendantFonts[6 0 R]>>",
        b"<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light"
        b"/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 4>>/FontDescriptor 7 0 R>>",
        b"<</Type/FontDescriptor/FontName/STSong-Light/Flags 6/FontBBox[-25 -254 1000 880]"
        b"/ItalicAngle 0/Ascent 880/Descent -120/CapHeight 880/StemV 93>>",
    )
    written, begins = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        begins.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % begin for begin in begins)
    size = len(parts) + 1
    return b"".join(
        (
            written,
            b"xref\n0 %d\n0000000000 65535 f \n" % size,
            table,
            b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, len(written)),
        )
    )


def a_picture() -> bytes:
    """A PNG of grey stripes; that it is a demo is in its name."""
    stripes = bytes(0xB0 if column // 12 % 2 else 0xE0 for column in range(SIDE))
    header = SIDE.to_bytes(4) + SIDE.to_bytes(4) + bytes([8, 0, 0, 0, 0])
    rows = zlib.compress((b"\0" + stripes) * SIDE)
    parts = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in parts)


def _chunk(name: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4) + name + body + zlib.crc32(name + body).to_bytes(4)
