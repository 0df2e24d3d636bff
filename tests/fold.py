"""What the ledger says as at a day, by a naive fold in Python over all of its rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from assistance.models.rows import LedgerRow
from projects.models import (
    AID,
    FundingAdjustment,
    FundPlan,
    Opening,
    Payment,
    ProgressReport,
    Project,
    ProjectFunding,
    Refund,
    StageChange,
    Transfer,
    TransferReturn,
)
from projects.models.as_at import AsAt


def counts(row: Any, day: date | None, at: AsAt) -> bool:
    """The rule of the ledger, once more."""
    return (
        day is not None
        and day <= at.day
        and row.counted_at is not None
        and row.counted_at <= at.known_at
        and (row.voided_at is None or row.voided_at > at.known_at)
    )


def moved(at: AsAt) -> Iterator[tuple[str, Any, str, Decimal]]:
    """The figure, pairing, source and signed yuan of every row that counts, one by one."""
    for of in FundPlan.objects.all():
        if counts(of, of.issued_on, at):
            yield "plan", of.pairing, of.source, of.amount_yuan
    for sent in Transfer.objects.all():
        if counts(sent, sent.arrived_on, at):
            yield "arr", sent.fund_plan.pairing, sent.fund_plan.source, sent.amount_yuan
    for back in TransferReturn.objects.all():
        if counts(back, back.returned_on, at):
            of = back.transfer.fund_plan
            yield "arr", of.pairing, of.source, -back.amount_yuan
    for figure, share, day, row, yuan in moved_by_share():
        if counts(row, day, at) and yuan:
            tie = share.fund_plan.pairing if share.fund_plan else share.project.pairing
            yield figure, tie, share.source, yuan


def moved_by_share() -> Iterator[tuple[str, ProjectFunding, date | None, Any, Decimal]]:
    for share in ProjectFunding.objects.all():
        yield "alloc", share, share.approved_on, share, share.amount_yuan
        yield "paid", share, share.approved_on, share, share.opening_paid_yuan
    for change in FundingAdjustment.objects.all():
        yield "alloc", change.project_funding, change.effective_on, change, change.delta_yuan
    for paid in Payment.objects.all():
        yield "paid", paid.project_funding, paid.paid_on, paid, paid.amount_yuan
    for back in Refund.objects.all():
        yield "paid", back.project_funding, back.refunded_on, back, -back.amount_yuan


def fold(at: AsAt) -> dict[str, dict[Any, Decimal]]:
    """Every figure by recipient and source, row by row over the whole ledger."""
    found: dict[str, dict[Any, Decimal]] = {"plan": {}, "arr": {}, "alloc": {}, "paid": {}}
    for figure, tie, source, yuan in moved(at):
        key = (tie.recipient.code, source)
        found[figure][key] = found[figure].get(key, Decimal(0)) + yuan
    return found


def stages_by_fold(at: AsAt) -> dict[int, str]:
    found: dict[int, tuple[date, int, str]] = {}
    for change in StageChange.objects.all():
        step_of = (change.effective_on, change.pk, change.to_stage)
        if counts(change, change.effective_on, at) and step_of > found.get(
            change.project_id, (date.min, 0, "")
        ):
            found[change.project_id] = step_of
    return {project: stage for project, (_day, _pk, stage) in found.items()}


def weighed_by_fold(at: AsAt) -> dict[str, Decimal]:
    progress, aid = at.progress(), at.allocated("project", source__in=AID)
    sums: dict[str, list[Decimal]] = {}
    for project in Project.objects.select_related("county"):
        if project.pk in aid:
            both = sums.setdefault(project.county.code, [Decimal(0), Decimal(0)])
            both[0] += aid[project.pk] * progress.get(project.pk, Decimal(0))
            both[1] += aid[project.pk]
    return {code: done / all_of for code, (done, all_of) in sums.items() if all_of > 0}


def progress_by_fold(at: AsAt) -> dict[int, Decimal]:
    """The newest progress of every project; an opening gives way to a report of its day."""
    measured: list[tuple[int, date, int, Decimal, LedgerRow]] = [
        (opened.project_id, opened.as_of, 0, opened.physical_pct, opened)
        for opened in Opening.objects.all()
    ]
    measured += [
        (report.project_id, report.measured_on, report.pk, report.physical_pct, report)
        for report in ProgressReport.objects.all()
    ]
    newest: dict[int, tuple[date, int, Decimal]] = {}
    for project, day, row, pct, counted in measured:
        if counts(counted, day, at) and (day, row, pct) > newest.get(project, (date.min, 0, pct)):
            newest[project] = (day, row, pct)
    return {project: pct for project, (_day, _row, pct) in newest.items()}
