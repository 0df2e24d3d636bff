"""The work and the money: projects, their road and history, fund plans, transfers, shares and
payments.
"""

from projects.models.funds import (
    AID,
    FundPlan,
    Payment,
    ProjectFunding,
    Refund,
    Source,
    Transfer,
    TransferReturn,
)
from projects.models.history import ProgressReport, StageChange, YearPlanEntry
from projects.models.project import Mode, PerformanceTarget, Project, Sector, SpendLevel
from projects.models.road import BUCKETS, LEADS_TO, RESERVE, STEPS, Stage

__all__ = [
    "AID",
    "BUCKETS",
    "LEADS_TO",
    "RESERVE",
    "STEPS",
    "FundPlan",
    "Mode",
    "Payment",
    "PerformanceTarget",
    "ProgressReport",
    "Project",
    "ProjectFunding",
    "Refund",
    "Sector",
    "Source",
    "SpendLevel",
    "Stage",
    "StageChange",
    "Transfer",
    "TransferReturn",
    "YearPlanEntry",
]
