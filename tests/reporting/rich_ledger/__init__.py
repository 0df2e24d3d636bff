"""A small ledger with a row on every edge that a figure of the report can fall over.

The month in the middle is May 2026: T is 31 May, K is 10 June 09:00, K₋₁ is 10 May 09:00. Rows
lie on T and the day after, are known at K and a second later, are struck out before and after K,
come late, belong to other years, sources, levels and ties.
"""

from tests.reporting.rich_ledger.changes import adjustment, changed, opening, taken_over
from tests.reporting.rich_ledger.gone_back import gone_back
from tests.reporting.rich_ledger.money import money
from tests.reporting.rich_ledger.people import people
from tests.reporting.rich_ledger.rows import K, arrival, due, payment, plan, void
from tests.reporting.rich_ledger.rules import rules
from tests.reporting.rich_ledger.ties import Ties
from tests.reporting.rich_ledger.works import continuing, works

__all__ = ["K", "adjustment", "arrival", "build", "due", "opening", "payment", "plan", "void"]


def build() -> Ties:
    """Enter everything; returns the ties."""
    ties = Ties()
    money(ties)
    works(ties)
    continuing(ties)
    gone_back(ties)
    changed(ties)
    taken_over(ties)
    people(ties)
    rules()
    return ties
