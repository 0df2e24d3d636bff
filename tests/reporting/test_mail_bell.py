"""The bell: what a ring does, what it survives, and the command that rings without a broker."""

import io
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from celery import current_app
from django.core.management import call_command
from kombu.exceptions import OperationalError
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from reporting import tasks
from reporting.actions import bell, editions, mail
from reporting.models import Edition, OutgoingMail, Tick
from reporting.models.editions import EditionStatus
from reporting.models.mail import MailState
from tests.reporting.mail_rows import NOW, again, edition, notice, reader, report, subscribe
from tests.reporting.relay import ScriptedRelay

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[int, ...]]]:
    """Whom the tasks wake, in place of a broker."""
    seen: list[tuple[str, tuple[int, ...]]] = []
    for task in (tasks.build_edition, tasks.send_mail):

        def publish(args: tuple[int, ...], expires: int, name: str = task.name) -> None:
            assert expires < 60
            seen.append((name, args))

        monkeypatch.setattr(task, "apply_async", publish)
    return seen


@pytest.fixture
def morning() -> Iterator[None]:
    """It is the morning of the tenth, when the report of October is due."""
    with time_machine.travel(NOW, tick=False):
        yield


def ring(capture: DjangoCaptureOnCommitCallbacks) -> None:
    with capture(execute=True):
        tasks.tick()


def test_a_ring_notes_itself_and_frees_what_the_dead_held() -> None:
    row = notice(reader())
    mail.claim(NOW)
    moment = NOW + mail.LEASE
    assert bell.ring(moment) == bell.Due([], mail=False)
    assert Tick.objects.get().rang_at == moment
    assert again(row).state == MailState.QUEUED
    later = moment + timedelta(minutes=1)
    assert bell.ring(later) == bell.Due([], mail=True)
    assert Tick.objects.get().rang_at == later


@pytest.mark.usefixtures("morning")
def test_a_ring_wakes_builders_and_a_sender(
    woken: list[tuple[str, tuple[int, ...]]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    subscribe(reader(), starts_on=NOW.date().replace(month=10, day=1))
    notice(reader())
    ring(django_capture_on_commit_callbacks)
    made = Edition.objects.get()
    assert woken == [
        ("reporting.tasks.build_edition", (made.pk,)),
        ("reporting.tasks.send_mail", ()),
    ]


@pytest.mark.usefixtures("morning")
def test_a_quiet_ring_wakes_nobody(
    woken: list[tuple[str, tuple[int, ...]]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    ring(django_capture_on_commit_callbacks)
    assert woken == []


@pytest.mark.usefixtures("morning")
@pytest.mark.parametrize("fault", [OperationalError("demo"), ConnectionError("demo")])
def test_a_ring_without_a_broker_does_its_own_part(
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    caplog: pytest.LogCaptureFixture,
    fault: Exception,
) -> None:
    def away(**_options: object) -> None:
        raise fault

    monkeypatch.setattr(tasks.send_mail, "apply_async", away)
    notice(reader())
    ring(django_capture_on_commit_callbacks)
    assert Tick.objects.get().rang_at == NOW
    assert "the broker is away" in caplog.text


def test_a_broker_that_does_not_answer_is_only_noted(caplog: pytest.LogCaptureFixture) -> None:
    with current_app.connection_for_write("redis://127.0.0.1:1/0") as nobody:
        sending = partial(current_app.send_task, tasks.send_mail.name, connection=nobody)
        tasks._publish(sending, ())
    assert "the broker is away" in caplog.text


@pytest.mark.usefixtures("morning")
def test_a_built_edition_wakes_a_sender(
    woken: list[tuple[str, tuple[int, ...]]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    subscribe(reader(), formats=[], starts_on=NOW.date().replace(month=10, day=1))
    (due,) = bell.ring(NOW).editions
    with django_capture_on_commit_callbacks(execute=True):
        tasks.build_edition(due)
    assert Edition.objects.get().status == EditionStatus.RELEASED
    assert woken == [("reporting.tasks.send_mail", ())]


@pytest.mark.usefixtures("morning")
def test_the_sender_s_task_sends_what_is_due(relay: ScriptedRelay) -> None:
    row = notice(reader())
    tasks.send_mail()
    assert again(row).state == MailState.SENT
    assert len(relay.taken) == 1


def test_a_sender_begins_no_mail_when_its_time_is_up(relay: ScriptedRelay) -> None:
    rows = [notice(reader()) for _ in range(3)]
    moments = iter([NOW, NOW, NOW, NOW + timedelta(minutes=5)])
    last = NOW + timedelta(minutes=5)
    mail.send_due(lambda: next(moments, last), until=NOW + timedelta(minutes=1))
    assert [again(row).state for row in rows] == [MailState.SENT, *[MailState.QUEUED] * 2]


def test_every_task_gives_up_after_three_lost_workers() -> None:
    ours = [task for name, task in current_app.tasks.items() if name.startswith("reporting.")]
    assert {task.name for task in ours} == {
        *("reporting.tasks.tick", "reporting.tasks.build_edition", "reporting.tasks.send_mail")
    }
    assert {task.max_retries for task in ours} == {3}


def test_the_lease_is_longer_than_a_task_can_last(settings: Settings) -> None:
    assert mail.LEASE.total_seconds() > settings.CELERY_TASK_TIME_LIMIT
    assert editions.CLAIM.total_seconds() > settings.CELERY_TASK_TIME_LIMIT


@pytest.mark.usefixtures("morning")
def test_the_command_builds_and_sends_without_a_broker(relay: ScriptedRelay) -> None:
    subscribe(reader(), starts_on=NOW.date().replace(month=10, day=1))
    said = io.StringIO()
    call_command("tick", "--work", stdout=said)
    assert said.getvalue().splitlines() == [
        "1 editions wait to be built or sent",
        "editions RELEASED: 1",
        "mails sent: 1",
    ]
    (taken,) = relay.taken
    assert len(list(taken.message.iter_attachments())) == 2
    call_command("tick", "--work", stdout=said)
    assert OutgoingMail.objects.count() == len(relay.taken) == 1


@pytest.mark.usefixtures("morning")
def test_the_command_alone_only_rings(relay: ScriptedRelay) -> None:
    notice(reader())
    said = io.StringIO()
    call_command("tick", stdout=said)
    assert said.getvalue() == "0 editions wait to be built or sent\n"
    assert Tick.objects.exists()
    assert relay.taken == []


@pytest.mark.usefixtures("morning")
def test_a_reader_who_subscribes_later_gets_the_released_edition(relay: ScriptedRelay) -> None:
    about, first, second = edition(), reader(), reader()
    subscribe(first)
    report(about, first)
    assert about.pk not in bell.ring(NOW).editions
    subscribe(second)
    assert about.pk in bell.ring(NOW).editions
    Edition.objects.filter(pk=about.pk).update(status=EditionStatus.SUPERSEDED)
    assert about.pk not in bell.ring(NOW).editions
