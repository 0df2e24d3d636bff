"""Editions, their files, mail and subscriptions at the desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse

from assistance.files import write_file
from assistance.roles import Role
from assistance.scope import EVERYTHING, Scope
from reporting.models import Edition, EditionFile, OutgoingMail, ReportDefinition, Subscription
from reporting.models.editions import EditionStatus
from reporting.models.mail import MailKind, MailState
from reporting.payload import digest
from tests import factories as make
from tests.desk.conftest import Seat, address_of, errors_on
from tests.reporting.sample import sample

Sit = Callable[..., Seat]


def _edition(scope: Scope = EVERYTHING) -> Edition:
    printed = sample() | {"scope": scope.as_dict()}
    printed.pop("sha256", None)
    return Edition.objects.create(
        definition=ReportDefinition.objects.get(code="monthly"),
        period_start=date(2026, 5, 1),
        period_end=date(2026, 5, 31),
        scope=scope.as_dict(),
        scope_key=scope.key,
        data_cutoff_at=make.NOW - timedelta(days=5),
        created_at=make.NOW,
        status=EditionStatus.RELEASED,
        payload=printed,
        sha256=digest(printed),
        built_at=make.NOW,
        released_at=make.NOW,
    )


def _file(edition: Edition, content: bytes = b"%PDF-demo") -> EditionFile:
    path, sha256 = write_file(f"editions/{edition.pk}/zh-hans.pdf", content)
    return EditionFile.objects.create(
        edition=edition,
        format="pdf",
        language="zh-hans",
        path=path,
        sha256=sha256,
        size=len(content),
        created_at=make.NOW,
    )


def _mail(state: MailState, **fields: Any) -> OutgoingMail:
    number = OutgoingMail.objects.count()
    ended = state in {MailState.SENT, MailState.FAILED, MailState.CANCELLED}
    return OutgoingMail.objects.create(
        kind=MailKind.NOTICE,
        recipient=make.user_with(Role.LEADER),
        address="leader@example.invalid",
        language="zh-hans",
        subject="演示通知",
        body="演示",
        dedupe_key=f"demo:{number}",
        message_id=f"<{number}@example.invalid>",
        state=state,
        run_after=make.NOW,
        give_up_at=make.NOW + timedelta(days=1),
        created_at=make.NOW,
        finished_at=make.NOW if ended else None,
        reply="451 4.7.1 try again later",
        **fields,
    )


def test_an_edition_reads_as_it_was_mailed_and_gives_its_files(sit_down: Sit) -> None:
    seat = sit_down(Role.LEADER)
    edition = _edition()
    file = _file(edition)
    page = seat.open(address_of(edition))
    shown = page.content.decode()
    assert edition.sha256[:8] in shown
    assert file.sha256 in shown
    for tile in page.context["report"].tiles:
        assert tile.text in shown
    fetched = seat.open(reverse("admin:reporting_edition_file", args=[edition.pk, file.pk]))
    assert b"".join(fetched.streaming_content) == b"%PDF-demo"
    assert "monthly-2026-05-v1-zh-hans.pdf" in fetched.headers["Content-Disposition"]
    fetched.close()


def test_an_edition_about_others_is_not_there(sit_down: Sit) -> None:
    seat = sit_down(Role.P_EDIT)
    file = _file(_edition(Scope("recipient", make.FAR_COUNTY)))
    own = _file(_edition(Scope("recipient", make.COUNTY)))
    address = "admin:reporting_edition_file"
    assert seat.open(reverse(address, args=[file.edition_id, file.pk])).status_code == 404
    assert seat.open(reverse(address, args=[own.edition_id, file.pk])).status_code == 404
    fetched = seat.open(reverse(address, args=[own.edition_id, own.pk]))
    assert fetched.status_code == 200
    fetched.close()


def test_the_list_of_mail_shows_state_attempts_and_the_last_word(sit_down: Sit) -> None:
    seat = sit_down(Role.SYSADMIN)
    _mail(MailState.UNCERTAIN, attempts=2)
    shown = seat.open(reverse("admin:reporting_outgoingmail_changelist")).content.decode()
    assert "待核" in shown
    assert "451 4.7.1" in shown


@pytest.mark.parametrize(
    ("state", "verb", "became"),
    [
        (MailState.UNCERTAIN, "arrived", MailState.SENT),
        (MailState.UNCERTAIN, "send-again", MailState.QUEUED),
        (MailState.FAILED, "send-again", MailState.QUEUED),
    ],
)
def test_a_person_decides_about_mail_that_is_not_certain(
    sit_down: Sit, state: MailState, verb: str, became: MailState
) -> None:
    seat = sit_down(Role.REVIEWER)
    mail = _mail(state)
    seat.do(mail, verb)
    mail.refresh_from_db()
    assert mail.state == became
    assert mail.resolved_by == seat.user


def test_nobody_is_subscribed_to_more_than_they_may_see(sit_down: Sit) -> None:
    reviewer = sit_down(Role.REVIEWER)
    partner = make.user_with(Role.P_EDIT)
    own = make.pairing().recipient
    asked = {
        "definition": ReportDefinition.objects.get(code="monthly").pk,
        "reader": partner.pk,
        "scope_kind": "all",
        "starts_on": "2026-05-01",
        "formats": ["pdf"],
    }
    address = reverse("admin:reporting_subscription_add")
    assert "无权查看" in errors_on(reviewer.fill_in(address, **asked))
    narrower = {"scope_kind": "recipient", "scope_region": own.pk}
    reviewer.fill_in(address, **asked | narrower)
    assert Subscription.objects.get().formats == ["pdf"]
