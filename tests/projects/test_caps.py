"""What may be paid by a day: the policy of the county, read from the ledger under its locks."""

from __future__ import annotations

import contextlib
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.db import transaction
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from assistance.errors import Refused, Stale
from assistance.models import User
from assistance.models.regions import OrganisationKind
from assistance.models.rows import entered
from assistance.roles import Role
from projects import actions
from projects.actions import caps
from projects.actions.settlement import final_aid_yuan
from projects.models import Opening, Payment, PaymentPolicy, Project, Source, Stage
from projects.models.acceptance import AcceptanceLevel, AcceptanceResult
from projects.models.audit import AuditKind
from projects.models.evidence import NoticeKind, PaperKind
from projects.models.funds import FundPlanStatus, TransferStatus
from projects.models.payments import PaymentStatus
from projects.policies import DEFAULT
from tests import by_sql
from tests import factories as make
from tests.raw_rows import triggers_asleep

pytestmark = pytest.mark.django_db

FEN = Decimal("0.01")
CONTRACT = Decimal(950_000)
SETTLED = Decimal(930_000)


def pay(project: Project, amount: Decimal | int, day: date, basis: str = "PROGRESS") -> Payment:
    """A payment of a day, entered and verified today; one of the years to come on its day."""
    now = max(make.NOW, make.at(day))
    made = actions.pay(
        project.funding.counting().earliest("pk"), amount_yuan=Decimal(amount), basis=basis,
        paid_on=day, treasury=make.treasury(), payee=make.payee(),
        voucher_no=f"CAP-{next(make.numbers)}", by=make.hand(Role.CLERK), now=now,
    )  # fmt: skip
    return actions.verify_payment(made, by=make.hand(Role.REVIEWER), now=now)


def refused(code: str, project: Project, amount: Any, day: date, basis: str = "PROGRESS") -> str:
    with pytest.raises(Refused) as refusal:
        pay(project, amount, day, basis)
    assert refusal.value.code == code
    return str(refusal.value)


def tendered(stage: Stage) -> Project:
    """A tendered project whose contract is of 950,000 of the 1,000,000 yuan."""
    project = make.project_at(Stage.TENDERING)
    make.ready_for(Stage.READY, project)
    day = date(2026, 3, 20)
    project = actions.advance(
        project, on=day, by=make.hand(Role.CLERK), now=make.at(day), contract_no="演示合同",
        contract_yuan=CONTRACT,
    )  # fmt: skip
    if stage == Stage.READY:
        return project
    make.ready_for(Stage.ACTIVE, project)
    day = date(2026, 4, 1)
    project = actions.start(project, on=day, by=make.hand(Role.CLERK), now=make.at(day))
    return actions.confirm_start(project, by=make.hand(Role.REVIEWER), now=make.at(day, 11))


def completed(project: Project) -> Project:
    make.progress(project)
    day = date(2026, 5, 31)
    project = actions.complete(project, on=day, by=make.hand(Role.CLERK), now=make.at(day))
    return actions.confirm_completion(project, by=make.hand(Role.REVIEWER), now=make.at(day, 11))


def accepted(project: Project, final: Decimal = SETTLED) -> Project:
    """Accepted on 8 June 2026, settled at ``final`` yuan."""
    day, clerk = date(2026, 6, 3), make.hand(Role.CLERK)
    made = actions.record_acceptance(
        project, level=AcceptanceLevel.JOINT, held_on=day, chair="演示组长",
        chair_of=make.organisation(OrganisationKind.RECIPIENT_OFFICE), members=["甲", "乙", "丙"],
        result=AcceptanceResult.PASS, final_settlement_yuan=final, final_aid_yuan=final, by=clerk,
        now=make.at(day),
    )  # fmt: skip
    make.papers(project, PaperKind.ACCEPTANCE, on=day)
    actions.confirm_acceptance(made, by=make.hand(Role.REVIEWER), now=make.at(day, 11))
    make.notice(project, NoticeKind.DONE, date(2026, 6, 1), date(2026, 6, 7))
    day = date(2026, 6, 8)
    return actions.accept(project, on=day, by=make.hand(Role.REVIEWER), now=make.at(day))


