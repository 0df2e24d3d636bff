"""Make the fonts of reporting/fonts from Debian's fonts-noto-cjk; run by hand to change them.

    apt-get install fonts-noto-cjk && pip install fonttools==4.68.0 && python deploy/fonts.py

A name may hold any character, so the sans regular, which the others fall back to, keeps the whole
of GBK (21,003 ideographs) and, as far as Noto draws them, the ideographs outside it (the blocks of
RARE). The bold and the serif, for headings and sentences, keep GB 2312. What can be printed is
written to coverage.txt, which the renderer reads so that it never prints an empty box.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont

SOURCE = Path("/usr/share/fonts/opentype/noto")
TARGET = Path(__file__).resolve().parent.parent / "reporting" / "fonts"
LICENCE = Path("/usr/share/doc/fonts-noto-cjk/copyright")

LATIN = [*range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x2010, 0x2028), *range(0x2030, 0x2040)]
SIGNS = [0x20AC, 0x2190, 0x2191, 0x2192, 0x2193, 0x2212, 0x2260, 0x2264, 0x2265, 0x25B3, 0x3000]
RARE = [*range(0x3400, 0x4DC0), *range(0x9FA6, 0xA000), *range(0x20000, 0x32000)]
FONTS = {  # file: (collection, family, encoding whose characters it keeps, more characters)
    "NotoSansCJKsc-Regular.otf": ("NotoSansCJK-Regular.ttc", "Noto Sans CJK SC", "gbk", RARE),
    "NotoSansCJKsc-Bold.otf": ("NotoSansCJK-Bold.ttc", "Noto Sans CJK SC", "gb2312", []),
    "NotoSerifCJKsc-Regular.otf": ("NotoSerifCJK-Regular.ttc", "Noto Serif CJK SC", "gb2312", []),
}


def two_byte_characters(encoding: str) -> set[int]:
    """Return every character that two bytes of the encoding can spell."""
    pairs = (bytes([lead, trail]) for lead in range(0x81, 0xFF) for trail in range(0x40, 0xFF))
    decoded = (pair.decode(encoding, errors="ignore") for pair in pairs)
    return {ord(character) for character in decoded if len(character) == 1}


def member(collection: str, family: str) -> TTFont:
    """Return the face of that family; StopIteration if the collection has none."""
    faces = TTCollection(SOURCE / collection, lazy=True).fonts
    return next(face for face in faces if face["name"].getDebugName(1) == family)


def spans(points: Iterable[int]) -> Iterator[str]:
    """Write code points as `first-last` lines in hexadecimal."""
    numbered = enumerate(sorted(points))
    for _, run in groupby(numbered, key=lambda pair: pair[1] - pair[0]):
        members = [point for _, point in run]
        yield f"{members[0]:X}-{members[-1]:X}"


def main() -> None:
    """Write the three fonts, their licence and the list of what they cover."""
    covered: set[int] = set()
    for name, (collection, family, encoding, more) in FONTS.items():
        font = member(collection, family)
        options = subset.Options(
            hinting=False,
            layout_features=["kern", "mark"],
            name_IDs=[0, 1, 2, 4, 5, 6, 7, 13, 14, 16, 17],
            notdef_outline=True,
            drop_tables=["BASE", "DSIG", "VORG", "vhea", "vmtx"],
            recalc_timestamp=False,
        )
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes={*two_byte_characters(encoding), *LATIN, *SIGNS, *more})
        subsetter.subset(font)
        covered |= set(font.getBestCmap())
        subset.save_font(font, TARGET / name, options)
    (TARGET / "coverage.txt").write_text("\n".join(spans(covered)) + "\n", encoding="ascii")
    (TARGET / "OFL.txt").write_text(LICENCE.read_text(encoding="utf-8"), encoding="utf-8")


if __name__ == "__main__":
    main()
