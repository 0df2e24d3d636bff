"""When a row counts, and the expressions that figures are put together from."""

from __future__ import annotations

AID = "('PROV', 'CITY', 'DIST', 'MS')"
DONE = "('COMPLETED', 'ACCEPTED', 'HANDED_OVER', 'CLOSED')"
OVERDUE = (
    "planned_end < %(T)s AND stage NOT IN"
    " ('COMPLETED', 'ACCEPTED', 'HANDED_OVER', 'CLOSED', 'TERMINATED')"
)
BUCKETS = {
    "preparation": "('APPROVED')",
    "tendering": "('TENDERING')",
    "ready": "('READY')",
    "active": "('ACTIVE')",
    "suspended": "('SUSPENDED')",
    "completed": "('COMPLETED')",
    "accepted": "('ACCEPTED', 'HANDED_OVER', 'CLOSED')",
    "terminated": "('TERMINATED')",
}
MEASURES = ("plan", "arr", "alloc", "paid")
SECTORS = (
    "IND", "LAB", "CONS", "RURAL", "EDU", "HEALTH", "HOUSING", "TALENT", "CULT", "ECO", "DIGI",
    "SOC", "MGMT",
)  # fmt: skip
# Where a sum is taken: the day and the instant; nothing was counted before 1 January.
NOW = "day <= %(T)s AND counted_at <= %(K)s AND (voided_at IS NULL OR voided_at > %(K)s)"
BEFORE = (
    "%(month)s > 1 AND day <= %(T1)s AND counted_at <= %(K1)s"
    " AND (voided_at IS NULL OR voided_at > %(K1)s)"
)
BEFORE_KNOWN_NOW = (
    "day <= %(T1)s AND counted_at <= %(K)s AND (voided_at IS NULL OR voided_at > %(K)s)"
)
PERSONS = {
    "in_post_cadre": ("present", "category = 'CADRE'"),
    "in_post_tech": ("present", "category IN ('TEACHER', 'DOCTOR', 'AGRI', 'OTHER_TECH')"),
    "in_post": ("present", "true"),
    "new": ("come", "true"),
    "returned": ("gone", "true"),
    "expiring": ("present", "due > %(T)s AND due <= %(T)s + %(soon)s"),
    "overstayed": ("present", "due < %(T)s"),
}


def aid(measure: str, at: str = NOW, also: str = "true", year: str = "= %(Y)s") -> str:
    """The sum of fiscal aid of the year's plans as an expression, in yuan."""
    return (
        f"(SELECT coalesce(sum(yuan), 0) FROM money WHERE measure = '{measure}' AND year {year}"
        f" AND source IN {AID} AND {at} AND {also})"
    )


def n(which: str) -> str:
    """How many of the year's plan, as an expression."""
    return f"(SELECT count(*) FROM n WHERE {which})"
