"""What may be paid while a change of the project is open."""

from __future__ import annotations

from datetime import datetime

from projects.actions.hindrances.works import change_open
from projects.models import Project
from projects.models.payments import PaymentBasis


def require_no_open_change(project: Project, basis: str, *, now: datetime) -> None:
    """Refuse a payment while a change is open; retention alone is owed whatever becomes of it."""
    refusal = None if basis == PaymentBasis.RETENTION else change_open(project, now)
    if refusal is not None:
        raise refusal
