"""Fund plans and the transfers that bring their money."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assistance.api.fields import (
    LARGEST_YEAR,
    Day,
    Flag,
    Inside,
    Instant,
    Key,
    Name,
    Number,
    Strict,
    Text,
    Timestamp,
    Words,
    Yuan,
)
from assistance.api.listing import ListQuery, Ordering, Sparse
from assistance.api.resource import AllowedActions, Resource, verb
from assistance.models import ApiToken
from projects import actions
from projects.models import FundPlan, Source, Transfer
from projects.models.funds import FundPlanStatus, TransferStatus

MAY_REPORT = "projects.report_arrival_transfer"


class FundPlanRow(serializers.Serializer[FundPlan]):
    id = serializers.IntegerField()
    status = serializers.ChoiceField(FundPlanStatus.choices, help_text="counts once issued")
    pairing = serializers.IntegerField(source="pairing_id")
    programme = serializers.CharField(source="pairing.programme.code")
    donor = serializers.CharField(source="pairing.donor.code")
    donor_name = Name(source="pairing.donor.name")
    recipient = serializers.CharField(source="pairing.recipient.code")
    recipient_name = Name(source="pairing.recipient.name")
    fiscal_year = serializers.IntegerField()
    source = serializers.ChoiceField(Source.choices)  # type: ignore[assignment]  # declared fields leave the class
    amount_yuan = Yuan()
    arrived_yuan = Yuan(
        source="total_arrived_yuan",
        help_text="what confirmed transfers brought, less what went back",
    )
    committed_yuan = Yuan(
        source="total_committed_yuan", help_text="what approved projects hold, changes included"
    )
    issued_on = Day()
    doc_no = serializers.CharField(allow_blank=True)
    basis = serializers.CharField(allow_blank=True)
    is_inferred = serializers.BooleanField(help_text="part of the basis is our own inference")
    updated_at = Timestamp()
    version = serializers.IntegerField(help_text="counts changes; the row's ETag")


class FundPlanDetail(FundPlanRow):
    allowed_actions = AllowedActions()


class FundPlanQuery(ListQuery):
    ordering = Ordering(
        {"updated_at": "updated_at", "issued_on": "issued_on", "amount_yuan": "amount_yuan"},
        default="-updated_at",
    )
    fields = Sparse(FundPlanRow)  # type: ignore[assignment]  # declared fields leave the class
    year = Number(source="fiscal_year", max_value=LARGEST_YEAR, required=False)
    source = Words(Source.values, source="source__in", required=False)  # type: ignore[assignment]  # declared fields leave the class
    status = Words(FundPlanStatus.values, source="status__in", required=False)
    programme = Key(source="pairing__programme__code", required=False)
    pairing = Number(source="pairing_id", required=False)
    donor = Inside(
        source="pairing__donor__code__startswith", required=False, help_text="inside this region"
    )
    region = Inside(
        source="pairing__recipient__code__startswith",
        required=False,
        help_text="of recipients inside this region",
    )
    is_inferred = Flag(required=False)
    updated_since = Instant(source="updated_at__gte", required=False)


class FundPlans(Resource):
    permission = "projects.view_fundplan"
    row, in_full, query = FundPlanRow, FundPlanDetail, FundPlanQuery

    def rows(self) -> QuerySet[FundPlan]:
        return FundPlan.objects.visible_to(self.caller)

    def rows_in_full(self) -> QuerySet[FundPlan]:
        return self.rows().select_related(
            "pairing__programme", "pairing__donor", "pairing__recipient"
        )

    def list(self, request: Request) -> Response:
        """List the fund plans that you may see, those changed last first."""
        return super().list(request)

    def retrieve(self, request: Request, **key: Any) -> Response:
        """Show one fund plan."""
        return super().retrieve(request, **key)


class TransferRow(serializers.Serializer[Transfer]):
    id = serializers.IntegerField()
    status = serializers.ChoiceField(TransferStatus.choices, help_text="counts once confirmed")
    fund_plan = serializers.IntegerField(source="fund_plan_id")
    pairing = serializers.IntegerField(source="fund_plan.pairing_id")
    programme = serializers.CharField(source="fund_plan.pairing.programme.code")
    donor = serializers.CharField(source="fund_plan.pairing.donor.code")
    recipient = serializers.CharField(source="fund_plan.pairing.recipient.code")
    recipient_name = Name(source="fund_plan.pairing.recipient.name")
    fiscal_year = serializers.IntegerField(source="fund_plan.fiscal_year")
    source = serializers.ChoiceField(Source.choices, source="fund_plan.source")  # type: ignore[assignment]  # declared fields leave the class
    amount_yuan = Yuan()
    sent_on = Day()
    arrived_on = Day(allow_null=True)
    treasury = Name(source="treasury.name")
    voucher_no = serializers.CharField(allow_blank=True)
    over_doc_no = serializers.CharField(allow_blank=True)
    updated_at = Timestamp()
    version = serializers.IntegerField(help_text="counts changes; the row's ETag")


class TransferDetail(TransferRow):
    allowed_actions = AllowedActions()


class TransferQuery(ListQuery):
    ordering = Ordering(
        {"updated_at": "updated_at", "sent_on": "sent_on", "amount_yuan": "amount_yuan"},
        default="-updated_at",
    )
    fields = Sparse(TransferRow)  # type: ignore[assignment]  # declared fields leave the class
    year = Number(source="fund_plan__fiscal_year", max_value=LARGEST_YEAR, required=False)
    source = Words(  # type: ignore[assignment]  # declared fields leave the class
        Source.values, source="fund_plan__source__in", required=False
    )
    status = Words(TransferStatus.values, source="status__in", required=False)
    fund_plan = Number(source="fund_plan_id", required=False)
    programme = Key(source="fund_plan__pairing__programme__code", required=False)
    pairing = Number(source="fund_plan__pairing_id", required=False)
    donor = Inside(
        source="fund_plan__pairing__donor__code__startswith",
        required=False,
        help_text="inside this region",
    )
    region = Inside(
        source="fund_plan__pairing__recipient__code__startswith",
        required=False,
        help_text="of recipients inside this region",
    )
    updated_since = Instant(source="updated_at__gte", required=False)


class ArrivalBody(Strict, serializers.Serializer[Any]):
    arrived_on = Day(help_text="the day on which the treasury received it")
    voucher_no = Text(max_length=60)


class Transfers(Resource):
    permission = "projects.view_transfer"
    row, in_full, query = TransferRow, TransferDetail, TransferQuery

    def rows(self) -> QuerySet[Transfer]:
        return Transfer.objects.visible_to(self.caller)

    def rows_in_full(self) -> QuerySet[Transfer]:
        return self.rows().select_related(
            "fund_plan__pairing__programme",
            "fund_plan__pairing__donor",
            "fund_plan__pairing__recipient",
            "treasury",
        )

    def actions_open(self, row: Transfer) -> list[str]:
        token = self.request.auth
        may = isinstance(token, ApiToken) and token.may_write and self._may_report(row)
        return ["report_arrival"] if may and row.status == TransferStatus.DRAFT else []

    def list(self, request: Request) -> Response:
        """List the transfers that you may see, those changed last first."""
        return super().list(request)

    def retrieve(self, request: Request, **key: Any) -> Response:
        """Show one transfer."""
        return super().retrieve(request, **key)

    @verb("report_arrival", ArrivalBody)
    def report_arrival(self, request: Request, id: int) -> Response:  # noqa: A002  the address's word
        """Report the day and the voucher of an arrival; finance confirms it afterwards."""
        transfer = self.rows_in_full().get(pk=id)
        if not self._may_report(transfer):
            raise PermissionDenied
        version = self.version()
        given = self.body(ArrivalBody)
        with transaction.atomic():
            actions.report_arrival(transfer, by=self.caller, now=self.now, version=version, **given)
            return self.full(self.rows_in_full().get(pk=id))

    def _may_report(self, transfer: Transfer) -> bool:
        pairing = transfer.fund_plan.pairing
        return self.caller.has_perm(MAY_REPORT) and self.caller.may_write_for(
            recipient_id=pairing.recipient_id, donor_id=pairing.donor_id
        )
