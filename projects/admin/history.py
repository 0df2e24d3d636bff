"""The road that a project came, step by step."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.utils import formats, timezone
from django.utils.translation import gettext_lazy as _

from assistance.admin.scoped import Panel
from assistance.admin.verbs import ReasonForm, Refusal, Verb
from assistance.errors import Refused
from assistance.models import User
from projects.actions import correct_step
from projects.models import Project, Stage, StageChange


class CorrectedStepForm(ReasonForm):
    """Which of the steps that count, and the day on which it really took effect."""

    step = forms.ModelChoiceField(StageChange.objects.none(), label=_("Step"))
    effective_on = forms.DateField(label=_("Day on which it really took effect"))
    field_order = ["step", "effective_on", "reason"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        steps = self.row.stage_changes.counting().filter(opening=None)
        self.fields["step"].queryset = steps.order_by("-effective_on", "-pk")  # type: ignore[attr-defined]  # a choice of rows


def _correct(
    project: Project,
    *,
    step: StageChange,
    effective_on: date,
    reason: str,
    by: User,
    now: datetime,
    version: int | None = None,
) -> StageChange:
    return correct_step(
        step, effective_on=effective_on, reason=reason, by=by, now=now, project_version=version
    )


def _why_not(project: Project, user: User) -> Refusal | None:
    if not user.has_perm("projects.approve_project"):
        return PermissionDenied()
    if project.stage == Stage.DRAFT:
        return Refused("no_step_yet", _("No step was taken yet."))
    return None


PROJECT_VERBS = (
    Verb(
        "correct-step",
        _("Correct the day of a step"),
        "projects.approve_project",
        _correct,
        _why_not,
        form=CorrectedStepForm,
        explains=_("The step and those after it are entered anew; what was known stays on record."),
    ),
)


def _moment(instant: datetime | None) -> str:
    if instant is None:
        return "–"
    return formats.date_format(timezone.localtime(instant), "DATETIME_FORMAT")


def history_panel(project: Project) -> Panel:
    """The steps of a project, the newest first."""
    changes = project.stage_changes.select_related("created_by").order_by("-effective_on", "-pk")
    rows = [
        (
            change.effective_on,
            change.get_to_stage_display(),
            change.created_by,
            _moment(change.counted_at),
            change.doc_no or "–",
            change.reason or "–",
        )
        for change in changes
    ]
    return Panel(
        _("The road so far"),
        (
            _("effective on"), _("stage"), _("by"), _("recorded at"), _("document no."),
            _("reason"),
        ),
        rows,
        _("No step was taken yet."),
    )  # fmt: skip
