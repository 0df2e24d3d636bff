"""The desk's pages of the ground floor, and what the pages of all floors are made of."""

from assistance.admin import (
    accounts,
    agreements,
    change_log,
    cooperation,
    pairings,
    plan,
    returns,
    settings,
)

__all__ = [
    "accounts",
    "agreements",
    "change_log",
    "cooperation",
    "pairings",
    "plan",
    "returns",
    "settings",
]
