"""Editions: which are due, how one is built, frozen, put into files and released.

The truth about what is due is computed from the database; whoever rings the bell only asks. Each
function may be called any number of times, at once, and after any crash: it adds what is missing.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Min, OuterRef, Q
from django.db.models.fields.json import KT

from assistance.files import write_file
from assistance.models import User
from assistance.periods import Month, local_day
from assistance.roles import Role
from assistance.scope import Scope
from reporting import faults
from reporting.actions import mail
from reporting.ledgers import ledgers
from reporting.models import (
    Edition,
    EditionFile,
    Format,
    OutgoingMail,
    ReportDefinition,
    Subscription,
)
from reporting.models.editions import EditionStatus
from reporting.payload import digest, freeze
from reporting.reckoning import Reckoning
from reporting.render import render, subject

log = logging.getLogger(__name__)

# A row carries the instant at which its transaction began, so the ledger of K is read a minute
# after K: by then every transaction that could still add to it has ended or was cut off.
SETTLING = timedelta(seconds=60)
MOST_ATTEMPTS = 4
CLAIM = timedelta(minutes=15)  # longer than the hard time limit of a task
ALWAYS = (Format.HTML, Format.TEXT)  # the mail itself


class Due(NamedTuple):
    """A period that has to be closed for a scope, with the instant up to which it knows."""

    definition: ReportDefinition
    month: Month
    scope: Scope
    known_at: datetime


def cutoff(definition: ReportDefinition, month: Month) -> datetime:
    """K of a month: the calendar's, or that of the editions that were closed before it."""
    made = Edition.objects.filter(definition=definition, period_start=month.starts_on)
    first: datetime | None = made.aggregate(first=Min("data_cutoff_at"))["first"]
    calendar = definition.due_instant(month)
    return min(first, calendar) if first else calendar


def due_periods(now: datetime) -> Iterator[Due]:
    """Every closed period that an active subscription asks for, oldest first.

    A period is due once K and the time to settle have passed, if it ends on or after the day from
    which the reader subscribed and at most ``MAKE_UP_DAYS`` (a setting) ago.
    """
    wanted: dict[tuple[int, Scope], tuple[ReportDefinition, date]] = {}
    for subscription in Subscription.objects.active().select_related("definition", "scope_region"):
        key = (subscription.definition_id, subscription.scope)
        definition, since = wanted.get(key, (subscription.definition, subscription.starts_on))
        wanted[key] = (definition, min(since, subscription.starts_on))
    oldest = local_day(now - timedelta(days=settings.MAKE_UP_DAYS))
    found = []
    for (_pk, scope), (definition, since) in wanted.items():
        month = Month.of(max(since, oldest))
        while (known_at := cutoff(definition, month)) + SETTLING <= now:
            if month.ends_on >= max(since, oldest):
                found.append(Due(definition, month, scope, known_at))
            month = month.next
    return iter(sorted(found, key=lambda due: (due.month, due.definition.code, due.scope.key)))


def schedule_due(now: datetime) -> list[int]:
    """Insert the editions that are due and missing; return those that wait to be built or sent."""
    _schedule(due_periods(now), now)
    return waiting(now)


def close_month(now: datetime) -> list[int]:
    """Close the last ended month at once, before its calendar day: K is the present, settled."""
    month = Month.of(local_day(now)).previous
    early = [
        due._replace(month=month, known_at=min(cutoff(due.definition, month), now - SETTLING))
        for due in _subscribed(month)
    ]
    _schedule(early, now)
    return waiting(now)


def waiting(now: datetime) -> list[int]:
    """Editions to build, and released ones whose readers have not all been written to."""
    free = Q(claimed_until=None) | Q(claimed_until__lte=now)
    unsigned = Q(status=EditionStatus.BUILT, definition__require_signoff=False)
    unserved = Q(_lacks_mail(), status=EditionStatus.RELEASED)
    about = Edition.objects.annotate(about_kind=KT("scope__kind"), about_code=KT("scope__region"))
    found = about.filter(Q(status=EditionStatus.SCHEDULED) | unsigned | unserved, free)
    return list(found.order_by("period_start", "pk").values_list("pk", flat=True))


def build(pk: int, *, now: datetime) -> Edition:
    """Bring one edition as far as it goes: figures, files, mails.

    Every attempt is counted before it begins, so an edition that kills its worker fails after
    ``MOST_ATTEMPTS`` and is shown, instead of killing one worker after the other.
    """
    edition = _claim(pk, now)
    if edition is None:
        return Edition.objects.get(pk=pk)
    try:
        faults.here("edition-claimed")
        reckoning = _reckon(edition)
        if edition.status == EditionStatus.SCHEDULED:
            _compute(edition, reckoning, now)
        faults.here("figures-frozen")
        _write_files(edition, reckoning, now)
        released = _release(edition, now)
        faults.here("edition-released")
        return released
    except Exception as fault:
        log.exception("edition %s could not be built", pk)
        _fail(edition, fault, now)
        return Edition.objects.get(pk=pk)


def readers_of(edition: Edition) -> Iterable[Subscription]:
    """The subscriptions that an edition answers."""
    found = (
        Subscription.objects.active()
        .about(edition.covers)
        .filter(definition=edition.definition_id, starts_on__lte=edition.period_end)
    )
    return found.select_related("reader__organisation__region").order_by("pk")


def _subscribed(month: Month) -> list[Due]:
    found = {
        (s.definition_id, s.scope): Due(
            s.definition, month, s.scope, s.definition.due_instant(month)
        )
        for s in Subscription.objects.active().select_related("definition", "scope_region")
        if s.starts_on <= month.ends_on
    }
    return list(found.values())


