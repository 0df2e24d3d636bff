"""The works of one demo project: how they go on, rest, are paid for and are completed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from assistance.periods import Month, local_day
from projects import actions
from projects.models import Project, Stage
from projects.models.funds import PAID_THROUGH_THE_LEDGER
from projects.models.history import ProgressReport
from reporting.demo.endings import finish
from reporting.demo.money import fen_down
from reporting.demo.payments import pay
from reporting.demo.tale import Tale
from reporting.demo.world import Story, later, on

REPORT_RETURNED = 0.03
RESTS_A_WHILE = 0.12
RESTS, GOES_ON = (1, 3), (8, 12)  # days after a report, and after that
# 30 % on start, 50 % when half is done, 80 % on completion: the default payment policy
PAID_ON_START, PAID_AT_HALF, PAID_ON_COMPLETION = Decimal("0.3"), Decimal("0.2"), Decimal("0.3")
HALF, ALL = 50, 100
SETTLED = timedelta(days=12)
WINTER_STOP = timedelta(days=120)


def build(tale: Tale, project: Project, began_at: datetime) -> Story:
    """Month by month to the end, unless the works come to a halt before."""
    rng, sketch = tale.rng, tale.sketch
    late = sketch.is_late or sketch.stops_at == Stage.SUSPENDED
    began_on = local_day(began_at)
    took = rng.randint(*sketch.work.months) * 30
    ends_on = local_day(on(began_on + timedelta(days=took + rng.randint(0, 20)), rng))
    halt = rng.randint(45, 85) if late else ALL  # per cent where late works come to a halt
    rests = rng.random() < RESTS_A_WHILE
    _pay_soon(tale, project, PAID_ON_START, "START", began_at)
    reached, half_paid = 0, False
    month = Month.of(began_on)
    while month < Month.of(ends_on) or late:
        at = on(month.starts_on + timedelta(days=rng.randint(23, 25)), rng)
        month = month.next
        # no report right after the start, nor one whose check would come after the last one's
        is_last = not late and local_day(at) + SETTLED > ends_on
        if local_day(at) <= began_on or is_last:
            continue
        done = (local_day(at) - began_on).days / (ends_on - began_on).days
        reached = min(halt, max(reached, round(99 * done**1.15) + rng.randint(-3, 3)), 99)
        yield at
        _report(tale, project, at, max(reached, 1))
        if reached >= HALF and not half_paid:
            half_paid = True
            _pay_soon(tale, project, PAID_AT_HALF, "PROGRESS", at)
        if sketch.stops_at == Stage.SUSPENDED and reached == halt:
            yield from _rest(tale, project, at)
            return
        if rests and reached >= HALF // 2:
            rests = False
            yield from _rest(tale, project, at, goes_on=True)
    at = on(ends_on, rng)
    yield at
    report = _enter_report(tale, project, at, ALL)
    at = later(at, rng, 1, 6)
    yield at
    actions.verify_progress(report, by=tale.on_site, now=at)
    project = actions.complete(project, on=ends_on, by=tale.enters, now=at + timedelta(minutes=15))
    at += timedelta(minutes=40)
    project = actions.confirm_completion(project, by=tale.on_site, now=at)
    rest = PAID_ON_COMPLETION if half_paid else PAID_ON_COMPLETION + PAID_AT_HALF
    _pay_soon(tale, project, rest, "COMPLETION", at)
    if sketch.stops_at != Stage.COMPLETED:
        yield from finish(tale, project, at)


def _rest(tale: Tale, project: Project, at: datetime, *, goes_on: bool = False) -> Story:
    """The works rest: for some days, or until somebody lets them go on."""
    at = later(at, tale.rng, *RESTS)
    yield at
    goes_on_at = later(at, tale.rng, *GOES_ON)
    resumes_on: date = local_day(goes_on_at if goes_on else at + WINTER_STOP)
    reason = "演示:连续降雨停工" if goes_on else "演示:冬季停工"
    reviewer = tale.cast.reviewer
    actions.suspend(
        project, reason=reason, on=local_day(at), resumes_on=resumes_on, by=reviewer, now=at
    )
    if goes_on:
        yield goes_on_at
        actions.resume(project, on=local_day(goes_on_at), by=reviewer, now=goes_on_at)


def _report(tale: Tale, project: Project, at: datetime, pct: int) -> None:
    report = _enter_report(tale, project, at, pct)
    tale.world.begin(_check(tale, report, later(at, tale.rng, 1, 6)))


def _check(tale: Tale, report: ProgressReport, at: datetime) -> Story:
    yield at
    if tale.rng.random() < REPORT_RETURNED:
        actions.return_progress(report, reason="演示:照片与进度不符", by=tale.on_site, now=at)
    else:
        actions.verify_progress(report, by=tale.on_site, now=at)


def _enter_report(tale: Tale, project: Project, at: datetime, pct: int) -> ProgressReport:
    day = local_day(at)
    return actions.report_progress(
        project,
        period=str(Month.of(day)),
        measured_on=day,
        physical_pct=Decimal(pct),
        narrative=f"演示:完成形象进度{pct}%",
        photos=[tale.files.photo],
        by=tale.enters,
        now=at,
    )


def _pay_soon(tale: Tale, project: Project, part: Decimal, basis: str, at: datetime) -> None:
    """Pay ``part`` of the largest share, and the small ones on completion.

    Of tendered works, of what the share bears of the contract.
    """
    if tale.paid_nothing:
        return
    shares = project.funding.counting().filter(source__in=PAID_THROUGH_THE_LEDGER)
    largest = max(shares, key=lambda share: share.amount_yuan)
    bears = (project.contract_yuan or project.total_investment_yuan) / project.total_investment_yuan
    for share in shares:
        if share == largest:
            amount = fen_down(share.amount_yuan * bears * part)
        elif basis == "COMPLETION":
            whole = PAID_ON_START + PAID_AT_HALF + PAID_ON_COMPLETION
            amount = fen_down(share.amount_yuan * bears * whole)
        else:
            continue
        tale.world.begin(pay(tale, share, basis, amount, later(at, tale.rng, 6, 28)))
