"""Openings: projects of the time before, entered by the office's clerk and confirmed by others."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.validators import RegexValidator
from django.db import transaction
from django.db.models import DecimalField, OuterRef, QuerySet, Subquery, Sum
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assistance.actions.organisations import implementing_unit
from assistance.api.fields import (
    LARGEST_COUNT,
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
    Yuan,
)
from assistance.api.listing import ListQuery, Ordering, Sparse
from assistance.api.once import once
from assistance.api.resource import AllowedActions, Resource, takes, verb
from assistance.models import ApiToken
from projects import actions
from projects.actions.not_checked import not_checked
from projects.actions.opening_rules import LEDGER_FIELDS
from projects.actions.openings import verb_of_declining
from projects.api.places import known_place
from projects.api.shapes import DraftBody
from projects.models import FundPlan, Opening, ProjectFunding, Source, Stage
from projects.models.history import Nature
from projects.models.road import TAKEN_OVER_AT

MAY_ENTER, MAY_CONFIRM = "projects.add_opening", "projects.confirm_opening"

# ---------------------------------------------------------------------------------------- answers


class OpeningRow(serializers.Serializer[Opening]):
    id = serializers.IntegerField()
    project = serializers.CharField(source="project.code")
    project_name = serializers.CharField(source="project.name")
    pairing = serializers.IntegerField(source="project.pairing_id")
    programme = serializers.CharField(source="project.pairing.programme.code")
    county = serializers.CharField(source="project.county.code")
    county_name = Name(source="project.county.name")
    as_of = Day(help_text="the day on which the project stood so; it counts from this day on")
    stage = serializers.ChoiceField(Stage.choices)
    nature = serializers.ChoiceField(Nature.choices)
    year = serializers.IntegerField(help_text="of the plan that it stands in")
    physical_pct = serializers.DecimalField(max_digits=5, decimal_places=2)
    aid_yuan = Yuan(source="project.aid_yuan")
    paid_yuan = Yuan(source="paid", help_text="paid before it was taken over")
    actual_start = Day(allow_null=True)
    actual_end = Day(allow_null=True)
    source_file = serializers.CharField(help_text="the ledger that it was taken from")
    source_row = serializers.IntegerField(allow_null=True)
    counted_at = Timestamp(allow_null=True, help_text="confirmed at; null: it does not count yet")
    voided_at = Timestamp(allow_null=True, help_text="declined or struck out at")
    updated_at = Timestamp()
    version = serializers.IntegerField(help_text="counts changes; the row's ETag")


class OpeningShare(serializers.Serializer[ProjectFunding]):
    source = serializers.ChoiceField(Source.choices)  # type: ignore[assignment]  # declared fields leave the class
    amount_yuan = Yuan()
    paid_yuan = Yuan(source="opening_paid_yuan")
    fund_plan = serializers.IntegerField(source="fund_plan_id", allow_null=True)


class OpeningDetail(OpeningRow):
    shares = OpeningShare(many=True)
    void_reason = serializers.CharField(allow_blank=True)
    not_checked = serializers.SerializerMethodField(
        help_text="what nobody checked, because the project was taken over"
    )
    allowed_actions = AllowedActions()

    def get_not_checked(self, opening: Opening) -> list[str]:
        return not_checked(opening)


# ------------------------------------------------------------------------------------- parameters


class OpeningQuery(ListQuery):
    ordering = Ordering(
        {"updated_at": "updated_at", "as_of": "as_of", "project": "project__code"},
        default="-updated_at",
    )
    fields = Sparse(OpeningRow)  # type: ignore[assignment]  # declared fields leave the class
    project = Key(source="project__code", required=False)
    stage = Words([stage.value for stage in TAKEN_OVER_AT], source="stage__in", required=False)
    programme = Key(source="project__pairing__programme__code", required=False)
    pairing = Number(source="project__pairing_id", required=False)
    region = Inside(
        source="project__county__code__startswith",
        required=False,
        help_text="of counties inside this region",
    )
    waiting = Flag(required=False, help_text="only those that wait for confirmation, or no such")
    updated_since = Instant(source="updated_at__gte", required=False)

    def narrow(self, rows: QuerySet[Any], asked: Any) -> QuerySet[Any]:
        asked = dict(asked)
        waiting = asked.pop("waiting", None)
        if waiting is not None:
            still = Opening.objects.waiting().values("pk")
            rows = rows.filter(pk__in=still) if waiting else rows.exclude(pk__in=still)
        return super().narrow(rows, asked)


# ----------------------------------------------------------------------------------------- bodies


class ShareBody(Strict, serializers.Serializer[Any]):
    source = Word(Source.choices)  # type: ignore[assignment]  # declared fields leave the class
    amount_yuan = Yuan(help_text="as the ledger has it, in yuan")
    paid_yuan = Yuan(required=False, help_text="of it, paid by the day of the opening")
    fund_plan = Whole(
        required=False, min_value=1, max_value=10**18, help_text="the id of its plan, where known"
    )


class OpeningBody(DraftBody):
    """A project as a ledger has it. Beyond name and sector only what the ledger knows."""

    pairing = Whole(min_value=1, max_value=10**18, help_text="the id of its pairing")
    county = Text(
        trim_whitespace=False,
        validators=[RegexValidator(r"\A[0-9]{6}\Z")],
        help_text="a county in the pairing's recipient",
    )
    fiscal_year = Whole(min_value=SMALLEST_YEAR, max_value=LARGEST_YEAR)
    as_of = Day(help_text="the day on which the project stood as the ledger says")
    stage = Word(Stage.choices, help_text="from APPROVED on")
    nature = Word(Nature.choices)
    year = Whole(min_value=SMALLEST_YEAR, max_value=LARGEST_YEAR, help_text="of the plan")
    physical_pct = Yuan(help_text="a string, per cent with at most two decimals")
    actual_start = Day(required=False)
    actual_end = Day(required=False)
    total_investment_yuan = Yuan(required=False, help_text="the ledger's own total, to compare")
    shares = ShareBody(many=True)
    source_file = Text(max_length=200)
    source_row = Whole(required=False, min_value=1, max_value=LARGEST_COUNT)
    contract_yuan = Yuan(required=False)

    class Meta(DraftBody.Meta):
        fields = (
            "pairing", "county", "fiscal_year", "as_of", "stage", "nature", "year",
            "physical_pct", "actual_start", "actual_end", "total_investment_yuan", "shares",
            "source_file", "source_row", *sorted(LEDGER_FIELDS),
        )  # fmt: skip


# --------------------------------------------------------------------------------------- resource


class Openings(Resource):
    permission = "projects.view_opening"
    row, in_full, query = OpeningRow, OpeningDetail, OpeningQuery

    def rows(self) -> QuerySet[Opening]:
        shares = ProjectFunding.objects.filter(opening=OuterRef("pk")).order_by().values("opening")
        money = DecimalField(max_digits=18, decimal_places=2)
        paid = Subquery(shares.annotate(sum=Sum("opening_paid_yuan")).values("sum"), money)
        return Opening.objects.visible_to(self.caller).annotate(paid=paid)

    def rows_in_full(self) -> QuerySet[Opening]:
        return (
            self.rows()
            .select_related(
                "project__pairing__programme", "project__county", "project__implementing_unit"
            )
            .prefetch_related("shares")
        )

    def actions_open(self, row: Opening) -> list[str]:
        token = self.request.auth
        if not isinstance(token, ApiToken) or not token.may_write:
            return []
        may_confirm = self.caller.has_perm(MAY_CONFIRM)
        own = row.created_by_id == self.caller.pk
        if row.counts:
            return ["strike_out"] if may_confirm else []
        found = ["confirm"] if row.waits and may_confirm and not own else []
        may_decline = row.waits and self.caller.has_perm(verb_of_declining(row, self.caller))
        return [*found, "decline"] if may_decline else found

    def list(self, request: Request) -> Response:
        """List the openings that you may see, those changed last first."""
        return super().list(request)

    def retrieve(self, request: Request, **key: Any) -> Response:
        """Show one opening, with what nobody checked."""
        return super().retrieve(request, **key)

    @takes(OpeningBody)
    def create(self, request: Request) -> Response:
        """Take a project over; for the office's clerk. It counts once a reviewer confirmed it."""
        if not self.caller.has_perm(MAY_ENTER):
            raise PermissionDenied
        given = self.body(OpeningBody)
        pairing, county = known_place(given.pop("pairing"), given.pop("county"), caller=self.caller)
        shares = [self._with_plan(share) for share in given.pop("shares")]

        def entered() -> Response:
            if "implementing_unit" in given:
                given["implementing_unit"] = implementing_unit(
                    given["implementing_unit"], county=county, by=self.caller
                )
            opening = actions.take_over(
                pairing=pairing,
                county=county,
                shares=shares,
                by=self.caller,
                now=self.now,
                **given,
            )
            reply = self.full(self.rows_in_full().get(pk=opening.pk), status=201)
            reply.headers["Location"] = request.build_absolute_uri(f"{request.path}{opening.pk}/")
            return reply

        return once(request, self.now, entered)

    @verb("confirm", NoBody)
    def confirm(self, request: Request, id: int) -> Response:  # noqa: A002  the address's word
        """Confirm an opening; what it brought counts from now on, as of its day."""
        return self._take(id, MAY_CONFIRM, NoBody, actions.confirm_opening)

    @verb("decline", ReasonBody)
    def decline(self, request: Request, id: int) -> Response:  # noqa: A002  the address's word
        """Turn an opening down, or take back your own; the project is withdrawn."""
        return self._take(id, "", ReasonBody, actions.decline_opening)

    @verb("strike_out", ReasonBody)
    def strike_out(self, request: Request, id: int) -> Response:  # noqa: A002  the address's word
        """Strike out a confirmed opening with everything that it brought."""
        return self._take(id, MAY_CONFIRM, ReasonBody, actions.strike_out_opening)

    def _take(
        self, pk: int, permission: str, shape: type[serializers.Serializer[Any]], step: Any
    ) -> Response:
        opening = self.rows().get(pk=pk)
        if not self.caller.has_perm(permission or verb_of_declining(opening, self.caller)):
            raise PermissionDenied
        version = self.version()
        given = self.body(shape)
        with transaction.atomic():
            step(opening, by=self.caller, now=self.now, version=version, **given)
            return self.full(self.rows_in_full().get(pk=pk))

    def _with_plan(self, share: dict[str, Any]) -> dict[str, Any]:
        """The share with its fund plan in the place of the id."""
        if "fund_plan" not in share:
            return share
        plan = FundPlan.objects.visible_to(self.caller).filter(pk=share["fund_plan"]).first()
        if plan is None:
            raise serializers.ValidationError(
                {"shares": [_("You see no fund plan of this number; list them at fund-plans/.")]}
            )
        return {**share, "fund_plan": plan}
