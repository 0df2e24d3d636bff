"""Which role may take which verb on the rows of its own region, and that others find nothing."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

import pytest
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import transaction

from assistance.models import User
from assistance.models.regions import OrganisationKind
from assistance.roles import Role
from projects import actions
from projects.models import STEPS, Project, Stage
from projects.models.audit import FindingStatus
from projects.models.changes import ChangeKind, ChangeStatus
from projects.models.evidence import NoticeKind, PaperKind
from projects.models.funds import FundPlanStatus, TransferStatus
from projects.models.history import ProgressStatus
from projects.models.payments import PaymentStatus
from tests import factories as make

pytestmark = pytest.mark.django_db

TODAY = make.NOW.date()
ENTERS = {Role.CLERK, Role.P_EDIT}
CHECKS_ON_SITE = {Role.FRONT, Role.REVIEWER}
ONE_YUAN = Decimal(1)


class Cell(NamedTuple):
    """A verb: who may take it, and how to make the row and the call that it is tried with."""

    roles: set[Role]
    call: Callable[[], Callable[..., Any]]


def _with_share(stage: Stage) -> Callable[..., Any]:
    project = make.project_at(stage)
    make.share(project)
    return partial(actions.approve, project, doc_no="批1", on=TODAY)


_AFTER = {
    Stage.READY: Stage.ACTIVE,
    Stage.ACTIVE: Stage.COMPLETED,
    Stage.ACCEPTED: Stage.HANDED_OVER,
}


def _report(verb: Callable[..., Any], stage: Stage) -> Callable[..., Any]:
    return partial(verb, make.ready_for(_AFTER[stage], make.project_at(stage)), on=TODAY)


def _reported(verb: Callable[..., Any], stage: Stage) -> Any:
    return _report(verb, stage)(by=make.hand(Role.CLERK), now=make.NOW)


def _pay() -> Callable[..., Any]:
    return partial(
        actions.pay, make.project_at(Stage.ACTIVE).funding.get(), basis="START",
        amount_yuan=ONE_YUAN, paid_on=TODAY, treasury=make.treasury(), payee=make.organisation(),
        voucher_no="V1",
    )  # fmt: skip


def _submitted_by_who_asks(*, by: User, now: datetime) -> Any:
    """Taking back is open to who submitted, so everybody tries it on what they submitted."""
    project = make.project_at(Stage.SUBMITTED, bare=True)
    Project.objects.filter(pk=project.pk).update(submitted_by=by)
    return actions.take_back(project, by=by, now=now)


def _found_wanting() -> Callable[..., Any]:
    project = make.project_at(Stage.COMPLETED)
    acceptance = actions.record_acceptance(
        project, level="COUNTY", held_on=TODAY, chair="演示组长", members=["甲", "乙", "丙"],
        chair_of=make.organisation(OrganisationKind.RECIPIENT_OFFICE), result="FAIL",
        by=make.hand(Role.CLERK), now=make.NOW,
    )  # fmt: skip
    make.papers(project, PaperKind.ACCEPTANCE)
    actions.confirm_acceptance(acceptance, by=make.hand(Role.REVIEWER), now=make.NOW)
    return partial(actions.rework, project, reason="演示", on=TODAY)


def _corrected() -> Callable[..., Any]:
    change = make.project_at(Stage.ACTIVE).stage_changes.get(to_stage=Stage.ACTIVE)
    return partial(actions.correct_step, change, effective_on=TODAY, reason="演示")


def _create() -> Callable[..., Any]:
    tie = make.pairing()
    return partial(
        actions.create_project, pairing=tie, county=tie.recipient, fiscal_year=2026,
        **make.project_fields(implementing_unit=make.organisation()),
    )  # fmt: skip


def _allot() -> Callable[..., Any]:
    project, plan = make.project_at(Stage.LIBRARY), make.fund_plan()
    return partial(actions.allot, project, source=plan.source, fund_plan=plan, amount_yuan=ONE_YUAN)


def _plan_funds() -> Callable[..., Any]:
    return partial(
        actions.plan_funds, pairing=make.pairing(), fiscal_year=2026, source="PROV",
        amount_yuan=ONE_YUAN, issued_on=TODAY, doc_no="文1",
    )  # fmt: skip


def _record_transfer() -> Callable[..., Any]:
    return partial(
        actions.record_transfer, fund_plan=make.fund_plan(), amount_yuan=ONE_YUAN, sent_on=TODAY,
        treasury=make.treasury(),
    )  # fmt: skip


def _report_progress() -> Callable[..., Any]:
    return partial(
        actions.report_progress, make.project_at(Stage.ACTIVE), period="2026-06",
        measured_on=TODAY, physical_pct=ONE_YUAN, narrative="演示", photos=[make.photo()],
    )  # fmt: skip


def _give_notice() -> Callable[..., Any]:
    return partial(
        actions.give_notice, make.project_at(Stage.LIBRARY), kind="PLAN", place="演示乡",
        starts_on=date(2026, 6, 1), ends_on=date(2026, 6, 12), hotline="0000-0000000",
    )  # fmt: skip


def _waiting_notice() -> Any:
    days = date(2026, 6, 1), date(2026, 6, 12)
    return make.notice(make.project_at(Stage.LIBRARY), NoticeKind.PLAN, *days, confirmed=False)


def _submitted_progress() -> Any:
    return make.progress(make.project_at(Stage.ACTIVE), status=ProgressStatus.SUBMITTED)


def _submitted_payment() -> Any:
    return make.payment(make.project_at(Stage.ACTIVE), PaymentStatus.SUBMITTED)


def _return_transfer() -> Callable[..., Any]:
    return partial(
        actions.return_transfer, make.transfer(), amount_yuan=ONE_YUAN, returned_on=TODAY,
        voucher_no="R1", reason="演示",
    )  # fmt: skip


def _refund() -> Callable[..., Any]:
    paid = make.payment(make.project_at(Stage.ACTIVE))
    return partial(
        actions.refund, paid.project_funding, amount_yuan=ONE_YUAN, refunded_on=TODAY,
        cause="AUDIT", treasury=paid.treasury, voucher_no="R1",
    )  # fmt: skip


def _paid_back(status: PaymentStatus) -> Any:
    return make.paid_back(make.payment(make.project_at(Stage.ACTIVE)), status)


def _record_acceptance() -> Callable[..., Any]:
    project = make.project_at(Stage.COMPLETED)
    return partial(actions.record_acceptance, project, **make.acceptance_fields())


def _confirm_acceptance() -> Callable[..., Any]:
    waiting = make.acceptance(confirmed=False)
    make.papers(waiting.project, PaperKind.ACCEPTANCE)
    return partial(actions.confirm_acceptance, waiting)


def _register_asset() -> Callable[..., Any]:
    return partial(
        actions.register_asset, make.project_at(Stage.COMPLETED), name="演示", category="PUBLIC",
        original_value_yuan=ONE_YUAN, registered_on=TODAY,
    )  # fmt: skip


def _record_audit() -> Callable[..., Any]:
    return partial(
        actions.record_audit, make.project_at(Stage.COMPLETED), body="演示", kind="settlement",
        report_no="审1", issued_on=TODAY, audited_yuan=ONE_YUAN,
    )  # fmt: skip


def _report_rectified() -> Callable[..., Any]:
    return partial(
        actions.report_rectified, make.finding(), rectification="演示", rectified_on=TODAY
    )


def _confirm_evaluation() -> Callable[..., Any]:
    waiting = make.evaluation(confirmed=False)
    make.papers(waiting.project, PaperKind.EVALUATION)
    return partial(actions.confirm_evaluation, waiting)


def _site_change(status: ChangeStatus) -> Any:
    """A change of the site, which needs consent; the donor's letter is on file."""
    after = {"place": "演示新村"}
    change = make.change(make.project_at(Stage.ACTIVE), ChangeKind.SITE, after, status=status)
    if status == ChangeStatus.SUBMITTED:
        make.consent_paper(change)
    return change


