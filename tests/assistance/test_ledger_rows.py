"""Which rows count on a day by what was known at an instant; shown on settings of the office."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from assistance.errors import Refused, Stale
from assistance.models import Setting, User
from assistance.models.rows import entered
from assistance.roles import Role
from assistance.rules import RULES
from tests import factories as make

pytestmark = pytest.mark.django_db

DAY = date(2026, 6, 10)
K = make.at(date(2026, 6, 15))
BEFORE, AFTER = K - timedelta(seconds=1), K + timedelta(seconds=1)


def _setting(
    value: Any = 1,
    *,
    starts_on: date = DAY,
    counted_at: datetime | None = BEFORE,
    voided_at: datetime | None = None,
) -> Setting:
    clerk, reviewer = make.hand(Role.CLERK), make.hand(Role.REVIEWER)
    return Setting.objects.create(
        key="change_pct",
        value=value,
        starts_on=starts_on,
        counted_at=counted_at,
        counted_by=reviewer if counted_at else None,
        voided_at=voided_at,
        voided_by=reviewer if voided_at else None,
        void_reason="演示" if voided_at else "",
        **entered(clerk, BEFORE),
    )


@pytest.mark.parametrize(
    ("starts_on", "day_has_come"),
    [(DAY - timedelta(days=1), True), (DAY, True), (DAY + timedelta(days=1), False)],
)
@pytest.mark.parametrize(
    ("counted_at", "known"), [(None, False), (BEFORE, True), (K, True), (AFTER, False)]
)
@pytest.mark.parametrize(
    ("voided_at", "stands"), [(None, True), (BEFORE, False), (K, False), (AFTER, True)]
)
def test_a_row_counts_once_its_day_has_come_and_it_is_known_and_not_voided(
    *,
    starts_on: date,
    day_has_come: bool,
    counted_at: datetime | None,
    known: bool,
    voided_at: datetime | None,
    stands: bool,
) -> None:
    row = _setting(starts_on=starts_on, counted_at=counted_at, voided_at=voided_at)
    counts = Setting.objects.as_at(DAY, K).filter(pk=row.pk).exists()
    assert counts is (day_has_come and known and stands)


def test_what_counts_now_was_counted_and_not_voided() -> None:
    counting = _setting()
    waiting = _setting(counted_at=None)
    _setting(voided_at=AFTER)
    assert list(Setting.objects.counting()) == [counting]
    assert set(Setting.objects.standing()) == {counting, waiting}


def test_a_setting_has_the_value_of_the_day() -> None:
    _setting(10, starts_on=date(2026, 1, 1))
    _setting(20, starts_on=date(2026, 6, 1))
    value_on = Setting.objects.value_on
    assert value_on("change_pct", date(2025, 12, 31), known_at=K) == RULES["change_pct"].default
    assert value_on("change_pct", date(2026, 1, 1), known_at=K) == 10
    assert value_on("change_pct", date(2026, 5, 31), known_at=K) == 10
    assert value_on("change_pct", date(2026, 6, 1), known_at=K) == 20
    assert value_on("another", date(2026, 6, 1), known_at=K) is None


def test_a_corrected_setting_keeps_its_old_value_for_what_was_known_before() -> None:
    _setting(10, voided_at=K)
    _setting(15, counted_at=K)
    assert Setting.objects.value_on("change_pct", DAY, known_at=BEFORE) == 10
    assert Setting.objects.value_on("change_pct", DAY, known_at=K) == 15


@pytest.mark.parametrize(
    "half",
    [
        {"counted_by": None},
        {"counted_at": None},
        {"voided_at": K},
        {"void_reason": "only a reason"},
    ],
)
def test_when_and_by_whom_come_together(half: dict[str, Any]) -> None:
    row = _setting()
    with pytest.raises(IntegrityError), transaction.atomic():
        Setting.objects.filter(pk=row.pk).update(**half)


def test_a_change_is_recorded_with_its_author_and_a_new_version() -> None:
    row, clerk = _setting(counted_at=None), make.hand(Role.CLERK)
    row.value = 2
    row.record("value", by=clerk, now=AFTER)
    row.refresh_from_db()
    assert (row.value, row.version, row.updated_at, row.updated_by) == (2, 2, AFTER, clerk)


def test_a_version_that_is_no_longer_the_rows_is_stale() -> None:
    plan = make.fund_plan()
    clerk = make.hand(Role.CLERK)
    with transaction.atomic():
        locked = type(plan).objects.lock_for(clerk, plan.pk, version=plan.version)
    assert locked == plan
    with pytest.raises(Stale) as refusal, transaction.atomic():
        type(plan).objects.lock_for(clerk, plan.pk, version=plan.version - 1)
    assert refusal.value.current == plan.version


def test_nobody_checks_their_own_work_not_even_a_superuser() -> None:
    superuser: User = make.user_with(is_superuser=True)
    row = Setting(created_by=superuser, updated_by=make.hand(Role.CLERK))
    with pytest.raises(Refused) as refusal:
        row.require_other_hands(superuser, than=("created_by", "updated_by"))
    assert refusal.value.code == "own_work"
    row.require_other_hands(make.hand(Role.REVIEWER), than=("created_by", "updated_by"))
