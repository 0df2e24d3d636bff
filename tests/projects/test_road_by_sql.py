"""What the database itself refuses on a project's road, in its payments' days and in its sums."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from assistance.errors import Refused
from assistance.roles import Role
from projects.actions import close, pay, start, verify_payment
from projects.models import Payment, Project, Stage
from projects.models.funds import TransferStatus
from projects.models.payments import PaymentBasis, PaymentStatus
from projects.models.road import ON_THE_ROAD
from tests import by_sql
from tests import factories as make

pytestmark = pytest.mark.django_db


def step(project: Project, became: Stage, *, on: date, **columns: Any) -> None:
    """Write a step by SQL, beginning from the last one."""
    last = project.stage_changes.order_by("-pk")[0]
    entered_at = make.at(on) if on < make.NOW.date() else make.NOW
    fields = {
        "from_stage": last.to_stage,
        "to_stage": became,
        "effective_on": on,
        "counted_at": entered_at.isoformat(),
    }
    by_sql.copy(last, **fields | columns)


def counted() -> dict[str, Any]:
    """The columns that let a payment count."""
    by = make.hand(Role.AUDITOR).pk
    return {"status": "verified", "counted_at": make.NOW, "counted_by_id": by}


# ------------------------------------------------------------------------- steps of the road


def test_no_step_off_the_road_can_be_written() -> None:
    last = make.draft().stage_changes.get()
    for was, became in product(Stage.values, Stage.values):
        if (was, became) not in ON_THE_ROAD:
            with by_sql.refused_by("stage_change_is_on_the_road"):
                by_sql.copy(last, from_stage=was, to_stage=became)


def test_a_step_begins_where_the_last_one_led() -> None:
    project = make.project_at(Stage.LIBRARY)
    with by_sql.refused_by("stage_change_follows_the_one_before"):
        step(project, Stage.ACTIVE, on=date(2026, 4, 1), from_stage=Stage.READY)
    with by_sql.refused_by("stage_change_follows_the_one_before"):
        step(project, Stage.DRAFT, on=date(2026, 4, 1), from_stage="")


def test_a_step_is_not_dated_before_the_one_before() -> None:
    project = make.project_at(Stage.READY)  # since 20 March
    with by_sql.refused_by("stage_change_follows_the_one_before"):
        step(project, Stage.ACTIVE, on=date(2026, 3, 19))
    with pytest.raises(ValidationError) as refused:
        start(project, on=date(2026, 3, 19), by=make.hand(Role.CLERK), now=make.NOW)
    assert set(refused.value.message_dict) == {"on"}


def test_a_step_is_not_dated_in_the_future() -> None:
    project, tomorrow = make.project_at(Stage.READY), make.NOW.date() + timedelta(days=1)
    with by_sql.refused_by("stage_change_follows_the_one_before"):
        step(project, Stage.ACTIVE, on=tomorrow)
    with pytest.raises(ValidationError) as refused:
        start(project, on=tomorrow, by=make.hand(Role.CLERK), now=make.NOW)
    assert set(refused.value.message_dict) == {"on"}


def test_a_step_counts_from_the_moment_it_is_written() -> None:
    project = make.project_at(Stage.READY)
    with by_sql.refused_by("stage_change_follows_the_one_before"):
        step(project, Stage.ACTIVE, on=date(2026, 4, 1), counted_at=None, counted_by_id=None)


def test_the_stage_is_not_changed_without_a_step() -> None:
    project = make.project_at(Stage.READY)
    with by_sql.refused_by("project_stage_is_its_last_step"):
        by_sql.change(project, stage=Stage.ACTIVE)
    with by_sql.refused_by("project_stage_is_its_last_step"):
        step(project, Stage.ACTIVE, on=date(2026, 4, 1))  # and no step without the stage


def test_no_project_begins_in_the_middle_of_the_road() -> None:
    project = make.draft()
    table = Project._meta.db_table
    columns = ", ".join(
        f'"{field.column}"'
        for field in Project._meta.concrete_fields
        if not field.generated and field.column not in {"id", "code", "name"}
    )
    with by_sql.refused_by("project_stage_is_its_last_step"):
        by_sql.run(
            f"INSERT INTO {table} (code, name, {columns}) SELECT left(code, 15) || 'x',"
            f" name || 'x', {columns} FROM {table} WHERE id = %s",
            project.pk,
        )
        by_sql.run("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_step_is_not_struck_out_without_its_replacement() -> None:
    project = make.project_at(Stage.ACTIVE)
    struck = {"voided_at": make.NOW, "voided_by_id": make.hand(Role.CLERK).pk, "void_reason": "x"}
    with by_sql.refused_by("project_stage_is_its_last_step"):
        by_sql.change(project.stage_changes.get(to_stage=Stage.ACTIVE), **struck)
    with by_sql.refused_by("project_road_is_whole"):
        by_sql.change(project.stage_changes.get(to_stage=Stage.APPROVED), **struck)


def test_a_verb_does_not_leap() -> None:
    with pytest.raises(Refused):
        start(
            make.project_at(Stage.LIBRARY),
            on=date(2026, 4, 1),
            by=make.hand(Role.CLERK),
            now=make.NOW,
        )


# --------------------------------------------------------------- invariant 4: payments in time


def waiting_payment(project: Project, **fields: Any) -> Payment:
    return make.payment(project, PaymentStatus.SUBMITTED, **fields)


def test_nothing_is_paid_before_approval() -> None:
    project = make.project_at(Stage.ACTIVE)  # approved on 2 March
    payment = waiting_payment(project)
    with by_sql.refused_by("payment_follows_approval"):
        by_sql.change(payment, paid_on=date(2026, 3, 1), **counted())
    with pytest.raises(ValidationError) as refused:
        waiting_payment(project, paid_on=date(2026, 3, 1))
    assert set(refused.value.message_dict) == {"paid_on"}
    by_sql.change(payment, paid_on=date(2026, 3, 2), **counted())


def test_nothing_is_paid_out_of_a_share_that_does_not_count() -> None:
    payment = waiting_payment(make.project_at(Stage.ACTIVE))
    share = make.share(make.project_at(Stage.LIBRARY))
    with by_sql.refused_by("payment_follows_approval"):
        by_sql.change(payment, project_funding_id=share.pk, **counted())


def test_nothing_is_paid_in_the_future() -> None:
    payment = waiting_payment(make.project_at(Stage.ACTIVE))
    tomorrow = make.NOW.date() + timedelta(days=1)
    with by_sql.refused_by("payment_is_not_in_the_future"):
        by_sql.change(payment, paid_on=tomorrow, **counted())
    with pytest.raises(ValidationError) as refused:
        pay(
            payment.project_funding, basis=PaymentBasis.START, amount_yuan=Decimal(1),
            paid_on=tomorrow, treasury=payment.treasury, payee=payment.payee, voucher_no="x",
            by=make.hand(Role.CLERK), now=make.NOW,
        )  # fmt: skip
    assert set(refused.value.message_dict) == {"paid_on"}


def ended(stage: Stage) -> Payment:
    """A payment that waited for its check while the project came to its end."""
    if stage == Stage.TERMINATED:
        project = make.project_at(Stage.ACTIVE)
        payment = waiting_payment(project)
        make.written_in(project, Stage.TERMINATED)
        return payment
    project = make.project_at(Stage.HANDED_OVER)
    payment = waiting_payment(project, amount_yuan=1)
    project = make.ready_for(Stage.CLOSED, project)
    close(project, on=date(2026, 6, 10), by=make.hand(Role.APPROVER), now=make.NOW)
    return payment


@pytest.mark.parametrize("stage", [Stage.TERMINATED, Stage.CLOSED])
def test_nothing_is_paid_after_the_end(stage: Stage) -> None:
    payment = ended(stage)
    with by_sql.refused_by("payment_precedes_the_end"):
        by_sql.change(payment, **counted())
    with pytest.raises(Refused) as refused:
        verify_payment(payment, by=make.hand(Role.REVIEWER), now=make.NOW)
    assert refused.value.code == "project_has_ended"
    with pytest.raises(Refused):
        waiting_payment(Project.objects.get(stage=stage))


def test_retention_outlives_closing_but_not_termination() -> None:
    retention: dict[str, Any] = {"basis": PaymentBasis.RETENTION}
    closed = make.project_at(Stage.CLOSED)  # accepted on 8 June 2026
    assert make.payment(closed, amount_yuan=1, paid_on=date(2027, 6, 8), **retention).counted_at
    by_sql.change(ended(Stage.CLOSED), **retention, **counted())
    with by_sql.refused_by("payment_precedes_the_end"):
        by_sql.change(ended(Stage.TERMINATED), **retention, **counted())


def test_the_end_is_not_dated_before_a_payment() -> None:
    project = make.project_at(Stage.ACTIVE)
    make.payment(project, paid_on=date(2026, 5, 20))
    with by_sql.refused_by("payment_precedes_the_end"):
        step(project, Stage.TERMINATED, on=date(2026, 5, 19))
    make.written_in(project, Stage.TERMINATED)  # on 5 June


# ----------------------------------------------------- invariants 8, 10, 11: sums, days, vouchers


def test_the_total_is_the_sum_of_its_sources_to_the_fen() -> None:
    project = make.draft(aid_yuan=Decimal("0.01"), match_yuan=Decimal("0.02"))
    project.refresh_from_db()
    assert project.total_investment_yuan == Decimal("0.03")
    with by_sql.refused_saying("total_investment_yuan"):
        by_sql.change(project, total_investment_yuan=1)
    by_sql.change(project, self_yuan=Decimal("0.04"))
    project.refresh_from_db()
    assert project.total_investment_yuan == Decimal("0.07")


def test_the_works_are_not_planned_to_end_before_they_start() -> None:
    project = make.draft()
    with by_sql.refused_by("project_days_in_order"):
        by_sql.change(project, planned_end=date(2026, 3, 31))
    with pytest.raises(ValidationError):
        make.draft(planned_end=date(2026, 3, 31))


def test_the_days_of_the_works_follow_each_other() -> None:
    project = make.project_at(Stage.COMPLETED)  # on 31 May
    with by_sql.refused_by("stage_change_follows_the_one_before"):
        step(project, Stage.ACCEPTED, on=date(2026, 5, 30))


def test_a_voucher_is_used_once_per_treasury_and_year() -> None:
    project = make.project_at(Stage.ACTIVE)
    first = make.payment(project, voucher_no="V-1")
    with pytest.raises(ValidationError):
        waiting_payment(project, voucher_no="V-1")
    second = waiting_payment(project)
    with by_sql.refused_by("payment_voucher_once_per_treasury_and_year"):
        by_sql.change(second, voucher_no="V-1")
    by_sql.change(second, voucher_no="V-1", paid_on=date(2027, 1, 1))
    by_sql.change(second, voucher_no="V-2", paid_on=first.paid_on)
    by_sql.change(second, voucher_no="V-1", treasury_id=make.treasury("990102").pk)


def test_vouchers_of_transfers_returns_and_refunds_are_used_once_too() -> None:
    transfer = make.transfer(voucher_no="V-1", amount_yuan=10)
    with by_sql.refused_by("transfer_voucher_once_per_treasury_and_year"):
        by_sql.change(make.transfer(TransferStatus.DRAFT, amount_yuan=5), voucher_no="V-1")
    back = make.transfer_return(transfer, amount_yuan=1)
    with by_sql.refused_by("transfer_return_voucher_once"):
        by_sql.copy(back)
    refund = make.paid_back(make.payment(make.project_at(Stage.ACTIVE)))
    with by_sql.refused_by("refund_voucher_once_per_treasury_and_year"):
        by_sql.copy(refund)


def test_lifted_and_monitored_people_are_each_among_the_beneficiaries() -> None:
    project = make.draft(beneficiary_persons=10, lifted_persons=8, monitored_persons=8)
    with by_sql.refused_by("project_lifted_are_beneficiaries"):
        by_sql.change(project, lifted_persons=11)
    with by_sql.refused_by("project_monitored_are_beneficiaries"):
        by_sql.change(project, monitored_persons=11)


# ------------------------------------------------------------------------------------- progress


@pytest.mark.parametrize(
    ("pct", "fits"), [("19.99", False), ("20", True), ("60", True), ("60.01", False)]
)
def test_progress_that_falls_never_counts(pct: str, fits: bool) -> None:
    project = make.project_at(Stage.ACTIVE)
    march = make.progress(project, 20, measured_on=date(2026, 3, 25))
    make.progress(project, 60)  # in May
    april = {"period": "2026-04", "measured_on": date(2026, 4, 20), "physical_pct": pct}
    if fits:
        by_sql.copy(march, **april)
        return
    with by_sql.refused_by("progress_never_falls"):
        by_sql.copy(march, **april)
    nobody = {"status": "submitted", "counted_at": None, "counted_by_id": None}
    by_sql.copy(march, **april, **nobody)
    with by_sql.refused_by("progress_never_falls"):
        by_sql.change(project.progress_reports.get(period="2026-04"), **counted())
