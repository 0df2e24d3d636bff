"""Queueing is done once, a mail is claimed by one sender, and a person decides what no log can."""

import threading
from datetime import timedelta

import psycopg2
import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.utils import translation
from pytest_django import Settings

from assistance.errors import Refused
from assistance.roles import Role
from assistance.scope import Scope
from reporting.actions import mail
from reporting.actions.mail import BACK_OFF, LEASE, PATIENCE
from reporting.letter import compose
from reporting.models import OutgoingMail
from reporting.models.editions import EditionStatus
from reporting.models.mail import MailState
from reporting.relay_log import Found
from reporting.smtp import Relay
from tests.factories import COUNTY, region
from tests.raw_rows import triggers_asleep
from tests.reporting.mail_rows import NOW, again, edition, notice, reader, report, subscribe
from tests.reporting.relay import ScriptedRelay, Talk, refuses, resets, says

pytestmark = pytest.mark.django_db


def test_queueing_twice_adds_nothing() -> None:
    about, person = edition(), reader()
    first, second = report(about, person), report(about, person, subject="another")
    assert first == second
    assert second.subject == first.subject
    assert notice(person, event="once") == notice(person, event="once")
    assert OutgoingMail.objects.count() == 2


def test_a_subject_becomes_one_line_that_fits() -> None:
    row = notice(reader(), subject="演示\r\nBcc: all@example.org\0" + "长" * 300)
    assert "\n" not in row.subject
    assert "\r" not in row.subject
    assert len(row.subject) == 200


def test_the_longest_waiting_mail_is_claimed_first_and_only_once() -> None:
    person = reader()
    late, early = notice(person, now=NOW), notice(person, now=NOW - timedelta(hours=1))
    notice(person, now=NOW + timedelta(hours=1))
    claimed = [mail.claim(NOW), mail.claim(NOW), mail.claim(NOW)]
    assert claimed == [early, late, None]
    assert again(early).leased_until == NOW + LEASE
    assert again(early).attempts == 1


def test_a_mail_goes_to_the_address_of_the_day(relay: ScriptedRelay) -> None:
    person = reader()
    row = notice(person)
    person.email = "moved@example.org"
    person.save()
    mail.send_due(lambda: NOW)
    assert [taken.recipient for taken in relay.taken] == ["moved@example.org"]
    assert again(row).address == "moved@example.org"


@pytest.mark.parametrize(
    "change",
    ["left", "no address", "moved away", "paused", "unsubscribed", "replaced"],
)
def test_what_may_not_be_sent_any_more_is_cancelled(relay: ScriptedRelay, change: str) -> None:
    person = reader(Role.CLERK)
    about, order = edition(), subscribe(person)
    row = report(about, person)
    match change:
        case "left":
            person.is_active = False
        case "no address":
            person.email = ""
        case "moved away":
            person.organisation = reader(Role.P_EDIT).organisation
        case "paused":
            order.paused_at = NOW
            order.save()
        case "unsubscribed":
            order.delete()
        case "replaced":
            about.status = EditionStatus.SUPERSEDED
            about.save()
    person.save()
    mail.send_due(lambda: NOW)
    row = again(row)
    assert row.state == MailState.CANCELLED
    assert row.finished_at == NOW
    assert row.reply.endswith(".")
    assert relay.taken == []


def test_an_order_for_another_scope_does_not_count(relay: ScriptedRelay) -> None:
    region(COUNTY)
    person = reader()
    subscribe(person, scope=Scope("recipient", COUNTY))
    everything = report(edition(), person)
    county = report(edition(scope=Scope("recipient", COUNTY)), person)
    mail.send_due(lambda: NOW)
    assert again(everything).state == MailState.CANCELLED
    assert again(county).state == MailState.SENT


def test_our_own_words_are_shown_in_the_reader_s_language() -> None:
    row = OutgoingMail(reply=mail.NO_ADDRESS)
    with translation.override("en"):
        assert row.told == "The reader has no mail address."
    assert OutgoingMail(reply="550 5.1.1 nobody").told == "550 5.1.1 nobody"
    assert OutgoingMail(reply="").told == ""


