"""What each step of the road asks for: refused while it lacks, taken once it is there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

import pytest
from django.core.exceptions import ValidationError

from assistance.errors import Refused
from assistance.models import Setting
from assistance.models.regions import OrganisationKind
from assistance.models.rows import entered
from assistance.roles import Role
from projects import actions
from projects.actions.guards import GUARDS, verbs_and_refusals, why_not_now
from projects.models import (
    ChangeRequest,
    FundingAdjustment,
    Opening,
    Project,
    Stage,
)
from projects.models.acceptance import AcceptanceLevel, AcceptanceResult
from projects.models.changes import ChangeKind, ChangeStatus
from projects.models.evidence import NoticeKind, PaperKind
from projects.models.history import Nature
from tests import factories as make

pytestmark = pytest.mark.django_db

TODAY = make.NOW.date()
FEN = Decimal("0.01")


# ----------------------------------------------------------- what is on record, or not any more


def setting(key: str, value: Any, starts_on: date = date(2026, 1, 1)) -> None:
    """A value of a setting, as an office sets and confirms it."""
    by, now = make.hand(Role.REVIEWER), make.at(date(2026, 1, 1))
    Setting.objects.create(
        key=key, value=value, starts_on=starts_on, counted_at=now,
        counted_by=make.hand(Role.APPROVER), **entered(by, now),
    )  # fmt: skip


def strike(row: Any) -> None:
    """A row struck out."""
    row.void(by=make.hand(Role.REVIEWER), now=make.NOW, reason="演示")


def without(project: Project, kind: PaperKind) -> None:
    """The project without this paper."""
    strike(project.papers.counting().get(kind=kind))


def without_notice(project: Project, kind: NoticeKind) -> None:
    """The project without this notice."""
    strike(project.notices.counting().get(kind=kind))


def accepted(project: Project, **overrides: Any) -> None:
    """An acceptance of 2 June by the county that passes the works at what was granted."""
    fields: dict[str, Any] = {
        "level": AcceptanceLevel.COUNTY,
        "held_on": date(2026, 6, 2),
        "chair": "演示组长",
        "chair_of": make.organisation(OrganisationKind.RECIPIENT_OFFICE),
        "members": ["甲", "乙", "丙"],
        "result": AcceptanceResult.PASS,
    }
    fields |= overrides
    if fields["result"] == AcceptanceResult.PASS:
        fields.setdefault("final_aid_yuan", project.aid_yuan)
        fields.setdefault("final_settlement_yuan", project.aid_yuan)
    if fields["result"] == AcceptanceResult.RECTIFY:
        fields.setdefault("rectify_due_on", date(2026, 7, 1))
    day = make.at(fields["held_on"], 12)
    made = actions.record_acceptance(project, by=make.hand(Role.CLERK), now=day, **fields)
    make.papers(project, PaperKind.ACCEPTANCE, on=fields["held_on"])
    actions.confirm_acceptance(made, by=make.hand(Role.REVIEWER), now=day)


def done_notice(project: Project, ends_on: date = date(2026, 6, 7)) -> None:
    """A notice after completion that hung out from 1 June on."""
    make.notice(project, NoticeKind.DONE, date(2026, 6, 1), ends_on)


def asset(project: Project, owner: str = "演示村集体") -> None:
    """An asset with its keeper."""
    actions.register_asset(
        project, name="演示资产", category="PUBLIC", original_value_yuan=Decimal(1),
        registered_on=date(2026, 6, 8), owner=owner, manager="演示合作社",
        by=make.hand(Role.CLERK), now=make.at(date(2026, 6, 8)),
    )  # fmt: skip


def audit(project: Project, audited_yuan: Decimal | None = None) -> None:
    """A settlement audit of 8 June that confirms what was asked for, or this."""
    actions.record_audit(
        project, body="演示审计局", kind="settlement", report_no=f"审{next(make.numbers)}",
        issued_on=date(2026, 6, 8), audited_yuan=audited_yuan or project.aid_yuan,
        by=make.hand(Role.CLERK), now=make.NOW,
    )  # fmt: skip


def evaluation(project: Project) -> None:
    """An evaluation that counts."""
    made = actions.evaluate(
        project, year=2026, output=Decimal(50), benefit=Decimal(30), satisfaction=Decimal(10),
        evaluated_on=date(2026, 6, 9), by=make.hand(Role.CLERK), now=make.NOW,
    )  # fmt: skip
    make.papers(project, PaperKind.EVALUATION)
    actions.confirm_evaluation(made, by=make.hand(Role.REVIEWER), now=make.NOW)


def paid(project: Project, amount: Decimal | str = "970000") -> None:
    """A payment of 9 June out of the project's share."""
    make.payment(project, amount_yuan=Decimal(amount), paid_on=date(2026, 6, 9))


