"""Fund plans, transfers and payments: what counts, since when, and what is refused."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from assistance.errors import Refused
from assistance.models.regions import OrganisationKind
from assistance.roles import Role
from projects import actions
from projects.models import FundPlan, Payment, Project, Source, Stage, Transfer
from projects.models.funds import FundPlanStatus, TransferStatus
from projects.models.history import ProgressStatus
from projects.models.payments import PaymentStatus
from tests import factories as make

pytestmark = pytest.mark.django_db

TODAY = make.NOW.date()
FEN = Decimal("0.01")


# ---------------------------------------------------------------------------------- fund plans


def test_a_plan_counts_from_its_issue_and_is_not_edited_afterwards() -> None:
    plan = make.fund_plan(FundPlanStatus.DRAFT)
    plan = actions.edit_fund_plan(
        plan, amount_yuan=Decimal(5), by=make.hand(Role.CLERK), now=make.NOW
    )
    assert (plan.amount_yuan, plan.counted_at) == (5, None)
    plan = actions.issue_fund_plan(plan, by=make.hand(Role.FINANCE), now=make.NOW)
    assert (plan.status, plan.counted_at) == (FundPlanStatus.ISSUED, make.NOW)
    with pytest.raises(Refused) as refusal:
        actions.issue_fund_plan(plan, by=make.hand(Role.FINANCE), now=make.NOW)
    assert refusal.value.code == "fund_plan_is_settled"
    with pytest.raises(Refused) as refusal:
        actions.edit_fund_plan(plan, amount_yuan=Decimal(6), by=make.hand(Role.CLERK), now=make.NOW)
    assert refusal.value.code == "fund_plan_is_settled"


def test_a_plan_has_a_document_or_says_on_what_it_is_based() -> None:
    with pytest.raises(ValidationError):
        make.fund_plan(doc_no="", basis="")
    assert make.fund_plan(doc_no="", basis="演示依据", is_inferred=True).is_inferred


def test_a_plan_is_not_issued_before_its_day() -> None:
    plan = make.fund_plan(FundPlanStatus.DRAFT, issued_on=TODAY + timedelta(days=1))
    with pytest.raises(ValidationError) as refusal:
        actions.issue_fund_plan(plan, by=make.hand(Role.FINANCE), now=make.NOW)
    assert set(refusal.value.message_dict) == {"issued_on"}


def test_a_plan_counts_exactly_when_its_status_says_so_also_by_raw_sql() -> None:
    draft, issued = make.fund_plan(FundPlanStatus.DRAFT), make.fund_plan()
    for plan, status in ((draft, FundPlanStatus.ISSUED), (issued, FundPlanStatus.DRAFT)):
        with pytest.raises(IntegrityError, match="counts_when_issued"), transaction.atomic():
            FundPlan.objects.filter(pk=plan.pk).update(status=status)


@pytest.mark.parametrize("amount", [Decimal(0), Decimal(-1), Decimal("0.001")])
def test_sums_are_positive_and_whole_in_fen(amount: Decimal) -> None:
    with pytest.raises(ValidationError):
        make.fund_plan(amount_yuan=amount)
    with pytest.raises(ValidationError):
        make.transfer(amount_yuan=amount)
    with pytest.raises(ValidationError):
        make.payment(make.project_at(Stage.ACTIVE), amount_yuan=amount)


# ----------------------------------------------------------------------------------- transfers


def test_money_arrives_when_finance_confirms_what_was_reported() -> None:
    plan = make.fund_plan()
    transfer = make.transfer(
        TransferStatus.DRAFT, plan=plan, sent_on=date(2026, 6, 1), arrived_on=None, voucher_no=""
    )
    finance, reporter = make.hand(Role.FINANCE), make.user_with(Role.P_EDIT)
    with pytest.raises(Refused) as refusal:
        actions.confirm_transfer(transfer, by=finance, now=make.NOW)
    assert refusal.value.code == "arrival_not_reported"
    actions.report_arrival(
        transfer, arrived_on=date(2026, 6, 3), voucher_no=" V1 ", by=reporter, now=make.NOW
    )
    assert plan.arrived_yuan() == 0
    confirmed = actions.confirm_transfer(transfer, by=finance, now=make.NOW)
    assert (confirmed.status, confirmed.voucher_no) == (TransferStatus.CONFIRMED, "V1")
    assert plan.arrived_yuan() == Decimal(1_000_000)
    with pytest.raises(Refused) as refusal:
        actions.report_arrival(
            transfer, arrived_on=TODAY, voucher_no="V2", by=reporter, now=make.NOW
        )
    assert refusal.value.code == "transfer_is_settled"


def test_more_than_was_planned_arrives_only_with_a_document() -> None:
    plan = make.fund_plan(amount_yuan=1_000_000)
    make.transfer(plan=plan, amount_yuan=Decimal(1_000_000) - FEN)
    make.transfer(plan=plan, amount_yuan=FEN)
    with pytest.raises(Refused) as refusal:
        make.transfer(plan=plan, amount_yuan=FEN)
    assert refusal.value.code == "more_than_planned"
    make.transfer(plan=plan, amount_yuan=FEN, over_doc_no="演示函1号")
    assert plan.arrived_yuan() == Decimal(1_000_000) + FEN


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"sent_on": TODAY + timedelta(days=1), "arrived_on": None}, "sent_on"),
        ({"arrived_on": TODAY + timedelta(days=1)}, "arrived_on"),
        ({"sent_on": TODAY, "arrived_on": TODAY - timedelta(days=1)}, "__all__"),
    ],
)
def test_transfers_are_of_the_past_and_in_order(wrong: dict[str, Any], field: str) -> None:
    fields = {"sent_on": date(2026, 2, 10), "arrived_on": date(2026, 2, 12)} | wrong
    with pytest.raises(ValidationError) as refusal:
        actions.record_transfer(
            fund_plan=make.fund_plan(), amount_yuan=Decimal(1), treasury=make.treasury(),
            by=make.hand(Role.CLERK), now=make.NOW, **fields,
        )  # fmt: skip
    assert set(refusal.value.message_dict) == {field}


def test_only_a_treasury_or_a_front_team_receives_money() -> None:
    make.transfer(treasury=make.organisation(OrganisationKind.FRONT_TEAM, make.PREFECTURE))
    with pytest.raises(ValidationError) as refusal:
        make.transfer(treasury=make.organisation())
    assert set(refusal.value.message_dict) == {"treasury"}


def test_money_of_a_plan_that_is_not_issued_is_not_logged() -> None:
    with pytest.raises(Refused) as refusal:
        make.transfer(plan=make.fund_plan(FundPlanStatus.DRAFT))
    assert refusal.value.code == "fund_plan_not_issued"


def test_a_transfers_voucher_is_used_once_per_treasury_and_year() -> None:
    make.transfer(voucher_no="V1")
    with pytest.raises(ValidationError):
        make.transfer(voucher_no="V1")
    make.transfer(voucher_no="V1", treasury=make.treasury(make.OTHER_COUNTY))
    make.transfer(voucher_no="V1", sent_on=date(2026, 1, 1), arrived_on=date(2026, 1, 2),
                  treasury=make.treasury(make.FAR_COUNTY))  # fmt: skip
    other = make.transfer(TransferStatus.DRAFT, voucher_no="V2")
    with pytest.raises(IntegrityError, match="transfer_voucher_once"), transaction.atomic():
        Transfer.objects.filter(pk=other.pk).update(voucher_no="V1")


# ------------------------------------------------------------------------------------ payments


@pytest.fixture
def project() -> Project:
    """A project under way with a share of 1,000,000 yuan, approved on 2 March 2026."""
    return make.project_at(Stage.ACTIVE)


def test_a_payment_counts_once_it_is_verified(project: Project) -> None:
    share = project.funding.get()
    payment = make.payment(project, PaymentStatus.SUBMITTED)
    assert (share.paid_yuan(), payment.seq) == (Decimal(0), 1)
    reviewer = make.hand(Role.REVIEWER)
    payment = actions.verify_payment(payment, by=reviewer, now=make.NOW)
    assert (payment.counted_at, payment.counted_by) == (make.NOW, reviewer)
    assert share.paid_yuan() == Decimal(100_000)


def test_a_share_is_paid_out_to_the_last_fen_and_not_further() -> None:
    """Of two shares each is paid by itself, however much the policy allows for both."""
    project = make.project_at(Stage.LIBRARY)
    for amount in (Decimal(100_000), Decimal(900_000)):
        make.share(project, amount_yuan=amount)
    make.ready_for(Stage.APPROVED, project)
    day, approver = date(2026, 3, 2), make.hand(Role.APPROVER)
    project = actions.approve(project, doc_no="批1", on=day, by=approver, now=make.at(day))
    make.ready_for(Stage.READY, project)
    day = date(2026, 3, 20)
    project = actions.advance(project, on=day, by=make.hand(Role.CLERK), now=make.at(day))
    make.payment(project, amount_yuan=Decimal(100_000) - FEN)
    with pytest.raises(Refused) as refusal:
        make.payment(project, amount_yuan=2 * FEN)
    assert refusal.value.code == "share_overpaid"
    make.payment(project, amount_yuan=FEN)
    assert project.funding.earliest("pk").paid_yuan() == Decimal(100_000)


def test_what_was_settled_is_not_settled_again(project: Project) -> None:
    reviewer = make.hand(Role.REVIEWER)
    verified = make.payment(project)
    rejected = make.payment(project, PaymentStatus.SUBMITTED)
    rejected = actions.reject_payment(rejected, reason="演示", by=reviewer, now=make.NOW)
    assert (rejected.status, rejected.counted_at) == (PaymentStatus.REJECTED, None)
    for payment in (verified, rejected):
        with pytest.raises(Refused) as refusal:
            actions.verify_payment(payment, by=reviewer, now=make.NOW)
        assert refusal.value.code == "payment_is_settled"
        with pytest.raises(Refused) as refusal:
            actions.reject_payment(payment, reason="演示", by=reviewer, now=make.NOW)
        assert refusal.value.code == "payment_is_settled"


def test_a_rejection_says_why(project: Project) -> None:
    payment = make.payment(project, PaymentStatus.SUBMITTED)
    with pytest.raises(ValidationError) as refusal:
        actions.reject_payment(payment, reason=" ", by=make.hand(Role.REVIEWER), now=make.NOW)
    assert set(refusal.value.message_dict) == {"reason"}


def test_a_payments_voucher_is_used_once_per_treasury_and_year(project: Project) -> None:
    other_project = make.project_at(Stage.ACTIVE)
    first = make.payment(project, PaymentStatus.SUBMITTED, voucher_no="V1")
    for again in (project, other_project):
        with pytest.raises(ValidationError):
            make.payment(again, voucher_no=" V1 ")
    make.payment(project, voucher_no="V1", treasury=make.treasury(make.PREFECTURE))
    second = make.payment(project, PaymentStatus.SUBMITTED, voucher_no="V2")
    with pytest.raises(IntegrityError, match="payment_voucher_once"), transaction.atomic():
        Payment.objects.filter(pk=second.pk).update(voucher_no="V1")
    actions.reject_payment(first, reason="演示", by=make.hand(Role.REVIEWER), now=make.NOW)
    make.payment(project, voucher_no="V1")  # the number is free again


@pytest.mark.parametrize(
    ("day", "again", "accepted"),
    [
        (date(2026, 12, 31), date(2027, 1, 1), True),
        (date(2026, 3, 20), date(2026, 12, 31), False),
    ],
)
def test_the_year_of_a_voucher_is_the_calendar_year_of_its_day(
    project: Project, day: date, again: date, accepted: bool
) -> None:
    make.payment(project, voucher_no="V1", paid_on=day)
    if accepted:
        make.payment(project, voucher_no="V1", paid_on=again)
        return
    with pytest.raises(ValidationError):
        make.payment(project, voucher_no="V1", paid_on=again)


def _pay(project: Project, **overrides: Any) -> Payment:
    fields: dict[str, Any] = {
        "basis": "START", "amount_yuan": Decimal(1), "paid_on": TODAY, "treasury": make.treasury(),
        "payee": make.organisation(), "voucher_no": "V1",
    } | overrides  # fmt: skip
    return actions.pay(
        project.funding.earliest("pk"), by=make.hand(Role.CLERK), now=make.NOW, **fields
    )


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"paid_on": TODAY + timedelta(days=1)}, "paid_on"),
        ({"paid_on": date(2026, 3, 1)}, "paid_on"),  # the day before the approval
        ({"voucher_no": "  "}, "voucher_no"),
        ({"basis": "GIFT"}, "basis"),
        ({"claimed_progress_pct": Decimal(101)}, "__all__"),
    ],
)
def test_a_payment_that_cannot_be_is_refused(
    project: Project, wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        _pay(project, **wrong)
    assert set(refusal.value.message_dict) == {field}


def test_a_payment_is_accepted_from_the_day_on_which_the_project_was_ready(
    project: Project,
) -> None:
    with pytest.raises(Refused) as refusal:
        _pay(project, paid_on=date(2026, 3, 19))
    assert refusal.value.code == "above_cap"
    assert _pay(project, paid_on=date(2026, 3, 20)).seq == 1


def test_only_a_treasury_pays(project: Project) -> None:
    with pytest.raises(ValidationError) as refusal:
        _pay(project, treasury=make.organisation())
    assert set(refusal.value.message_dict) == {"treasury"}


@pytest.mark.parametrize("stage", Stage)
def test_payments_are_made_from_readiness_to_hand_over(stage: Stage) -> None:
    project = make.project_at(stage)
    if not project.funding.exists():
        if stage not in {Stage.SUBMITTED, Stage.LIBRARY}:
            return  # nothing can be allotted here, so there is nothing to pay from
        make.share(project)
    open_to_payment = {
        Stage.READY, Stage.ACTIVE, Stage.SUSPENDED, Stage.COMPLETED, Stage.ACCEPTED,
        Stage.HANDED_OVER,
    }  # fmt: skip
    if stage in open_to_payment:
        assert _pay(project).status == PaymentStatus.SUBMITTED
        return
    with pytest.raises(Refused) as refusal:
        _pay(project)
    ended = stage == Stage.CLOSED  # its retention is paid yet, and nothing else
    assert refusal.value.code == ("project_has_ended" if ended else "not_on_the_road")


def test_matching_funds_and_gifts_in_kind_are_not_paid_here() -> None:
    project = make.project_at(Stage.LIBRARY, aid_yuan=Decimal(0), match_yuan=Decimal(100))
    clerk = make.hand(Role.CLERK)
    actions.allot(project, source=Source.MATCH, amount_yuan=Decimal(100), by=clerk, now=make.NOW)
    make.ready_for(Stage.APPROVED, project)
    actions.approve(project, doc_no="批1", on=TODAY, by=make.hand(Role.APPROVER), now=make.NOW)
    make.ready_for(Stage.READY, project)
    actions.advance(project, on=TODAY, by=clerk, now=make.NOW)
    with pytest.raises(Refused) as refusal:
        _pay(project)
    assert refusal.value.code == "source_is_not_paid_here"


def test_payments_of_a_dropped_share_are_refused() -> None:
    project = make.project_at(Stage.LIBRARY)
    dropped = make.share(project)
    actions.drop_allotment(dropped, reason="演示", by=make.hand(Role.CLERK), now=make.NOW)
    make.share(project)
    make.ready_for(Stage.APPROVED, project)
    project = actions.approve(
        project, doc_no="批1", on=TODAY, by=make.hand(Role.APPROVER), now=make.NOW
    )
    make.ready_for(Stage.READY, project)
    project = actions.advance(project, on=TODAY, by=make.hand(Role.CLERK), now=make.NOW)
    with pytest.raises(Refused) as refusal:
        _pay(project)  # out of the first share, the dropped one
    assert refusal.value.code == "share_does_not_count"


# ------------------------------------------------------------------------------------ progress


def test_progress_never_falls_below_what_was_verified(project: Project) -> None:
    make.progress(project, 40, measured_on=date(2026, 4, 20))
    with pytest.raises(ValidationError) as refusal:
        make.progress(project, Decimal("39.99"))
    assert set(refusal.value.message_dict) == {"physical_pct"}
    make.progress(project, 40)


def test_a_late_report_lies_between_what_was_verified_before_and_after_it(project: Project) -> None:
    make.progress(project, 20, measured_on=date(2026, 3, 25))
    early = make.progress(
        project, 80, measured_on=date(2026, 4, 20), status=ProgressStatus.SUBMITTED
    )
    make.progress(project, 60)  # in May
    with pytest.raises(ValidationError) as refusal:
        actions.verify_progress(early, by=make.hand(Role.REVIEWER), now=make.NOW)
    assert set(refusal.value.message_dict) == {"physical_pct"}
    actions.return_progress(early, reason="演示", by=make.hand(Role.REVIEWER), now=make.NOW)
    for wrong in (Decimal("19.99"), Decimal("60.01")):
        with pytest.raises(ValidationError) as refusal:
            make.progress(project, wrong, measured_on=date(2026, 4, 20))
        assert set(refusal.value.message_dict) == {"physical_pct"}
    make.progress(project, 40, measured_on=date(2026, 4, 20))


def test_a_month_has_one_progress_report_until_it_is_returned(project: Project) -> None:
    day = date(2026, 5, 20)
    first = make.progress(project, 40, status=ProgressStatus.SUBMITTED)
    with pytest.raises(ValidationError):
        make.progress(project, 50)
    reviewer = make.hand(Role.REVIEWER)
    actions.return_progress(first, reason="演示", by=reviewer, now=make.at(day))
    make.progress(project, 50)
    with pytest.raises(Refused) as refusal:
        actions.verify_progress(first, by=reviewer, now=make.at(day))
    assert refusal.value.code == "not_submitted"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"period": "2026-6"}, "period"),
        ({"measured_on": date(2026, 5, 31)}, "measured_on"),
        ({"measured_on": date(2026, 6, 16)}, "measured_on"),
        ({"physical_pct": Decimal("100.01")}, "__all__"),
        ({"physical_pct": Decimal("-0.01")}, "__all__"),
    ],
)
def test_a_report_that_cannot_be_is_refused(
    project: Project, wrong: dict[str, Any], field: str
) -> None:
    fields: dict[str, Any] = {
        "period": "2026-06", "measured_on": TODAY, "physical_pct": Decimal(10), "narrative": "演示",
        "photos": [make.photo()],
    } | wrong  # fmt: skip
    with pytest.raises(ValidationError) as refusal:
        actions.report_progress(project, by=make.hand(Role.CLERK), now=make.NOW, **fields)
    assert set(refusal.value.message_dict) == {field}