def _release_surplus() -> Callable[..., Any]:
    project = make.project_at(Stage.ACCEPTED)
    make.audited(project, 930_000)
    return partial(actions.release_surplus, project)


MATRIX: dict[str, Cell] = {
    "record_acceptance": Cell(ENTERS, _record_acceptance),
    "confirm_acceptance": Cell({Role.REVIEWER}, _confirm_acceptance),
    "strike_out_acceptance": Cell(
        {Role.REVIEWER},
        lambda: partial(actions.strike_out_acceptance, make.acceptance(), reason="演示"),
    ),
    "register_asset": Cell(ENTERS, _register_asset),
    "update_asset": Cell(ENTERS, lambda: partial(actions.update_asset, make.asset(), owner="村")),
    "strike_out_asset": Cell(
        ENTERS, lambda: partial(actions.strike_out_asset, make.asset(), reason="演示")
    ),
    "record_audit": Cell({Role.CLERK}, _record_audit),
    "strike_out_audit": Cell(
        {Role.CLERK},
        lambda: partial(actions.strike_out_audit, make.audit_record(), reason="演示"),
    ),
    "raise_finding": Cell(
        {Role.AUDITOR},
        lambda: partial(
            actions.raise_finding, pairing=make.pairing(), **make.finding_fields()
        ),
    ),
    "report_rectified": Cell(ENTERS, _report_rectified),
    "close_finding": Cell(
        {Role.AUDITOR},
        lambda: partial(actions.close_finding, make.finding(FindingStatus.RECTIFYING)),
    ),
    "reopen_finding": Cell(
        {Role.AUDITOR},
        lambda: partial(
            actions.reopen_finding, make.finding(FindingStatus.RECTIFYING), reason="演示"
        ),
    ),
    "strike_out_finding": Cell(
        {Role.AUDITOR},
        lambda: partial(actions.strike_out_finding, make.finding(), reason="演示"),
    ),
    "evaluate": Cell(
        ENTERS,
        lambda: partial(
            actions.evaluate, make.project_at(Stage.COMPLETED), **make.evaluation_fields()
        ),
    ),
    "confirm_evaluation": Cell({Role.REVIEWER}, _confirm_evaluation),
    "strike_out_evaluation": Cell(
        {Role.REVIEWER},
        lambda: partial(actions.strike_out_evaluation, make.evaluation(), reason="演示"),
    ),
    "request_change": Cell(
        ENTERS,
        lambda: partial(
            actions.request_change, make.project_at(Stage.ACTIVE), kind="SITE",
            after={"place": "演示新村"}, reason="演示",
        ),
    ),
    "edit_change": Cell(
        ENTERS,
        lambda: partial(actions.edit_change, _site_change(ChangeStatus.DRAFT), reason="演示二"),
    ),
    "submit_change": Cell(
        ENTERS, lambda: partial(actions.submit_change, _site_change(ChangeStatus.DRAFT))
    ),
    "withdraw_change": Cell(
        ENTERS, lambda: partial(actions.withdraw_change, _site_change(ChangeStatus.SUBMITTED))
    ),
    "return_change": Cell(
        {Role.APPROVER, Role.REVIEWER, Role.FRONT, Role.D_EDIT},
        lambda: partial(
            actions.return_change, _site_change(ChangeStatus.SUBMITTED), reason="演示"
        ),
    ),
    "consent_to_change": Cell(
        {*CHECKS_ON_SITE, Role.D_EDIT},
        lambda: partial(
            actions.consent_to_change, _site_change(ChangeStatus.SUBMITTED), doc_no="函1"
        ),
    ),
    "approve_change": Cell(
        {Role.APPROVER},
        lambda: partial(
            actions.approve_change, _site_change(ChangeStatus.CONSENTED), doc_no="批1",
            effective_on=TODAY,
        ),
    ),
    "reject_change": Cell(
        {Role.APPROVER},
        lambda: partial(
            actions.reject_change, _site_change(ChangeStatus.SUBMITTED), reason="演示"
        ),
    ),
    "release_surplus": Cell(ENTERS, _release_surplus),
    "take_over": Cell({Role.CLERK}, lambda: partial(actions.take_over, **make.ledger_row())),
    "confirm_opening": Cell(
        {Role.REVIEWER}, lambda: partial(actions.confirm_opening, make.opening_waiting())
    ),
    "decline_opening": Cell(
        {Role.REVIEWER},
        lambda: partial(actions.decline_opening, make.opening_waiting(), reason="演示"),
    ),
    "strike_out_opening": Cell(
        {Role.REVIEWER}, lambda: partial(actions.strike_out_opening, make.opening(), reason="演示")
    ),
    "void_transfer": Cell(
        {Role.FINANCE}, lambda: partial(actions.void_transfer, make.transfer(), reason="演示")
    ),
    "return_transfer": Cell(ENTERS, _return_transfer),
    "confirm_return": Cell(
        {Role.FINANCE},
        lambda: partial(
            actions.confirm_return, make.transfer_return(make.transfer(), TransferStatus.DRAFT)
        ),
    ),
    "void_return": Cell(
        {Role.FINANCE},
        lambda: partial(
            actions.void_return, make.transfer_return(make.transfer()), reason="演示"
        ),
    ),
    "void_payment": Cell(
        {Role.REVIEWER},
        lambda: partial(
            actions.void_payment, make.payment(make.project_at(Stage.ACTIVE)), reason="演示"
        ),
    ),
    "refund": Cell(ENTERS, _refund),
    "verify_refund": Cell(
        {Role.FINANCE},
        lambda: partial(actions.verify_refund, _paid_back(PaymentStatus.SUBMITTED)),
    ),
    "void_refund": Cell(
        {Role.FINANCE},
        lambda: partial(actions.void_refund, _paid_back(PaymentStatus.VERIFIED), reason="演示"),
    ),
    "take_back": Cell({*ENTERS, Role.P_REVIEW}, lambda: _submitted_by_who_asks),
    "withdraw": Cell(
        {*ENTERS, Role.P_REVIEW},
        lambda: partial(actions.withdraw, make.project_at(Stage.SUBMITTED), reason="演示"),
    ),
    "suspend": Cell(
        {Role.REVIEWER},
        lambda: partial(actions.suspend, make.project_at(Stage.ACTIVE), reason="演示", on=TODAY),
    ),
    "resume": Cell(
        {Role.REVIEWER},
        lambda: partial(actions.resume, make.project_at(Stage.SUSPENDED), on=TODAY),
    ),
    "rework": Cell({Role.REVIEWER}, _found_wanting),
    "accept": Cell(
        {Role.REVIEWER},
        lambda: partial(
            actions.accept,
            make.ready_for(Stage.ACCEPTED, make.project_at(Stage.COMPLETED)), on=TODAY,
        ),
    ),
    "close": Cell(
        {Role.APPROVER},
        lambda: partial(
            actions.close,
            make.ready_for(Stage.CLOSED, make.project_at(Stage.HANDED_OVER)), on=TODAY,
        ),
    ),
    "correct_step": Cell({Role.APPROVER}, _corrected),
    "create_project": Cell(ENTERS, _create),
    "edit_draft": Cell(ENTERS, lambda: partial(actions.edit_draft, make.draft(), place="村")),
    "submit": Cell({*ENTERS, Role.P_REVIEW}, lambda: partial(actions.submit, make.draft())),
    "return_to_draft": Cell(
        {Role.REVIEWER},
        lambda: partial(
            actions.return_to_draft, make.project_at(Stage.SUBMITTED), reason="演示"
        ),
    ),
    "admit": Cell(
        {Role.REVIEWER}, lambda: partial(actions.admit, make.project_at(Stage.SUBMITTED))
    ),
    "reject": Cell(
        {Role.APPROVER},
        lambda: partial(actions.reject, make.project_at(Stage.SUBMITTED), reason="演示"),
    ),
    "allot": Cell({Role.CLERK}, _allot),
    "drop_allotment": Cell(
        {Role.CLERK},
        lambda: partial(
            actions.drop_allotment, make.share(make.project_at(Stage.LIBRARY)), reason="演示"
        ),
    ),
    "approve": Cell({Role.APPROVER}, lambda: _with_share(Stage.LIBRARY)),
    "advance": Cell(
        ENTERS, lambda: partial(actions.advance, make.project_at(Stage.APPROVED), on=TODAY)
    ),
    "start": Cell(ENTERS, lambda: _report(actions.start, Stage.READY)),
    "complete": Cell(ENTERS, lambda: _report(actions.complete, Stage.ACTIVE)),
    "hand_over": Cell(ENTERS, lambda: _report(actions.hand_over, Stage.ACCEPTED)),
    "confirm_start": Cell(
        CHECKS_ON_SITE,
        lambda: partial(actions.confirm_start, _reported(actions.start, Stage.READY)),
    ),
    "confirm_completion": Cell(
        CHECKS_ON_SITE,
        lambda: partial(actions.confirm_completion, _reported(actions.complete, Stage.ACTIVE)),
    ),
    "confirm_handover": Cell(
        {Role.REVIEWER},
        lambda: partial(actions.confirm_handover, _reported(actions.hand_over, Stage.ACCEPTED)),
    ),
    "decline_step": Cell(
        CHECKS_ON_SITE,
        lambda: partial(
            actions.decline_step, _reported(actions.start, Stage.READY), reason="演示"
        ),
    ),
    "report_progress": Cell(ENTERS, _report_progress),
    "verify_progress": Cell(
        CHECKS_ON_SITE, lambda: partial(actions.verify_progress, _submitted_progress())
    ),
    "return_progress": Cell(
        CHECKS_ON_SITE,
        lambda: partial(actions.return_progress, _submitted_progress(), reason="演示"),
    ),
    "file_paper": Cell(
        {*ENTERS, Role.P_REVIEW, Role.FRONT, Role.REVIEWER, Role.D_EDIT},
        lambda: partial(
            actions.file_paper, make.project_at(Stage.LIBRARY), kind="OTHER",
            attachment=make.attachment(),
        ),
    ),
    "strike_out_paper": Cell(  # its own filer's alone, see test_papers
        set(),
        lambda: partial(
            actions.strike_out_paper, make.paper(make.project_at(Stage.LIBRARY)), reason="演示"
        ),
    ),
    "give_notice": Cell(ENTERS, _give_notice),
    "confirm_notice": Cell(
        {Role.REVIEWER}, lambda: partial(actions.confirm_notice, _waiting_notice())
    ),
    "strike_out_notice": Cell(
        {Role.REVIEWER},
        lambda: partial(actions.strike_out_notice, _waiting_notice(), reason="演示"),
    ),
    "plan_funds": Cell({Role.CLERK, Role.D_EDIT}, _plan_funds),
    "edit_fund_plan": Cell(
        {Role.CLERK, Role.D_EDIT},
        lambda: partial(
            actions.edit_fund_plan, make.fund_plan(FundPlanStatus.DRAFT), amount_yuan=ONE_YUAN
        ),
    ),
    "issue_fund_plan": Cell(
        {Role.FINANCE},
        lambda: partial(actions.issue_fund_plan, make.fund_plan(FundPlanStatus.DRAFT)),
    ),
    "record_transfer": Cell({*ENTERS, Role.D_EDIT}, _record_transfer),
    "report_arrival": Cell(
        ENTERS,
        lambda: partial(
            actions.report_arrival, make.transfer(TransferStatus.DRAFT),
            arrived_on=date(2026, 2, 13), voucher_no="V1",
        ),
    ),
    "confirm_transfer": Cell(
        {Role.FINANCE},
        lambda: partial(actions.confirm_transfer, make.transfer(TransferStatus.DRAFT)),
    ),
    "pay": Cell(ENTERS, _pay),
    "verify_payment": Cell(
        {Role.REVIEWER}, lambda: partial(actions.verify_payment, _submitted_payment())
    ),
    "remark_payment": Cell(
        {Role.FRONT}, lambda: partial(actions.remark_payment, _submitted_payment(), remark="演示")
    ),
    "propose_policy": Cell(
        {Role.REVIEWER},
        lambda: partial(
            actions.propose_policy, county=make.region(), name="演示", starts_on=TODAY,
            steps=[{"pct": "70", "when": "STARTED"}],
        ),
    ),
    "confirm_policy": Cell(
        {Role.APPROVER},
        lambda: partial(actions.confirm_policy, make.payment_policy(confirmed=False)),
    ),
    "strike_out_policy": Cell(
        {Role.APPROVER},
        lambda: partial(actions.strike_out_policy, make.payment_policy(), reason="演示"),
    ),
    "close_fund_plan": Cell(
        {Role.FINANCE}, lambda: partial(actions.close_fund_plan, make.fund_plan(), doc_no="销1")
    ),
    "strike_out_fund_plan": Cell(
        {Role.FINANCE},
        lambda: partial(actions.strike_out_fund_plan, make.fund_plan(), reason="演示"),
    ),
    "reject_payment": Cell(
        {Role.REVIEWER},
        lambda: partial(actions.reject_payment, _submitted_payment(), reason="演示"),
    ),
}  # fmt: skip
WITHOUT_A_PERSON = {"roll_over", "load_fund_plans"}  # the bell and the loader, no role's verbs


