"""Monthly returns: opened by the bell, filled in, submitted, accepted or sent back, locked by the
bell; and adjusted afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from assistance.actions.reference import timetable
from assistance.due_dates import ReturnCalendar
from assistance.errors import Refused
from assistance.models import (
    Indicator,
    MonthlyReturn,
    Pairing,
    Programme,
    ReturnAdjustment,
    ReturnState,
    ReturnValue,
    User,
)
from assistance.models.indicators import IndicatorQuerySet
from assistance.models.returns import TO_FILL_IN
from assistance.models.rows import entered
from assistance.periods import Month, local_day

FILLS_IN, SUBMITS = "assistance.change_monthlyreturn", "assistance.submit_return"
ACCEPTS, ADJUSTS = "assistance.accept_return", "assistance.add_returnadjustment"


class Step(NamedTuple):
    """Who may take a step of a return, in which of its states, and whether by other hands."""

    permission: str
    states: tuple[ReturnState, ...]
    by_other_hands: bool = False


STEPS = {
    "fill_in": Step(FILLS_IN, TO_FILL_IN),
    "submit": Step(SUBMITS, TO_FILL_IN),
    "accept": Step(ACCEPTS, (ReturnState.SUBMITTED,), by_other_hands=True),
    "send_back": Step(ACCEPTS, (ReturnState.SUBMITTED,), by_other_hands=True),
    "adjust": Step(ADJUSTS, (ReturnState.LOCKED,)),
}


def why_not(row: MonthlyReturn, by: User, *, step: str) -> PermissionDenied | Refused | None:
    """What keeps ``by`` from taking a step of ``STEPS``; None where it is open."""
    permission, states, by_other_hands = STEPS[step]
    if not by.has_perm(permission):
        return PermissionDenied()
    if row.state not in states:
        return Refused(
            "return_in_another_state",
            _("This return is %(state)s; the step is not open to it.")
            % {"state": row.get_state_display()},
        )
    return row.own_work(by, than=("submitted_by",)) if by_other_hands else None


def open_returns(now: datetime) -> int:
    """Open the returns that are owed for months that have ended and are not there yet; returns how
    many. It may be called any number of times, at once and after any crash.
    """
    since = Programme.objects.exclude(returns_since="").order_by("returns_since").first()
    if since is None:
        return 0
    by, opened = timetable(), 0
    month, last = Month.parse(since.returns_since), Month.of(local_day(now)).previous
    while month <= last:
        there = MonthlyReturn.objects.filter(period=str(month)).values("pairing")
        missing = Pairing.objects.owing_returns(month).exclude(pk__in=there)
        made = MonthlyReturn.objects.bulk_create(
            [
                MonthlyReturn(pairing=pairing, period=str(month), **entered(by, now))
                for pairing in missing
            ],
            ignore_conflicts=True,  # another bell may ring at once
        )
        opened += len(made)
        month = month.next
    return opened


def lock_returns(now: datetime) -> int:
    """Lock what was accepted of every month whose time has come; returns how many. What is accepted
    later locks when this is called again after the next month's time.
    """
    calendar, by, locked = ReturnCalendar(now), timetable(), 0
    accepted = MonthlyReturn.objects.filter(state=ReturnState.ACCEPTED)
    for period in sorted(set(accepted.values_list("period", flat=True))):
        with transaction.atomic():
            rows = accepted.filter(period=period).select_for_update(skip_locked=True)
            for row in rows.order_by("pk"):
                if _locks_at(row, calendar) <= now:
                    row.state, row.locked_at = ReturnState.LOCKED, now
                    row.record("state", "locked_at", by=by, now=now)
                    locked += 1
    return locked


def _locks_at(row: MonthlyReturn, calendar: ReturnCalendar) -> datetime:
    """Its own month's time, or the first month's after it was accepted."""
    month = row.month
    while True:
        at = calendar.of(month).locks_at
        if row.accepted_at is None or row.accepted_at <= at:
            return at
        month = month.next


def open_month(now: datetime) -> Month:
    """The month that returns are collected for: the first that is not locked yet."""
    calendar, month = ReturnCalendar(now), Month.of(local_day(now)).previous.previous
    while calendar.of(month).locks_at <= now:
        month = month.next
    return month


def asked(monthly_return: MonthlyReturn) -> IndicatorQuerySet:
    """The indicators that a return reports."""
    kind = monthly_return.pairing.programme.kind
    return Indicator.objects.asked_of(kind, monthly_return.month.ends_on)


@transaction.atomic
def fill_in(
    monthly_return: MonthlyReturn,
    *,
    values: Mapping[str, Decimal | None],
    by: User,
    now: datetime,
    note: str | None = None,
    version: int | None = None,
) -> MonthlyReturn:
    """Enter values by the codes of their indicators; None is not known. The others stay.

    ValidationError names the codes that are not asked for and the values that do not fit.
    """
    row = _lock(monthly_return, "fill_in", by=by, version=version)
    known = {indicator.code: indicator for indicator in asked(row)}
    kept = {value.indicator_id: value for value in row.values.select_related("indicator")}
    wrong: dict[str, object] = {
        code: _("This return does not ask for it.") for code in values.keys() - known.keys()
    }
    for code, number in values.items():
        if code in known:
            try:
                _put(row, known[code], kept, number, by=by, now=now)
            except ValidationError as refusal:
                wrong[code] = refusal.messages
    if wrong:
        raise ValidationError(wrong)
    if note is not None:
        row.note = note.strip()
    row.record(*([] if note is None else ["note"]), by=by, now=now)
    return row


def _put(
    row: MonthlyReturn,
    indicator: Indicator,
    kept: Mapping[int, ReturnValue],
    number: Decimal | None,
    *,
    by: User,
    now: datetime,
) -> None:
    value = kept.get(indicator.pk)
    if value is None:
        value = ReturnValue(
            monthly_return=row, indicator=indicator, value=number, **entered(by, now)
        )
        value.full_clean()
        value.save()
    elif value.value != number:
        value.value = number
        value.full_clean()
        value.record("value", by=by, now=now)


@transaction.atomic
def submit_return(
    monthly_return: MonthlyReturn, *, by: User, now: datetime, version: int | None = None
) -> MonthlyReturn:
    """Hand a return in; every indicator has a value, for nothing at all is 0."""
    row = _lock(monthly_return, "submit", by=by, version=version)
    said = set(row.values.exclude(value=None).values_list("indicator__code", flat=True))
    missing = [indicator for indicator in asked(row) if indicator.code not in said]
    if missing:
        told = _("Values are missing; enter 0 where there was nothing: %(names)s")
        raise Refused(
            "values_missing",
            told % {"names": ", ".join(str(indicator) for indicator in missing)},
            {indicator.code: _("Enter a value, 0 for nothing.") for indicator in missing},
        )
    row.state, row.submitted_at, row.submitted_by = ReturnState.SUBMITTED, now, by
    row.record("state", "submitted_at", "submitted_by", by=by, now=now)
    return row


@transaction.atomic
def send_back(
    monthly_return: MonthlyReturn,
    *,
    reason: str,
    by: User,
    now: datetime,
    version: int | None = None,
) -> MonthlyReturn:
    """Send a return back to be corrected."""
    row = _lock(monthly_return, "send_back", by=by, version=version)
    if not reason.strip():
        raise ValidationError({"reason": _("Give the reason; the other side will read it.")})
    row.state, row.return_reason = ReturnState.RETURNED, reason.strip()
    row.record("state", "return_reason", by=by, now=now)
    return row


@transaction.atomic
def accept_return(
    monthly_return: MonthlyReturn, *, by: User, now: datetime, version: int | None = None
) -> MonthlyReturn:
    """Accept a return; its values count from now on."""
    row = _lock(monthly_return, "accept", by=by, version=version)
    row.state, row.accepted_at, row.accepted_by = ReturnState.ACCEPTED, now, by
    row.record("state", "accepted_at", "accepted_by", by=by, now=now)
    row.values.update(
        counted_at=now, counted_by=by, updated_at=now, updated_by=by, version=F("version") + 1
    )
    return row


@transaction.atomic
def propose_adjustment(
    monthly_return: MonthlyReturn,
    *,
    indicator: Indicator,
    delta: Decimal,
    reason: str,
    by: User,
    now: datetime,
) -> ReturnAdjustment:
    """Correct a locked return by so much more or less; it shows in the month that is open now, once
    somebody else confirmed it.
    """
    row = _lock(monthly_return, "adjust", by=by)
    if indicator not in asked(row):
        raise ValidationError({"indicator": _("This return does not ask for it.")})
    adjustment = ReturnAdjustment(
        monthly_return=row, indicator=indicator, delta=delta, reason=reason.strip(),
        period=str(max(open_month(now), row.month.next)), **entered(by, now),
    )  # fmt: skip
    if indicator.is_whole and delta != int(delta):
        raise ValidationError({"delta": _("This indicator is a count; enter a whole number.")})
    adjustment.full_clean()
    adjustment.save()
    return adjustment


@transaction.atomic
def confirm_adjustment(
    adjustment: ReturnAdjustment, *, by: User, now: datetime, version: int | None = None
) -> ReturnAdjustment:
    """Let an adjustment count."""
    adjustment = _lock_adjustment(adjustment, by=by, version=version)
    adjustment.require_confirmable(by)
    adjustment.count(by=by, now=now)
    return adjustment


@transaction.atomic
def decline_adjustment(
    adjustment: ReturnAdjustment,
    *,
    reason: str,
    by: User,
    now: datetime,
    version: int | None = None,
) -> ReturnAdjustment:
    """Strike out an adjustment that does not count yet."""
    adjustment = _lock_adjustment(adjustment, by=by, version=version)
    if not reason.strip():
        raise ValidationError({"reason": _("Give the reason; the other side will read it.")})
    adjustment.void(by=by, now=now, reason=reason.strip())
    return adjustment


def _lock_adjustment(
    adjustment: ReturnAdjustment, *, by: User, version: int | None
) -> ReturnAdjustment:
    if not by.has_perm(ACCEPTS):
        raise PermissionDenied
    adjustment = ReturnAdjustment.objects.lock_for(by, adjustment.pk, version=version)
    settled = adjustment.is_settled()
    if settled is not None:
        raise settled
    return adjustment


def _lock(
    monthly_return: MonthlyReturn, step: str, *, by: User, version: int | None = None
) -> MonthlyReturn:
    if not by.has_perm(STEPS[step].permission):
        raise PermissionDenied
    row = MonthlyReturn.objects.lock_for(
        by, monthly_return.pk, "pairing__programme", version=version
    )
    refusal = why_not(row, by, step=step)
    if refusal is not None:
        raise refusal
    return row
