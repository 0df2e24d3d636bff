"""What a project cost in the end, and what of it aid and donations in cash bear; all in yuan."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from assistance.models import Setting
from assistance.periods import local_day
from projects.models import (
    Acceptance,
    AuditRecord,
    FundingAdjustment,
    Opening,
    Payment,
    Project,
    Refund,
    Stage,
)
from projects.models.acceptance import AcceptanceLevel, AcceptanceQuerySet
from projects.models.audit import AuditKind
from projects.models.funds import PAID_THROUGH_THE_LEDGER, total_yuan
from projects.models.funds.shares import ProjectFundingQuerySet

# The levels of acceptance that are as good as the one that is asked for.
SUFFICES = {
    AcceptanceLevel.COUNTY: (AcceptanceLevel.COUNTY, AcceptanceLevel.JOINT),
    AcceptanceLevel.JOINT: (AcceptanceLevel.JOINT,),
}

# Where the works are completed, so that an acceptance is about them as they are.
SETTLED_AT = frozenset({Stage.COMPLETED, Stage.ACCEPTED, Stage.HANDED_OVER, Stage.CLOSED})


def acceptances_since_completion(project: Project) -> AcceptanceQuerySet:
    """Acceptances that count and are about the works as they were completed last, newest first."""
    rows = Acceptance.objects.counting().filter(project=project).order_by("-held_on", "-pk")
    completed = project.stage_changes.counting().filter(to_stage=Stage.COMPLETED)
    last = completed.order_by("-effective_on", "-pk").first()
    if last is not None:
        rows = rows.filter(held_on__gte=last.effective_on)
    # a corrected day of the completion does not make old acceptances new: the proposal stands
    reported = project.step_proposals.counting().filter(to_stage=Stage.COMPLETED)
    confirmed_at = reported.order_by("-counted_at").values_list("counted_at", flat=True).first()
    return rows.filter(created_at__gte=confirmed_at) if confirmed_at else rows


def level_required(project: Project, now: datetime) -> AcceptanceLevel:
    """Who has to accept the works: from some amount of aid on, both sides together."""
    threshold = Setting.objects.value_on("joint_acceptance_yuan", local_day(now), known_at=now)
    joint = project.aid_yuan >= Decimal(threshold)
    return AcceptanceLevel.JOINT if joint else AcceptanceLevel.COUNTY


def deciding_acceptance(project: Project, now: datetime) -> Acceptance | None:
    """The newest acceptance of the works at the level required or above."""
    levels = SUFFICES[level_required(project, now)]
    return acceptances_since_completion(project).filter(level__in=levels).first()


def settlement_audit(project: Project) -> AuditRecord | None:
    """The newest settlement audit."""
    audits = project.audit_records.counting().filter(kind=AuditKind.SETTLEMENT)
    return audits.order_by("-issued_on", "-pk").first()


def settling_acceptance(project: Project) -> Acceptance | None:
    """The acceptance that says what the works cost: the newest of a panel since they were completed
    last; none while they are done again.
    """
    if project.stage not in SETTLED_AT:
        return None
    return acceptances_since_completion(project).settling().first()


def final_aid_yuan(project: Project) -> Decimal | None:
    """What aid and donations in cash bear in the end: what the acceptance says, or less where the
    auditors confirmed less; None where that is not settled.

    Of a project that was taken over after its acceptance, what it was granted.
    """
    accepted = settling_acceptance(project)
    if accepted is not None and accepted.final_aid_yuan is not None:
        final: Decimal = accepted.final_aid_yuan
    else:
        settled = (Stage.ACCEPTED, Stage.HANDED_OVER)
        taken_over = Opening.objects.counting().filter(project=project, stage__in=settled)
        if not taken_over.exists():
            return None
        final = granted_yuan(project)
    audit = settlement_audit(project)
    return min(final, audit.audited_yuan) if audit else final


def granted_yuan(project: Project) -> Decimal:
    """Yuan of aid and donations in cash that the project holds by what is known now, all years."""
    shares = _shares(project)
    adjusted = FundingAdjustment.objects.counting().filter(project_funding__in=shares)
    return total_yuan(shares) + total_yuan(adjusted, "delta_yuan")


def paid_yuan(project: Project) -> Decimal:
    """Yuan paid out of these shares, less what was paid back; paid before the project was taken
    over included.
    """
    shares = _shares(project)
    paid = Payment.objects.counting().filter(project_funding__in=shares)
    back = Refund.objects.counting().filter(project_funding__in=shares)
    return total_yuan(shares, "opening_paid_yuan") + total_yuan(paid) - total_yuan(back)


def _shares(project: Project) -> ProjectFundingQuerySet:
    return project.funding.counting().filter(source__in=PAID_THROUGH_THE_LEDGER)