def _may(call: Callable[..., Any], user: User) -> bool:
    with transaction.atomic():
        try:
            call(by=user, now=make.NOW)
        except (PermissionDenied, ObjectDoesNotExist):
            return False
        finally:
            transaction.set_rollback(True)
    return True


def test_every_verb_is_in_the_matrix() -> None:
    assert set(MATRIX) == set(actions.__all__) - WITHOUT_A_PERSON


@pytest.mark.parametrize("verb", MATRIX)
def test_a_verb_is_open_to_its_roles_in_their_own_region_alone(verb: str) -> None:
    """What each of them is refused, or does and is taken back, is tried on the same row."""
    call = MATRIX[verb].call()
    for check in (
        _nobody_else_may,
        _partners_from_elsewhere_find_nothing,
        _a_prefecture_writes_only_its_own,
        _people_who_left_may_not,
    ):
        check(call, MATRIX[verb].roles)


def _nobody_else_may(call: Callable[..., Any], roles: set[Role]) -> None:
    assert {role for role in Role if _may(call, make.user_with(role))} == roles


def _partners_from_elsewhere_find_nothing(call: Callable[..., Any], roles: set[Role]) -> None:
    for role, code in (
        (Role.P_EDIT, make.OTHER_COUNTY),
        (Role.P_REVIEW, make.OTHER_COUNTY),
        (Role.FRONT, make.OTHER_PREFECTURE),
        (Role.D_EDIT, make.OTHER_DONOR),
    ):
        with pytest.raises((ObjectDoesNotExist, PermissionDenied)) as refusal:
            call(by=make.user_with(role, region_code=code), now=make.NOW)
        if role in roles:  # allowed as such, so the row has to be missing
            assert refusal.errisinstance(ObjectDoesNotExist)


