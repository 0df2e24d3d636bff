"""The roof: report definitions, subscriptions, editions with their files, and outgoing mail."""

from reporting.models.definitions import Format, ReportDefinition, Subscription
from reporting.models.editions import Edition, EditionFile
from reporting.models.mail import OutgoingMail, Tick

__all__ = [
    "Edition",
    "EditionFile",
    "Format",
    "OutgoingMail",
    "ReportDefinition",
    "Subscription",
    "Tick",
]
