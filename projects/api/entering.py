"""Rows that are entered at an address below a project's, with a verb of the project."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.urls import reverse
from rest_framework.response import Response

from assistance.api.once import once
from projects.actions.guards import verbs_and_refusals
from projects.api.of_projects import InProject
from projects.api.projects import OFFERED


class EnteredInProject(InProject):
    """Mixed into the resource of the same rows; ``entered_by`` is the verb that enters one,
    ``shown_at`` the name of the address that shows one.
    """

    entered_by: ClassVar[str]
    shown_at: ClassVar[str]

    def rows(self) -> QuerySet[Any]:
        return super().rows().filter(project=self.project)

    def allowed_actions(self) -> list[str]:
        """What is open to the caller with the project."""
        opened, _shut = verbs_and_refusals(self.project, self.caller, self.now)
        return [name for name in opened if name in OFFERED]

    def enter(self, effect: Callable[[], Any]) -> Response:
        """Enter a row once for each Idempotency-Key: in sight (404), theirs (403), then the body
        (400) and the action, which are in ``effect``.
        """
        refusal = self.project.why_not(self.entered_by, self.caller)
        if isinstance(refusal, PermissionDenied):
            raise refusal

        def entered() -> Response:
            reply = self.full(self.rows_in_full().get(pk=effect().pk), status=201)
            address = reverse(self.shown_at, args=[reply.data["id"]])
            reply.headers["Location"] = self.request.build_absolute_uri(address)
            return reply

        return once(self.request, self.now, entered)
