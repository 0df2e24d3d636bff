"""Audit reports, and findings from where they are raised to where they are closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from assistance.errors import Refused, Stale
from assistance.models import Pairing
from assistance.roles import Role
from projects.actions import (
    close_finding,
    raise_finding,
    reopen_finding,
    report_rectified,
    strike_out_audit,
    strike_out_finding,
)
from projects.models import Finding, Project, Stage
from projects.models.audit import AuditKind, FindingStatus
from tests import by_sql
from tests import factories as make

pytestmark = pytest.mark.django_db

TODAY = make.NOW.date()
TOMORROW = TODAY + timedelta(days=1)
OPEN, RECTIFYING, CLOSED = FindingStatus.OPEN, FindingStatus.RECTIFYING, FindingStatus.CLOSED


def test_an_audit_report_is_on_record_once_per_project() -> None:
    record = make.audit_record()
    assert record.counts
    with pytest.raises(ValidationError):
        make.audit_record(record.project)
    with by_sql.refused_by("audit_report_once_per_project"):
        by_sql.copy(record)
    strike_out_audit(record, reason="录错", by=make.hand(Role.CLERK), now=make.NOW)
    assert make.audit_record(record.project).counts


def test_a_settlement_is_audited_once_the_works_are_completed() -> None:
    project = make.project_at(Stage.ACTIVE)
    with pytest.raises(ValidationError) as refused:
        make.audit_record(project)
    assert set(refused.value.message_dict) == {"kind"}
    assert make.audit_record(project, kind=AuditKind.TRACKING).counts
    with pytest.raises(Refused):
        make.audit_record(make.project_at(Stage.LIBRARY), kind=AuditKind.SPECIAL)


def test_no_audit_report_comes_from_the_future() -> None:
    with pytest.raises(ValidationError) as refused:
        make.audit_record(issued_on=TOMORROW)
    assert set(refused.value.message_dict) == {"issued_on"}


def test_a_settlement_audit_stands_under_a_closed_project() -> None:
    project = make.project_at(Stage.CLOSED)
    settlement = project.audit_records.get(kind=AuditKind.SETTLEMENT)
    special = make.audit_record(project, kind=AuditKind.SPECIAL)
    clerk = make.hand(Role.CLERK)
    with pytest.raises(Refused) as refused:
        strike_out_audit(settlement, reason="录错", by=clerk, now=make.NOW)
    assert refused.value.code == "project_has_gone_on"
    assert strike_out_audit(special, reason="录错", by=clerk, now=make.NOW).voided_at


# ------------------------------------------------------------------------------------- findings


def raised(pairing: Pairing, project: Project | None = None, **fields: Any) -> Finding:
    return raise_finding(
        pairing=pairing, project=project, by=make.hand(Role.AUDITOR), now=make.NOW,
        **make.finding_fields(**fields),
    )  # fmt: skip


def test_a_finding_counts_once_raised_with_or_without_a_project() -> None:
    project = make.project_at(Stage.ACTIVE)
    assert raised(project.pairing).counts
    assert raised(project.pairing, project).project == project


def test_a_finding_is_about_an_approved_project_of_its_pairing() -> None:
    elsewhere = make.pairing(make.FAR_COUNTY)
    for pairing, project in (
        (elsewhere, make.project_at(Stage.ACTIVE)),
        (make.pairing(), make.draft()),
    ):
        with pytest.raises(ValidationError) as refused:
            raised(pairing, project)
        assert set(refused.value.message_dict) == {"project"}


def test_the_days_of_a_finding_are_in_order() -> None:
    pairing = make.pairing()
    with pytest.raises(ValidationError) as refused:
        raised(pairing, found_on=TOMORROW)
    assert set(refused.value.message_dict) == {"found_on"}
    with pytest.raises(ValidationError):
        raised(pairing, due_on=date(2026, 5, 31))
    finding = raised(pairing)
    with by_sql.refused_by("finding_days_in_order"):
        by_sql.copy(finding, due_on=date(2026, 5, 31))
    with by_sql.refused_by("finding_days_in_order"):
        by_sql.change(finding, rectified_on=date(2026, 5, 31))
    for day in (date(2026, 5, 31), TOMORROW):
        with pytest.raises(ValidationError) as refused:
            report_rectified(
                finding, rectification="改", rectified_on=day, by=make.hand(Role.CLERK),
                now=make.NOW,
            )  # fmt: skip
        assert set(refused.value.message_dict) == {"rectified_on"}


def test_a_finding_is_put_right_checked_and_closed() -> None:
    finding, auditor = raised(make.pairing()), make.hand(Role.AUDITOR)
    with pytest.raises(Refused) as refused:
        close_finding(finding, by=auditor, now=make.NOW)
    assert refused.value.code == "not_rectified"
    office = make.user_with(Role.P_EDIT)
    for told in ("演示：正在收回", "演示：已收回"):  # corrected before anybody looked
        finding = report_rectified(
            finding, rectification=told, rectified_on=TODAY, by=office, now=make.NOW
        )
    assert (finding.status, finding.rectification) == (RECTIFYING, "演示：已收回")
    with pytest.raises(Stale):
        close_finding(finding, by=auditor, now=make.NOW, version=2)
    finding = close_finding(finding, by=auditor, now=make.NOW, version=3)
    assert (finding.status, finding.closed_by) == (CLOSED, auditor)
    with pytest.raises(Refused) as refused:
        close_finding(finding, by=auditor, now=make.NOW)
    assert refused.value.code == "finding_is_closed"
    with pytest.raises(Refused) as refused:
        report_rectified(finding, rectification="x", rectified_on=TODAY, by=office, now=make.NOW)
    assert refused.value.code == "finding_is_closed"


def test_what_was_not_put_right_goes_back_with_the_reason() -> None:
    auditor = make.hand(Role.AUDITOR)
    with pytest.raises(Refused) as refused:
        reopen_finding(raised(make.pairing()), reason="x", by=auditor, now=make.NOW)
    assert refused.value.code == "finding_is_open"
    for status in (RECTIFYING, CLOSED):
        finding = make.finding(status)
        with pytest.raises(ValidationError):
            reopen_finding(finding, reason="", by=auditor, now=make.NOW)
        finding = reopen_finding(finding, reason="凭证不全", by=auditor, now=make.NOW)
        finding.refresh_from_db()
        assert (finding.status, finding.rectified_on, finding.closed_at) == (OPEN, None, None)
        assert finding.rectification.startswith("演示：已收回\n")
        assert finding.rectification.endswith("凭证不全")


def test_whoever_reported_it_put_right_does_not_close_it() -> None:
    both = make.user_with(Role.CLERK, Role.AUDITOR)
    finding = raise_finding(pairing=make.pairing(), by=both, now=make.NOW, **make.finding_fields())
    finding = report_rectified(
        finding, rectification="改", rectified_on=TODAY, by=both, now=make.NOW
    )
    with pytest.raises(Refused) as refused:
        close_finding(finding, by=both, now=make.NOW)
    assert refused.value.code == "own_work"
    assert close_finding(finding, by=make.hand(Role.AUDITOR), now=make.NOW).status == CLOSED


def test_a_prefecture_does_not_put_right_what_was_found_in_its_counties() -> None:
    above = make.user_with(Role.P_EDIT, region_code=make.PREFECTURE)
    with pytest.raises(PermissionDenied):
        report_rectified(
            raised(make.pairing()), rectification="改", rectified_on=TODAY, by=above, now=make.NOW
        )


def test_a_finding_is_closed_by_somebody_who_says_what_was_done() -> None:
    finding = raised(make.pairing())
    with by_sql.refused_by("finding_closed_at_and_by"):
        by_sql.change(finding, status="closed")
    by = make.hand(Role.AUDITOR).pk
    with by_sql.refused_by("finding_closed_at_and_by"):
        by_sql.change(finding, status="closed", closed_at=make.NOW, closed_by_id=by)


def test_a_finding_that_was_raised_wrongly_is_struck_out() -> None:
    finding, auditor = raised(make.pairing()), make.hand(Role.AUDITOR)
    finding = strike_out_finding(finding, reason="误报", by=auditor, now=make.NOW)
    assert not finding.counts
    again: tuple[Callable[..., Finding], ...] = (
        close_finding,
        partial(strike_out_finding, reason="误报"),
        partial(reopen_finding, reason="误报"),
    )
    for verb in again:
        with pytest.raises(Refused) as refused:
            verb(finding, by=auditor, now=make.NOW)
        assert refused.value.code == "struck_out_before"


def test_the_amount_of_a_finding_is_kept_to_the_fen() -> None:
    finding = raised(make.pairing(), amount_yuan=Decimal("159993.26"))
    finding.refresh_from_db()
    assert finding.amount_yuan == Decimal("159993.26")
