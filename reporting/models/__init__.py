"""The roof: report definitions, subscriptions, editions with their files, and outgoing mail."""

from reporting.models.boards import AgreementProgress, PlanProgress
from reporting.models.definitions import Format, ReportDefinition, Subscription
from reporting.models.editions import Edition, EditionFile
from reporting.models.mail import OutgoingMail, Tick

__all__ = [
    "AgreementProgress",
    "Edition",
    "EditionFile",
    "Format",
    "OutgoingMail",
    "PlanProgress",
    "ReportDefinition",
    "Subscription",
    "Tick",
]
