"""Lists: what they may be asked, and the page of a keyset that they answer.

A page begins after the last row of the page before it, by the column of the ordering and, among
rows that are equal there, by id. No row is skipped or repeated because others come or go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.core import signing
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.pagination import BasePagination
from rest_framework.request import Request

from assistance.api.fields import Flag, Number, Strict, Words, column

SALT = "assistance.api.listing"
LIMIT, LARGEST_LIMIT = 50, 200


class NoParameters(Strict, serializers.Serializer[Any]):
    """What is asked for one row or to change it: nothing."""


class Ordering(serializers.ChoiceField):
    """By which column a list is ordered; a minus before it turns it around.

    ``columns`` maps words to columns that are never NULL; the first one, turned around, is where
    nothing is said.
    """

    def __init__(self, columns: Mapping[str, str], *, default: str) -> None:
        self.columns = columns
        super().__init__(
            choices=[sign + word for word in columns for sign in ("", "-")],
            default=default,
            help_text="by this, a minus turns it around; rows that are equal there by id",
        )


class Sparse(Words):
    """The names of the fields to answer; what is left out is not read either."""

    def __init__(self, row: type[serializers.Serializer[Any]]) -> None:
        super().__init__(
            list(row().fields),
            default=None,
            help_text="only these fields, with commas between; saves time and bytes",
        )


class ListQuery(Strict, serializers.Serializer[Any]):
    """What every list may be asked. A field's ``source`` is the condition that it stands for."""

    limit = Number(min_value=1, max_value=LARGEST_LIMIT, default=LIMIT, help_text="rows of a page")
    cursor = serializers.CharField(
        default=None,
        max_length=400,
        help_text="from the `next` or `previous` of a page; never made by hand",
    )
    count = Flag(default=False, help_text="also say how many rows there are on all pages")

    def narrow(self, rows: QuerySet[Any], asked: Mapping[str, Any]) -> QuerySet[Any]:
        """The rows that fit what was asked beyond paging."""
        return rows.filter(**asked)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The row that a page ends at, and the way to read from it."""

    ordering: str
    value: str | int
    pk: int
    backwards: bool

    def sealed(self) -> str:
        return signing.dumps([self.ordering, self.value, self.pk, self.backwards], salt=SALT)

    @classmethod
    def opened(cls, text: str, ordering: str) -> Cursor:
        """ValidationError where we did not make it, or made it for another ordering."""
        try:
            found = cls(*signing.loads(text, salt=SALT))
        except (signing.BadSignature, ValueError):
            found = None
        if found is None or found.ordering != ordering:
            raise serializers.ValidationError(
                {"cursor": [_("This is no cursor of this list; follow next and previous.")]}
            )
        return found


class Listing(BasePagination):
    """The envelope of a list, and how to fill it from the rows that were asked for."""

    def __init__(self, asked: Mapping[str, Any] | None = None) -> None:
        asked = asked or {}
        self.limit: int = asked.get("limit", LIMIT)
        self.cursor: str | None = asked.get("cursor")
        self.count: bool = asked.get("count", False)
        self.ordering: str = asked.get("ordering", "")
        self.names: list[str] | None = asked.get("fields")

    def page(
        self,
        rows: QuerySet[Any],
        *,
        row: serializers.Serializer[Any],
        columns: Mapping[str, str],
        request: Request,
    ) -> dict[str, Any]:
        """One page in one query (two with the count)."""
        names = self.names or list(row.fields)
        key = columns[self.ordering.removeprefix("-")]
        cursor = Cursor.opened(self.cursor, self.ordering) if self.cursor else None
        backwards = cursor is not None and cursor.backwards
        down = self.ordering.startswith("-") != backwards
        total = {"count": rows.count()} if self.count else {}
        if cursor is not None:
            than = "lt" if down else "gt"
            rows = rows.filter(  # the first condition alone is what an index can serve
                Q(**{f"{key}__{than}e": cursor.value}),
                Q(**{f"{key}__{than}": cursor.value}) | Q(**{f"pk__{than}": cursor.pk}),
            )
        sign = "-" if down else ""
        found = list(
            rows.order_by(f"{sign}{key}", f"{sign}pk").values_list(
                key, "pk", *(column(row.fields[name]) for name in names)
            )[: self.limit + 1]
        )
        more = len(found) > self.limit
        found = found[: self.limit]
        if backwards:
            found.reverse()
        return {
            "results": [dict(zip(names, values[2:], strict=True)) for values in found],
            "next": self._link(request, found[-1:], backwards=False)
            if (more or backwards)
            else None,
            "previous": self._link(request, found[:1], backwards=True)
            if (more if backwards else cursor is not None)
            else None,
            **total,
        }

    def _link(
        self, request: Request, at: Sequence[tuple[Any, ...]], *, backwards: bool
    ) -> str | None:
        if not at:
            return None
        value, pk = at[0][:2]
        plain = value.isoformat() if isinstance(value, date) else value
        plain = str(value) if isinstance(value, Decimal) else plain
        parameters = request.query_params.copy()
        parameters["cursor"] = Cursor(self.ordering, plain, pk, backwards).sealed()
        return request.build_absolute_uri(f"{request.path}?{parameters.urlencode()}")

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["results", "next", "previous"],
            "properties": {
                "results": schema,
                "next": link | {"description": "the page after this one"},
                "previous": link | {"description": "the page before this one"},
                "count": {"type": "integer", "description": "only with count=true"},
            },
        }
