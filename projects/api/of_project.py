"""Rows at addresses below a project's: they are listed and entered there, and answer 404 where the
project is out of sight.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from assistance.api.once import once
from assistance.api.resource import Resource
from projects.actions.guards import verbs_and_refusals
from projects.api.projects import OFFERED
from projects.models import Project


class OfProject(Resource):
    """Mixed into the resource of the same rows; ``entered_by`` is the project's verb that enters
    one, ``shown_at`` the name of the address that shows one.
    """

    entered_by: ClassVar[str]
    shown_at: ClassVar[str]

    def project(self) -> Project:
        """The project of the address, or DoesNotExist."""
        rows = Project.objects.visible_to(self.caller).select_related("pairing", "county")
        return rows.get(code=self.kwargs["code"])

    def rows(self) -> QuerySet[Any]:
        return super().rows().filter(project__code=self.kwargs["code"])

    def list(self, request: Request, **key: Any) -> Response:
        self.project()
        return super().list(request)

    def allowed_actions(self) -> Sequence[str]:
        """What is open to the caller with the project."""
        opened, _shut = verbs_and_refusals(self.project(), self.caller, self.now)
        return [name for name in opened if name in OFFERED]

    def enter(self, effect: Callable[[Project], Any]) -> Response:
        """Enter a row once for each Idempotency-Key: in sight (404), theirs (403), the body read
        by ``effect`` (400), then the action.
        """
        project = self.project()
        refusal = project.why_not(self.entered_by, self.caller)
        if isinstance(refusal, PermissionDenied):
            raise refusal

        def entered() -> Response:
            row = effect(project)
            reply = self.full(self.rows_in_full().get(pk=row.pk), status=201)
            address = reverse(self.shown_at, args=[row.pk])
            reply.headers["Location"] = self.request.build_absolute_uri(address)
            return reply

        return once(self.request, self.now, entered)