def test_the_vectors_of_a_tendered_project_to_the_fen() -> None:
    project = tendered(Stage.ACTIVE)
    day = date(2026, 4, 10)
    told = refused("above_cap", project, Decimal("285000.01"), day)
    assert "285,000.00" in told
    assert "50%" in told
    pay(project, Decimal("285000.00"), day)
    refused("above_cap", project, FEN, day)
    completed(project)
    pay(project, Decimal("475000.00"), date(2026, 6, 1))  # 760,000 are 80 % of the contract's part
    refused("above_cap", project, FEN, date(2026, 6, 1))
    project = accepted(project)
    actions.record_audit(
        project, body="演示审计局", kind=AuditKind.SETTLEMENT, report_no="演示审1号",
        issued_on=date(2026, 6, 9), audited_yuan=SETTLED, by=make.hand(Role.CLERK),
        now=make.at(date(2026, 6, 9)),
    )  # fmt: skip
    day = date(2026, 6, 10)
    refused("above_cap", project, Decimal("142100.01"), day)
    pay(project, Decimal("142100.00"), day)  # 902,100 in all
    room = caps.room_on(project, day, known_at=make.at(day))
    assert [room.cap_yuan, room.paid_yuan, room.left_yuan] == [902_100, 902_100, 0]
    assert caps.retention_yuan(project, day, known_at=make.at(day)) == Decimal(27_900)


def test_a_units_own_acceptance_and_one_before_a_rework_settle_nothing() -> None:
    project = make.project_at(Stage.COMPLETED)
    day = make.NOW.date()

    def base() -> tuple[Decimal | None, Decimal | None]:
        now = Project.objects.get(pk=project.pk)
        return caps.facts_on(now, day, known_at=make.NOW).settled_yuan, final_aid_yuan(now)

    sums: dict[str, Any] = {"final_aid_yuan": SETTLED, "final_settlement_yuan": SETTLED}
    make.acceptance(project, level=AcceptanceLevel.SELF, **sums)
    make.asset(project, original_value_yuan=SETTLED + FEN)  # more than the unit itself says
    make.acceptance(project, level=AcceptanceLevel.SELF, held_on=date(2026, 6, 4), **sums)
    assert base() == (None, None)
    sums = {"final_aid_yuan": SETTLED + FEN, "final_settlement_yuan": SETTLED + FEN}
    make.acceptance(project, held_on=date(2026, 6, 4), **sums)
    assert base() == (SETTLED + FEN, SETTLED + FEN)
    with by_sql.refused_by("assets_stay_within_settlement"):
        by_sql.copy(project.assets.get())
    make.acceptance(
        project, level=AcceptanceLevel.JOINT, result=AcceptanceResult.RECTIFY,
        held_on=date(2026, 6, 5),
    )  # fmt: skip
    clerk, reviewer = make.hand(Role.CLERK), make.hand(Role.REVIEWER)
    actions.rework(project, on=date(2026, 6, 8), reason="演示", by=reviewer, now=make.NOW)
    assert base() == (None, None)
    actions.complete(project, on=date(2026, 6, 9), by=clerk, now=make.NOW)
    actions.confirm_completion(project, by=reviewer, now=make.NOW)
    assert base() == (None, None)
    by_sql.copy(project.assets.get())


def test_the_retention_is_paid_after_its_months_also_after_closing_and_nothing_else_is() -> None:
    project = make.project_at(Stage.CLOSED)  # accepted on 8 June 2026, 970,000 of 1,000,000 paid
    told = refused("retention_not_due", project, 1, date(2027, 6, 7), "RETENTION")
    assert "2027" in told
    day = date(2027, 6, 8)
    refused("share_overpaid", project, Decimal("30000.01"), day, "RETENTION")
    refused("project_has_ended", project, 1, day, "ACCEPTANCE")
    pay(project, Decimal(30_000), day, "RETENTION")
    refused("share_overpaid", project, FEN, day, "RETENTION")