def _a_prefecture_writes_only_its_own(call: Callable[..., Any], roles: set[Role]) -> None:
    """It reads the rows of its counties."""
    for role in (Role.P_EDIT, Role.P_REVIEW):
        with pytest.raises(PermissionDenied):
            call(by=make.user_with(role, region_code=make.PREFECTURE), now=make.NOW)


def _people_who_left_may_not(call: Callable[..., Any], roles: set[Role]) -> None:
    for role in roles:
        assert not _may(call, make.user_with(role, is_active=False)), role


def test_a_front_team_checks_the_projects_of_every_county_in_its_prefecture() -> None:
    checks = ("confirm_start", "confirm_completion", "verify_progress", "file_paper")
    calls = {verb: MATRIX[verb].call() for verb in checks}  # before there is a team to do it
    team = make.user_with(Role.FRONT, region_code=make.PREFECTURE)
    for verb, call in calls.items():
        assert _may(call, team), verb


def test_what_a_project_says_about_its_open_verbs_is_what_the_verbs_do() -> None:
    in_table = {"edit": "edit_draft", "return": "return_to_draft"}
    waits = {verb for verb, step in STEPS.items() if step.confirms or step.only_by}
    tried = {verb for verb in STEPS if in_table.get(verb, verb) in MATRIX} - waits
    projects = {stage: make.project_at(stage) for stage in Stage}
    for role in (Role.CLERK, Role.REVIEWER, Role.APPROVER, Role.P_EDIT, Role.D_EDIT, Role.FRONT):
        user = make.user_with(role)
        for stage in Stage:
            may = {
                verb
                for verb in tried
                if stage in STEPS[verb].takes_from
                and role in MATRIX[in_table.get(verb, verb)].roles
            }
            project = projects[stage]
            says = project.verbs_open_to(user)
            assert set(says) & tried == may, (role, stage)
            assert not set(says) & waits, (role, stage)  # nobody reported, others submitted
            for verb in STEPS:
                listed = Project.objects.open_to(verb, user).filter(pk=project.pk).exists()
                assert listed == (verb in says), (role, stage, verb)
