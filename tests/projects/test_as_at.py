"""What the ledger says on a day as known at an instant: stages, money and progress."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistance.models.rows import LedgerRow, entered
from assistance.roles import Role
from projects.models import (
    AID,
    FundingAdjustment,
    FundPlan,
    Payment,
    ProgressReport,
    Project,
    ProjectFunding,
    Refund,
    Source,
    Stage,
    Transfer,
    TransferReturn,
)
from projects.models.as_at import AsAt
from tests import factories as make
from tests.fold import fold, progress_by_fold
from tests.raw_rows import triggers_asleep
from tests.reporting.rich_ledger import adjustment, arrival, opening, payment, plan, void
from tests.reporting.rich_ledger.rows import approved, progress, step
from tests.reporting.rich_ledger.ties import Ties

pytestmark = pytest.mark.django_db
T = date(2026, 5, 31)
IN_JUNE, IN_JULY = make.at(date(2026, 6, 10)), make.at(date(2026, 7, 10))
MAY_IN_JUNE, MAY_IN_JULY = AsAt(T, IN_JUNE), AsAt(T, IN_JULY)
MAY_6, JULY_6 = date(2026, 5, 6), make.at(date(2026, 7, 6))


# ------------------------------------------------------------------- corrections, kind by kind


class May:
    """A project under way in May, with a fund plan, and a row of each kind to be corrected."""

    def __init__(self) -> None:
        self.tie = make.pairing()
        self.plan = plan(self.tie, "9000.00")
        self.other = plan(self.tie, "8000.00", source=Source.CITY)
        arrived = arrival(self.plan, "5000.00", date(2026, 2, 1))
        self.project = approved(self.tie, {self.plan: "4000.00"}, date(2026, 3, 2))
        for stage, day in ((Stage.READY, 20), (Stage.ACTIVE, 25)):
            step(self.project, stage, date(2026, 3, day))
        paid = payment(self.project, "1000.00", date(2026, 4, 1))
        self.rows: dict[str, LedgerRow] = {
            "plan": plan(self.tie, "700.00", MAY_6, source=Source.DIST),
            "transfer": arrival(self.plan, "600.00", MAY_6),
            "return": make.transfer_return(arrived, amount_yuan=500, returned_on=MAY_6),
            "share": _share(self.project, self.other, "400.00"),
            "adjustment": adjustment(self.project, "-300.00", MAY_6),
            "payment": payment(self.project, "200.00", MAY_6),
            "refund": make.paid_back(paid, amount_yuan=100, refunded_on=MAY_6),
            "progress": progress(self.project, "30", MAY_6),
        }


@pytest.fixture
def may(db: None) -> May:
    return May()


def _share(project: Project, of: FundPlan, yuan: str) -> ProjectFunding:
    known = make.at(MAY_6)
    return ProjectFunding.objects.create(
        project=project, source=of.source, fund_plan=of, fiscal_year=of.fiscal_year,
        amount_yuan=Decimal(yuan), approved_on=MAY_6, doc_no="演示", counted_at=known,
        counted_by=make.hand(Role.REVIEWER), **entered(make.hand(Role.CLERK), known),
    )  # fmt: skip


def yuan_of(figure: str) -> Callable[[AsAt], Any]:
    return lambda at: sum(at.money(figure, "programme").values(), Decimal(0))


def pct(at: AsAt) -> Any:
    return sum(at.progress().values(), Decimal(0))


# the kind of row, the figure that it moves, and what becomes of it once a half is entered anew
CORRECTED: dict[str, tuple[Callable[[AsAt], Any], str, str]] = {
    "plan": (yuan_of("plan"), "17700.00", "17350.00"),
    "transfer": (yuan_of("arr"), "5100.00", "4800.00"),
    "return": (yuan_of("arr"), "5100.00", "5350.00"),
    "share": (yuan_of("alloc"), "4100.00", "3900.00"),
    "adjustment": (yuan_of("alloc"), "4100.00", "4250.00"),
    "payment": (yuan_of("paid"), "1100.00", "1000.00"),
    "refund": (yuan_of("paid"), "1100.00", "1150.00"),
    "progress": (pct, "30.00", "15.00"),
}


@pytest.mark.parametrize("kind", CORRECTED)
def test_correcting_may_in_july_changes_may_as_known_in_july_and_not_as_known_in_june(
    kind: str,
) -> None:
    figure, before, after = CORRECTED[kind]
    row = May().rows[kind]
    assert str(figure(MAY_IN_JUNE)) == str(figure(MAY_IN_JULY)) == before
    void(row, JULY_6)
    _again(row, JULY_6)
    assert str(figure(MAY_IN_JUNE)) == before
    assert str(figure(MAY_IN_JULY)) == after
    assert str(figure(AsAt(T, JULY_6 - timedelta(seconds=1)))) == before


def _again(row: LedgerRow, known: datetime) -> None:
    """Enter half of a row that was struck out, as known from an instant on."""
    new = type(row)._default_manager.get(pk=row.pk)
    column = next(
        name for name in ("amount_yuan", "delta_yuan", "physical_pct") if hasattr(new, name)
    )
    setattr(new, column, getattr(new, column) / 2)
    status = type(row)._default_manager.filter(counted_at__isnull=False, voided_at=None)
    if hasattr(new, "status"):
        standing = {"plan": "issued", "transfer": "confirmed", "transferreturn": "confirmed"}
        new.status = standing.get(str(new._meta.model_name).removeprefix("fund"), "verified")
    if hasattr(new, "seq"):
        new.seq = status.count() + 100
    if hasattr(new, "voucher_no"):
        new.voucher_no = f"{new.voucher_no}更正"
    new.pk, new.counted_at, new.created_at, new.updated_at = None, known, known, known
    new.voided_at = new.voided_by = None
    new.void_reason = ""
    new.save(force_insert=True)


def test_a_step_corrected_in_july_leaves_the_stage_of_may_as_it_was_known_in_june() -> None:
    project = make.project_at(Stage.READY)
    wrong = step(project, Stage.ACTIVE, MAY_6)
    assert MAY_IN_JUNE.stages()[project.pk] == Stage.ACTIVE
    with transaction.atomic():
        void(wrong, JULY_6)
        Project.objects.filter(pk=project.pk).update(stage=Stage.READY)
        step(project, Stage.ACTIVE, date(2026, 6, 6), known=JULY_6)
    assert MAY_IN_JUNE.stages() == {project.pk: Stage.ACTIVE}
    assert MAY_IN_JUNE.started() == {project.pk}
    assert MAY_IN_JULY.stages() == {project.pk: Stage.READY}
    assert MAY_IN_JULY.started() == set()


def test_what_was_taken_over_counts_from_the_day_of_its_opening() -> None:
    ties = Ties()
    fund = plan(ties.county, "5000.00")
    project = opening(
        ties, Stage.ACTIVE, date(2026, 4, 30), {fund: ("3000.00", "1000.00"), None: ("7.00", "0")},
        physical_pct="40", actual_start=date(2025, 9, 9),
    )  # fmt: skip
    before, at = AsAt(date(2026, 4, 29), IN_JUNE), AsAt(date(2026, 4, 30), IN_JUNE)
    assert before.allocated("project") == before.paid("project") == before.progress() == {}
    assert before.started() == set()
    assert at.allocated("source") == {"PROV": Decimal(3000), "MATCH": Decimal(7)}
    assert at.paid("project") == {project.pk: Decimal(1000)}
    assert at.progress() == {project.pk: Decimal(40)}
    assert at.started() == {project.pk}
    assert at.taken_over(source__in=AID) == (1, Decimal(3000), Decimal(1000))
    # matching funds have no plan: they belong to the tie of the project
    tie = {(ties.county.programme.code, make.COUNTY, "MATCH"): Decimal(7)}
    assert at.allocated(("programme", "recipient", "source"), source="MATCH") == tie


# ----------------------------------------------------------------------- one statement for all


STATEMENTS: list[tuple[Callable[[AsAt], Any], int]] = [
    (lambda at: at.planned("fund_plan"), 1),
    (lambda at: at.arrived("source"), 1),
    (lambda at: at.allocated("county"), 1),
    (lambda at: at.paid(("project", "source")), 1),
    (lambda at: at.paid("recipient"), 2),  # and the codes of the pairings
    (lambda at: at.stages(), 1),
    (lambda at: at.progress(), 1),
    (lambda at: at.started(), 1),
    (lambda at: at.ended_on(), 1),
    (lambda at: at.weighted_progress("county"), 1),
    (lambda at: at.taken_over(), 1),
]


def test_a_figure_is_one_statement_for_all_rows() -> None:
    def asked() -> list[int]:
        numbers = []
        for ask, _statements in STATEMENTS:
            with CaptureQueriesContext(connection) as found:
                ask(MAY_IN_JUNE)
            numbers.append(len(found))
        return numbers

    make.payment(make.project_at(Stage.ACTIVE))
    few = asked()
    for _more in range(3):
        make.payment(make.project_at(Stage.ACTIVE))
    assert few == asked() == [statements for _ask, statements in STATEMENTS]


def test_a_figure_without_such_a_dimension_says_so() -> None:
    with pytest.raises(KeyError, match="county"):
        MAY_IN_JUNE.arrived("county")


# ------------------------------------------------------------------------------- a naive fold

Moment = tuple[int, int, int | None]  # days from 1 May, until known, until struck out after that
moments = st.tuples(st.integers(-5, 45), st.integers(0, 60), st.none() | st.integers(0, 60))
KINDS: dict[str, tuple[type[LedgerRow], str]] = {
    "transfer": (Transfer, "arrived_on"),
    "return": (TransferReturn, "returned_on"),
    "share": (ProjectFunding, "approved_on"),
    "adjustment": (FundingAdjustment, "effective_on"),
    "payment": (Payment, "paid_on"),
    "refund": (Refund, "refunded_on"),
    "progress": (ProgressReport, "measured_on"),
}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(st.tuples(st.sampled_from(sorted(KINDS)), moments), max_size=12),
    asked=st.lists(moments, min_size=1, max_size=4),
)
def test_whatever_was_entered_and_struck_out_the_figures_are_the_fold(
    may: May, rows: list[tuple[str, Moment]], asked: list[Moment]
) -> None:
    with transaction.atomic():
        patterns = may.rows
        tables = {model._meta.db_table for model, _day in KINDS.values()}
        with triggers_asleep(*tables, "projects_project", "projects_fundplan"):
            for place, (kind, moment) in enumerate(rows):
                _scatter(patterns[kind], KINDS[kind][1], moment, place)
        for day, delay, _life in asked:
            on = date(2026, 5, 1) + timedelta(days=day)
            at = AsAt(on, make.at(on + timedelta(days=delay)))
            for figure, wanted in fold(at).items():
                assert at.money(figure, ("recipient", "source")) == wanted, figure
            assert at.progress() == progress_by_fold(at)
        transaction.set_rollback(True)


def _scatter(pattern: LedgerRow, day: str, moment: Moment, place: int) -> None:
    """A copy of a row at another moment; past the triggers, since the mix breaks their rules."""
    on = date(2026, 5, 1) + timedelta(days=moment[0])
    known = make.at(on + timedelta(days=moment[1]))
    new = type(pattern)._default_manager.get(pk=pattern.pk)
    setattr(new, day, on)
    new.pk, new.counted_at = None, known
    for column, value in (("seq", place + 50), ("voucher_no", f"散{place}")):
        if hasattr(new, column):
            setattr(new, column, value)
    if isinstance(new, Transfer):
        new.sent_on = on
    if isinstance(new, ProjectFunding):
        new.fund_plan = plan(new.project.pairing, "1.00", year=2026, source=Source(new.source))
    if isinstance(new, ProgressReport):
        new.period = f"{2000 + place}-01"
    if moment[2] is not None:
        new.voided_at = known + timedelta(days=moment[2])
        new.voided_by, new.void_reason = make.hand(Role.REVIEWER), "演示"
        if isinstance(new, Transfer | TransferReturn | Payment | Refund):
            new.status = "voided"
    new.save(force_insert=True)
