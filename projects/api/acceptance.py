"""Acceptances, and the assets that projects leave behind."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assistance.api.fields import Day, Name, NoBody, Strict, Text, Word, Words, Yuan
from assistance.api.listing import Ordering, Sparse
from assistance.api.once import once
from assistance.api.resource import AllowedActions, takes, verb
from projects import actions
from projects.actions import acceptance as accepting
from projects.actions import assets as keeping
from projects.api.of_projects import InProject, OfProjectQuery, OfProjectRow, WithVerbs
from projects.models import Acceptance, Asset
from projects.models.acceptance import (
    AcceptanceLevel,
    AcceptanceResult,
    AssetCategory,
    AssetState,
)

REMARKS = 5000


class QuantityShape(serializers.Serializer[Any]):
    name = serializers.CharField()
    unit = serializers.CharField()
    planned = serializers.CharField()
    actual = serializers.CharField()


class AcceptanceRow(OfProjectRow):
    level = serializers.ChoiceField(AcceptanceLevel.choices)
    held_on = Day()
    chair = serializers.CharField()
    chair_of = Name(source="chair_of.name")
    result = serializers.ChoiceField(AcceptanceResult.choices)
    rectify_due_on = Day(allow_null=True)
    final_settlement_yuan = Yuan(allow_null=True, help_text="the whole cost")
    final_aid_yuan = Yuan(allow_null=True, help_text="what aid and donations in cash bear of it")


class AcceptanceDetail(AcceptanceRow):
    members = serializers.ListField(child=serializers.CharField())
    quantities = QuantityShape(many=True)
    remarks = serializers.CharField(allow_blank=True)
    allowed_actions = AllowedActions()


class AcceptanceQuery(OfProjectQuery):
    ordering = Ordering({"updated_at": "updated_at", "held_on": "held_on"}, default="-updated_at")
    fields = Sparse(AcceptanceRow)  # type: ignore[assignment]  # declared fields leave the class
    level = Words(AcceptanceLevel.values, source="level__in", required=False)
    result = Words(AcceptanceResult.values, source="result__in", required=False)


class QuantityBody(Strict, serializers.Serializer[Any]):
    name = Text(max_length=100)
    unit = Text(max_length=20)
    planned = Yuan(help_text="a string with at most two decimals")
    actual = Yuan(help_text="a string with at most two decimals")


class AcceptanceBody(Strict, serializers.Serializer[Any]):
    level = Word(AcceptanceLevel.choices)
    held_on = Day()
    chair = Text(max_length=60)
    chair_of = Text(
        max_length=100,
        help_text="the Chinese name of the chair's organisation; entered as one of the county where"
        " it is new",
    )
    members = serializers.ListField(
        child=Text(max_length=60), max_length=50, help_text="the names of the panel"
    )
    result = Word(AcceptanceResult.choices)
    rectify_due_on = Day(required=False, help_text="needed where something has to be rectified")
    quantities = QuantityBody(many=True, required=False)
    final_settlement_yuan = Yuan(required=False)
    final_aid_yuan = Yuan(required=False)
    remarks = Text(max_length=REMARKS, required=False, allow_blank=True)


class Acceptances(WithVerbs):
    permission = "projects.view_acceptance"
    row, in_full, query = AcceptanceRow, AcceptanceDetail, AcceptanceQuery

    def rows(self) -> QuerySet[Acceptance]:
        return Acceptance.objects.visible_to(self.caller)

    def rows_in_full(self) -> QuerySet[Acceptance]:
        return self.rows().select_related("project__county", "project__pairing", "chair_of")

    def actions_open(self, row: Acceptance) -> list[str]:
        shut = accepting.confirm_why_not(row, self.caller)
        return ["confirm"] if self.may_write and shut is None else []

    def list(self, request: Request, **key: Any) -> Response:
        """List the acceptances that you may see, those changed last first."""
        return super().list(request)

    def retrieve(self, request: Request, **key: Any) -> Response:
        """Show one acceptance with its panel and quantities."""
        return super().retrieve(request, **key)

    @verb("confirm", NoBody)
    def confirm(self, request: Request, id: int) -> Response:  # noqa: A002  the address's word
        """Confirm an acceptance against its form on file; it counts from now on."""
        acceptance = self.rows_in_full().get(pk=id)
        shut = accepting.confirm_why_not(acceptance, self.caller)
        if isinstance(shut, PermissionDenied):
            raise shut
        version = self.version()
        self.body(NoBody)
        with transaction.atomic():
            actions.confirm_acceptance(acceptance, by=self.caller, now=self.now, version=version)
            return self.full(self.rows_in_full().get(pk=id))


class AcceptancesOfProject(InProject, Acceptances):
    def rows(self) -> QuerySet[Acceptance]:
        return super().rows().filter(project=self.project)

    def list(self, request: Request, **key: Any) -> Response:
        """List the acceptances of a project, those changed last first."""
        return super().list(request)

    @takes(AcceptanceBody)
    def create(self, request: Request, code: str) -> Response:
        """Record what a panel found; it counts once a reviewer confirmed it."""
        shut = self.project.why_not("record_acceptance", self.caller)
        if isinstance(shut, PermissionDenied):
            raise shut
        given = self.body(AcceptanceBody)

        def recorded() -> Response:
            fields = given | {"chair_of": self.organisation(given["chair_of"])}
            made = actions.record_acceptance(self.project, by=self.caller, now=self.now, **fields)
            reply = self.full(self.rows_in_full().get(pk=made.pk), status=201)
            reply.headers["Location"] = request.build_absolute_uri(
                f"/api/v1/acceptances/{made.pk}/"
            )
            return reply

        return once(request, self.now, recorded)


class AssetRow(OfProjectRow):
    name = serializers.CharField()
    category = serializers.ChoiceField(AssetCategory.choices)
    original_value_yuan = Yuan()
    registered_on = Day()
    handed_over_on = Day(allow_null=True)
    owner = serializers.CharField(allow_blank=True)
    manager = serializers.CharField(allow_blank=True)
    cert_no = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(AssetState.choices)
    yearly_income_yuan = Yuan(allow_null=True)
    distribution = serializers.CharField(allow_blank=True)


class AssetDetail(AssetRow):
    allowed_actions = AllowedActions()


class AssetQuery(OfProjectQuery):
    ordering = Ordering(
        {"updated_at": "updated_at", "original_value_yuan": "original_value_yuan"},
        default="-updated_at",
    )
    fields = Sparse(AssetRow)  # type: ignore[assignment]  # declared fields leave the class
    category = Words(AssetCategory.values, source="category__in", required=False)
    state = Words(AssetState.values, source="state__in", required=False)


class KeptUpBody(Strict, serializers.Serializer[Any]):
    """What changes about an asset over the years; what is not named stays."""

    owner = Text(max_length=100, required=False, allow_blank=True)
    manager = Text(max_length=100, required=False, allow_blank=True)
    cert_no = Text(max_length=80, required=False, allow_blank=True)
    state = Word(AssetState.choices, required=False)
    yearly_income_yuan = Yuan(required=False, allow_null=True, help_text="of an operating asset")
    distribution = Text(max_length=200, required=False, allow_blank=True)


class AssetBody(Strict, serializers.Serializer[Any]):
    name = Text(max_length=100)
    category = Word(AssetCategory.choices)
    original_value_yuan = Yuan()
    registered_on = Day()
    owner = Text(max_length=100, required=False, allow_blank=True)
    manager = Text(max_length=100, required=False, allow_blank=True)
    cert_no = Text(max_length=80, required=False, allow_blank=True)
    yearly_income_yuan = Yuan(required=False, allow_null=True, help_text="of an operating asset")
    distribution = Text(max_length=200, required=False, allow_blank=True)


class Assets(WithVerbs):
    permission = "projects.view_asset"
    row, in_full, query = AssetRow, AssetDetail, AssetQuery

    def rows(self) -> QuerySet[Asset]:
        return Asset.objects.visible_to(self.caller)

    def rows_in_full(self) -> QuerySet[Asset]:
        return self.rows().select_related("project__county", "project__pairing")

    def actions_open(self, row: Asset) -> list[str]:
        shut = keeping.update_why_not(row, self.caller)
        return ["edit"] if self.may_write and shut is None else []

    def list(self, request: Request, **key: Any) -> Response:
        """List the assets that you may see, those changed last first."""
        return super().list(request)

    def retrieve(self, request: Request, **key: Any) -> Response:
        """Show one asset."""
        return super().retrieve(request, **key)

    @verb("edit", KeptUpBody)
    def partial_update(self, request: Request, id: int) -> Response:  # noqa: A002  the address's word
        """Keep an asset up to date; what it is and what it cost stay as they were registered."""
        asset = self.rows_in_full().get(pk=id)
        shut = keeping.update_why_not(asset, self.caller)
        if isinstance(shut, PermissionDenied):
            raise shut
        version = self.version()
        given = self.body(KeptUpBody, partial=True)
        with transaction.atomic():
            actions.update_asset(asset, by=self.caller, now=self.now, version=version, **given)
            return self.full(self.rows_in_full().get(pk=id))


class AssetsOfProject(InProject, Assets):
    def rows(self) -> QuerySet[Asset]:
        return super().rows().filter(project=self.project)

    def list(self, request: Request, **key: Any) -> Response:
        """List the assets of a project, those changed last first."""
        return super().list(request)

    @takes(AssetBody)
    def create(self, request: Request, code: str) -> Response:
        """Register something that the project built; it counts at once."""
        shut = keeping.register_why_not(self.project, self.caller)
        if isinstance(shut, PermissionDenied):
            raise shut
        given = self.body(AssetBody)

        def registered() -> Response:
            made = actions.register_asset(self.project, by=self.caller, now=self.now, **given)
            reply = self.full(self.rows_in_full().get(pk=made.pk), status=201)
            reply.headers["Location"] = request.build_absolute_uri(f"/api/v1/assets/{made.pk}/")
            return reply

        return once(request, self.now, registered)
