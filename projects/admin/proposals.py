"""Steps of two hands on the desk: reported on the project's page, confirmed or declined there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import OuterRef, Subquery
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.admin.scoped import Panel, badge
from assistance.admin.verbs import DayForm, Queue, ReasonForm, Refusal, Verb
from assistance.models import User
from projects.actions import (
    complete,
    confirm_completion,
    confirm_handover,
    confirm_start,
    decline_step,
    hand_over,
    start,
)
from projects.actions.proposals import may_take_back_report
from projects.admin.verbs import step
from projects.models import Project, StepProposal
from projects.models.project import PROPOSES


class ReportedStepForm(DayForm):
    remarks = forms.CharField(label=_("Remarks"), max_length=200, required=False)


MOVES_ON = _("Compare with what was seen on site. The project moves on with the day reported.")
WAITS = _("It takes effect once somebody else has confirmed it.")


def _withdraw_why_not(project: Project, user: User) -> Refusal | None:
    return None if may_take_back_report(project, user) else PermissionDenied()


REPORTS = (
    step("start", start, form=ReportedStepForm, for_many=True, explains=WAITS),
    step("complete", complete, form=ReportedStepForm, for_many=True, explains=WAITS),
    step("hand_over", hand_over, form=ReportedStepForm, for_many=True, explains=WAITS),
)
CHECKS = (
    step("confirm_start", confirm_start, for_many=True, explains=MOVES_ON),
    step("confirm_completion", confirm_completion, for_many=True, explains=MOVES_ON),
    step("confirm_handover", confirm_handover, for_many=True, explains=MOVES_ON),
    step("decline", decline_step, form=ReasonForm, turns_down=True),
    Verb(
        "withdraw-report",
        pgettext_lazy("verb", "Take the report back"),
        "projects.propose_step",
        decline_step,
        _withdraw_why_not,
        form=ReasonForm,
        explains=_("What you reported is taken back; it can be reported anew."),
        turns_down=True,
    ),
)
PROJECT_VERBS = (*REPORTS, *CHECKS)


def standing_of(proposal: StepProposal) -> SafeString:
    """What became of a reported step, with its colour."""
    if proposal.voided_at:
        return badge(_("struck out"), "quiet")
    if proposal.counted_at:
        return badge(_("confirmed"), "good")
    if proposal.declined_at is None:
        return badge(_("to be confirmed"), "open")
    if proposal.declined_by_id == proposal.created_by_id:
        return badge(_("taken back"), "quiet")
    return badge(_("declined"), "bad")


def project_panels(project: Project) -> Iterable[Panel]:
    """The steps that somebody reported, the newest first; none where nobody reported one."""
    proposals = project.step_proposals.select_related(
        "created_by", "counted_by", "declined_by"
    ).order_by("-pk")
    rows = [
        (
            proposal.get_to_stage_display(),
            standing_of(proposal),
            proposal.effective_on,
            proposal.created_by,
            proposal.counted_by or proposal.declined_by or "–",
            proposal.decline_reason or proposal.remarks or "–",
        )
        for proposal in proposals
    ]
    if rows:
        yield Panel(
            _("Reported steps"),
            (
                _("stage"), _("state"), _("effective on"), _("reported by"), _("decided by"),
                _("remarks or reason"),
            ),
            rows,
            "",
        )  # fmt: skip


def _declined(rows: models.QuerySet[Any], user: User, now: datetime) -> models.QuerySet[Any]:
    """Projects whose last report was declined by somebody else and not made anew."""
    newest = StepProposal.objects.filter(project=OuterRef("pk")).order_by("-pk")
    mine = rows.none()
    for verb in PROPOSES:
        mine |= rows.open_to(verb, user)  # type: ignore[attr-defined]  # a project's rows
    asked = newest.filter(declined_at__isnull=False).exclude(declined_by=models.F("created_by"))
    return mine.annotate(  # type: ignore[no-any-return]
        newest_report=Subquery(newest.values("pk")[:1]),
        newest_declined=Subquery(asked.values("pk")[:1]),
    ).filter(newest_report=models.F("newest_declined"))


def _to_confirm(name: str, label: str | Promise, verb: str, permission: str) -> Queue:
    return Queue(
        name,
        label,
        permission,
        lambda rows, user, now: rows.open_to(verb, user),  # type: ignore[attr-defined]
    )


QUEUES = (
    _to_confirm(
        "to-confirm-start", _("Starts to confirm"), "confirm_start", "projects.start_project"
    ),
    _to_confirm(
        "to-confirm-completion", _("Completions to confirm"), "confirm_completion",
        "projects.complete_project",
    ),
    _to_confirm(
        "to-confirm-handover", _("Hand-overs to confirm"), "confirm_handover",
        "projects.accept_project",
    ),
    Queue("declined", _("Declined reports"), "projects.propose_step", _declined),
)  # fmt: skip
