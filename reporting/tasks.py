"""What Celery runs. Each task asks the database what there is to do, so none is missed when its
message gets lost, and none does anything twice when its message comes twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from celery import Task, shared_task
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from reporting.actions import bell, editions, mail
from reporting.models import OutgoingMail

log = logging.getLogger(__name__)

# A mail that is begun at the last second still ends before the soft time limit of a task.
SENDING = timedelta(seconds=120)
UNTIL_THE_NEXT_RING = 55  # seconds; what is still waiting then is rung for anew


@shared_task(name="reporting.tasks.tick", max_retries=3)
def tick() -> None:
    """Ring: wake a builder for each edition that is due, and a sender if mail is."""
    due = bell.ring(timezone.now())
    for pk in due.editions:
        wake(build_edition, pk)
    if due.mail:
        wake(send_mail)


@shared_task(name="reporting.tasks.build_edition", max_retries=3)
def build_edition(pk: int) -> None:
    """Bring an edition as far as it goes, and wake a sender for its mails."""
    editions.build(pk, now=timezone.now())
    if OutgoingMail.objects.due(timezone.now()).exists():
        wake(send_mail)


@shared_task(name="reporting.tasks.send_mail", max_retries=3)
def send_mail() -> None:
    """Send what is due until nothing is or the time is up; the next ring finds the rest."""
    mail.send_due(timezone.now, until=timezone.now() + SENDING)


def wake(task: Task[..., None], *arguments: int) -> None:
    """Publish a task once the transaction is committed; a broker that is away costs a minute."""
    transaction.on_commit(partial(_publish, task.apply_async, arguments))


def _publish(publish: Callable[..., object], arguments: tuple[int, ...]) -> None:
    try:
        publish(args=arguments, expires=UNTIL_THE_NEXT_RING)
    except (OperationalError, OSError) as error:  # OSError: of the broker made of files
        log.warning("the broker is away, the next ring will wake: %s", error)
