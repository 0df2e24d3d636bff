"""The road's table as verbs of the project's page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from assistance.admin.verbs import Refusal, Verb
from assistance.models import User
from projects.actions.guards import why_not_now
from projects.models import STEPS, Project


def step(verb: str, run: Callable[..., Any], **options: Any) -> Verb:
    """A step of the road as a verb of the project's page: ``run`` is the action, or what prepares
    the answers of its form for it. Lists ask the table alone, the page of a project the guards too.
    """
    of_the_table = STEPS[verb]

    def why_not(project: Project, user: User) -> Refusal | None:
        return project.why_not(verb, user)

    def now_too(project: Project, user: User, now: datetime) -> Refusal | None:
        return why_not_now(project, verb, user, now)

    options.setdefault("why_not_now", now_too)
    return Verb(
        verb.replace("_", "-"), of_the_table.label, of_the_table.permission, run, why_not, **options
    )