def test_the_retention_waits_for_the_acceptance() -> None:
    project = make.project_at(Stage.COMPLETED)
    refused("retention_not_due", project, 1, date(2026, 6, 2), "RETENTION")


def test_a_payment_of_the_past_is_measured_by_its_own_day_and_by_those_after_it() -> None:
    project = make.project_at(Stage.COMPLETED)  # half done by 20 May, completed on 31 May
    april, may, june = date(2026, 4, 10), date(2026, 5, 22), date(2026, 6, 1)
    pay(project, 200_000, may)
    refused("above_cap", project, Decimal("300000.01"), april)  # 30 % then
    pay(project, 300_000, april)  # with that of May it is 50 %, which is May's cap
    refused("above_cap", project, FEN, april)
    refused("above_cap", project, FEN, may)
    pay(project, 300_000, june)
    refused("above_cap", project, FEN, june)


def test_what_was_paid_back_is_left_again() -> None:
    project = make.project_at(Stage.ACTIVE)
    paid = pay(project, 300_000, date(2026, 5, 6))
    make.paid_back(paid, amount_yuan=5_000, refunded_on=date(2026, 5, 26))
    refused("above_cap", project, FEN, date(2026, 5, 25))
    pay(project, 5_000, date(2026, 5, 26))


def test_the_condition_is_asked_again_at_the_verification() -> None:
    project = make.project_at(Stage.ACTIVE)
    first, second = (
        make.payment(project, PaymentStatus.SUBMITTED, amount_yuan=200_000) for _ in range(2)
    )
    reviewer = make.hand(Role.REVIEWER)
    actions.verify_payment(first, by=reviewer, now=make.NOW)
    with pytest.raises(Refused) as refusal:
        actions.verify_payment(second, by=reviewer, now=make.NOW)
    assert refusal.value.code == "above_cap"


def test_what_was_paid_before_the_project_was_taken_over_counts() -> None:
    project = make.project_at(Stage.ACTIVE)
    share = project.funding.get()
    assert caps.room_on(project, make.NOW.date(), known_at=make.NOW).paid_in_all_yuan == 0
    opening = Opening.objects.create(
        project=project, as_of=date(2026, 4, 30), stage=Stage.ACTIVE, nature="NEW", year=2026,
        physical_pct=20, source_file="演示台账", **entered(make.hand(Role.CLERK), make.NOW),
    )  # fmt: skip
    with triggers_asleep("projects_projectfunding"):
        by_sql.change(share, opening_id=opening.pk, opening_paid_yuan=290_000)
    refused("above_cap", project, Decimal("10000.01"), date(2026, 5, 6))
    pay(project, Decimal(10_000), date(2026, 5, 6))


def test_nothing_but_retention_is_entered_while_a_change_waits() -> None:
    project = make.project_at(Stage.ACTIVE)
    project.change_requests.create(
        kind="SCHEDULE", reason="演示", status="submitted", submitted_at=make.NOW,
        submitted_by=make.hand(Role.CLERK), created_by=make.hand(Role.CLERK),
        created_at=make.NOW, updated_by=make.hand(Role.CLERK), updated_at=make.NOW,
    )  # fmt: skip
    refused("change_open", project, 1, date(2026, 5, 6))


