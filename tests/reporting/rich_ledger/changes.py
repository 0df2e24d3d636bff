"""Adjustments of shares, and projects taken over from the time before this system."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from assistance.models.rows import entered
from assistance.roles import Role
from projects.models import (
    ChangeRequest,
    FundingAdjustment,
    FundPlan,
    Opening,
    Project,
    ProjectFunding,
    Source,
    Stage,
    StageChange,
    YearPlanEntry,
)
from projects.models.changes import ChangeKind, ChangeStatus
from projects.models.history import Nature
from tests import factories as make
from tests.reporting.rich_ledger.rows import (
    AFTER_K,
    AFTER_T,
    K,
    T,
    approved,
    counted,
    payment,
    plan,
    progress,
    step,
    void,
)
from tests.reporting.rich_ledger.ties import Ties


def changed(ties: Ties) -> None:
    """Shares that grew and shrank on every edge of day and knowledge, this year's and last's."""
    fund = plan(ties.county, "8000000.08", date(2026, 1, 23))
    cash = plan(ties.county, "900000.09", date(2026, 1, 23), source=Source.DON_CASH)
    old = plan(ties.other_county, "700000.07", date(2025, 1, 23), year=2025, source=Source.DIST)
    project = approved(
        ties.county,
        {fund: "600000.06"},
        date(2026, 3, 3),
        donated={cash: "50000.05"},
        match="40000.04",
    )
    may = date(2026, 5, 6)
    for yuan, on, known in (
        ("1000.01", date(2026, 4, 30), None),
        ("-200.02", T, None),
        ("400.04", AFTER_T, None),
        ("-80.08", may, K),
        ("16.16", may, AFTER_K),
        ("-3.20", date(2026, 4, 8), make.at(date(2026, 5, 20))),
    ):
        for source in (Source.PROV, Source.DON_CASH, Source.MATCH):
            adjustment(project, yuan, on, source=source, known=known)
    for yuan, struck_at in (("7.07", make.at(date(2026, 5, 20))), ("-9.09", K), ("11.11", AFTER_K)):
        void(adjustment(project, yuan, may), struck_at)
    last_year = approved(ties.other_county, {old: "100000.01"}, date(2025, 3, 3), fiscal_year=2025)
    adjustment(last_year, "-13.13", date(2025, 12, 31), source=Source.DIST)
    adjustment(last_year, "17.17", date(2026, 1, 1), source=Source.DIST)


def taken_over(ties: Ties) -> None:
    """Openings on every edge of day and knowledge: their stage, money, days and progress."""
    fund = plan(ties.county, "5000000.05", date(2026, 1, 24), source=Source.CITY)
    march = date(2026, 3, 31)
    active = opening(
        ties, Stage.ACTIVE, march, {fund: ("300000.03", "100000.01"), None: ("20000.02", "0")},
        physical_pct="41.50", actual_start=date(2026, 2, 20),
    )  # fmt: skip
    payment(active, "50000.05", date(2026, 4, 9), source=Source.CITY)
    adjustment(active, "-1000.10", date(2026, 5, 7), source=Source.CITY)
    # measured on the day of the opening: the report wins
    progress(active, "42.00", march)
    # aid of a plan that nobody took over belongs to the project's tie
    without = opening(
        ties, Stage.COMPLETED, march, {None: ("80000.08", "80000.08")}, source=Source.PROV,
        physical_pct="100", actual_start=date(2025, 9, 1), actual_end=date(2026, 3, 1),
        planned_start=date(2026, 1, 2), planned_end=date(2026, 3, 1),
    )  # fmt: skip
    step(without, Stage.ACTIVE, date(2026, 4, 2))
    opening(
        ties, Stage.ACCEPTED, march, {fund: ("60000.06", "59999.99")}, physical_pct="100",
        planned_start=date(2026, 1, 2), planned_end=date(2026, 2, 28),
    )  # fmt: skip
    opening(
        ties, Stage.ACTIVE, march, {fund: ("7000.07", "700.70")}, nature=Nature.CONT, year=2026,
        physical_pct="12.34", actual_start=date(2025, 5, 5),
    )  # fmt: skip
    of_last_year = plan(ties.county, "40000.04", date(2025, 1, 24), year=2025, source=Source.CITY)
    opening(
        ties, Stage.SUSPENDED, date(2025, 12, 31), {of_last_year: ("4000.04", "1234.56")},
        nature=Nature.NEW, year=2025, physical_pct="55", actual_start=date(2025, 6, 1),
    )  # fmt: skip
    for on, known in ((T, None), (AFTER_T, None), (march, K), (march, AFTER_K)):
        opening(
            ties, Stage.ACTIVE, on, {fund: ("900.09", "90.09")}, known=known, physical_pct="66.60",
            actual_start=date(2026, 2, 2),
        )  # fmt: skip


def adjustment(
    project: Project,
    yuan: str,
    on: date,
    *,
    source: Source = Source.PROV,
    known: datetime | None = None,
) -> FundingAdjustment:
    """A share changed on a day by a request that was approved at an instant (that morning)."""
    known, by = known or make.at(on), make.hand(Role.CLERK)
    request = ChangeRequest.objects.create(
        project=project,
        kind=ChangeKind.BUDGET,
        reason="演示变更",
        effective_on=on,
        needs_consent=False,
        status=ChangeStatus.APPROVED,
        submitted_at=known,
        submitted_by=by,
        decided_at=known,
        decided_by=make.hand(Role.REVIEWER),
        **entered(by, known),
    )
    return FundingAdjustment.objects.create(
        project_funding=project.funding.counting().get(source=source),
        change_request=request,
        delta_yuan=Decimal(yuan),
        effective_on=on,
        **counted(known),
    )


def opening(
    ties: Ties,
    stage: Stage,
    on: date,
    shares: dict[FundPlan | None, tuple[str, str]],
    *,
    known: datetime | None = None,
    source: Source = Source.MATCH,
    nature: str = Nature.NEW,
    year: int = 2026,
    physical_pct: str = "0",
    actual_start: date | None = None,
    actual_end: date | None = None,
    **fields: Any,
) -> Project:
    """A project taken over at a stage, with shares and what was paid of them; ``source`` is that of
    the share without a plan.
    """
    row = counted(known or make.at(on))
    project = make.draft(
        pairing=ties.county, fiscal_year=year, now=make.at(date(year, 1, 5)), **fields
    )
    taken = Opening.objects.create(
        project=project,
        as_of=on,
        stage=stage,
        nature=nature,
        year=year,
        physical_pct=Decimal(physical_pct),
        actual_start=actual_start,
        actual_end=actual_end,
        source_file="演示台账.xlsx",
        **row,
    )
    for of, (yuan, paid) in shares.items():
        ProjectFunding.objects.create(
            project=project,
            opening=taken,
            source=of.source if of else source,
            fund_plan=of,
            fiscal_year=of.fiscal_year if of else year,
            amount_yuan=Decimal(yuan),
            opening_paid_yuan=Decimal(paid),
            approved_on=on,
            doc_no="演示期初",
            **row,
        )
    StageChange.objects.create(
        project=project,
        opening=taken,
        from_stage=Stage.DRAFT,
        to_stage=stage,
        effective_on=on,
        **row,
    )
    YearPlanEntry.objects.create(
        project=project,
        year=year,
        nature=nature,
        planned_invest_yuan=project.total_investment_yuan,
        entered_on=on,
        **row,
    )
    project.stage = stage
    project.record("stage", by=make.hand(Role.REVIEWER), now=row["counted_at"])
    return project
