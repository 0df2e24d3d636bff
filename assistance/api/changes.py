"""The change log, for auditors: what was written, by whom, and what stood there before."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assistance.api.fields import Instant, Number, Text, Timestamp, Words
from assistance.api.listing import ListQuery, Ordering, Sparse
from assistance.api.resource import AllowedActions, Resource
from assistance.models import Change
from assistance.models.log import ChangeKind


@extend_schema_field({"type": "object", "nullable": True, "additionalProperties": True})
class Columns(serializers.JSONField):
    """The columns of a row and their values."""


class ChangeRow(serializers.Serializer[Change]):
    id = serializers.IntegerField()
    at = Timestamp()
    table = serializers.CharField()
    row = serializers.IntegerField(help_text="the id of the row in its table")
    kind = serializers.ChoiceField(ChangeKind.choices)
    before = Columns(help_text="of a change only what changed; null where the row was entered")
    after = Columns(help_text="the same after it; null where the row was deleted")
    actor = serializers.IntegerField(allow_null=True, help_text="the account, where it is known")
    transaction = serializers.IntegerField(help_text="what was written together")
    request = Columns(help_text="id, door and address of the request; null outside of one")


class ChangeDetail(ChangeRow):
    allowed_actions = AllowedActions()


class ChangeQuery(ListQuery):
    ordering = Ordering({"id": "id"}, default="-id")
    fields = Sparse(ChangeRow)  # type: ignore[assignment]  # declared fields leave the class
    table = Text(required=False, max_length=63)
    row = Number(required=False)
    kind = Words(ChangeKind.values, source="kind__in", required=False)
    actor = Number(required=False)
    since = Instant(source="at__gte", required=False, help_text="from this instant on")
    before = Instant(source="at__lt", required=False, help_text="before this instant")


class Changes(Resource):
    permission = "assistance.view_change"
    row, in_full, query = ChangeRow, ChangeDetail, ChangeQuery

    def rows(self) -> QuerySet[Any]:
        return Change.objects.all()

    def list(self, request: Request) -> Response:
        """List what was written, newest first; for auditors."""
        return super().list(request)

    def retrieve(self, request: Request, **key: Any) -> Response:
        """Show one change."""
        return super().retrieve(request, **key)
