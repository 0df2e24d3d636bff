"""Projects: read them, draft them, and take their steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Prefetch, QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assistance.actions.organisations import implementing_unit
from assistance.api.fields import NoBody, ReasonBody
from assistance.api.once import once
from assistance.api.resource import takes, verb
from assistance.errors import Refused
from assistance.models import Region
from projects import actions
from projects.actions.guards import verbs_and_refusals
from projects.actions.proposals import may_take_back_report
from projects.api.of_projects import WithVerbs
from projects.api.places import known_place
from projects.api.shapes import (
    AdvanceBody,
    ApprovalBody,
    ChangesBody,
    ClosingBody,
    CorrectedStepBody,
    DayBody,
    HaltBody,
    NewProjectBody,
    ProjectDetail,
    ProjectQuery,
    ProjectRow,
    ReportBody,
    ResumeBody,
    ReworkBody,
)
from projects.api.steps import known
from projects.models import Project, Stage, StageChange

COUNTING_STEPS = StageChange.objects.counting().order_by("effective_on", "pk")


class Projects(WithVerbs):
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
            .prefetch_related(
                "targets", Prefetch("stage_changes", COUNTING_STEPS, to_attr="counting_steps")
            )
        )

    def actions_open(self, row: Project) -> list[str]:
        return self._verbs(row)[0]

    def actions_refused(self, row: Project) -> dict[str, Refused]:
        return self._verbs(row)[1]

    def _verbs(self, row: Project) -> tuple[list[str], dict[str, Refused]]:
        """The verbs that this API offers, open and shut to the caller; asked once for an answer."""
        if not self.may_write:
            return [], {}
        known: tuple[int, int, list[str], dict[str, Refused]] | None
        known = getattr(self, "known_verbs", None)
        if known is None or known[:2] != (row.pk, row.version):
            opened, shut = verbs_and_refusals(row, self.caller, self.now)
            if may_take_back_report(row, self.caller):
                opened.append("decline")
            if self._corrects(row):
                opened.append("correct_step")
            known = self.known_verbs = (
                row.pk,
                row.version,
                [name for name in opened if name in OFFERED],
                {name: refusal for name, refusal in shut.items() if name in OFFERED},
            )
        return known[2], known[3]

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

    @verb("take_back", NoBody)
    def take_back(self, request: Request, code: str) -> Response:
        """Take back an application that nobody acted on yet."""
        return self._take("take_back", code, NoBody, actions.take_back)

    @verb("withdraw", ReasonBody)
    def withdraw(self, request: Request, code: str) -> Response:
        """Give an application up for good."""
        return self._take("withdraw", code, ReasonBody, actions.withdraw)

    @verb("start", ReportBody)
    def start(self, request: Request, code: str) -> Response:
        """Report that the works began; the stage moves once somebody confirms it on site."""
        return self._take("start", code, ReportBody, actions.start)

    @verb("confirm_start", NoBody)
    def confirm_start(self, request: Request, code: str) -> Response:
        """Confirm on site that the works began."""
        return self._take("confirm_start", code, NoBody, actions.confirm_start)

    @verb("decline", ReasonBody)
    def decline(self, request: Request, code: str) -> Response:
        """Decline the step that was reported; who reported it takes it back in the same way."""
        return self._take("decline", code, ReasonBody, actions.decline_step)

    @verb("suspend", HaltBody)
    def suspend(self, request: Request, code: str) -> Response:
        """Let the works rest."""
        return self._take("suspend", code, HaltBody, actions.suspend)

    @verb("resume", ResumeBody)
    def resume(self, request: Request, code: str) -> Response:
        """Let works that rested go on."""
        return self._take("resume", code, ResumeBody, actions.resume)

    @verb("complete", ReportBody)
    def complete(self, request: Request, code: str) -> Response:
        """Report that the works ended; a verified progress of 100 % is needed."""
        return self._take("complete", code, ReportBody, actions.complete)

    @verb("confirm_completion", NoBody)
    def confirm_completion(self, request: Request, code: str) -> Response:
        """Confirm on site that the works ended."""
        return self._take("confirm_completion", code, NoBody, actions.confirm_completion)

    @verb("rework", ReworkBody)
    def rework(self, request: Request, code: str) -> Response:
        """Send completed works back to be put right; an acceptance has to have asked for it."""
        return self._take("rework", code, ReworkBody, actions.rework)

    @verb("accept", DayBody)
    def accept(self, request: Request, code: str) -> Response:
        """Accept the works, on the word of a panel that passed them."""
        return self._take("accept", code, DayBody, actions.accept)

    @verb("hand_over", ReportBody)
    def hand_over(self, request: Request, code: str) -> Response:
        """Report that what was built was handed over to its owner."""
        return self._take("hand_over", code, ReportBody, actions.hand_over)

    @verb("confirm_handover", NoBody)
    def confirm_handover(self, request: Request, code: str) -> Response:
        """Confirm that what was built was handed over."""
        return self._take("confirm_handover", code, NoBody, actions.confirm_handover)

    @verb("close", ClosingBody)
    def close(self, request: Request, code: str) -> Response:
        """Close the file: settled, paid but for the retention, evaluated."""
        return self._take("close", code, ClosingBody, actions.close)

    @verb("correct_step", CorrectedStepBody)
    def correct_step(self, request: Request, code: str) -> Response:
        """Enter a step anew with the day on which it really took effect."""
        project = self.rows().get(code=code)
        if not self.caller.has_perm("projects.approve_project"):
            raise PermissionDenied
        version = self.version()
        given = self.body(CorrectedStepBody)
        change = known(project.stage_changes.all(), given.pop("step"), "step")
        with transaction.atomic():
            actions.correct_step(
                change, by=self.caller, now=self.now, project_version=version, **given
            )
            return self._fresh(project)

    def _corrects(self, project: Project) -> bool:
        return project.stage != Stage.DRAFT and self.caller.has_perm("projects.approve_project")

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
        takes_back = name == "decline" and may_take_back_report(project, self.caller)
        if isinstance(refusal, PermissionDenied) and not takes_back:
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


# The verbs of this API: those above, and those that enter rows at addresses below a project's.
OFFERED = frozenset(
    method.verb for method in vars(Projects).values() if getattr(method, "verb", None)
) | {"file_paper", "give_notice", "record_acceptance", "report_progress"}
