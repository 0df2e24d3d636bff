"""Progress of the works: reported month by month, with photographs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import orjson
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assistance.actions.attachments import keep_all_sent
from assistance.api.fields import (
    LARGEST_ID,
    Day,
    Percent,
    Strict,
    Text,
    Timestamp,
    Whole,
    Words,
    Yuan,
)
from assistance.api.forms import FORM, JSON, FormBody, SeveralFiles, is_form
from assistance.api.listing import Ordering, Sparse
from assistance.api.resource import AllowedActions, Resource, takes
from assistance.api.wire import JsonBody
from assistance.models import Attachment
from projects import actions
from projects.actions.progress import MOST_PHOTOS, MOST_QUANTITIES
from projects.api.entering import EnteredInProject
from projects.api.of_projects import OfProjectQuery, OfProjectRow
from projects.models import Paper, ProgressReport
from projects.models.evidence import PaperKind
from projects.models.history import ProgressStatus

MONTH = r"^[0-9]{4}-(0[1-9]|1[0-2])$"
QUANTITY = {
    "type": "object",
    "required": ["name", "unit", "done"],
    "properties": {
        "name": {"type": "string"},
        "unit": {"type": "string"},
        "done": {"type": "string", "description": "the sum since the start, two decimals"},
    },
}


@extend_schema_field({"type": "array", "items": QUANTITY})
class KeptQuantities(serializers.JSONField):
    """What is done from the beginning on, as it was reported."""


class ProgressRow(OfProjectRow):
    period = serializers.CharField(help_text="the month, for example 2021-06")
    measured_on = Day()
    physical_pct = Percent(help_text="of the whole works")
    narrative = serializers.CharField()
    quantities = KeptQuantities()
    problems = serializers.CharField(allow_blank=True)
    status = serializers.ChoiceField(ProgressStatus.choices, help_text="counts once verified")
    return_reason = serializers.CharField(allow_blank=True)
    created_at = Timestamp()


class ProgressDetail(ProgressRow):
    papers = serializers.SerializerMethodField(help_text="ids of its photographs, see papers/")
    allowed_actions = AllowedActions()

    def get_papers(self, row: ProgressReport) -> list[int]:
        return sorted(paper.pk for paper in row.papers.all() if paper.voided_at is None)


class ProgressQuery(OfProjectQuery):
    ordering = Ordering({"id": "id", "updated_at": "updated_at"}, default="-id")
    fields = Sparse(ProgressRow)  # type: ignore[assignment]  # declared fields leave the class
    status = Words(ProgressStatus.values, source="status__in", required=False)
    period = serializers.RegexField(MONTH, required=False, max_length=7, trim_whitespace=False)


class DoneBody(Strict, serializers.Serializer[Any]):
    name = Text(max_length=100)
    unit = Text(max_length=20)
    done = Yuan(help_text="the sum since the start, a string with at most two decimals")


@extend_schema_field({"type": "string", "example": '[{"name":"道路","unit":"公里","done":"3.20"}]'})
class WrittenQuantities(serializers.Field[list[Any], Any, str, Any]):
    """The quantities as JSON text, which is how a form can say them."""

    default_error_messages = {"invalid": _("Write the quantities as one JSON array.")}

    def to_internal_value(self, data: Any) -> list[Any]:
        try:
            rows = orjson.loads(data) if isinstance(data, str) else None
        except orjson.JSONDecodeError:
            rows = None
        if not isinstance(rows, list) or len(rows) > MOST_QUANTITIES:
            self.fail("invalid")
        shape = DoneBody(data=rows, many=True)
        shape.is_valid(raise_exception=True)
        return cast("list[Any]", shape.validated_data)


class ReportedBody(Strict, serializers.Serializer[Any]):
    period = serializers.RegexField(MONTH, max_length=7, help_text="for example 2021-06")
    measured_on = Day(help_text="a day of that month, not in the future")
    physical_pct = Percent(help_text="of the whole works; never less than was verified")
    narrative = Text(max_length=5000, help_text="what was done")
    problems = Text(max_length=5000, required=False, allow_blank=True)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "a third of a road",
            {
                "period": "2026-06",
                "measured_on": "2026-06-14",
                "physical_pct": "35.00",
                "narrative": "演示：路基完成",
                "quantities": [{"name": "道路", "unit": "公里", "done": "1.20"}],
                "papers": [12],
            },
            request_only=True,
        )
    ]
)
class ProgressBody(ReportedBody):
    """Photographs are named by papers that were filed with the project before."""

    quantities = DoneBody(many=True, required=False, max_length=MOST_QUANTITIES)  # type: ignore[call-arg]  # of the list
    papers = serializers.ListField(
        child=Whole(min_value=1, max_value=LARGEST_ID),
        required=False,
        max_length=MOST_PHOTOS,
        help_text="ids of papers of the kind PHOTO of this project",
    )


class ProgressFormBody(ReportedBody):
    """Photographs come along as files."""

    quantities = WrittenQuantities(required=False)
    photos = SeveralFiles(required=False, help_text="JPEG or PNG, at most 10 MB each")


class Progress(Resource):
    permission = "projects.view_progressreport"
    row, in_full, query = ProgressRow, ProgressDetail, ProgressQuery

    def rows(self) -> QuerySet[ProgressReport]:
        return ProgressReport.objects.visible_to(self.caller)

    def rows_in_full(self) -> QuerySet[ProgressReport]:
        return self.rows().select_related("project__county").prefetch_related("papers")

    def list(self, request: Request, **key: Any) -> Response:
        """List the progress reports of the projects that you may see, the newest first."""
        return super().list(request)

    def retrieve(self, request: Request, **key: Any) -> Response:
        """Show one progress report."""
        return super().retrieve(request, **key)


class ProgressOfProject(EnteredInProject, Progress):
    parser_classes = [JsonBody, FormBody]
    entered_by, shown_at = "report_progress", "api-progress"

    def list(self, request: Request, **key: Any) -> Response:
        """List the progress reports of a project, the newest first."""
        return super().list(request)

    @takes({JSON: ProgressBody, FORM: ProgressFormBody})
    def create(self, request: Request, code: str) -> Response:
        """Report progress; more than was verified before needs at least one photograph."""

        def reported() -> ProgressReport:
            if is_form(request):
                given = self.body(ProgressFormBody)
                sent = given.pop("photos", [])
                photos: Sequence[Attachment] = keep_all_sent(
                    sent, by=self.caller, now=self.now, field="photos"
                )
            else:
                given = self.body(ProgressBody)
                photos = self._filed(given.pop("papers", []))
            return actions.report_progress(
                self.project, photos=photos, by=self.caller, now=self.now, **given
            )

        return self.enter(reported)

    def _filed(self, ids: Sequence[int]) -> Sequence[Attachment]:
        """The pictures of papers of the project; ValidationError where one is none of them."""
        papers = Paper.objects.visible_to(self.caller).standing().select_related("attachment")
        found = papers.filter(project=self.project, kind=PaperKind.PHOTO, pk__in=ids)
        missing = sorted(set(ids) - {paper.pk for paper in found})
        if missing:
            raise serializers.ValidationError(
                {"papers": [_("This project has no photograph on file of this number.")]}
            )
        return [paper.attachment for paper in found]
