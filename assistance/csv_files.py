"""Reading the project's own CSV files strictly: UTF-8, a fixed header, every cell meant.

What is wrong is collected, not thrown at once, so that one run names everything to repair.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from assistance.table_rows import Faults, Row

HEADER = 1
BOM = b"\xef\xbb\xbf"


def read_rows(
    path: Path, columns: Sequence[str], faults: Faults, *, optional: Sequence[str] = ()
) -> list[Row]:
    """The rows of a file that has ``columns`` and perhaps some of ``optional``, in any order, and
    no other. A row has no cell where its file has no column.

    Lines that cannot be read as such are noted in ``faults`` and left out; a file that cannot be
    read at all gives no rows.
    """
    text = _decoded(path, faults)
    if text is None:
        return []
    rows = []
    try:
        # newline="" keeps line ends inside quoted cells as they are, as the csv module asks
        lines = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = next(lines, [])
        if not _is_header(path.name, header, columns, optional, faults):
            return []
        began = lines.line_num + 1  # a quoted cell may run over several lines
        for found in lines:
            line, began = began, lines.line_num + 1
            if not found:
                faults.add(path.name, line, "", "is empty; remove the line")
            elif len(found) != len(header):
                faults.add(
                    path.name,
                    line,
                    "",
                    f"has {len(found)} cells, the header {len(header)};"
                    " quote cells that hold a comma",
                )
            else:
                cells = {column: cell.strip() for column, cell in zip(header, found, strict=True)}
                rows.append(Row(path.name, line, cells, faults))
    except csv.Error as cause:
        faults.add(path.name, lines.line_num, "", f"is not CSV ({cause}); mend the quotes")
    return rows


def _decoded(path: Path, faults: Faults) -> str | None:
    try:
        content = path.read_bytes()
    except OSError as cause:
        faults.add(path.name, HEADER, "", f"cannot be read: {cause.strerror}; check the path")
        return None
    if content.startswith(BOM):
        faults.add(
            path.name, HEADER, "", "begins with a byte order mark; save it as UTF-8 without BOM"
        )
        return None
    try:
        return content.decode()
    except UnicodeDecodeError as cause:
        line = content.count(b"\n", 0, cause.start) + 1
        faults.add(path.name, line, "", "is not UTF-8; save the file in the encoding UTF-8")
        return None


def _is_header(
    file: str,
    header: Sequence[str],
    columns: Sequence[str],
    optional: Sequence[str],
    faults: Faults,
) -> bool:
    whole = True
    for column in columns:
        if column not in header:
            faults.add(file, HEADER, column, "is missing; add the column")
            whole = False
    for place, column in enumerate(header):
        if column not in columns and column not in optional:
            faults.add(file, HEADER, column, "is not a column of this file; remove it")
            whole = False
        elif column in header[:place]:
            faults.add(file, HEADER, column, "stands there twice; remove one")
            whole = False
    return whole
