"""The work and the money: projects, their road and what proves it, fund plans, transfers, shares
and payments.
"""

from projects.models.acceptance import Acceptance, Asset
from projects.models.audit import AuditRecord, Evaluation, Finding
from projects.models.changes import ChangeRequest, FundingAdjustment
from projects.models.evidence import Paper, PublicNotice
from projects.models.funds import (
    AID,
    FundPlan,
    ProjectFunding,
    Source,
    Transfer,
    TransferReturn,
)
from projects.models.history import ProgressReport, StageChange, YearPlanEntry
from projects.models.openings import Opening
from projects.models.payments import Payment, Refund
from projects.models.policies import PaymentPolicy
from projects.models.project import Mode, PerformanceTarget, Project, Sector, SpendLevel
from projects.models.proposals import StepProposal
from projects.models.road import BUCKETS, LEADS_TO, RESERVE, STEPS, Stage

__all__ = [
    "AID",
    "BUCKETS",
    "LEADS_TO",
    "RESERVE",
    "STEPS",
    "Acceptance",
    "Asset",
    "AuditRecord",
    "ChangeRequest",
    "Evaluation",
    "Finding",
    "FundPlan",
    "FundingAdjustment",
    "Mode",
    "Opening",
    "Paper",
    "Payment",
    "PaymentPolicy",
    "PerformanceTarget",
    "ProgressReport",
    "Project",
    "ProjectFunding",
    "PublicNotice",
    "Refund",
    "Sector",
    "Source",
    "SpendLevel",
    "Stage",
    "StageChange",
    "StepProposal",
    "Transfer",
    "TransferReturn",
    "YearPlanEntry",
]
