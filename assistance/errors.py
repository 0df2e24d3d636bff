"""The ways in which the house says no. Doors turn them into 404, 409 and 412 or into a message in
the admin.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise


class Refused(Exception):  # noqa: N818  a refusal is an answer, not a fault of the program
    """A rule of the work forbids this step now.

    ``code`` is stable and for programs, ``detail`` is a translated sentence that names the remedy,
    ``fields`` maps the
    names of the fields that stand in the way to a sentence each (may be empty).
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


class BrokenFile(Exception):  # noqa: N818  see Refused
    """A reference file holds something that cannot be loaded; ``str()`` names file, line, column
    and cause.
    """

    def __init__(self, file: str, line: int, column: str, cause: str) -> None:
        super().__init__(f"{file}, line {line}, column {column}: {cause}")
