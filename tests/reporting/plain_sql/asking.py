"""How the ledger is asked, and how its answers are written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from tests.reporting.plain_sql.conditions import PERSONS
from tests.reporting.plain_sql.relations import RELATIONS

Cells = list[str | None]


@dataclass(frozen=True)
class Figure:
    """A value as the payload writes it, and the two operands of a rate or a difference."""

    value: str | None
    of: tuple[Any, Any] | None = None


@dataclass(frozen=True)
class Row:
    """A row of a table: what it is about, and its cells."""

    key: str
    kind: str
    depth: int
    cells: Cells


class Asking:
    """Asks about one scope and month; region codes are six digits."""

    def __init__(
        self,
        month: date,
        *,
        known_at: datetime,
        known_before: datetime,
        kind: str = "all",
        region: str = "",
    ) -> None:
        self.parameters: dict[str, Any] = {
            "first": month,
            "T": (month + timedelta(days=31)).replace(day=1) - timedelta(days=1),
            "K": known_at,
            "T1": month - timedelta(days=1),
            "K1": known_before,
            "Y": month.year,
            "month": month.month,
            "kind": kind,
            # a county's code has six telling digits, a prefecture's four, a province's two
            "inside": region.removesuffix("00").removesuffix("00") + "%",
        }
        with connection.cursor() as cursor:
            for name, select in RELATIONS.items():
                cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")
                cursor.execute(f"CREATE TEMPORARY TABLE {name} AS {select}", self.parameters)
                cursor.execute(f"ANALYZE {name}")  # nobody else does it for a temporary table
        self.parameters["soon"] = int(self.setting("expiring_days", "90"))

    def rows(self, select: str, **more: Any) -> list[tuple[Any, ...]]:
        """Run one query over the ledger."""
        with connection.cursor() as cursor:
            cursor.execute(select, {**self.parameters, **more})
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    def one(self, expression: str, **more: Any) -> Any:
        """The single value of an expression."""
        return self.rows(f"SELECT {expression}", **more)[0][0]

    def setting(self, key: str, default: str) -> str:
        """The office's setting that applies at T by what is known at K."""
        found: str = self.one(
            "coalesce((SELECT value #>> '{}' FROM assistance_setting WHERE key = %(key)s"
            " AND starts_on <= %(T)s AND counted_at <= %(K)s"
            " AND (voided_at IS NULL OR voided_at > %(K)s)"
            " ORDER BY starts_on DESC, counted_at DESC LIMIT 1), %(default)s)",
            key=key,
            default=default,
        )
        return found

    # ------------------------------------------------------------------- what is written

    def per_cent(self, key: str, default: str) -> str:
        return str(self.one("round(%(value)s::numeric, 1)::text", value=self.setting(key, default)))

    def yuan(self, expression: str, **more: Any) -> str:
        return str(self.one(f"round({expression}, 2)::text", **more))

    def count(self, expression: str, **more: Any) -> str:
        return str(self.one(f"({expression})::text", **more))

    def rate(self, part: str, whole: str, **more: Any) -> str | None:
        """Per cent with one decimal; numeric ``round`` takes halves away from zero."""
        text: str | None = self.one(
            f"CASE WHEN {whole} <> 0 THEN round({part} * 100.0 / {whole}, 1)::text END", **more
        )
        return text

    def rated(self, part: str, whole: str) -> Figure:
        return Figure(self.rate(part, whole), (self.one(part), self.one(whole)))

    def persons(self, code: str, also: str = "true", **more: Any) -> str:
        """Distinct persons of a column of the chapter on people."""
        rows, which = PERSONS[code]
        return self.count(
            f"SELECT count(DISTINCT person_id) FROM {rows} WHERE {which} AND {also}", **more
        )
