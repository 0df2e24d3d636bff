"""The road of one demo project, from its draft to the start of its works."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from assistance.periods import local_day
from projects import actions
from projects.models import Project, Sector, Source, Stage
from projects.models.evidence import NoticeKind, PaperKind
from projects.models.project import NOT_LIVELIHOOD_BY_DEFAULT, SpendLevel, TargetKind
from reporting.demo.building import build
from reporting.demo.money import fen
from reporting.demo.tale import Tale
from reporting.demo.works import Work
from reporting.demo.world import Story, later, on

INDUSTRY_FOR_LIVELIHOOD = 0.9
SPENT_BY_PREFECTURE = 0.05
SENT_BACK_ONCE = 0.12
NOTICE_HANGS = 12  # days; no fewer than the setting asks for


class Road:
    """Tells a tale from its beginning."""

    def __init__(self, tale: Tale) -> None:
        self.tale = tale

    def story(self) -> Story:
        """Apply, be reviewed, be approved, be built."""
        tale, sketch, rng, cast = self.tale, self.tale.sketch, self.tale.rng, self.tale.cast
        at = sketch.created_at
        yield at
        project = self._create(at)
        if sketch.stops_at == Stage.DRAFT:
            return
        at = later(at, rng, 2, 12)
        yield at
        project = actions.submit(project, by=tale.enters, now=at)
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
                project, content=project.content + "(已补充)", by=tale.enters, now=at
            )
            project = actions.submit(project, by=tale.enters, now=at + timedelta(minutes=20))
        submitted_on = local_day(at)
        at = later(at, rng, NOTICE_HANGS + 2, NOTICE_HANGS + 7)
        yield at
        if sketch.stops_at == Stage.REJECTED:
            actions.reject(project, reason="演示:与已建项目重复,不予立项", by=cast.approver, now=at)
            return
        if sketch.stops_at == Stage.WITHDRAWN:
            reason = "演示:改由县级资金实施"
            actions.withdraw(project, reason=reason, by=tale.enters, now=at)
            return
        tale.file(project, PaperKind.OPINION, at=at, by=tale.on_site)
        hung = submitted_on, submitted_on + timedelta(days=NOTICE_HANGS - 1)
        tale.give_notice(project, NoticeKind.PRE, hung, at=at)
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
        tale.file(project, PaperKind.CONSENT, PaperKind.DECISION, at=allotted_at)
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
        tale, sketch, rng = self.tale, self.tale.sketch, self.tale.rng
        contract: dict[str, Any] = {}
        if project.needs_tender:
            at = later(at, rng, 5, 18)
            yield at
            project = actions.advance(project, on=local_day(at), by=tale.enters, now=at)
            if sketch.stops_at == Stage.TENDERING:
                return
            at = later(at, rng, 18, 32)
            contract = {
                "contract_no": f"演示合同{project.code}",
                "contract_yuan": fen(
                    project.total_investment_yuan * Decimal(rng.uniform(0.92, 0.998))
                ),
            }
        else:
            at = later(at, rng, 4, 14)
        yield at
        tale.file(project, PaperKind.AWARD if contract else PaperKind.PLAN, at=at)
        project = actions.advance(project, on=local_day(at), by=tale.enters, now=at, **contract)
        if sketch.stops_at == Stage.READY:
            return
        at = later(at, rng, 3, 15)
        yield at
        if contract:
            tale.file(project, PaperKind.CONTRACT, at=at)
        project = actions.start(project, on=local_day(at), by=tale.enters, now=at)
        project = actions.confirm_start(project, by=tale.on_site, now=at + timedelta(minutes=20))
        yield from build(tale, project, at)

    def _create(self, at: datetime) -> Project:
        tale, sketch, rng = self.tale, self.tale.sketch, self.tale.rng
        work = sketch.work
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
            county=tale.county,
            fiscal_year=sketch.year,
            by=tale.enters,
            now=at,
            targets=_targets(work, persons, rng),
            name=sketch.name,
            place=sketch.village,
            sector=work.sector,
            mode=work.mode,
            content=f"演示:{work.content}。",
            implementing_unit=tale.implementing_unit(),
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
