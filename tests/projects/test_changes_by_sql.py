"""What was approved changes only by a request approved with it, whoever writes the SQL."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
from django.db import connection, transaction

from assistance.models.rows import entered
from assistance.roles import Role
from projects import actions
from projects.models import ChangeRequest, FundingAdjustment, Project, Stage
from projects.models.changes import ChangeKind, ChangeStatus
from tests import by_sql
from tests import factories as make

K, S = ChangeKind, ChangeStatus
BY_REQUEST = "project_changes_by_request"
APPROVED_COLUMNS: dict[str, Any] = {
    "name": "x", "content": "x", "place": "x", "fiscal_year": 2030, "sector": "EDU",
    "mode": "SUBSIDY", "implementing_unit_id": None, "aid_yuan": 1, "donation_yuan": 1,
    "match_yuan": 1, "self_yuan": 1, "planned_start": None, "planned_end": "2027-01-01",
    "beneficiary_households": 9, "beneficiary_persons": 999, "lifted_persons": 1,
    "monitored_persons": 1, "is_livelihood": False, "spend_level": "town", "forms_asset": False,
    "needs_tender": True,
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("stage", [Stage.APPROVED, Stage.ACTIVE, Stage.TERMINATED])
def test_no_approved_column_is_written_past_a_request(stage: Stage) -> None:
    project = make.project_at(stage)
    for column, value in APPROVED_COLUMNS.items():
        with by_sql.refused_by(BY_REQUEST):
            by_sql.change(project, **{column: value})
    other = make.pairing(make.OTHER_COUNTY)
    for column, pk in (("county_id", other.recipient_id), ("pairing_id", other.pk)):
        with by_sql.refused_by(BY_REQUEST):
            by_sql.change(project, **{column: pk})
    by_sql.change(
        project, remarks="演示备注", responsible_person="演示他人"
    )  # not approved as such


@pytest.mark.django_db
def test_before_the_approval_an_application_is_edited_as_before() -> None:
    project = make.project_at(Stage.LIBRARY)
    by_sql.change(project, place="演示另一个乡", aid_yuan=5)


@pytest.mark.django_db
def test_turning_the_stage_back_and_forth_opens_no_way() -> None:
    project = make.project_at(Stage.ACTIVE)
    with by_sql.refused_by(BY_REQUEST), transaction.atomic():
        by_sql.run("UPDATE projects_project SET stage = 'DRAFT' WHERE id = %s", project.pk)
        by_sql.run("UPDATE projects_project SET place = 'x' WHERE id = %s", project.pk)


@pytest.mark.django_db(transaction=True)
def test_an_old_request_opens_no_new_transaction() -> None:
    project = make.project_at(Stage.ACTIVE)
    change = make.change(project, K.SITE, {"place": "演示新村"})
    with by_sql.refused_by(BY_REQUEST):
        by_sql.change(project, place="演示乡")
    with by_sql.refused_by("change_request_decided_stands"):
        by_sql.run(
            "UPDATE projects_changerequest SET approved_in = pg_current_xact_id()::text::bigint"
            " WHERE id = %s",
            change.pk,
        )
    assert Project.objects.get(pk=project.pk).place == "演示新村"


@pytest.mark.django_db(transaction=True)
def test_a_request_opens_the_columns_and_values_that_it_names_and_no_other() -> None:
    project = make.project_at(Stage.ACTIVE)
    change = make.change(project, K.SITE, {"place": "演示新村"}, status=S.CONSENTED)
    approve = (
        "UPDATE projects_changerequest SET status = 'approved', decided_at = now(),"
        " decided_by_id = %s, effective_on = '2026-06-08', approved_in = 1 WHERE id = %s"
    )
    for sql, refused in (("place = '演示新村'", False), ("place = 'x'", True),
                         ("place = '演示新村', aid_yuan = 1", True)):  # fmt: skip
        with transaction.atomic():
            by_sql.run(approve, make.hand(Role.APPROVER).pk, change.pk)
            write = f"UPDATE projects_project SET {sql} WHERE id = %s"
            if refused:
                with by_sql.refused_by(BY_REQUEST):
                    by_sql.run(write, project.pk)
            else:
                by_sql.run(write, project.pk)
            transaction.set_rollback(True)


@pytest.mark.django_db
@pytest.mark.parametrize("status", [S.APPROVED, S.REJECTED, S.WITHDRAWN])
def test_a_decided_request_stays_as_it_is(status: ChangeStatus) -> None:
    change = decided(status)
    for sql in ("reason = 'x'", "status = 'draft'", "decision_reason = 'x'", "updated_at = now()",
                "after = '{}'", "doc_no = doc_no"):  # fmt: skip
        with by_sql.refused_by("change_request_decided_stands"):
            by_sql.run(f"UPDATE projects_changerequest SET {sql} WHERE id = %s", change.pk)


def decided(status: ChangeStatus) -> ChangeRequest:
    project = make.project_at(Stage.ACTIVE)
    if status == S.APPROVED:
        return make.change(project)
    change = make.change(project, status=S.SUBMITTED)
    if status == S.REJECTED:
        return actions.reject_change(
            change, reason="演示", by=make.hand(Role.REVIEWER), now=make.NOW
        )
    return actions.withdraw_change(change, by=make.hand(Role.CLERK), now=make.NOW)


@pytest.mark.django_db
@pytest.mark.parametrize("status", [S.DRAFT, S.SUBMITTED, S.APPROVED])
def test_no_request_is_deleted(status: ChangeStatus) -> None:
    change = make.change(make.project_at(Stage.ACTIVE), status=status)
    with by_sql.refused_by("change_request_is_never_deleted"):
        by_sql.run("DELETE FROM projects_changerequest WHERE id = %s", change.pk)


@pytest.mark.django_db
def test_what_was_submitted_is_what_is_decided() -> None:
    change = make.change(make.project_at(Stage.ACTIVE), status=S.SUBMITTED)
    for column, value in {
        "after": '{"content": "x"}', "before": "{}", "reason": "x", "kind": "SITE",
        "needs_consent": True, "submitted_by_id": make.hand(Role.FINANCE).pk,
        "created_by_id": make.hand(Role.FINANCE).pk, "project_id": make.draft().pk,
    }.items():  # fmt: skip
        with by_sql.refused_by("change_request_submitted_stands"):
            by_sql.change(change, **{column: value})


@pytest.mark.django_db
@pytest.mark.parametrize("column", ["created_by_id", "submitted_by_id"])
def test_nobody_approves_their_own_request_by_sql(column: str) -> None:
    change = make.change(make.project_at(Stage.ACTIVE), status=S.SUBMITTED)
    with by_sql.refused_by("change_request_approved_by_other_hands"):
        by_sql.change(
            change, status="approved", decided_at=make.NOW, effective_on=make.NOW.date(),
            decided_by_id=getattr(change, column),
        )  # fmt: skip


@pytest.mark.django_db
def test_what_needs_consent_is_not_approved_without() -> None:
    change = make.change(
        make.project_at(Stage.ACTIVE), K.SITE, {"place": "演示新村"}, status=S.SUBMITTED
    )
    with by_sql.refused_by("change_request_goes_its_way"):
        by_sql.change(
            change, status="approved", decided_at=make.NOW, effective_on=make.NOW.date(),
            decided_by_id=make.hand(Role.APPROVER).pk,
        )  # fmt: skip


# ------------------------------------------------------------------------------ adjustments


def adjustment(change: ChangeRequest, delta_yuan: Any, **overrides: Any) -> FundingAdjustment:
    """An adjustment of the project's share written past the verbs."""
    fields: dict[str, Any] = {
        "project_funding": change.project.funding.get(),
        "change_request": change,
        "delta_yuan": delta_yuan,
        "effective_on": change.effective_on or make.NOW.date(),
        "counted_at": make.NOW,
        "counted_by": make.hand(Role.APPROVER),
        **entered(make.hand(Role.CLERK), make.NOW),
    }
    return FundingAdjustment.objects.create(**fields | overrides)


