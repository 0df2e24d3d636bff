"""A small ledger with a row on every edge that a figure of the report can fall over.

The month in the middle is May 2026: T is 31 May, K is 10 June 09:00, K₋₁ is 10 May 09:00. Rows
lie on T and the day after, are known at K and a second later, are struck out before and after K,
come late, belong to other years, sources, levels and ties.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from assistance.models import Pairing, Programme
from assistance.models.pairings import ProgrammeKind
from assistance.models.regions import OrganisationKind
from assistance.models.rows import LedgerRow, entered
from assistance.periods import Month, local_instant
from assistance.roles import Role
from projects.actions import (
    allot,
    approve,
    complete,
    confirm_transfer,
    issue_fund_plan,
    pay,
    plan_funds,
    record_transfer,
    report_progress,
    roll_over,
    start,
    verify_payment,
    verify_progress,
)
from projects.models import (
    FundPlan,
    Payment,
    Project,
    Refund,
    Sector,
    Source,
    SpendLevel,
    Stage,
    StageChange,
    Transfer,
    TransferReturn,
    YearPlanEntry,
)
from projects.models.funds import PaymentBasis, PaymentStatus, TransferStatus
from teams.actions import dispatch, end_posting, plan_posting
from teams.models import Category, Direction, Posting
from tests import factories as make

T = date(2026, 5, 31)
AFTER_T = T + timedelta(days=1)
SECOND = timedelta(seconds=1)
_number = count(1)


def due(month: Month) -> datetime:
    """K of a month by the calendar: the 10th of the next month, 09:00."""
    return local_instant(month.next.starts_on.replace(day=10), time(9))


K = due(Month(2026, 5))
AFTER_K = K + SECOND


# ------------------------------------------------------------------------------- rows by verbs


def plan(
    tie: Pairing,
    yuan: str,
    on: date = date(2026, 1, 20),
    *,
    source: Source = Source.PROV,
    year: int = 2026,
    known: datetime | None = None,
) -> FundPlan:
    """A fund plan issued on a day and known from an instant on (that morning)."""
    known = known or make.at(on)
    drafted = plan_funds(
        pairing=tie,
        fiscal_year=year,
        source=source,
        amount_yuan=Decimal(yuan),
        issued_on=on,
        doc_no=f"演示文{next(_number)}号",
        by=make.hand(Role.CLERK),
        now=known,
    )
    return issue_fund_plan(drafted, by=make.hand(Role.FINANCE), now=known)


def arrival(
    of: FundPlan, yuan: str, on: date, *, known: datetime | None = None, over_doc_no: str = ""
) -> Transfer:
    """Money that arrived on a day and was confirmed at an instant (that morning)."""
    known = known or make.at(on)
    sent = record_transfer(
        fund_plan=of,
        amount_yuan=Decimal(yuan),
        sent_on=on,
        arrived_on=on,
        treasury=make.treasury(of.pairing.recipient.code),
        voucher_no=f"到位{next(_number)}",
        over_doc_no=over_doc_no,
        by=make.hand(Role.CLERK),
        now=known,
    )
    return confirm_transfer(sent, by=make.hand(Role.FINANCE), now=known)


def approved(
    tie: Pairing,
    shares: Mapping[FundPlan, str],
    on: date,
    *,
    known: datetime | None = None,
    match: str = "0",
    own: str = "0",
    donated: Mapping[FundPlan, str] | None = None,
    **fields: Any,
) -> Project:
    """A project approved on a day, with shares of these plans, known from an instant on."""
    donated = donated or {}
    library = make.project_at(
        Stage.LIBRARY,
        pairing=tie,
        aid_yuan=sum(map(Decimal, shares.values()), Decimal(0)),
        donation_yuan=sum(map(Decimal, donated.values()), Decimal(0)),
        match_yuan=Decimal(match),
        self_yuan=Decimal(own),
        **fields,
    )
    by, now = make.hand(Role.CLERK), make.at(on)
    for of, yuan in {**shares, **donated}.items():
        allot(library, source=of.source, fund_plan=of, amount_yuan=Decimal(yuan), by=by, now=now)
    for source, yuan in ((Source.MATCH, match), (Source.SELF, own)):
        if Decimal(yuan):
            allot(library, source=source, amount_yuan=Decimal(yuan), by=by, now=now)
    by, now = make.hand(Role.APPROVER), known or make.at(on)
    return approve(library, doc_no="演示批〔2〕号", on=on, by=by, now=now)


def payment(
    project: Project,
    yuan: str,
    on: date,
    *,
    source: Source = Source.PROV,
    known: datetime | None = None,
) -> Payment:
    """A payment of a day, verified at an instant (that morning)."""
    known = known or make.at(on)
    made = pay(
        project.funding.counting().filter(source=source)[0],
        basis=PaymentBasis.PROGRESS,
        amount_yuan=Decimal(yuan),
        paid_on=on,
        treasury=make.treasury(project.county.code),
        payee=make.organisation(region_code=project.county.code),
        voucher_no=f"支付{next(_number)}",
        by=make.hand(Role.CLERK),
        now=known,
    )
    return verify_payment(made, by=make.hand(Role.REVIEWER), now=known)


def progress(project: Project, pct: str, on: date, *, known: datetime | None = None) -> None:
    """Progress measured on a day, verified at an instant (that morning)."""
    known = known or make.at(on)
    report = report_progress(
        project,
        period=f"{on:%Y-%m}",
        measured_on=on,
        physical_pct=Decimal(pct),
        narrative="演示进展",
        by=make.hand(Role.CLERK),
        now=known,
    )
    verify_progress(report, by=make.hand(Role.REVIEWER), now=known)


def step(project: Project, to: Stage, on: date, *, known: datetime | None = None) -> StageChange:
    """Write in a step that no verb leads to yet."""
    known, by = known or make.at(on), make.hand(Role.REVIEWER)
    project.refresh_from_db()
    change = StageChange.objects.create(
        project=project,
        from_stage=project.stage,
        to_stage=to,
        effective_on=on,
        counted_at=known,
        counted_by=by,
        **entered(by, known),
    )
    project.stage = to
    project.record("stage", by=by, now=known)
    return change


def void(row: LedgerRow, at: datetime) -> None:
    """Strike a row out at an instant."""
    by = make.hand(Role.REVIEWER)
    fields: list[str] = []
    if isinstance(row, Transfer | TransferReturn):
        row.status, fields = TransferStatus.VOIDED, ["status"]
    elif isinstance(row, Payment | Refund):
        row.status, fields = PaymentStatus.VOIDED, ["status"]
    row.void(*fields, by=by, now=at, reason="演示更正")


def posted(
    tie: Pairing,
    start_on: date,
    planned_end: date,
    *,
    known: datetime | None = None,
    ended: date | None = None,
    ended_known: datetime | None = None,
    **fields: Any,
) -> Posting:
    """Somebody dispatched on a day; ``ended`` is their last day, known from an instant on."""
    by, known = make.hand(Role.ORG), known or make.at(start_on)
    wanted = make.posting_fields(pairing=tie, start_on=start_on, planned_end=planned_end, **fields)
    made = dispatch(plan_posting(by=by, now=known, **wanted), letter_no="演示函", by=by, now=known)
    if ended is None:
        return made
    return end_posting(made, on=ended, reason="演示", by=by, now=ended_known or make.at(ended))


# --------------------------------------------------------------------------------- the ledger


class Ties:
    """The ties of the ledger, named by what is particular about them."""

    def __init__(self) -> None:
        self.county = make.pairing()
        self.other_county = make.pairing(make.OTHER_COUNTY, make.OTHER_DONOR, since="2021")
        self.prefecture = make.pairing(make.PREFECTURE, make.DONOR_CITY)
        self.far_county = make.pairing(make.FAR_COUNTY, make.DONOR, kind=ProgrammeKind.CS)
        self.mountain = make.pairing(make.OTHER_PREFECTURE, make.DONOR_CITY, kind=ProgrammeKind.MS)
        # of a programme without aid money, its first day unknown
        self.neighbour = make.pairing(
            make.OTHER_COUNTY, make.DONOR, since="", kind=ProgrammeKind.MC
        )
        Programme.objects.filter(kind=ProgrammeKind.MC).update(carries_aid=False)
        self.until_t = make.pairing(
            make.FAR_COUNTY, make.OTHER_DONOR, until="2026-05", kind=ProgrammeKind.TG
        )
        self.until_april = make.pairing(
            make.OTHER_COUNTY, make.DONOR, until="2026-04", kind=ProgrammeKind.NA
        )
        self.from_june = make.pairing(
            "990202", make.OTHER_DONOR, since="2026-06-01", kind=ProgrammeKind.TG
        )
        self.of_old = make.pairing(
            "990203", make.DONOR, since="2010", until="2024", kind=ProgrammeKind.CS
        )


def build() -> Ties:
    """Enter everything; returns the ties."""
    ties = Ties()
    money(ties)
    works(ties)
    continuing(ties)
    gone_back(ties)
    people(ties)
    return ties


def gone_back(ties: Ties) -> None:
    """Returns and refunds on every edge of day and knowledge, of this year's plans and of last."""
    main = plan(ties.county, "4000000.04", date(2026, 1, 22))
    earlier = plan(ties.county, "3000000.03", date(2025, 1, 22), year=2025, source=Source.DIST)
    sent = arrival(main, "4000000.04", date(2026, 2, 1))
    project = make.project_at(
        Stage.ACTIVE, plan=main, pairing=ties.county, aid_yuan=Decimal("900000.09")
    )
    paid = payment(project, "500000.05", date(2026, 4, 3))
    may = date(2026, 5, 5)
    for yuan, on, known in (
        ("100.01", date(2026, 4, 30), None),
        ("200.02", T, None),
        ("400.04", AFTER_T, None),
        ("800.08", may, K),
        ("1600.16", may, AFTER_K),
        ("3200.32", date(2026, 4, 8), make.at(date(2026, 5, 20))),
    ):
        now = known or make.at(on)
        make.transfer_return(sent, amount_yuan=Decimal(yuan), returned_on=on, now=now)
        make.paid_back(paid, amount_yuan=Decimal(yuan), refunded_on=on, now=now)
    for yuan, struck_at in (("7.07", make.at(date(2026, 5, 20))), ("9.09", K), ("11.11", AFTER_K)):
        void(make.transfer_return(sent, amount_yuan=Decimal(yuan), returned_on=may), struck_at)
        void(make.paid_back(paid, amount_yuan=Decimal(yuan), refunded_on=may), struck_at)
    make.transfer_return(sent, TransferStatus.DRAFT, amount_yuan=1, returned_on=may)
    make.paid_back(paid, PaymentStatus.SUBMITTED, amount_yuan=1, refunded_on=may)
    old = arrival(earlier, "3000000.03", date(2025, 3, 1))
    make.transfer_return(old, amount_yuan=Decimal("13.13"), returned_on=date(2025, 12, 31))
    make.transfer_return(old, amount_yuan=Decimal("17.17"), returned_on=date(2026, 1, 1))


