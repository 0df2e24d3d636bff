"""How a step of the road is taken, and the steps from the approval to where works can begin."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assistance.models import User
from assistance.models.rows import entered
from assistance.periods import local_day
from projects.actions.guards import require
from projects.actions.locks import lock_project
from projects.models import Project, Stage, StageChange


@transaction.atomic
def advance(
    project: Project,
    *,
    on: date,
    by: User,
    now: datetime,
    version: int | None = None,
    contract_no: str = "",
    contract_yuan: Decimal | None = None,
) -> Project:
    """Bring an approved project to tender, or on to where it is ready to start.

    A tendered project needs the contract's number and amount (yuan, within the total investment).
    """
    project = lock_project(project, by=by, version=version)
    require(project, "advance", by=by, now=now)
    if project.stage == Stage.APPROVED and project.needs_tender:
        return move(project, Stage.TENDERING, by=by, on=on, now=now)
    if project.needs_tender and not (contract_no.strip() and contract_yuan):
        raise ValidationError(
            {
                "contract_no": _(
                    "A tendered project is ready once its contract is known: number and amount."
                )
            }
        )
    project.contract_no, project.contract_yuan = contract_no.strip(), contract_yuan
    project.full_clean()
    return move(project, Stage.READY, "contract_no", "contract_yuan", by=by, on=on, now=now)


def move(
    project: Project,
    to: Stage,
    *changed: str,
    by: User,
    on: date,
    now: datetime,
    reason: str = "",
    doc_no: str = "",
    resumes_on: date | None = None,
) -> Project:
    """Take one step of the road; the caller holds the project's lock and has checked the verb."""
    require_day(project, on, now=now)
    StageChange.objects.create(
        project=project,
        from_stage=project.stage,
        to_stage=to,
        effective_on=on,
        reason=reason,
        doc_no=doc_no,
        resumes_on=resumes_on,
        counted_at=now,
        counted_by=by,
        **entered(by, now),
    )
    project.stage = to
    project.record("stage", *changed, by=by, now=now)
    return project


def require_day(project: Project, on: date, *, now: datetime) -> None:
    """A step takes effect no later than today and no earlier than the step before it."""
    newest = project.stage_changes.counting().order_by("-effective_on", "-pk").first()
    if on > local_day(now):
        raise ValidationError({"on": _("The day lies in the future.")})
    if newest is not None and on < newest.effective_on:
        raise ValidationError(
            {
                "on": _("The day lies before the step before it (%(stage)s on %(day)s).")
                % {"stage": newest.get_to_stage_display(), "day": date_format(newest.effective_on)}
            }
        )


def require_reason(reason: str) -> None:
    if not reason.strip():
        raise ValidationError({"reason": _("Give the reason; the other side will read it.")})
