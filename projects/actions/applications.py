"""An application on its way from the draft to the approval, or to where it is given up."""

from __future__ import annotations

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assistance.models import User
from assistance.models.rows import entered
from assistance.periods import local_day
from projects.actions.guards import require
from projects.actions.locks import lock_project
from projects.actions.road import move, require_reason
from projects.actions.shares import drop_allotments, require_plans_hold
from projects.models import Project, Stage, YearPlanEntry
from projects.models.history import Nature


@transaction.atomic
def submit(project: Project, *, by: User, now: datetime, version: int | None = None) -> Project:
    """Hand a complete draft to the programme office; ``Refused.fields`` names what is missing."""
    project = lock_project(project, by=by, version=version)
    require(project, "submit", by=by, now=now)
    project.submitted_by = by
    return move(project, Stage.SUBMITTED, "submitted_by", by=by, on=local_day(now), now=now)


@transaction.atomic
def take_back(project: Project, *, by: User, now: datetime, version: int | None = None) -> Project:
    """Take an application back that nobody acted on yet; only who submitted it may."""
    project = lock_project(project, by=by, version=version)
    require(project, "take_back", by=by, now=now)
    project.submitted_by = None
    return move(project, Stage.DRAFT, "submitted_by", by=by, on=local_day(now), now=now)


@transaction.atomic
def withdraw(
    project: Project, *, reason: str, by: User, now: datetime, version: int | None = None
) -> Project:
    """Give an application up for good; the shares allotted to it are dropped."""
    project = lock_project(project, by=by, version=version)
    require(project, "withdraw", by=by, now=now)
    require_reason(reason)
    drop_allotments(project, by=by, now=now, reason=reason)
    return move(project, Stage.WITHDRAWN, by=by, on=local_day(now), now=now, reason=reason)


@transaction.atomic
def return_to_draft(
    project: Project, *, reason: str, by: User, now: datetime, version: int | None = None
) -> Project:
    """Send an application back to be corrected; the shares allotted to it are dropped."""
    project = lock_project(project, by=by, version=version)
    require(project, "return", by=by, now=now)
    require_reason(reason)
    drop_allotments(project, by=by, now=now, reason=reason)
    project.submitted_by = project.reviewed_by = None
    return move(
        project, Stage.DRAFT, "submitted_by", "reviewed_by", by=by, on=local_day(now), now=now,
        reason=reason,
    )  # fmt: skip


@transaction.atomic
def admit(project: Project, *, by: User, now: datetime, version: int | None = None) -> Project:
    """Take an application into the project library after review."""
    project = lock_project(project, by=by, version=version)
    require(project, "admit", by=by, now=now)
    project.reviewed_by = by
    return move(project, Stage.LIBRARY, "reviewed_by", by=by, on=local_day(now), now=now)


@transaction.atomic
def reject(
    project: Project, *, reason: str, by: User, now: datetime, version: int | None = None
) -> Project:
    """Turn an application down for good; the shares allotted to it are dropped."""
    project = lock_project(project, by=by, version=version)
    require(project, "reject", by=by, now=now)
    require_reason(reason)
    drop_allotments(project, by=by, now=now, reason=reason)
    return move(project, Stage.REJECTED, by=by, on=local_day(now), now=now, reason=reason)


@transaction.atomic
def approve(
    project: Project,
    *,
    doc_no: str,
    on: date,
    by: User,
    now: datetime,
    version: int | None = None,
) -> Project:
    """Approve a library project, commit its shares and enter it into the year's plan.

    Refused where the shares do not equal the request source by source, and where a fund plan would
    be overdrawn: the plans are locked, so of two approvals for the last yuan exactly one succeeds.
    """
    project = lock_project(project, by=by, version=version)
    require(project, "approve", by=by, now=now)
    if not doc_no.strip():
        raise ValidationError({"doc_no": _("Give the number of the approval document.")})
    shares = list(project.funding.standing().select_for_update(of=("self",)).order_by("pk"))
    for share in shares:
        share.require_other_hands(by, than=("created_by",))
    require_plans_hold(project, shares)
    for share in shares:
        share.approved_on, share.doc_no = on, doc_no
        share.count("approved_on", "doc_no", by=by, now=now)
    YearPlanEntry.objects.create(
        project=project,
        year=project.fiscal_year,
        nature=Nature.NEW,
        planned_invest_yuan=project.total_investment_yuan,
        entered_on=on,
        counted_at=now,
        counted_by=by,
        **entered(by, now),
    )
    return move(project, Stage.APPROVED, by=by, on=on, now=now, doc_no=doc_no)
