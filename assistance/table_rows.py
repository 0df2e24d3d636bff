"""The rows of a table that somebody hands in, and all that is wrong with them.

What is wrong is collected, not thrown at once, so that one run names everything to repair.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assistance.errors import BrokenFile, Fault

TRUTH = {"true": True, "false": False}


class Faults:
    """What was found wrong so far, in one file or in several that belong together."""

    def __init__(self) -> None:
        self._found: list[Fault] = []

    def add(self, file: str, line: int, column: str, cause: str, cell: str = "") -> None:
        """Note one fault; ``cause`` says what is wrong and what to write instead."""
        self._found.append(Fault(file, line, column, cause, cell))

    @property
    def count(self) -> int:
        """How many there are so far."""
        return len(self._found)

    def refuse(self) -> None:
        """Raise BrokenFile with all of them if there are any."""
        if self._found:
            raise BrokenFile(self._found)


@dataclass(frozen=True)
class Row:
    """One line of a file; ``cells`` by column. Asking for a cell in a certain shape notes a fault
    and returns None where the cell does not have it.

    ``places`` tells, where the file does not name its columns as we do, what it calls each and
    under which letter it stands.
    """

    file: str
    line: int
    cells: dict[str, str]
    faults: Faults
    places: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def wrong(self, column: str, cause: str) -> None:
        """Note that the cell cannot be loaded."""
        called, letter = self.places.get(column, (column, ""))
        cell = f"{letter}{self.line}" if letter else ""
        self.faults.add(self.file, self.line, called, cause, cell)

    def text(self, column: str, *, longest: int) -> str | None:
        """A cell that must say something, in at most ``longest`` characters."""
        found = self.cells[column]
        if not found:
            self.wrong(column, "is blank; fill it in")
            return None
        if len(found) > longest:
            self.wrong(column, f"has {len(found)} characters; shorten it to {longest}")
            return None
        return found

    def one_of(self, column: str, allowed: Sequence[str]) -> str | None:
        """A cell that must be one of a few words."""
        found = self.cells[column]
        if found not in allowed:
            self.wrong(column, f"{found!r} is not known; write one of: {', '.join(allowed)}")
            return None
        return found

    def truth(self, column: str) -> bool | None:
        """A cell that says true or false."""
        found = self.one_of(column, tuple(TRUTH))
        return None if found is None else TRUTH[found]


def first_uses(rows: Sequence[Row], *columns: str) -> Iterator[tuple[Row, int]]:
    """Rows that repeat what an earlier one says in ``columns``, with that one's line."""
    seen: dict[tuple[str, ...], int] = {}
    for row in rows:
        key = tuple(row[column] for column in columns)
        if all(key) and key in seen:
            yield row, seen[key]
        seen.setdefault(key, row.line)
