"""Projects that came to where they stand by the true road, with what each step asks for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Any
from unittest import mock

from django.db.models import Model

from assistance.models.regions import OrganisationKind
from assistance.models.rows import entered
from assistance.roles import Role
from projects.actions import (
    accept,
    admit,
    advance,
    approve,
    close,
    complete,
    confirm_acceptance,
    confirm_completion,
    confirm_evaluation,
    confirm_handover,
    confirm_start,
    evaluate,
    hand_over,
    record_acceptance,
    record_audit,
    register_asset,
    reject,
    start,
    submit,
    suspend,
    withdraw,
)
from projects.actions.settlement import final_aid_yuan, granted_yuan
from projects.models import FundPlan, Project, Stage, StageChange
from projects.models.acceptance import AcceptanceLevel, AcceptanceResult, AssetCategory
from projects.models.audit import AuditKind
from projects.models.changes import ChangeKind
from projects.models.evidence import NoticeKind, PaperKind
from projects.models.payments import PaymentBasis
from tests import factories as make


def project_at(
    stage: Stage, *, plan: FundPlan | None = None, bare: bool = False, **overrides: Any
) -> Project:
    """A project that came to ``stage`` step by step, each by the hands it falls to.

    Days: draft and withdrawn 2 February, submitted 3rd, rejected 6th, admitted 10th after a notice
    from 25 January to 6 February, approved 2 March, tender 9th, ready 20th, started 1 April, 100 %
    verified 20 May, suspended 25th, completed 31st, accepted 8 June after a panel of 3 June and a
    notice from 1 to 7 June, handed over 9th, closed 10th. Its share is of ``plan``, else of a plan
    of its own. The papers and the notice that the next step up to the start asks for are on file,
    unless it is ``bare``. It is terminated on 5 June, with nothing paid.
    """
    if stage == Stage.TENDERING:
        overrides["needs_tender"] = True
    with _rows_checked_by_the_database():
        project = make.draft(**overrides)
        for became in _way_to(stage, project):
            if became == Stage.APPROVED:
                make.share(project, plan=plan)
            project = _STEP_TO[became](project)
            assert project.stage == became, f"the road led to {project.stage}, not to {became}"
            if became in _FILED_AT and not (bare and became == stage):
                _FILED_AT[became](project)
    assert project.stage == stage
    return Project.objects.select_related("pairing__recipient", "pairing__donor").get(pk=project.pk)


def ready_for(stage: Stage, project: Project) -> Project:
    """The project with everything on record that the step to ``stage`` asks for."""
    _ASKED_FOR[stage](project)
    return project


def written_in(project: Project, stage: Stage) -> Project:
    """The project one step further, on 5 June, past what its verb would ask."""
    day, by = date(project.fiscal_year, 6, 5), make.hand(Role.REVIEWER)
    StageChange.objects.create(
        project=project,
        from_stage=project.stage,
        to_stage=stage,
        effective_on=day,
        counted_at=make.at(day),
        counted_by=by,
        **entered(by, make.at(day)),
    )
    project.stage = stage
    project.record("stage", by=by, now=make.at(day))
    return project


def _rows_checked_by_the_database() -> AbstractContextManager[object]:
    """Let the verbs save without asking about every constraint beforehand: three queries for each,
    most of all that a factory would ask. The rows are valid, and the database looks all the same.
    """
    return mock.patch.object(Model, "full_clean", return_value=None)


# ------------------------------------------------------------------- what the steps ask for


def _day(project: Project, month: int, day: int) -> date:
    return date(project.fiscal_year, month, day)


def _for_admission(project: Project) -> None:
    make.notice(project, NoticeKind.PRE, _day(project, 1, 25), _day(project, 2, 6))
    make.papers(project, PaperKind.OPINION, on=_day(project, 2, 9))


def _for_approval(project: Project) -> None:
    make.papers(project, PaperKind.CONSENT, PaperKind.DECISION, on=_day(project, 2, 27))


def _for_readiness(project: Project) -> None:
    """The plan; of tendered works the award, once the tender runs."""
    if not project.needs_tender:
        make.papers(project, PaperKind.PLAN, on=_day(project, 3, 2))
    elif project.stage == Stage.TENDERING:
        make.papers(project, PaperKind.AWARD, on=_day(project, 3, 19))


def _for_the_start(project: Project) -> None:
    if project.needs_tender:
        make.papers(project, PaperKind.CONTRACT, on=_day(project, 3, 30))


def _for_acceptance(project: Project) -> None:
    """An acceptance of both sides, so it is enough for any sum; it cost what was granted."""
    day = _day(project, 6, 3)
    made = record_acceptance(
        project,
        level=AcceptanceLevel.JOINT,
        held_on=day,
        chair="演示组长",
        chair_of=make.organisation(OrganisationKind.RECIPIENT_OFFICE, project.county.code),
        members=["演示成员一", "演示成员二", "演示成员三"],
        result=AcceptanceResult.PASS,
        final_settlement_yuan=project.total_investment_yuan,
        final_aid_yuan=granted_yuan(project),
        by=make.hand(Role.CLERK),
        now=make.at(day),
    )
    make.papers(project, PaperKind.ACCEPTANCE, on=day)
    confirm_acceptance(made, by=make.hand(Role.REVIEWER), now=make.at(day, 11))
    make.notice(project, NoticeKind.DONE, _day(project, 6, 1), _day(project, 6, 7))


def _for_the_hand_over(project: Project) -> None:
    day = _day(project, 6, 8)
    register_asset(
        project,
        name="演示资产",
        category=AssetCategory.PUBLIC,
        original_value_yuan=project.total_investment_yuan,
        registered_on=day,
        owner="演示村集体",
        manager="演示合作社",
        by=make.hand(Role.CLERK),
        now=make.at(day),
    )


def _for_closing(project: Project) -> None:
    day = _day(project, 6, 9)
    final = final_aid_yuan(project)
    assert final is not None, "only an accepted project is settled"
    record_audit(
        project,
        body="演示审计局",
        kind=AuditKind.SETTLEMENT,
        report_no=f"演示审{next(make.numbers)}号",
        issued_on=day,
        audited_yuan=final,
        by=make.hand(Role.CLERK),
        now=make.at(day),
    )
    least = (final * Decimal("0.97")).quantize(Decimal("0.01"), ROUND_DOWN)
    make.payment(project, amount_yuan=least, paid_on=day, basis=PaymentBasis.ACCEPTANCE)
    made = evaluate(
        project,
        year=project.fiscal_year,
        output=Decimal(50),
        benefit=Decimal(30),
        satisfaction=Decimal(10),
        evaluated_on=day,
        by=make.hand(Role.CLERK),
        now=make.at(day, 14),
    )
    make.papers(project, PaperKind.EVALUATION, on=day)
    confirm_evaluation(made, by=make.hand(Role.REVIEWER), now=make.at(day, 15))


_ASKED_FOR: dict[Stage, Callable[[Project], object]] = {
    Stage.LIBRARY: _for_admission,
    Stage.APPROVED: _for_approval,
    Stage.READY: _for_readiness,
    Stage.ACTIVE: _for_the_start,
    Stage.COMPLETED: make.progress,
    Stage.ACCEPTED: _for_acceptance,
    Stage.HANDED_OVER: _for_the_hand_over,
    Stage.CLOSED: _for_closing,
}


# What is filed as soon as a project is at a stage, for the step after it.
_FILED_AT: dict[Stage, Callable[[Project], object]] = {
    Stage.SUBMITTED: _for_admission,
    Stage.LIBRARY: _for_approval,
    Stage.APPROVED: _for_readiness,
    Stage.TENDERING: _for_readiness,
    Stage.READY: _for_the_start,
}


# ------------------------------------------------------------------------------- the steps


def _admit(project: Project) -> Project:
    return admit(project, by=make.hand(Role.REVIEWER), now=make.at(_day(project, 2, 10)))


def _approve(project: Project) -> Project:
    day, by = _day(project, 3, 2), make.hand(Role.APPROVER)
    return approve(project, doc_no="演示批〔1〕号", on=day, by=by, now=make.at(day))


def _tender(project: Project) -> Project:
    day = _day(project, 3, 9)
    return advance(project, on=day, by=make.hand(Role.CLERK), now=make.at(day))


def _make_ready(project: Project) -> Project:
    day = _day(project, 3, 20)
    contract: dict[str, Any] = {}
    if project.needs_tender:
        contract = {"contract_no": "演示合同1", "contract_yuan": project.total_investment_yuan}
    return advance(project, on=day, by=make.hand(Role.CLERK), now=make.at(day), **contract)


def _start(project: Project) -> Project:
    day = _day(project, 4, 1)
    project = start(project, on=day, by=make.hand(Role.CLERK), now=make.at(day))
    return confirm_start(project, by=make.hand(Role.REVIEWER), now=make.at(day, 11))


def _suspend(project: Project) -> Project:
    day, by = _day(project, 5, 25), make.hand(Role.REVIEWER)
    return suspend(project, reason="演示", on=day, by=by, now=make.at(day))


def _terminate(project: Project) -> Project:
    day = _day(project, 6, 5)
    make.change(project, ChangeKind.TERMINATE, {}, on=day, now=make.at(day))
    return Project.objects.get(pk=project.pk)


def _complete(project: Project) -> Project:
    ready_for(Stage.COMPLETED, project)
    day = _day(project, 5, 31)
    project = complete(project, on=day, by=make.hand(Role.CLERK), now=make.at(day))
    return confirm_completion(project, by=make.hand(Role.REVIEWER), now=make.at(day, 11))


def _accept(project: Project) -> Project:
    ready_for(Stage.ACCEPTED, project)
    day = _day(project, 6, 8)
    return accept(project, on=day, by=make.hand(Role.REVIEWER), now=make.at(day))


def _hand_over(project: Project) -> Project:
    ready_for(Stage.HANDED_OVER, project)
    day = _day(project, 6, 9)
    project = hand_over(project, on=day, by=make.hand(Role.CLERK), now=make.at(day))
    return confirm_handover(project, by=make.hand(Role.REVIEWER), now=make.at(day, 11))


def _close(project: Project) -> Project:
    ready_for(Stage.CLOSED, project)
    day = _day(project, 6, 10)
    return close(project, on=day, by=make.hand(Role.APPROVER), now=make.at(day))


_STEP_TO: dict[Stage, Callable[[Project], Project]] = {
    Stage.SUBMITTED: lambda project: submit(
        project, by=make.hand(Role.CLERK), now=make.at(_day(project, 2, 3))
    ),
    Stage.LIBRARY: _admit,
    Stage.APPROVED: _approve,
    Stage.TENDERING: _tender,
    Stage.READY: _make_ready,
    Stage.ACTIVE: _start,
    Stage.COMPLETED: _complete,
    Stage.ACCEPTED: _accept,
    Stage.HANDED_OVER: _hand_over,
    Stage.CLOSED: _close,
    Stage.SUSPENDED: _suspend,
    Stage.TERMINATED: _terminate,
    Stage.REJECTED: lambda project: reject(
        project, reason="演示", by=make.hand(Role.APPROVER), now=make.at(_day(project, 2, 6))
    ),
    Stage.WITHDRAWN: lambda project: withdraw(
        project, reason="演示", by=make.hand(Role.CLERK), now=make.at(_day(project, 2, 2))
    ),
}
# Where a stage lies off the straight road, the one before it.
_TURNS_OFF_AT = {
    Stage.SUSPENDED: Stage.ACTIVE,
    Stage.TERMINATED: Stage.ACTIVE,
    Stage.REJECTED: Stage.SUBMITTED,
    Stage.WITHDRAWN: Stage.DRAFT,
}


def _way_to(stage: Stage, project: Project) -> list[Stage]:
    if stage in _TURNS_OFF_AT:
        return [*_way_to(_TURNS_OFF_AT[stage], project), stage]
    if stage == Stage.DRAFT:
        return []
    left_out = set(_TURNS_OFF_AT)
    if not project.needs_tender:
        left_out.add(Stage.TENDERING)
    if not project.forms_asset:
        left_out.add(Stage.HANDED_OVER)
    whole = [step for step in _STEP_TO if step not in left_out]
    return whole[: whole.index(stage) + 1]