@pytest.mark.parametrize("source", [*Source])
def test_only_aid_and_donations_in_cash_are_paid_and_raise_the_cap(source: Source) -> None:
    column = {"DON_CASH": "donation_yuan", "DON_KIND": "donation_yuan", "MATCH": "match_yuan",
              "SELF": "self_yuan"}.get(source, "aid_yuan")  # fmt: skip
    asked: dict[str, Any] = {"aid_yuan": Decimal(0), column: Decimal(1_000)}
    project = make.project_at(Stage.LIBRARY, **asked)
    plan = None
    if source not in {Source.MATCH, Source.SELF}:
        plan = make.fund_plan(source=source, amount_yuan=1_000)
    else:
        with pytest.raises(ValidationError):
            make.fund_plan(source=source, amount_yuan=1_000)
    clerk = make.hand(Role.CLERK)
    actions.allot(
        project, source=source, fund_plan=plan, amount_yuan=Decimal(1_000), by=clerk, now=make.NOW
    )
    make.ready_for(Stage.APPROVED, project)
    day = date(2026, 3, 2)
    actions.approve(project, doc_no="批1", on=day, by=make.hand(Role.APPROVER), now=make.NOW)
    make.ready_for(Stage.READY, project)
    project = actions.advance(project, on=date(2026, 3, 20), by=clerk, now=make.NOW)
    day = date(2026, 5, 6)
    if column == "aid_yuan" or source == Source.DON_CASH:
        refused("above_cap", project, Decimal("300.01"), day)
        pay(project, Decimal(300), day)
    else:
        assert caps.room_on(project, day, known_at=make.NOW).cap_yuan == 0
        refused("source_is_not_paid_here", project, 1, day)


# ----------------------------------------------------------------------------------- look-alikes


def test_a_payment_that_looks_like_another_needs_a_written_reason() -> None:
    one, other = make.project_at(Stage.ACTIVE), make.project_at(Stage.ACTIVE)
    payee, day = make.payee(), date(2026, 5, 6)
    same: dict[str, Any] = {"payee": payee, "paid_on": day, "amount_yuan": 100}
    first = make.payment(one, PaymentStatus.SUBMITTED, voucher_no="V-7", **same)
    with pytest.raises(Refused) as refusal:
        make.payment(other, treasury=make.treasury(make.PREFECTURE), **same)
    assert refusal.value.code == "looks_like_a_duplicate"
    assert "V-7" in str(refusal.value)
    assert set(refusal.value.fields) == {"duplicate_reason"}
    with pytest.raises(Refused):
        make.payment(other, duplicate_reason="  ", **same)
    kept = make.payment(other, duplicate_reason="演示:第二批材料款", **same)
    assert kept.duplicate_reason == "演示:第二批材料款"
    for unlike in ({"amount_yuan": 101}, {"paid_on": date(2026, 5, 7)}, {"payee": make.payee()}):
        make.payment(one, **same | unlike)
    actions.reject_payment(first, reason="演示", by=make.hand(Role.REVIEWER), now=make.NOW)
    actions.void_payment(kept, reason="演示", by=make.hand(Role.REVIEWER), now=make.NOW)
    make.payment(one, **same)


# ----------------------------------------------------------------------------------- the remark


def test_where_a_front_team_works_it_remarks_before_the_payment_is_verified() -> None:
    payment = make.payment(make.project_at(Stage.ACTIVE), PaymentStatus.SUBMITTED)
    team = make.user_with(Role.FRONT, region_code=make.PREFECTURE)
    reviewer = make.user_with(Role.REVIEWER)
    with pytest.raises(Refused) as refusal:
        actions.verify_payment(payment, by=reviewer, now=make.NOW)
    assert refusal.value.code == "remark_missing"
    with pytest.raises(ValidationError):
        actions.remark_payment(payment, remark=" ", by=team, now=make.NOW)
    with pytest.raises(Stale):
        actions.remark_payment(payment, remark="演示", by=team, now=make.NOW, version=9)
    for stranger in (
        make.user_with(Role.FRONT, region_code=make.OTHER_PREFECTURE),
        make.user_with(Role.CLERK),
    ):
        with pytest.raises((ObjectDoesNotExist, PermissionDenied)):
            actions.remark_payment(payment, remark="演示", by=stranger, now=make.NOW)
    remarked = actions.remark_payment(payment, remark="演示:已到场核实", by=team, now=make.NOW)
    assert (remarked.front_remark_by, remarked.front_remark_at) == (team, make.NOW)
    both = make.user_with(Role.FRONT, Role.REVIEWER, organisation=team.organisation)
    mine = actions.remark_payment(payment, remark="演示:复核", by=both, now=make.NOW)
    with pytest.raises(Refused) as refusal:
        actions.verify_payment(mine, by=both, now=make.NOW)
    assert refusal.value.code == "own_work"
    assert actions.verify_payment(payment, by=reviewer, now=make.NOW).counts
    with pytest.raises(Refused) as refusal:
        actions.remark_payment(payment, remark="演示", by=team, now=make.NOW)
    assert refusal.value.code == "payment_is_settled"


