"""Papers of projects: filed with their file, listed, fetched, struck out."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assistance.actions.attachments import keep_sent
from assistance.api.fields import (
    Day,
    ReasonBody,
    Strict,
    Text,
    Timestamp,
    Word,
    Words,
)
from assistance.api.forms import FormBody, OneFile
from assistance.api.listing import Ordering, Sparse
from assistance.api.resource import AllowedActions, gives, takes, verb
from assistance.downloads import handed_out
from assistance.file_kinds import KINDS
from projects import actions
from projects.api.entering import EnteredInProject
from projects.api.of_projects import OfProjectQuery, OfProjectRow, WithVerbs
from projects.models import Paper
from projects.models.evidence import PaperKind

MEDIA_TYPES = tuple(dict.fromkeys(kind.media_type for kind in KINDS.values()))


class PaperRow(OfProjectRow):
    kind = serializers.ChoiceField(PaperKind.choices)
    file_name = serializers.CharField(source="attachment.name")
    media_type = serializers.CharField(source="attachment.media_type")
    bytes = serializers.IntegerField(source="attachment.bytes")
    sha256 = serializers.CharField(source="attachment.sha256", help_text="of the file")
    doc_no = serializers.CharField(allow_blank=True)
    remarks = serializers.CharField(allow_blank=True)
    filed_on = Day()
    progress_report = serializers.IntegerField(
        source="progress_report_id", allow_null=True, help_text="the row that it proves"
    )
    notice = serializers.IntegerField(source="notice_id", allow_null=True)
    payment = serializers.IntegerField(source="payment_id", allow_null=True)
    acceptance = serializers.IntegerField(source="acceptance_id", allow_null=True)
    change_request = serializers.IntegerField(source="change_request_id", allow_null=True)
    void_reason = serializers.CharField(allow_blank=True)
    created_at = Timestamp()


class PaperDetail(PaperRow):
    allowed_actions = AllowedActions()


class PaperQuery(OfProjectQuery):
    ordering = Ordering({"id": "id", "updated_at": "updated_at"}, default="-id")
    fields = Sparse(PaperRow)  # type: ignore[assignment]  # declared fields leave the class
    kind = Words(PaperKind.values, source="kind__in", required=False)


class PaperBody(Strict, serializers.Serializer[Any]):
    file = OneFile(help_text="PDF, DOCX, XLSX, JPEG or PNG, at most 10 MB, without macros")
    kind = Word(PaperKind.choices)
    doc_no = Text(max_length=80, required=False, allow_blank=True)
    remarks = Text(max_length=200, required=False, allow_blank=True)


class Papers(WithVerbs):
    permission = "projects.view_paper"
    row, in_full, query = PaperRow, PaperDetail, PaperQuery

    def rows(self) -> QuerySet[Paper]:
        return Paper.objects.visible_to(self.caller)

    def rows_in_full(self) -> QuerySet[Paper]:
        return self.rows().select_related("project__county", "attachment")

    def actions_open(self, row: Paper) -> list[str]:
        own = self.may_write and row.created_by_id == self.caller.pk
        return ["strike_out"] if own and row.voided_at is None else []

    def list(self, request: Request, **key: Any) -> Response:
        """List the papers of the projects that you may see, the newest first."""
        return super().list(request)

    def retrieve(self, request: Request, **key: Any) -> Response:
        """Show what a paper is; its file has an address of its own."""
        return super().retrieve(request, **key)

    @gives(*MEDIA_TYPES)
    def file(self, request: Request, id: int) -> HttpResponse:  # noqa: A002  the address's word
        """Fetch the file of a paper as it was handed in."""
        return handed_out(self.rows_in_full().get(pk=id).attachment)

    @verb("strike_out", ReasonBody)
    def strike_out(self, request: Request, id: int) -> Response:  # noqa: A002
        """Strike out a paper that you filed wrongly; it stays on record."""
        paper = self.rows_in_full().get(pk=id)
        if paper.created_by_id != self.caller.pk:
            raise PermissionDenied
        version = self.version()
        given = self.body(ReasonBody)
        with transaction.atomic():
            actions.strike_out_paper(paper, by=self.caller, now=self.now, version=version, **given)
            return self.full(self.rows_in_full().get(pk=id))


class PapersOfProject(EnteredInProject, Papers):
    parser_classes = [FormBody]
    entered_by, shown_at = "file_paper", "api-paper"

    def list(self, request: Request, **key: Any) -> Response:
        """List the papers of a project, the newest first."""
        return super().list(request)

    @takes(PaperBody)
    def create(self, request: Request, code: str) -> Response:
        """File a paper with its file; it counts as filed from now on."""

        def filed() -> Paper:
            given = self.body(PaperBody)
            kept = keep_sent(given.pop("file"), by=self.caller, now=self.now)
            return actions.file_paper(
                self.project, attachment=kept, by=self.caller, now=self.now, **given
            )

        return self.enter(filed)
