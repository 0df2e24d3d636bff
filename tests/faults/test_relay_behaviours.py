"""R6: whatever a relay does, each mail is in the right state afterwards."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from pytest_django import Settings

from reporting.actions import mail
from reporting.actions.mail import BACK_OFF
from reporting.models.mail import MailState
from tests.reporting.mail_rows import NOW, again, notice, reader
from tests.reporting.relay import (
    Answer,
    ScriptedRelay,
    by_recipient,
    drips,
    hangs,
    in_turn,
    refuses,
    resets,
    says,
    stops_reading,
)

pytestmark = [pytest.mark.django_db, pytest.mark.goal("R6"), pytest.mark.usefixtures("hurried")]

QUEUED, SENT, FAILED, UNCERTAIN = (
    MailState.QUEUED,
    MailState.SENT,
    MailState.FAILED,
    MailState.UNCERTAIN,
)
MUCH = "演示 " * 800_000  # more than the buffers between two sockets hold

BEHAVIOURS: Mapping[str, tuple[Mapping[str, Answer], MailState, str]] = {
    "banner 421": ({"banner": says("421 4.3.2 later")}, QUEUED, "421 4.3.2 later"),
    "banner hangs": ({"banner": hangs}, QUEUED, "timed out"),
    "banner resets": ({"banner": resets}, QUEUED, "Connection"),
    "banner never ends": ({"banner": drips("220 " + "x" * 999, every=0.05)}, QUEUED, "timed out"),
    "sign-in refused": ({"AUTH": says("535 5.7.8 wrong")}, QUEUED, "535 5.7.8 wrong"),
    "45x at RCPT": ({"RCPT": says("452 4.2.2 full")}, QUEUED, "452 4.2.2 full"),
    "55x at RCPT": ({"RCPT": says("550 5.1.1 nobody")}, FAILED, "550 5.1.1 nobody"),
    "RCPT hangs": ({"RCPT": hangs}, QUEUED, "timed out"),
    "RCPT resets": ({"RCPT": resets}, QUEUED, "Connection"),
    "55x at DATA": ({"DATA": says("554 5.7.1 no")}, FAILED, "554 5.7.1 no"),
    "body is not read": ({"body": stops_reading}, QUEUED, "timed out"),
    "body resets": ({"body": resets}, QUEUED, "Connection"),
    "451 after the dot": ({"dot": refuses("451 4.3.0 disk")}, QUEUED, "451 4.3.0 disk"),
    "no 250": ({"dot": hangs}, UNCERTAIN, "timed out"),
    "reset after the dot": ({"dot": resets}, UNCERTAIN, "Connection"),
    "slow": ({p: drips("250 ok", every=0.02) for p in ("MAIL", "RCPT", "dot")}, SENT, "250 ok"),
}


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_a_mail_ends_in_the_right_state(
    relay: ScriptedRelay, settings: Settings, behaviour: str
) -> None:
    script, state, told = BEHAVIOURS[behaviour]
    relay.script |= script
    settings.SMTP = {**relay.settings, "user": "desk", "password": "demo"}
    row = notice(reader(), body=MUCH if "body" in script else "演示\n")
    mail.send_due(lambda: NOW)
    row = again(row)
    assert row.state == state, row.reply
    assert told in row.reply
    assert row.attempts == 1
    assert row.run_after == (NOW + BACK_OFF[0] if state == QUEUED else NOW)
    assert len(relay.taken) == (state in {SENT, UNCERTAIN})


def test_greylisting_delays_a_mail_and_no_more(relay: ScriptedRelay) -> None:
    relay.script["RCPT"] = in_turn(says("450 4.7.1 greylisted"), says("250 ok"))
    row = notice(reader())
    mail.send_due(lambda: NOW)
    assert again(row).state == QUEUED
    mail.send_due(lambda: NOW + BACK_OFF[0] - timedelta(seconds=1))
    assert again(row).attempts == 1
    mail.send_due(lambda: NOW + BACK_OFF[0])
    assert again(row).state == SENT
    assert relay.times_taken() == {row.message_id: 1}


def test_half_of_ten_recipients_are_refused(relay: ScriptedRelay) -> None:
    readers = [reader() for _ in range(10)]
    relay.script["RCPT"] = by_recipient({person.email for person in readers[::2]})
    rows = [notice(person) for person in readers]
    mail.send_due(lambda: NOW)
    assert [again(row).state for row in rows] == [FAILED, SENT] * 5
    assert relay.times_taken() == {row.message_id: 1 for row in rows[1::2]}
    assert relay.connections == 1
