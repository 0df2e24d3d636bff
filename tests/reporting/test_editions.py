"""Editions: which are due, that each is made once, frozen once, and mailed to its readers only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
from django.conf import settings

from assistance.models import User
from assistance.periods import Month, local_instant
from assistance.roles import Role
from assistance.scope import EVERYTHING, Scope
from projects.models import Stage, StageChange
from reporting import sections
from reporting.actions.editions import (
    MOST_ATTEMPTS,
    SETTLING,
    build,
    close_month,
    cutoff,
    due_periods,
    schedule_due,
)
from reporting.models import Edition, Format, OutgoingMail, ReportDefinition, Subscription
from reporting.models.editions import EditionStatus
from reporting.models.mail import MailKind
from reporting.payload import digest
from reporting.reckoning import Reckoning
from tests import factories as make
from tests.at_once import at_once
from tests.raw_rows import triggers_asleep
from tests.reporting.mail_rows import reader
from tests.reporting.rich_ledger import arrival, due, plan

JUNE_10 = local_instant(date(2026, 6, 10), due(Month(2026, 5)).time())
A_MINUTE_LATER = JUNE_10 + SETTLING
pytestmark = pytest.mark.usefixtures("files")


def order(
    by: User | None = None,
    *,
    scope: Scope = EVERYTHING,
    starts_on: date = date(2026, 5, 1),
    **changes: Any,
) -> Subscription:
    """A reader's order of the mail alone, from May 2026 on."""
    to = by or reader()
    return Subscription.objects.create(
        **{
            "definition": ReportDefinition.objects.get(code="monthly"),
            "reader": to,
            "scope_kind": scope.kind,
            "scope_region": make.region(scope.region) if scope.region else None,
            "starts_on": starts_on,
            "created_at": JUNE_10,
            "created_by": to,
            "updated_at": JUNE_10,
            "updated_by": to,
            **changes,
        }
    )


def months_due(now: datetime) -> list[str]:
    return [str(found.month) for found in due_periods(now)]


def built(now: datetime = A_MINUTE_LATER) -> Edition:
    """The one edition that is due, brought as far as it goes."""
    (pk,) = schedule_due(now)
    return build(pk, now=now)


def figure(edition: Edition, code: str) -> Any:
    assert edition.payload is not None
    return next(
        found["value"]
        for section in edition.payload["sections"]
        for found in section["figures"]
        if found["code"] == code
    )


def addresses() -> list[str]:
    """To whom an edition's mail is queued."""
    mails = OutgoingMail.objects.filter(kind=MailKind.EDITION)
    return list(mails.order_by("address").values_list("address", flat=True))


# ------------------------------------------------------------------------------- what is due


@pytest.mark.parametrize(
    ("starts_on", "first"),
    [
        (date(2026, 3, 31), "2026-03"),
        (date(2026, 4, 1), "2026-04"),
        (date(2026, 4, 30), "2026-04"),
        (date(2026, 5, 1), "2026-05"),
    ],
)
def test_a_reader_gets_the_periods_that_end_on_or_after_the_first_day_of_the_order(
    db: None, starts_on: date, first: str
) -> None:
    order(starts_on=starts_on)
    assert months_due(A_MINUTE_LATER)[0] == first
    assert months_due(A_MINUTE_LATER)[-1] == "2026-05"


def test_the_earliest_order_of_a_scope_decides(db: None) -> None:
    order(starts_on=date(2026, 5, 1))
    order(starts_on=date(2026, 3, 1))
    assert months_due(A_MINUTE_LATER) == ["2026-03", "2026-04", "2026-05"]


def test_an_order_for_the_future_makes_nothing_due(db: None) -> None:
    order(starts_on=date(2026, 6, 1))
    assert months_due(A_MINUTE_LATER) == []


def test_nothing_older_than_400_days_is_made_up(db: None) -> None:
    assert settings.MAKE_UP_DAYS == 400
    order(starts_on=date(2000, 1, 1))
    # 10 June 2026 less 400 days is 6 May 2025: that month ended within them, April did not
    assert months_due(A_MINUTE_LATER)[0] == "2025-05"
    assert len(months_due(A_MINUTE_LATER)) == 13


def test_a_month_is_due_one_minute_after_its_instant(db: None) -> None:
    order()
    assert months_due(A_MINUTE_LATER - timedelta(microseconds=1)) == []
    (found,) = due_periods(A_MINUTE_LATER)
    assert (str(found.month), found.known_at) == ("2026-05", JUNE_10)


