"""The desk's pages of the ground floor, and what the pages of all floors are made of."""

from assistance.admin import accounts, change_log, pairings, settings

__all__ = ["accounts", "change_log", "pairings", "settings"]
