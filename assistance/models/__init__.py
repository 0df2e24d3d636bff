"""Ground floor: who helps whom, who works here, and who may see what."""

from assistance.models.agreements import Agreement, AgreementState, AgreementTarget
from assistance.models.attachments import Attachment
from assistance.models.cooperation import (
    Donation,
    Enterprise,
    InvestmentRecord,
    PairLink,
    Park,
    Visit,
    Workshop,
)
from assistance.models.indicators import Better, Indicator, IndicatorKind, Origin, Unit
from assistance.models.log import Change, Seal
from assistance.models.pairings import Pairing, Programme
from assistance.models.plan import PlanActual, PlanIndicator
from assistance.models.regions import Confidence, Organisation, Region
from assistance.models.returns import (
    MonthlyReturn,
    ReturnAdjustment,
    ReturnState,
    ReturnValue,
)
from assistance.models.settings import DEMO_LEDGER, Setting
from assistance.models.users import ApiToken, IdempotencyKey, Language, User

__all__ = [
    "DEMO_LEDGER",
    "Agreement",
    "AgreementState",
    "AgreementTarget",
    "ApiToken",
    "Attachment",
    "Better",
    "Change",
    "Confidence",
    "Donation",
    "Enterprise",
    "IdempotencyKey",
    "Indicator",
    "IndicatorKind",
    "InvestmentRecord",
    "Language",
    "MonthlyReturn",
    "Organisation",
    "Origin",
    "PairLink",
    "Pairing",
    "Park",
    "PlanActual",
    "PlanIndicator",
    "Programme",
    "Region",
    "ReturnAdjustment",
    "ReturnState",
    "ReturnValue",
    "Seal",
    "Setting",
    "Unit",
    "User",
    "Visit",
    "Workshop",
]
