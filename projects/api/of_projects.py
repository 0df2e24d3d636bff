"""What resources of the rows of projects have in common: how they are asked, and where."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from assistance.actions.organisations import implementing_unit
from assistance.api.fields import (
    LARGEST_YEAR,
    Flag,
    Inside,
    Instant,
    Key,
    Name,
    Number,
    Timestamp,
)
from assistance.api.listing import ListQuery
from assistance.api.resource import Resource
from assistance.models import ApiToken, Organisation
from projects.models import Project


class OfProjectRow(serializers.Serializer[Any]):
    """The beginning of every row: which one, of which project, and whether it counts."""

    id = serializers.IntegerField()
    project = serializers.CharField(source="project.code", help_text="the project's code")
    project_name = serializers.CharField(source="project.name")
    pairing = serializers.IntegerField(source="project.pairing_id")
    county = serializers.CharField(source="project.county.code")
    county_name = Name(source="project.county.name")
    counted_at = Timestamp(allow_null=True, help_text="counts from then on; null: not confirmed")
    voided_at = Timestamp(allow_null=True, help_text="struck out then; null: it stands")
    updated_at = Timestamp()
    version = serializers.IntegerField(help_text="counts changes; the row's ETag")


class OfProjectQuery(ListQuery):
    project = Key(source="project__code", required=False)
    year = Number(
        source="project__fiscal_year",
        max_value=LARGEST_YEAR,
        required=False,
        help_text="the project's fiscal year",
    )
    programme = Key(source="project__pairing__programme__code", required=False)
    pairing = Number(source="project__pairing_id", required=False)
    donor = Inside(
        source="project__pairing__donor__code__startswith",
        required=False,
        help_text="inside this region",
    )
    region = Inside(
        source="project__county__code__startswith",
        required=False,
        help_text="of counties inside this region",
    )
    is_waiting = Flag(
        source="counted_at__isnull", required=False, help_text="true: nobody confirmed it yet"
    )
    is_standing = Flag(
        source="voided_at__isnull", required=False, help_text="true: it was not struck out"
    )
    updated_since = Instant(source="updated_at__gte", required=False)


class WithVerbs(Resource):
    """A resource whose rows say what the caller's token may do with them."""

    @property
    def may_write(self) -> bool:
        token = self.request.auth
        return isinstance(token, ApiToken) and token.may_write


class InProject(Resource):
    """Rows of the one project that the address names; 404 where it is out of sight."""

    project: Project

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        seen = Project.objects.visible_to(self.caller)
        self.project = seen.select_related(
            "pairing__recipient", "pairing__donor", "county", "implementing_unit"
        ).get(code=kwargs["code"])

    def allowed_actions(self) -> list[str]:
        """Nothing can be done with a row that was refused."""
        return []

    def organisation(self, name: str) -> Organisation:
        """The organisation of this name: the unit, one that the caller sees, or a new one."""
        name, unit = name.strip(), self.project.implementing_unit
        if unit is not None and unit.name_zh == name:
            return unit
        seen = Organisation.objects.within(self.caller.scope).filter(name_zh=name)
        found = seen.filter(region=self.project.county).first() or seen.order_by("pk").first()
        return found or implementing_unit(name, county=self.project.county, by=self.caller)
