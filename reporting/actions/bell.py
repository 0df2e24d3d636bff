"""What happens when the bell rings: note it, and see what is due."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from reporting.actions.editions import schedule_due
from reporting.actions.mail import release_lapsed
from reporting.models import OutgoingMail, Tick


class Due(NamedTuple):
    """What somebody should be woken for."""

    editions: list[int]  # primary keys, oldest period first
    mail: bool


def ring(now: datetime) -> Due:
    """Schedule due editions, free what the dead left, and say what waits to be done.

    It may be called any number of times and by several bells at once.
    """
    editions = schedule_due(now)
    release_lapsed(now)
    # noted last: a bell that rings in vain is not a bell that works
    Tick.objects.update_or_create(name="bell", defaults={"rang_at": now})
    return Due(editions, OutgoingMail.objects.due(now).exists())
