"""What every workbook has to heed: no text of a cell becomes a formula or a link."""

from __future__ import annotations

import re

LIVE = tuple("=+-@\t\r\n＝＋－＠")  # what makes a spreadsheet take text for a formula
UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def guarded(text: str) -> str:
    """Return text that no spreadsheet takes for a formula, also after a trip through CSV.

    XlsxWriter writes a string between <r> and </r> as markup, so that is kept from it as well.
    """
    text = UNWRITABLE.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
    live = text.lstrip(" \xa0\u3000").startswith(LIVE)
    return f"'{text}" if live or text.startswith("<r>") else text
