"""What an open change forbids: what was approved is being decided anew, so nothing builds on it."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from assistance.errors import Refused
from projects.models import ChangeRequest, Project
from projects.models.payments import PaymentBasis


def open_change_stands(project: Project, now: datetime) -> Refused | None:
    """The refusal of a step while a change of the project waits for a decision."""
    waiting = ChangeRequest.objects.open().filter(project=project).first()
    if waiting is None:
        return None
    return Refused(
        "change_is_open",
        _(
            "A change of this project (%(kind)s) waits for a decision; have it decided or"
            " withdrawn first."
        )
        % {"kind": waiting.get_kind_display()},
    )


def require_no_open_change(project: Project, basis: str, *, now: datetime) -> None:
    """Refuse a payment while a change is open; retention alone is owed whatever becomes of it."""
    refusal = None if basis == PaymentBasis.RETENTION else open_change_stands(project, now)
    if refusal is not None:
        raise refusal
