"""An invented ledger of a given size: 2,850 counties, their fund plans, projects and payments.

Loaded by COPY as the owner of the tables may, past the triggers that sum per row. Every number
follows from the number of its row, so what the ledger adds up to is known without asking it; the
read columns are written with the rows, and ``recompute_totals`` proves them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction

from assistance.models import Organisation, Pairing, Programme, Region, User
from benchmarks.copy import NULL, copy
from projects.models import (
    ChangeRequest,
    FundingAdjustment,
    FundPlan,
    Payment,
    ProgressReport,
    Project,
    ProjectFunding,
    Refund,
    StageChange,
    Transfer,
    TransferReturn,
)


class Size(NamedTuple):
    """How much there is of what."""

    projects: int
    payments: int


SIZES = {"S": Size(10_000, 60_000), "M": Size(200_000, 1_200_000), "L": Size(1_000_000, 6_000_000)}
PAYMENTS_EACH = 6
YEARS = (2024, 2025, 2026)
SOURCES = ("PROV", "CITY")
# two digits that no province of GB/T 2260 has
REAL = {*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55),
        *range(61, 66), 71, 81, 82}  # fmt: skip
PROVINCES = [number for number in range(1, 98) if number not in REAL][:30]
PREFECTURES, COUNTIES = 10, 95  # of each province: five prefectures of ten counties, five of nine
COUNTIES_IN_ALL = len(PROVINCES) * COUNTIES
DONOR = "980100"
FIRST_DAY = date(2024, 1, 1)
TABLES = (
    Payment, Refund, ProgressReport, StageChange, FundingAdjustment, ChangeRequest, ProjectFunding,
    Project, TransferReturn, Transfer, FundPlan,
)  # fmt: skip
CLERK, REVIEWER, UNIT, TREASURY, PROGRAMME = 1, 2, 1, 2, 1
DAYS = [(FIRST_DAY + timedelta(days=number)).isoformat() for number in range(1200)]


class Place(NamedTuple):
    """A county with its ancestors, by primary key."""

    county: int
    prefecture: int
    province: int


def build(size: Size) -> None:
    """Fill an empty, migrated database: all of it or nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET maintenance_work_mem = '512MB'")
    with transaction.atomic(), _indexes_put_off():
        places = _places()
        _people()
        _pairings(places)
        _plans()
        _projects(size, places)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM (ANALYZE)")


@contextmanager
def _indexes_put_off() -> Iterator[None]:
    """Indexes that hold no constraint are made after the rows: that is several times quicker."""
    tables = [model._meta.db_table for model in TABLES]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
            " WHERE indrelid = ANY(%s::regclass[]) AND NOT EXISTS"
            " (SELECT FROM pg_constraint WHERE conindid = indexrelid)",
            [tables],
        )
        found = cursor.fetchall()
        for name, _definition in found:
            cursor.execute(f"DROP INDEX {name}")
        yield
        for _name, definition in found:
            cursor.execute(definition)


def _recorded(number: int) -> tuple[Any, ...]:
    """Entered and counted on the day of a number, at noon."""
    at = f"{DAYS[number]} 12:00+08"
    return at, CLERK, at, REVIEWER, at, REVIEWER


RECORDED = (
    "created_at", "created_by_id", "updated_at", "updated_by_id", "counted_at", "counted_by_id",
)  # fmt: skip


def _places() -> list[Place]:
    rows: list[tuple[Any, ...]] = []
    places = []

    def add(code: str, level: str, parent: int | None) -> int:
        number = len(rows) + 1
        rows.append((number, code, f"虚构{code}", level, NULL if parent is None else parent))
        return number

    for digits in PROVINCES:
        province = add(f"{digits:02}0000", "province", None)
        for nth in range(1, PREFECTURES + 1):
            prefecture = add(f"{digits:02}{nth:02}00", "prefecture", province)
            for county in range(1, 11 - nth % 2):
                code = f"{digits:02}{nth:02}{county:02}"
                places.append(Place(add(code, "county", prefecture), prefecture, province))
    add(DONOR, "prefecture", add(f"{DONOR[:2]}0000", "province", None))
    copy(Region, ("id", "code", "name_zh", "level", "parent_id"), rows)
    return places


def _people() -> None:
    copy(
        User, ("id", "username", "name"), [(CLERK, "clerk", "虚构"), (REVIEWER, "reviewer", "虚构")]
    )
    region = 1
    copy(
        Organisation,
        ("id", "name_zh", "kind", "region_id"),
        [
            (UNIT, "虚构单位", "implementing_unit", region),
            (TREASURY, "虚构财政", "finance", region),
        ],
    )
    copy(Programme, ("id", "code", "kind", "name_zh", "name_en"),
         [(PROGRAMME, "bench", "EW", "虚构", "Invented")])  # fmt: skip


