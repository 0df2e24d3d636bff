"""The fields of answers and bodies: as strict as the OpenAPI description says they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, NullIf
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from assistance.scope import region_prefix

MONEY = r"^[0-9]{1,16}(\.[0-9]{1,2})?$"
AMOUNT = r"^[0-9]{1,16}(\.[0-9]{1,4})?$"
PERCENT = r"^(100(\.0{1,2})?|[0-9]{1,2}(\.[0-9]{1,2})?)$"
REGION_CODE = r"^([0-9]{6}|[0-9]{9}|[0-9]{12})$"
SMALLEST_YEAR, LARGEST_YEAR = 1990, 2100  # as the ledger's constraints have it
LARGEST_ID = 10**18 - 1
LARGEST_COUNT = 2_147_483_647


class Strict:
    """Mixed into a serializer of input: names that it does not have are errors, not ignored."""

    def to_internal_value(self, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return super().to_internal_value(given)  # type: ignore[misc]  # of the serializer
        fields: Mapping[str, Any] = self.fields  # type: ignore[attr-defined]  # of the serializer
        errors: dict[str, Any] = {
            str(name): [_("There is no field of this name.")]
            for name in given
            if name not in fields
        }
        try:
            values = super().to_internal_value(given)  # type: ignore[misc]  # of the serializer
        except serializers.ValidationError as error:
            if isinstance(error.detail, dict):
                errors |= error.detail
            values = None
        if errors or values is None:
            raise serializers.ValidationError(errors)
        return values


class NoBody(Strict, serializers.Serializer[Any]):
    """A verb that needs no more than its name: an empty object, or nothing at all."""


# ------------------------------------------------------------------------------- fields of bodies


class Text(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class ReasonBody(Strict, serializers.Serializer[Any]):
    reason = Text(max_length=2000, help_text="the other side will read it")


class Word(serializers.ChoiceField):
    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid_choice", input=data)
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return data


class YesNo(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


@extend_schema_field({"type": "string", "format": "date", "example": "2021-06-30"})
class Day(serializers.Field[date, Any, str, Any]):
    """A day as YYYY-MM-DD and in no other of the forms of ISO 8601."""

    default_error_messages = {"invalid": _("Write the day as 2021-06-30.")}
    form = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

    def to_internal_value(self, data: Any) -> date:
        if not isinstance(data, str) or not self.form.fullmatch(data):
            self.fail("invalid")
        try:
            return date.fromisoformat(data)
        except ValueError:
            self.fail("invalid")

    def to_representation(self, value: date) -> str:
        return value.isoformat()


@extend_schema_field({"type": "string", "pattern": MONEY, "example": "1250000.00"})
class Yuan(serializers.Field[Decimal, Any, str, Any]):
    """Money in yuan as a string with at most two decimals: a float would lose cents."""

    form = MONEY
    default_error_messages = {
        "invalid": _("Write the amount in yuan as a string, for example “1250000.00”.")
    }

    def to_internal_value(self, data: Any) -> Decimal:
        if not isinstance(data, str) or not re.fullmatch(self.form, data) or data.endswith("\n"):
            self.fail("invalid")
        return Decimal(data)

    def to_representation(self, value: Decimal) -> str:
        return f"{value:.2f}"


@extend_schema_field({"type": "string", "pattern": AMOUNT, "example": "42"})
class Amount(Yuan):
    """The value of an indicator in its unit, as a string with at most four decimals."""

    form = AMOUNT
    default_error_messages = {"invalid": _("Write the value as a string, for example “42”.")}

    def to_representation(self, value: Decimal) -> str:
        return f"{value:.4f}".rstrip("0").rstrip(".")


@extend_schema_field({"type": "string", "pattern": PERCENT, "example": "35.00"})
class Percent(serializers.Field[Decimal, Any, str, Any]):
    """Per cent of the whole as a string, from 0 to 100 with at most two decimals."""

    default_error_messages = {"invalid": _("Write per cent as a string, for example “35.00”.")}

    def to_internal_value(self, data: Any) -> Decimal:
        if not isinstance(data, str) or not re.fullmatch(PERCENT, data) or data.endswith("\n"):
            self.fail("invalid")
        return Decimal(data)

    def to_representation(self, value: Decimal) -> str:
        return f"{value:.2f}"


# ---------------------------------------------------------------------------- fields of parameters


@extend_schema_field({"type": "string", "enum": ["true", "false"]})
class Flag(serializers.Field[bool, Any, str, Any]):
    default_error_messages = {"invalid": _("Write true or false.")}

    def to_internal_value(self, data: str) -> bool:
        if data not in {"true", "false"}:
            self.fail("invalid")
        return data == "true"

    def to_representation(self, value: bool) -> str:
        return "true" if value else "false"


class Number(serializers.IntegerField):
    """A whole number in an address: digits and nothing else."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": LARGEST_ID} | options)

    def to_internal_value(self, data: Any) -> int:
        if not re.fullmatch(r"[0-9]{1,18}", data):
            self.fail("invalid")
        return int(data)


