"""The money: plans that promise it, transfers that bring it, projects' shares of it."""

from projects.models.funds.plans import FundPlan, FundPlanStatus
from projects.models.funds.shares import ProjectFunding, ProjectFundingQuerySet
from projects.models.funds.sources import (
    AID,
    PAID_THROUGH_THE_LEDGER,
    REQUESTED_IN,
    WITHOUT_A_PLAN,
    ZERO,
    Source,
    total_yuan,
)
from projects.models.funds.transfers import Transfer, TransferReturn, TransferStatus

__all__ = [
    "AID",
    "PAID_THROUGH_THE_LEDGER",
    "REQUESTED_IN",
    "WITHOUT_A_PLAN",
    "ZERO",
    "FundPlan",
    "FundPlanStatus",
    "ProjectFunding",
    "ProjectFundingQuerySet",
    "Source",
    "Transfer",
    "TransferReturn",
    "TransferStatus",
    "total_yuan",
]
