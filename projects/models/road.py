"""The road of a project: its stages, the whole table of steps, and who may take each."""

from __future__ import annotations

from typing import NamedTuple

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy


class Stage(models.TextChoices):
    DRAFT = "DRAFT", pgettext_lazy("stage", "Draft")
    SUBMITTED = "SUBMITTED", pgettext_lazy("stage", "Submitted")
    LIBRARY = "LIBRARY", pgettext_lazy("stage", "In the library")
    APPROVED = "APPROVED", pgettext_lazy("stage", "Approved")
    TENDERING = "TENDERING", pgettext_lazy("stage", "Tendering")
    READY = "READY", pgettext_lazy("stage", "Ready to start")
    ACTIVE = "ACTIVE", pgettext_lazy("stage", "Under way")
    SUSPENDED = "SUSPENDED", pgettext_lazy("stage", "Suspended")
    COMPLETED = "COMPLETED", pgettext_lazy("stage", "Completed")
    ACCEPTED = "ACCEPTED", pgettext_lazy("stage", "Accepted")
    HANDED_OVER = "HANDED_OVER", pgettext_lazy("stage", "Handed over")
    CLOSED = "CLOSED", pgettext_lazy("stage", "Closed")
    TERMINATED = "TERMINATED", pgettext_lazy("stage", "Terminated")
    REJECTED = "REJECTED", pgettext_lazy("stage", "Rejected")
    WITHDRAWN = "WITHDRAWN", pgettext_lazy("stage", "Withdrawn")


S = Stage
LEADS_TO: dict[Stage, frozenset[Stage]] = {
    S.DRAFT: frozenset({S.SUBMITTED, S.WITHDRAWN}),
    S.SUBMITTED: frozenset({S.DRAFT, S.LIBRARY, S.REJECTED, S.WITHDRAWN}),
    S.LIBRARY: frozenset({S.DRAFT, S.APPROVED, S.REJECTED, S.WITHDRAWN}),
    S.APPROVED: frozenset({S.TENDERING, S.READY, S.TERMINATED}),
    S.TENDERING: frozenset({S.READY, S.TERMINATED}),
    S.READY: frozenset({S.ACTIVE, S.TERMINATED}),
    S.ACTIVE: frozenset({S.SUSPENDED, S.COMPLETED, S.TERMINATED}),
    S.SUSPENDED: frozenset({S.ACTIVE, S.TERMINATED}),
    S.COMPLETED: frozenset({S.ACTIVE, S.ACCEPTED, S.TERMINATED}),
    S.ACCEPTED: frozenset({S.HANDED_OVER, S.CLOSED}),
    S.HANDED_OVER: frozenset({S.CLOSED}),
    S.CLOSED: frozenset(),
    S.TERMINATED: frozenset(),
    S.REJECTED: frozenset(),
    S.WITHDRAWN: frozenset(),
}
ON_THE_ROAD = frozenset((was, became) for was, nexts in LEADS_TO.items() for became in nexts)

# What a report calls the stages, in the order in which it prints them; together they are every
# stage from APPROVED on.
BUCKETS: dict[str, tuple[Stage, ...]] = {
    "preparation": (S.APPROVED,),
    "tendering": (S.TENDERING,),
    "ready": (S.READY,),
    "active": (S.ACTIVE,),
    "suspended": (S.SUSPENDED,),
    "completed": (S.COMPLETED,),
    "accepted": (S.ACCEPTED, S.HANDED_OVER, S.CLOSED),
    "terminated": (S.TERMINATED,),
}
RESERVE = (S.SUBMITTED, S.LIBRARY)


class Step(NamedTuple):
    """A verb of the road: who may take it, from where, and whose work it checks."""

    verb: str
    label: str | Promise
    permission: str
    takes_from: frozenset[Stage]
    other_hands_than: tuple[str, ...] = ()  # fields of the project that hold people


STEPS = {
    step.verb: step
    for step in (
        Step(
            "edit", pgettext_lazy("verb", "Edit"), "projects.change_project", frozenset({S.DRAFT})
        ),
        Step(
            "submit",
            pgettext_lazy("verb", "Submit"),
            "projects.submit_project",
            frozenset({S.DRAFT}),
        ),
        Step(
            "return",
            pgettext_lazy("verb", "Return"),
            "projects.return_project",
            frozenset({S.SUBMITTED, S.LIBRARY}),
        ),
        Step(
            "admit",
            pgettext_lazy("verb", "Admit to the library"),
            "projects.admit_project",
            frozenset({S.SUBMITTED}),
            ("created_by", "submitted_by"),
        ),
        Step(
            "reject",
            pgettext_lazy("verb", "Reject"),
            "projects.reject_project",
            frozenset({S.SUBMITTED, S.LIBRARY}),
        ),
        Step(
            "allot",
            pgettext_lazy("verb", "Allot funds"),
            "projects.add_projectfunding",
            frozenset({S.SUBMITTED, S.LIBRARY}),
        ),
        Step(
            "approve",
            pgettext_lazy("verb", "Approve"),
            "projects.approve_project",
            frozenset({S.LIBRARY}),
            ("created_by", "submitted_by", "reviewed_by"),
        ),
        Step(
            "advance",
            pgettext_lazy("verb", "Advance"),
            "projects.advance_project",
            frozenset({S.APPROVED, S.TENDERING}),
        ),
        Step(
            "start",
            pgettext_lazy("verb", "Start"),
            "projects.start_project",
            frozenset({S.READY}),
            ("created_by",),
        ),
        Step(
            "report_progress",
            pgettext_lazy("verb", "Report progress"),
            "projects.add_progressreport",
            frozenset({S.ACTIVE, S.SUSPENDED}),
        ),
        Step(
            "pay",
            pgettext_lazy("verb", "Enter a payment"),
            "projects.add_payment",
            frozenset({S.READY, S.ACTIVE, S.SUSPENDED, S.COMPLETED, S.ACCEPTED, S.HANDED_OVER}),
        ),
        Step(
            "complete",
            pgettext_lazy("verb", "Complete"),
            "projects.complete_project",
            frozenset({S.ACTIVE}),
            ("created_by",),
        ),
    )
}
