"""What a project looks like in an answer, and what a request may say about one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema_field,
    extend_schema_serializer,
)
from rest_framework import serializers

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
    Number,
    Percent,
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
from assistance.api.resource import AllowedActions, RefusedActions
from assistance.models.pairings import ProgrammeKind
from projects.actions.not_checked import not_checked
from projects.models import Mode, Opening, Project, Sector, SpendLevel, Stage, StageChange
from projects.models.project import PerformanceTarget, TargetKind
from projects.models.road import PROPOSED_STAGES

PROPOSED = [(stage.value, stage.label) for stage in PROPOSED_STAGES]

# ---------------------------------------------------------------------------------------- answers


class ProjectRow(serializers.Serializer[Project]):
    code = serializers.CharField(help_text="programme kind, year, county, running number")
    name = serializers.CharField()
    stage = serializers.ChoiceField(Stage.choices)
    proposed_stage = serializers.ChoiceField(
        PROPOSED, allow_blank=True, help_text="reported and not confirmed yet"
    )
    physical_pct = Percent(help_text="of the works, as verified last")
    pairing = serializers.IntegerField(source="pairing_id")
    programme = serializers.CharField(source="pairing.programme.code")
    donor = serializers.CharField(source="pairing.donor.code")
    donor_name = Name(source="pairing.donor.name")
    recipient = serializers.CharField(source="pairing.recipient.code")
    recipient_name = Name(source="pairing.recipient.name")
    county = serializers.CharField(source="county.code")
    county_name = Name(source="county.name")
    fiscal_year = serializers.IntegerField()
    sector = serializers.ChoiceField(Sector.choices)
    mode = serializers.ChoiceField(Mode.choices)
    implementing_unit = Name(source="implementing_unit.name", default=None, allow_null=True)
    aid_yuan = Yuan()
    donation_yuan = Yuan()
    match_yuan = Yuan()
    self_yuan = Yuan()
    total_investment_yuan = Yuan()
    allocated_yuan = Yuan(help_text="what approved shares come to")
    paid_yuan = Yuan(help_text="what verified payments less refunds come to")
    planned_start = Day(allow_null=True)
    planned_end = Day(allow_null=True)
    is_livelihood = serializers.BooleanField()
    spend_level = serializers.ChoiceField(SpendLevel.choices)
    created_at = Timestamp()
    updated_at = Timestamp()
    version = serializers.IntegerField(help_text="counts changes; the row's ETag")


class TargetShape(serializers.Serializer[PerformanceTarget]):
    kind = serializers.ChoiceField(TargetKind.choices)
    name = serializers.CharField()
    quantity = Yuan()
    unit = serializers.CharField()


class TakenOverShape(serializers.Serializer[Opening]):
    """On a project that was taken over."""

    as_of = Day()
    source_file = serializers.CharField()
    source_row = serializers.IntegerField(allow_null=True)
    confirmed = serializers.BooleanField(source="counts")
    not_checked = serializers.SerializerMethodField()

    def get_not_checked(self, opening: Opening) -> list[str]:
        return not_checked(opening)


@extend_schema_field(TakenOverShape(allow_null=True))
class TakenOverField(serializers.Field[Any, Any, Any, Any]):
    """The opening of a project; null where the project went the whole road here."""

    def __init__(self) -> None:
        super().__init__(source="*", read_only=True, help_text="null: it went the whole road here")

    def to_representation(self, value: Project) -> Any:
        opening = getattr(value, "opening", None)
        return TakenOverShape(opening).data if opening is not None else None


class StepShape(serializers.Serializer[StageChange]):
    """A step of the road that counts."""

    id = serializers.IntegerField(source="pk")
    to = serializers.ChoiceField(Stage.choices, source="to_stage")
    effective_on = Day()
    recorded_at = Timestamp(source="counted_at")

    def get_fields(self) -> dict[str, Any]:
        came_from = serializers.ChoiceField(Stage.choices, source="from_stage", allow_blank=True)
        return super().get_fields() | {"from": came_from}  # a word of Python's own


class ProjectDetail(ProjectRow):
    place = serializers.CharField(allow_blank=True)
    content = serializers.CharField(allow_blank=True)
    responsible_person = serializers.CharField(allow_blank=True)
    office_phone = serializers.CharField(allow_blank=True)
    beneficiary_households = serializers.IntegerField()
    beneficiary_persons = serializers.IntegerField()
    lifted_persons = serializers.IntegerField()
    monitored_persons = serializers.IntegerField()
    linkage = serializers.CharField(allow_blank=True)
    livelihood_reason = serializers.CharField(allow_blank=True)
    forms_asset = serializers.BooleanField()
    needs_tender = serializers.BooleanField()
    contract_no = serializers.CharField(allow_blank=True)
    contract_yuan = Yuan(allow_null=True)
    remarks = serializers.CharField(allow_blank=True)
    targets = TargetShape(many=True)
    steps = StepShape(many=True, source="counting_steps", help_text="of its road, the oldest first")
    taken_over = TakenOverField()
    allowed_actions = AllowedActions()
    refused_actions = RefusedActions()


# ------------------------------------------------------------------------------------- parameters


class ProjectQuery(ListQuery):
    ordering = Ordering(
        {
            "updated_at": "updated_at",
            "created_at": "created_at",
            "code": "code",
            "total_investment_yuan": "total_investment_yuan",
        },
        default="-updated_at",
    )
    fields = Sparse(ProjectRow)  # type: ignore[assignment]  # declared fields leave the class
    code = Key(required=False)
    stage = Words(Stage.values, source="stage__in", required=False)
    sector = Words(Sector.values, source="sector__in", required=False)
    mode = Words(Mode.values, source="mode__in", required=False)
    year = Number(source="fiscal_year", max_value=LARGEST_YEAR, required=False)
    programme = Key(source="pairing__programme__code", required=False)
    kind = Words(ProgrammeKind.values, source="pairing__programme__kind__in", required=False)
    pairing = Number(source="pairing_id", required=False)
    donor = Inside(
        source="pairing__donor__code__startswith", required=False, help_text="inside this region"
    )
    region = Inside(
        source="county__code__startswith",
        required=False,
        help_text="of counties inside this region",
    )
    is_livelihood = Flag(required=False)
    updated_since = Instant(
        source="updated_at__gte",
        required=False,
        help_text="changed at or after this instant. To follow changes: order by updated_at, ask"
        " from the newest updated_at you have minus five minutes, and replace by code",
    )


# ----------------------------------------------------------------------------------------- bodies


class TargetBody(Strict, serializers.Serializer[Any]):
    kind = Word(TargetKind.choices)
    name = Text(max_length=100)
    quantity = Yuan(help_text="a string with at most two decimals")
    unit = Text(max_length=20)


EXAMPLE = {
    "name": "演示：村集体菌菇大棚",
    "place": "演示镇",
    "sector": "IND",
    "content": "新建大棚 20 个",
    "implementing_unit": "演示县农业农村局",
    "responsible_person": "演示负责人",
    "office_phone": "0836-0000000",
    "aid_yuan": "1000000.00",
    "planned_start": "2026-03-01",
    "planned_end": "2026-11-30",
    "beneficiary_households": 120,
    "beneficiary_persons": 460,
    "linkage": "务工与分红",
    "livelihood_reason": "带动就业",
    "targets": [
        {"kind": "OUTPUT", "name": "大棚", "quantity": "20", "unit": "个"},
        {"kind": "BENEFIT", "name": "带动就业", "quantity": "60", "unit": "人"},
        {"kind": "SATISFACTION", "name": "群众满意度", "quantity": "95", "unit": "%"},
    ],
}


class DraftBody(Strict, serializers.ModelSerializer[Project]):
    """What a request may fill in while a project is a draft; limits come from the model."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: Text,
        models.TextField: Text,
        models.BooleanField: YesNo,
        models.PositiveIntegerField: Whole,
        models.DateField: Day,
    }
    serializer_choice_field = Word
    aid_yuan = Yuan(required=False)
    donation_yuan = Yuan(required=False)
    match_yuan = Yuan(required=False)
    self_yuan = Yuan(required=False)
    implementing_unit = Text(
        required=False,
        max_length=100,
        help_text="its Chinese name; entered as a unit of the county where it is new",
    )
    targets = TargetBody(many=True, required=False)

    class Meta:
        model = Project
        fields: tuple[str, ...] = (
            "name",
            "place",
            "sector",
            "mode",
            "content",
            "implementing_unit",
            "responsible_person",
            "office_phone",
            "aid_yuan",
            "donation_yuan",
            "match_yuan",
            "self_yuan",
            "planned_start",
            "planned_end",
            "beneficiary_households",
            "beneficiary_persons",
            "lifted_persons",
            "monitored_persons",
            "linkage",
            "is_livelihood",
            "livelihood_reason",
            "spend_level",
            "forms_asset",
            "needs_tender",
            "remarks",
            "targets",
        )
        extra_kwargs: Mapping[str, Any] = {
            name: {"max_value": LARGEST_COUNT, "min_value": 0}
            for name in (
                "beneficiary_households",
                "beneficiary_persons",
                "lifted_persons",
                "monitored_persons",
            )
        } | {name: {"max_length": 5000} for name in ("content", "linkage", "remarks")}


