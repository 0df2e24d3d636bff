"""Postings and teams."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from assistance.models import Pairing
from assistance.models.regions import OrganisationKind
from assistance.roles import Role
from teams.actions import plan_posting
from teams.models import Category, Direction, Posting
from tests import factories as make
from tests.reporting.rich_ledger.rows import (
    AFTER_K,
    AFTER_T,
    K,
    T,
    posted,
    void,
)
from tests.reporting.rich_ledger.ties import Ties


def people(ties: Ties) -> None:
    """Postings on every edge of day, knowledge, term, direction, category, tie and team."""
    squad, latecomers = make.team(declared_headcount=27), make.team(make.OTHER_PREFECTURE)
    latecomers.batch.dispatched_on = AFTER_T
    latecomers.batch.save()
    begun, later = date(2025, 6, 1), date(2028, 5, 31)

    def one(tie: Pairing = ties.county, on: date = begun, **fields: Any) -> Posting:
        return posted(tie, on, fields.pop("planned_end", later), **fields)

    one(team=squad)
    one(team=squad, category=Category.DOCTOR)
    one(ties.other_county, team=squad, category=Category.TEACHER)
    one(on=T, category=Category.AGRI)
    one(on=AFTER_T)
    one(on=date(2026, 5, 1), category=Category.ENTERPRISE)
    one(on=date(2026, 4, 30), category=Category.OTHER_TECH)
    one(on=date(2026, 5, 15), known=K)
    one(on=date(2026, 5, 15), known=AFTER_K)
    one(on=date(2026, 4, 15), known=make.at(date(2026, 5, 20)))
    one(ended=T)
    one(ended=T - timedelta(days=1))
    one(ended=date(2026, 5, 1), category=Category.DOCTOR)
    one(ended=date(2026, 4, 30))
    one(ended=AFTER_T)
    one(ended=date(2026, 5, 20), ended_known=K)
    one(ended=date(2026, 5, 20), ended_known=AFTER_K)
    one(ended=date(2026, 4, 20), ended_known=make.at(date(2026, 5, 20)))
    for days in (-30, -1, 0, 1, 90, 91):
        one(planned_end=T + timedelta(days=days))
    for on, known in ((T, None), (AFTER_T, None), (T, K), (T, AFTER_K)):
        longer = one(planned_end=T - timedelta(days=1))
        make.extension(longer, new_end=T + timedelta(days=200), on=on, known=known or make.at(on))
    for struck_out_at in (K, AFTER_K):
        twice = one(planned_end=T + timedelta(days=30))
        make.extension(twice, new_end=T + timedelta(days=60), on=T - timedelta(days=9))
        mistaken = make.extension(twice, new_end=T + timedelta(days=300), on=T - timedelta(days=5))
        void(mistaken, struck_out_at)
    one(
        direction=Direction.IN,
        host_unit=make.organisation(OrganisationKind.HOSPITAL, make.DONOR),
        category=Category.DOCTOR,
    )
    one(ties.far_county)
    one(ties.neighbour, category=Category.TEACHER)
    void(one(), make.at(date(2026, 6, 1)))
    void(one(), AFTER_K)
    moved = make.person()
    one(person=moved, ended=date(2026, 5, 10), planned_end=date(2026, 5, 10))
    one(ties.other_county, date(2026, 5, 11), person=moved)
    # came twice and went twice in one month: one person each time
    restless = make.person()
    for first, last in ((2, 12), (13, 20)):
        ended = date(2026, 5, last)
        one(on=date(2026, 5, first), person=restless, planned_end=ended, ended=ended)
    plan_posting(  # not dispatched
        by=make.hand(Role.ORG),
        now=make.at(date(2026, 5, 2)),
        **make.posting_fields(pairing=ties.county, start_on=date(2026, 5, 3), planned_end=later),
    )