@pytest.mark.django_db
@pytest.mark.parametrize("status", [S.DRAFT, S.SUBMITTED])
def test_an_adjustment_counts_only_under_an_approved_request(status: ChangeStatus) -> None:
    change = make.change(make.project_at(Stage.ACTIVE), status=status)
    with by_sql.refused_by("adjustment_follows_approved_request"):
        adjustment(change, -1)
    waiting = adjustment(change, -1, counted_at=None, counted_by=None)
    with by_sql.refused_by("adjustment_follows_approved_request"):
        by_sql.change(waiting, counted_at=make.NOW, counted_by_id=make.hand(Role.APPROVER).pk)


@pytest.mark.django_db(transaction=True)
def test_an_adjustment_counts_only_in_the_transaction_of_its_approval() -> None:
    change = make.change(make.project_at(Stage.ACTIVE))
    with by_sql.refused_by("adjustment_follows_approved_request"):
        adjustment(change, -1)


@pytest.mark.django_db
def test_an_adjustment_is_of_the_projects_own_share_and_of_the_day_approved() -> None:
    change = make.change(make.project_at(Stage.ACTIVE))
    stranger = make.project_at(Stage.APPROVED).funding.get()
    with by_sql.refused_by("adjustment_follows_approved_request"):
        adjustment(change, -1, project_funding=stranger)
    with by_sql.refused_by("adjustment_follows_approved_request"):
        adjustment(change, -1, effective_on=make.NOW.date())
    adjustment(change, -1)


@pytest.mark.django_db
@pytest.mark.parametrize(("delta", "rule"), [
    ("0.01", "fund_plan_is_not_overdrawn"), ("-700000.01", "share_is_not_overpaid"),
    ("-700000.00", None),
])  # fmt: skip
def test_adjustments_overdraw_no_plan_and_leave_what_was_paid(delta: str, rule: str | None) -> None:
    project = make.project_at(Stage.ACTIVE)  # a share of 1,000,000 that takes its whole plan
    make.payment(project, amount_yuan=300_000)
    change = make.change(project)
    with by_sql.refused_by(rule) if rule else nullcontext():
        adjustment(change, delta)


@pytest.mark.django_db
def test_no_adjustment_adds_to_a_share_of_a_closed_plan() -> None:
    plan = make.fund_plan(amount_yuan=1_050_000)
    project = make.project_at(Stage.ACTIVE, plan=plan)
    actions.close_fund_plan(plan, doc_no="销1", by=make.hand(Role.FINANCE), now=make.NOW)
    change = make.change(project)
    with by_sql.refused_by("fund_plan_is_open"):
        adjustment(change, 1)
    adjustment(change, -1)


@pytest.mark.django_db
def test_nobody_counts_an_adjustment_of_their_own() -> None:
    change = make.change(make.project_at(Stage.ACTIVE))
    with by_sql.refused_by("fundingadjustment_counted_by_other_hands"):
        adjustment(change, -1, counted_by=make.hand(Role.CLERK))


@pytest.mark.django_db
def test_the_mark_of_the_transaction_is_the_databases_own() -> None:
    change = make.change(make.project_at(Stage.ACTIVE))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        (here,) = cursor.fetchone()
    assert ChangeRequest.objects.get(pk=change.pk).approved_in == here
