"""Monthly returns: what a partner reports for a pairing and a month."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assistance.actions import returns
from assistance.api.fields import (
    Amount,
    Day,
    Inside,
    Instant,
    Key,
    Name,
    NoBody,
    Number,
    ReasonBody,
    Strict,
    Text,
    Timestamp,
    Words,
)
from assistance.api.listing import ListQuery, Ordering, Sparse
from assistance.api.resource import AllowedActions, Resource, verb
from assistance.due_dates import ReturnCalendar
from assistance.models import MonthlyReturn, ReturnState
from assistance.models.pairings import A_MONTH

VALUE = {
    "type": "object",
    "required": ["indicator", "name", "unit", "kind", "value", "rule"],
    "properties": {
        "indicator": {"type": "string", "description": "its code"},
        "name": {"type": "string"},
        "unit": {"type": "string", "description": "money is in YUAN"},
        "kind": {
            "type": "string",
            "enum": ["FLOW", "STOCK", "DISTINCT"],
            "description": "FLOW: of the month. STOCK: on its last day. DISTINCT: everybody since"
            " 1 January, each once.",
        },
        "value": {"type": "string", "nullable": True, "description": "null: not entered yet"},
        "rule": {"type": "string", "description": "what is counted"},
    },
}


@extend_schema_field({"type": "array", "items": VALUE})
class AskedValues(serializers.Field[Any, Any, list[dict[str, Any]], Any]):
    """Every indicator that the return reports, with what is entered so far."""

    def __init__(self) -> None:
        super().__init__(source="*", read_only=True)

    def to_representation(self, value: MonthlyReturn) -> list[dict[str, Any]]:
        said = {one.indicator_id: one.value for one in value.values.all()}
        shown = Amount()
        return [
            {
                "indicator": asked.code,
                "name": str(asked),
                "unit": asked.unit,
                "kind": asked.kind,
                "value": None
                if (number := said.get(asked.pk)) is None
                else shown.to_representation(number),
                "rule": asked.rule,
            }
            for asked in returns.asked(value)
        ]


class ReturnRow(serializers.Serializer[MonthlyReturn]):
    id = serializers.IntegerField()
    pairing = serializers.IntegerField(source="pairing_id")
    programme = serializers.CharField(source="pairing.programme.code")
    region = serializers.CharField(source="pairing.recipient.code")
    region_name = Name(source="pairing.recipient.name")
    period = serializers.CharField(help_text="the month, for example 2026-05")
    state = serializers.ChoiceField(ReturnState.choices, help_text="values count once accepted")
    return_reason = serializers.CharField(allow_blank=True, help_text="why it was sent back")
    submitted_at = Timestamp(allow_null=True)
    accepted_at = Timestamp(allow_null=True)
    locked_at = Timestamp(allow_null=True)
    updated_at = Timestamp()
    version = serializers.IntegerField(help_text="counts changes; the row's ETag")


class ReturnDetail(ReturnRow):
    due_on = serializers.SerializerMethodField(help_text="a working day")
    note = serializers.CharField(allow_blank=True)
    values = AskedValues()
    allowed_actions = AllowedActions()

    @extend_schema_field({"type": "string", "format": "date"})
    def get_due_on(self, row: MonthlyReturn) -> str:
        return Day().to_representation(
            ReturnCalendar(self.context["view"].now).of(row.month).due
        )  # fmt: skip


class ReturnQuery(ListQuery):
    ordering = Ordering({"id": "id", "updated_at": "updated_at", "period": "period"}, default="-id")
    fields = Sparse(ReturnRow)  # type: ignore[assignment]  # declared fields leave the class
    state = Words(ReturnState.values, source="state__in", required=False)
    pairing = Number(source="pairing_id", required=False)
    period = serializers.RegexField(A_MONTH, required=False, max_length=7, trim_whitespace=False)
    programme = Key(source="pairing__programme__code", required=False)
    region = Inside(
        source="pairing__recipient__code__startswith", required=False, help_text="inside it"
    )
    updated_since = Instant(source="updated_at__gte", required=False)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "two values",
            {"values": {"TRAIN_C": "42", "CONS": "1250000.00"}, "note": "演示"},
            request_only=True,
        )
    ]
)
class FilledInBody(Strict, serializers.Serializer[Any]):
    """Values by the codes of their indicators; null takes one back. The others stay."""

    values = serializers.DictField(
        child=Amount(allow_null=True),
        required=False,
        help_text="0 where there was nothing",
    )
    note = Text(max_length=5000, required=False, allow_blank=True)


OFFERED = ("fill_in", "submit", "accept", "send_back")


class Returns(Resource):
    permission = "assistance.view_monthlyreturn"
    row, in_full, query = ReturnRow, ReturnDetail, ReturnQuery

    def rows(self) -> QuerySet[MonthlyReturn]:
        return MonthlyReturn.objects.visible_to(self.caller)

    def rows_in_full(self) -> QuerySet[MonthlyReturn]:
        rows = self.rows().select_related("pairing__programme", "pairing__recipient")
        return rows.prefetch_related("values")

    def actions_open(self, row: Any) -> Sequence[str]:
        return [name for name in OFFERED if returns.why_not(row, self.caller, step=name) is None]

    def list(self, request: Request) -> Response:
        """List the monthly returns that you may see, the newest first."""
        return super().list(request)

    def retrieve(self, request: Request, **key: Any) -> Response:
        """Show one return with everything that it asks for."""
        return super().retrieve(request, **key)

    @verb("fill_in", FilledInBody)
    def partial_update(self, request: Request, **key: Any) -> Response:
        """Enter values of a return that is open or was sent back."""

        def filled_in(row: MonthlyReturn, **given: Any) -> MonthlyReturn:
            return returns.fill_in(row, **{"values": {}} | given)

        return self._take(key, "fill_in", FilledInBody, filled_in)

    @verb("submit", NoBody)
    def submit(self, request: Request, **key: Any) -> Response:
        """Hand a return in; 409 names the values that are missing."""
        return self._take(key, "submit", NoBody, returns.submit_return)

    @verb("accept", NoBody)
    def accept(self, request: Request, **key: Any) -> Response:
        """Accept a return; its values count from now on."""
        return self._take(key, "accept", NoBody, returns.accept_return)

    @verb("send_back", ReasonBody)
    def send_back(self, request: Request, **key: Any) -> Response:
        """Send a return back to be corrected."""
        return self._take(key, "send_back", ReasonBody, returns.send_back)

    def _take(
        self,
        key: Mapping[str, Any],
        name: str,
        shape: type[serializers.Serializer[Any]],
        step: Callable[..., MonthlyReturn],
    ) -> Response:
        """In sight (404), theirs (403), version named (428), body right (400), then the action."""
        row = self.rows().get(**key)
        refusal = returns.why_not(row, self.caller, step=name)
        if isinstance(refusal, PermissionDenied):
            raise refusal
        version = self.version()
        given = self.body(shape)
        with transaction.atomic():
            done = step(row, by=self.caller, now=self.now, version=version, **given)
            return self.full(self.rows_in_full().get(pk=done.pk))