def released(project: Project, delta: Decimal | str) -> None:
    """A change of the surplus that was approved, with its adjustment of the share."""
    clerk, approver, now = make.hand(Role.CLERK), make.hand(Role.APPROVER), make.NOW
    change = ChangeRequest.objects.create(
        project=project, kind=ChangeKind.SURPLUS, reason="演示", effective_on=TODAY,
        needs_consent=False, status=ChangeStatus.APPROVED, submitted_at=now, submitted_by=clerk,
        decided_at=now, decided_by=approver, **entered(clerk, now),
    )  # fmt: skip
    FundingAdjustment.objects.create(
        project_funding=project.funding.counting().get(), change_request=change,
        delta_yuan=Decimal(delta), effective_on=TODAY, counted_at=now, counted_by=approver,
        **entered(clerk, now),
    )  # fmt: skip


def change_request(project: Project, status: ChangeStatus = ChangeStatus.SUBMITTED) -> Any:
    """A change that waits for its decision."""
    by = make.hand(Role.CLERK)
    return ChangeRequest.objects.create(
        project=project, kind=ChangeKind.CONTENT, reason="演示", status=status,
        submitted_at=make.NOW, submitted_by=by, **entered(by, make.NOW),
    )  # fmt: skip


def withdrawn(project: Project) -> None:
    """The change that waited is withdrawn."""
    change = project.change_requests.get()
    change.status, change.decided_at, change.decided_by = "withdrawn", make.NOW, change.created_by
    change.record("status", "decided_at", "decided_by", by=change.created_by, now=make.NOW)


def opening(project: Project) -> None:
    """An opening that nobody has confirmed yet."""
    Opening.objects.create(
        project=project, as_of=date(2026, 1, 1), stage=Stage.ACTIVE, nature=Nature.CONT, year=2026,
        physical_pct=Decimal(50), source_file="演示台账.xlsx",
        **entered(make.hand(Role.CLERK), make.NOW),
    )  # fmt: skip


def to_close(project: Project, *left_out: Callable[..., None]) -> Project:
    """The project with all that closing asks for, but for some."""
    for provide in (audit, paid, evaluation):
        if provide not in left_out:
            provide(project)
    return project


def finding(project: Project) -> None:
    """A finding about the project."""
    actions.raise_finding(
        pairing=project.pairing, project=project, source="AUDIT", category="OTHER",
        description="演示", amount_yuan=Decimal(0), found_on=date(2026, 6, 9),
        due_on=date(2026, 6, 30), by=make.hand(Role.AUDITOR), now=make.NOW,
    )  # fmt: skip


def finding_closed(project: Project) -> None:
    """The finding was put right, and closed."""
    found = project.findings.get()
    actions.report_rectified(
        found, rectification="演示", rectified_on=TODAY, by=make.hand(Role.CLERK), now=make.NOW
    )
    actions.close_finding(found, by=make.hand(Role.AUDITOR), now=make.NOW)


