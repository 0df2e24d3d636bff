"""Regions, programmes and pairings: who helps whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assistance.api.fields import Day, Flag, Inside, Key, Name, Words
from assistance.api.listing import ListQuery, Ordering, Sparse
from assistance.api.resource import AllowedActions, Resource
from assistance.models import Pairing, Programme, Region
from assistance.models.pairings import ProgrammeKind
from assistance.models.regions import AltitudeBand, Confidence, RegionLevel


class RegionRow(serializers.Serializer[Region]):
    code = serializers.CharField(help_text="GB/T 2260: 6 digits; 9 a township, 12 a village")
    name = Name(help_text="in the language of the request")
    name_zh = serializers.CharField()
    name_en = serializers.CharField(allow_blank=True)
    level = serializers.ChoiceField(RegionLevel.choices)
    parent = serializers.CharField(  # type: ignore[assignment]  # declared fields leave the class
        source="parent.code", default=None, allow_null=True
    )
    altitude_band = serializers.ChoiceField(AltitudeBand.choices)
    counted_in_headline = serializers.BooleanField()
    confidence = serializers.ChoiceField(Confidence.choices)
    basis = serializers.CharField(allow_blank=True, help_text="where this is known from")


class RegionDetail(RegionRow):
    allowed_actions = AllowedActions()


class RegionQuery(ListQuery):
    ordering = Ordering({"code": "code"}, default="code")
    fields = Sparse(RegionRow)  # type: ignore[assignment]  # declared fields leave the class
    region = Inside(source="code__startswith", required=False, help_text="it and all inside it")
    parent = Key(  # type: ignore[assignment]  # declared fields leave the class
        source="parent__code", required=False, help_text="what lies directly in it"
    )
    level = Words(RegionLevel.values, source="level__in", required=False)
    counted_in_headline = Flag(required=False)


class Regions(Resource):
    permission = "assistance.view_region"
    row, in_full, query = RegionRow, RegionDetail, RegionQuery

    def rows(self) -> QuerySet[Region]:
        return Region.objects.all()

    def rows_in_full(self) -> QuerySet[Region]:
        return self.rows().select_related("parent")

    def list(self, request: Request) -> Response:
        """List the regions of the ledger, for everybody alike."""
        return super().list(request)

    def retrieve(self, request: Request, **key: Any) -> Response:
        """Show one region."""
        return super().retrieve(request, **key)


class ProgrammeRow(serializers.Serializer[Programme]):
    code = serializers.CharField()
    kind = serializers.ChoiceField(ProgrammeKind.choices)
    name = Name(help_text="in the language of the request")
    name_zh = serializers.CharField()
    name_en = serializers.CharField()
    carries_aid = serializers.BooleanField()


class ProgrammeDetail(ProgrammeRow):
    allowed_actions = AllowedActions()


class ProgrammeQuery(ListQuery):
    ordering = Ordering({"code": "code"}, default="code")
    fields = Sparse(ProgrammeRow)  # type: ignore[assignment]  # declared fields leave the class
    kind = Words(ProgrammeKind.values, source="kind__in", required=False)
    carries_aid = Flag(required=False)


class Programmes(Resource):
    permission = "assistance.view_programme"
    row, in_full, query = ProgrammeRow, ProgrammeDetail, ProgrammeQuery

    def rows(self) -> QuerySet[Programme]:
        return Programme.objects.all()

    def list(self, request: Request) -> Response:
        """List the programmes, for everybody alike."""
        return super().list(request)

    def retrieve(self, request: Request, **key: Any) -> Response:
        """Show one programme."""
        return super().retrieve(request, **key)


class PairingRow(serializers.Serializer[Pairing]):
    id = serializers.IntegerField()
    programme = serializers.CharField(source="programme.code")
    donor = serializers.CharField(source="donor.code")
    donor_name = Name(source="donor.name")
    donor_confirmed = serializers.BooleanField(
        help_text="false: only the city is known, its district is to be confirmed"
    )
    recipient = serializers.CharField(source="recipient.code")
    recipient_name = Name(source="recipient.name")
    since = serializers.CharField(allow_blank=True, help_text="year, month or day; as known")
    until = serializers.CharField(allow_blank=True, help_text="year, month or day; as known")
    starts_on = Day(allow_null=True, help_text="the first day that `since` can mean")
    ends_on = Day(allow_null=True, help_text="the last day that `until` can mean")
    confidence = serializers.ChoiceField(Confidence.choices)
    basis = serializers.CharField(allow_blank=True, help_text="where this is known from")


class PairingDetail(PairingRow):
    allowed_actions = AllowedActions()


class PairingQuery(ListQuery):
    ordering = Ordering({"id": "id", "recipient": "recipient__code"}, default="id")
    fields = Sparse(PairingRow)  # type: ignore[assignment]  # declared fields leave the class
    programme = Key(source="programme__code", required=False)
    donor = Inside(source="donor__code__startswith", required=False, help_text="inside this region")
    region = Inside(
        source="recipient__code__startswith",
        required=False,
        help_text="of recipients inside this region",
    )
    as_at = Day(required=False, help_text="in force on this day")
    donor_confirmed = Flag(required=False)
    confidence = Words(Confidence.values, source="confidence__in", required=False)

    def narrow(self, rows: QuerySet[Any], asked: Mapping[str, Any]) -> QuerySet[Any]:
        asked = dict(asked)
        day = asked.pop("as_at", None)
        return super().narrow(rows.in_force_on(day) if day else rows, asked)  # type: ignore[attr-defined]  # of PairingQuerySet


class Pairings(Resource):
    permission = "assistance.view_pairing"
    row, in_full, query = PairingRow, PairingDetail, PairingQuery

    def rows(self) -> QuerySet[Pairing]:
        return Pairing.objects.visible_to(self.caller)

    def rows_in_full(self) -> QuerySet[Pairing]:
        return self.rows().select_related("programme", "donor", "recipient")

    def list(self, request: Request) -> Response:
        """List the pairings that you may see, past ones too unless `as_at` says otherwise."""
        return super().list(request)

    def retrieve(self, request: Request, **key: Any) -> Response:
        """Show one pairing."""
        return super().retrieve(request, **key)