def _pairings(places: list[Place]) -> None:
    donor = Region.objects.get(code=DONOR).pk
    rows = [
        (number, PROGRAMME, donor, place.county, "2021-06")
        for number, place in enumerate(places, start=1)
    ]
    copy(Pairing, ("id", "programme_id", "donor_id", "recipient_id", "since"), rows)


def plan_of(county: int, year: int, source: int) -> int:
    """The key of the fund plan of a county (from 0), year and source (from 0)."""
    return (county * len(YEARS) + year) * len(SOURCES) + source + 1


def _plans() -> None:
    """A plan per county, year and source, four transfers of each, a return of every tenth."""
    keys = [
        (county, year, source)
        for county in range(COUNTIES_IN_ALL)
        for year in range(len(YEARS))
        for source in range(len(SOURCES))
    ]
    plans, transfers, returns = [], [], []
    for county, year, source in keys:
        plan, day = plan_of(county, year, source), 366 * year + 20
        plans.append(
            (plan, county + 1, YEARS[year], SOURCES[source], "900000000.00", f"虚构{plan}",
             DAYS[day], "issued", *_recorded(day))
        )  # fmt: skip
        for nth in range(4):
            transfer = plan * 4 + nth
            arrived = day + 30 * nth
            transfers.append(
                (transfer, plan, f"{1_000_000 + plan % 997}.00", DAYS[arrived - 2], DAYS[arrived],
                 TREASURY, f"T{transfer}", "confirmed", *_recorded(arrived + 1))
            )  # fmt: skip
        if plan % 10 == 0:
            returns.append(
                (plan, plan * 4, "777.77", DAYS[day + 200], f"R{plan}", "虚构", "confirmed",
                 *_recorded(day + 201))
            )  # fmt: skip
    copy(
        FundPlan,
        ("id", "pairing_id", "fiscal_year", "source", "amount_yuan", "doc_no", "issued_on",
         "status", *RECORDED),
        plans,
    )  # fmt: skip
    copy(
        Transfer,
        ("id", "fund_plan_id", "amount_yuan", "sent_on", "arrived_on", "treasury_id", "voucher_no",
         "status", *RECORDED),
        transfers,
    )  # fmt: skip
    copy(
        TransferReturn,
        ("id", "transfer_id", "amount_yuan", "returned_on", "voucher_no", "reason", "status",
         *RECORDED),
        returns,
    )  # fmt: skip


