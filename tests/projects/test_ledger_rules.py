"""What counts stays as it is, whoever writes the SQL; corrections are struck out, never deleted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from assistance.actions.settings import confirm_setting, propose_setting
from assistance.ledger_sql import STRIKING_OUT
from assistance.models import Setting
from assistance.models.rows import LedgerRow
from assistance.roles import Role
from projects.models import (
    ProjectFunding,
    PublicNotice,
    Stage,
    StageChange,
    StepProposal,
    YearPlanEntry,
)
from projects.models.funds import TransferStatus
from projects.models.payments import PaymentStatus
from teams.models.leaves import LeaveState
from tests import by_sql
from tests import factories as make

pytestmark = pytest.mark.django_db


def setting() -> Setting:
    proposed = propose_setting(
        key="change_pct",
        value="12",
        starts_on=date(2026, 1, 1),
        by=make.hand(Role.REVIEWER),
        now=make.NOW,
    )
    return confirm_setting(proposed, by=make.hand(Role.APPROVER), now=make.NOW)


def year_plan_entry() -> YearPlanEntry:
    return make.project_at(Stage.APPROVED).year_plan_entries.get()


def share() -> ProjectFunding:
    return make.project_at(Stage.APPROVED).funding.get()


def last_step() -> StageChange:
    return make.project_at(Stage.SUBMITTED).stage_changes.get(to_stage=Stage.SUBMITTED)


def notice() -> PublicNotice:
    return make.project_at(Stage.SUBMITTED).notices.get()


def reported_step() -> StepProposal:
    return make.project_at(Stage.ACTIVE).step_proposals.get()


# a row that counts, of every table of the ledger
COUNTED: dict[str, Callable[[], LedgerRow]] = {
    "assistance_setting": setting,
    "assistance_agreementtarget": make.agreement_target,
    "assistance_donation": make.donation,
    "assistance_investmentrecord": make.investment,
    "assistance_planactual": make.plan_actual,
    "assistance_returnvalue": make.return_value,
    "assistance_returnadjustment": make.return_adjustment,
    "projects_fundplan": make.fund_plan,
    "projects_transfer": make.transfer,
    "projects_transferreturn": lambda: make.transfer_return(make.transfer()),
    "projects_projectfunding": share,
    "projects_fundingadjustment": lambda: make.adjustment(make.project_at(Stage.ACTIVE)),
    "projects_payment": lambda: make.payment(make.project_at(Stage.ACTIVE)),
    "projects_refund": lambda: make.paid_back(make.payment(make.project_at(Stage.ACTIVE))),
    "projects_paymentpolicy": make.payment_policy,
    "projects_stagechange": last_step,
    "projects_yearplanentry": year_plan_entry,
    "projects_opening": make.opening,
    "projects_progressreport": lambda: make.progress(make.project_at(Stage.ACTIVE), 40),
    "projects_acceptance": make.acceptance,
    "projects_asset": make.asset,
    "projects_auditrecord": make.audit_record,
    "projects_finding": make.finding,
    "projects_evaluation": make.evaluation,
    "projects_paper": lambda: make.paper(make.draft()),
    "projects_publicnotice": notice,
    "projects_stepproposal": reported_step,
    "teams_posting": make.posting,
    "teams_postingextension": lambda: make.extension(make.posting()),
    "teams_leave": lambda: make.leave(make.posting(), LeaveState.ON_LEAVE),
    "teams_appraisal": lambda: make.appraisal(make.posting()),
    "teams_handover": lambda: make.handover(make.posting()),
    "teams_erasure": make.erasure,
}
# what may change besides striking out: how a posting or a place in a year's plan came to its end
ENDS = {
    "projects_asset": {
        "state", "owner", "manager", "cert_no", "handed_over_on", "yearly_income_yuan",
        "distribution",
    },
    # a plan is closed with a document; what it committed and what arrived the database adds up
    "projects_fundplan": {"closed_doc_no", "total_committed_yuan", "total_arrived_yuan"},
    "projects_evaluation": {"total"},  # nobody can write it: the database adds up
    "projects_finding": {"rectification", "rectified_on", "closed_at", "closed_by_id"},
    "projects_yearplanentry": {"released_on"},
    # its planned end moves with its extensions: the database adds them up
    "teams_posting": {"state", "end_on", "end_reason", "ended_at", "ended_by_id", "planned_end"},
    "teams_leave": {"state", "returned_on", "returned_at", "returned_by_id"},
}  # fmt: skip
OTHER_VALUE = {
    "bigint": "coalesce({0}, 0) + 1",
    "integer": "coalesce({0}, 0) + 1",
    "smallint": "coalesce({0}, 0) + 1",
    "numeric": "coalesce({0}, 0) + 1",
    "character varying": "'x'",
    "text": "coalesce({0}, '') || 'x'",
    "boolean": "NOT {0}",
    "date": "coalesce({0}, '2020-01-01') + 1",
    "timestamp with time zone": "coalesce({0}, '2020-01-01') + interval '1 day'",
    "jsonb": "jsonb_build_array({0})",
}


def columns(table: str) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s",
            [table],
        )
        return dict(cursor.fetchall())


VOIDED = {
    "projects_transfer": TransferStatus.VOIDED,
    "projects_transferreturn": TransferStatus.VOIDED,
    "projects_payment": PaymentStatus.VOIDED,
    "projects_refund": PaymentStatus.VOIDED,
}


def strike_out(row: LedgerRow) -> dict[str, Any]:
    """The columns that strike a row out."""
    struck: dict[str, Any] = {
        "voided_at": make.NOW,
        "voided_by_id": make.hand(Role.AUDITOR).pk,
        "void_reason": "演示",
    }
    if row._meta.db_table in VOIDED:
        struck["status"] = VOIDED[row._meta.db_table]
    return struck


def test_every_table_of_the_ledger_is_tried() -> None:
    ledger = {model for model in apps.get_models() if issubclass(model, LedgerRow)}
    assert set(COUNTED) == {model._meta.db_table for model in ledger}


@pytest.mark.parametrize("table", COUNTED)
def test_of_a_row_that_counts_only_striking_out_can_be_written(table: str) -> None:
    row = COUNTED[table]()
    assert row.counted_at
    kept = set()
    for column, kind in columns(table).items():
        other = OTHER_VALUE[kind].format(f'"{column}"')
        try:
            with transaction.atomic():
                by_sql.run(f'UPDATE {table} SET "{column}" = {other} WHERE id = %s', row.pk)
                transaction.set_rollback(True)
        except DatabaseError as refused:
            if "void it and enter it anew" in str(refused):
                kept.add(column)
    assert kept == set(columns(table)) - set(STRIKING_OUT) - ENDS.get(table, set())


@pytest.mark.parametrize("table", COUNTED)
def test_a_row_that_counts_cannot_stop_counting_unnoticed(table: str) -> None:
    row = COUNTED[table]()
    with by_sql.refused_saying("counted_at"):
        by_sql.change(row, counted_at=None, counted_by_id=None)


@pytest.mark.parametrize("table", COUNTED)
def test_no_row_of_the_ledger_is_ever_deleted(table: str) -> None:
    row = COUNTED[table]()
    with by_sql.refused_saying("voided, never deleted"):
        by_sql.run(f"DELETE FROM {table} WHERE id = %s", row.pk)


@pytest.mark.parametrize("table", COUNTED)
def test_a_row_is_struck_out_once_and_for_all(table: str) -> None:
    row = COUNTED[table]()
    with transaction.atomic():
        by_sql.run("SET CONSTRAINTS ALL DEFERRED")  # a step would need its replacement here
        struck = strike_out(row)
        setting = ", ".join(f"{column} = %s" for column in struck)
        by_sql.run(f"UPDATE {table} SET {setting} WHERE id = %s", *struck.values(), row.pk)
        with by_sql.refused_saying("a voided row stays as it is"):
            by_sql.run(
                f"UPDATE {table} SET voided_at = NULL, voided_by_id = NULL, void_reason = ''"
                " WHERE id = %s",
                row.pk,
            )
        with by_sql.refused_saying("a voided row stays as it is"):
            by_sql.run(f"UPDATE {table} SET void_reason = 'x' WHERE id = %s", row.pk)
        transaction.set_rollback(True)


@pytest.mark.parametrize("table", COUNTED)
def test_striking_out_needs_a_person_and_a_reason(table: str) -> None:
    row = COUNTED[table]()
    for missing in ({"void_reason": ""}, {"voided_by_id": None}):
        with by_sql.refused_by(f"{table.partition('_')[2]}_voided_at_by_and_why"):
            by_sql.change(row, **strike_out(row) | missing)


def test_a_row_that_does_not_count_yet_can_still_be_corrected() -> None:
    draft = make.transfer(TransferStatus.DRAFT)
    by_sql.change(draft, amount_yuan=5)
    draft.refresh_from_db()
    assert draft.amount_yuan == 5


SUBMITTED: dict[str, Callable[[], LedgerRow]] = {
    "projects_transfer": lambda: make.transfer(TransferStatus.DRAFT),
    "projects_transferreturn": lambda: make.transfer_return(make.transfer(), TransferStatus.DRAFT),
    "projects_payment": lambda: make.payment(
        make.project_at(Stage.ACTIVE), PaymentStatus.SUBMITTED
    ),
    "projects_refund": lambda: make.paid_back(
        make.payment(make.project_at(Stage.ACTIVE)), PaymentStatus.SUBMITTED
    ),
}


@pytest.mark.parametrize("table", SUBMITTED)
def test_whoever_entered_money_cannot_let_it_count(table: str) -> None:
    row = SUBMITTED[table]()
    status = {"projects_transfer": "confirmed", "projects_transferreturn": "confirmed"}
    with by_sql.refused_by(f"{table.partition('_')[2]}_counted_by_other_hands"):
        by_sql.change(
            row,
            counted_at=make.NOW,
            counted_by_id=row.created_by_id,
            status=status.get(table, "verified"),
        )
