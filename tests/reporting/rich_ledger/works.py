"""Projects with their shares, payments, steps and progress."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from assistance.roles import Role
from projects.actions import (
    report_progress,
    roll_over,
)
from projects.models import (
    FundPlan,
    Project,
    Sector,
    Source,
    SpendLevel,
    Stage,
    YearPlanEntry,
)
from projects.models.evidence import PaperKind
from projects.models.payments import PaymentStatus
from tests import factories as make
from tests.reporting.rich_ledger.rows import (
    AFTER_K,
    AFTER_T,
    K,
    T,
    approved,
    payment,
    plan,
    progress,
    step,
    void,
)
from tests.reporting.rich_ledger.ties import Ties


def works(ties: Ties) -> None:
    """New projects of the year: every stage, every edge of steps, shares, payments and progress."""
    fund = plan(ties.county, "90000000.00", date(2026, 1, 21))
    above = FundPlan.objects.counting().get(pairing=ties.prefecture)
    mountain = FundPlan.objects.counting().get(pairing=ties.mountain)
    cash = FundPlan.objects.counting().get(source=Source.DON_CASH)
    sectors = iter([*Sector] * 3)

    def sector(**fields: Any) -> dict[str, Any]:
        found = next(sectors)
        reason = {"livelihood_reason": "演示理由"} if found == Sector.IND else {}
        return {"sector": found, **reason, **fields}

    for stage in Stage:
        make.project_at(
            stage,
            plan=fund,
            pairing=ties.county,
            aid_yuan=Decimal("100000.01"),
            **sector(is_livelihood=stage != Stage.READY, needs_tender=stage == Stage.TENDERING),
        )
    for stage, road in (
        (Stage.ACTIVE, [Stage.SUSPENDED]),
        (Stage.ACTIVE, [Stage.TERMINATED]),
        (Stage.COMPLETED, [Stage.ACCEPTED]),
        (Stage.COMPLETED, [Stage.ACCEPTED, Stage.HANDED_OVER]),
        (Stage.COMPLETED, [Stage.ACCEPTED, Stage.CLOSED]),
    ):
        project = make.project_at(
            stage, plan=fund, pairing=ties.county, aid_yuan=Decimal("100000.01"), **sector()
        )
        for became in road:
            step(project, became, T)
    march, may = date(2026, 3, 2), date(2026, 5, 15)
    approved(ties.county, {fund: "10.10"}, T, **sector())
    approved(ties.county, {fund: "20.20"}, AFTER_T, **sector())
    approved(ties.county, {fund: "30.30"}, may, known=K, **sector())
    approved(ties.county, {fund: "40.40"}, may, known=AFTER_K, **sector())
    approved(ties.county, {fund: "50.50"}, date(2026, 4, 20), known=make.at(date(2026, 5, 20)))
    mixed = approved(
        ties.county,
        {fund: "1000000.00", above: "2000000.00"},
        march,
        match="300000.30",
        own="40000.04",
        donated={cash: "500000.50"},
        sector=Sector.HEALTH,
        spend_level=SpendLevel.VILLAGE,
        planned_end=T,
    )
    far_off = approved(
        ties.mountain,
        {mountain: "5000000.00"},
        march,
        county=make.region(make.FAR_COUNTY),
        spend_level=SpendLevel.PREFECTURE,
        sector=Sector.IND,
        is_livelihood=False,
        planned_end=T - timedelta(days=1),
    )
    for project in (mixed, far_off):
        make.papers(project, PaperKind.PLAN, on=date(2026, 3, 19))
        step(project, Stage.READY, date(2026, 3, 20))
        step(project, Stage.ACTIVE, date(2026, 4, 1))
    progress(mixed, "12.34", date(2026, 4, 30))
    progress(mixed, "33.35", T, known=K)
    progress(far_off, "45.65", date(2026, 4, 30), known=make.at(date(2026, 5, 20)))
    progress(far_off, "88.00", date(2026, 5, 20), known=AFTER_K)
    report_progress(  # not verified
        mixed, period="2026-06", measured_on=AFTER_T, physical_pct=Decimal(90), narrative="演示",
        photos=[make.photo()], by=make.hand(Role.CLERK), now=make.at(AFTER_T),
    )  # fmt: skip

    payment(mixed, "100000.00", date(2026, 4, 2))
    payment(mixed, "20000.02", T, source=Source.CITY)
    payment(mixed, "30000.03", AFTER_T)
    payment(mixed, "1000.00", date(2026, 5, 3), known=K)
    payment(mixed, "2000.00", date(2026, 5, 3), known=AFTER_K)
    payment(mixed, "3000.33", date(2026, 4, 3), known=make.at(date(2026, 5, 20)))
    payment(mixed, "60000.06", date(2026, 5, 4), source=Source.DON_CASH)
    void(payment(mixed, "4000.00", date(2026, 4, 4)), make.at(date(2026, 5, 21)))
    void(payment(mixed, "5000.00", date(2026, 5, 5)), K)
    void(payment(mixed, "6000.00", date(2026, 5, 5)), AFTER_K)
    payment(far_off, "1234567.89", date(2026, 5, 6), source=Source.MS)
    make.payment(mixed, PaymentStatus.SUBMITTED)

    edges_of_works(ties, fund)
    for back in range(12):  # more delays than the list holds
        make.project_at(
            Stage.APPROVED,
            plan=fund,
            pairing=ties.county,
            aid_yuan=Decimal("1.11"),
            planned_start=date(2026, 1, 1),
            planned_end=T - timedelta(days=back),
        )
    for project in Project.objects.filter(stage=Stage.COMPLETED)[:1]:
        share = project.funding.counting().get()
        void(share, make.at(date(2026, 6, 12)))
        void(project.year_plan_entries.get(), make.at(date(2026, 6, 12)))


def edges_of_works(ties: Ties, fund: FundPlan) -> None:
    """Starts and completions on T and after, known at K and after, struck out, taken back."""
    started = date(2026, 4, 1)

    def ready(**fields: Any) -> Project:
        return make.project_at(
            Stage.READY,
            plan=fund,
            pairing=ties.county,
            aid_yuan=Decimal("200000.00"),
            planned_start=date(2026, 1, 1),
            **fields,
        )

    for on, known in (
        (T, None),
        (AFTER_T, None),
        (date(2026, 5, 12), K),
        (date(2026, 5, 12), AFTER_K),
        (date(2026, 4, 12), make.at(date(2026, 5, 20))),
    ):
        step(ready(), Stage.ACTIVE, on, known=known)
    for on, planned_end, known in (
        (T, T, None),  # in time
        (T, T - timedelta(days=1), None),  # a day late
        (AFTER_T, T, None),  # not completed at T, but not overdue either
        (date(2026, 5, 25), T, AFTER_K),
        (date(2026, 4, 25), date(2026, 4, 24), make.at(date(2026, 5, 20))),
    ):
        active = ready(planned_end=planned_end)
        step(active, Stage.ACTIVE, started)
        progress(active, "100", date(2026, 4, 20))
        step(active, Stage.COMPLETED, on, known=known)
    # a start that was entered wrongly, and put right in June
    wrong = ready()
    void(step(wrong, Stage.ACTIVE, started), make.at(date(2026, 6, 12)))
    Project.objects.filter(pk=wrong.pk).update(stage=Stage.READY)
    step(wrong, Stage.ACTIVE, date(2026, 6, 5), known=make.at(date(2026, 6, 12)))
    # completed, found wanting, completed again
    again = ready(planned_end=date(2026, 4, 30))
    step(again, Stage.ACTIVE, started)
    for stage, on in (
        (Stage.COMPLETED, date(2026, 4, 10)),
        (Stage.ACTIVE, date(2026, 4, 25)),
        (Stage.COMPLETED, date(2026, 5, 26)),
        (Stage.ACTIVE, date(2026, 6, 2)),
    ):
        step(again, stage, on)
    # two steps of one day: the later row wins
    twice = ready()
    step(twice, Stage.ACTIVE, started)
    for stage in (Stage.SUSPENDED, Stage.ACTIVE, Stage.COMPLETED, Stage.TERMINATED):
        step(twice, stage, T)


def continuing(ties: Ties) -> None:
    """Projects of the year before that go on, are released, or have their own paid this year."""
    stages = (Stage.APPROVED, Stage.ACTIVE, Stage.ACTIVE, Stage.ACTIVE, Stage.SUSPENDED)
    running = [
        make.project_at(
            stage, pairing=ties.county, fiscal_year=2025, planned_start=date(2025, 1, 1),
            planned_end=date(2026, 6, 30), aid_yuan=Decimal("700000.07"),
        )
        for stage in (*stages, Stage.COMPLETED)
    ]  # fmt: skip
    roll_over(2026, by=make.hand(Role.CLERK), now=make.at(date(2026, 1, 1)))
    for project, released_on in zip(running[1:4], (T, AFTER_T, date(2026, 4, 5)), strict=True):
        YearPlanEntry.objects.filter(project=project, year=2026).update(released_on=released_on)
    payment(running[1], "7000.07", date(2025, 12, 31))
    payment(running[1], "8000.08", date(2026, 1, 1))
    payment(running[2], "9000.09", T)
    payment(running[2], "1100.11", AFTER_T)
    progress(running[4], "62.50", date(2026, 5, 1))
    step(running[4], Stage.ACTIVE, date(2026, 5, 2))
    # of last year's plan, approved this year: allocated in the year, outside its rates
    last_year = FundPlan.objects.counting().get(fiscal_year=2025, amount_yuan="5000000.05")
    approved(ties.county, {last_year: "80000.08"}, date(2026, 5, 8), sector=Sector.ECO)