def propose(project: Project, on: date = TODAY) -> Project:
    """The next step of two hands, reported by the clerk."""
    verbs = {
        Stage.READY: actions.start,
        Stage.ACTIVE: actions.complete,
        Stage.ACCEPTED: actions.hand_over,
    }
    by = make.hand(Role.CLERK)
    return verbs[Stage(project.stage)](project, on=on, by=by, now=make.NOW)


# ------------------------------------------------------------------------------- the cases


class Case(NamedTuple):
    """A step that lacks something: who takes it, the project, the refusal's code, the remedy."""

    verb: str
    role: Role
    project: Callable[[], Project]
    code: str
    remedy: Callable[[Project], object]


def at(
    stage: Stage, *changes: Callable[[Project], object], **options: Any
) -> Callable[[], Project]:
    """How to make the project at a stage, and what to do to it then."""

    def made() -> Project:
        project = make.project_at(stage, **options)
        for change in changes:
            change(project)
        return Project.objects.get(pk=project.pk)

    return made


def edited(**fields: Any) -> Callable[[Project], object]:
    """The remedy of a draft: say something else."""
    return lambda project: actions.edit_draft(
        project, by=make.hand(Role.CLERK), now=make.NOW, **fields
    )


def paper(kind: PaperKind) -> Callable[[Project], object]:
    """The remedy of a missing paper."""
    return lambda project: make.papers(project, kind)


def pre(starts_on: date, ends_on: date, **options: Any) -> Callable[[Project], object]:
    """A notice before admission."""
    return lambda project: make.notice(project, NoticeKind.PRE, starts_on, ends_on, **options)


def opinion_and(*more: Callable[[Project], object]) -> Callable[[], Project]:
    """A submitted project with the opinion on file, and something of a notice."""
    return at(Stage.SUBMITTED, paper(PaperKind.OPINION), *more, bare=True)


