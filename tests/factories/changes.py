"""Changes of what was approved: asked for by the clerk, consented to and decided by other hands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from assistance.models import User
from assistance.roles import Role
from projects.actions import (
    approve_change,
    consent_to_change,
    file_paper,
    record_audit,
    request_change,
    submit_change,
)
from projects.models import AuditRecord, ChangeRequest, FundingAdjustment, Paper, Project
from projects.models.audit import AuditKind
from projects.models.changes import ChangeKind, ChangeStatus
from projects.models.evidence import PaperKind
from tests import factories as make


def consent_paper(
    change: ChangeRequest, *, by: User | None = None, now: datetime | None = None
) -> Paper:
    """The donor's letter, filed with the change by the clerk."""
    by = by or make.hand(Role.CLERK)
    return file_paper(
        change.project,
        kind=PaperKind.CONSENT,
        attachment=make.attachment(),
        change_request=change,
        by=by,
        now=now or make.NOW,
    )  # fmt: skip


def change(
    project: Project,
    kind: ChangeKind = ChangeKind.CONTENT,
    after: Mapping[str, Any] | None = None,
    *,
    status: ChangeStatus = ChangeStatus.APPROVED,
    on: date | None = None,
    now: datetime | None = None,
) -> ChangeRequest:
    """A request of the clerk, brought to ``status``; it takes effect on ``on`` (8 June)."""
    now = now or make.NOW
    after = {"content": "演示变更后的内容"} if after is None else after
    clerk = make.hand(Role.CLERK)
    asked = request_change(project, kind=kind, after=after, reason="演示", by=clerk, now=now)
    if status == ChangeStatus.DRAFT:
        return asked
    asked = submit_change(asked, by=clerk, now=now)
    if status == ChangeStatus.SUBMITTED:
        return asked
    if asked.needs_consent:
        consent_paper(asked, now=now)
        asked = consent_to_change(asked, doc_no="演示函1", by=make.hand(Role.REVIEWER), now=now)
    if status == ChangeStatus.CONSENTED:
        return asked
    small = not asked.needs_consent and kind != ChangeKind.SURPLUS
    return approve_change(
        asked,
        doc_no="演示批复1",
        effective_on=on or date(project.fiscal_year, 6, 8),
        by=make.hand(Role.REVIEWER if small else Role.APPROVER),
        now=now,
    )


def adjustment(
    project: Project,
    delta_yuan: Decimal | int = -50_000,
    *,
    on: date | None = None,
    now: datetime | None = None,
) -> FundingAdjustment:
    """The project's first share grown or shrunk under an approved change of the budget."""
    share = project.funding.counting().order_by("pk").first()
    assert share is not None, "only an approved project has a share that counts"
    made = change(
        project, ChangeKind.BUDGET, {"shares": {str(share.pk): delta_yuan}}, on=on, now=now
    )
    return made.adjustments.get()


def audited(project: Project, yuan: Decimal | int) -> AuditRecord:
    """The settlement audit of an accepted project: what aid and donations in cash bear of it."""
    day = date(project.fiscal_year, 6, 9)
    return record_audit(
        project,
        body="演示审计局",
        kind=AuditKind.SETTLEMENT,
        report_no=f"演示审{next(make.numbers)}号",
        issued_on=day,
        audited_yuan=Decimal(yuan),
        by=make.hand(Role.CLERK),
        now=make.at(day),
    )
