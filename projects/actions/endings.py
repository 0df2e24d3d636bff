"""How a project ends well: its works are accepted, its file is closed."""

from __future__ import annotations

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assistance.models import User
from projects.actions.guards import require
from projects.actions.locks import lock_project
from projects.actions.road import move
from projects.actions.settlement import deciding_acceptance
from projects.models import Project, Stage


@transaction.atomic
def accept(
    project: Project, *, on: date, by: User, now: datetime, version: int | None = None
) -> Project:
    """Accept the works on ``on``, on the word of a panel that passed them."""
    project = lock_project(project, by=by, version=version)
    require(project, "accept", by=by, now=now)
    decides = deciding_acceptance(project, now)
    if decides is not None and on < decides.held_on:
        raise ValidationError(
            {
                "on": _("The panel met on %(day)s; it accepted nothing before.")
                % {"day": date_format(decides.held_on)}
            }
        )
    return move(project, Stage.ACCEPTED, by=by, on=on, now=now)


@transaction.atomic
def close(
    project: Project,
    *,
    on: date,
    by: User,
    now: datetime,
    doc_no: str = "",
    version: int | None = None,
) -> Project:
    """Close the file: settled, paid but for the retention, evaluated, nothing left to put right."""
    project = lock_project(project, by=by, version=version)
    require(project, "close", by=by, now=now)
    return move(project, Stage.CLOSED, by=by, on=on, now=now, doc_no=doc_no.strip())
