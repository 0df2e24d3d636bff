"""Fund plans: read, drafted, issued, closed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import DecimalField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assistance.api.fields import (
    LARGEST_YEAR,
    SMALLEST_YEAR,
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
    YesNo,
    Yuan,
)
from assistance.api.listing import ListQuery, Ordering, Sparse
from assistance.api.resource import AllowedActions, takes, verb
from assistance.models import Pairing
from projects import actions
from projects.actions import refusals
from projects.api.steps import TakesSteps, known
from projects.models import (
    FundPlan,
    Payment,
    ProjectFunding,
    Refund,
    Source,
)
from projects.models.funds import WITHOUT_A_PLAN, FundPlanStatus

PLANNED_SOURCES = [
    (source.value, source.label) for source in Source if source not in WITHOUT_A_PLAN
]


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
    paid_yuan = Yuan(
        source="paid",
        help_text="what units were paid; above what arrived: the county advances it",
    )
    issued_on = Day()
    doc_no = serializers.CharField(allow_blank=True)
    basis = serializers.CharField(allow_blank=True)
    closed_doc_no = serializers.CharField(allow_blank=True, help_text="of the write-off")
    voided_at = Timestamp(allow_null=True, help_text="struck out then; null: it stands")
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


class FundPlanBody(Strict, serializers.Serializer[Any]):
    """What a fund plan says; of a draft what is not named stays."""

    fiscal_year = Whole(min_value=SMALLEST_YEAR, max_value=LARGEST_YEAR)
    source = Word(PLANNED_SOURCES)  # type: ignore[assignment]  # declared fields leave the class
    amount_yuan = Yuan()
    issued_on = Day()
    doc_no = Text(max_length=80, required=False, allow_blank=True)
    basis = Text(
        max_length=2000,
        required=False,
        allow_blank=True,
        help_text="needed where there is no document number",
    )
    is_inferred = YesNo(required=False)


class NewFundPlanBody(FundPlanBody):
    """A new fund plan; it counts once finance issued it."""

    pairing = Whole(min_value=1, max_value=10**18, help_text="the id of one of your pairings")


class WriteOffBody(Strict, serializers.Serializer[Any]):
    doc_no = Text(
        max_length=80,
        required=False,
        help_text="of the write-off; needed where not all of the money arrived",
    )


class FundPlans(TakesSteps):
    permission = "projects.view_fundplan"
    row, in_full, query = FundPlanRow, FundPlanDetail, FundPlanQuery
    steps = {
        "edit": refusals.edit_plan,
        "issue": refusals.issue_plan,
        "close": refusals.close_plan,
        "void": refusals.strike_out_plan,
    }

    def rows(self) -> QuerySet[FundPlan]:
        return FundPlan.objects.visible_to(self.caller).annotate(
            paid=_sum_per_plan(ProjectFunding.objects.counting(), column="opening_paid_yuan")
            + _sum_per_plan(Payment.objects.counting(), "project_funding__fund_plan")
            - _sum_per_plan(Refund.objects.counting(), "project_funding__fund_plan"),
        )

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

    @takes(NewFundPlanBody)
    def create(self, request: Request) -> Response:
        """Draft a fund plan; it counts once finance issued it."""
        if not self.caller.has_perm("projects.add_fundplan"):
            raise PermissionDenied
        given = self.body(NewFundPlanBody)
        pairing = known(Pairing.objects.visible_to(self.caller), given.pop("pairing"), "pairing")

        def planned() -> FundPlan:
            return actions.plan_funds(pairing=pairing, by=self.caller, now=self.now, **given)

        return self.make(request, "fund-plans", planned)

    @verb("edit", FundPlanBody)
    def partial_update(self, request: Request, id: int) -> Response:  # noqa: A002  the address's word
        """Change a draft; what is not named stays as it is."""
        return self.take(id, "edit", FundPlanBody, actions.edit_fund_plan, partial=True)

    @verb("issue", NoBody)
    def issue(self, request: Request, id: int) -> Response:  # noqa: A002  the address's word
        """Confirm a fund plan against its document; it counts from now on."""
        return self.take(id, "issue", NoBody, actions.issue_fund_plan)

    @verb("close", WriteOffBody)
    def close(self, request: Request, id: int) -> Response:  # noqa: A002  the address's word
        """Close a plan whose money has arrived or is written off; it takes nothing any more."""
        return self.take(id, "close", WriteOffBody, actions.close_fund_plan)

    @verb("void", ReasonBody)
    def void(self, request: Request, id: int) -> Response:  # noqa: A002  the address's word
        """Strike out a plan without shares and transfers."""
        return self.take(id, "void", ReasonBody, actions.strike_out_fund_plan)


def _sum_per_plan(
    rows: QuerySet[Any], plan: str = "fund_plan", *, column: str = "amount_yuan"
) -> Coalesce:
    """Yuan of the rows of each fund plan, as a column of it."""
    of_one = rows.filter(**{plan: OuterRef("pk")}).order_by().values(plan)
    money = DecimalField(max_digits=18, decimal_places=2)
    return Coalesce(
        Subquery(of_one.annotate(sum=Sum(column)).values("sum")),
        Decimal(0),
        output_field=money,
    )