JANUARY = date(2026, 1, 1), date(2026, 1, 31)
TENDERED: dict[str, Any] = {"needs_tender": True}
RECTIFY = partial(accepted, result=AcceptanceResult.RECTIFY)
CASES = [
    Case("submit", Role.CLERK, at(Stage.DRAFT, place=""), "project_incomplete", edited(place="村")),
    Case(
        "submit", Role.CLERK, at(Stage.DRAFT, content="新建办公楼堂馆所"), "negative_list",
        edited(content="新建大棚"),
    ),
    Case(
        "admit", Role.REVIEWER, at(Stage.SUBMITTED, pre(*JANUARY), bare=True), "opinion_missing",
        paper(PaperKind.OPINION),
    ),
    Case("admit", Role.REVIEWER, opinion_and(), "notice_missing", pre(*JANUARY)),
    Case(
        "admit", Role.REVIEWER, opinion_and(pre(*JANUARY, confirmed=False)), "notice_missing",
        lambda project: actions.confirm_notice(
            project.notices.get(), by=make.hand(Role.REVIEWER), now=make.NOW
        ),
    ),
    Case(
        "admit", Role.REVIEWER, opinion_and(pre(date(2026, 1, 1), date(2026, 1, 9))),
        "notice_too_short", pre(date(2026, 1, 1), date(2026, 1, 10)),
    ),
    Case(
        "admit", Role.REVIEWER, opinion_and(pre(date(2026, 6, 1), TODAY)), "notice_not_over",
        pre(*JANUARY),
    ),
    Case(
        "admit", Role.REVIEWER,
        opinion_and(pre(*JANUARY), pre(*JANUARY, confirmed=False, objections="占地")),
        "objections_open",
        lambda project: strike(project.notices.get(counted_at=None)),
    ),
    Case(
        "approve", Role.APPROVER,
        at(Stage.LIBRARY, make.share, lambda p: without(p, PaperKind.CONSENT)),
        "consent_missing", paper(PaperKind.CONSENT),
    ),
    Case(
        "approve", Role.APPROVER,
        at(Stage.LIBRARY, make.share, lambda p: without(p, PaperKind.DECISION)),
        "decision_missing", paper(PaperKind.DECISION),
    ),
    Case(
        "approve", Role.APPROVER, at(Stage.LIBRARY), "shares_do_not_equal_request", make.share
    ),
    Case(
        "advance", Role.CLERK, at(Stage.APPROVED, bare=True), "plan_missing", paper(PaperKind.PLAN)
    ),
    Case(
        "advance", Role.CLERK, at(Stage.TENDERING, bare=True), "award_missing",
        paper(PaperKind.AWARD),
    ),
    Case(
        "start", Role.CLERK, at(Stage.READY, bare=True, **TENDERED), "contract_missing",
        paper(PaperKind.CONTRACT),
    ),
    Case(
        "confirm_start", Role.REVIEWER,
        at(Stage.READY, propose, lambda p: without(p, PaperKind.CONTRACT), **TENDERED),
        "contract_missing", paper(PaperKind.CONTRACT),
    ),
    Case(
        "suspend", Role.REVIEWER, at(Stage.ACTIVE, make.progress, propose), "step_waits",
        lambda project: actions.decline_step(
            project, reason="演示", by=make.hand(Role.REVIEWER), now=make.NOW
        ),
    ),
    Case("complete", Role.CLERK, at(Stage.ACTIVE), "progress_below_100", make.progress),
    Case(
        "complete", Role.CLERK, at(Stage.ACTIVE, make.progress, change_request), "change_open",
        withdrawn,
    ),
    Case(
        "confirm_completion", Role.REVIEWER,
        at(Stage.ACTIVE, make.progress, propose, change_request), "change_open", withdrawn,
    ),
    Case(
        "confirm_completion", Role.REVIEWER,
        at(
            Stage.ACTIVE, make.progress, propose,
            lambda p: strike(p.progress_reports.get()),
        ),
        "progress_below_100", make.progress,
    ),
    Case("rework", Role.REVIEWER, at(Stage.COMPLETED), "nothing_to_rework", RECTIFY),
    Case(
        "rework", Role.REVIEWER, at(Stage.COMPLETED, accepted), "nothing_to_rework",
        partial(accepted, result=AcceptanceResult.FAIL),
    ),
    Case(
        "accept", Role.REVIEWER, at(Stage.COMPLETED, done_notice), "acceptance_missing", accepted
    ),
    Case(
        "accept", Role.REVIEWER,
        at(
            Stage.COMPLETED, done_notice,
            partial(accepted, level=AcceptanceLevel.SELF),
        ),
        "acceptance_missing", accepted,
    ),
    Case(
        "accept", Role.REVIEWER, at(Stage.COMPLETED, done_notice, accepted, RECTIFY),
        "acceptance_missing", partial(accepted, held_on=date(2026, 6, 5)),
    ),
    Case(
        "accept", Role.REVIEWER,
        at(Stage.COMPLETED, done_notice, accepted, aid_yuan=Decimal(5_000_000)),
        "acceptance_missing", partial(accepted, level=AcceptanceLevel.JOINT),
    ),
    Case(
        "accept", Role.REVIEWER, at(Stage.COMPLETED, accepted), "done_notice_missing", done_notice
    ),
    Case(
        "accept", Role.REVIEWER,
        at(Stage.COMPLETED, accepted, partial(done_notice, ends_on=TODAY)),
        "done_notice_missing", done_notice,
    ),
    Case("hand_over", Role.CLERK, at(Stage.ACCEPTED), "asset_missing", asset),
    Case(
        "hand_over", Role.CLERK, at(Stage.ACCEPTED, asset, partial(asset, owner="")),
        "asset_without_owner",
        lambda project: actions.update_asset(
            project.assets.get(owner=""), owner="村", by=make.hand(Role.CLERK), now=make.NOW
        ),
    ),
    Case(
        "confirm_handover", Role.REVIEWER,
        at(Stage.ACCEPTED, asset, propose, lambda p: strike(p.assets.get())), "asset_missing",
        asset,
    ),
    Case(
        "close", Role.APPROVER, at(Stage.HANDED_OVER, lambda p: to_close(p, audit)),
        "audit_missing", audit,
    ),
    Case(
        "close", Role.APPROVER, at(Stage.HANDED_OVER, lambda p: to_close(p, evaluation)),
        "evaluation_missing", evaluation,
    ),
    Case(
        "close", Role.APPROVER, at(Stage.HANDED_OVER, lambda p: to_close(p, paid)), "not_paid", paid
    ),
    Case(
        "close", Role.APPROVER, at(Stage.HANDED_OVER, to_close, finding), "findings_open",
        finding_closed,
    ),
    Case(
        "close", Role.APPROVER,
        at(
            Stage.HANDED_OVER, partial(audit, audited_yuan=Decimal(999_000)),
            lambda p: to_close(p, audit),
        ),
        "final_aid_exceeds_audit", partial(released, delta="-1000"),
    ),
]  # fmt: skip

