"""Dates of which only the year or the month is known, kept as they were published."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Func
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler, _AsSqlType

PATTERN = r"^([0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?)?$"


def validate_partial_date(text: str) -> None:
    """Accept ``YYYY``, ``YYYY-MM``, ``YYYY-MM-DD`` of a real day, or nothing."""
    if not re.fullmatch(PATTERN, text):
        raise ValidationError(
            _(
                "Write a year, a month or a day: 2021, 2021-06 or 2021-06-01;"
                " leave blank if unknown."
            )
        )
    if len(text) == len("YYYY-MM-DD"):
        try:
            date.fromisoformat(text)
        except ValueError:
            raise ValidationError(
                _("There is no such day: %(day)s."), params={"day": text}
            ) from None


def first_day(text: str) -> date | None:
    """The first day that a partial date can mean; None for a blank one. ValueError where there is
    no such day.
    """
    if not text:
        return None
    year, month, day = ([int(part) for part in text.split("-")] + [1, 1])[:3]
    return date(year, month, day)


def last_day(text: str) -> date | None:
    """The last day that a partial date can mean; None for a blank one. ValueError where there is
    no such day.
    """
    if not text or len(text) == len("YYYY-MM-DD"):
        return first_day(text)
    year, month = ([int(part) for part in text.split("-")] + [12])[:2]
    return date(year, month, monthrange(year, month)[1])


class _DayOfPartial(Func):
    # make_date is strict: a blank text gives no year and so no date. All parts are immutable, as a
    # generated column asks.
    output_field = models.DateField()

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *args: Any, **context: Any
    ) -> _AsSqlType:
        sql, params = super().as_sql(compiler, connection, *args, **context)
        # The templates name their one expression several times. A column has no parameters, but
        # where a form is checked the expression is a value.
        return sql, tuple(params) * self.template.count("%(expressions)s")


class FirstDay(_DayOfPartial):
    """SQL: the first day that a partial date can mean; NULL for a blank one."""

    template = (
        "make_date(nullif(left(%(expressions)s, 4), '')::int,"
        " coalesce(nullif(substr(%(expressions)s, 6, 2), ''), '1')::int,"
        " coalesce(nullif(substr(%(expressions)s, 9, 2), ''), '1')::int)"
    )


class LastDay(_DayOfPartial):
    """SQL: the last day that a partial date can mean; NULL for a blank one."""

    template = (
        "CASE WHEN length(%(expressions)s) = 10 THEN"
        " make_date(left(%(expressions)s, 4)::int,"
        " substr(%(expressions)s, 6, 2)::int, substr(%(expressions)s, 9, 2)::int)"
        " ELSE (make_date(nullif(left(%(expressions)s, 4), '')::int,"
        " coalesce(nullif(substr(%(expressions)s, 6, 2), ''), '12')::int, 1)"
        " + interval '1 month' - interval '1 day')::date END"
    )
