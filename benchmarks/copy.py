"""Rows into a table by COPY."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.db import connection, models

BLOCK = 5000  # rows that are handed over at once
NULL = r"\N"


class Text:
    """What COPY reads: lines of text, block by block."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = iter(lines)
        self.left = ""

    def read(self, size: int = -1) -> str:
        """As much as ``size`` says; "" at the end."""
        while len(self.left) < size:
            block = "".join(islice(self.lines, BLOCK))
            if not block:
                break
            self.left += block
        given, self.left = self.left[:size], self.left[size:]
        return given


def copy(
    model: type[models.Model], columns: Iterable[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """COPY the rows; columns that are not named get the model's defaults, the same in every row."""
    named = list(columns)
    fields = {field.column: field for field in model._meta.concrete_fields if not field.generated}
    rest = {column: _default(field) for column, field in fields.items() if column not in named}
    pattern = "\t".join(["%s"] * len(named) + [value.replace("%", "%%") for value in rest.values()])
    lines: Iterator[str] = (f"{pattern % row}\n" for row in rows)
    listed = ", ".join(f'"{column}"' for column in [*named, *rest])
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {model._meta.db_table} ({listed}) FROM STDIN", Text(lines))


def _default(field: models.Field[Any, Any]) -> str:
    if field.has_default():
        value = field.get_default()
        return str(value)[0].lower() if isinstance(value, bool) else str(value)
    return NULL if field.null else ""
