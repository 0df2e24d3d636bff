"""Payments to the implementing units, and what they paid back."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.utils.translation import gettext as _
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
    NoBody,
    Number,
    ReasonBody,
    Strict,
    Text,
    Timestamp,
    Whole,
    Word,
    Words,
    Yuan,
)
from assistance.api.listing import ListQuery, Ordering, Sparse
from assistance.api.resource import AllowedActions, takes, verb
from projects import actions
from projects.actions import refusals
from projects.actions.refusals import may_keep
from projects.api.of_projects import InProject
from projects.api.steps import TakesSteps
from projects.models import Payment, ProjectFunding, Refund, Source
from projects.models.funds import PAID_THROUGH_THE_LEDGER
from projects.models.payments import PaymentBasis, PaymentStatus, RefundCause

REMARKS = 2000
PAID_SOURCES = [(source.value, source.label) for source in PAID_THROUGH_THE_LEDGER]


class OfShareRow(serializers.Serializer[Any]):
    """The beginning of every row of a share: which one, of which project and which money."""

    id = serializers.IntegerField()
    status = serializers.ChoiceField(PaymentStatus.choices, help_text="counts once verified")
    project = serializers.CharField(
        source="project_funding.project.code", help_text="the project's code"
    )
    project_name = serializers.CharField(source="project_funding.project.name")
    pairing = serializers.IntegerField(source="project_funding.project.pairing_id")
    county = serializers.CharField(source="project_funding.project.county.code")
    county_name = Name(source="project_funding.project.county.name")
    fiscal_year = serializers.IntegerField(source="project_funding.fiscal_year")
    source = serializers.ChoiceField(  # type: ignore[assignment]  # declared fields leave the class
        Source.choices, source="project_funding.source"
    )
    fund_plan = serializers.IntegerField(
        source="project_funding.fund_plan_id", allow_null=True, help_text="null: taken over without"
    )
    amount_yuan = Yuan()
    treasury = Name(source="treasury.name")
    voucher_no = serializers.CharField()
    counted_at = Timestamp(allow_null=True, help_text="counts from then on; null: not verified")
    voided_at = Timestamp(allow_null=True, help_text="struck out then; null: it stands")
    void_reason = serializers.CharField(allow_blank=True)
    updated_at = Timestamp()
    version = serializers.IntegerField(help_text="counts changes; the row's ETag")


class OfShareQuery(ListQuery):
    project = Key(source="project_funding__project__code", required=False)
    year = Number(
        source="project_funding__fiscal_year",
        max_value=LARGEST_YEAR,
        required=False,
        help_text="of the fund plan",
    )
    source = Words(  # type: ignore[assignment]  # declared fields leave the class
        Source.values, source="project_funding__source__in", required=False
    )
    status = Words(PaymentStatus.values, source="status__in", required=False)
    fund_plan = Number(source="project_funding__fund_plan_id", required=False)
    programme = Key(source="project_funding__project__pairing__programme__code", required=False)
    pairing = Number(source="project_funding__project__pairing_id", required=False)
    donor = Inside(
        source="project_funding__project__pairing__donor__code__startswith",
        required=False,
        help_text="inside this region",
    )
    region = Inside(
        source="project_funding__project__county__code__startswith",
        required=False,
        help_text="of counties inside this region",
    )
    is_standing = Flag(
        source="voided_at__isnull", required=False, help_text="true: it was not struck out"
    )
    updated_since = Instant(source="updated_at__gte", required=False)


class ShareBody(Strict, serializers.Serializer[Any]):
    """Which of the project's shares is meant: by its source, and by its plan where there are more
    of one source.
    """

    source = Word(PAID_SOURCES)  # type: ignore[assignment]  # declared fields leave the class
    fund_plan = Whole(
        min_value=1,
        max_value=10**18,
        required=False,
        help_text="needed where the project has shares of two plans from this source",
    )
    amount_yuan = Yuan()
    treasury = Text(max_length=100, help_text="the Chinese name of the finance bureau")
    voucher_no = Text(max_length=60)


class OfProjectsShares(InProject):
    """Rows of the shares of one project."""

    def share(self, given: dict[str, Any]) -> ProjectFunding:
        """The share that a body means; takes its words out of the body."""
        source, plan = given.pop("source"), given.pop("fund_plan", None)
        shares = self.project.funding.counting().filter(source=source)
        if plan is not None:
            shares = shares.filter(fund_plan=plan)
        found = list(shares.order_by("pk")[:2])
        if not found:
            raise serializers.ValidationError(
                {"source": [_("The project has no share of this money.")]}
            )
        if len(found) > 1:
            raise serializers.ValidationError(
                {"fund_plan": [_("The project has several shares from this source; say which.")]}
            )
        return found[0]


# -------------------------------------------------------------------------------------- payments


class PaymentRow(OfShareRow):
    seq = serializers.IntegerField(help_text="number of the payment out of its share")
    basis = serializers.ChoiceField(PaymentBasis.choices)
    paid_on = Day()
    payee = Name(source="payee.name")
    claimed_progress_pct = Yuan(allow_null=True, help_text="a string with two decimals")
    front_remark = serializers.CharField(allow_blank=True, help_text="of the front team")
    duplicate_reason = serializers.CharField(allow_blank=True)
    rejection_reason = serializers.CharField(allow_blank=True)


class PaymentDetail(PaymentRow):
    allowed_actions = AllowedActions()


class PaymentQuery(OfShareQuery):
    ordering = Ordering(
        {"updated_at": "updated_at", "paid_on": "paid_on", "amount_yuan": "amount_yuan"},
        default="-updated_at",
    )
    fields = Sparse(PaymentRow)  # type: ignore[assignment]  # declared fields leave the class
    basis = Words(PaymentBasis.values, source="basis__in", required=False)


class PaymentBody(ShareBody):
    basis = Word(PaymentBasis.choices)
    paid_on = Day()
    payee = Text(
        max_length=100,
        help_text="its Chinese name; entered as a unit of the county where it is new",
    )
    claimed_progress_pct = Yuan(required=False, help_text="a string with at most two decimals")
    duplicate_reason = Text(
        max_length=REMARKS,
        required=False,
        help_text="needed where the same payee got the same amount on the same day",
    )


class RemarkBody(Strict, serializers.Serializer[Any]):
    remark = Text(max_length=REMARKS, help_text="what was found on site")


class Payments(TakesSteps):
    permission = "projects.view_payment"
    row, in_full, query = PaymentRow, PaymentDetail, PaymentQuery
    steps = {
        "remark": refusals.remark_payment,
        "verify": refusals.verify_payment,
        "reject": refusals.reject_payment,
        "void": refusals.void_payment,
    }

    def rows(self) -> QuerySet[Payment]:
        return Payment.objects.visible_to(self.caller)

    def rows_in_full(self) -> QuerySet[Payment]:
        return self.rows().select_related("project_funding__project__county", "treasury", "payee")

    def list(self, request: Request, **key: Any) -> Response:
        """List the payments that you may see, those changed last first."""
        return super().list(request)

    def retrieve(self, request: Request, **key: Any) -> Response:
        """Show one payment."""
        return super().retrieve(request, **key)

    @verb("remark", RemarkBody)
    def remark(self, request: Request, id: int) -> Response:  # noqa: A002  the address's word
        """Write down what the front team found on site, before the payment is verified."""
        return self.take(id, "remark", RemarkBody, actions.remark_payment)

    @verb("verify", NoBody)
    def verify(self, request: Request, id: int) -> Response:  # noqa: A002  the address's word
        """Confirm a payment against its voucher; it counts from now on."""
        return self.take(id, "verify", NoBody, actions.verify_payment)

    @verb("reject", ReasonBody)
    def reject(self, request: Request, id: int) -> Response:  # noqa: A002  the address's word
        """Refuse a payment that was entered; its voucher number is free again."""
        return self.take(id, "reject", ReasonBody, actions.reject_payment)

    @verb("void", ReasonBody)
    def void(self, request: Request, id: int) -> Response:  # noqa: A002  the address's word
        """Strike out a verified payment that was logged wrongly."""
        return self.take(id, "void", ReasonBody, actions.void_payment)


class PaymentsOfProject(OfProjectsShares, Payments):
    def rows(self) -> QuerySet[Payment]:
        return super().rows().filter(project_funding__project=self.project)

    def list(self, request: Request, **key: Any) -> Response:
        """List the payments of a project, those changed last first."""
        return super().list(request)

    @takes(PaymentBody)
    def create(self, request: Request, code: str) -> Response:
        """Enter a payment; 409 where the county's payment policy does not allow it yet."""
        shut = self.project.why_not("pay", self.caller)
        if isinstance(shut, PermissionDenied):
            raise shut
        given = self.body(PaymentBody)

        def paid() -> Payment:
            fields = dict(given)
            share = self.share(fields)
            fields["treasury"] = self.treasury(fields["treasury"])
            fields["payee"] = self.organisation(fields["payee"])
            return actions.pay(share, by=self.caller, now=self.now, **fields)

        return self.make(request, "payments", paid)


