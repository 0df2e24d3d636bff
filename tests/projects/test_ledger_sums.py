"""Sums that the database keeps itself: nobody spends, pays or returns more than there is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from assistance.errors import Refused
from assistance.roles import Role
from projects.actions import (
    allot,
    approve,
    confirm_return,
    confirm_transfer,
    refund,
    return_transfer,
    verify_payment,
    verify_refund,
    void_payment,
    void_return,
    void_transfer,
)
from projects.models import FundPlan, Payment, ProjectFunding, Source, Stage
from projects.models.funds import FundPlanStatus, TransferStatus
from projects.models.payments import PaymentStatus, RefundCause
from tests import by_sql
from tests import factories as make

pytestmark = pytest.mark.django_db

MILLION = Decimal(1_000_000)
ON = date(2026, 3, 2)
STRUCK = {"voided_at": make.NOW, "void_reason": "演示"}


def verified(status: str = "verified") -> dict[str, Any]:
    """The columns that let a row count."""
    return {"status": status, "counted_at": make.NOW, "counted_by_id": make.hand(Role.AUDITOR).pk}


def struck(status: str | None = "voided") -> dict[str, Any]:
    """The columns that strike a row out."""
    more = {"status": status} if status else {}
    return STRUCK | {"voided_by_id": make.hand(Role.AUDITOR).pk} | more


def waiting_share(plan: FundPlan) -> ProjectFunding:
    """A share of a library project that does not count yet."""
    return make.share(make.project_at(Stage.LIBRARY), plan=plan, amount_yuan=MILLION)


def approved() -> dict[str, Any]:
    """The columns that let a share count."""
    by = make.hand(Role.AUDITOR).pk
    return {"counted_at": make.NOW, "counted_by_id": by, "approved_on": ON, "doc_no": "演示1"}


# ------------------------------------------------------------------- invariant 2: shares of a plan


def test_a_plan_is_not_overdrawn_by_verb() -> None:
    plan = make.fund_plan(amount_yuan=MILLION)
    make.project_at(Stage.APPROVED, plan=plan)
    late = waiting_share(plan)
    with pytest.raises(Refused) as refused:
        approve(
            late.project, doc_no="演示", on=ON, by=make.hand(Role.APPROVER), now=make.at(ON, 12)
        )
    assert refused.value.code == "fund_plan_overdrawn"


def test_a_plan_is_not_overdrawn_by_sql() -> None:
    plan = make.fund_plan(amount_yuan=MILLION)
    held = make.project_at(Stage.APPROVED, plan=plan).funding.get()
    late = waiting_share(plan)
    with by_sql.refused_by("fund_plan_is_not_overdrawn"):
        by_sql.change(late, **approved())
    with by_sql.refused_by("fund_plan_is_not_overdrawn"):
        by_sql.copy(held, project_id=make.draft().pk)


def test_a_plan_gives_to_the_last_fen_and_no_further() -> None:
    plan = make.fund_plan(amount_yuan=MILLION + Decimal("0.01"))
    make.project_at(Stage.APPROVED, plan=plan)
    late = waiting_share(plan)
    by_sql.change(late, amount_yuan=Decimal("0.01"), **approved())
    assert plan.committed_yuan() == plan.amount_yuan
    with by_sql.refused_by("fund_plan_is_not_overdrawn"):
        by_sql.copy(late, project_id=make.draft().pk)


def test_a_plan_that_is_not_issued_has_no_shares() -> None:
    plan = make.fund_plan(FundPlanStatus.DRAFT)
    share = make.project_at(Stage.APPROVED).funding.get()
    with by_sql.refused_by("fund_plan_is_issued_before_it_is_shared"):
        by_sql.copy(share, fund_plan_id=plan.pk)


def test_a_plan_under_shares_or_transfers_is_not_struck_out() -> None:
    shared = make.fund_plan(amount_yuan=MILLION)
    make.project_at(Stage.APPROVED, plan=shared)
    for plan in (shared, make.transfer().fund_plan):
        with by_sql.refused_by("fund_plan_stands_under_its_shares"):
            by_sql.change(plan, **struck(None))
    by_sql.change(make.fund_plan(), **struck(None))


def test_a_share_follows_the_year_and_source_of_its_plan() -> None:
    share = waiting_share(make.fund_plan(amount_yuan=MILLION))
    for column, other in (("fiscal_year", 2025), ("source", Source.CITY)):
        with by_sql.refused_by("funding_has_its_plans_year_and_source"):
            by_sql.change(share, **{column: other})


# --------------------------------------------------------- invariant 3: payments and refunds


def share_with(paid: int, waiting: int) -> tuple[Payment, Payment]:
    """Two payments out of one share of a million: one that counts, one that waits. The works are
    completed, so 800,000 may be paid.
    """
    project, day = make.project_at(Stage.COMPLETED), date(2026, 6, 2)
    late = make.payment(project, PaymentStatus.SUBMITTED, amount_yuan=waiting, paid_on=day)
    return make.payment(project, amount_yuan=paid, paid_on=day), late


def test_a_share_is_not_overpaid_by_verb() -> None:
    _paid, late = share_with(600_000, 400_001)
    with pytest.raises(Refused) as refused:
        verify_payment(late, by=make.hand(Role.REVIEWER), now=make.NOW)
    assert refused.value.code == "share_overpaid"


def test_a_share_is_not_overpaid_by_sql() -> None:
    paid, late = share_with(600_000, 400_001)
    with by_sql.refused_by("share_is_not_overpaid"):
        by_sql.change(late, **verified())
    with by_sql.refused_by("share_is_not_overpaid"):
        by_sql.copy(paid, seq=99, voucher_no="x")
    by_sql.change(late, amount_yuan=400_000, **verified())


def test_what_was_paid_back_can_be_paid_again() -> None:
    paid, late = share_with(600_000, 200_001)
    with pytest.raises(Refused) as refused:
        verify_payment(late, by=make.hand(Role.REVIEWER), now=make.NOW)
    assert refused.value.code == "above_cap"
    make.paid_back(paid, amount_yuan=1, refunded_on=late.paid_on)
    verify_payment(late, by=make.hand(Role.REVIEWER), now=make.NOW)
    assert late.project_funding.paid_yuan() == 800_000


def test_no_more_is_paid_back_than_was_paid() -> None:
    payment = make.payment(make.project_at(Stage.ACTIVE), amount_yuan=1_000)
    first = make.paid_back(payment, amount_yuan=600)
    late = make.paid_back(payment, PaymentStatus.SUBMITTED, amount_yuan=400)
    make.paid_back(payment, amount_yuan=300)
    with pytest.raises(Refused) as refused:
        verify_refund(late, by=make.hand(Role.FINANCE), now=make.NOW)
    assert refused.value.code == "more_than_is_left"
    with by_sql.refused_by("share_is_not_underpaid"):
        by_sql.change(late, **verified())
    with by_sql.refused_by("share_is_not_underpaid"):
        by_sql.copy(first, voucher_no="x")
    with pytest.raises(Refused):
        refund(
            payment.project_funding,
            amount_yuan=Decimal("100.01"),
            refunded_on=date(2026, 6, 1),
            cause=RefundCause.AUDIT,
            treasury=payment.treasury,
            voucher_no="x",
            by=make.hand(Role.CLERK),
            now=make.NOW,
        )


def test_a_payment_is_not_struck_out_under_its_refunds() -> None:
    payment = make.payment(make.project_at(Stage.ACTIVE), amount_yuan=1_000)
    make.paid_back(payment, amount_yuan=1)
    with pytest.raises(Refused) as refused:
        void_payment(payment, reason="演示", by=make.hand(Role.REVIEWER), now=make.NOW)
    assert refused.value.code == "more_than_is_left"
    with by_sql.refused_by("share_is_not_underpaid"):
        by_sql.change(payment, **struck())


def test_a_refund_is_not_struck_out_where_the_share_would_be_overpaid() -> None:
    paid, late = share_with(600_000, 400_001)
    back = make.paid_back(paid, amount_yuan=1, refunded_on=date(2026, 6, 3))
    by_sql.change(late, **verified())
    with by_sql.refused_by("share_is_not_overpaid"):
        by_sql.change(back, **struck())


def test_a_share_under_payments_is_not_struck_out() -> None:
    payment = make.payment(make.project_at(Stage.ACTIVE))
    with by_sql.refused_by("share_stands_under_its_payments"):
        by_sql.change(payment.project_funding, **struck(None))
    by_sql.change(payment, **struck())
    by_sql.change(payment.project_funding, **struck(None))


# ------------------------------------------------------- invariant 6: arrivals and returns


def test_no_more_arrives_than_was_planned_unless_a_document_covers_it() -> None:
    plan = make.fund_plan(amount_yuan=MILLION)
    first = make.transfer(plan=plan, amount_yuan=900_000)
    late = make.transfer(TransferStatus.DRAFT, plan=plan, amount_yuan=100_001)
    with pytest.raises(Refused) as refused:
        confirm_transfer(late, by=make.hand(Role.FINANCE), now=make.NOW)
    assert refused.value.code == "more_than_planned"
    with by_sql.refused_by("arrivals_stay_within_plan"):
        by_sql.change(late, **verified("confirmed"))
    with by_sql.refused_by("arrivals_stay_within_plan"):
        by_sql.copy(first, voucher_no="x")
    by_sql.change(late, over_doc_no="演示2", **verified("confirmed"))
    assert plan.arrived_yuan() == MILLION + 1


def test_nothing_arrives_of_a_plan_that_is_not_issued() -> None:
    transfer, plan = make.transfer(), make.fund_plan(FundPlanStatus.DRAFT)
    with by_sql.refused_by("fund_plan_is_issued_before_it_arrives"):
        by_sql.copy(transfer, fund_plan_id=plan.pk, voucher_no="x")


def test_no_more_goes_back_than_arrived() -> None:
    transfer = make.transfer(amount_yuan=1_000)
    first = make.transfer_return(transfer, amount_yuan=600)
    late = make.transfer_return(transfer, TransferStatus.DRAFT, amount_yuan=400)
    make.transfer_return(transfer, amount_yuan=300)
    with pytest.raises(Refused) as refused:
        confirm_return(late, by=make.hand(Role.FINANCE), now=make.NOW)
    assert refused.value.code == "more_than_is_left"
    with by_sql.refused_by("transfer_is_not_returned_twice"):
        by_sql.change(late, **verified("confirmed"))
    with by_sql.refused_by("transfer_is_not_returned_twice"):
        by_sql.copy(first, voucher_no="x")
    with pytest.raises(Refused):
        return_transfer(
            transfer,
            amount_yuan=Decimal("100.01"),
            returned_on=date(2026, 4, 1),
            voucher_no="x",
            reason="演示",
            by=make.hand(Role.CLERK),
            now=make.NOW,
        )


def test_a_transfer_is_not_struck_out_under_its_returns() -> None:
    transfer = make.transfer()
    make.transfer_return(transfer)
    with pytest.raises(Refused) as refused:
        void_transfer(transfer, reason="演示", by=make.hand(Role.FINANCE), now=make.NOW)
    assert refused.value.code == "has_returns"
    with by_sql.refused_by("transfer_stands_under_its_returns"):
        by_sql.change(transfer, **struck())


def test_nothing_is_returned_of_a_transfer_that_was_struck_out() -> None:
    transfer = make.transfer()
    back = make.transfer_return(transfer, TransferStatus.DRAFT)
    by_sql.change(transfer, **struck())
    with by_sql.refused_by("transfer_is_not_returned_twice"):
        by_sql.change(back, **verified("confirmed"))


def test_a_return_is_not_struck_out_where_too_much_would_have_arrived() -> None:
    plan = make.fund_plan(amount_yuan=MILLION)
    back = make.transfer_return(make.transfer(plan=plan, amount_yuan=MILLION), amount_yuan=1)
    make.transfer(plan=plan, amount_yuan=1)
    with pytest.raises(Refused) as refused:
        void_return(back, reason="演示", by=make.hand(Role.FINANCE), now=make.NOW)
    assert refused.value.code == "more_than_planned"
    with by_sql.refused_by("arrivals_stay_within_plan"):
        by_sql.change(back, **struck())


# ------------------------------------------------------------------------------- two at once


def two_shares() -> tuple[list[Any], dict[str, Any], Callable[[], bool]]:
    plan = make.fund_plan(amount_yuan=MILLION)
    shares = [waiting_share(plan), waiting_share(plan)]
    return shares, approved(), lambda: plan.committed_yuan() <= plan.amount_yuan


def two_payments() -> tuple[list[Any], dict[str, Any], Callable[[], bool]]:
    project, day = make.project_at(Stage.COMPLETED), date(2026, 6, 2)
    both = [
        make.payment(project, PaymentStatus.SUBMITTED, amount_yuan=800_000, paid_on=day)
        for _ in range(2)
    ]
    return both, verified(), lambda: project.funding.get().paid_yuan() <= MILLION


def two_refunds() -> tuple[list[Any], dict[str, Any], Callable[[], bool]]:
    payment = make.payment(make.project_at(Stage.ACTIVE), amount_yuan=10_000)
    both = [make.paid_back(payment, PaymentStatus.SUBMITTED) for _ in range(2)]
    return both, verified(), lambda: payment.project_funding.paid_yuan() >= 0


def two_transfers() -> tuple[list[Any], dict[str, Any], Callable[[], bool]]:
    plan = make.fund_plan(amount_yuan=MILLION)
    both = [make.transfer(TransferStatus.DRAFT, plan=plan) for _ in range(2)]
    return both, verified("confirmed"), lambda: plan.arrived_yuan() <= plan.amount_yuan


def two_returns() -> tuple[list[Any], dict[str, Any], Callable[[], bool]]:
    transfer = make.transfer(amount_yuan=100_000)
    both = [make.transfer_return(transfer, TransferStatus.DRAFT) for _ in range(2)]
    return both, verified("confirmed"), lambda: transfer.fund_plan.arrived_yuan() >= 0


AT_ONCE = [two_shares, two_payments, two_refunds, two_transfers, two_returns]


def write_at_once(rows: list[Any], columns: dict[str, Any], isolation: str) -> list[bool]:
    """Let both rows count in two transactions that overlap; say which of them succeeded."""
    together, ended = threading.Barrier(2, timeout=20), [False, False]

    def write(number: int) -> None:
        try:
            with transaction.atomic():
                by_sql.run(f"SET TRANSACTION ISOLATION LEVEL {isolation}")
                by_sql.run("SELECT 1 FROM projects_fundplan LIMIT 1")  # takes the snapshot
                together.wait()
                by_sql.change(rows[number], **columns)
                by_sql.run("SELECT pg_sleep(0.2)")  # the other one is at the lock by now
            ended[number] = True
        except DatabaseError:
            ended[number] = False
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=[number]) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return ended


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("prepare", AT_ONCE, ids=lambda prepare: prepare.__name__)
def test_of_two_that_take_the_last_yuan_at_once_one_succeeds(
    prepare: Callable[[], tuple[list[Any], dict[str, Any], Callable[[], bool]]],
) -> None:
    rows, columns, holds = prepare()
    assert sorted(write_at_once(rows, columns, "READ COMMITTED")) == [False, True]
    assert holds()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("isolation", ["REPEATABLE READ", "SERIALIZABLE"])
@pytest.mark.parametrize("prepare", AT_ONCE, ids=lambda prepare: prepare.__name__)
def test_no_isolation_level_gets_around_the_sums(
    prepare: Callable[[], tuple[list[Any], dict[str, Any], Callable[[], bool]]], isolation: str
) -> None:
    rows, columns, holds = prepare()
    assert sum(write_at_once(rows, columns, isolation)) <= 1
    assert holds()


def test_donations_in_kind_are_not_in_any_rate() -> None:
    kind = make.fund_plan(source=Source.DON_KIND, amount_yuan=MILLION)
    project = make.project_at(Stage.LIBRARY, aid_yuan=Decimal(0), donation_yuan=MILLION)
    allot(
        project, source=Source.DON_KIND, amount_yuan=MILLION, fund_plan=kind,
        by=make.hand(Role.CLERK), now=make.at(ON),
    )  # fmt: skip
    approve(project, doc_no="演示", on=ON, by=make.hand(Role.APPROVER), now=make.at(ON, 12))
    aided = make.payment(make.project_at(Stage.ACTIVE))
    with by_sql.refused_by("payment_is_of_aid_or_cash_donations"):
        by_sql.copy(aided, project_funding_id=project.funding.get().pk, voucher_no="x")
