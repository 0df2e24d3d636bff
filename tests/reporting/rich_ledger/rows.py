"""Rows of the ledger at a day and an instant of knowledge."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from assistance.models import Pairing
from assistance.models.rows import LedgerRow, entered
from assistance.periods import Month, local_instant
from assistance.roles import Role
from projects.actions import (
    allot,
    approve,
    confirm_transfer,
    issue_fund_plan,
    plan_funds,
    record_transfer,
)
from projects.models import (
    FundPlan,
    Payment,
    ProgressReport,
    Project,
    Refund,
    Source,
    Stage,
    StageChange,
    Transfer,
    TransferReturn,
)
from projects.models.funds import TransferStatus
from projects.models.history import ProgressStatus
from projects.models.payments import PaymentBasis, PaymentStatus
from teams.actions import dispatch, end_posting, plan_posting
from teams.models import Posting
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
    known, share = known or make.at(on), project.funding.counting().filter(source=source)[0]
    return Payment.objects.create(
        project_funding=share,
        seq=next(_number),
        basis=PaymentBasis.PROGRESS,
        amount_yuan=Decimal(yuan),
        paid_on=on,
        treasury=make.treasury(project.county.code),
        payee=make.organisation(region_code=project.county.code),
        voucher_no=f"支付{next(_number)}",
        status=PaymentStatus.VERIFIED,
        **counted(known),
    )


def progress(
    project: Project, pct: str, on: date, *, known: datetime | None = None
) -> ProgressReport:
    """Progress measured on a day, verified at an instant (that morning)."""
    return ProgressReport.objects.create(
        project=project,
        period=f"{on:%Y-%m}",
        measured_on=on,
        physical_pct=Decimal(pct),
        narrative="演示进展",
        status=ProgressStatus.VERIFIED,
        **counted(known or make.at(on)),
    )


def counted(known: datetime) -> dict[str, Any]:
    """The columns of a row that the clerk entered and the reviewer let count at an instant.

    Works and payments are written in: what this ledger shows is which rows figures count, on days
    that the verbs' own guards would not let anybody enter.
    """
    by = make.hand(Role.REVIEWER)
    return {"counted_at": known, "counted_by": by, **entered(make.hand(Role.CLERK), known)}


def step(project: Project, to: Stage, on: date, *, known: datetime | None = None) -> StageChange:
    """Write in a step of the road."""
    known = known or make.at(on)
    project.refresh_from_db()
    change = StageChange.objects.create(
        project=project,
        from_stage=project.stage,
        to_stage=to,
        effective_on=on,
        **counted(known),
    )
    project.stage = to
    project.record("stage", by=make.hand(Role.REVIEWER), now=known)
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
    make.leaving(made, ended, known=ended_known)
    return end_posting(made, on=ended, reason="演示", by=by, now=ended_known or make.at(ended))
