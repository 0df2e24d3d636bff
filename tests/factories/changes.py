"""Changes of what was approved: asked for by the clerk, consented to and decided by other hands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from assistance.actions.attachments import keep_file
from assistance.models import User
from assistance.models.rows import entered
from assistance.roles import Role
from projects.actions import (
    approve_change,
    consent_to_change,
    file_paper,
    request_change,
    submit_change,
)
from projects.models import Acceptance, ChangeRequest, FundingAdjustment, Paper, Project
from projects.models.acceptance import AcceptanceLevel, AcceptanceResult
from projects.models.changes import ChangeKind, ChangeStatus
from projects.models.evidence import PaperKind
from tests import factories as make


def consent_paper(change: ChangeRequest, *, by: User | None = None) -> Paper:
    """The donor's letter, filed with the change by the clerk."""
    by = by or make.hand(Role.CLERK)
    kept = keep_file(b"%PDF-1.4 demo", name="consent.pdf", by=by, now=make.NOW)
    return file_paper(
        change.project, kind=PaperKind.CONSENT, attachment=kept, change_request=change, by=by,
        now=make.NOW,
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
        consent_paper(asked)
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


def settled(project: Project, final_aid_yuan: Decimal | int) -> Acceptance:
    """An acceptance that was passed and says what aid and donations in cash bear."""
    clerk, day = make.hand(Role.CLERK), date(project.fiscal_year, 6, 3)
    return Acceptance.objects.create(
        project=project,
        level=AcceptanceLevel.COUNTY,
        held_on=day,
        chair="演示组长",
        chair_of=make.treasury(),
        members=["演示甲", "演示乙", "演示丙"],
        result=AcceptanceResult.PASS,
        final_settlement_yuan=Decimal(final_aid_yuan),
        final_aid_yuan=Decimal(final_aid_yuan),
        counted_at=make.at(day),
        counted_by=make.hand(Role.REVIEWER),
        **entered(clerk, make.at(day)),
    )
