"""Transfers that bring a plan's money, and what went back of them."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assistance.api.fields import (
    LARGEST_YEAR,
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
    Whole,
    Words,
    Yuan,
)
from assistance.api.listing import ListQuery, Ordering, Sparse
from assistance.api.resource import AllowedActions, takes, verb
from projects import actions
from projects.actions import refusals
from projects.actions.transfers import TREASURIES
from projects.api.steps import TakesSteps, known
from projects.models import FundPlan, Source, Transfer, TransferReturn
from projects.models.funds import TransferStatus


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


class TransferBody(Strict, serializers.Serializer[Any]):
    """Money that was sent; the day and the voucher of its arrival may be reported later."""

    fund_plan = Whole(min_value=1, max_value=10**18, help_text="the id of an issued fund plan")
    amount_yuan = Yuan()
    sent_on = Day()
    arrived_on = Day(required=False)
    treasury = Text(
        max_length=100, help_text="the Chinese name of the finance bureau or front team"
    )
    voucher_no = Text(max_length=60, required=False)
    over_doc_no = Text(
        max_length=80, required=False, help_text="needed where more arrives than was planned"
    )


class Transfers(TakesSteps):
    permission = "projects.view_transfer"
    row, in_full, query = TransferRow, TransferDetail, TransferQuery
    steps = {
        "report_arrival": refusals.report_arrival,
        "confirm": refusals.confirm_transfer,
        "void": refusals.void_transfer,
    }

    def rows(self) -> QuerySet[Transfer]:
        return Transfer.objects.visible_to(self.caller)

    def rows_in_full(self) -> QuerySet[Transfer]:
        return self.rows().select_related(
            "fund_plan__pairing__programme",
            "fund_plan__pairing__donor",
            "fund_plan__pairing__recipient",
            "treasury",
        )

    def list(self, request: Request) -> Response:
        """List the transfers that you may see, those changed last first."""
        return super().list(request)

    def retrieve(self, request: Request, **key: Any) -> Response:
        """Show one transfer."""
        return super().retrieve(request, **key)

    @takes(TransferBody)
    def create(self, request: Request) -> Response:
        """Log money that was sent; it counts once finance confirmed its arrival."""
        if not self.caller.has_perm("projects.add_transfer"):
            raise PermissionDenied
        given = self.body(TransferBody)
        plans = FundPlan.objects.visible_to(self.caller).select_related("pairing")
        given["fund_plan"] = known(plans, given["fund_plan"], "fund_plan")

        def sent() -> Transfer:
            fields = given | {"treasury": self.treasury(given["treasury"], *TREASURIES)}
            return actions.record_transfer(by=self.caller, now=self.now, **fields)

        return self.make(request, "transfers", sent)

    @verb("report_arrival", ArrivalBody)
    def report_arrival(self, request: Request, id: int) -> Response:  # noqa: A002  the address's word
        """Report the day and the voucher of an arrival; finance confirms it afterwards."""
        return self.take(id, "report_arrival", ArrivalBody, actions.report_arrival)

    @verb("confirm", NoBody)
    def confirm(self, request: Request, id: int) -> Response:  # noqa: A002  the address's word
        """Confirm an arrival against its voucher; it counts from now on."""
        return self.take(id, "confirm", NoBody, actions.confirm_transfer)

    @verb("void", ReasonBody)
    def void(self, request: Request, id: int) -> Response:  # noqa: A002  the address's word
        """Strike out a transfer that was logged wrongly."""
        return self.take(id, "void", ReasonBody, actions.void_transfer)


class TransferReturnRow(serializers.Serializer[TransferReturn]):
    id = serializers.IntegerField()
    status = serializers.ChoiceField(TransferStatus.choices, help_text="counts once confirmed")
    transfer = serializers.IntegerField(source="transfer_id")
    fund_plan = serializers.IntegerField(source="transfer.fund_plan_id")
    pairing = serializers.IntegerField(source="transfer.fund_plan.pairing_id")
    fiscal_year = serializers.IntegerField(source="transfer.fund_plan.fiscal_year")
    source = serializers.ChoiceField(Source.choices, source="transfer.fund_plan.source")  # type: ignore[assignment]  # declared fields leave the class
    amount_yuan = Yuan()
    returned_on = Day()
    voucher_no = serializers.CharField()
    reason = serializers.CharField()
    counted_at = Timestamp(allow_null=True, help_text="counts from then on; null: not confirmed")
    voided_at = Timestamp(allow_null=True, help_text="struck out then; null: it stands")
    updated_at = Timestamp()
    version = serializers.IntegerField(help_text="counts changes; the row's ETag")


class TransferReturnDetail(TransferReturnRow):
    allowed_actions = AllowedActions()


class TransferReturnQuery(ListQuery):
    ordering = Ordering(
        {"updated_at": "updated_at", "returned_on": "returned_on", "amount_yuan": "amount_yuan"},
        default="-updated_at",
    )
    fields = Sparse(TransferReturnRow)  # type: ignore[assignment]  # declared fields leave the class
    year = Number(source="transfer__fund_plan__fiscal_year", max_value=LARGEST_YEAR, required=False)
    source = Words(  # type: ignore[assignment]  # declared fields leave the class
        Source.values, source="transfer__fund_plan__source__in", required=False
    )
    status = Words(TransferStatus.values, source="status__in", required=False)
    transfer = Number(source="transfer_id", required=False)
    fund_plan = Number(source="transfer__fund_plan_id", required=False)
    programme = Key(source="transfer__fund_plan__pairing__programme__code", required=False)
    pairing = Number(source="transfer__fund_plan__pairing_id", required=False)
    donor = Inside(
        source="transfer__fund_plan__pairing__donor__code__startswith",
        required=False,
        help_text="inside this region",
    )
    region = Inside(
        source="transfer__fund_plan__pairing__recipient__code__startswith",
        required=False,
        help_text="of recipients inside this region",
    )
    updated_since = Instant(source="updated_at__gte", required=False)


class TransferReturnBody(Strict, serializers.Serializer[Any]):
    transfer = Whole(min_value=1, max_value=10**18, help_text="the id of a confirmed transfer")
    amount_yuan = Yuan()
    returned_on = Day()
    voucher_no = Text(max_length=60)
    reason = Text(max_length=2000)


class TransferReturns(TakesSteps):
    permission = "projects.view_transferreturn"
    row, in_full, query = TransferReturnRow, TransferReturnDetail, TransferReturnQuery
    steps = {"confirm": refusals.confirm_return, "void": refusals.void_return}

    def rows(self) -> QuerySet[TransferReturn]:
        return TransferReturn.objects.visible_to(self.caller)

    def rows_in_full(self) -> QuerySet[TransferReturn]:
        return self.rows().select_related("transfer__fund_plan")

    def list(self, request: Request) -> Response:
        """List the returns of transfers that you may see, those changed last first."""
        return super().list(request)

    def retrieve(self, request: Request, **key: Any) -> Response:
        """Show one return of a transfer."""
        return super().retrieve(request, **key)

    @takes(TransferReturnBody)
    def create(self, request: Request) -> Response:
        """Log money of a transfer that went back; finance confirms it afterwards."""
        if not self.caller.has_perm("projects.add_transferreturn"):
            raise PermissionDenied
        given = self.body(TransferReturnBody)
        seen = Transfer.objects.visible_to(self.caller)
        transfer = known(seen, given.pop("transfer"), "transfer")

        def returned() -> TransferReturn:
            return actions.return_transfer(transfer, by=self.caller, now=self.now, **given)

        return self.make(request, "transfer-returns", returned)

    @verb("confirm", NoBody)
    def confirm(self, request: Request, id: int) -> Response:  # noqa: A002  the address's word
        """Confirm money that went back against its voucher; it counts from now on."""
        return self.take(id, "confirm", NoBody, actions.confirm_return)

    @verb("void", ReasonBody)
    def void(self, request: Request, id: int) -> Response:  # noqa: A002  the address's word
        """Strike out a return that was logged wrongly."""
        return self.take(id, "void", ReasonBody, actions.void_return)