@pytest.mark.parametrize("harm", ["gone", "changed", "no row"])
def test_a_report_with_a_broken_file_is_never_half_sent(
    relay: ScriptedRelay, settings: Settings, harm: str
) -> None:
    person = reader()
    about = edition()
    subscribe(person)
    row = report(about, person)
    file = about.files.get(format="pdf")
    match harm:
        case "gone":
            (settings.FILES_DIR / file.path).unlink()
        case "changed":
            (settings.FILES_DIR / file.path).write_bytes(b"%PDF-1.7 another")
        case "no row":
            with triggers_asleep("reporting_editionfile"):
                file.delete()
    mail.send_due(lambda: NOW)
    assert again(row).state == MailState.FAILED
    assert again(row).reply == mail.FILE_IS_GONE
    assert relay.connections == 0


def test_one_mail_that_cannot_be_put_together_does_not_stop_the_others(
    relay: ScriptedRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = reader()
    poison, other = notice(person), notice(person)

    def explode(row: OutgoingMail) -> bytes:
        if row.pk == poison.pk:
            raise MemoryError("demo")
        return compose(row)

    monkeypatch.setattr(mail, "compose", explode)
    mail.send_due(lambda: NOW)
    assert again(poison).state == MailState.FAILED
    assert again(poison).reply == mail.NOT_COMPOSED
    assert again(other).state == MailState.SENT


def test_temporary_refusals_back_off_and_end_after_a_day(relay: ScriptedRelay) -> None:
    relay.script["RCPT"] = says("451 4.3.0 later")
    row = notice(reader())
    tries, moment = [], NOW
    while again(row).state == MailState.QUEUED:
        moment = again(row).run_after
        tries.append(moment - NOW)
        mail.send_due(lambda moment=moment: moment)  # type: ignore[misc]  # this round's moment
    minutes = [1, 6, 21, 81, 321, 561, 801, 1041, 1281, 1440]
    assert tries == [timedelta(0), *(timedelta(minutes=number) for number in minutes)]
    assert again(row).state == MailState.FAILED
    assert again(row).reply == "451 4.3.0 later"


def test_patience_begins_with_the_first_attempt(relay: ScriptedRelay) -> None:
    relay.script["RCPT"] = says("451 4.3.0 later")
    row = notice(reader())
    monday = NOW + timedelta(days=3)
    mail.send_due(lambda: monday)
    assert again(row).state == MailState.QUEUED
    assert again(row).give_up_at == monday + PATIENCE


def test_an_outage_of_the_relay_costs_each_mail_at_most_one_attempt(
    relay: ScriptedRelay,
) -> None:
    relay.script["banner"] = says("421 4.3.2 closed")
    rows = [notice(reader()) for _ in range(5)]
    mail.send_due(lambda: NOW)
    assert relay.connections == 1
    assert [again(row).attempts for row in rows] == [1, 0, 0, 0, 0]


def test_a_lapsed_claim_is_tried_again() -> None:
    row = notice(reader())
    mail.claim(NOW)
    assert mail.release_lapsed(NOW + LEASE - timedelta(seconds=1)) == 0
    assert mail.release_lapsed(NOW + LEASE) == 1
    row = again(row)
    assert (row.state, row.run_after) == (MailState.QUEUED, NOW + LEASE + BACK_OFF[0])


def cut_short() -> OutgoingMail:
    """A mail whose sender died after the relay was ready for it."""
    row = notice(reader())
    claimed = mail.claim(NOW)
    assert claimed == row
    OutgoingMail.objects.update(state=MailState.COMMITTING)
    return row


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (Found.TAKEN, MailState.SENT),
        (Found.ABSENT, MailState.QUEUED),
        (Found.UNKNOWN, MailState.UNCERTAIN),
    ],
)
def test_the_relay_s_log_decides_a_lapsed_hand_over(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, found: Found, state: MailState
) -> None:
    settings.RELAY_LOG = "/var/log/mail.log"
    monkeypatch.setattr(mail, "look_up", lambda _log, asked: dict.fromkeys(asked, found))
    row = cut_short()
    mail.release_lapsed(NOW + LEASE)
    assert again(row).state == state


def test_without_a_log_a_lapsed_hand_over_is_uncertain(settings: Settings) -> None:
    settings.RELAY_LOG = ""
    row = cut_short()
    mail.release_lapsed(NOW + LEASE)
    assert again(row).state == MailState.UNCERTAIN
    assert again(row).reply == mail.CUT_SHORT
    assert mail.claim(NOW + timedelta(days=1)) is None


def test_with_a_log_a_missing_reply_waits_for_the_look_up(
    relay: ScriptedRelay, settings: Settings
) -> None:
    settings.RELAY_LOG = str(relay.log)
    relay.script["dot"] = resets
    row = notice(reader())
    mail.send_due(lambda: NOW)
    assert again(row).state == MailState.COMMITTING


