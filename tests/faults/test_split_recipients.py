"""R7: whichever of ten recipients a relay refuses, the refused ones are on record and the accepted
ones are never written to again.
"""

import random
from datetime import timedelta

import pytest

from reporting.actions import mail
from reporting.models.mail import MailState
from tests.reporting.mail_rows import NOW, again, edition, reader, report, subscribe
from tests.reporting.relay import ScriptedRelay, by_recipient

READERS = 10
SPLITS = 2**READERS

pytestmark = [pytest.mark.django_db, pytest.mark.goal("R7")]


@pytest.mark.repeated(SPLITS, short=6)
def test_refused_recipients_are_on_record_and_the_others_get_one_mail(
    relay: ScriptedRelay, repetition: int
) -> None:
    split = random.Random(7).sample(range(SPLITS), SPLITS)[repetition]
    readers = [reader() for _ in range(READERS)]
    refused = {person.email for place, person in enumerate(readers) if split >> place & 1}
    relay.script["RCPT"] = by_recipient(refused)
    about = edition()
    for person in readers:
        subscribe(person)
    rows = [report(about, person) for person in readers]
    for hours in range(0, 48, 6):
        moment = NOW + timedelta(hours=hours)
        mail.send_due(lambda moment=moment: moment)  # type: ignore[misc]  # binds this round's moment
        mail.release_lapsed(moment)
    for row in map(again, rows):
        if row.address in refused:
            assert (row.state, row.reply) == (MailState.FAILED, "550 5.1.1 no such mailbox")
        else:
            assert row.state == MailState.SENT
    assert relay.times_taken() == {row.message_id: 1 for row in rows if row.address not in refused}
