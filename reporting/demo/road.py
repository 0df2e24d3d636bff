"""The road of one demo project, from its draft to wherever it stands today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

from assistance.models import Organisation, User
from assistance.models.regions import OrganisationKind
from assistance.periods import Month, local_day
from projects import actions
from projects.models import Project, ProjectFunding, Sector, Source, Stage
from projects.models.funds import PAID_THROUGH_THE_LEDGER
from projects.models.history import ProgressReport
from projects.models.project import NOT_LIVELIHOOD_BY_DEFAULT, SpendLevel, TargetKind
from reporting.demo.cast import Cast
from reporting.demo.money import Plan, Vouchers, fen
from reporting.demo.places import Place
from reporting.demo.works import Work
from reporting.demo.world import Story, World, later, on

NEVER_PAID = 0.06
ENTERED_BY_PARTNER = 0.7  # the others by the bureau's clerk on its behalf
INDUSTRY_FOR_LIVELIHOOD = 0.9
SPENT_BY_PREFECTURE = 0.05
PAYMENT_REJECTED = 0.04
REPORT_RETURNED = 0.03
SENT_BACK_ONCE = 0.12
# 30 % on start, 50 % when half is done, 80 % on completion: the default payment policy
PAID_ON_START, PAID_AT_HALF, PAID_ON_COMPLETION = Decimal("0.3"), Decimal("0.2"), Decimal("0.3")
HALF, ALL = 50, 100
SETTLED = timedelta(days=12)


class Share(NamedTuple):
    """What a project gets from one source."""

    source: Source
    amount: Decimal
    plan: Plan | None = None


@dataclass(frozen=True)
class Sketch:
    """What is known of a demo project before its story begins."""

    place: Place
    work: Work
    year: int
    name: str
    village: str
    shares: Sequence[Share]
    needs_tender: bool
    created_at: datetime
    approved_at: datetime
    stops_at: Stage | None  # the stage that it does not leave; None: it runs on
    is_late: bool  # works that come to a halt before they are done

    def asked(self, *sources: Source) -> Decimal:
        """Yuan asked for from these sources."""
        return sum((s.amount for s in self.shares if s.source in sources), Decimal(0))


class Road:
    """Tells one sketch."""

    def __init__(
        self, sketch: Sketch, world: World, cast: Cast, rng: Random, vouchers: Vouchers
    ) -> None:
        self.sketch, self.world, self.cast, self.rng = sketch, world, cast, rng
        self.vouchers = vouchers
        self.county = sketch.place.pairing.recipient
        self.enters: User = (
            cast.partner(self.county) if rng.random() < ENTERED_BY_PARTNER else cast.clerk
        )
        self.unit: Organisation | None = None
        self.paid_nothing = rng.random() < NEVER_PAID

    def story(self) -> Story:
        """Apply, be reviewed, be approved, be built."""
        sketch, rng, cast = self.sketch, self.rng, self.cast
        at = sketch.created_at
        yield at
        project = self._create(at)
        if sketch.stops_at == Stage.DRAFT:
            return
        at = later(at, rng, 2, 12)
        yield at
        project = actions.submit(project, by=self.enters, now=at)
        if sketch.stops_at == Stage.SUBMITTED:
            return
        if sketch.stops_at is None and rng.random() < SENT_BACK_ONCE:
            at = later(at, rng, 2, 6)
            yield at
            actions.return_to_draft(
                project, reason="演示:请补充绩效目标与用地说明", by=cast.reviewer, now=at
            )
            at = later(at, rng, 2, 6)
            yield at
            actions.edit_draft(
                project, content=project.content + "(已补充)", by=self.enters, now=at
            )
            project = actions.submit(project, by=self.enters, now=at + timedelta(minutes=20))
        at = later(at, rng, 5, 18)
        yield at
        if sketch.stops_at == Stage.REJECTED:
            actions.reject(project, reason="演示:与已建项目重复,不予立项", by=cast.approver, now=at)
            return
        project = actions.admit(project, by=cast.reviewer, now=at)
        if sketch.stops_at == Stage.LIBRARY:
            return
        allotted_at = on(local_day(sketch.approved_at) - timedelta(days=2), rng)
        yield allotted_at
        for share in sketch.shares:
            actions.allot(
                project,
                source=share.source,
                amount_yuan=share.amount,
                fund_plan=share.plan.issued if share.plan else None,
                by=cast.clerk,
                now=allotted_at,
            )
        at = sketch.approved_at
        yield at
        project = actions.approve(
            project,
            doc_no=f"演示批复〔{sketch.year}〕{rng.randint(1, 900)}号",
            on=local_day(at),
            by=cast.approver,
            now=at,
        )
        if sketch.stops_at != Stage.APPROVED:
            yield from self._prepare(project, at)

    def _prepare(self, project: Project, at: datetime) -> Story:
        sketch, rng = self.sketch, self.rng
        contract: dict[str, Any] = {}
        if project.needs_tender:
            at = later(at, rng, 5, 18)
            yield at
            project = actions.advance(project, on=local_day(at), by=self.enters, now=at)
            if sketch.stops_at == Stage.TENDERING:
                return
            at = later(at, rng, 18, 32)
            contract = {
                "contract_no": f"演示合同{sketch.year}-{project.pk:05}",
                "contract_yuan": fen(
                    project.total_investment_yuan * Decimal(rng.uniform(0.92, 0.998))
                ),
            }
        else:
            at = later(at, rng, 4, 14)
        yield at
        project = actions.advance(project, on=local_day(at), by=self.enters, now=at, **contract)
        if sketch.stops_at == Stage.READY:
            return
        at = later(at, rng, 3, 15)
        yield at
        confirms = self.cast.on_site(self.county)
        project = actions.start(project, on=local_day(at), by=self.enters, now=at)
        project = actions.confirm_start(project, by=confirms, now=at + timedelta(minutes=20))
        yield from self._build(project, at)

    def _build(self, project: Project, began_at: datetime) -> Story:
        rng, late = self.rng, self.sketch.is_late
        began_on = local_day(began_at)
        took = rng.randint(*self.sketch.work.months) * 30
        ends_on = local_day(on(began_on + timedelta(days=took + rng.randint(0, 20)), rng))
        halt = rng.randint(45, 85) if late else ALL  # per cent where late works come to a halt
        self._pay_soon(project, PAID_ON_START, "START", began_at)
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
            yield from self._report(project, at, max(reached, 1))
            if reached >= HALF and not half_paid:
                half_paid = True
                self._pay_soon(project, PAID_AT_HALF, "PROGRESS", at)
        at = on(ends_on, rng)
        yield at
        report = self._enter_report(project, at, ALL)
        at = later(at, rng, 1, 6)
        yield at
        confirms = self.cast.on_site(self.county)
        actions.verify_progress(report, by=confirms, now=at)
        project = actions.complete(
            project, on=ends_on, by=self.enters, now=at + timedelta(minutes=15)
        )
        project = actions.confirm_completion(project, by=confirms, now=at + timedelta(minutes=40))
        rest = PAID_ON_COMPLETION if half_paid else PAID_ON_COMPLETION + PAID_AT_HALF
        self._pay_soon(project, rest, "COMPLETION", at)

    def _report(self, project: Project, at: datetime, pct: int) -> Story:
        report = self._enter_report(project, at, pct)
        at = later(at, self.rng, 1, 6)
        self.world.begin(self._check(report, at))
        yield from ()

    def _check(self, report: ProgressReport, at: datetime) -> Story:
        yield at
        checks = self.cast.on_site(self.county)
        if self.rng.random() < REPORT_RETURNED:
            actions.return_progress(report, reason="演示:照片与进度不符", by=checks, now=at)
        else:
            actions.verify_progress(report, by=checks, now=at)

    def _enter_report(self, project: Project, at: datetime, pct: int) -> ProgressReport:
        day = local_day(at)
        return actions.report_progress(
            project,
            period=str(Month.of(day)),
            measured_on=day,
            physical_pct=Decimal(pct),
            narrative=f"演示:完成形象进度{pct}%",
            photos=[self.cast.photo(at)],
            by=self.enters,
            now=at,
        )

    def _pay_soon(self, project: Project, part: Decimal, basis: str, at: datetime) -> None:
        """Pay ``part`` of the largest share, and the small ones on completion."""
        if self.paid_nothing:
            return
        shares = project.funding.counting().filter(source__in=PAID_THROUGH_THE_LEDGER)
        largest = max(shares, key=lambda share: share.amount_yuan)
        for share in shares:
            if share == largest:
                amount = fen(share.amount_yuan * part)
            elif basis == "COMPLETION":
                amount = fen(
                    share.amount_yuan * (PAID_ON_START + PAID_AT_HALF + PAID_ON_COMPLETION)
                )
            else:
                continue
            self.world.begin(self._pay(share, basis, amount, later(at, self.rng, 6, 28)))

    def _pay(self, share: ProjectFunding, basis: str, amount: Decimal, at: datetime) -> Story:
        rng, paid = self.rng, False
        treasury = self.cast.organisation(OrganisationKind.FINANCE, self.county, "财政局")
        while not paid:
            yield at
            paid_on = local_day(at)
            payment = actions.pay(
                share,
                basis=basis,
                amount_yuan=amount,
                paid_on=paid_on,
                treasury=treasury,
                payee=self._implementing_unit(),
                voucher_no=self.vouchers.next(paid_on),
                by=self.enters,
                now=at,
            )
            at = later(at, rng, 1, 8)
            yield at
            paid = rng.random() >= PAYMENT_REJECTED
            if paid:
                actions.verify_payment(payment, by=self.cast.reviewer, now=at)
            else:
                actions.reject_payment(
                    payment, reason="演示:缺少发票复印件", by=self.cast.reviewer, now=at
                )
                at = later(at, rng, 3, 10)

    def _implementing_unit(self) -> Organisation:
        if self.unit is None:
            number = self.rng.choice("一二三")
            self.unit = self.cast.organisation(
                OrganisationKind.IMPLEMENTING_UNIT, self.county, f"第{number}实施单位"
            )
        return self.unit

    def _create(self, at: datetime) -> Project:
        sketch, rng, work = self.sketch, self.rng, self.sketch.work
        approved_on = local_day(sketch.approved_at)
        starts_on = approved_on + timedelta(days=70 if work.tender else 25)
        months = work.months[1] if not sketch.is_late else work.months[0]
        persons = rng.randint(150, 4200)
        is_livelihood = work.sector not in NOT_LIVELIHOOD_BY_DEFAULT
        reason = ""
        if work.sector == Sector.IND and rng.random() < INDUSTRY_FOR_LIVELIHOOD:
            is_livelihood, reason = True, "演示:带动脱贫户务工和分红"
        return actions.create_project(
            pairing=sketch.place.pairing,
            county=self.county,
            fiscal_year=sketch.year,
            by=self.enters,
            now=at,
            targets=_targets(work, persons, rng),
            name=sketch.name,
            place=sketch.village,
            sector=work.sector,
            mode=work.mode,
            content=f"演示:{work.content}。",
            implementing_unit=self._implementing_unit(),
            responsible_person="演示负责人",
            office_phone="0000-0000000",
            aid_yuan=sketch.asked(Source.PROV, Source.CITY, Source.DIST, Source.MS),
            donation_yuan=sketch.asked(Source.DON_CASH),
            match_yuan=sketch.asked(Source.MATCH),
            self_yuan=sketch.asked(Source.SELF),
            planned_start=starts_on,
            planned_end=starts_on + timedelta(days=months * 30 + rng.randint(0, 25)),
            beneficiary_households=persons // 4 + 1,
            beneficiary_persons=persons,
            lifted_persons=persons * rng.randint(20, 60) // 100,
            monitored_persons=persons * rng.randint(1, 8) // 100,
            linkage="演示:就近务工、土地流转、收益分红",
            is_livelihood=is_livelihood,
            livelihood_reason=reason,
            spend_level=SpendLevel.PREFECTURE if rng.random() < SPENT_BY_PREFECTURE else work.level,
            forms_asset=work.asset,
            needs_tender=sketch.needs_tender,
        )


def _targets(work: Work, persons: int, rng: Random) -> list[Mapping[str, Any]]:
    satisfied = Decimal(rng.randint(90, 98))
    return [
        {
            "kind": TargetKind.OUTPUT,
            "name": work.content.split("、")[0],
            "quantity": Decimal(rng.randint(*work.quantity)),
            "unit": work.unit,
        },
        {
            "kind": TargetKind.BENEFIT,
            "name": "受益人口",
            "quantity": Decimal(persons),
            "unit": "人",
        },
        {
            "kind": TargetKind.SATISFACTION,
            "name": "群众满意度",
            "quantity": satisfied,
            "unit": "%",
        },
    ]