def test_a_remark_has_a_person_and_an_instant_also_by_sql() -> None:
    payment = make.payment(make.project_at(Stage.ACTIVE), PaymentStatus.SUBMITTED)
    with by_sql.refused_by("payment_remark_at_and_by"):
        by_sql.change(payment, front_remark="x")


# ----------------------------------------------------------------------------------- the policies


def policy(
    starts_on: date = date(2026, 1, 1), *, by: User | None = None, **overrides: Any
) -> PaymentPolicy:
    """A proposed policy of the demo county: 70 % on the start, all on the acceptance."""
    steps = [{"pct": "70", "when": "STARTED"}, {"pct": "100", "when": "ACCEPTED"}]
    fields: dict[str, Any] = {"county": make.region(), "name": "演示办法", "steps": steps}
    return actions.propose_policy(
        **fields | overrides, starts_on=starts_on, by=by or make.hand(Role.REVIEWER), now=make.NOW
    )


def test_a_policy_applies_from_its_day_on_once_other_hands_confirmed_it() -> None:
    project = make.project_at(Stage.ACTIVE)
    both = make.user_with(Role.REVIEWER, Role.APPROVER)
    proposed = policy(date(2026, 5, 1), by=both)
    april, may = date(2026, 4, 30), date(2026, 5, 1)
    for day in (april, may):
        assert caps.policy_on(project.county, day, known_at=make.NOW).steps == DEFAULT
    with pytest.raises(Refused) as refusal:
        actions.confirm_policy(proposed, by=both, now=make.NOW)
    assert refusal.value.code == "own_work"
    with by_sql.refused_by("paymentpolicy_counted_by_other_hands"):
        by_sql.change(proposed, counted_at=make.NOW, counted_by_id=both.pk)
    confirmed = actions.confirm_policy(proposed, by=make.hand(Role.APPROVER), now=make.NOW)
    assert caps.policy_on(project.county, april, known_at=make.NOW).steps == DEFAULT
    assert caps.policy_on(project.county, may, known_at=make.NOW).row == confirmed
    elsewhere = make.region(make.OTHER_COUNTY)
    assert caps.policy_on(elsewhere, may, known_at=make.NOW).steps == DEFAULT
    refused("above_cap", project, Decimal("300000.01"), april)
    pay(project, 700_000, may)
    refused("no_retention", project, 1, may, "RETENTION")
    before = make.at(date(2026, 6, 14))
    assert caps.policy_on(project.county, may, known_at=before).steps == DEFAULT
    struck = actions.strike_out_policy(
        confirmed, reason="演示", by=make.hand(Role.APPROVER), now=make.NOW
    )
    assert caps.policy_on(project.county, may, known_at=make.NOW).steps == DEFAULT
    for again in (actions.confirm_policy, partial(actions.strike_out_policy, reason="演示")):
        with pytest.raises(Refused) as refusal:
            again(struck, by=make.hand(Role.APPROVER), now=make.NOW)
        assert refusal.value.code == "policy_is_settled"


