"""Ground floor: who helps whom, who works here, and who may see what."""

from assistance.models.attachments import Attachment
from assistance.models.log import Change, Seal
from assistance.models.pairings import Pairing, Programme
from assistance.models.regions import Confidence, Organisation, Region
from assistance.models.settings import DEMO_LEDGER, Setting
from assistance.models.users import ApiToken, IdempotencyKey, Language, User

__all__ = [
    "DEMO_LEDGER",
    "ApiToken",
    "Attachment",
    "Change",
    "Confidence",
    "IdempotencyKey",
    "Language",
    "Organisation",
    "Pairing",
    "Programme",
    "Region",
    "Seal",
    "Setting",
    "User",
]