ANSWERS: dict[str, dict[str, Any]] = {
    "approve": {"doc_no": "演示批1号", "on": TODAY},
    "advance": {"on": TODAY, "contract_no": "演示合同1", "contract_yuan": Decimal(1)},
    "suspend": {"reason": "演示", "on": TODAY},
    "rework": {"reason": "演示", "on": TODAY},
    **{verb: {"on": TODAY} for verb in ("start", "complete", "accept", "hand_over", "close")},
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.verb}-{case.code}")
def test_a_step_waits_for_what_it_asks_for(case: Case) -> None:
    project, by = case.project(), make.hand(case.role)
    take = partial(getattr(actions, case.verb), by=by, now=make.NOW, **ANSWERS.get(case.verb, {}))
    was = project.stage
    with pytest.raises(Refused) as refusal:
        take(project)
    assert refusal.value.code == case.code
    shown = why_not_now(project, case.verb, by, make.NOW)
    assert (shown.code, str(shown)) == (case.code, str(refusal.value))  # type: ignore[union-attr]
    case.remedy(project)
    project = Project.objects.get(pk=project.pk)
    assert project.stage == was
    assert why_not_now(project, case.verb, by, make.NOW) is None
    taken = take(project)
    assert taken.stage != was or taken.proposed_stage


def test_every_verb_with_guards_is_tried() -> None:
    elsewhere = {"take_back", "request_change"}  # below, and with the changes
    assert {case.verb for case in CASES} | elsewhere == set(GUARDS)


def test_the_page_of_a_project_names_the_first_thing_that_a_verb_lacks() -> None:
    project = make.project_at(Stage.SUBMITTED, bare=True)
    open_ones, shut = verbs_and_refusals(project, make.hand(Role.REVIEWER), make.NOW)
    assert "return" in open_ones
    assert shut["admit"].code == "opinion_missing"


def test_lists_ask_the_database_for_no_verb(django_assert_num_queries: Any) -> None:
    project = make.project_at(Stage.COMPLETED)
    project = Project.objects.select_related("pairing", "county").get(pk=project.pk)
    reviewer = make.hand(Role.REVIEWER)
    project.verbs_open_to(reviewer)  # the account's own permissions are read once
    with django_assert_num_queries(0):
        assert {"accept", "rework"} <= set(project.verbs_open_to(reviewer))


# ----------------------------------------------------------------------------- applications


@pytest.mark.parametrize(
    ("field", "word"), [("name", "担保"), ("content", "奖金 津贴"), ("linkage", "偿还债务")]
)
def test_the_negative_list_names_the_words_and_the_field(field: str, word: str) -> None:
    fields: dict[str, Any] = {field: f"演示{word}项目"}
    project = make.draft(**fields)
    with pytest.raises(Refused) as refusal:
        actions.submit(project, by=make.hand(Role.CLERK), now=make.NOW)
    assert set(refusal.value.fields) == {field}
    assert word.replace(" ", "") in str(refusal.value)


