"""Acceptances and what follows them, entered by the clerk and confirmed by the reviewer."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from assistance.models.regions import OrganisationKind
from assistance.roles import Role
from projects.actions import (
    close_finding,
    confirm_acceptance,
    confirm_evaluation,
    evaluate,
    raise_finding,
    record_acceptance,
    record_audit,
    register_asset,
    report_rectified,
)
from projects.models import (
    Acceptance,
    Asset,
    AuditRecord,
    Evaluation,
    Finding,
    Project,
    Stage,
)
from projects.models.acceptance import AcceptanceLevel, AcceptanceResult, AssetCategory
from projects.models.audit import AuditKind, FindingCategory, FindingSource, FindingStatus
from projects.models.evidence import PaperKind
from tests import factories as make

PANEL = ("演示成员一", "演示成员二", "演示成员三")


def acceptance_fields(**overrides: Any) -> dict[str, Any]:
    """What an acceptance by the county says that passed on 3 June and cost what was granted."""
    fields: dict[str, Any] = {
        "level": AcceptanceLevel.COUNTY,
        "held_on": date(make.YEAR, 6, 3),
        "chair": "演示组长",
        "members": PANEL,
        "result": AcceptanceResult.PASS,
        "quantities": [{"name": "新建大棚", "unit": "座", "planned": "12", "actual": "12"}],
    }
    if overrides.get("result", AcceptanceResult.PASS) == AcceptanceResult.PASS:
        fields["final_settlement_yuan"] = fields["final_aid_yuan"] = Decimal(1_000_000)
    if overrides.get("result") == AcceptanceResult.RECTIFY:
        fields["rectify_due_on"] = date(make.YEAR, 7, 3)
    fields |= overrides
    if "chair_of" not in fields:
        fields["chair_of"] = make.organisation(OrganisationKind.RECIPIENT_OFFICE)
    return fields


def acceptance(
    project: Project | None = None, *, confirmed: bool = True, **overrides: Any
) -> Acceptance:
    """An acceptance of a completed project, with its form on file where it is confirmed."""
    project = project or make.project_at(Stage.COMPLETED)
    fields = acceptance_fields(**overrides)
    now = make.at(fields["held_on"], 14)
    made = record_acceptance(project, by=make.hand(Role.CLERK), now=now, **fields)
    if not confirmed:
        return made
    make.paper(project, PaperKind.ACCEPTANCE, acceptance=made, now=now)
    return confirm_acceptance(made, by=make.hand(Role.REVIEWER), now=now)


def asset(project: Project | None = None, **overrides: Any) -> Asset:
    """Something that a completed project built, with an owner and a keeper."""
    fields: dict[str, Any] = {
        "name": "演示大棚",
        "category": AssetCategory.OPERATING,
        "original_value_yuan": Decimal(600_000),
        "registered_on": date(make.YEAR, 6, 4),
        "owner": "演示村集体",
        "manager": "演示合作社",
    }
    fields |= overrides
    return register_asset(
        project or make.project_at(Stage.COMPLETED),
        by=make.hand(Role.CLERK),
        now=make.NOW,
        **fields,
    )


def audit_record(project: Project | None = None, **overrides: Any) -> AuditRecord:
    """A settlement audit of a completed project."""
    fields: dict[str, Any] = {
        "body": "演示审计局",
        "kind": AuditKind.SETTLEMENT,
        "report_no": f"演示审〔{make.YEAR}〕1号",
        "issued_on": date(make.YEAR, 6, 8),
        "audited_yuan": Decimal(1_000_000),
    }
    return record_audit(
        project or make.project_at(Stage.COMPLETED),
        by=make.hand(Role.CLERK),
        now=make.NOW,
        **fields | overrides,
    )


def finding_fields(**overrides: Any) -> dict[str, Any]:
    """What a finding of 1 June says that has to be put right within the month."""
    fields: dict[str, Any] = {
        "source": FindingSource.AUDIT,
        "category": FindingCategory.IDLE_MONEY,
        "description": "演示：资金闲置",
        "amount_yuan": Decimal(50_000),
        "found_on": date(make.YEAR, 6, 1),
        "due_on": date(make.YEAR, 6, 30),
    }
    return fields | overrides


def finding(
    status: FindingStatus = FindingStatus.OPEN, *, project: Project | None = None, **overrides: Any
) -> Finding:
    """A finding of the auditor, reported as put right by the clerk, closed by the auditor."""
    pairing = overrides.pop("pairing", None) or (project.pairing if project else make.pairing())
    auditor = make.hand(Role.AUDITOR)
    made = raise_finding(
        pairing=pairing, project=project, by=auditor, now=make.NOW, **finding_fields(**overrides)
    )
    if status == FindingStatus.OPEN:
        return made
    made = report_rectified(
        made,
        rectification="演示：已收回",
        rectified_on=date(make.YEAR, 6, 10),
        by=make.hand(Role.CLERK),
        now=make.NOW,
    )
    if status == FindingStatus.RECTIFYING:
        return made
    return close_finding(made, by=auditor, now=make.NOW)


def evaluation_fields(**overrides: Any) -> dict[str, Any]:
    """Full points but for the use of the budget, which the ledger says."""
    fields: dict[str, Any] = {
        "year": make.YEAR,
        "output": Decimal(50),
        "benefit": Decimal(30),
        "satisfaction": Decimal(10),
        "evaluated_on": date(make.YEAR, 6, 9),
    }
    return fields | overrides


def evaluation(
    project: Project | None = None, *, confirmed: bool = True, **overrides: Any
) -> Evaluation:
    """An evaluation of a completed project, with its score sheet on file where it is confirmed."""
    project = project or make.project_at(Stage.COMPLETED)
    fields = evaluation_fields(**overrides)
    now = make.at(fields["evaluated_on"], 14)
    made = evaluate(project, by=make.hand(Role.CLERK), now=now, **fields)
    if not confirmed:
        return made
    make.paper(project, PaperKind.EVALUATION, now=now)
    return confirm_evaluation(made, by=make.hand(Role.REVIEWER), now=now)
