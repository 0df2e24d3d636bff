"""What happens when the bell rings: seal the change log, note the ring, and see what is due."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from assistance.actions import log
from reporting.actions.editions import schedule_due
from reporting.actions.mail import release_lapsed
from reporting.models import OutgoingMail, Tick


class Due(NamedTuple):
    """What somebody should be woken for."""

    editions: list[int]  # primary keys, oldest period first
    mail: bool


def ring(now: datetime) -> Due:
    """Seal the change log, schedule due editions, free what the dead left, say what waits.

    It may be called any number of times and by several bells at once.
    """
    editions = schedule_due(now)
    release_lapsed(now)
    log.seal(now)
    # noted last: a bell that rings in vain is not a bell that works
    Tick.objects.update_or_create(name="bell", defaults={"rang_at": now})
    return Due(editions, OutgoingMail.objects.due(now).exists())