# --------------------------------------------------------------------------------------- refunds


class RefundRow(OfShareRow):
    cause = serializers.ChoiceField(RefundCause.choices)
    refunded_on = Day()


class RefundDetail(RefundRow):
    allowed_actions = AllowedActions()


class RefundQuery(OfShareQuery):
    ordering = Ordering(
        {"updated_at": "updated_at", "refunded_on": "refunded_on", "amount_yuan": "amount_yuan"},
        default="-updated_at",
    )
    fields = Sparse(RefundRow)  # type: ignore[assignment]  # declared fields leave the class
    cause = Words(RefundCause.values, source="cause__in", required=False)


class RefundBody(ShareBody):
    cause = Word(RefundCause.choices)
    refunded_on = Day()


class Refunds(TakesSteps):
    permission = "projects.view_refund"
    row, in_full, query = RefundRow, RefundDetail, RefundQuery
    steps = {"verify": refusals.verify_refund, "void": refusals.void_refund}

    def rows(self) -> QuerySet[Refund]:
        return Refund.objects.visible_to(self.caller)

    def rows_in_full(self) -> QuerySet[Refund]:
        return self.rows().select_related("project_funding__project__county", "treasury")

    def list(self, request: Request, **key: Any) -> Response:
        """List the refunds that you may see, those changed last first."""
        return super().list(request)

    def retrieve(self, request: Request, **key: Any) -> Response:
        """Show one refund."""
        return super().retrieve(request, **key)

    @verb("verify", NoBody)
    def verify(self, request: Request, id: int) -> Response:  # noqa: A002  the address's word
        """Confirm a refund against its voucher; it counts from now on."""
        return self.take(id, "verify", NoBody, actions.verify_refund)

    @verb("void", ReasonBody)
    def void(self, request: Request, id: int) -> Response:  # noqa: A002  the address's word
        """Strike out a refund that was logged wrongly."""
        return self.take(id, "void", ReasonBody, actions.void_refund)


class RefundsOfProject(OfProjectsShares, Refunds):
    def rows(self) -> QuerySet[Refund]:
        return super().rows().filter(project_funding__project=self.project)

    def list(self, request: Request, **key: Any) -> Response:
        """List the refunds of a project, those changed last first."""
        return super().list(request)

    @takes(RefundBody)
    def create(self, request: Request, code: str) -> Response:
        """Log money that the unit paid back; finance verifies it afterwards."""
        may = self.caller.has_perm("projects.add_refund")
        if not may or not may_keep(self.project.pairing, self.caller):
            raise PermissionDenied
        given = self.body(RefundBody)

        def paid_back() -> Refund:
            fields = dict(given)
            share = self.share(fields)
            fields["treasury"] = self.treasury(fields["treasury"])
            return actions.refund(share, by=self.caller, now=self.now, **fields)

        return self.make(request, "refunds", paid_back)
