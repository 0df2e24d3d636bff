"""Projects that wait for somebody: the cards of the home page and the filters of the list."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Subquery
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from assistance.admin.verbs import Queue
from assistance.models import User
from projects.admin import proposals
from projects.models import RESERVE, ProgressReport, ProjectFunding, Stage, StageChange


def _returned(rows: models.QuerySet[Any], user: User, now: datetime) -> models.QuerySet[Any]:
    back = StageChange.objects.filter(
        project=OuterRef("pk"), to_stage=Stage.DRAFT, from_stage__in=RESERVE
    )
    return rows.open_to("submit", user).filter(Exists(back))  # type: ignore[attr-defined,no-any-return]


def _without_shares(rows: models.QuerySet[Any], user: User, now: datetime) -> models.QuerySet[Any]:
    from_plans = ProjectFunding.objects.standing().filter(project=OuterRef("pk"))
    return rows.open_to("allot", user).filter(~Exists(from_plans))  # type: ignore[attr-defined,no-any-return]


def _done(rows: models.QuerySet[Any], user: User, now: datetime) -> models.QuerySet[Any]:
    verified = ProgressReport.objects.counting().filter(project=OuterRef("pk"))
    newest = verified.order_by("-measured_on", "-pk").values("physical_pct")[:1]
    open_ones = rows.open_to("complete", user)  # type: ignore[attr-defined]
    return open_ones.annotate(pct=Subquery(newest)).filter(pct=100)  # type: ignore[no-any-return]


def _queue(name: str, label: str | Promise, verb: str, permission: str) -> Queue:
    return Queue(name, label, permission, lambda rows, user, now: rows.open_to(verb, user))  # type: ignore[attr-defined]


QUEUES = (
    Queue("returned", _("Returned drafts"), "projects.submit_project", _returned),
    _queue("to-submit", _("Drafts to submit"), "submit", "projects.submit_project"),
    _queue("to-admit", _("Applications to review"), "admit", "projects.admit_project"),
    Queue(
        "to-allot", _("Applications without funds"), "projects.add_projectfunding", _without_shares
    ),
    _queue("to-approve", _("Projects to approve"), "approve", "projects.approve_project"),
    _queue("to-advance", _("Projects to advance"), "advance", "projects.advance_project"),
    _queue("to-start", _("Starts to report"), "start", "projects.propose_step"),
    Queue("to-complete", _("Completions to report"), "projects.propose_step", _done),
    *proposals.QUEUES,
    _queue("to-accept", _("Completed projects to accept"), "accept", "projects.accept_project"),
    _queue("to-close", _("Projects to close"), "close", "projects.close_project"),
)