def money(ties: Ties) -> None:
    """Plans and arrivals on every edge of day, knowledge, source, year and tie."""
    main = plan(ties.county, "50000000.00")
    plan(ties.county, "1000000.01", T, source=Source.CITY)
    plan(ties.county, "2000000.02", AFTER_T, source=Source.DIST)
    plan(ties.other_county, "300000.03", date(2026, 5, 15), known=K)
    plan(ties.other_county, "400000.04", date(2026, 5, 15), known=AFTER_K)
    late = plan(
        ties.other_county, "39000000.00", date(2026, 4, 1), known=make.at(date(2026, 5, 20))
    )
    void(plan(ties.county, "7000000.00"), make.at(date(2026, 6, 9)))
    void(plan(ties.county, "8000000.00"), K)
    void(plan(ties.county, "9000000.00"), AFTER_K)
    plan(ties.prefecture, "12345678.90", source=Source.CITY)
    mountain = plan(ties.mountain, "6000000.60", source=Source.MS)
    plan(ties.until_april, "111111.11", source=Source.DIST)
    plan(ties.until_t, "222222.22", source=Source.DIST)
    # known up to May: in June the place is empty again, and the month shows what left it
    mistaken = plan(ties.of_old, "55555.55", date(2026, 2, 1))
    void(arrival(mistaken, "44444.44", date(2026, 2, 2)), make.at(date(2026, 6, 15)))
    void(mistaken, make.at(date(2026, 6, 15)))
    cash = plan(ties.county, "880000.88", source=Source.DON_CASH)
    kind = plan(ties.county, "770000.77", source=Source.DON_KIND)
    last_year = plan(ties.county, "5000000.05", date(2025, 2, 1), year=2025)
    early = plan(ties.county, "660000.66", date(2025, 12, 20), source=Source.DIST)
    long_ago = plan(ties.other_county, "4000000.04", date(2024, 2, 1), year=2024)
    plan_funds(  # a draft
        pairing=ties.county, fiscal_year=2026, source=Source.PROV, amount_yuan=Decimal("123.45"),
        issued_on=date(2026, 1, 5), doc_no="演示", by=make.hand(Role.CLERK),
        now=make.at(date(2026, 1, 5)),
    )  # fmt: skip

    arrival(main, "10000000.10", date(2026, 1, 31))
    arrival(main, "1000000.00", T)
    arrival(main, "2000000.00", AFTER_T)
    arrival(main, "300000.03", date(2026, 5, 2), known=K)
    arrival(main, "400000.04", date(2026, 5, 2), known=AFTER_K)
    arrival(main, "500000.55", date(2026, 4, 8), known=make.at(date(2026, 5, 20)))
    void(arrival(main, "600000.00", date(2026, 4, 9)), make.at(date(2026, 5, 20)))
    void(arrival(main, "700000.00", date(2026, 5, 9)), K)
    void(arrival(main, "800000.00", date(2026, 5, 9)), AFTER_K)
    arrival(late, "39000000.01", date(2026, 5, 25), over_doc_no="演示超拨")
    arrival(mountain, "6000000.60", date(2026, 2, 28))
    arrival(cash, "880000.88", date(2026, 3, 3))
    arrival(kind, "70000.07", T)
    arrival(early, "60000.06", date(2025, 12, 28))
    arrival(last_year, "1000000.01", date(2025, 12, 31))
    arrival(last_year, "2000000.02", date(2026, 1, 1))
    arrival(last_year, "900000.09", AFTER_T)
    arrival(long_ago, "30000.03", date(2026, 5, 30))
    record_transfer(  # not confirmed
        fund_plan=main, amount_yuan=Decimal("99.99"), sent_on=date(2026, 3, 1),
        arrived_on=date(2026, 3, 2), voucher_no="演示草稿", treasury=make.treasury(),
        by=make.hand(Role.CLERK), now=make.at(date(2026, 3, 2)),
    )  # fmt: skip


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
    works_by, checks = make.hand(Role.CLERK), make.hand(Role.REVIEWER)
    for project in (mixed, far_off):
        step(project, Stage.READY, date(2026, 3, 20))
        start(project, on=date(2026, 4, 1), by=checks, now=make.at(date(2026, 4, 1)))
    progress(mixed, "12.34", date(2026, 4, 30))
    progress(mixed, "33.35", T, known=K)
    progress(far_off, "45.65", date(2026, 4, 30), known=make.at(date(2026, 5, 20)))
    progress(far_off, "88.00", date(2026, 5, 20), known=AFTER_K)
    report_progress(  # not verified
        mixed, period="2026-06", measured_on=AFTER_T, physical_pct=Decimal(90), narrative="演示",
        by=works_by, now=make.at(AFTER_T),
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
    checks, started = make.hand(Role.REVIEWER), date(2026, 4, 1)

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
        start(ready(), on=on, by=checks, now=known or make.at(on))
    for on, planned_end, known in (
        (T, T, None),  # in time
        (T, T - timedelta(days=1), None),  # a day late
        (AFTER_T, T, None),  # not completed at T, but not overdue either
        (date(2026, 5, 25), T, AFTER_K),
        (date(2026, 4, 25), date(2026, 4, 24), make.at(date(2026, 5, 20))),
    ):
        active = start(ready(planned_end=planned_end), on=started, by=checks, now=make.at(started))
        progress(active, "100", date(2026, 4, 20))
        complete(active, on=on, by=checks, now=known or make.at(on))
    # a start that was entered wrongly, and put right in June
    wrong = start(ready(), on=started, by=checks, now=make.at(started))
    void(StageChange.objects.get(project=wrong, to_stage=Stage.ACTIVE), make.at(date(2026, 6, 12)))
    Project.objects.filter(pk=wrong.pk).update(stage=Stage.READY)
    start(wrong, on=date(2026, 6, 5), by=checks, now=make.at(date(2026, 6, 12)))
    # completed, found wanting, completed again
    again = start(ready(planned_end=date(2026, 4, 30)), on=started, by=checks, now=make.at(started))
    for stage, on in (
        (Stage.COMPLETED, date(2026, 4, 10)),
        (Stage.ACTIVE, date(2026, 4, 25)),
        (Stage.COMPLETED, date(2026, 5, 26)),
        (Stage.ACTIVE, date(2026, 6, 2)),
    ):
        step(again, stage, on)
    # two steps of one day: the later row wins
    twice = start(ready(), on=started, by=checks, now=make.at(started))
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
    plan_posting(  # not dispatched
        by=make.hand(Role.ORG),
        now=make.at(date(2026, 5, 2)),
        **make.posting_fields(pairing=ties.county, start_on=date(2026, 5, 3), planned_end=later),
    )
