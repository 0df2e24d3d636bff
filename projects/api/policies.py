"""The payment policies of counties, to be read."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, CharField, QuerySet, Value, When
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assistance.api.fields import Day, Inside, Instant, Name, Timestamp, Words
from assistance.api.listing import ListQuery, Ordering, Sparse
from assistance.api.resource import Resource
from projects import policies
from projects.models import PaymentPolicy

STANDINGS = ("proposed", "confirmed", "struck_out")


class PolicyStepShape(serializers.Serializer[Any]):
    pct = serializers.CharField(help_text="per cent of the base that may be paid in all")
    when = serializers.ChoiceField(policies.When.choices)
    progress = serializers.CharField(required=False, help_text="per cent; with PROGRESS")
    months = serializers.IntegerField(
        required=False, help_text="after the day of acceptance; with RETENTION"
    )


class PolicyRow(serializers.Serializer[PaymentPolicy]):
    id = serializers.IntegerField()
    county = serializers.CharField(source="county.code")
    county_name = Name(source="county.name")
    name = serializers.CharField()
    standing = serializers.ChoiceField(STANDINGS, help_text="only a confirmed one applies")
    starts_on = Day(help_text="applies from this day until the next one of the county does")
    steps = PolicyStepShape(
        many=True, help_text="in rising order; counties without follow the default"
    )
    doc_no = serializers.CharField(allow_blank=True)
    updated_at = Timestamp()
    version = serializers.IntegerField(help_text="counts changes; the row's ETag")


class PolicyQuery(ListQuery):
    ordering = Ordering(
        {"updated_at": "updated_at", "starts_on": "starts_on"}, default="-updated_at"
    )
    fields = Sparse(PolicyRow)  # type: ignore[assignment]  # declared fields leave the class
    standing = Words(STANDINGS, source="standing__in", required=False)
    region = Inside(
        source="county__code__startswith",
        required=False,
        help_text="of counties inside this region",
    )
    updated_since = Instant(source="updated_at__gte", required=False)


class Policies(Resource):
    permission = "projects.view_paymentpolicy"
    row, in_full, query = PolicyRow, PolicyRow, PolicyQuery

    def rows(self) -> QuerySet[PaymentPolicy]:
        return PaymentPolicy.objects.visible_to(self.caller).annotate(
            standing=Case(
                When(voided_at__isnull=False, then=Value("struck_out")),
                When(counted_at=None, then=Value("proposed")),
                default=Value("confirmed"),
                output_field=CharField(),
            )
        )

    def rows_in_full(self) -> QuerySet[PaymentPolicy]:
        return self.rows().select_related("county")

    def list(self, request: Request) -> Response:
        """List the payment policies of the counties that you may see, those changed last first."""
        return super().list(request)

    def retrieve(self, request: Request, **key: Any) -> Response:
        """Show one payment policy."""
        return super().retrieve(request, **key)
