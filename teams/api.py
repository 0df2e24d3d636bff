"""Teams and postings, to read. Names of persons only for those who may see persons."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assistance.api.fields import Day, Inside, Instant, Key, Name, Number, Timestamp, Words
from assistance.api.listing import ListQuery, Ordering, Sparse
from assistance.api.resource import AllowedActions, Resource
from assistance.api.urls import DETAIL, LIST
from teams.models import (
    Category,
    Direction,
    GroupType,
    Posting,
    PostingState,
    Team,
    Term,
)


class TeamRow(serializers.Serializer[Team]):
    id = serializers.IntegerField()
    batch = serializers.CharField(source="batch.label")
    programme = serializers.CharField(source="batch.programme.code")
    dispatched_on = Day(source="batch.dispatched_on")
    region = serializers.CharField(source="region.code")
    region_name = Name(source="region.name")
    declared_headcount = serializers.IntegerField(help_text="as published, not counted")
    basis = serializers.CharField(allow_blank=True)
    updated_at = Timestamp()
    version = serializers.IntegerField(help_text="counts changes; the row's ETag")


class TeamDetail(TeamRow):
    allowed_actions = AllowedActions()


class TeamQuery(ListQuery):
    ordering = Ordering(
        {"updated_at": "updated_at", "dispatched_on": "batch__dispatched_on"},
        default="-updated_at",
    )
    fields = Sparse(TeamRow)  # type: ignore[assignment]  # declared fields leave the class
    programme = Key(source="batch__programme__code", required=False)
    region = Inside(source="region__code__startswith", required=False, help_text="inside it")
    updated_since = Instant(source="updated_at__gte", required=False)


class Teams(Resource):
    permission = "teams.view_team"
    row, in_full, query = TeamRow, TeamDetail, TeamQuery

    def rows(self) -> QuerySet[Team]:
        return Team.objects.visible_to(self.caller)

    def rows_in_full(self) -> QuerySet[Team]:
        return self.rows().select_related("batch__programme", "region")

    def list(self, request: Request) -> Response:
        """List the teams that you may see, those changed last first."""
        return super().list(request)

    def retrieve(self, request: Request, **key: Any) -> Response:
        """Show one team."""
        return super().retrieve(request, **key)


class PostingRow(serializers.Serializer[Posting]):
    id = serializers.IntegerField()
    state = serializers.ChoiceField(PostingState.choices)
    team = serializers.IntegerField(source="team_id", allow_null=True)
    pairing = serializers.IntegerField(source="pairing_id")
    region = serializers.CharField(source="region.code")
    region_name = Name(source="region.name")
    direction = serializers.ChoiceField(Direction.choices)
    category = serializers.ChoiceField(Category.choices)
    term = serializers.ChoiceField(Term.choices)
    is_planned_quota = serializers.BooleanField()
    group_type = serializers.ChoiceField(GroupType.choices)
    host_unit = Name(source="host_unit.name")
    host_post = serializers.CharField()
    start_on = Day()
    planned_end = Day(help_text="the last day, as planned")
    end_on = Day(allow_null=True, help_text="the last day, where it ended")
    updated_at = Timestamp()
    version = serializers.IntegerField(help_text="counts changes; the row's ETag")


class PostingDetail(PostingRow):
    person = serializers.SerializerMethodField(
        help_text="the name, for those who may see persons; otherwise null"
    )
    allowed_actions = AllowedActions()

    def get_person(self, row: Posting) -> str | None:
        view: Resource = self.context["view"]
        return row.person.name if view.caller.has_perm("teams.view_person") else None


class PostingQuery(ListQuery):
    ordering = Ordering({"updated_at": "updated_at", "start_on": "start_on"}, default="-updated_at")
    fields = Sparse(PostingRow)  # type: ignore[assignment]  # declared fields leave the class
    state = Words(PostingState.values, source="state__in", required=False)
    category = Words(Category.values, source="category__in", required=False)
    direction = Words(Direction.values, source="direction__in", required=False)
    team = Number(source="team_id", required=False)
    pairing = Number(source="pairing_id", required=False)
    programme = Key(source="pairing__programme__code", required=False)
    region = Inside(source="region__code__startswith", required=False, help_text="inside it")
    updated_since = Instant(source="updated_at__gte", required=False)


class Postings(Resource):
    permission = "teams.view_posting"
    row, in_full, query = PostingRow, PostingDetail, PostingQuery

    def rows(self) -> QuerySet[Posting]:
        return Posting.objects.visible_to(self.caller)

    def rows_in_full(self) -> QuerySet[Posting]:
        return self.rows().select_related("region", "host_unit", "person")

    def list(self, request: Request) -> Response:
        """List the postings that you may see, without names, those changed last first."""
        return super().list(request)

    def retrieve(self, request: Request, **key: Any) -> Response:
        """Show one posting."""
        return super().retrieve(request, **key)


urlpatterns = [
    path("teams/", Teams.as_view(LIST)),
    path("teams/<row_id:id>/", Teams.as_view(DETAIL)),
    path("postings/", Postings.as_view(LIST)),
    path("postings/<row_id:id>/", Postings.as_view(DETAIL)),
]