def test_of_two_policies_the_later_one_applies() -> None:
    approver = make.hand(Role.APPROVER)
    for starts_on, pct in ((date(2026, 1, 1), "60"), (date(2026, 6, 1), "65")):
        steps = [{"pct": pct, "when": "STARTED"}]
        actions.confirm_policy(policy(starts_on, steps=steps), by=approver, now=make.NOW)
    for day, applies in ((date(2026, 5, 31), 60), (date(2026, 6, 1), 65)):
        found = caps.policy_on(make.region(), day, known_at=make.NOW)
        assert [step.pct for step in found.steps] == [applies]


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"steps": [{"pct": "30", "when": "PROGRESS"}]}, "steps", "Step 1"),
        (
            {
                "steps": [
                    {"pct": "90", "when": "ACCEPTED"},
                    {"pct": "100", "when": "RETENTION", "months": 12},
                ]
            },
            "steps",
            "at most 3",
        ),
        ({"name": " "}, "name", "blank"),
    ],
)
def test_a_policy_that_does_not_fit_is_refused(
    wrong: dict[str, Any], field: str, said: str
) -> None:
    with translation.override("en"), pytest.raises(ValidationError, match=said) as refusal:
        policy(**wrong)
    assert set(refusal.value.message_dict) == {field}


def test_a_policy_belongs_to_a_county() -> None:
    with pytest.raises(ValidationError) as refusal:
        policy(county=make.region(make.PREFECTURE))
    assert set(refusal.value.message_dict) == {"county"}


# -------------------------------------------------------------------------- closing a fund plan


def test_a_plan_is_closed_once_its_money_came_or_was_written_off() -> None:
    plan, finance = make.fund_plan(amount_yuan=1_000), make.hand(Role.FINANCE)
    with pytest.raises(Refused) as refusal:
        actions.close_fund_plan(plan, by=finance, now=make.NOW)
    assert refusal.value.code == "not_all_arrived"
    assert set(refusal.value.fields) == {"doc_no"}
    with by_sql.refused_by("fund_plan_closes_when_all_arrived"):
        by_sql.change(plan, status=FundPlanStatus.CLOSED)
    make.transfer(plan=plan, amount_yuan=999)
    waiting = make.transfer(TransferStatus.DRAFT, plan=plan, amount_yuan=1)
    with pytest.raises(Refused) as refusal:
        actions.close_fund_plan(plan, by=finance, now=make.NOW)
    assert refusal.value.code == "transfers_wait"
    actions.confirm_transfer(waiting, by=finance, now=make.NOW)
    closed = actions.close_fund_plan(plan, by=finance, now=make.NOW)
    assert (closed.status, closed.closed_doc_no) == (FundPlanStatus.CLOSED, "")
    written_off = actions.close_fund_plan(
        make.fund_plan(), doc_no="演示核销1号", by=finance, now=make.NOW
    )
    assert written_off.closed_doc_no == "演示核销1号"
    with pytest.raises(Refused) as refusal:
        actions.close_fund_plan(closed, by=finance, now=make.NOW)
    assert refusal.value.code == "fund_plan_not_issued"


@pytest.mark.parametrize("doc_no", ["", "演示核销2号"])
def test_a_plan_keeps_what_it_was_closed_with_unless_a_document_writes_it_off(doc_no: str) -> None:
    plan, finance = make.fund_plan(amount_yuan=1_000), make.hand(Role.FINANCE)
    sent = make.transfer(plan=plan, amount_yuan=900)
    back = make.transfer_return(sent, TransferStatus.DRAFT, amount_yuan=1)
    other = make.transfer(plan=plan, amount_yuan=100)
    actions.close_fund_plan(plan, doc_no=doc_no, by=finance, now=make.NOW)
    confirm = partial(actions.confirm_return, back, by=finance, now=make.NOW)
    void = partial(actions.void_transfer, other, reason="演示", by=finance, now=make.NOW)
    if doc_no:
        assert confirm().counts
        assert not void().counts
        return
    for verb in (confirm, void):
        with pytest.raises(Refused) as refusal:
            verb()
        assert refusal.value.code == "fund_plan_is_closed"
    with by_sql.refused_by("fund_plan_closes_when_all_arrived"):
        by_sql.change(
            other, voided_at=make.NOW, voided_by_id=finance.pk, void_reason="x",
            status=TransferStatus.VOIDED,
        )  # fmt: skip
    with by_sql.refused_by("fund_plan_closes_when_all_arrived"):
        by_sql.change(
            back, counted_at=make.NOW, counted_by_id=finance.pk, status=TransferStatus.CONFIRMED
        )


