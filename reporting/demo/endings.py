"""How a demo project ends: noticed, accepted, paid but for the retention, handed over, closed."""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime, timedelta
from decimal import Decimal

from assistance.models import Setting
from assistance.models.regions import OrganisationKind
from assistance.periods import local_day
from projects import actions
from projects.actions import caps
from projects.actions.settlement import (
    final_aid_yuan,
    granted_yuan,
    level_required,
    paid_yuan,
)
from projects.models import Project, Sector, Stage
from projects.models.acceptance import AcceptanceResult, AssetCategory
from projects.models.audit import AuditKind
from projects.models.evidence import NoticeKind, PaperKind
from projects.models.funds import PAID_THROUGH_THE_LEDGER
from projects.models.payments import PaymentBasis
from reporting.demo.payments import pay
from reporting.demo.tale import Tale
from reporting.demo.world import Story, later

DONE_NOTICE_HANGS = 7  # days
PANEL = ("演示验收人员甲", "演示验收人员乙", "演示验收人员丙")
FOUND_WANTING = 0.06
OPERATED = frozenset({Sector.IND, Sector.CONS})


def finish(tale: Tale, project: Project, at: datetime) -> Story:
    """From the completion on, as far as the sketch and the money let it."""
    rng, sketch = tale.rng, tale.sketch
    if sketch.stops_at is None and rng.random() < FOUND_WANTING:
        at = yield from _put_right(tale, project, at)
    hung = local_day(at) + timedelta(days=1), local_day(at) + timedelta(days=DONE_NOTICE_HANGS)
    at = later(at, rng, DONE_NOTICE_HANGS + 2, DONE_NOTICE_HANGS + 10)
    yield at
    tale.give_notice(project, NoticeKind.DONE, hung, at=at)
    at = later(at, rng, 3, 25)
    yield at
    _hold_acceptance(tale, project, at, AcceptanceResult.PASS)
    at = later(at, rng, 1, 5)
    yield at
    project = actions.accept(project, on=local_day(at), by=tale.cast.reviewer, now=at)
    if sketch.stops_at == Stage.ACCEPTED:
        return
    at = yield from _pay_the_rest(tale, project, at)
    if project.forms_asset:
        at = later(at, rng, 5, 30)
        yield at
        project = _hand_over(tale, project, at)
    if sketch.stops_at == Stage.HANDED_OVER or tale.paid_nothing:
        return
    at = later(at, rng, 10, 40)
    yield at
    _audit_and_evaluate(tale, project, at)
    at = later(at, rng, 3, 20)
    yield at
    actions.close(
        project,
        on=local_day(at),
        doc_no=f"演示办结〔{local_day(at).year}〕{rng.randint(1, 900)}号",
        by=tale.cast.approver,
        now=at,
    )


def _put_right(tale: Tale, project: Project, at: datetime) -> Generator[datetime, None, datetime]:
    """A panel finds something wanting: it is put right, and the works are completed anew."""
    at = later(at, tale.rng, 5, 20)
    yield at
    _hold_acceptance(tale, project, at, AcceptanceResult.RECTIFY)
    at += timedelta(minutes=40)
    reason, day = "演示:按验收意见整改", local_day(at)
    actions.rework(project, reason=reason, on=day, by=tale.cast.reviewer, now=at)
    at = later(at, tale.rng, 8, 25)
    yield at
    actions.complete(project, on=local_day(at), by=tale.enters, now=at)
    at += timedelta(minutes=20)
    actions.confirm_completion(project, by=tale.on_site, now=at)
    return at


def _hold_acceptance(tale: Tale, project: Project, at: datetime, result: AcceptanceResult) -> None:
    """A panel looks at the works, and the reviewer confirms what it found."""
    passed = result == AcceptanceResult.PASS
    acceptance = actions.record_acceptance(
        project,
        level=level_required(project, at),
        held_on=local_day(at),
        chair="演示验收组长",
        chair_of=tale.cast.organisation(
            OrganisationKind.RECIPIENT_OFFICE, tale.county, "东西部协作办公室"
        ),
        members=PANEL,
        result=result,
        rectify_due_on=None if passed else local_day(at) + timedelta(days=30),
        quantities=[],
        final_settlement_yuan=project.total_investment_yuan if passed else None,
        final_aid_yuan=granted_yuan(project) if passed else None,
        remarks="演示验收",
        by=tale.enters,
        now=at,
    )
    tale.file(project, PaperKind.ACCEPTANCE, at=at)
    actions.confirm_acceptance(acceptance, by=tale.cast.reviewer, now=at + timedelta(minutes=20))


def _pay_the_rest(
    tale: Tale, project: Project, at: datetime
) -> Generator[datetime, None, datetime]:
    """What the settled aid leaves to pay before the retention, out of each share its part."""
    if tale.paid_nothing:
        return at
    at = later(at, tale.rng, 6, 28)
    yield at
    while tale.paying:  # a payment from before waits for its check, or to be entered anew
        at = later(at, tale.rng, 3, 9)
        yield at
    final = final_aid_yuan(project) or Decimal(0)
    held_back = caps.retention_yuan(project, local_day(at), known_at=at)
    left = final - held_back - paid_yuan(project)
    shares = project.funding.counting().filter(source__in=PAID_THROUGH_THE_LEDGER)
    for share in shares.order_by("pk"):
        amount = min(left, share.amount_yuan - share.paid_yuan())
        left -= amount
        if amount:
            at = yield from pay(tale, share, PaymentBasis.ACCEPTANCE, amount, at)
    return at


def _hand_over(tale: Tale, project: Project, at: datetime) -> Project:
    operated = project.sector in OPERATED
    actions.register_asset(
        project,
        name=f"{project.name}资产",
        category=AssetCategory.OPERATING if operated else AssetCategory.PUBLIC,
        original_value_yuan=project.contract_yuan or project.total_investment_yuan,
        registered_on=local_day(at),
        owner=f"{project.place}集体",
        manager=f"{project.place}管护人",
        cert_no="",
        by=tale.enters,
        now=at,
    )
    tale.file(project, PaperKind.HANDOVER, at=at)
    project = actions.hand_over(project, on=local_day(at), by=tale.enters, now=at)
    at += timedelta(minutes=30)
    return actions.confirm_handover(project, by=tale.cast.reviewer, now=at)


def _audit_and_evaluate(tale: Tale, project: Project, at: datetime) -> None:
    rng, day, cast = tale.rng, local_day(at), tale.cast
    threshold = Setting.objects.value_on("audit_threshold_yuan", day, known_at=at)
    if project.aid_yuan >= Decimal(threshold):
        actions.record_audit(
            project,
            body="演示审计机构",
            kind=AuditKind.SETTLEMENT,
            report_no=f"演示审〔{day.year}〕{project.code}号",
            issued_on=day,
            audited_yuan=final_aid_yuan(project) or Decimal(0),
            by=cast.clerk,
            now=at,
        )
        tale.file(project, PaperKind.AUDIT, at=at)
    evaluation = actions.evaluate(
        project,
        year=day.year,
        output=Decimal(rng.randint(38, 50)),
        benefit=Decimal(rng.randint(22, 30)),
        satisfaction=Decimal(rng.randint(8, 10)),
        evaluated_on=day,
        remarks="演示评价",
        by=tale.enters,
        now=at,
    )
    tale.file(project, PaperKind.EVALUATION, at=at)
    actions.confirm_evaluation(evaluation, by=cast.reviewer, now=at + timedelta(minutes=20))
