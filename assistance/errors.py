"""The ways in which the house says no. Doors turn them into 404, 409 and 412 or into a message in
the admin.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise

MOST_FAULTS_SHOWN = 20


class Refused(Exception):  # noqa: N818  a refusal is an answer, not a fault of the program
    """A rule of the work forbids this step now.

    ``code`` is stable and for programs, ``detail`` is a translated sentence that names the remedy,
    ``fields`` maps the names of the fields that stand in the way to a sentence each (may be empty).
    """

    def __init__(
        self, code: str, detail: str | Promise, fields: Mapping[str, str | Promise] | None = None
    ) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
        self.fields = dict(fields or {})

    def __str__(self) -> str:
        return str(self.detail)


class Stale(Exception):  # noqa: N818  see Refused
    """Somebody else changed the row since the caller read it."""

    def __init__(self, current: int) -> None:
        super().__init__(current)
        self.current = current


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that is wrong in a file: where it stands, and what to do about it. Line 1 is the
    header; ``column`` is blank where the whole line is meant; ``cell`` is its name in a workbook.
    """

    file: str
    line: int
    column: str
    cause: str
    cell: str = ""

    def __str__(self) -> str:
        column = f", column {self.column}" if self.column else ""
        return f"{self.file}, line {self.line}{column}: {self.cause}"


class BrokenFile(Exception):  # noqa: N818  see Refused
    """A file holds something that cannot be loaded, so nothing of it was.

    ``str()`` names the first ``MOST_FAULTS_SHOWN`` faults, one per line, each with file, line,
    column, cause and remedy.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = sorted(faults)
        super().__init__(self.faults)

    def __str__(self) -> str:
        lines = [str(fault) for fault in self.faults[:MOST_FAULTS_SHOWN]]
        more = len(self.faults) - len(lines)
        return "\n".join([*lines, f"... and {more} more"] if more else lines)
