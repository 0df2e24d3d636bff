"""The page of every kind of row on the desk: it shows what the reader may see, and calls verbs."""

from assistance.admin.scoped.lists import MOST_COUNTED, Filter, QueueFilter
from assistance.admin.scoped.page import DeskForm, ScopedAdmin
from assistance.admin.scoped.readers import kept_by, reader, seen_by
from assistance.admin.scoped.shown import NextStep, Panel, Result, badge, counting, link
from assistance.admin.scoped.steps import MOST_AT_ONCE

__all__ = [
    "MOST_AT_ONCE",
    "MOST_COUNTED",
    "DeskForm",
    "Filter",
    "NextStep",
    "Panel",
    "QueueFilter",
    "Result",
    "ScopedAdmin",
    "badge",
    "counting",
    "kept_by",
    "link",
    "reader",
    "seen_by",
]