def test_the_negative_list_of_the_day_applies() -> None:
    setting("negative_list", ["景观灯"], starts_on=date(2026, 6, 15))
    clerk = make.hand(Role.CLERK)
    day_before = make.at(date(2026, 6, 14))
    lamps, guarantee = make.draft(content="景观灯"), make.draft(content="担保")
    assert actions.submit(guarantee, by=clerk, now=make.NOW).stage == Stage.SUBMITTED
    with pytest.raises(Refused):
        actions.submit(lamps, by=clerk, now=make.NOW)
    assert actions.submit(lamps, by=clerk, now=day_before).stage == Stage.SUBMITTED


def test_a_notice_hangs_as_long_as_the_setting_of_its_first_day_says() -> None:
    setting("notice_min_days", 20, starts_on=date(2026, 1, 10))
    project = opinion_and(pre(date(2026, 1, 10), date(2026, 1, 28)))()
    refusal = why_not_now(project, "admit", make.hand(Role.REVIEWER), make.NOW)
    assert isinstance(refusal, Refused)
    assert refusal.code == "notice_too_short"
    assert "19" in str(refusal)
    assert "20" in str(refusal)
    make.notice(project, NoticeKind.PRE, date(2026, 1, 9), date(2026, 1, 18))  # the day before: 10
    assert why_not_now(project, "admit", make.hand(Role.REVIEWER), make.NOW) is None


def test_only_who_submitted_an_application_takes_it_back() -> None:
    project = make.project_at(Stage.SUBMITTED, bare=True)
    for other in (make.user_with(Role.CLERK), make.user_with(is_superuser=True)):
        with pytest.raises(Refused) as refusal:
            actions.take_back(project, by=other, now=make.NOW)
        assert refusal.value.code == "not_who_submitted"
        assert not Project.objects.open_to("take_back", other).exists()
    clerk = make.hand(Role.CLERK)
    assert Project.objects.open_to("take_back", clerk).get() == project
    project = actions.take_back(project, by=clerk, now=make.NOW)
    assert (project.stage, project.submitted_by) == (Stage.DRAFT, None)
    assert actions.submit(project, by=clerk, now=make.NOW).submitted_by == clerk


def _opinion_by_the_front_team(project: Project) -> None:
    actions.file_paper(
        project, kind=PaperKind.OPINION, attachment=make.attachment(),
        by=make.user_with(Role.FRONT), now=make.NOW,
    )  # fmt: skip


@pytest.mark.parametrize("act", [make.share, pre(*JANUARY), _opinion_by_the_front_team])
def test_what_somebody_acted_on_is_not_taken_back(act: Callable[[Project], object]) -> None:
    project = make.project_at(Stage.SUBMITTED, bare=True)
    act(project)
    with pytest.raises(Refused) as refusal:
        actions.take_back(project, by=make.hand(Role.CLERK), now=make.NOW)
    assert refusal.value.code == "acted_on"


@pytest.mark.parametrize("stage", [Stage.DRAFT, Stage.SUBMITTED, Stage.LIBRARY])
def test_a_withdrawn_application_drops_its_shares(stage: Stage) -> None:
    project, clerk = make.project_at(stage), make.hand(Role.CLERK)
    share = None if stage == Stage.DRAFT else make.share(project)
    with pytest.raises(ValidationError) as refusal:
        actions.withdraw(project, reason=" ", by=clerk, now=make.NOW)
    assert set(refusal.value.message_dict) == {"reason"}
    project = actions.withdraw(project, reason="资金不足", by=clerk, now=make.NOW)
    assert project.stage_changes.latest("pk").reason == "资金不足"
    if share is not None:
        share.refresh_from_db()
        assert share.voided_at == make.NOW


# ----------------------------------------------------------------------------- halts