@extend_schema_serializer(
    examples=[OpenApiExample("a mushroom house", EXAMPLE, request_only=True)],
)
class ChangesBody(DraftBody):
    """Changes to a draft: what is not named stays; ``targets`` replaces all targets."""


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "a mushroom house",
            {"pairing": 1, "county": "513301", "fiscal_year": 2026, **EXAMPLE},
            request_only=True,
        )
    ],
)
class NewProjectBody(DraftBody):
    """A new draft. Pairing, county and year make its code and cannot be changed later."""

    pairing = Whole(min_value=1, max_value=10**18, help_text="the id of one of your pairings")
    county = Text(
        trim_whitespace=False,
        validators=[RegexValidator(r"\A[0-9]{6}\Z")],
        help_text="a county in the pairing's recipient",
    )
    fiscal_year = Whole(min_value=SMALLEST_YEAR, max_value=LARGEST_YEAR)

    class Meta(DraftBody.Meta):
        fields = ("pairing", "county", "fiscal_year", *DraftBody.Meta.fields)


class DayBody(Strict, serializers.Serializer[Any]):
    on = Day(help_text="the day on which it took effect")


class CorrectedStepBody(Strict, serializers.Serializer[Any]):
    step = serializers.IntegerField(min_value=1, help_text="its id among the project's steps")
    effective_on = Day(help_text="the day on which it really took effect")
    reason = Text(max_length=2000, help_text="the other side will read it")


class ReportBody(DayBody):
    remarks = Text(max_length=200, required=False, allow_blank=True)


class HaltBody(DayBody):
    reason = Text(max_length=2000, help_text="the other side will read it")
    resumes_on = Day(required=False, help_text="for a winter stop: when the works go on")


class ReworkBody(DayBody):
    reason = Text(max_length=2000, help_text="the other side will read it")


class ResumeBody(DayBody):
    reason = Text(max_length=2000, required=False, allow_blank=True)


class ClosingBody(DayBody):
    doc_no = Text(max_length=80, required=False, allow_blank=True)


class ApprovalBody(DayBody):
    doc_no = Text(max_length=80, help_text="of the approval document")


class AdvanceBody(DayBody):
    contract_no = Text(max_length=60, required=False)
    contract_yuan = Yuan(required=False)
