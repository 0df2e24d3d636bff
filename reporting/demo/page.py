"""A page that stands for the papers of the demo, and says that it does."""

SAYS = "演示文件,不是真实材料"
PAGE = "BT /F1 28 Tf 90 700 Td <{text}> Tj ET"


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
