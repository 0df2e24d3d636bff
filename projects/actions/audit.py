"""What auditors reported, and what was found wrong and put right."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import Pairing, User
from assistance.models.rows import entered
from assistance.periods import local_day
from projects.actions.locks import lock_of_project, lock_project
from projects.actions.road import require_reason
from projects.models import AuditRecord, Finding, Project, Stage
from projects.models.audit import AuditKind, FindingStatus

MAY_RECORD = "projects.add_auditrecord"
MAY_CLOSE = "projects.close_finding"
NOT_APPROVED_YET = (Stage.DRAFT, Stage.SUBMITTED, Stage.LIBRARY, Stage.REJECTED, Stage.WITHDRAWN)
SETTLED_AT = (
    Stage.COMPLETED, Stage.ACCEPTED, Stage.HANDED_OVER, Stage.CLOSED, Stage.TERMINATED,
)  # fmt: skip


@transaction.atomic
def record_audit(
    project: Project,
    *,
    body: str,
    kind: str,
    report_no: str,
    issued_on: date,
    audited_yuan: Decimal,
    by: User,
    now: datetime,
) -> AuditRecord:
    """Log an audit report; it counts at once. ``audited_yuan`` is the aid that it confirms.

    A settlement is audited once the works are completed.
    """
    project = lock_project(project, by=by)
    refusal = record_why_not(project, by)
    if refusal is not None:
        raise refusal
    if kind == AuditKind.SETTLEMENT and project.stage not in SETTLED_AT:
        raise ValidationError({"kind": _("A settlement is audited once the works are completed.")})
    if issued_on > local_day(now):
        raise ValidationError({"issued_on": _("The day lies in the future.")})
    record = AuditRecord(
        project=project,
        body=body.strip(),
        kind=kind,
        report_no=report_no.strip(),
        issued_on=issued_on,
        audited_yuan=audited_yuan,
        counted_at=now,
        counted_by=by,
        **entered(by, now),
    )
    record.full_clean()
    record.save()
    return record


@transaction.atomic
def strike_out_audit(
    record: AuditRecord, *, reason: str, by: User, now: datetime, version: int | None = None
) -> AuditRecord:
    """Strike out an audit report that was logged wrongly; one that a closed project rests on
    stands.
    """
    record, _project = lock_of_project(record, by=by, version=version)
    refusal = strike_out_audit_why_not(record, by)
    if refusal is not None:
        raise refusal
    require_reason(reason)
    record.void(by=by, now=now, reason=reason)
    return record


@transaction.atomic
def raise_finding(
    *,
    pairing: Pairing,
    source: str,
    category: str,
    description: str,
    amount_yuan: Decimal,
    found_on: date,
    due_on: date,
    by: User,
    now: datetime,
    project: Project | None = None,
) -> Finding:
    """Put on record what is wrong and by when it has to be put right; it counts at once."""
    if not by.has_perm("projects.add_finding"):
        raise PermissionDenied
    pairing = Pairing.objects.visible_to(by).get(pk=pairing.pk)
    if project is not None:
        project = lock_project(project, by=by)
        if project.pairing_id != pairing.pk:
            raise ValidationError({"project": _("This project belongs to another pairing.")})
        if project.stage in NOT_APPROVED_YET:
            raise ValidationError({"project": _("This project was not approved.")})
    if found_on > local_day(now):
        raise ValidationError({"found_on": _("The day lies in the future.")})
    finding = Finding(
        pairing=pairing,
        project=project,
        source=source,
        category=category,
        description=description.strip(),
        amount_yuan=amount_yuan,
        found_on=found_on,
        due_on=due_on,
        counted_at=now,
        counted_by=by,
        **entered(by, now),
    )
    finding.full_clean()
    finding.save()
    return finding


@transaction.atomic
def report_rectified(
    finding: Finding,
    *,
    rectification: str,
    rectified_on: date,
    by: User,
    now: datetime,
    version: int | None = None,
) -> Finding:
    """Report that a finding was put right, and how; the auditors check it and close it.

    Until they do, the report can be corrected in the same way.
    """
    finding = _lock(finding, by=by, version=version)
    refusal = rectify_why_not(finding, by)
    if refusal is not None:
        raise refusal
    if not rectification.strip():
        raise ValidationError({"rectification": _("Say what was done about it.")})
    if not finding.found_on <= rectified_on <= local_day(now):
        raise ValidationError(
            {"rectified_on": _("The day has to lie between the finding and today.")}
        )
    finding.rectification, finding.rectified_on = rectification.strip(), rectified_on
    finding.status = FindingStatus.RECTIFYING
    finding.record("rectification", "rectified_on", "status", by=by, now=now)
    return finding


@transaction.atomic
def close_finding(
    finding: Finding, *, by: User, now: datetime, version: int | None = None
) -> Finding:
    """Close a finding that was put right; whoever reported that cannot."""
    finding = _lock(finding, by=by, version=version)
    refusal = close_why_not(finding, by)
    if refusal is not None:
        raise refusal
    finding.status, finding.closed_at, finding.closed_by = FindingStatus.CLOSED, now, by
    finding.record("status", "closed_at", "closed_by", by=by, now=now)
    return finding


@transaction.atomic
def reopen_finding(
    finding: Finding, *, reason: str, by: User, now: datetime, version: int | None = None
) -> Finding:
    """Send a finding back that was not put right; the reason stands below what was reported."""
    finding = _lock(finding, by=by, version=version)
    refusal = reopen_why_not(finding, by)
    if refusal is not None:
        raise refusal
    require_reason(reason)
    sent_back = _("Sent back on %(day)s: %(reason)s") % {
        "day": local_day(now).isoformat(), "reason": reason.strip(),
    }  # fmt: skip
    finding.rectification = f"{finding.rectification}\n{sent_back}"
    finding.status, finding.rectified_on = FindingStatus.OPEN, None
    finding.closed_at = finding.closed_by = None
    finding.record(
        "rectification", "status", "rectified_on", "closed_at", "closed_by", by=by, now=now
    )
    return finding


@transaction.atomic
def strike_out_finding(
    finding: Finding, *, reason: str, by: User, now: datetime, version: int | None = None
) -> Finding:
    """Strike out a finding that was raised wrongly."""
    finding = _lock(finding, by=by, version=version)
    refusal = strike_out_finding_why_not(finding, by)
    if refusal is not None:
        raise refusal
    require_reason(reason)
    finding.void(by=by, now=now, reason=reason)
    return finding


# ------------------------------------------------ what stands in the way; none asks a table


def record_why_not(project: Project, user: User) -> Refused | PermissionDenied | None:
    """What stands between ``user`` and logging an audit report."""
    pairing = project.pairing
    keeps = user.may_write_for(recipient_id=pairing.recipient_id, donor_id=pairing.donor_id)
    if not user.has_perm(MAY_RECORD) or not keeps:
        return PermissionDenied()
    if project.stage in NOT_APPROVED_YET:
        return Refused(
            "not_on_the_road",
            _("The project is “%(stage)s”; what was not approved is not audited.")
            % {"stage": project.get_stage_display()},
        )
    return None


def strike_out_audit_why_not(record: AuditRecord, user: User) -> Refused | PermissionDenied | None:
    """What stands between ``user`` and striking out an audit report."""
    if not user.has_perm(MAY_RECORD):
        return PermissionDenied()
    if record.voided_at:
        return Refused("struck_out_before", _("This row was struck out already."))
    if record.kind == AuditKind.SETTLEMENT and record.project.stage == Stage.CLOSED:
        return Refused(
            "project_has_gone_on", _("The project was closed on this audit report, so it stands.")
        )
    return None


def rectify_why_not(finding: Finding, user: User) -> Refused | PermissionDenied | None:
    """What stands between ``user`` and reporting a finding as put right."""
    pairing = finding.pairing
    keeps = user.may_write_for(recipient_id=pairing.recipient_id, donor_id=pairing.donor_id)
    if not user.has_perm("projects.rectify_finding") or not keeps:
        return PermissionDenied()
    return _closed(finding)


def close_why_not(finding: Finding, user: User) -> Refused | PermissionDenied | None:
    """What stands between ``user`` and closing a finding."""
    if not user.has_perm(MAY_CLOSE):
        return PermissionDenied()
    if (closed := _closed(finding)) is not None:
        return closed
    if finding.status != FindingStatus.RECTIFYING:
        return Refused("not_rectified", _("Nobody reported yet that this was put right."))
    try:  # the last change of a row of this status is that report
        finding.require_other_hands(user, than=("updated_by",))
    except Refused as refusal:
        return refusal
    return None


def reopen_why_not(finding: Finding, user: User) -> Refused | PermissionDenied | None:
    """What stands between ``user`` and sending a finding back."""
    if not user.has_perm(MAY_CLOSE):
        return PermissionDenied()
    if finding.voided_at:
        return Refused("struck_out_before", _("This row was struck out already."))
    if finding.status == FindingStatus.OPEN:
        return Refused("finding_is_open", _("This finding is open; nothing was reported yet."))
    return None


def strike_out_finding_why_not(finding: Finding, user: User) -> Refused | PermissionDenied | None:
    """What stands between ``user`` and striking out a finding."""
    if not user.has_perm("projects.add_finding"):
        return PermissionDenied()
    if finding.voided_at:
        return Refused("struck_out_before", _("This row was struck out already."))
    return None


def _closed(finding: Finding) -> Refused | None:
    if finding.voided_at:
        return Refused("struck_out_before", _("This row was struck out already."))
    if finding.status == FindingStatus.CLOSED:
        return Refused("finding_is_closed", _("This finding is closed already."))
    return None


def _lock(finding: Finding, *, by: User, version: int | None) -> Finding:
    """Lock a finding and, before it, the project that it is about."""
    seen = Finding.objects.visible_to(by).select_related("project", "pairing").get(pk=finding.pk)
    if seen.project is not None:
        lock_project(seen.project, by=by)
    finding = Finding.objects.lock_for(by, finding.pk, version=version)
    finding.pairing = seen.pairing
    return finding