def test_months_that_were_missed_are_made_up_oldest_first(db: None) -> None:
    order(starts_on=date(2026, 2, 1))
    schedule_due(A_MINUTE_LATER)
    Edition.objects.filter(period_start=date(2026, 3, 1)).delete()
    in_september = local_instant(date(2026, 9, 15), JUNE_10.time())
    waiting = schedule_due(in_september)
    found = Edition.objects.in_bulk(waiting)
    assert [f"{found[pk].period_start:%m}" for pk in waiting] == [
        "02", "03", "04", "05", "06", "07", "08",
    ]  # fmt: skip
    assert found[waiting[1]].data_cutoff_at == due(Month(2026, 3)), "K is not the day of building"


@pytest.mark.django_db(transaction=True)
def test_three_bells_at_once_schedule_each_edition_once() -> None:
    order(starts_on=date(2026, 3, 1))
    order(scope=Scope("recipient", make.COUNTY), starts_on=date(2026, 3, 1))
    results = at_once([lambda: schedule_due(A_MINUTE_LATER)] * 3)
    assert results == [results[0]] * 3
    assert len(results[0]) == Edition.objects.count() == 6


@pytest.mark.django_db(transaction=True)
def test_three_workers_at_once_build_and_mail_an_edition_once() -> None:
    order()
    (pk,) = schedule_due(A_MINUTE_LATER)
    at_once([lambda: build(pk, now=A_MINUTE_LATER)] * 3)
    edition = Edition.objects.get()
    assert (edition.status, edition.attempts) == (EditionStatus.RELEASED, 1)
    assert OutgoingMail.objects.count() == 1


# ------------------------------------------------------------------------- closing a month early


def test_a_month_closed_early_is_not_closed_again_and_the_next_begins_where_it_ended(
    db: None,
) -> None:
    order()
    fund = plan(make.pairing(), "1000.00")
    early = local_instant(date(2026, 6, 2), JUNE_10.time())
    arrival(fund, "1.00", date(2026, 5, 5))
    # dated in May, known between the early instant and that of the calendar
    arrival(fund, "20.00", date(2026, 5, 6), known=local_instant(date(2026, 6, 5), JUNE_10.time()))
    arrival(fund, "300.00", date(2026, 6, 7))

    (pk,) = close_month(early)
    may = build(pk, now=early)
    assert may.data_cutoff_at == early - SETTLING
    assert schedule_due(A_MINUTE_LATER) == [], "the calendar's tick adds nothing"
    assert Edition.objects.count() == 1
    assert cutoff(may.definition, Month(2026, 5)) == may.data_cutoff_at

    june = built(due(Month(2026, 6)) + SETTLING)
    assert (figure(may, "arr"), figure(may, "arr_month")) == ("1.00", "1.00")
    assert (figure(june, "arr"), figure(june, "arr_month")) == ("321.00", "320.00")
    assert figure(june, "arr_month_late") == "20.00"


def test_closing_after_the_calendar_day_keeps_the_calendars_instant(db: None) -> None:
    order()
    close_month(A_MINUTE_LATER + timedelta(days=3))
    assert Edition.objects.get().data_cutoff_at == JUNE_10


def test_who_orders_later_reads_the_same_instant_as_the_month_that_was_closed_early(
    db: None,
) -> None:
    order()
    close_month(JUNE_10 - timedelta(days=5))
    order(scope=Scope("donor", make.DONOR))
    schedule_due(A_MINUTE_LATER)
    assert len(set(Edition.objects.values_list("data_cutoff_at", flat=True))) == 1


# --------------------------------------------------------------------------- readers and files


def test_readers_of_one_scope_share_an_edition_and_each_gets_a_mail(db: None) -> None:
    first, second = order().reader, order().reader
    edition = built()
    assert edition.status == EditionStatus.RELEASED
    assert edition.payload is not None
    assert edition.sha256 == digest(edition.payload)
    assert addresses() == sorted([first.email, second.email])


def test_another_scope_is_another_edition(db: None) -> None:
    order()
    order(scope=Scope("recipient", make.COUNTY))
    order(scope=Scope("donor", make.DONOR))
    assert len(schedule_due(A_MINUTE_LATER)) == 3
    assert len(set(Edition.objects.values_list("scope_key", flat=True))) == 3


@pytest.mark.parametrize(
    "scope", [EVERYTHING, Scope("recipient", make.COUNTY), Scope("donor", make.DONOR)], ids=str
)
def test_who_subscribes_later_gets_the_released_edition_as_it_is(db: None, scope: Scope) -> None:
    order(scope=scope)
    edition = built()
    late = order(scope=scope, language="en").reader
    next_day = A_MINUTE_LATER + timedelta(days=1)
    assert schedule_due(next_day) == [edition.pk]
    again = build(edition.pk, now=next_day)
    assert (again.sha256, again.released_at) == (edition.sha256, edition.released_at)
    assert late.email in addresses()
    assert len(addresses()) == 2
    assert schedule_due(next_day) == []


