"""Payment policies of counties."""

from __future__ import annotations

from datetime import date
from typing import Any

from assistance.models import Region
from assistance.roles import Role
from projects.actions import confirm_policy, propose_policy
from projects.models import PaymentPolicy
from tests import factories as make

STEPS = ({"pct": "70", "when": "STARTED"}, {"pct": "100", "when": "ACCEPTED"})


def payment_policy(
    county: Region | None = None, *, confirmed: bool = True, **overrides: Any
) -> PaymentPolicy:
    """A policy of a county from 2026 on: 70 % on the start, all on the acceptance."""
    reviewer = make.hand(Role.REVIEWER)
    fields: dict[str, Any] = {"name": "演示办法", "steps": STEPS, "starts_on": date(2026, 1, 1)}
    made = propose_policy(
        county=county or make.region(),
        by=reviewer,
        now=make.NOW,
        **fields | overrides,
    )
    return confirm_policy(made, by=make.hand(Role.APPROVER), now=make.NOW) if confirmed else made