class Works(NamedTuple):
    """What there is to know of project number ``n``, in whole yuan."""

    n: int

    @property
    def county(self) -> int:
        return self.n % COUNTIES_IN_ALL

    @property
    def year(self) -> int:
        return self.n // COUNTIES_IN_ALL % len(YEARS)

    @property
    def day(self) -> int:
        """The day of its approval."""
        return 366 * self.year + 60 + self.n % 29

    @property
    def share(self) -> int:
        return 100_000 + self.n % 899 * 1_000

    @property
    def plan(self) -> int:
        return plan_of(self.county, self.year, self.n % len(SOURCES))

    @property
    def delta(self) -> int:
        """What its share was changed by: every 33rd."""
        return -(self.share // 20) if self.n % 33 == 0 else 0

    @property
    def refund(self) -> int:
        return 100 if self.n % 50 == 0 else 0

    @property
    def struck_out(self) -> bool:
        """Whether its last payment was struck out later: every 40th."""
        return self.n % 40 == 0

    @property
    def paid(self) -> int:
        counting = PAYMENTS_EACH - self.struck_out
        return counting * (self.share // 10) - self.refund

    @property
    def progress(self) -> int:
        return 30 + self.n % 61


def _projects(size: Size, places: list[Place]) -> None:
    works = [Works(n) for n in range(size.projects)]
    copy(
        Project,
        ("id", "code", "name", "pairing_id", "county_id", "province_id", "prefecture_id",
         "fiscal_year", "sector", "aid_yuan", "planned_start", "planned_end", "stage",
         "implementing_unit_id", "allocated_yuan", "paid_yuan", "physical_pct", "created_at",
         "created_by_id", "updated_at", "updated_by_id"),
        (_project(of, places[of.county]) for of in works),
    )  # fmt: skip
    copy(
        ProjectFunding,
        ("id", "project_id", "source", "fund_plan_id", "fiscal_year", "amount_yuan", "approved_on",
         "doc_no", *RECORDED),
        (
            (of.n + 1, of.n + 1, SOURCES[of.n % len(SOURCES)], of.plan, YEARS[of.year], of.share,
             DAYS[of.day], "虚构", *_recorded(of.day))
            for of in works
        ),
    )  # fmt: skip
    copy(
        ChangeRequest,
        ("id", "project_id", "kind", "reason", "effective_on", "needs_consent", "status",
         "submitted_at", "submitted_by_id", "decided_at", "decided_by_id", "created_at",
         "created_by_id", "updated_at", "updated_by_id", "before", "after"),
        (
            (of.n + 1, of.n + 1, "BUDGET", "虚构", DAYS[of.day + 50], "f", "approved",
             *_recorded(of.day + 50)[:4], *_recorded(of.day + 50)[:4], "{}", "{}")
            for of in works if of.delta
        ),
    )  # fmt: skip
    copy(
        FundingAdjustment,
        ("id", "project_funding_id", "change_request_id", "delta_yuan", "effective_on", *RECORDED),
        (
            (of.n + 1, of.n + 1, of.n + 1, of.delta, DAYS[of.day + 50], *_recorded(of.day + 50))
            for of in works if of.delta
        ),
    )  # fmt: skip
    copy(
        StageChange,
        ("id", "project_id", "from_stage", "to_stage", "effective_on", *RECORDED),
        (row for of in works for row in _steps(of)),
    )
    copy(
        ProgressReport,
        ("id", "project_id", "period", "measured_on", "physical_pct", "narrative", "status",
         *RECORDED),
        (
            (of.n * 2 + nth + 1, of.n + 1, DAYS[day][:7], DAYS[day], of.progress - 20 * (1 - nth),
             "虚构", "verified", *_recorded(day + 2))
            for of in works for nth, day in enumerate((of.day + 70, of.day + 140))
        ),
    )  # fmt: skip
    copy(
        Payment,
        ("id", "project_funding_id", "seq", "basis", "amount_yuan", "paid_on", "treasury_id",
         "payee_id", "voucher_no", "status", "voided_at", "voided_by_id", "void_reason", *RECORDED),
        (row for of in works for row in _payments(of)),
    )  # fmt: skip
    copy(
        Refund,
        ("id", "project_funding_id", "amount_yuan", "refunded_on", "cause", "treasury_id",
         "voucher_no", "status", *RECORDED),
        (
            (of.n + 1, of.n + 1, of.refund, DAYS[of.day + 210], "SURPLUS", TREASURY, f"B{of.n}",
             "verified", *_recorded(of.day + 211))
            for of in works if of.refund
        ),
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE projects_fundplan f SET total_committed_yuan = r.total_committed_yuan,"
            " total_arrived_yuan = r.total_arrived_yuan"
            " FROM recount_fund_plans() r WHERE r.fund_plan_id = f.id"
        )


def _project(of: Works, place: Place) -> tuple[Any, ...]:
    minute = f"{DAYS[of.day + 140]} {of.n % 12 + 8:02}:{of.n % 60:02}:{of.n % 59:02}+08"
    return (
        of.n + 1, f"BE{of.n:014}"[:16], f"虚构项目{of.n}", of.county + 1, place.county,
        place.province, place.prefecture, YEARS[of.year], ("RURAL", "EDU", "HEALTH")[of.n % 3],
        of.share, DAYS[of.day + 10], DAYS[of.day + 230], "ACTIVE", UNIT, of.share + of.delta,
        of.paid, of.progress, minute, CLERK, minute, REVIEWER,
    )  # fmt: skip


def _steps(of: Works) -> Iterator[tuple[Any, ...]]:
    """The last three steps of its road."""
    for nth, (was, became) in enumerate(
        (("LIBRARY", "APPROVED"), ("APPROVED", "READY"), ("READY", "ACTIVE"))
    ):
        day = of.day + 9 * nth
        yield of.n * 3 + nth + 1, of.n + 1, was, became, DAYS[day], *_recorded(day)


def _payments(of: Works) -> Iterator[tuple[Any, ...]]:
    for nth in range(PAYMENTS_EACH):
        number, day = of.n * PAYMENTS_EACH + nth + 1, of.day + 20 + 30 * nth
        at, status = _recorded(day + 1), ("verified", NULL, NULL, "")
        if of.struck_out and nth == PAYMENTS_EACH - 1:
            status = ("voided", f"{DAYS[day + 20]} 12:00+08", str(REVIEWER), "虚构")
        yield (
            number, of.n + 1, nth + 1, "PROGRESS", of.share // 10, DAYS[day], TREASURY, UNIT,
            f"P{number}", *status, *at,
        )  # fmt: skip