def test_files_are_made_only_in_the_languages_and_formats_that_somebody_ordered(db: None) -> None:
    order(language="zh-hans", formats=[Format.XLSX])
    order(language="en")
    edition = built()
    assert set(edition.files.values_list("language", "format")) == {
        ("zh-hans", "html"), ("zh-hans", "txt"), ("zh-hans", "xlsx"), ("en", "html"), ("en", "txt"),
    }  # fmt: skip
    for file in edition.files.all():
        assert (Path(settings.FILES_DIR) / file.path).stat().st_size == file.size
    attached = OutgoingMail.objects.values_list("language", "attachments")
    assert sorted(attached) == [("en", []), ("zh-hans", ["xlsx"])]


def test_a_paused_order_and_a_closed_account_make_nothing_due(db: None) -> None:
    order(paused_at=JUNE_10)
    order(by=reader(is_active=False))
    assert months_due(A_MINUTE_LATER) == []
    assert close_month(A_MINUTE_LATER) == []
    assert not Edition.objects.exists()


def test_a_paused_order_and_a_closed_account_get_no_mail_of_an_edition_that_others_get(
    db: None,
) -> None:
    to = order().reader
    order(paused_at=JUNE_10)
    order(by=reader(is_active=False))
    edition = built()
    assert addresses() == [to.email]
    assert edition.pk not in schedule_due(A_MINUTE_LATER)


def test_building_again_adds_nothing(db: None) -> None:
    order(formats=[Format.XLSX])
    edition = built()
    before = (edition.files.count(), OutgoingMail.objects.count())
    again = build(edition.pk, now=A_MINUTE_LATER + timedelta(hours=1))
    assert (again.files.count(), OutgoingMail.objects.count()) == before
    assert (again.sha256, again.attempts, again.version) == (edition.sha256, 1, 1)


def test_an_edition_that_needs_sign_off_is_built_and_not_mailed(db: None) -> None:
    ReportDefinition.objects.update(require_signoff=True)
    order()
    edition = built()
    assert (edition.status, edition.released_at) == (EditionStatus.BUILT, None)
    assert addresses() == []
    assert schedule_due(A_MINUTE_LATER) == [], "it waits for a signature, not for a worker"


# -------------------------------------------------------------------------------- what fails


def failing(with_what: BaseException) -> Callable[[Reckoning], NoReturn]:
    """A section that cannot be computed."""

    def section(_reckoning: Reckoning) -> NoReturn:
        raise with_what

    return section


def test_a_failing_section_is_tried_four_times_then_shown_and_never_mailed(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = failing(ZeroDivisionError("演示故障"))
    monkeypatch.setitem(sections.SECTIONS, "projects", broken)
    clerk, administrator = make.user_with(Role.CLERK), make.user_with(Role.SYSADMIN)
    make.user_with(Role.LEADER)
    order()
    (pk,) = schedule_due(A_MINUTE_LATER)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        edition = build(pk, now=A_MINUTE_LATER)
        failed = attempt == 4
        assert edition.attempts == attempt
        assert edition.status == (EditionStatus.FAILED if failed else EditionStatus.SCHEDULED)
        assert "演示故障" in edition.failure
        assert schedule_due(A_MINUTE_LATER) == ([] if failed else [pk])
    notices = OutgoingMail.objects.filter(kind=MailKind.NOTICE)
    assert {notice.recipient for notice in notices} == {clerk, administrator}
    assert addresses() == []
    assert build(pk, now=A_MINUTE_LATER + timedelta(days=1)).attempts == MOST_ATTEMPTS


def test_an_edition_that_kills_its_worker_fails_too(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sections.SECTIONS, "headline", failing(SystemExit()))
    order()
    (pk,) = schedule_due(A_MINUTE_LATER)
    now = A_MINUTE_LATER
    for _attempt in range(MOST_ATTEMPTS):
        with pytest.raises(SystemExit):
            build(pk, now=now)
        assert build(pk, now=now).status == EditionStatus.SCHEDULED, "somebody else has it"
        assert schedule_due(now) == []
        now += timedelta(minutes=15)
        assert schedule_due(now) == [pk]
    assert build(pk, now=now).status == EditionStatus.FAILED
    assert addresses() == []


def test_stages_that_do_not_add_up_to_the_plan_stop_the_report(db: None) -> None:
    project = make.project_at(Stage.APPROVED)
    order()
    # the approval is struck out, but not the project's place in the plan of the year
    approval = StageChange.objects.get(project=project, to_stage=Stage.APPROVED)
    with triggers_asleep("projects_stagechange"):
        approval.void(by=make.hand(Role.REVIEWER), now=make.at(date(2026, 5, 1)), reason="演示更正")
    (pk,) = schedule_due(A_MINUTE_LATER)
    for _attempt in range(MOST_ATTEMPTS):
        edition = build(pk, now=A_MINUTE_LATER)
    assert edition.status == EditionStatus.FAILED
    assert "add up to 0 projects, the year's plan has 1" in edition.failure
    assert addresses() == []
