"""R1: a process that is killed anywhere on the road from a due period to a delivered mail loses
nothing and doubles nothing.
"""

import hashlib
import os
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from assistance.periods import Month, local_day
from reporting import faults
from reporting.actions import bell, editions, mail
from reporting.models import Edition, Format, OutgoingMail
from reporting.models.editions import EditionStatus
from reporting.models.mail import MailState
from tests.reporting.mail_rows import reader, subscribe
from tests.reporting.relay import ScriptedRelay

ROOT = Path(__file__).resolve().parents[2]
ROUND = timedelta(minutes=16)  # longer than any lease
WAS: dict[str, tuple[str, str]] = {  # what the database says of edition and mail right after
    "edition-claimed": (EditionStatus.SCHEDULED, ""),
    "figures-frozen": (EditionStatus.BUILT, ""),
    "file-rendered": (EditionStatus.BUILT, ""),
    "file-written": (EditionStatus.BUILT, ""),
    "edition-released": (EditionStatus.RELEASED, MailState.QUEUED),
    "mail-claimed": (EditionStatus.RELEASED, MailState.CLAIMED),
    "letter-composed": (EditionStatus.RELEASED, MailState.CLAIMED),
    "relay-ready": (EditionStatus.RELEASED, MailState.CLAIMED),
    "hand-over-committed": (EditionStatus.RELEASED, MailState.COMMITTING),
    "half-sent": (EditionStatus.RELEASED, MailState.COMMITTING),
    "dot-sent": (EditionStatus.RELEASED, MailState.COMMITTING),
    "reply-read": (EditionStatus.RELEASED, MailState.COMMITTING),
}


def work_until_killed(point: str, relay: ScriptedRelay, settings: Settings) -> None:
    """A process of its own does what is due and is killed at the point."""
    database = urlsplit(os.environ["DATABASE_URL"])._replace(
        path=f"/{connection.settings_dict['NAME']}"
    )
    told = {
        "DATABASE_URL": urlunsplit(database),
        "EMAIL_URL": f"smtp://127.0.0.1:{relay.port}",
        "RELAY_LOG": str(relay.log),
        "FILES_DIR": str(settings.FILES_DIR),
    }
    died = subprocess.run(
        [sys.executable, "-m", "tests.faults.walk", point],
        cwd=ROOT,
        env=os.environ | told,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL, died.stdout + died.stderr
    relay.settled()


def ring_and_work(moment: datetime) -> None:
    """What bell and workers do at a moment."""
    due = bell.ring(moment)
    for pk in due.editions:
        editions.build(pk, now=moment)
    mail.send_due(lambda: moment)


@pytest.mark.django_db(transaction=True)
@pytest.mark.goal("R1")
@pytest.mark.parametrize("point", faults.POINTS)
@pytest.mark.repeated(20)
def test_a_kill_neither_loses_nor_doubles(
    point: str, repetition: int, relay: ScriptedRelay, settings: Settings
) -> None:
    settings.RELAY_LOG = str(relay.log)
    began = timezone.now()
    month = Month.of(local_day(began)).previous
    subscribe(reader(), starts_on=month.starts_on)
    editions.close_month(began)

    work_until_killed(point, relay, settings)

    edition = Edition.objects.get()
    row = OutgoingMail.objects.first()
    assert (edition.status, row.state if row else "") == WAS[point]

    for round_ in range(1, 5):
        ring_and_work(began + round_ * ROUND)

    edition, row = Edition.objects.get(), OutgoingMail.objects.get()
    assert (edition.status, row.state) == (EditionStatus.RELEASED, MailState.SENT)
    assert relay.times_taken() == {row.message_id: 1}
    letter = relay.taken[0].message
    kept = {file.format: file.sha256 for file in edition.files.all()}
    for part in letter.iter_attachments():
        ending = (part.get_filename() or "").rpartition(".")[2]
        assert hashlib.sha256(part.get_content()).hexdigest() == kept.pop(ending)
    assert set(kept) == {Format.HTML, Format.TEXT}


def test_every_point_of_the_road_has_its_expectation() -> None:
    assert tuple(WAS) == faults.POINTS
