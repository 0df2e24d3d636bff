"""Requests to change what was approved, on their way to a decision. What a decision does is in
``approved_changes``.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import Setting, User
from assistance.models.rows import entered
from assistance.periods import local_day
from projects.actions.changed_values import (
    Shares,
    checked,
    require_covers_payments,
    shares_of,
    standing,
    surplus,
    unspent,
    write,
)
from projects.actions.guards import require
from projects.actions.hindrances.application import SAYS_THE_USE, on_negative_list
from projects.actions.hindrances.works import change_open
from projects.actions.locks import lock_project
from projects.actions.road import require_reason
from projects.actions.settlement import final_aid_yuan
from projects.models import LEADS_TO, STEPS, ChangeRequest, Project, Stage
from projects.models.changes import ChangeKind, ChangeStatus
from projects.models.evidence import PaperKind
from projects.models.funds import PAID_THROUGH_THE_LEDGER

ALWAYS_NEEDS_CONSENT = frozenset(
    {ChangeKind.SITE, ChangeKind.UNIT, ChangeKind.USE_OF_FUNDS, ChangeKind.TERMINATE}
)
AFTER_ACCEPTANCE = frozenset({Stage.ACCEPTED, Stage.HANDED_OVER})
PROVES_CONSENT = (PaperKind.CONSENT, PaperKind.CHANGE)


@transaction.atomic
def request_change(
    project: Project,
    *,
    kind: str,
    after: Mapping[str, Any],
    reason: str,
    by: User,
    now: datetime,
    version: int | None = None,
) -> ChangeRequest:
    """Draft a request to change what was approved of a project.

    ``after`` holds what the kind may change (``changed_values``); ValidationError names what it may
    not or what does not fit. ``version`` is the project's.
    """
    project = lock_project(project, by=by, version=version)
    require(project, "request_change", by=by, now=now)
    require_reason(reason)
    if kind not in ChangeKind.values:
        raise ValidationError({"kind": _("Choose what is to be changed.")})
    if kind == ChangeKind.SURPLUS:
        raise Refused(
            "surplus_is_reckoned",
            _("A surplus is reckoned from the settlement; release it instead of applying for it."),
        )
    require_open_to(project, kind)
    asked = checked(project, kind, after, by=by)
    return ChangeRequest.objects.create(
        project=project,
        kind=kind,
        before=standing(project, asked, shares_of(project)),
        after=asked,
        reason=reason.strip(),
        **entered(by, now),
    )


@transaction.atomic
def edit_change(
    change: ChangeRequest,
    *,
    by: User,
    now: datetime,
    version: int | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> ChangeRequest:
    """Change what a draft asks for; ``after`` replaces the whole of it where given."""
    change = lock_change(change, by=by, version=version)
    require_verb(change, "edit", by=by)
    if after is not None:
        if change.kind == ChangeKind.SURPLUS:
            raise Refused(
                "surplus_is_reckoned", _("A surplus is reckoned anew when it is submitted.")
            )
        change.after = checked(change.project, change.kind, after, by=by)
        change.before = standing(change.project, change.after, shares_of(change.project))
    if reason is not None:
        require_reason(reason)
        change.reason = reason.strip()
    change.record("before", "after", "reason", by=by, now=now)
    return change


@transaction.atomic
def submit_change(
    change: ChangeRequest, *, by: User, now: datetime, version: int | None = None
) -> ChangeRequest:
    """Hand a draft in. What stands now is frozen beside it, money of a termination or a surplus is
    reckoned, and it is decided whether the donor has to consent.

    Refused where another change is open, where nothing would change, where the negative list of the
    day forbids the new use, and where a share would hold less than it has paid.
    """
    change = lock_change(change, by=by, version=version)
    require_verb(change, "submit", by=by)
    return _submit(change, by=by, now=now)


@transaction.atomic
def return_change(
    change: ChangeRequest, *, reason: str, by: User, now: datetime, version: int | None = None
) -> ChangeRequest:
    """Send a request back to be corrected; it is a draft again and bears the reason."""
    change = lock_change(change, by=by, version=version)
    require_verb(change, "return", by=by)
    require_reason(reason)
    change.status, change.decision_reason = ChangeStatus.DRAFT, reason.strip()
    change.submitted_at = change.submitted_by = None
    change.record("status", "decision_reason", "submitted_at", "submitted_by", by=by, now=now)
    return change


@transaction.atomic
def withdraw_change(
    change: ChangeRequest, *, by: User, now: datetime, version: int | None = None
) -> ChangeRequest:
    """Take a request back for good, before anybody consented."""
    change = lock_change(change, by=by, version=version)
    require_verb(change, "withdraw", by=by)
    _decide(change, ChangeStatus.WITHDRAWN, by=by, now=now)
    return change


@transaction.atomic
def consent_to_change(
    change: ChangeRequest, *, doc_no: str, by: User, now: datetime, version: int | None = None
) -> ChangeRequest:
    """Record that the donor consents; the consent or the file of the change has to be on file."""
    change = lock_change(change, by=by, version=version)
    require_verb(change, "consent", by=by)
    require_open_to(change.project, change.kind)
    if not doc_no.strip():
        raise ValidationError({"doc_no": _("Give the number of the donor's letter.")})
    papers = change.papers.counting().filter(kind__in=PROVES_CONSENT)
    if not papers.filter(project=change.project_id).exists():
        raise Refused(
            "consent_not_on_file",
            _("File the donor's consent or the file of the change with this change first."),
        )
    change.status, change.donor_consent_doc = ChangeStatus.CONSENTED, doc_no.strip()
    change.consented_at, change.consented_by = now, by
    change.record("status", "donor_consent_doc", "consented_at", "consented_by", by=by, now=now)
    return change


@transaction.atomic
def reject_change(
    change: ChangeRequest, *, reason: str, by: User, now: datetime, version: int | None = None
) -> ChangeRequest:
    """Turn a request down for good; the project stays as it was approved."""
    change = lock_change(change, by=by, version=version)
    require_verb(change, "reject", by=by)
    require_reason(reason)
    change.decision_reason = reason.strip()
    _decide(change, ChangeStatus.REJECTED, "decision_reason", by=by, now=now)
    return change


@transaction.atomic
def release_surplus(
    project: Project, *, by: User, now: datetime, version: int | None = None
) -> ChangeRequest:
    """Raise the request that releases what the settlement left over, and submit it.

    The surplus is the net shares of fiscal aid and donations in cash less what the acceptance, or
    the auditors, say that these bear in the end. It comes off the shares approved last, from none
    more than it has not paid; refused where money has to be paid back first.
    """
    project = lock_project(project, by=by, version=version)
    require(project, "request_change", by=by, now=now)
    change = ChangeRequest(
        project=project,
        kind=ChangeKind.SURPLUS,
        reason=_("Surplus of the final settlement."),
        needs_consent=False,
        **entered(by, now),
    )
    change.after = {"shares": _surplus(project)}
    change.save()
    return _submit(change, by=by, now=now)


def lock_change(change: ChangeRequest, *, by: User, version: int | None) -> ChangeRequest:
    """Lock a request that ``by`` may see and, before it, its project."""
    seen = ChangeRequest.objects.visible_to(by).select_related("project").get(pk=change.pk)
    project = lock_project(seen.project, by=by)
    change = ChangeRequest.objects.lock_for(by, change.pk, version=version)
    change.project = project
    return change


def require_verb(change: ChangeRequest, verb: str, *, by: User) -> None:
    """Raise what stands between ``by`` and a verb of the request."""
    refusal = change.why_not(verb, by)
    if refusal is not None:
        raise refusal


def _submit(change: ChangeRequest, *, by: User, now: datetime) -> ChangeRequest:
    project = change.project
    refusal = change_open(project, now)
    if refusal is not None:
        raise refusal
    require_open_to(project, change.kind)
    shares = shares_of(project)
    change.after = _as_submitted(change, shares, by=by)
    if not change.after:
        raise Refused("changes_nothing", _("This request changes nothing; edit it first."))
    _require_use_is_funded(change, now)
    change.before = standing(project, change.after, shares)
    change.needs_consent = _needs_consent(change, now)
    change.status, change.decision_reason = ChangeStatus.SUBMITTED, ""
    change.submitted_at, change.submitted_by = now, by
    change.record(
        "after", "before", "needs_consent", "status", "decision_reason", "submitted_at",
        "submitted_by", by=by, now=now,
    )  # fmt: skip
    return change


def _require_use_is_funded(change: ChangeRequest, now: datetime) -> None:
    """Ask the negative list of the day what a change makes the project say of its use; where the
    use itself changes, all that it says.
    """
    asked: tuple[str, ...] = ()
    if change.kind == ChangeKind.USE_OF_FUNDS:
        asked = SAYS_THE_USE
    elif change.kind == ChangeKind.CONTENT:
        asked = tuple(column for column in SAYS_THE_USE if column in change.after)
    preview = copy.copy(change.project)
    write(preview, change.after)
    refusal = on_negative_list(preview, now, asked)
    if refusal is not None:
        raise refusal


def _as_submitted(change: ChangeRequest, shares: Shares, *, by: User) -> dict[str, Any]:
    """``after`` checked against what stands now, its money reckoned where nobody chooses it."""
    if change.kind == ChangeKind.SURPLUS:
        return {"shares": _surplus(change.project)}
    kept = {name: value for name, value in change.after.items() if not name.endswith("_yuan")}
    after = checked(change.project, change.kind, kept, by=by)
    if change.kind == ChangeKind.TERMINATE:
        require_recovered_or_justified(shares, after)
        others = {
            key: delta
            for key, delta in after.get("shares", {}).items()
            if shares[key].source not in PAID_THROUGH_THE_LEDGER
        }
        after["shares"] = others | unspent(shares)
    for key, delta in after.get("shares", {}).items():
        require_covers_payments(shares[key], Decimal(delta))
    return after


def require_recovered_or_justified(shares: Shares, after: Mapping[str, Any]) -> None:
    """Refuse a termination that leaves paid money where it is without a word."""
    paid = sum((share.paid_yuan() for share in shares.values()), Decimal(0))
    if paid and not after.get("justification"):
        raise Refused(
            "paid_not_recovered",
            _(
                "%(paid)s yuan are paid: log what was paid back, or say why the money stays"
                " (justification)."
            )
            % {"paid": f"{paid:,.2f}"},
        )


def require_open_to(project: Project, kind: str) -> None:
    """Once accepted, a project gives back its surplus and changes in nothing else; it ends early
    only from the stages that the road lets it.
    """
    accepted = project.stage in AFTER_ACCEPTANCE
    opened = project.stage in STEPS["request_change"].takes_from
    if kind == ChangeKind.TERMINATE:
        opened = Stage.TERMINATED in LEADS_TO[Stage(project.stage)]
    elif kind != ChangeKind.SURPLUS:
        opened = opened and not accepted
    if not opened:
        raise Refused(
            "not_on_the_road",
            _("A project at the stage “%(stage)s” is not changed in this way any more.")
            % {"stage": project.get_stage_display()},
        )


def _needs_consent(change: ChangeRequest, now: datetime) -> bool:
    """Whether the donor has to consent and the approver to decide: domain §4.4."""
    if change.kind in ALWAYS_NEEDS_CONSENT:
        return True
    if change.kind != ChangeKind.BUDGET or "aid_yuan" not in change.after:
        return False
    pct = Decimal(Setting.objects.value_on("change_pct", local_day(now), known_at=now))
    approved = _aid_last_approved(change.project)
    return abs(Decimal(change.after["aid_yuan"]) - approved) * 100 > pct * approved


def _aid_last_approved(project: Project) -> Decimal:
    """The aid that an approver approved last: small changes since then add up, so that many of them
    do not slip under the threshold.
    """
    budgets = ChangeRequest.objects.filter(
        project=project, kind=ChangeKind.BUDGET, status=ChangeStatus.APPROVED
    ).order_by("decided_at", "pk")
    newest = budgets.filter(needs_consent=True).last()
    small = budgets.filter(needs_consent=False, after__has_key="aid_yuan")
    since = small.filter(decided_at__gt=newest.decided_at) if newest else small
    first = since.first()
    return Decimal(first.before["aid_yuan"]) if first else project.aid_yuan


def _surplus(project: Project) -> dict[str, str]:
    final = final_aid_yuan(project)
    if final is None:
        raise Refused(
            "not_settled", _("No acceptance that was passed says yet what the works cost.")
        )
    return surplus(shares_of(project), final)


def _decide(
    change: ChangeRequest, status: ChangeStatus, *changed: str, by: User, now: datetime
) -> None:
    change.status, change.decided_at, change.decided_by = status, now, by
    change.record(*changed, "status", "decided_at", "decided_by", by=by, now=now)
