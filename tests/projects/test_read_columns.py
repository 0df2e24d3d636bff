"""The database keeps the columns that lists read, whoever writes, and writes no log of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistance.models import Change, Region
from assistance.roles import Role
from assistance.scope import Scope
from projects.actions import void_payment, void_refund, void_return, void_transfer
from projects.actions.totals import differences, recompute_totals
from projects.models import (
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
from projects.models.evidence import PaperKind
from projects.models.funds import PAID_THROUGH_THE_LEDGER
from tests import by_sql
from tests import factories as make
from tests.raw_rows import triggers_asleep
from tests.reporting.rich_ledger import adjustment, arrival, opening, payment, plan, void
from tests.reporting.rich_ledger.rows import approved, counted, progress, step
from tests.reporting.rich_ledger.ties import Ties

pytestmark = pytest.mark.django_db
MARCH = date(2026, 3, 2)


# ------------------------------------------------------------------------------------- where


def test_a_project_lies_in_the_ancestors_of_its_county() -> None:
    project = make.draft()
    project.refresh_from_db()
    assert project.prefecture is not None
    assert project.province is not None
    assert (project.prefecture.code, project.province.code) == (make.PREFECTURE, make.PROVINCE)


def test_nobody_sets_its_ancestors_by_hand() -> None:
    project = make.draft()
    by_sql.change(project, prefecture_id=make.region(make.OTHER_PREFECTURE).pk, province_id=None)
    project.refresh_from_db()
    assert project.prefecture == make.region(make.PREFECTURE)
    assert project.province == make.region(make.PROVINCE)


def test_projects_move_with_their_county_and_with_its_prefecture() -> None:
    project, other = make.draft(), make.region(make.OTHER_PREFECTURE)
    by_sql.change(project.county, parent_id=other.pk)
    project.refresh_from_db()
    assert project.prefecture == other
    new = Region.objects.create(code="970000", name_zh="演示省", level="province")
    by_sql.change(other, parent_id=new.pk)
    project.refresh_from_db()
    assert (project.prefecture, project.province) == (other, new)
    assert differences() == []


def test_the_projects_of_a_scope_are_those_of_its_ties_also_of_ties_with_regions_above() -> None:
    for recipient in (make.COUNTY, make.PREFECTURE, make.PROVINCE):
        make.draft(pairing=make.pairing(recipient), county=make.region(make.COUNTY))
    make.draft(pairing=make.pairing(make.OTHER_COUNTY))
    make.draft(pairing=make.pairing(make.PROVINCE), county=make.region(make.FAR_COUNTY))
    make.draft(pairing=make.pairing(make.FAR_COUNTY, make.OTHER_DONOR))
    seen = set()
    for code in (
        make.PROVINCE, make.PREFECTURE, make.COUNTY, make.OTHER_COUNTY, make.OTHER_PREFECTURE,
        make.FAR_COUNTY, "990299",
    ):  # fmt: skip
        scope = Scope("recipient", code)
        wanted = set(Project.objects.filter(scope.q("pairing")))
        assert set(Project.objects.within(scope)) == wanted, code
        seen.add(len(wanted))
    assert seen == {0, 1, 3, 6}


# -------------------------------------------------------------------------------------- sums


class Works:
    """An approved project under way with every kind of row, for others to add to."""

    def __init__(self) -> None:
        self.ties = Ties()
        self.plan = plan(self.ties.county, "900000.00")
        self.cash = plan(self.ties.county, "800000.00", source=Source.DON_CASH)
        self.kind = plan(self.ties.county, "700000.00", source=Source.DON_KIND)
        self.arrived = arrival(self.plan, "500000.00", date(2026, 2, 1))
        self.project = approved(
            self.ties.county,
            {self.plan: "400000.00"},
            MARCH,
            donated={self.cash: "30000.00", self.kind: "2000.00"},
            match="100.00",
        )
        for stage, day in ((Stage.READY, 20), (Stage.ACTIVE, 25)):
            step(self.project, stage, date(2026, 3, day))
        self.paid = payment(self.project, "100000.00", date(2026, 4, 1))
        payment(self.project, "7000.00", date(2026, 4, 1), source=Source.DON_CASH)


@pytest.fixture
def works(db: None) -> Works:
    return Works()


def kept(project: Project) -> tuple[str, str, str]:
    project.refresh_from_db()
    return str(project.allocated_yuan), str(project.paid_yuan), str(project.physical_pct)


def sums(of: FundPlan) -> tuple[str, str]:
    of.refresh_from_db()
    return str(of.total_committed_yuan), str(of.total_arrived_yuan)


def test_sums_hold_aid_and_cash_donations_net_and_progress_the_newest_report() -> None:
    works = Works()
    assert kept(works.project) == ("430000.00", "107000.00", "0.00")
    assert sums(works.plan) == ("400000.00", "500000.00")
    assert sums(works.kind) == ("2000.00", "0.00")
    changed = adjustment(works.project, "-1000.01", date(2026, 5, 1))
    adjustment(works.project, "50.00", date(2026, 5, 1), source=Source.MATCH)  # of neither
    back = make.paid_back(works.paid, amount_yuan=Decimal("30.03"))
    returned = make.transfer_return(works.arrived, amount_yuan=Decimal("0.05"))
    first = progress(works.project, "10", date(2026, 4, 30))
    second = progress(works.project, "20.50", date(2026, 5, 20))
    assert kept(works.project) == ("428999.99", "106969.97", "20.50")
    assert sums(works.plan) == ("398999.99", "499999.95")
    for row in (changed, back, returned, second):
        void(row, make.NOW)
    assert kept(works.project) == ("430000.00", "107000.00", "10.00")
    assert sums(works.plan) == ("400000.00", "500000.00")
    void(first, make.NOW)
    assert kept(works.project)[2] == "0.00"


def test_what_is_not_confirmed_is_in_no_sum() -> None:
    works = Works()
    before = kept(works.project), sums(works.plan)
    make.papers(works.project, PaperKind.PLAN)
    make.payment(works.project, "submitted", amount_yuan=5)  # type: ignore[arg-type]
    make.transfer("draft", plan=works.plan)  # type: ignore[arg-type]
    make.progress(works.project, 30, status="submitted")  # type: ignore[arg-type]
    assert (kept(works.project), sums(works.plan)) == before


def test_what_was_taken_over_is_in_the_sums() -> None:
    ties = Ties()
    fund = plan(ties.county, "5000.00")
    project = opening(
        ties, Stage.ACTIVE, MARCH, {fund: ("3000.00", "1000.00"), None: ("7.00", "0")},
        physical_pct="40",
    )  # fmt: skip
    assert kept(project) == ("3000.00", "1000.00", "40.00")
    assert sums(fund) == ("3000.00", "0.00")
    progress(project, "41", date(2026, 4, 1))
    assert kept(project)[2] == "41.00"


def test_whoever_writes_a_whole_row_back_leaves_the_sums_alone() -> None:
    works = Works()
    stale = Project.objects.get(pk=works.project.pk)
    stale_plan = FundPlan.objects.get(pk=works.plan.pk)
    payment(works.project, "1.00", date(2026, 4, 2))
    arrival(works.plan, "2.00", date(2026, 4, 2))
    stale.save()
    stale_plan.save()
    assert kept(works.project)[1] == "107001.00"
    assert sums(works.plan)[1] == "500002.00"
    by_sql.change(works.project, allocated_yuan=5, paid_yuan=5, physical_pct=5)
    by_sql.change(works.plan, total_committed_yuan=5, total_arrived_yuan=5)
    assert differences() == []
    by_sql.copy(works.plan, doc_no="演示另一份", total_arrived_yuan=77)
    assert sums(FundPlan.objects.get(doc_no="演示另一份")) == ("0.00", "0.00")


def test_a_kept_sum_is_no_change_of_the_row() -> None:
    works = Works()
    works.project.refresh_from_db()
    works.plan.refresh_from_db()
    of_parents = Change.objects.filter(table__in=["projects_project", "projects_fundplan"])
    before = (
        works.project.version, works.project.updated_at, works.plan.version, works.plan.updated_at,
        of_parents.count(),
    )  # fmt: skip
    payment(works.project, "1.00", date(2026, 4, 2))
    arrival(works.plan, "2.00", date(2026, 4, 2))
    progress(works.project, "3", date(2026, 4, 2))
    by_sql.change(works.project.county, parent_id=make.region(make.OTHER_PREFECTURE).pk)
    works.project.refresh_from_db()
    works.plan.refresh_from_db()
    assert (
        works.project.version, works.project.updated_at, works.plan.version, works.plan.updated_at,
        of_parents.count(),
    ) == before  # fmt: skip
    assert works.project.paid_yuan == Decimal("107001.00")


def test_a_share_is_not_struck_out_under_its_adjustments() -> None:
    project = approved(make.pairing(), {plan(make.pairing(), "9.00"): "5.00"}, MARCH)
    adjustment(project, "-1.00", date(2026, 5, 1))
    with by_sql.refused_by("share_stands_under_its_adjustments"):
        void(project.funding.get(), make.NOW)


def test_a_share_is_not_struck_out_under_its_refunds() -> None:
    ties = Ties()
    fund = plan(ties.county, "5000.00")
    project = opening(ties, Stage.ACTIVE, MARCH, {fund: ("3000.00", "1000.00")})
    share = project.funding.get()
    Refund.objects.create(
        project_funding=share, amount_yuan=Decimal(1), refunded_on=date(2026, 5, 1),
        cause="SURPLUS", treasury=make.treasury(), voucher_no="演示", status="verified",
        **counted(make.NOW),
    )  # fmt: skip
    with by_sql.refused_by("share_stands_under_its_adjustments"):
        void(share, make.NOW)


# ---------------------------------------------------------------------------------- a recount


def command(*options: str) -> str:
    out = StringIO()
    call_command("recompute_totals", *options, stdout=out)
    return out.getvalue()


def test_the_command_names_and_mends_what_was_written_past_the_triggers() -> None:
    works = Works()
    assert command("--prove") == command() == "Nothing differs.\n"
    with triggers_asleep("projects_payment", "projects_project", "projects_transfer"):
        payment(works.project, "1.00", date(2026, 4, 2))
        arrival(works.plan, "2.00", date(2026, 4, 2))
        Project.objects.filter(pk=works.project.pk).update(province=None, physical_pct=9)
    pk, of = works.project.pk, works.plan.pk
    province = make.region(make.PROVINCE).pk
    wanted = [
        f"projects_project {pk} province_id: held None, counted {province}",
        f"projects_project {pk} paid_yuan: held 107000.00, counted 107001.00",
        f"projects_project {pk} physical_pct: held 9.00, counted 0",
        f"projects_fundplan {of} total_arrived_yuan: held 500000.00, counted 500002.00",
    ]
    with pytest.raises(CommandError, match="4 columns differ"):
        command("--prove")
    assert command().splitlines() == [*wanted, "4 columns differed."]
    assert command("--prove") == "Nothing differs.\n"
    assert kept(works.project) == ("430000.00", "107001.00", "0.00")


def recounted() -> Iterator[tuple[Any, ...]]:
    """Every kept sum beside a naive recount in Python."""

    def total(rows: Any, column: str = "amount_yuan") -> Decimal:
        return sum(
            (getattr(r, column) for r in rows if r.counted_at and not r.voided_at), Decimal(0)
        )

    for project in Project.objects.all():
        held = paid = Decimal(0)
        for share in ProjectFunding.objects.filter(project=project):
            if share.source not in PAID_THROUGH_THE_LEDGER:
                continue
            held += total([share])
            held += total(FundingAdjustment.objects.filter(project_funding=share), "delta_yuan")
            paid += total([share], "opening_paid_yuan")
            paid += total(Payment.objects.filter(project_funding=share))
            paid -= total(Refund.objects.filter(project_funding=share))
        reports = [
            r for r in ProgressReport.objects.filter(project=project)
            if r.counted_at and not r.voided_at
        ]  # fmt: skip
        newest = max(reports, key=lambda r: (r.measured_on, r.pk), default=None)
        pct = newest.physical_pct if newest else Decimal(0)
        yield (project.allocated_yuan, project.paid_yuan, project.physical_pct), (held, paid, pct)
    for of in FundPlan.objects.all():
        committed = arrived = Decimal(0)
        for share in ProjectFunding.objects.filter(fund_plan=of):
            committed += total([share])
            committed += total(
                FundingAdjustment.objects.filter(project_funding=share), "delta_yuan"
            )
        for sent in Transfer.objects.filter(fund_plan=of):
            arrived += total([sent]) - total(TransferReturn.objects.filter(transfer=sent))
        yield (of.total_committed_yuan, of.total_arrived_yuan), (committed, arrived)


def _measure(works: Works, pct: Decimal, day: date) -> ProgressReport | None:
    if ProgressReport.objects.standing().filter(period=f"{day:%Y-%m}").exists():
        return None
    return progress(works.project, str(pct % 100), day)


# what somebody does with so many yuan on a day; what can be struck out is returned
VERBS: dict[str, Callable[[Works, Decimal, date], Any]] = {
    "pay": lambda works, yuan, day: payment(works.project, str(yuan), day),
    "refund": lambda works, yuan, day: make.paid_back(works.paid, amount_yuan=yuan),
    "arrive": lambda works, yuan, day: arrival(works.plan, str(yuan), day),
    "return": lambda works, yuan, day: make.transfer_return(works.arrived, amount_yuan=yuan),
    "grow": lambda works, yuan, day: adjustment(works.project, str(yuan), day),
    "shrink": lambda works, yuan, day: adjustment(works.project, str(-yuan), day),
    "measure": _measure,
    "approve": lambda works, yuan, day: approved(
        works.ties.county, {works.plan: str(yuan)}, MARCH
    ).funding.get(),
    "insert by sql": lambda works, yuan, day: by_sql.copy(
        works.paid, seq=Payment.objects.count() + 900, voucher_no=f"补{day}{yuan}", amount_yuan=yuan
    ),
}
STRIKE_OUT = ("strike out", "strike out by sql")


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    operations=st.lists(
        st.tuples(
            st.sampled_from([*VERBS, *STRIKE_OUT, *STRIKE_OUT]),
            st.integers(1, 5000),
            st.integers(0, 27),
        ),
        max_size=10,
        unique_by=lambda operation: operation[1:],
    )
)
def test_the_columns_equal_a_recount_after_any_mix_of_verbs_and_sql(
    works: Works, operations: list[tuple[str, int, int]]
) -> None:
    with transaction.atomic():
        rows: list[Any] = []
        for kind, fen, which in operations:
            if kind in VERBS:
                day = date(2026, 5, 1 + which)
                row = VERBS[kind](works, Decimal(fen) / 100, day)
                rows += [row] if row else []
            elif rows:
                strike_out = _strike_out_by_sql if "sql" in kind else _strike_out_by_verb
                strike_out(rows.pop(which % len(rows)))
        for held, counted_anew in recounted():
            assert held == counted_anew
        assert differences() == []
        transaction.set_rollback(True)


def _strike_out_by_verb(row: Any) -> None:
    verbs: dict[type, tuple[Any, Role]] = {
        Payment: (void_payment, Role.REVIEWER),
        Refund: (void_refund, Role.FINANCE),
        Transfer: (void_transfer, Role.FINANCE),
        TransferReturn: (void_return, Role.FINANCE),
    }
    if type(row) in verbs:
        verb, role = verbs[type(row)]
        verb(row, reason="演示", by=make.hand(role), now=make.NOW)
    else:
        void(row, make.NOW)


def _strike_out_by_sql(row: Any) -> None:
    struck = {
        "voided_at": make.NOW,
        "voided_by_id": make.hand(Role.AUDITOR).pk,
        "void_reason": "演示",
    }
    if isinstance(row, Payment | Refund | Transfer | TransferReturn):
        struck["status"] = "voided"
    by_sql.change(row, **struck)


def test_the_recount_waits_for_nobody_and_takes_the_rows_that_differ_in_order() -> None:
    works = Works()
    with triggers_asleep("projects_project"):
        Project.objects.filter(pk=works.project.pk).update(paid_yuan=1)
    found = recompute_totals()
    assert [(each.row, each.column) for each in found] == [(works.project.pk, "paid_yuan")]
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('jiedui.recount', true)")
        assert cursor.fetchone() == ("",)