def test_a_closed_plan_takes_no_shares_and_no_transfers() -> None:
    plan, other = make.fund_plan(), make.fund_plan()
    project = make.project_at(Stage.LIBRARY)
    sent = make.transfer(plan=other, amount_yuan=1)
    late = make.share(project, plan=other)
    plan = actions.close_fund_plan(plan, doc_no="销1", by=make.hand(Role.FINANCE), now=make.NOW)
    for entering in (
        lambda: make.transfer(plan=plan),
        lambda: make.share(project, plan=plan),
    ):
        with pytest.raises(Refused) as refusal:
            entering()
        assert refusal.value.code == "fund_plan_not_issued"
    for row in (sent, late):
        with by_sql.refused_by("fund_plan_is_open"):
            by_sql.copy(row, fund_plan_id=plan.pk, voucher_no="x")
    with by_sql.refused_by("fund_plan_is_open"):
        by_sql.change(late, fund_plan_id=plan.pk)


def test_a_plan_without_shares_and_transfers_is_struck_out_with_a_reason() -> None:
    used, plan, finance = make.fund_plan(), make.fund_plan(), make.hand(Role.FINANCE)
    make.transfer(plan=used, amount_yuan=1)
    strike_out = partial(actions.strike_out_fund_plan, by=finance, now=make.NOW)
    with pytest.raises(Refused) as refusal:
        strike_out(used, reason="演示")
    assert refusal.value.code == "fund_plan_is_used"
    with pytest.raises(ValidationError):
        strike_out(plan, reason=" ")
    struck = strike_out(plan, reason="演示:重复下达")
    assert not struck.counts
    with pytest.raises(Refused) as refusal:
        strike_out(struck, reason="演示")
    assert refusal.value.code == "struck_out_before"
    with pytest.raises(Refused) as refusal:
        actions.close_fund_plan(struck, by=finance, now=make.NOW)
    assert refusal.value.code == "fund_plan_not_issued"
    with pytest.raises(Refused) as refusal:
        make.transfer(plan=struck)
    assert refusal.value.code == "fund_plan_not_issued"


def test_a_plan_knows_what_was_paid_ahead_of_its_arrival() -> None:
    project = make.project_at(Stage.ACTIVE)
    plan = project.funding.get().fund_plan
    assert plan is not None
    paid = pay(project, 300_000, date(2026, 5, 6))
    make.paid_back(paid, amount_yuan=1_000)
    make.transfer(plan=plan, amount_yuan=200_000)
    assert [plan.paid_yuan(), plan.arrived_yuan()] == [299_000, 200_000]


# --------------------------------------------------------------------------------- any sequence


DAYS = [date(2026, 3, 19), date(2026, 4, 10), date(2026, 5, 22), date(2026, 6, 2)]
tries = st.lists(
    st.tuples(
        st.sampled_from(DAYS), st.integers(1, 60), st.sampled_from(["PROGRESS", "RETENTION"])
    ),
    min_size=1,
    max_size=6,
)


def test_no_sequence_of_payments_that_is_accepted_exceeds_the_cap() -> None:
    project = make.project_at(Stage.COMPLETED)

    @settings(max_examples=8, deadline=None, database=None, derandomize=True)
    @given(tries)
    def any_sequence(wanted: list[tuple[date, int, str]]) -> None:
        with transaction.atomic():
            for day, per_cent, basis in wanted:
                with contextlib.suppress(Refused):
                    pay(project, 10_000 * per_cent, day, basis)
            for day in DAYS:
                room = caps.room_on(project, day, known_at=make.NOW)
                assert room.paid_yuan <= room.cap_yuan
            transaction.set_rollback(True)

    any_sequence()
