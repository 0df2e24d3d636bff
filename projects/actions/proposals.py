"""Steps of two hands: one reports that the works began, ended or were handed over, another confirms
it; only then does the stage move.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import User
from assistance.models.rows import entered
from projects.actions.assets import hand_over_assets
from projects.actions.guards import require
from projects.actions.locks import lock_project
from projects.actions.road import move, require_day, require_reason
from projects.models import Project, Stage, StepProposal

# The verb that proposes a stage, and the one that confirms it.
VERBS_TO: dict[Stage, tuple[str, str]] = {
    Stage.ACTIVE: ("start", "confirm_start"),
    Stage.COMPLETED: ("complete", "confirm_completion"),
    Stage.HANDED_OVER: ("hand_over", "confirm_handover"),
}


def start(
    project: Project,
    *,
    on: date,
    by: User,
    now: datetime,
    version: int | None = None,
    remarks: str = "",
) -> Project:
    """Report that the works began on ``on``; the stage moves once somebody confirms it on site."""
    return _propose(project, Stage.ACTIVE, on=on, by=by, now=now, version=version, remarks=remarks)


def complete(
    project: Project,
    *,
    on: date,
    by: User,
    now: datetime,
    version: int | None = None,
    remarks: str = "",
) -> Project:
    """Report that the works ended on ``on``; a verified progress of 100 % must be on record."""
    return _propose(
        project, Stage.COMPLETED, on=on, by=by, now=now, version=version, remarks=remarks
    )


def hand_over(
    project: Project,
    *,
    on: date,
    by: User,
    now: datetime,
    version: int | None = None,
    remarks: str = "",
) -> Project:
    """Report that what was built was handed over to its owner on ``on``."""
    return _propose(
        project, Stage.HANDED_OVER, on=on, by=by, now=now, version=version, remarks=remarks
    )


def confirm_start(
    project: Project, *, by: User, now: datetime, version: int | None = None
) -> Project:
    """Confirm on site that the works began; whoever reported it cannot."""
    return _confirm(project, Stage.ACTIVE, by=by, now=now, version=version)


def confirm_completion(
    project: Project, *, by: User, now: datetime, version: int | None = None
) -> Project:
    """Confirm on site that the works ended; whoever reported it cannot."""
    return _confirm(project, Stage.COMPLETED, by=by, now=now, version=version)


@transaction.atomic
def confirm_handover(
    project: Project, *, by: User, now: datetime, version: int | None = None
) -> Project:
    """Confirm that what was built was handed over; whoever reported it cannot. The assets are
    handed over with it.
    """
    project = _confirm(project, Stage.HANDED_OVER, by=by, now=now, version=version)
    handed_over = project.stage_changes.counting().order_by("-effective_on", "-pk")[0]
    hand_over_assets(project, on=handed_over.effective_on, by=by, now=now)
    return project


def may_take_back_report(project: Project, user: User) -> bool:
    """Whether ``user`` reported the step that waits, and may report one still."""
    is_own = project.proposed_by_id is not None and project.proposed_by_id == user.pk
    return is_own and user.has_perm("projects.propose_step")


@transaction.atomic
def decline_step(
    project: Project, *, reason: str, by: User, now: datetime, version: int | None = None
) -> Project:
    """Turn down the step that was reported; it can be reported anew. Who reported it may take it
    back in the same way.
    """
    project = lock_project(project, by=by, version=version)
    if not may_take_back_report(project, by):
        require(project, "decline", by=by, now=now)
    require_reason(reason)
    proposal = _open_proposal(project)
    proposal.declined_at, proposal.declined_by, proposal.decline_reason = now, by, reason
    proposal.record("declined_at", "declined_by", "decline_reason", by=by, now=now)
    project.proposed_stage, project.proposed_by = "", None
    project.record("proposed_stage", "proposed_by", by=by, now=now)
    return project


@transaction.atomic
def _propose(
    project: Project,
    to: Stage,
    *,
    on: date,
    by: User,
    now: datetime,
    version: int | None,
    remarks: str,
) -> Project:
    project = lock_project(project, by=by, version=version)
    require(project, VERBS_TO[to][0], by=by, now=now)
    require_day(project, on, now=now)
    proposal = StepProposal(
        project=project,
        to_stage=to,
        effective_on=on,
        remarks=remarks.strip(),
        **entered(by, now),
    )
    proposal.full_clean()
    proposal.save()
    project.proposed_stage, project.proposed_by = to, by
    project.record("proposed_stage", "proposed_by", by=by, now=now)
    return project


@transaction.atomic
def _confirm(
    project: Project, to: Stage, *, by: User, now: datetime, version: int | None
) -> Project:
    project = lock_project(project, by=by, version=version)
    require(project, VERBS_TO[to][1], by=by, now=now)
    proposal = _open_proposal(project)
    proposal.count(by=by, now=now)
    project.proposed_stage, project.proposed_by = "", None
    return move(
        project, to, "proposed_stage", "proposed_by", by=by, on=proposal.effective_on, now=now,
        reason=proposal.remarks,
    )  # fmt: skip


def _open_proposal(project: Project) -> StepProposal:
    proposal = project.step_proposals.open().select_for_update(of=("self",)).first()
    if proposal is None:
        raise Refused("nothing_proposed", _("Nobody reported this step yet."))
    return proposal