def test_a_winter_stop_says_when_the_works_go_on() -> None:
    project, reviewer = make.project_at(Stage.ACTIVE), make.hand(Role.REVIEWER)
    suspend = partial(actions.suspend, project, on=TODAY, by=reviewer, now=make.NOW)
    with pytest.raises(ValidationError) as refusal:
        suspend(reason="冬季停工", resumes_on=TODAY)
    assert set(refusal.value.message_dict) == {"resumes_on"}
    with pytest.raises(ValidationError) as refusal:
        suspend(reason="")
    assert set(refusal.value.message_dict) == {"reason"}
    project = suspend(reason="冬季停工", resumes_on=date(2026, 6, 16))
    step = project.stage_changes.latest("pk")
    assert (step.to_stage, step.resumes_on) == (Stage.SUSPENDED, date(2026, 6, 16))
    project = actions.resume(project, on=TODAY, by=reviewer, now=make.NOW)
    assert project.stage == Stage.ACTIVE


def test_works_go_back_once_for_each_acceptance_that_asks_for_it() -> None:
    project, reviewer = make.project_at(Stage.COMPLETED), make.hand(Role.REVIEWER)
    RECTIFY(project)
    project = actions.rework(project, reason="演示", on=TODAY, by=reviewer, now=make.NOW)
    assert project.stage == Stage.ACTIVE
    later = make.at(date(2026, 6, 16))
    by = make.hand(Role.CLERK)
    project = actions.complete(project, on=date(2026, 6, 16), by=by, now=later)
    project = actions.confirm_completion(project, by=reviewer, now=later)
    with pytest.raises(Refused) as refusal:
        actions.rework(project, reason="演示", on=date(2026, 6, 16), by=reviewer, now=later)
    assert refusal.value.code == "nothing_to_rework"


# ----------------------------------------------------------------------------- endings


def test_works_are_not_accepted_before_the_panel_met() -> None:
    project = at(Stage.COMPLETED, done_notice, accepted)()
    accept = partial(actions.accept, project, by=make.hand(Role.REVIEWER), now=make.NOW)
    with pytest.raises(ValidationError) as refusal:
        accept(on=date(2026, 6, 1))
    assert set(refusal.value.message_dict) == {"on"}
    assert accept(on=date(2026, 6, 2)).stage == Stage.ACCEPTED


def test_the_unit_that_did_the_works_does_not_chair_their_acceptance() -> None:
    project = at(Stage.COMPLETED, done_notice, accepted)()
    unit = make.organisation(OrganisationKind.RECIPIENT_OFFICE)  # it chaired, then took over
    make.change(
        project, ChangeKind.UNIT, {"implementing_unit": unit.pk}, status=ChangeStatus.APPROVED
    )
    with pytest.raises(Refused) as refusal:
        actions.accept(project, on=TODAY, by=make.hand(Role.REVIEWER), now=make.NOW)
    assert refusal.value.code == "chair_of_the_unit"


def test_from_the_sum_of_the_setting_on_both_sides_accept() -> None:
    setting("joint_acceptance_yuan", "1000000")
    project = at(Stage.COMPLETED, done_notice, accepted)()
    with pytest.raises(Refused) as refusal:
        actions.accept(project, on=TODAY, by=make.hand(Role.REVIEWER), now=make.NOW)
    assert refusal.value.code == "acceptance_missing"
    small = at(Stage.COMPLETED, done_notice, accepted, aid_yuan=Decimal("999999.99"))()
    small = actions.accept(small, on=TODAY, by=make.hand(Role.REVIEWER), now=make.NOW)
    assert small.stage == Stage.ACCEPTED


