"""Outgoing mail: queued as a row, claimed, handed over to the relay, and settled.

The row is the truth. A sender may die anywhere: before ``committing`` the mail is simply tried
again; after it the relay's log is asked, and where there is none a person.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from assistance.errors import Refused
from assistance.files import FileChanged
from assistance.models import User
from reporting import faults
from reporting.letter import BadAddress, compose, envelope, home, sender
from reporting.models import Edition, EditionFile, OutgoingMail, Subscription
from reporting.models.editions import EditionStatus
from reporting.models.mail import ENDED, MailKind, MailState
from reporting.relay_log import Found, look_up
from reporting.render.report import one_line
from reporting.smtp import Outcome, Relay, Verdict

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=15)  # longer than the hard time limit of a task
BACK_OFF = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240)]
PATIENCE = timedelta(hours=24)  # from the first attempt
RESTART_TAKES = (1, 2, 4, 8, 15)  # seconds between attempts to reach the database
AT_A_TIME = 500  # lapsed rows that one ring frees
LONGEST_SUBJECT = 200

# Stored in ``reply`` as they stand here and translated when they are shown.
READER_IS_INACTIVE = gettext_noop("The reader's account is closed.")
NO_ADDRESS = gettext_noop("The reader has no mail address.")
OUT_OF_SIGHT = gettext_noop("The reader may no longer see what this report is about.")
NOT_SUBSCRIBED = gettext_noop("The reader no longer subscribes to this report.")
REPLACED = gettext_noop("A newer version of this report has replaced it.")
BAD_ADDRESS = gettext_noop("The mail address is not valid.")
FILE_IS_GONE = gettext_noop("A file of the report is missing or was changed; rebuild the report.")
NOT_COMPOSED = gettext_noop("The mail could not be put together; the log says why.")
SENDER_DIED = gettext_noop("The sending program stopped; the mail is tried again.")
NEVER_TAKEN = gettext_noop("The mail server's log shows that it did not take the mail.")
TAKEN_BY_LOG = gettext_noop("The mail server's log shows that it took the mail.")
CUT_SHORT = gettext_noop("The connection ended before the mail server answered.")

Clock = Callable[[], datetime]


class ClaimLost(Exception):  # noqa: N818  nothing is wrong: another sender has the mail now
    """The lease ended while the mail was being prepared."""


def queue_edition_mail(
    edition: Edition,
    recipient: User,
    *,
    language: str,
    formats: Iterable[str],
    subject: str,
    now: datetime,
) -> OutgoingMail:
    """Queue an edition for a reader, once; a second call returns the mail that is there."""
    return _queue(
        OutgoingMail(
            kind=MailKind.EDITION,
            recipient=recipient,
            edition=edition,
            language=language,
            attachments=list(formats),
            subject=subject,
            dedupe_key=f"edition:{edition.pk}:{recipient.pk}",
        ),
        now,
    )


def queue_notice(
    recipient: User, *, event: str, subject: str, body: str, now: datetime
) -> OutgoingMail:
    """Queue a notice about an event for somebody, once; ``event`` names it for good."""
    return _queue(
        OutgoingMail(
            kind=MailKind.NOTICE,
            recipient=recipient,
            language=recipient.language,
            subject=subject,
            body=body,
            dedupe_key=f"notice:{event}:{recipient.pk}",
        ),
        now,
    )


def _queue(mail: OutgoingMail, now: datetime) -> OutgoingMail:
    mail.address = mail.recipient.email
    mail.subject = one_line(mail.subject)[:LONGEST_SUBJECT]
    mail.message_id = f"<{secrets.token_hex(16)}@{home()}>"
    mail.run_after = mail.created_at = now
    mail.give_up_at = now + PATIENCE
    OutgoingMail.objects.bulk_create([mail], ignore_conflicts=True)
    return OutgoingMail.objects.get(dedupe_key=mail.dedupe_key)


@transaction.atomic
def claim(now: datetime) -> OutgoingMail | None:
    """Take the mail that waits longest in hand for ``LEASE``; None where nothing is due.

    It goes to the address that the recipient has now.
    """
    mail = (
        OutgoingMail.objects.due(now)
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("recipient__organisation__region", "edition__definition")
        .order_by("run_after", "pk")
        .first()
    )
    if mail is None:
        return None
    if mail.attempts == 0:
        mail.give_up_at = now + PATIENCE
    mail.attempts += 1
    mail.state, mail.leased_until = MailState.CLAIMED, now + LEASE
    mail.address = mail.recipient.email
    mail.save(update_fields=["state", "leased_until", "attempts", "address", "give_up_at"])
    return mail


def deliver(mail: OutgoingMail, *, relay: Relay, clock: Clock) -> Outcome | None:
    """Send a claimed mail and settle its row; None where it did not come to an attempt."""
    faults.here("mail-claimed")
    if obstacle := _obstacle(mail):
        _settle(mail, MailState.CANCELLED, now=clock(), reply=obstacle)
        return None
    try:
        recipient, content = envelope(mail.address), compose(mail)
    except Exception as fault:
        log.exception("mail %s could not be put together", mail.pk)
        _settle(mail, MailState.FAILED, now=clock(), reply=_cause(fault))
        return None
    faults.here("letter-composed")
    try:
        outcome = relay.hand_over(
            content,
            sender=sender(),
            recipient=recipient,
            commit=lambda: _commit_hand_over(mail, clock()),
        )
    except ClaimLost:
        log.warning("mail %s was not handed over: its lease had ended", mail.pk)
        return None
    _insist(lambda: _take_down(mail, outcome, clock()))
    return outcome


def send_due(clock: Clock, *, until: datetime | None = None) -> Counter[MailState]:
    """Send what is due, one mail after the other over one connection; count how each ended.

    No mail is begun at or after ``until``. When the relay itself is away the rest waits for the
    next ring, so that an outage costs each mail at most one attempt.
    """
    ended: Counter[MailState] = Counter()
    with Relay(settings.SMTP) as relay:
        while until is None or clock() < until:
            mail = claim(clock())
            if mail is None:
                break
            outcome = deliver(mail, relay=relay, clock=clock)
            ended[MailState(OutgoingMail.objects.get(pk=mail.pk).state)] += 1
            if outcome is not None and outcome.relay_is_away:
                log.warning("the mail relay is away: %s", outcome.words)
                break
    return ended


def release_lapsed(now: datetime) -> int:
    """Free what dead senders had in hand; return how many rows moved.

    What had not reached the relay is tried again after its back-off. What may have is looked up in
    the relay's log, where RELAY_LOG names one; where the log proves nothing, a person decides.
    """
    return _release_claimed(now) + _release_committing(now)


@transaction.atomic
def _release_claimed(now: datetime) -> int:
    # the lock keeps a sender that is late but alive from handing over what is freed here
    claimed = OutgoingMail.objects.lapsed(now).filter(state=MailState.CLAIMED).order_by("pk")
    lapsed = list(claimed.select_for_update(skip_locked=True)[:AT_A_TIME])
    for mail in lapsed:
        _try_later(mail, now=now, reply=SENDER_DIED)
    return len(lapsed)


def _release_committing(now: datetime) -> int:
    # no lock: reading the log may take long, and only certain outcomes can come in between
    committing = OutgoingMail.objects.lapsed(now).filter(state=MailState.COMMITTING)
    lapsed = list(committing.order_by("pk")[:AT_A_TIME])
    found = _look_up(lapsed)
    for mail in lapsed:
        match found[mail.message_id]:
            case Found.TAKEN:
                _settle(mail, MailState.SENT, now=now, reply=TAKEN_BY_LOG)
            case Found.ABSENT:
                _try_later(mail, now=now, reply=NEVER_TAKEN)
            case Found.UNKNOWN:
                _settle(mail, MailState.UNCERTAIN, now=now, reply=mail.reply or CUT_SHORT)
    return len(lapsed)


@transaction.atomic
def resolve(mail: OutgoingMail, *, arrived: bool, by: User, now: datetime) -> OutgoingMail:
    """A person decides about an uncertain mail: it arrived, or it is sent again.

    ``Refused`` where it is not uncertain, ``PermissionDenied`` where ``by`` may not decide.
    """
    mail = _lock_for(by, mail)
    if mail.state != MailState.UNCERTAIN:
        raise Refused("mail_is_not_uncertain", _("This mail is not uncertain any more."))
    if arrived:
        return _decided(mail, MailState.SENT, by=by, now=now)
    return _decided(mail, MailState.QUEUED, by=by, now=now)


@transaction.atomic
def resend_failed(mail: OutgoingMail, *, by: User, now: datetime) -> OutgoingMail:
    """Queue a failed or cancelled mail again, to the address that the recipient has by then.

    ``Refused`` in any other state, ``PermissionDenied`` where ``by`` may not decide.
    """
    mail = _lock_for(by, mail)
    if mail.state not in {MailState.FAILED, MailState.CANCELLED}:
        raise Refused("mail_did_not_fail", _("Only failed and cancelled mail can be sent again."))
    return _decided(mail, MailState.QUEUED, by=by, now=now)


def _lock_for(by: User, mail: OutgoingMail) -> OutgoingMail:
    if not by.has_perm("reporting.resolve_outgoingmail"):
        raise PermissionDenied
    return OutgoingMail.objects.select_for_update(of=("self",)).get(pk=mail.pk)


def _decided(mail: OutgoingMail, state: MailState, *, by: User, now: datetime) -> OutgoingMail:
    mail.state, mail.resolved_by, mail.resolved_at = state, by, now
    mail.finished_at = now if state in ENDED else None
    mail.run_after, mail.give_up_at = now, now + PATIENCE
    mail.save(
        update_fields=[
            *("state", "resolved_by", "resolved_at"),
            *("finished_at", "run_after", "give_up_at"),
        ]
    )
    return mail


def _obstacle(mail: OutgoingMail) -> str:
    """Why the mail must not go out now, whatever was true when it was queued; blank if it may."""
    if not mail.recipient.is_active:
        return READER_IS_INACTIVE
    if not mail.address:
        return NO_ADDRESS
    return _obstacle_to(mail.edition, mail.recipient) if mail.edition else ""


def _obstacle_to(edition: Edition, reader: User) -> str:
    if edition.status == EditionStatus.SUPERSEDED:
        return REPLACED
    if not reader.scope.covers(edition.covers):
        return OUT_OF_SIGHT
    orders = Subscription.objects.active().about(edition.covers)
    if not orders.filter(definition=edition.definition_id, reader=reader).exists():
        return NOT_SUBSCRIBED
    return ""


def _cause(fault: Exception) -> str:
    match fault:
        case BadAddress():
            return BAD_ADDRESS
        case FileChanged() | EditionFile.DoesNotExist():
            return FILE_IS_GONE
        case _:
            return NOT_COMPOSED


def _commit_hand_over(mail: OutgoingMail, now: datetime) -> None:
    """Put on record that the relay is about to get the body; ClaimLost where it must not."""
    still_ours = OutgoingMail.objects.filter(
        pk=mail.pk, attempts=mail.attempts, state=MailState.CLAIMED
    )
    if not still_ours.update(state=MailState.COMMITTING, leased_until=now + LEASE, reply=""):
        raise ClaimLost


def _insist(write: Callable[[], None]) -> None:
    """Write what the relay said even if the database is being restarted: nobody else knows it."""
    for seconds in RESTART_TAKES:
        try:
            return write()
        except (OperationalError, InterfaceError) as error:
            log.warning("the database is away, a mail's outcome waits: %s", error)
            connection.close()
            time.sleep(seconds)
    return write()


def _take_down(mail: OutgoingMail, outcome: Outcome, now: datetime) -> None:
    match outcome.verdict:
        case Verdict.TAKEN:
            _settle(mail, MailState.SENT, now=now, reply=outcome.words)
        case Verdict.NEVER:
            _settle(mail, MailState.FAILED, now=now, reply=outcome.words)
        case Verdict.LATER:
            _try_later(mail, now=now, reply=outcome.words)
        case Verdict.UNKNOWN if settings.RELAY_LOG:
            # the log is asked once the lease has ended: until then it may not be written
            own = OutgoingMail.objects.filter(pk=mail.pk, attempts=mail.attempts)
            own.filter(state=MailState.COMMITTING).update(reply=outcome.words)
        case Verdict.UNKNOWN:
            _settle(mail, MailState.UNCERTAIN, now=now, reply=outcome.words)


def _try_later(mail: OutgoingMail, *, now: datetime, reply: str) -> None:
    if now >= mail.give_up_at:
        _settle(mail, MailState.FAILED, now=now, reply=reply)
        return
    wait = BACK_OFF[min(mail.attempts, len(BACK_OFF)) - 1]
    run_after = min(now + wait, mail.give_up_at)  # the last attempt is made at the very end
    _settle(mail, MailState.QUEUED, now=now, reply=reply, run_after=run_after)


def _settle(
    mail: OutgoingMail,
    state: MailState,
    *,
    now: datetime,
    reply: str,
    run_after: datetime | None = None,
) -> None:
    """Write how this attempt ended, unless the row belongs to another attempt by now.

    A sender that outlived its lease may still turn "uncertain" into what it knows for certain.
    """
    own = OutgoingMail.objects.filter(
        pk=mail.pk,
        attempts=mail.attempts,
        state__in=[MailState.CLAIMED, MailState.COMMITTING, MailState.UNCERTAIN],
    )
    moved = own.update(
        state=state,
        reply=reply,
        leased_until=None,
        finished_at=now if state in ENDED else None,
        run_after=run_after or mail.run_after,
    )
    if not moved:
        log.warning("mail %s is %s by attempt %s, too late", mail.pk, state, mail.attempts)


def _look_up(lapsed: list[OutgoingMail]) -> dict[str, Found]:
    cut_short = {mail.message_id: mail.leased_until - LEASE for mail in lapsed if mail.leased_until}
    if not settings.RELAY_LOG or not cut_short:
        return dict.fromkeys(cut_short, Found.UNKNOWN)
    return look_up(Path(settings.RELAY_LOG), cut_short)
