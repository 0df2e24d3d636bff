"""Audit reports, findings and evaluations."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Case, CharField, QuerySet, Value, When
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
    Strict,
    Text,
    Timestamp,
    Whole,
    Words,
    Yuan,
)
from assistance.api.listing import ListQuery, Ordering, Sparse
from assistance.api.once import once
from assistance.api.resource import AllowedActions, Resource, takes, verb
from projects import actions
from projects.actions import audit as auditing
from projects.actions import evaluation as evaluating
from projects.api.of_projects import InProject, OfProjectQuery, OfProjectRow, WithVerbs
from projects.models import AuditRecord, Evaluation, Finding
from projects.models.audit import GRADES, AuditKind, FindingCategory, FindingSource, FindingStatus


class AuditRecordRow(OfProjectRow):
    kind = serializers.ChoiceField(AuditKind.choices)
    body = serializers.CharField(help_text="who audited")
    report_no = serializers.CharField()
    issued_on = Day()
    audited_yuan = Yuan(help_text="the aid that the auditors confirm")


class AuditRecordDetail(AuditRecordRow):
    allowed_actions = AllowedActions()


class AuditRecordQuery(OfProjectQuery):
    ordering = Ordering(
        {"updated_at": "updated_at", "issued_on": "issued_on"}, default="-updated_at"
    )
    fields = Sparse(AuditRecordRow)  # type: ignore[assignment]  # declared fields leave the class
    kind = Words(AuditKind.values, source="kind__in", required=False)


class AuditRecords(Resource):
    permission = "projects.view_auditrecord"
    row, in_full, query = AuditRecordRow, AuditRecordDetail, AuditRecordQuery

    def rows(self) -> QuerySet[AuditRecord]:
        return AuditRecord.objects.visible_to(self.caller)

    def rows_in_full(self) -> QuerySet[AuditRecord]:
        return self.rows().select_related("project__county")

    def list(self, request: Request, **key: Any) -> Response:
        """List the audit reports that you may see, those changed last first."""
        return super().list(request)

    def retrieve(self, request: Request, **key: Any) -> Response:
        """Show one audit report."""
        return super().retrieve(request, **key)


class AuditRecordsOfProject(InProject, AuditRecords):
    def rows(self) -> QuerySet[AuditRecord]:
        return super().rows().filter(project=self.project)

    def list(self, request: Request, **key: Any) -> Response:
        """List the audit reports of a project, those changed last first."""
        return super().list(request)


class FindingRow(serializers.Serializer[Finding]):
    id = serializers.IntegerField()
    status = serializers.ChoiceField(FindingStatus.choices)
    pairing = serializers.IntegerField(source="pairing_id")
    recipient = serializers.CharField(source="pairing.recipient.code")
    recipient_name = Name(source="pairing.recipient.name")
    project = serializers.CharField(
        source="project.code", default=None, allow_null=True, help_text="null: about the pairing"
    )
    source = serializers.ChoiceField(FindingSource.choices)  # type: ignore[assignment]  # declared fields leave the class
    category = serializers.ChoiceField(FindingCategory.choices)
    description = serializers.CharField()
    amount_yuan = Yuan()
    found_on = Day()
    due_on = Day()
    rectification = serializers.CharField(allow_blank=True)
    rectified_on = Day(allow_null=True)
    closed_at = Timestamp(allow_null=True)
    voided_at = Timestamp(allow_null=True, help_text="struck out then; null: it stands")
    updated_at = Timestamp()
    version = serializers.IntegerField(help_text="counts changes; the row's ETag")


class FindingDetail(FindingRow):
    allowed_actions = AllowedActions()


class FindingQuery(ListQuery):
    ordering = Ordering(
        {"updated_at": "updated_at", "due_on": "due_on", "found_on": "found_on"},
        default="-updated_at",
    )
    fields = Sparse(FindingRow)  # type: ignore[assignment]  # declared fields leave the class
    project = Key(source="project__code", required=False)
    status = Words(FindingStatus.values, source="status__in", required=False)
    category = Words(FindingCategory.values, source="category__in", required=False)
    source = Words(FindingSource.values, source="source__in", required=False)  # type: ignore[assignment]  # declared fields leave the class
    programme = Key(source="pairing__programme__code", required=False)
    pairing = Number(source="pairing_id", required=False)
    region = Inside(
        source="pairing__recipient__code__startswith",
        required=False,
        help_text="of recipients inside this region",
    )
    is_standing = Flag(
        source="voided_at__isnull", required=False, help_text="true: it was not struck out"
    )
    updated_since = Instant(source="updated_at__gte", required=False)


class RectifiedBody(Strict, serializers.Serializer[Any]):
    rectification = Text(max_length=5000, help_text="what was done about it")
    rectified_on = Day()


class Findings(WithVerbs):
    permission = "projects.view_finding"
    row, in_full, query = FindingRow, FindingDetail, FindingQuery

    def rows(self) -> QuerySet[Finding]:
        return Finding.objects.visible_to(self.caller)

    def rows_in_full(self) -> QuerySet[Finding]:
        return self.rows().select_related("pairing__recipient", "project")

    def actions_open(self, row: Finding) -> list[str]:
        shut = auditing.rectify_why_not(row, self.caller)
        return ["rectify"] if self.may_write and shut is None else []

    def list(self, request: Request) -> Response:
        """List the findings that you may see, those changed last first."""
        return super().list(request)

    def retrieve(self, request: Request, **key: Any) -> Response:
        """Show one finding."""
        return super().retrieve(request, **key)

    @verb("rectify", RectifiedBody)
    def rectify(self, request: Request, id: int) -> Response:  # noqa: A002  the address's word
        """Report that a finding was put right, and how; the auditors check and close it."""
        finding = self.rows_in_full().get(pk=id)
        shut = auditing.rectify_why_not(finding, self.caller)
        if isinstance(shut, PermissionDenied):
            raise shut
        version = self.version()
        given = self.body(RectifiedBody)
        with transaction.atomic():
            actions.report_rectified(
                finding, by=self.caller, now=self.now, version=version, **given
            )
            return self.full(self.rows_in_full().get(pk=id))


class EvaluationRow(OfProjectRow):
    year = serializers.IntegerField()
    evaluated_on = Day()
    execution = Yuan(help_text="of 10 points, computed from the ledger")
    output = Yuan(help_text="of 50 points")
    benefit = Yuan(help_text="of 30 points")
    satisfaction = Yuan(help_text="of 10 points")
    total = Yuan(help_text="of 100 points")
    grade = serializers.ChoiceField(
        [grade for _least, grade in GRADES], source="mark", help_text="优 ≥ 90, 良 ≥ 80, 中 ≥ 60"
    )


class EvaluationDetail(EvaluationRow):
    remarks = serializers.CharField(allow_blank=True)
    allowed_actions = AllowedActions()


class EvaluationQuery(OfProjectQuery):
    ordering = Ordering(
        {"updated_at": "updated_at", "evaluated_on": "evaluated_on", "total": "total"},
        default="-updated_at",
    )
    fields = Sparse(EvaluationRow)  # type: ignore[assignment]  # declared fields leave the class
    year = Number(max_value=LARGEST_YEAR, required=False, help_text="the year that is evaluated")


class EvaluationBody(Strict, serializers.Serializer[Any]):
    year = Whole(min_value=SMALLEST_YEAR, max_value=LARGEST_YEAR)
    evaluated_on = Day(help_text="the points of execution are computed as at this day")
    output = Yuan(help_text="0 to 50, a string with at most two decimals")
    benefit = Yuan(help_text="0 to 30")
    satisfaction = Yuan(help_text="0 to 10")
    remarks = Text(max_length=5000, required=False, allow_blank=True)


class Evaluations(WithVerbs):
    permission = "projects.view_evaluation"
    row, in_full, query = EvaluationRow, EvaluationDetail, EvaluationQuery

    def rows(self) -> QuerySet[Evaluation]:
        *better, (_least, last) = GRADES
        mark = Case(
            *(When(total__gte=least, then=Value(grade)) for least, grade in better),
            default=Value(last),
            output_field=CharField(),
        )
        return Evaluation.objects.visible_to(self.caller).annotate(mark=mark)

    def rows_in_full(self) -> QuerySet[Evaluation]:
        return self.rows().select_related("project__county")

    def actions_open(self, row: Evaluation) -> list[str]:
        shut = evaluating.confirm_why_not(row, self.caller)
        return ["confirm"] if self.may_write and shut is None else []

    def list(self, request: Request, **key: Any) -> Response:
        """List the evaluations that you may see, those changed last first."""
        return super().list(request)

    def retrieve(self, request: Request, **key: Any) -> Response:
        """Show one evaluation."""
        return super().retrieve(request, **key)

    @verb("confirm", NoBody)
    def confirm(self, request: Request, id: int) -> Response:  # noqa: A002  the address's word
        """Confirm an evaluation against its score sheet on file; it counts from now on."""
        evaluation = self.rows_in_full().get(pk=id)
        shut = evaluating.confirm_why_not(evaluation, self.caller)
        if isinstance(shut, PermissionDenied):
            raise shut
        version = self.version()
        self.body(NoBody)
        with transaction.atomic():
            actions.confirm_evaluation(evaluation, by=self.caller, now=self.now, version=version)
            return self.full(self.rows_in_full().get(pk=id))


class EvaluationsOfProject(InProject, Evaluations):
    def rows(self) -> QuerySet[Evaluation]:
        return super().rows().filter(project=self.project)

    def list(self, request: Request, **key: Any) -> Response:
        """List the evaluations of a project, those changed last first."""
        return super().list(request)

    @takes(EvaluationBody)
    def create(self, request: Request, code: str) -> Response:
        """Enter the points of a year; they count once a reviewer confirmed them."""
        shut = evaluating.evaluate_why_not(self.project, self.caller)
        if isinstance(shut, PermissionDenied):
            raise shut
        given = self.body(EvaluationBody)

        def entered() -> Response:
            made = actions.evaluate(self.project, by=self.caller, now=self.now, **given)
            reply = self.full(self.rows_in_full().get(pk=made.pk), status=201)
            reply.headers["Location"] = request.build_absolute_uri(
                f"/api/v1/evaluations/{made.pk}/"
            )
            return reply

        return once(request, self.now, entered)
