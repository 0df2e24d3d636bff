"""A change of what was approved: asked for, consented to, decided by other hands, and done."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from assistance.actions.settings import confirm_setting, propose_setting
from assistance.errors import Refused, Stale
from assistance.models import User
from assistance.roles import Role
from projects import actions
from projects.actions.changed_values import shares_of, surplus
from projects.models import ChangeRequest, Project, Stage
from projects.models.changes import CHANGE_VERBS, ChangeKind, ChangeStatus
from projects.models.payments import PaymentBasis, PaymentStatus
from tests import factories as make

pytestmark = pytest.mark.django_db

K, S = ChangeKind, ChangeStatus
TODAY = make.NOW.date()
JUSTIFIED = {"justification": "演示：已完成部分可独立使用"}


def fresh(change: ChangeRequest) -> ChangeRequest:
    return ChangeRequest.objects.select_related("project__pairing").get(pk=change.pk)


def refused(code: str) -> Any:
    return pytest.raises(Refused, check=lambda refusal: refusal.code == code)


def invalid(field: str) -> Any:
    return pytest.raises(ValidationError, check=lambda refusal: set(refusal.error_dict) == {field})


def approve(change: ChangeRequest, role: Role = Role.REVIEWER, on: date = TODAY) -> ChangeRequest:
    return actions.approve_change(
        change, doc_no="批2", effective_on=on, by=make.hand(role), now=make.NOW
    )


def share_key(project: Project) -> str:
    return str(project.funding.get().pk)


# ------------------------------------------------------------------------------------ the values


def of_each_kind() -> dict[ChangeKind, dict[str, Any]]:
    return {
        K.CONTENT: {"content": "演示新内容", "lifted_persons": 40, "mode": "TURNKEY"},
        K.SITE: {"place": "演示新村"},
        K.BUDGET: {},
        K.SCHEDULE: {"planned_start": date(2026, 5, 1), "planned_end": date(2026, 12, 20)},
        K.UNIT: {"implementing_unit": make.treasury(), "responsible_person": "演示新人"},
        K.USE_OF_FUNDS: {"sector": "EDU", "is_livelihood": False, "spend_level": "town"},
        K.TERMINATE: {},
    }


@pytest.mark.parametrize("kind", [kind for kind in K if kind not in {K.BUDGET, K.SURPLUS}])
def test_an_approved_change_is_what_the_project_says_from_then_on(kind: ChangeKind) -> None:
    project = make.project_at(Stage.ACTIVE)
    after = of_each_kind()[kind]
    change = make.change(project, kind, after, status=S.SUBMITTED)
    assert change.before.keys() == change.after.keys()
    for column, value in after.items():
        assert getattr(project, column) != value
    if change.needs_consent:
        make.consent_paper(change)
        actions.consent_to_change(change, doc_no="函1", by=make.hand(Role.REVIEWER), now=make.NOW)
    approve(change, Role.APPROVER if change.needs_consent else Role.REVIEWER)
    became = Project.objects.get(pk=project.pk)
    for column, value in after.items():
        assert getattr(became, column) == value
    assert became.version > project.version
    assert fresh(change).status == S.APPROVED
    assert fresh(change).doc_no == "批2"


@pytest.mark.parametrize(("kind", "foreign"), [
    (K.SITE, {"name": "x"}), (K.CONTENT, {"place": "x"}), (K.SCHEDULE, {"aid_yuan": "1"}),
    (K.UNIT, {"shares": {}}), (K.USE_OF_FUNDS, {"needs_tender": True}),
    (K.TERMINATE, {"content": "x"}), (K.BUDGET, {"stage": "CLOSED"}),
])  # fmt: skip
def test_a_kind_changes_nothing_that_is_not_its_own(
    kind: ChangeKind, foreign: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError) as refusal:
        make.change(make.project_at(Stage.ACTIVE), kind, foreign, status=S.DRAFT)
    assert set(refusal.value.error_dict) == set(foreign)


@pytest.mark.parametrize(("kind", "after", "field"), [
    (K.CONTENT, {"lifted_persons": 1_000}, "__all__"),
    (K.CONTENT, {"mode": "BARTER"}, "mode"),
    (K.CONTENT, {"name": ""}, "name"),
    (K.CONTENT, {"beneficiary_persons": "many"}, "beneficiary_persons"),
    (K.CONTENT, {"targets": [{"kind": "SATISFACTION", "name": "满意度", "quantity": "101",
                              "unit": "%"}]}, "targets"),
    (K.SCHEDULE, {"planned_end": date(2026, 1, 1)}, "__all__"),
    (K.SCHEDULE, {"planned_end": "soon"}, "planned_end"),
    (K.USE_OF_FUNDS, {"sector": "IND"}, "__all__"),
    (K.BUDGET, {"shares": {"1000000": "-1"}}, "shares"),
    (K.BUDGET, {"new_shares": {"1000000": "1"}}, "new_shares"),
    (K.BUDGET, {"new_shares": {"SELF": "0"}}, "new_shares"),
    (K.BUDGET, {"new_shares": {"SELF": "1.005"}}, "new_shares"),
    (K.BUDGET, {"new_shares": {"SELF": "NaN"}}, "new_shares"),
    (K.BUDGET, {"aid_yuan": Decimal(999_999)}, "aid_yuan"),
])  # fmt: skip
def test_what_does_not_fit_is_told_at_its_field(
    kind: ChangeKind, after: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        make.change(make.project_at(Stage.ACTIVE), kind, after, status=S.DRAFT)
    assert set(refusal.value.error_dict) == {field}


def test_a_name_that_another_project_took_is_refused_at_approval_too() -> None:
    project = make.project_at(Stage.ACTIVE)
    change = make.change(project, after={"name": "演示同名项目"}, status=S.SUBMITTED)
    make.draft(name="演示 同名项目")
    with invalid("__all__"):
        approve(change)
    assert Project.objects.get(pk=project.pk).name == project.name
    assert fresh(change).status == S.SUBMITTED


def test_performance_targets_change_with_the_content() -> None:
    project = make.project_at(Stage.ACTIVE)
    targets = [
        {**target, "quantity": Decimal(str(target["quantity"])) / 2} for target in make.TARGETS
    ]
    make.change(project, after={"targets": targets})
    assert [row.quantity for row in project.targets.all()] == [6, 15, Decimal("47.5")]


def test_what_stays_the_same_is_no_change() -> None:
    project = make.project_at(Stage.ACTIVE)
    draft = make.change(project, K.SITE, {"place": project.place}, status=S.DRAFT)
    assert draft.after == {}
    with refused("changes_nothing"):
        actions.submit_change(draft, by=make.hand(Role.CLERK), now=make.NOW)


def test_a_request_against_what_the_project_was_before_is_refused() -> None:
    project = make.project_at(Stage.ACTIVE)
    change = make.change(project, status=S.SUBMITTED)
    ChangeRequest.objects.filter(pk=change.pk).update(status=S.DRAFT)
    ChangeRequest.objects.filter(pk=change.pk).update(
        status=S.SUBMITTED, before={"content": "另一个内容"}
    )
    with refused("changed_meanwhile") as refusal:
        approve(change)
    assert "建设内容" in str(refusal.value)


# ---------------------------------------------------------------------------------------- money


def test_a_budget_follows_its_shares_up_and_down() -> None:
    plan = make.fund_plan(amount_yuan=1_080_000)
    project = make.project_at(Stage.ACTIVE, plan=plan)
    other = make.fund_plan(source="DON_CASH", amount_yuan=30_000)
    change = make.change(
        project,
        K.BUDGET,
        {"shares": {share_key(project): "80000.00"}, "new_shares": {str(other.pk): 30_000,
         "SELF": Decimal("5000.50")}},
    )  # fmt: skip
    became = Project.objects.get(pk=project.pk)
    assert (became.aid_yuan, became.donation_yuan, became.self_yuan) == (
        1_080_000, 30_000, Decimal("5000.50"),
    )  # fmt: skip
    assert plan.committed_yuan() == 1_080_000
    assert other.committed_yuan() == 30_000
    added = change.adjustments.get()
    assert (added.delta_yuan, added.effective_on) == (Decimal(80_000), date(2026, 6, 8))
    assert (added.created_by, added.counted_by) == (change.created_by, change.decided_by)
    new = project.funding.get(fund_plan=other)
    assert (new.approved_on, new.doc_no, new.change_request) == (
        date(2026, 6, 8), "演示批复1", change,
    )  # fmt: skip


def test_money_moves_from_one_plan_to_another_in_one_change() -> None:
    project = make.project_at(Stage.ACTIVE)
    full, other = project.funding.get(), make.fund_plan(source="CITY", amount_yuan=60_000)
    make.change(project, K.BUDGET, {"shares": {str(full.pk): -60_000},
                                    "new_shares": {str(other.pk): 60_000}})  # fmt: skip
    assert Project.objects.get(pk=project.pk).aid_yuan == 1_000_000
    assert full.net_yuan() == 940_000


def test_a_plan_has_to_hold_what_a_change_adds() -> None:
    plan = make.fund_plan(amount_yuan=1_050_000)
    project = make.project_at(Stage.ACTIVE, plan=plan)
    key = share_key(project)
    over = make.change(project, K.BUDGET, {"shares": {key: "50000.01"}}, status=S.SUBMITTED)
    with pytest.raises(Refused, match=r"50,000\.01") as refusal:
        approve(over)
    assert refusal.value.code == "fund_plan_overdrawn"
    assert str(plan) in str(refusal.value)
    actions.withdraw_change(over, by=make.hand(Role.CLERK), now=make.NOW)
    make.change(project, K.BUDGET, {"shares": {key: "50000.00"}})
    assert plan.committed_yuan() == 1_050_000


def test_a_closed_plan_adds_nothing_to_a_share_and_takes_back() -> None:
    plan = make.fund_plan(amount_yuan=1_050_000)
    project = make.project_at(Stage.ACTIVE, plan=plan)
    key = share_key(project)
    more = make.change(project, K.BUDGET, {"shares": {key: 50_000}}, status=S.SUBMITTED)
    actions.close_fund_plan(plan, doc_no="销1", by=make.hand(Role.FINANCE), now=make.NOW)
    with refused("fund_plan_not_issued"):
        approve(more)
    actions.withdraw_change(more, by=make.hand(Role.CLERK), now=make.NOW)
    make.change(project, K.BUDGET, {"shares": {key: -50_000}})
    assert plan.committed_yuan() == 950_000


def test_a_share_keeps_what_it_has_paid() -> None:
    project = make.project_at(Stage.ACTIVE)
    paid = make.payment(project, amount_yuan=300_000)
    key = share_key(project)
    with refused("share_overpaid"):
        make.change(project, K.BUDGET, {"shares": {key: "-700000.01"}}, status=S.DRAFT)
    make.change(project, K.BUDGET, {"shares": {key: -700_000}})
    assert project.funding.get().net_yuan() == paid.amount_yuan


def test_a_share_is_asked_again_at_approval_what_it_has_paid() -> None:
    project = make.project_at(Stage.ACTIVE)
    waiting = make.payment(project, PaymentStatus.SUBMITTED, amount_yuan=300_000)
    change = make.change(
        project, K.BUDGET, {"shares": {share_key(project): "-700000.01"}}, status=S.CONSENTED
    )
    actions.verify_payment(waiting, by=make.hand(Role.REVIEWER), now=make.NOW)
    with pytest.raises(Refused, match=r"300,000\.00.*299,999\.99"):
        approve(change, Role.APPROVER)


def test_the_same_money_is_asked_for_once() -> None:
    project = make.project_at(Stage.ACTIVE)
    plan = project.funding.get().fund_plan
    assert plan is not None
    with invalid("new_shares"):
        make.change(project, K.BUDGET, {"new_shares": {str(plan.pk): 1}}, status=S.DRAFT)


def test_a_plan_of_another_pairing_serves_no_change() -> None:
    plan = make.fund_plan(pairing=make.pairing(make.OTHER_COUNTY))
    with refused("fund_plan_of_another_pairing"):
        make.change(make.project_at(Stage.ACTIVE), K.BUDGET, {"new_shares": {str(plan.pk): 1}})


def test_a_contract_keeps_a_budget_from_shrinking_below_it() -> None:
    project = make.project_at(Stage.READY, needs_tender=True)
    with invalid("__all__"):
        make.change(project, K.BUDGET, {"shares": {share_key(project): -1}}, status=S.DRAFT)


# ---------------------------------------------------------------- what needs the donor's consent


@pytest.mark.parametrize(("delta", "pct", "consent"), [
    ("100000.00", None, False), ("100000.01", None, True), ("-100000.00", None, False),
    ("-100000.01", None, True), ("0.01", "0", True), ("125000.00", "12.5", False),
    ("125000.01", "12.5", True),
])  # fmt: skip
def test_consent_is_needed_above_the_percentage_and_not_at_it(
    delta: str, pct: str | None, consent: bool
) -> None:
    if pct is not None:
        proposed = propose_setting(
            key="change_pct", value=pct, starts_on=date(2026, 6, 1), by=make.hand(Role.REVIEWER),
            now=make.at(date(2026, 5, 30)),
        )  # fmt: skip
        confirm_setting(proposed, by=make.hand(Role.APPROVER), now=make.at(date(2026, 5, 30)))
    project = make.project_at(Stage.ACTIVE, plan=make.fund_plan())
    change = make.change(
        project, K.BUDGET, {"shares": {share_key(project): delta}}, status=S.SUBMITTED
    )
    assert change.needs_consent is consent


def test_the_percentage_of_the_day_applies() -> None:
    proposed = propose_setting(
        key="change_pct", value="1", starts_on=date(2026, 6, 16), by=make.hand(Role.REVIEWER),
        now=make.NOW,
    )  # fmt: skip
    confirm_setting(proposed, by=make.hand(Role.APPROVER), now=make.NOW)
    project = make.project_at(Stage.ACTIVE, plan=make.fund_plan())
    after = {"shares": {share_key(project): 50_000}}
    today = make.change(project, K.BUDGET, after, status=S.SUBMITTED)
    assert not today.needs_consent
    actions.withdraw_change(today, by=make.hand(Role.CLERK), now=make.NOW)
    tomorrow = make.at(date(2026, 6, 16))
    assert make.change(project, K.BUDGET, after, status=S.SUBMITTED, now=tomorrow).needs_consent


def test_small_changes_add_up_until_an_approver_has_seen_the_sum() -> None:
    project = make.project_at(Stage.ACTIVE, plan=make.fund_plan())
    after = {"shares": {share_key(project): 60_000}}
    assert not make.change(project, K.BUDGET, after).needs_consent
    second = make.change(project, K.BUDGET, after)  # 12 % of what was approved
    assert second.needs_consent
    again = make.NOW.replace(hour=11)  # 1,120,000 yuan are approved now
    assert not make.change(project, K.BUDGET, after, now=again).needs_consent


@pytest.mark.parametrize("kind", [kind for kind in K if kind != K.SURPLUS])
def test_site_unit_use_and_end_always_need_consent(kind: ChangeKind) -> None:
    project = make.project_at(Stage.ACTIVE)
    after = of_each_kind()[kind] or {"new_shares": {"SELF": 1}}
    after = {} if kind == K.TERMINATE else after
    change = make.change(project, kind, after, status=S.SUBMITTED)
    assert change.needs_consent is (kind in {K.SITE, K.UNIT, K.USE_OF_FUNDS, K.TERMINATE})


def test_consent_needs_the_donors_letter_on_file_and_its_number() -> None:
    change = make.change(make.project_at(Stage.ACTIVE), K.SITE, {"place": "新"}, status=S.SUBMITTED)
    consent = partial(actions.consent_to_change, by=make.hand(Role.REVIEWER), now=make.NOW)
    with refused("consent_not_on_file"):
        consent(change, doc_no="函1")
    paper = make.consent_paper(change)
    with invalid("doc_no"):
        consent(change, doc_no=" ")
    actions.strike_out_paper(paper, reason="演示", by=paper.created_by, now=make.NOW)
    with refused("consent_not_on_file"):
        consent(change, doc_no="函1")
    make.consent_paper(change)
    assert consent(change, doc_no="函1").status == S.CONSENTED


# -------------------------------------------------------------------- every step × every status


IN = {
    "edit": {S.DRAFT}, "submit": {S.DRAFT}, "withdraw": {S.DRAFT, S.SUBMITTED},
    "return": {S.SUBMITTED}, "consent": {S.SUBMITTED}, "approve": {S.CONSENTED},
    "reject": {S.SUBMITTED, S.CONSENTED},
}  # fmt: skip


def step(verb: str, change: ChangeRequest) -> Any:
    """The call of a verb of this request; a paper is on file."""
    calls: dict[str, Any] = {
        "edit": partial(actions.edit_change, after={"place": "另一个村"}, reason="演示"),
        "submit": actions.submit_change,
        "withdraw": actions.withdraw_change,
        "return": partial(actions.return_change, reason="演示"),
        "consent": partial(actions.consent_to_change, doc_no="函1"),
        "approve": partial(actions.approve_change, doc_no="批1", effective_on=TODAY),
        "reject": partial(actions.reject_change, reason="演示"),
    }
    return partial(calls[verb], change, now=make.NOW)


def site_change(status: ChangeStatus) -> ChangeRequest:
    """A change of the site, which needs consent, in this status; its letter is on file."""
    project = make.project_at(Stage.ACTIVE)
    bring_to = {S.REJECTED: S.SUBMITTED, S.WITHDRAWN: S.SUBMITTED}.get(status, status)
    change = make.change(project, K.SITE, {"place": "演示新村"}, status=bring_to)
    if status == S.REJECTED:
        step("reject", change)(by=make.hand(Role.APPROVER))
    if status == S.WITHDRAWN:
        step("withdraw", change)(by=make.hand(Role.CLERK))
    if status in {S.DRAFT, S.SUBMITTED}:
        make.consent_paper(change)
    return fresh(change)


def tried(verb: str, change: ChangeRequest, by: User) -> Exception | None:
    """What the verb answers ``by``, undone again; None where it goes through."""
    with transaction.atomic():
        try:
            step(verb, change)(by=by)
        except (Refused, PermissionDenied, ChangeRequest.DoesNotExist) as refusal:
            return refusal
        finally:
            transaction.set_rollback(True)
    return None


@pytest.mark.parametrize("status", S)
def test_a_verb_is_open_in_its_statuses_and_in_no_other(status: ChangeStatus) -> None:
    change = site_change(status)
    decides = dict.fromkeys(("approve", "reject", "return"), Role.APPROVER)
    open_ones = set()
    for verb in CHANGE_VERBS:
        role = (decides | {"consent": Role.REVIEWER}).get(verb, Role.CLERK)
        refusal = tried(verb, change, make.hand(role))
        if refusal is None:
            open_ones.add(verb)
        else:
            assert isinstance(refusal, Refused), (verb, refusal)
            assert refusal.code in {"not_open", "consent_missing"}
    assert open_ones == {verb for verb, statuses in IN.items() if status in statuses}


FALLS_TO = {
    "edit": {Role.CLERK, Role.P_EDIT}, "submit": {Role.CLERK, Role.P_EDIT},
    "withdraw": {Role.CLERK, Role.P_EDIT},
    "return": {Role.FRONT, Role.D_EDIT, Role.REVIEWER, Role.APPROVER},
    "consent": {Role.FRONT, Role.D_EDIT, Role.REVIEWER}, "approve": {Role.APPROVER},
    "reject": {Role.APPROVER},
}  # fmt: skip


@pytest.mark.parametrize("verb", CHANGE_VERBS)
def test_a_step_falls_to_its_roles_and_lists_say_so(verb: str) -> None:
    change = site_change(max(IN[verb], key=list(S).index))
    for role in Role:
        user = make.user_with(role)
        user.regions_with_a_front_team = frozenset()  # the reviewer takes the front team's checks
        mine = role in FALLS_TO[verb]
        visible = ChangeRequest.objects.visible_to(user)
        seen = visible.select_related("project__pairing", "project__county").first()
        if seen is not None:
            assert (verb in seen.verbs_open_to(user)) is mine, role
        if verb in {"consent", "approve"}:
            assert visible.awaiting(verb, user).filter(pk=change.pk).exists() is mine, role
        refusal = tried(verb, change, user)
        assert (refusal is None) is mine, (role, refusal)
        assert mine or isinstance(refusal, (PermissionDenied, ChangeRequest.DoesNotExist))


def test_where_a_front_team_works_the_reviewer_gives_no_consent() -> None:
    change = site_change(S.SUBMITTED)
    team = make.user_with(Role.FRONT, region_code=make.PREFECTURE)
    with pytest.raises(PermissionDenied):
        step("consent", change)(by=make.user_with(Role.REVIEWER))
    assert step("consent", change)(by=team).consented_by == team


@pytest.mark.parametrize("verb", CHANGE_VERBS)
def test_people_from_elsewhere_find_no_change(verb: str) -> None:
    change = site_change(max(IN[verb], key=list(S).index))
    for role, where in (
        (Role.FRONT, make.OTHER_PREFECTURE), (Role.D_EDIT, make.OTHER_DONOR),
        (Role.P_EDIT, make.OTHER_COUNTY),
    ):  # fmt: skip
        stranger = make.user_with(role, region_code=where)
        assert isinstance(tried(verb, change, stranger), ChangeRequest.DoesNotExist)


def test_a_donor_sees_no_draft() -> None:
    change = site_change(S.DRAFT)
    district = make.user_with(Role.D_EDIT)
    assert not ChangeRequest.objects.visible_to(district).filter(pk=change.pk).exists()
    step("submit", change)(by=make.hand(Role.CLERK))
    assert ChangeRequest.objects.visible_to(district).filter(pk=change.pk).exists()


def test_a_small_change_falls_to_the_reviewer_and_a_surplus_to_the_approver() -> None:
    small = make.change(make.project_at(Stage.ACTIVE), status=S.SUBMITTED)
    with pytest.raises(PermissionDenied):
        approve(small, Role.APPROVER)
    surplus = surplus_of(make.project_at(Stage.ACCEPTED))
    with pytest.raises(PermissionDenied):
        approve(surplus, Role.REVIEWER)
    reviewer, approver = make.user_with(Role.REVIEWER), make.user_with(Role.APPROVER)
    awaiting = ChangeRequest.objects.awaiting
    assert set(awaiting("approve", reviewer)) == {small}
    assert set(awaiting("approve", approver)) == {surplus}
    with refused("needs_no_consent"):
        actions.consent_to_change(small, doc_no="函", by=reviewer, now=make.NOW)


@pytest.mark.parametrize("verb", ["consent", "approve", "reject"])
@pytest.mark.parametrize("superuser", [False, True])
def test_who_entered_or_submitted_decides_nothing(verb: str, superuser: bool) -> None:
    both = make.user_with(Role.CLERK, Role.REVIEWER, Role.APPROVER, is_superuser=superuser)
    for entered in (True, False):
        project = make.project_at(Stage.ACTIVE)
        change = actions.request_change(
            project, kind=K.SITE, after={"place": "新"}, reason="演示", now=make.NOW,
            by=both if entered else make.hand(Role.CLERK),
        )  # fmt: skip
        submitter = make.hand(Role.CLERK) if entered else both
        change = actions.submit_change(change, by=submitter, now=make.NOW)
        make.consent_paper(change)
        if verb == "approve":
            step("consent", change)(by=make.hand(Role.REVIEWER))
        with refused("own_work"):
            step(verb, change)(by=both)
        assert not ChangeRequest.objects.awaiting("approve", both).filter(pk=change.pk).exists()


def test_who_recorded_the_consent_does_not_approve() -> None:
    both = make.user_with(Role.REVIEWER, Role.APPROVER)
    change = site_change(S.SUBMITTED)
    step("consent", change)(by=both)
    with refused("own_work"):
        step("approve", fresh(change))(by=both)


@pytest.mark.parametrize("verb", CHANGE_VERBS)
def test_a_stale_version_is_told(verb: str) -> None:
    change = site_change(max(IN[verb], key=list(S).index))
    with pytest.raises(Stale):
        step(verb, change)(by=make.hand(Role.CLERK), version=change.version - 1)


def test_a_returned_request_says_why_and_comes_back() -> None:
    change = site_change(S.SUBMITTED)
    step("return", change)(by=make.hand(Role.APPROVER))
    back = fresh(change)
    assert (back.status, back.decision_reason, back.submitted_by) == (S.DRAFT, "演示", None)
    office = make.user_with(Role.P_EDIT)
    assert list(ChangeRequest.objects.returned_to(office)) == [back]
    assert not ChangeRequest.objects.returned_to(make.user_with(Role.REVIEWER)).exists()
    step("edit", back)(by=office)
    again = step("submit", fresh(back))(by=office)
    assert (again.after, again.decision_reason) == ({"place": "另一个村"}, "")


def test_a_reason_and_a_document_are_asked_for() -> None:
    project = make.project_at(Stage.ACTIVE)
    with invalid("reason"):
        actions.request_change(
            project, kind=K.SITE, after={}, reason=" ", by=make.hand(Role.CLERK), now=make.NOW
        )
    change = site_change(S.CONSENTED)
    with invalid("doc_no"):
        actions.approve_change(
            change, doc_no="", effective_on=TODAY, by=make.hand(Role.APPROVER), now=make.NOW
        )
    with invalid("reason"):
        actions.reject_change(change, reason="", by=make.hand(Role.APPROVER), now=make.NOW)


@pytest.mark.parametrize(("on", "words"), [
    (date(2026, 6, 16), "effective_on"), (date(2026, 3, 1), "2026年3月2日"),
])  # fmt: skip
def test_a_change_takes_effect_between_the_approval_and_today(on: date, words: str) -> None:
    change = make.change(make.project_at(Stage.ACTIVE), status=S.SUBMITTED)
    with pytest.raises(ValidationError, match=words) as refusal:
        approve(change, on=on)
    assert set(refusal.value.error_dict) == {"effective_on"}


# ------------------------------------------------------------------ while a change is open


def test_one_change_is_open_at_a_time() -> None:
    project = make.project_at(Stage.ACTIVE)
    other = make.change(project, K.SITE, {"place": "新"}, status=S.DRAFT)
    make.change(project, status=S.SUBMITTED)
    with refused("change_open"):
        make.change(project, status=S.DRAFT)
    with refused("change_open"):
        step("submit", other)(by=make.hand(Role.CLERK))


def test_nothing_but_retention_is_paid_while_a_change_is_open() -> None:
    project = make.project_at(Stage.ACTIVE)
    change = make.change(project, status=S.SUBMITTED)
    for basis in PaymentBasis:
        if basis == PaymentBasis.RETENTION:
            continue
        with refused("change_open"):
            make.payment(project, PaymentStatus.SUBMITTED, basis=basis)
    with refused("retention_not_due"):  # the change is not what stands in its way
        make.payment(project, PaymentStatus.SUBMITTED, basis=PaymentBasis.RETENTION)
    approve(change)
    make.payment(project, PaymentStatus.SUBMITTED)


def test_works_do_not_end_while_a_change_is_open() -> None:
    project, clerk = make.project_at(Stage.ACTIVE), make.hand(Role.CLERK)
    make.progress(project)
    complete = partial(actions.complete, project, on=TODAY, by=clerk, now=make.NOW)
    change = make.change(project, status=S.SUBMITTED)
    with refused("change_open"):
        complete()
    actions.withdraw_change(change, by=clerk, now=make.NOW)
    complete()
    change = make.change(project, status=S.SUBMITTED)
    with refused("change_open"):
        actions.confirm_completion(project, by=make.hand(Role.REVIEWER), now=make.NOW)
    approve(change)
    actions.confirm_completion(project, by=make.hand(Role.REVIEWER), now=make.NOW)


@pytest.mark.parametrize("stage", Stage)
def test_only_what_was_approved_can_be_changed(stage: Stage) -> None:
    running = {Stage.APPROVED, Stage.TENDERING, Stage.READY, Stage.ACTIVE, Stage.SUSPENDED,
               Stage.COMPLETED}  # fmt: skip
    project = make.project_at(stage)
    for kind, after in ((K.CONTENT, {"content": "新"}), (K.TERMINATE, {})):
        if stage in running:
            make.change(project, kind, after, status=S.DRAFT)
        else:
            with refused("not_on_the_road"):
                make.change(project, kind, after, status=S.DRAFT)


@pytest.mark.parametrize("kind", [K.CONTENT, K.TERMINATE])
def test_the_stage_is_asked_again_when_a_change_is_consented_to_and_approved(
    kind: ChangeKind,
) -> None:
    project = make.project_at(Stage.COMPLETED)
    change = make.change(project, kind, of_each_kind()[kind], status=S.SUBMITTED)
    if kind == K.TERMINATE:
        make.consent_paper(change)
    consented = partial(
        actions.consent_to_change, change, doc_no="函1", by=make.hand(Role.REVIEWER), now=make.NOW
    )
    if kind == K.TERMINATE:
        with transaction.atomic():
            make.written_in(project, Stage.ACCEPTED)
            with refused("not_on_the_road"):
                consented()
            transaction.set_rollback(True)
        consented()
    make.written_in(Project.objects.get(pk=project.pk), Stage.ACCEPTED)
    with refused("not_on_the_road"):
        approve(change, Role.APPROVER if kind == K.TERMINATE else Role.REVIEWER)
    rejects = make.hand(Role.APPROVER if kind == K.TERMINATE else Role.REVIEWER)
    actions.reject_change(change, reason="演示", by=rejects, now=make.NOW)


@pytest.mark.parametrize(
    ("field", "word"), [("name", "担保"), ("content", "奖金 津贴"), ("linkage", "偿还债务")]
)
def test_the_negative_list_is_asked_of_a_new_content_too(field: str, word: str) -> None:
    project = make.project_at(Stage.ACTIVE)
    change = make.change(project, after={field: f"演示{word}项目"}, status=S.DRAFT)
    clerk = make.hand(Role.CLERK)
    with refused("negative_list") as refusal:
        actions.submit_change(change, by=clerk, now=make.NOW)
    assert set(refusal.value.fields) == {field}
    change = actions.edit_change(change, after={field: "演示新"}, by=clerk, now=make.NOW)
    assert actions.submit_change(change, by=clerk, now=make.NOW).status == S.SUBMITTED


def test_the_negative_list_of_the_day_is_asked_where_the_use_changes() -> None:
    project, other = make.project_at(Stage.ACTIVE, content="演示景观灯"), {"lifted_persons": 40}
    proposed = propose_setting(
        key="negative_list", value=["景观灯"], starts_on=date(2026, 6, 15),
        by=make.hand(Role.REVIEWER), now=make.at(date(2026, 6, 12)),
    )  # fmt: skip
    confirm_setting(proposed, by=make.hand(Role.APPROVER), now=make.at(date(2026, 6, 12)))
    with refused("negative_list"):
        make.change(project, K.USE_OF_FUNDS, {"sector": "EDU"})
    assert make.change(project, K.CONTENT, other).status == S.APPROVED  # says nothing of the use


# ----------------------------------------------------------------------- surplus and termination


def surplus_of(project: Project, final_aid_yuan: Decimal | int = 930_000) -> ChangeRequest:
    make.audited(project, final_aid_yuan)
    return actions.release_surplus(project, by=make.hand(Role.CLERK), now=make.NOW)


@pytest.mark.parametrize("stage", [Stage.ACCEPTED, Stage.HANDED_OVER])
def test_of_a_million_with_930_000_audited_70_000_are_released(stage: Stage) -> None:
    project = make.project_at(stage)
    change = surplus_of(project)
    assert (change.status, change.needs_consent) == (S.SUBMITTED, False)
    assert change.after == {"shares": {share_key(project): "-70000.00"}}
    approve(change, Role.APPROVER)
    share = project.funding.get()
    assert share.net_yuan() == 930_000
    assert share.amount_yuan == 1_000_000
    with refused("no_surplus"):
        actions.release_surplus(project, by=make.hand(Role.CLERK), now=make.NOW)


def test_works_are_not_accepted_while_a_change_is_open() -> None:
    project = make.ready_for(Stage.ACCEPTED, make.project_at(Stage.COMPLETED))
    change = make.change(project, status=S.SUBMITTED)
    accept = partial(actions.accept, project, on=TODAY, by=make.hand(Role.REVIEWER), now=make.NOW)
    with refused("change_open"):
        accept()
    approve(change)
    assert accept().stage == Stage.ACCEPTED


def test_nothing_is_handed_over_or_closed_while_a_change_is_open() -> None:
    project, clerk = make.project_at(Stage.ACCEPTED), make.hand(Role.CLERK)
    make.ready_for(Stage.HANDED_OVER, project)
    change = surplus_of(project)
    hand_over = partial(actions.hand_over, project, on=TODAY, by=clerk, now=make.NOW)
    confirm = partial(actions.confirm_handover, project, by=make.hand(Role.REVIEWER), now=make.NOW)
    with refused("change_open"):
        hand_over()
    actions.withdraw_change(change, by=clerk, now=make.NOW)
    hand_over()
    change = actions.release_surplus(project, by=clerk, now=make.NOW)
    with refused("change_open"):
        confirm()
    actions.withdraw_change(change, by=clerk, now=make.NOW)
    confirm()
    change = actions.release_surplus(project, by=clerk, now=make.NOW)
    with refused("change_open"):
        actions.close(project, on=TODAY, by=make.hand(Role.APPROVER), now=make.NOW)


def test_what_was_released_serves_another_project() -> None:
    plan = make.fund_plan(amount_yuan=1_000_000)
    approve(surplus_of(make.project_at(Stage.ACCEPTED, plan=plan)), Role.APPROVER)
    other = make.project_at(Stage.LIBRARY, aid_yuan=Decimal(70_000))
    make.share(other, plan=plan)
    done = actions.approve(other, doc_no="批3", on=TODAY, by=make.hand(Role.APPROVER), now=make.NOW)
    assert done.stage == Stage.APPROVED
    assert plan.committed_yuan() == 1_000_000


def test_a_surplus_comes_off_the_newest_share_first_and_never_below_what_it_paid() -> None:
    plans = [make.fund_plan(source=source) for source in ("PROV", "CITY", "DON_CASH")]
    project = make.project_at(Stage.ACTIVE, plan=plans[0])
    make.change(project, K.BUDGET, {"new_shares": {str(plans[1].pk): 50_000}}, on=date(2026, 4, 3))
    more = {"new_shares": {str(plans[2].pk): 40_000, "SELF": 99}}
    make.change(project, K.BUDGET, more, on=date(2026, 4, 8))
    first, second, third = (project.funding.get(fund_plan=plan) for plan in plans)
    make.payment(project, amount_yuan=100)  # out of the first
    make.payment(project, funding=second, amount_yuan=20_000)
    shares = shares_of(project)
    assert surplus(shares, Decimal(1_000_000)) == {
        str(third.pk): "-40000.00", str(second.pk): "-30000.00", str(first.pk): "-20000.00",
    }  # fmt: skip
    with pytest.raises(Refused, match=r"20,000\.00") as refusal:
        surplus(shares, Decimal(100))
    assert refusal.value.code == "paid_more_than_settled"


def test_a_refund_comes_before_a_surplus_that_was_paid() -> None:
    project = make.project_at(Stage.ACCEPTED)
    paid = make.payment(project, amount_yuan=300_000, paid_on=date(2026, 6, 1))
    with pytest.raises(Refused, match=r"20,000\.00") as refusal:
        surplus_of(project, 280_000)
    assert refusal.value.code == "paid_more_than_settled"
    make.paid_back(paid, amount_yuan=20_000, refunded_on=date(2026, 6, 9))
    change = actions.release_surplus(project, by=make.hand(Role.CLERK), now=make.NOW)
    approve(change, Role.APPROVER)
    assert project.funding.get().net_yuan() == project.funding.get().paid_yuan() == 280_000


def test_a_surplus_needs_a_settlement_and_is_nobodys_choice() -> None:
    clerk = make.hand(Role.CLERK)
    with refused("not_settled"):
        actions.release_surplus(make.project_at(Stage.COMPLETED), by=clerk, now=make.NOW)
    project = make.project_at(Stage.ACCEPTED)
    with refused("surplus_is_reckoned"):
        make.change(project, K.SURPLUS, {})
    change = surplus_of(project)
    actions.return_change(change, reason="演示", by=make.hand(Role.APPROVER), now=make.NOW)
    with refused("surplus_is_reckoned"):
        actions.edit_change(change, after={}, by=clerk, now=make.NOW)
    again = actions.submit_change(change, by=clerk, now=make.NOW)
    assert again.after == {"shares": {share_key(project): "-70000.00"}}


def test_a_terminated_project_keeps_what_it_paid_and_its_place_in_the_years_plan() -> None:
    project = make.project_at(Stage.ACTIVE)
    make.payment(project, amount_yuan=300_000)
    with refused("paid_not_recovered"):
        make.change(project, K.TERMINATE, {})
    ChangeRequest.objects.update(status=S.WITHDRAWN, decided_at=make.NOW,
                                 decided_by=make.hand(Role.CLERK))  # fmt: skip
    make.change(project, K.TERMINATE, {"justification": "演示"})
    became = Project.objects.get(pk=project.pk)
    share = project.funding.get()
    assert became.stage == Stage.TERMINATED
    assert share.net_yuan() == share.paid_yuan() == 300_000
    assert share.fund_plan is not None
    assert share.fund_plan.committed_yuan() == 300_000
    assert became.year_plan_entries.counting().get().released_on is None


def test_a_project_that_gave_all_back_ends_without_a_word() -> None:
    project = make.project_at(Stage.ACTIVE)
    make.paid_back(make.payment(project, amount_yuan=10_000))
    make.change(project, K.TERMINATE, {})
    assert project.funding.get().net_yuan() == 0
    assert Project.objects.get(pk=project.pk).stage == Stage.TERMINATED


def test_a_termination_waits_for_what_is_reported_and_for_what_was_paid() -> None:
    project, clerk = make.project_at(Stage.ACTIVE), make.hand(Role.CLERK)
    make.progress(project)
    actions.complete(project, on=TODAY, by=clerk, now=make.NOW)
    change = make.change(project, K.TERMINATE, {}, status=S.CONSENTED)
    with refused("proposed_already"):
        approve(change, Role.APPROVER)
    actions.decline_step(project, reason="演示", by=make.hand(Role.REVIEWER), now=make.NOW)
    approve(change, Role.APPROVER)

    other = make.project_at(Stage.ACTIVE)
    waiting = make.payment(other, PaymentStatus.SUBMITTED, paid_on=date(2026, 6, 10))
    change = make.change(other, K.TERMINATE, JUSTIFIED, status=S.CONSENTED)
    actions.verify_payment(waiting, by=make.hand(Role.REVIEWER), now=make.NOW)
    with refused("changed_meanwhile"):
        approve(change, Role.APPROVER)


def test_a_project_does_not_end_before_its_last_payment_or_its_last_step() -> None:
    project = make.project_at(Stage.ACTIVE)
    make.payment(project, paid_on=date(2026, 6, 10))
    change = make.change(project, K.TERMINATE, JUSTIFIED, status=S.CONSENTED)
    with pytest.raises(ValidationError, match="2026年6月10日") as refusal:
        approve(change, Role.APPROVER, on=date(2026, 6, 9))
    assert set(refusal.value.error_dict) == {"effective_on"}
    other = make.change(make.project_at(Stage.ACTIVE), K.TERMINATE, {}, status=S.CONSENTED)
    with pytest.raises(ValidationError) as refusal:
        approve(other, Role.APPROVER, on=date(2026, 3, 31))  # started on 1 April
    assert set(refusal.value.error_dict) == {"effective_on"}


def test_a_termination_only_takes_money_off() -> None:
    project = make.project_at(Stage.ACTIVE)
    with invalid("shares"):
        make.change(project, K.TERMINATE, {"shares": {share_key(project): 1}}, status=S.DRAFT)


# -------------------------------------------------------------------------------------- as at


def test_an_adjustment_of_may_approved_in_july_changes_may_as_known_in_july_only() -> None:
    project = make.project_at(Stage.ACTIVE)
    july = make.at(date(2026, 7, 3))
    made = make.adjustment(project, -50_000, on=date(2026, 5, 15), now=july)
    rows = type(made).objects
    may = date(2026, 5, 31)
    assert not rows.as_at(may, make.at(date(2026, 6, 30))).exists()
    assert rows.as_at(may, july).get() == made
    assert not rows.as_at(date(2026, 5, 14), july).exists()
