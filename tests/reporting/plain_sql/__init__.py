"""The monthly report computed a second time, by plain SQL over the tables of the ledger.

Written from the formulas of ``docs/figures.md`` and nothing else: no import of the product, so that
an error in the product cannot hide in its own proof. T and K are the last day and the instant of
knowledge of the month, T1 and K1 those of the month before, Y is the year of T.
"""

from tests.reporting.plain_sql.tables import PlainSql

__all__ = ["PlainSql"]