def test_a_sender_that_outlived_its_lease_hands_nothing_over(relay: ScriptedRelay) -> None:
    row = notice(reader())
    claimed = mail.claim(NOW)
    assert claimed is not None
    mail.release_lapsed(NOW + LEASE)
    with Relay(relay.settings) as opened:
        assert mail.deliver(claimed, relay=opened, clock=lambda: NOW) is None
    assert relay.taken == []
    assert again(row).state == MailState.QUEUED


@pytest.mark.parametrize(("arrived", "state"), [(True, MailState.SENT), (False, MailState.QUEUED)])
def test_a_person_decides_an_uncertain_mail(
    settings: Settings, arrived: bool, state: MailState
) -> None:
    settings.RELAY_LOG = ""
    row, decider = cut_short(), reader(Role.REVIEWER)
    mail.release_lapsed(NOW + LEASE)
    later = NOW + timedelta(days=2)
    decided = mail.resolve(row, arrived=arrived, by=decider, now=later)
    assert decided.state == state
    assert (decided.resolved_by, decided.resolved_at) == (decider, later)
    assert (mail.claim(later) == row) == (not arrived)
    with pytest.raises(Refused, match="not uncertain"), translation.override("en"):
        mail.resolve(row, arrived=arrived, by=decider, now=later)


def test_a_failed_mail_is_sent_again_on_demand(relay: ScriptedRelay) -> None:
    relay.script["RCPT"] = says("550 5.1.1 nobody")
    row, decider = notice(reader()), reader(Role.SYSADMIN)
    mail.send_due(lambda: NOW)
    assert again(row).finished_at == NOW
    relay.script.clear()
    later = NOW + timedelta(days=9)
    mail.resend_failed(row, by=decider, now=later)
    mail.send_due(lambda: later)
    assert again(row).state == MailState.SENT
    assert relay.times_taken() == {row.message_id: 1}
    with pytest.raises(Refused) as refused:
        mail.resend_failed(row, by=decider, now=later)
    assert refused.value.code == "mail_did_not_fail"


def test_only_those_with_the_permission_decide() -> None:
    row = notice(reader())
    with pytest.raises(PermissionDenied):
        mail.resolve(row, arrived=True, by=reader(Role.CLERK), now=NOW)
    with pytest.raises(PermissionDenied):
        mail.resend_failed(row, by=reader(Role.CLERK), now=NOW)


def test_a_refusal_after_the_dot_is_certain(relay: ScriptedRelay) -> None:
    relay.script["dot"] = refuses("554 5.7.1 virus")
    row = notice(reader())
    mail.send_due(lambda: NOW)
    assert (again(row).state, again(row).reply) == (MailState.FAILED, "554 5.7.1 virus")


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "lost"},
        {"state": MailState.CLAIMED},
        {"leased_until": NOW},
        {"state": MailState.SENT},
        {"finished_at": NOW},
        {"resolved_at": NOW},
        {"kind": "edition"},
        {"body": ""},
    ],
)
def test_the_database_refuses_rows_that_make_no_sense(wrong: dict[str, object]) -> None:
    row = notice(reader())
    with pytest.raises(IntegrityError), transaction.atomic():
        OutgoingMail.objects.filter(pk=row.pk).update(**wrong)


@pytest.mark.django_db(transaction=True)
def test_two_senders_at_once_send_each_mail_once(relay: ScriptedRelay) -> None:
    person = reader()
    rows = [notice(person) for _ in range(40)]
    start = threading.Barrier(3)

    def send() -> None:
        try:
            start.wait(10)
            mail.send_due(lambda: NOW)
        finally:
            connection.close()

    senders = [threading.Thread(target=send) for _ in range(3)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(60)
    assert relay.times_taken() == {row.message_id: 1 for row in rows}
    assert {row.state for row in map(again, rows)} == {MailState.SENT}


@pytest.mark.django_db(transaction=True)
def test_a_database_that_restarts_after_the_dot_makes_no_mail_uncertain(
    relay: ScriptedRelay,
) -> None:
    def restart_and_take(_talk: Talk) -> bytes:
        with psycopg2.connect(**connection.get_connection_params()) as other:
            other.cursor().execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        other.close()
        return b"250 2.0.0 taken\r\n"

    relay.script["dot"] = restart_and_take
    row = notice(reader())
    mail.send_due(lambda: NOW)
    assert (again(row).state, again(row).reply) == (MailState.SENT, "250 2.0.0 taken")
