"""Make the fonts in reporting/fonts from Debian's fonts-noto-cjk; run by hand when they must change.

    apt-get install fonts-noto-cjk && pip install fonttools==4.60.1 && python deploy/fonts.py

The report needs every character a name may hold, so each font keeps the whole of GBK (21,003
ideographs) with the Latin letters and signs of a report; the sans regular, which the others fall
back to, also keeps the ideographs of personal names outside GBK (the blocks named in RARE, as far
as Noto draws them). What is kept is written to coverage.txt, which the renderer reads so that it
never prints an empty box.
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
FONTS = {  # file: (collection, family, characters beyond GBK and Latin)
    "NotoSansCJKsc-Regular.otf": ("NotoSansCJK-Regular.ttc", "Noto Sans CJK SC", RARE),
    "NotoSansCJKsc-Bold.otf": ("NotoSansCJK-Bold.ttc", "Noto Sans CJK SC", []),
    "NotoSerifCJKsc-Regular.otf": ("NotoSerifCJK-Regular.ttc", "Noto Serif CJK SC", []),
}


def gbk() -> Iterator[int]:
    """Return every character that two bytes of GBK can spell."""
    for lead in range(0x81, 0xFF):
        for trail in range(0x40, 0xFF):
            try:
                character = bytes([lead, trail]).decode("gbk")
            except UnicodeDecodeError:
                continue
            yield ord(character)


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
    wanted = {*gbk(), *LATIN, *SIGNS}
    covered: set[int] = set()
    for name, (collection, family, more) in FONTS.items():
        font = member(collection, family)
        options = subset.Options(
            hinting=False,
            layout_features=["kern", "liga", "locl", "ccmp", "mark", "mkmk"],
            name_IDs=[0, 1, 2, 4, 5, 6, 7, 13, 14, 16, 17],
            notdef_outline=True,
            drop_tables=["BASE", "DSIG", "VORG", "vhea", "vmtx"],
            recalc_timestamp=False,
        )
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes={*wanted, *more})
        subsetter.subset(font)
        covered |= set(font.getBestCmap())
        subset.save_font(font, TARGET / name, options)
    (TARGET / "coverage.txt").write_text("\n".join(spans(covered)) + "\n", encoding="ascii")
    (TARGET / "OFL.txt").write_text(LICENCE.read_text(encoding="utf-8"), encoding="utf-8")


if __name__ == "__main__":
    main()
