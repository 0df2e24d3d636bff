"""The road of a project: its stages, the whole table of steps, and who may take each."""

from __future__ import annotations

from typing import Any, NamedTuple

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

# Stages that one office proposes and another confirms on site or in the office.
PROPOSED_STAGES = (S.ACTIVE, S.COMPLETED, S.HANDED_OVER)
# Where a project can stand when it is taken over from the time before this system.
TAKEN_OVER_AT = (
    S.APPROVED, S.TENDERING, S.READY, S.ACTIVE, S.SUSPENDED, S.COMPLETED, S.ACCEPTED,
    S.HANDED_OVER, S.CLOSED, S.TERMINATED,
)  # fmt: skip


class Step(NamedTuple):
    """A verb of the road: who may take it, from where, and whose work it checks.

    ``confirms`` is the stage that somebody must have proposed before this step can confirm it, or
    ANY_PROPOSAL. ``only_by`` is the field of the project that holds the one person whose step it
    is. ``on_site`` steps belong to the front team of the pairing; where it has none, to
    the reviewer.
    """

    verb: str
    label: str | Promise
    permission: str
    takes_from: frozenset[Stage]
    other_hands_than: tuple[str, ...] = ()  # fields of the project that hold people
    confirms: str = ""
    only_by: str = ""
    on_site: bool = False


ANY_PROPOSAL = "any"
APPROVED_AND_RUNNING = frozenset(
    {S.APPROVED, S.TENDERING, S.READY, S.ACTIVE, S.SUSPENDED, S.COMPLETED}
)
EVERY_STAGE_BUT_THE_LAST = frozenset(Stage) - {S.CLOSED, S.TERMINATED, S.REJECTED, S.WITHDRAWN}


def _step(
    verb: str, label: str | Promise, permission: str, *takes_from: Stage, **rest: Any
) -> Step:
    return Step(verb, label, f"projects.{permission}", frozenset(takes_from), **rest)


STEPS = {
    step.verb: step
    for step in (
        _step("edit", pgettext_lazy("verb", "Edit"), "change_project", S.DRAFT),
        _step("submit", pgettext_lazy("verb", "Submit"), "submit_project", S.DRAFT),
        _step(
            "take_back",
            pgettext_lazy("verb", "Take back"),
            "submit_project",
            S.SUBMITTED,
            only_by="submitted_by",
        ),
        _step(
            "withdraw",
            pgettext_lazy("verb", "Withdraw"),
            "withdraw_project",
            S.DRAFT,
            S.SUBMITTED,
            S.LIBRARY,
        ),
        _step("return", pgettext_lazy("verb", "Return"), "return_project", S.SUBMITTED, S.LIBRARY),
        _step(
            "admit",
            pgettext_lazy("verb", "Admit to the library"),
            "admit_project",
            S.SUBMITTED,
            other_hands_than=("created_by", "submitted_by"),
        ),
        _step("reject", pgettext_lazy("verb", "Reject"), "reject_project", S.SUBMITTED, S.LIBRARY),
        _step(
            "allot",
            pgettext_lazy("verb", "Allot funds"),
            "add_projectfunding",
            S.SUBMITTED,
            S.LIBRARY,
        ),
        _step(
            "approve",
            pgettext_lazy("verb", "Approve"),
            "approve_project",
            S.LIBRARY,
            other_hands_than=("created_by", "submitted_by", "reviewed_by"),
        ),
        _step(
            "advance", pgettext_lazy("verb", "Advance"), "advance_project", S.APPROVED, S.TENDERING
        ),
        _step("start", pgettext_lazy("verb", "Report the start"), "propose_step", S.READY),
        _step(
            "confirm_start",
            pgettext_lazy("verb", "Confirm the start"),
            "start_project",
            S.READY,
            other_hands_than=("proposed_by",),
            confirms=S.ACTIVE,
            on_site=True,
        ),
        _step(
            "report_progress",
            pgettext_lazy("verb", "Report progress"),
            "add_progressreport",
            S.ACTIVE,
            S.SUSPENDED,
        ),
        _step("suspend", pgettext_lazy("verb", "Suspend"), "suspend_project", S.ACTIVE),
        _step("resume", pgettext_lazy("verb", "Resume"), "suspend_project", S.SUSPENDED),
        _step(
            "pay",
            pgettext_lazy("verb", "Enter a payment"),
            "add_payment",
            S.READY,
            S.ACTIVE,
            S.SUSPENDED,
            S.COMPLETED,
            S.ACCEPTED,
            S.HANDED_OVER,
            S.CLOSED,
        ),
        _step(
            "request_change",
            pgettext_lazy("verb", "Apply for a change"),
            "add_changerequest",
            *APPROVED_AND_RUNNING,
            S.ACCEPTED,
            S.HANDED_OVER,
        ),
        _step("complete", pgettext_lazy("verb", "Report the completion"), "propose_step", S.ACTIVE),
        _step(
            "confirm_completion",
            pgettext_lazy("verb", "Confirm the completion"),
            "complete_project",
            S.ACTIVE,
            other_hands_than=("proposed_by",),
            confirms=S.COMPLETED,
            on_site=True,
        ),
        _step(
            "record_acceptance",
            pgettext_lazy("verb", "Record an acceptance"),
            "add_acceptance",
            S.COMPLETED,
        ),
        _step(
            "rework", pgettext_lazy("verb", "Send back to the works"), "rework_project", S.COMPLETED
        ),
        _step("accept", pgettext_lazy("verb", "Accept"), "accept_project", S.COMPLETED),
        _step(
            "hand_over", pgettext_lazy("verb", "Report the hand-over"), "propose_step", S.ACCEPTED
        ),
        _step(
            "confirm_handover",
            pgettext_lazy("verb", "Confirm the hand-over"),
            "accept_project",
            S.ACCEPTED,
            other_hands_than=("proposed_by",),
            confirms=S.HANDED_OVER,
        ),
        _step(
            "decline",
            pgettext_lazy("verb", "Decline the proposed step"),
            "decline_step",
            S.READY,
            S.ACTIVE,
            S.ACCEPTED,
            confirms=ANY_PROPOSAL,
        ),
        _step("close", pgettext_lazy("verb", "Close"), "close_project", S.ACCEPTED, S.HANDED_OVER),
        _step(
            "file_paper",
            pgettext_lazy("verb", "File a paper"),
            "add_paper",
            *EVERY_STAGE_BUT_THE_LAST,
        ),
        _step(
            "give_notice",
            pgettext_lazy("verb", "Enter a public notice"),
            "add_publicnotice",
            *EVERY_STAGE_BUT_THE_LAST,
        ),
    )
}
