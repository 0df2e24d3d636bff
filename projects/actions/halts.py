"""Works that stop for a while and go on, and works that have to be done again."""

from __future__ import annotations

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assistance.models import User
from assistance.periods import local_day
from projects.actions.guards import require
from projects.actions.locks import lock_project
from projects.actions.road import move, require_reason
from projects.models import Project, Stage


@transaction.atomic
def suspend(
    project: Project,
    *,
    reason: str,
    on: date,
    by: User,
    now: datetime,
    resumes_on: date | None = None,
    version: int | None = None,
) -> Project:
    """Let the works rest from ``on``; a winter stop says on which day they are to go on."""
    project = lock_project(project, by=by, version=version)
    require(project, "suspend", by=by, now=now)
    require_reason(reason)
    if resumes_on is not None and resumes_on <= local_day(now):
        raise ValidationError({"resumes_on": _("The works can only go on on a day to come.")})
    return move(
        project, Stage.SUSPENDED, by=by, on=on, now=now, reason=reason, resumes_on=resumes_on
    )


@transaction.atomic
def resume(
    project: Project,
    *,
    on: date,
    by: User,
    now: datetime,
    version: int | None = None,
    reason: str = "",
) -> Project:
    """Let works that rested go on from ``on``."""
    project = lock_project(project, by=by, version=version)
    require(project, "resume", by=by, now=now)
    return move(project, Stage.ACTIVE, by=by, on=on, now=now, reason=reason)


@transaction.atomic
def rework(
    project: Project,
    *,
    reason: str,
    on: date,
    by: User,
    now: datetime,
    version: int | None = None,
) -> Project:
    """Send completed works back to be put right; an acceptance has to have asked for it."""
    project = lock_project(project, by=by, version=version)
    require(project, "rework", by=by, now=now)
    require_reason(reason)
    return move(project, Stage.ACTIVE, by=by, on=on, now=now, reason=reason)
