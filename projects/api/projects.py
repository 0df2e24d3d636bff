"""Projects: read them, draft them, and take their steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assistance.actions.organisations import implementing_unit
from assistance.api.fields import NoBody
from assistance.api.once import once
from assistance.api.resource import Resource, takes, verb
from assistance.models import ApiToken, Region
from projects import actions
from projects.api.places import known_place
from projects.api.shapes import (
    AdvanceBody,
    ApprovalBody,
    ChangesBody,
    DayBody,
    NewProjectBody,
    ProjectDetail,
    ProjectQuery,
    ProjectRow,
    ReasonBody,
)
from projects.models import Project


class Projects(Resource):
    permission = "projects.view_project"
    row, in_full, query = ProjectRow, ProjectDetail, ProjectQuery

    def rows(self) -> QuerySet[Project]:
        return Project.objects.visible_to(self.caller)

    def rows_in_full(self) -> QuerySet[Project]:
        return (
            self.rows()
            .select_related(
                "pairing__programme",
                "pairing__donor",
                "pairing__recipient",
                "county",
                "implementing_unit",
                "opening",
            )
            .prefetch_related("targets")
        )

    def actions_open(self, row: Project) -> list[str]:
        token = self.request.auth
        if not isinstance(token, ApiToken) or not token.may_write:
            return []
        return [name for name in row.verbs_open_to(self.caller) if name in OFFERED]

    def list(self, request: Request) -> Response:
        """List the projects that you may see, those changed last first."""
        return super().list(request)

    def retrieve(self, request: Request, **key: Any) -> Response:
        """Show one project in full."""
        return super().retrieve(request, **key)

    @takes(NewProjectBody)
    def create(self, request: Request) -> Response:
        """Open a draft; it gets its code here. Incomplete is fine until it is submitted."""
        if not self.caller.has_perm("projects.add_project"):
            raise PermissionDenied
        given = self.body(NewProjectBody)
        pairing, county = known_place(given.pop("pairing"), given.pop("county"), caller=self.caller)

        def opened() -> Response:
            project = actions.create_project(
                pairing=pairing,
                county=county,
                by=self.caller,
                now=self.now,
                **self._with_unit(given, county),
            )
            reply = self._fresh(project, status=201)
            reply.headers["Location"] = request.build_absolute_uri(f"{request.path}{project.code}/")
            return reply

        return once(request, self.now, opened)

    @verb("edit", ChangesBody)
    def partial_update(self, request: Request, code: str) -> Response:
        """Change a draft; what is not named stays as it is."""

        def edited(project: Project, **given: Any) -> Project:
            fields = self._with_unit(given, project.county)
            return actions.edit_draft(project, **fields)

        return self._take("edit", code, ChangesBody, edited, partial=True)

    @verb("submit", NoBody)
    def submit(self, request: Request, code: str) -> Response:
        """Hand a complete draft to the programme office; 409 names what is missing."""
        return self._take("submit", code, NoBody, actions.submit)

    @verb("return", ReasonBody)
    def return_to_draft(self, request: Request, code: str) -> Response:
        """Send an application back to be corrected."""
        return self._take("return", code, ReasonBody, actions.return_to_draft)

    @verb("admit", NoBody)
    def admit(self, request: Request, code: str) -> Response:
        """Take an application into the project library."""
        return self._take("admit", code, NoBody, actions.admit)

    @verb("reject", ReasonBody)
    def reject(self, request: Request, code: str) -> Response:
        """Turn an application down for good."""
        return self._take("reject", code, ReasonBody, actions.reject)

    @verb("approve", ApprovalBody)
    def approve(self, request: Request, code: str) -> Response:
        """Approve a library project and commit its shares."""
        return self._take("approve", code, ApprovalBody, actions.approve)

    @verb("advance", AdvanceBody)
    def advance(self, request: Request, code: str) -> Response:
        """Bring an approved project to tender, or on to where it is ready to start."""
        return self._take("advance", code, AdvanceBody, actions.advance)

    @verb("start", DayBody)
    def start(self, request: Request, code: str) -> Response:
        """Confirm that the works began."""
        return self._take("start", code, DayBody, actions.start)

    @verb("complete", DayBody)
    def complete(self, request: Request, code: str) -> Response:
        """Confirm that the works ended; a verified progress of 100 % is needed."""
        return self._take("complete", code, DayBody, actions.complete)

    def _take(
        self,
        name: str,
        code: str,
        shape: type[serializers.Serializer[Any]],
        step: Callable[..., Project],
        **options: Any,
    ) -> Response:
        """One step: in sight (404), theirs (403), version named (428), body right (400), then the
        action, which looks again under the row's lock.
        """
        project = self.rows().select_related("pairing", "county").get(code=code)
        refusal = project.why_not(name, self.caller)
        if isinstance(refusal, PermissionDenied):
            raise refusal
        version = self.version()
        given = self.body(shape, **options)
        with transaction.atomic():
            changed = step(project, by=self.caller, now=self.now, version=version, **given)
            return self._fresh(changed)

    def _fresh(self, project: Project, status: int = 200) -> Response:
        return self.full(self.rows_in_full().get(pk=project.pk), status=status)

    def _with_unit(self, given: Mapping[str, Any], county: Region) -> dict[str, Any]:
        """The fields with the implementing unit in the place of its name."""
        fields = dict(given)
        if "implementing_unit" in fields:
            fields["implementing_unit"] = implementing_unit(
                fields["implementing_unit"], county=county, by=self.caller
            )
        return fields


OFFERED = frozenset(
    method.verb for method in vars(Projects).values() if getattr(method, "verb", None)
)
