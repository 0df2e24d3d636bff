"""Public notices of projects: entered by the county, confirmed by the programme office."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assistance.api.fields import (
    Day,
    NoBody,
    ReasonBody,
    Strict,
    Text,
    Timestamp,
    Word,
    Words,
)
from assistance.api.listing import Ordering, Sparse
from assistance.api.resource import AllowedActions, takes, verb
from projects import actions
from projects.api.entering import EnteredInProject
from projects.api.of_projects import OfProjectQuery, OfProjectRow, WithVerbs
from projects.models import PublicNotice
from projects.models.evidence import NoticeKind

MAY_CONFIRM = "projects.confirm_publicnotice"


class NoticeRow(OfProjectRow):
    kind = serializers.ChoiceField(NoticeKind.choices)
    place = serializers.CharField()
    starts_on = Day()
    ends_on = Day(help_text="the last day on which it hung, included")
    hotline = serializers.CharField()
    objections = serializers.CharField(allow_blank=True)
    resolution = serializers.CharField(allow_blank=True)
    void_reason = serializers.CharField(allow_blank=True)
    created_at = Timestamp()


class NoticeDetail(NoticeRow):
    allowed_actions = AllowedActions()


class NoticeQuery(OfProjectQuery):
    ordering = Ordering({"id": "id", "updated_at": "updated_at"}, default="-id")
    fields = Sparse(NoticeRow)  # type: ignore[assignment]  # declared fields leave the class
    kind = Words(NoticeKind.values, source="kind__in", required=False)


class NoticeBody(Strict, serializers.Serializer[Any]):
    kind = Word(NoticeKind.choices)
    place = Text(max_length=120)
    starts_on = Day()
    ends_on = Day(help_text="not in the future: objections come with it")
    hotline = Text(max_length=30)
    objections = Text(max_length=5000, required=False, allow_blank=True)
    resolution = Text(max_length=5000, required=False, allow_blank=True)


class Notices(WithVerbs):
    permission = "projects.view_publicnotice"
    row, in_full, query = NoticeRow, NoticeDetail, NoticeQuery

    def rows(self) -> QuerySet[PublicNotice]:
        return PublicNotice.objects.visible_to(self.caller)

    def rows_in_full(self) -> QuerySet[PublicNotice]:
        return self.rows().select_related("project__county")

    def actions_open(self, row: PublicNotice) -> list[str]:
        if not self.may_write or row.voided_at:
            return []
        own, checks = row.created_by_id == self.caller.pk, self.caller.has_perm(MAY_CONFIRM)
        confirms = checks and not own and row.counted_at is None
        strikes = checks or (own and row.counted_at is None)
        return ["confirm"] * confirms + ["strike_out"] * strikes

    def list(self, request: Request, **key: Any) -> Response:
        """List the public notices of the projects that you may see, the newest first."""
        return super().list(request)

    def retrieve(self, request: Request, **key: Any) -> Response:
        """Show one public notice."""
        return super().retrieve(request, **key)

    @verb("confirm", NoBody)
    def confirm(self, request: Request, id: int) -> Response:  # noqa: A002  the address's word
        """Confirm a notice; its objections have to be resolved."""
        return self._take(id, NoBody, actions.confirm_notice, theirs=lambda notice: False)

    @verb("strike_out", ReasonBody)
    def strike_out(self, request: Request, id: int) -> Response:  # noqa: A002
        """Strike out a notice that was entered wrongly; it stays on record."""
        return self._take(
            id,
            ReasonBody,
            actions.strike_out_notice,
            theirs=lambda notice: (
                notice.counted_at is None and notice.created_by_id == self.caller.pk
            ),
        )

    def _take(
        self,
        pk: int,
        shape: type[serializers.Serializer[Any]],
        step: Callable[..., PublicNotice],
        *,
        theirs: Callable[[PublicNotice], bool],
    ) -> Response:
        notice = self.rows_in_full().get(pk=pk)
        if not self.caller.has_perm(MAY_CONFIRM) and not theirs(notice):
            raise PermissionDenied
        version = self.version()
        given = self.body(shape)
        with transaction.atomic():
            step(notice, by=self.caller, now=self.now, version=version, **given)
            return self.full(self.rows_in_full().get(pk=pk))


class NoticesOfProject(EnteredInProject, Notices):
    entered_by, shown_at = "give_notice", "api-notice"

    def list(self, request: Request, **key: Any) -> Response:
        """List the public notices of a project, the newest first."""
        return super().list(request)

    @takes(NoticeBody)
    def create(self, request: Request, code: str) -> Response:
        """Enter a public notice that has hung out; it counts once a reviewer confirmed it."""

        def given_out() -> PublicNotice:
            given = self.body(NoticeBody)
            return actions.give_notice(self.project, by=self.caller, now=self.now, **given)

        return self.enter(given_out)
