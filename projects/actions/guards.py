"""What stands in the way of a step beyond stage, permission and other hands: papers, notices,
money, open changes. Verbs ask under the project's lock, detail pages to tell the reader why.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.core.exceptions import PermissionDenied

from assistance.errors import Refused
from assistance.models import User
from projects.actions.hindrances import application, endings, works
from projects.models import STEPS, Project

Guard = Callable[[Project, datetime], Refused | None]

# By verb, in the order in which they are told.
GUARDS: dict[str, tuple[Guard, ...]] = {
    "submit": (application.incomplete, application.on_negative_list),
    "take_back": (application.acted_on,),
    "admit": (application.opinion_missing, application.notice_missing),
    "approve": (
        application.consent_missing,
        application.decision_missing,
        application.shares_differ_from_request,
    ),
    "advance": (works.not_prepared,),
    "start": (works.contract_missing,),
    "confirm_start": (works.contract_missing,),
    "request_change": (works.change_open,),
    "suspend": (works.step_waits,),
    "complete": (works.works_not_done, works.change_open),
    "confirm_completion": (works.works_not_done, works.change_open),
    "rework": (works.nothing_to_rework,),
    "accept": (endings.acceptance_missing, endings.done_notice_missing, works.change_open),
    "hand_over": (endings.forms_no_asset, endings.assets_not_in_order, works.change_open),
    "confirm_handover": (endings.forms_no_asset, endings.assets_not_in_order, works.change_open),
    "close": (
        works.change_open,
        endings.not_handed_over,
        endings.not_settled,
        endings.not_paid,
        endings.evaluation_missing,
        endings.findings_open,
        works.step_waits,
    ),
}


def why_not_now(
    project: Project, verb: str, user: User, now: datetime
) -> Refused | PermissionDenied | None:
    """What stands between ``user`` and a step now, guards included; None when nothing.

    Asks the database; lists ask ``project.why_not`` alone.
    """
    refusal = project.why_not(verb, user)
    if refusal is not None:
        return refusal
    return next(filter(None, (guard(project, now) for guard in GUARDS.get(verb, ()))), None)


def require(project: Project, verb: str, *, by: User, now: datetime) -> None:
    """Raise what ``why_not_now`` finds."""
    refusal = why_not_now(project, verb, by, now)
    if refusal is not None:
        raise refusal


def verbs_and_refusals(
    project: Project, user: User, now: datetime
) -> tuple[list[str], dict[str, Refused]]:
    """The steps that ``user`` may take now, and for the others of their role why not."""
    open_ones, shut = [], {}
    for verb in STEPS:
        refusal = why_not_now(project, verb, user, now)
        if refusal is None:
            open_ones.append(verb)
        elif isinstance(refusal, Refused):
            shut[verb] = refusal
    return open_ones, shut