def test_what_forms_no_asset_is_closed_without_a_hand_over() -> None:
    approver = make.hand(Role.APPROVER)
    project = to_close(make.project_at(Stage.ACCEPTED, forms_asset=False))
    with pytest.raises(Refused) as refusal:
        actions.hand_over(project, on=TODAY, by=make.hand(Role.CLERK), now=make.NOW)
    assert refusal.value.code == "forms_no_asset"
    closed = actions.close(project, on=TODAY, by=approver, now=make.NOW, doc_no=" 结1号 ")
    assert closed.stage == Stage.CLOSED
    assert closed.stage_changes.latest("pk").doc_no == "结1号"
    other = to_close(make.project_at(Stage.ACCEPTED))
    with pytest.raises(Refused) as refusal:
        actions.close(other, on=TODAY, by=approver, now=make.NOW)
    assert refusal.value.code == "not_handed_over"


def test_small_aid_is_closed_without_an_audit() -> None:
    project = make.project_at(Stage.HANDED_OVER, aid_yuan=Decimal("999999.99"))
    to_close(project, audit, paid)
    paid(project, "969999.99")
    closed = actions.close(project, on=TODAY, by=make.hand(Role.APPROVER), now=make.NOW)
    assert closed.stage == Stage.CLOSED


def audited_at_930000() -> Project:
    """Aid of 1,000,000, of which the audit confirmed 930,000; handed over, evaluated, unpaid."""
    project = make.project_at(Stage.HANDED_OVER)
    audit(project, Decimal(930_000))
    evaluation(project)
    return project


def test_the_surplus_is_released_to_the_fen_before_closing() -> None:
    project, approver = audited_at_930000(), make.hand(Role.APPROVER)
    released(project, "-69999.99")
    paid(project, "902100")
    refusal = why_not_now(project, "close", approver, make.NOW)
    assert isinstance(refusal, Refused)
    assert refusal.code == "final_aid_exceeds_audit"
    assert "0.01" in str(refusal)
    released(project, "-0.01")
    assert why_not_now(project, "close", approver, make.NOW) is None
    released(project, "-0.01")
    refusal = why_not_now(project, "close", approver, make.NOW)
    assert isinstance(refusal, Refused)
    assert refusal.code == "shares_below_settlement"


@pytest.mark.parametrize(("amount", "closes"), [("902099.99", False), ("902100.00", True)])
def test_a_project_closes_once_all_but_the_retention_is_paid(amount: str, closes: bool) -> None:
    project, approver = audited_at_930000(), make.hand(Role.APPROVER)
    released(project, "-70000")
    paid(project, amount)
    close = partial(actions.close, project, on=TODAY, by=approver, now=make.NOW)
    if closes:
        assert close().stage == Stage.CLOSED
        return
    with pytest.raises(Refused) as refusal:
        close()
    assert refusal.value.code == "not_paid"
    assert "902,100.00" in str(refusal.value)


def test_what_was_paid_back_does_not_count_as_paid() -> None:
    project, approver = audited_at_930000(), make.hand(Role.APPROVER)
    released(project, "-70000")
    payment = make.payment(project, amount_yuan=Decimal("902100"), paid_on=date(2026, 6, 9))
    make.paid_back(payment, amount_yuan=FEN, refunded_on=date(2026, 6, 12))
    refusal = why_not_now(project, "close", approver, make.NOW)
    assert isinstance(refusal, Refused)
    assert refusal.code == "not_paid"


def test_a_settlement_below_the_grant_leaves_a_surplus_to_release() -> None:
    project = at(
        Stage.COMPLETED, done_notice, partial(accepted, final_aid_yuan=Decimal(999_999)),
        forms_asset=False,
    )()  # fmt: skip
    project = actions.accept(project, on=TODAY, by=make.hand(Role.REVIEWER), now=make.NOW)
    to_close(project, paid)
    make.payment(project, amount_yuan=Decimal("969999.03"), paid_on=TODAY)
    approver = make.hand(Role.APPROVER)
    refusal = why_not_now(project, "close", approver, make.NOW)
    assert isinstance(refusal, Refused)
    assert refusal.code == "surplus_not_released"
    released(project, "-1")
    assert why_not_now(project, "close", approver, make.NOW) is None
