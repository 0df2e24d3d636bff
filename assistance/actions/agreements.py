"""Agreements: drafted with their targets, signed, amended target by target, closed."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import (
    Agreement,
    AgreementState,
    AgreementTarget,
    Indicator,
    Pairing,
    Programme,
    User,
)
from assistance.models.rows import entered
from assistance.periods import local_day

MAINTAINS, TARGETS, SIGNS = (
    "assistance.add_agreement", "assistance.add_agreementtarget", "assistance.sign_agreement",
)  # fmt: skip


@transaction.atomic
def draft_agreement(
    *, programme: Programme, year: int, title: str, by: User, now: datetime, basis: str = ""
) -> Agreement:
    """Enter an agreement that is to be signed; there is one for a programme and year."""
    if not by.has_perm(MAINTAINS):
        raise PermissionDenied
    agreement = Agreement(
        programme=programme, year=year, title=title.strip(), basis=basis, **entered(by, now)
    )
    agreement.full_clean()
    agreement.save()
    return agreement


@transaction.atomic
def edit_agreement(
    agreement: Agreement, *, by: User, now: datetime, version: int | None = None, **fields: Any
) -> Agreement:
    """Change an agreement that is not signed yet."""
    agreement = _lock(
        agreement, "assistance.change_agreement", AgreementState.DRAFT, by=by, version=version
    )
    for name, value in fields.items():
        setattr(agreement, name, value)
    agreement.full_clean()
    agreement.record(*fields, by=by, now=now)
    return agreement


@transaction.atomic
def set_target(
    *,
    agreement: Agreement,
    indicator: Indicator,
    value: Decimal,
    by: User,
    now: datetime,
    pairing: Pairing | None = None,
    q1: Decimal | None = None,
    q2: Decimal | None = None,
    q3: Decimal | None = None,
    basis: str = "",
) -> AgreementTarget:
    """Enter a target of an agreement in draft, for one pairing or for the whole programme."""
    if not by.has_perm(TARGETS):
        raise PermissionDenied
    agreement = _lock(agreement, TARGETS, AgreementState.DRAFT, by=by)
    target = AgreementTarget(
        agreement=agreement, indicator=indicator, pairing=pairing, value=value, q1=q1, q2=q2, q3=q3,
        basis=basis, **entered(by, now),
    )  # fmt: skip
    target.full_clean()
    target.save()
    return target


@transaction.atomic
def edit_target(
    target: AgreementTarget, *, by: User, now: datetime, version: int | None = None, **fields: Any
) -> AgreementTarget:
    """Change a target, or an amendment of one, that does not count yet."""
    target = _lock_target(target, "assistance.change_agreementtarget", by=by, version=version)
    _raise(why_not_change(target))
    for name, value in fields.items():
        setattr(target, name, value)
    target.full_clean()
    target.record(*fields, by=by, now=now)
    return target


@transaction.atomic
def strike_out_target(
    target: AgreementTarget, *, reason: str, by: User, now: datetime, version: int | None = None
) -> AgreementTarget:
    """Take a target out of a draft, or withdraw an amendment that waits."""
    target = _lock_target(target, "assistance.change_agreementtarget", by=by, version=version)
    _raise(why_not_change(target))
    if not reason.strip():
        raise ValidationError({"reason": _("Give the reason; others will read it.")})
    target.void(by=by, now=now, reason=reason.strip())
    return target


@transaction.atomic
def sign_agreement(
    agreement: Agreement,
    *,
    doc_no: str,
    on: date,
    by: User,
    now: datetime,
    version: int | None = None,
) -> Agreement:
    """Record that both sides signed: the targets count from now on, and only amendments change
    them. Whoever drafted the agreement or one of its targets does not record the signing.
    """
    agreement = _lock(agreement, SIGNS, AgreementState.DRAFT, by=by, version=version)
    if not doc_no.strip():
        raise ValidationError({"doc_no": _("Give the number of the document.")})
    if on > local_day(now):
        raise ValidationError({"on": _("The day lies in the future.")})
    agreement.require_other_hands(by, than=("created_by",))
    targets = list(agreement.targets.standing().select_for_update().order_by("pk"))
    if not targets:
        raise Refused("no_targets", _("The agreement has no target yet; enter what was agreed."))
    agreement.state, agreement.doc_no, agreement.signed_on = (
        AgreementState.SIGNED, doc_no.strip(), on,
    )  # fmt: skip
    agreement.signed_at, agreement.signed_by = now, by
    agreement.full_clean()
    agreement.record(
        "state", "doc_no", "signed_on", "signed_at", "signed_by", by=by, now=now
    )  # fmt: skip
    for target in targets:
        target.require_other_hands(by, than=("created_by",))
        target.count(by=by, now=now)
    return agreement


@transaction.atomic
def propose_amendment(
    target: AgreementTarget,
    *,
    value: Decimal,
    doc_no: str,
    on: date,
    reason: str,
    by: User,
    now: datetime,
    q1: Decimal | None = None,
    q2: Decimal | None = None,
    q3: Decimal | None = None,
    version: int | None = None,
) -> AgreementTarget:
    """Enter new numbers for a target that counts; they hold once somebody else confirmed them."""
    target = _lock_target(target, TARGETS, by=by, version=version)
    _raise(why_not_amend(target))
    wrong = {}
    if not doc_no.strip():
        wrong["doc_no"] = _("Give the number of the document.")
    if on > local_day(now):
        wrong["on"] = _("The day lies in the future.")
    if not reason.strip():
        wrong["reason"] = _("Give the reason; others will read it.")
    if wrong:
        raise ValidationError(wrong)
    new = AgreementTarget(
        agreement=target.agreement, indicator=target.indicator, pairing=target.pairing,
        value=value, q1=q1, q2=q2, q3=q3, amends=target, doc_no=doc_no.strip(), decided_on=on,
        reason=reason.strip(), **entered(by, now),
    )  # fmt: skip
    new.full_clean()
    new.save()
    return new


@transaction.atomic
def confirm_amendment(
    target: AgreementTarget, *, by: User, now: datetime, version: int | None = None
) -> AgreementTarget:
    """Let an amendment hold: the numbers before it are struck out and stay to be read."""
    target = _lock_target(target, SIGNS, by=by, version=version)
    _raise(why_not_confirm(target, by))
    before = AgreementTarget.objects.select_for_update(of=("self",)).get(amendments=target)
    before.void(by=by, now=now, reason=_("amended: %(doc)s") % {"doc": target.doc_no})
    target.count(by=by, now=now)
    return target


@transaction.atomic
def close_agreement(
    agreement: Agreement, *, note: str, by: User, now: datetime, version: int | None = None
) -> Agreement:
    """End the work on an agreement once its year is over; nothing of it changes any more."""
    agreement = _lock(agreement, SIGNS, AgreementState.SIGNED, by=by, version=version)
    if not note.strip():
        raise ValidationError({"note": _("Say what came of the agreement.")})
    if local_day(now).year <= agreement.year:
        raise Refused("year_is_not_over", _("Its year is not over yet; close it afterwards."))
    if agreement.targets.filter(counted_at=None, voided_at=None).exists():
        raise Refused("amendment_waits", _("An amendment still waits; confirm or withdraw it."))
    agreement.state, agreement.closing_note = AgreementState.CLOSED, note.strip()
    agreement.closed_at, agreement.closed_by = now, by
    agreement.record("state", "closing_note", "closed_at", "closed_by", by=by, now=now)
    return agreement


def why_not_in(agreement: Agreement, state: AgreementState) -> Refused | None:
    """Why a step is shut that belongs to agreements in ``state``."""
    if agreement.state == state:
        return None
    return Refused(
        "agreement_in_another_state",
        _("This agreement is %(state)s; the step is not open to it.")
        % {"state": agreement.get_state_display()},
    )


def why_not_change(target: AgreementTarget) -> Refused | None:
    """Why a target can be neither changed nor taken out: it was signed or struck out."""
    if target.is_settled() is None:
        return None
    return Refused(
        "target_is_settled",
        _("This target was signed or struck out; propose an amendment of what holds."),
    )


def why_not_amend(target: AgreementTarget) -> Refused | None:
    """Why no amendment can be proposed: the target does not hold."""
    if target.counts and target.agreement.state == AgreementState.SIGNED:
        return None
    return Refused("target_does_not_hold", _("Only a target that holds now can be amended."))


def why_not_confirm(target: AgreementTarget, by: User) -> Refused | None:
    """What keeps ``by`` from confirming: it is no amendment that waits, or they proposed it."""
    if target.amends_id is None or target.is_settled() is not None:
        return Refused("no_amendment", _("This is no amendment that waits to be confirmed."))
    return target.own_work(by, than=("created_by",))


def _raise(refusal: Refused | None) -> None:
    if refusal is not None:
        raise refusal


def _lock(
    agreement: Agreement,
    permission: str,
    state: AgreementState,
    *,
    by: User,
    version: int | None = None,
) -> Agreement:
    if not by.has_perm(permission):
        raise PermissionDenied
    agreement = Agreement.objects.lock_for(by, agreement.pk, version=version)
    _raise(why_not_in(agreement, state))
    return agreement


def _lock_target(
    target: AgreementTarget, permission: str, *, by: User, version: int | None = None
) -> AgreementTarget:
    """Lock a target, and its agreement before it."""
    if not by.has_perm(permission):
        raise PermissionDenied
    Agreement.objects.lock_for(by, target.agreement_id)
    return AgreementTarget.objects.lock_for(by, target.pk, "agreement", version=version)