def _schedule(dues: Iterable[Due], now: datetime) -> None:
    Edition.objects.bulk_create(
        [
            Edition(
                definition=due.definition,
                period_start=due.month.starts_on,
                period_end=due.month.ends_on,
                scope=due.scope.as_dict(),
                scope_key=due.scope.key,
                data_cutoff_at=due.known_at,
                created_at=now,
            )
            for due in dues
        ],
        ignore_conflicts=True,
    )


def _lacks_mail() -> Exists:
    """Editions with an active subscription whose reader has no mail of them yet."""
    written = OutgoingMail.objects.filter(
        edition=OuterRef(OuterRef("pk")), recipient=OuterRef("reader")
    )
    region = Q(scope_region__code=OuterRef("about_code")) | Q(scope_region=None, scope_kind="all")
    unserved = Subscription.objects.active().filter(
        region,
        definition=OuterRef("definition"),
        scope_kind=OuterRef("about_kind"),
        starts_on__lte=OuterRef("period_end"),
    )
    return Exists(unserved.filter(~Exists(written)))


@transaction.atomic
def _claim(pk: int, now: datetime) -> Edition | None:
    free = Q(claimed_until=None) | Q(claimed_until__lte=now)
    found = Edition.objects.select_for_update(of=("self",), skip_locked=True).filter(free, pk=pk)
    edition = (
        found.select_related("definition")
        .exclude(status__in=[EditionStatus.FAILED, EditionStatus.SUPERSEDED])
        .first()
    )
    if edition is None:
        return None
    if edition.status != EditionStatus.RELEASED:
        if edition.attempts >= MOST_ATTEMPTS:
            _give_up(edition, edition.failure or "the worker died at every attempt", now)
            return None
        edition.attempts += 1
    edition.claimed_until = now + CLAIM
    edition.save(update_fields=["attempts", "claimed_until"])
    return edition


def _reckon(edition: Edition) -> Reckoning:
    month = Month.of(edition.period_start)
    return Reckoning(
        edition.covers,
        month,
        known_at=edition.data_cutoff_at,
        known_before=cutoff(edition.definition, month.previous),
    )


def _compute(edition: Edition, reckoning: Reckoning, now: datetime) -> None:
    payload = freeze(edition, reckoning)
    edition.payload, edition.sha256 = payload, digest(payload)
    edition.status, edition.built_at, edition.failure = EditionStatus.BUILT, now, ""
    edition.save(update_fields=["payload", "sha256", "status", "built_at", "failure"])


def _write_files(edition: Edition, reckoning: Reckoning, now: datetime) -> None:
    """Render what the readers want and is not there yet; a file is whole before its row exists."""
    wanted = {
        (fmt, s.language) for s in readers_of(edition) for fmt in (*ALWAYS, *map(Format, s.formats))
    }
    there = set(edition.files.values_list("format", "language"))
    printed = {**(edition.payload or {}), "sha256": edition.sha256}
    for fmt, language in sorted(wanted - there):
        sheets = ledgers(reckoning, language) if fmt == Format.XLSX else ()
        content = render(printed, fmt.value, language, sheets)
        faults.here("file-rendered")
        path, sha256 = write_file(f"editions/{edition.pk}/{language}.{fmt.value}", content)
        faults.here("file-written")
        EditionFile.objects.get_or_create(
            edition=edition,
            format=fmt,
            language=language,
            defaults={"path": path, "sha256": sha256, "size": len(content), "created_at": now},
        )


@transaction.atomic
def _release(edition: Edition, now: datetime) -> Edition:
    """Queue a mail to every reader and freeze the edition, in one transaction."""
    edition = (
        Edition.objects.select_for_update(of=("self",))
        .select_related("definition")
        .get(pk=edition.pk)
    )
    edition.claimed_until = None
    if edition.status == EditionStatus.BUILT and edition.definition.require_signoff:
        edition.save(update_fields=["claimed_until"])
        return edition
    if edition.status == EditionStatus.BUILT:
        edition.status, edition.released_at = EditionStatus.RELEASED, now
    edition.save(update_fields=["status", "released_at", "claimed_until"])
    printed = {**(edition.payload or {}), "sha256": edition.sha256}
    for subscription in readers_of(edition):
        mail.queue_edition_mail(
            edition,
            subscription.reader,
            language=subscription.language,
            formats=subscription.formats,
            subject=subject(printed, subscription.language),
            now=now,
        )
    return edition


def _fail(edition: Edition, fault: Exception, now: datetime) -> None:
    """Keep the fault on record and free the edition for the next attempt, or give it up."""
    told = "".join(traceback.format_exception_only(fault)).strip()
    with transaction.atomic():
        edition = (
            Edition.objects.select_for_update(of=("self",))
            .select_related("definition")
            .get(pk=edition.pk)
        )
        edition.failure, edition.claimed_until = told, None
        edition.save(update_fields=["failure", "claimed_until"])
        if edition.attempts >= MOST_ATTEMPTS and edition.status != EditionStatus.RELEASED:
            _give_up(edition, told, now)


def _give_up(edition: Edition, told: str, now: datetime) -> None:
    edition.status, edition.failure, edition.claimed_until = EditionStatus.FAILED, told, None
    edition.payload, edition.sha256, edition.built_at = None, "", None
    edition.save(
        update_fields=["status", "failure", "claimed_until", "payload", "sha256", "built_at"]
    )
    for person in User.objects.filter(
        is_active=True, groups__name__in=[Role.CLERK, Role.SYSADMIN]
    ).distinct():
        mail.queue_notice(
            person,
            event=f"edition-failed:{edition.pk}",
            subject=f"{edition} – {EditionStatus.FAILED.label}",
            body=f"{edition}\n\n{told}",
            now=now,
        )