class Key(serializers.RegexField):
    """A code in an address, taken as it stands."""

    def __init__(self, **options: Any) -> None:
        super().__init__(r"^[-A-Za-z0-9_]{1,60}\Z", trim_whitespace=False, **options)


@extend_schema_field({"type": "string", "pattern": REGION_CODE, "example": "510000"})
class Inside(serializers.Field[str, Any, str, Any]):
    """The GB/T 2260 code of a region at any level; stands for all that lies in it."""

    default_error_messages = {"invalid": _("Write the region's code: 6, 9 or 12 digits.")}

    def to_internal_value(self, data: str) -> str:
        if not re.fullmatch(REGION_CODE, data) or data.endswith("\n"):
            self.fail("invalid")
        return region_prefix(data)

    def to_representation(self, value: str) -> str:
        return value


@extend_schema_field(
    {"type": "string", "format": "date-time", "example": "2021-06-30T08:00:00+08:00"}
)
class Instant(serializers.Field[datetime, Any, str, Any]):
    """A date and time with its offset; ``+`` may come as the space that addresses make of it."""

    default_error_messages = {"invalid": _("Write the instant as 2021-06-30T08:00:00+08:00 or …Z.")}

    def to_internal_value(self, data: str) -> datetime:
        try:
            found = parse_datetime(re.sub(r" ([0-9]{2}:[0-9]{2})$", r"+\1", data))
        except ValueError:
            found = None
        if found is None or not is_aware(found):
            self.fail("invalid")
        try:
            return found.astimezone(UTC)  # the database knows no offset beyond 16 hours
        except OverflowError:  # around the first and the last instant there is
            self.fail("invalid")

    def to_representation(self, value: datetime) -> str:
        return value.isoformat()


class Words(serializers.Field[list[str], Any, str, Any]):
    """Some of the ``words``, with commas between."""

    default_error_messages = {"invalid": _("“{given}” is none of the words: {words}.")}

    def __init__(self, words: Sequence[str], **options: Any) -> None:
        super().__init__(**options)
        self.words = list(words)
        one = "|".join(self.words)
        self.described = {
            "type": "string",
            "pattern": f"^({one})(,({one}))*$",
            "example": ",".join(self.words[:2]),
        }

    def to_internal_value(self, data: str) -> list[str]:
        given = data.split(",")
        for word in given:
            if word not in self.words:
                self.fail("invalid", given=word, words=", ".join(self.words))
        return list(dict.fromkeys(given))

    def to_representation(self, value: list[str]) -> str:
        return ",".join(value)


# ------------------------------------------------------------------------------ fields of answers


class Name(serializers.CharField):
    """The name of a region, an organisation or a programme, in the reader's language."""

    def column(self, path: str) -> Combinable:
        """What a list selects for it; ``in_language`` of the models, said in SQL."""
        zh = F(f"{path}_zh")
        if (get_language() or "zh").startswith("zh"):
            return zh
        return Coalesce(NullIf(F(f"{path}_en"), Value("")), zh)


class Timestamp(serializers.DateTimeField):
    """An instant in UTC; ``written`` gives it its form, so lists and details agree."""

    def to_representation(self, value: datetime) -> Any:
        return value


def column(field: serializers.Field[Any, Any, Any, Any]) -> Combinable | str:
    """What a list selects for a field of its serializer."""
    path = "__".join(field.source_attrs)
    return field.column(path) if isinstance(field, Name) else path
