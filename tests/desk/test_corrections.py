"""Money that goes back and rows that are struck out, with the forms of the desk."""

from collections.abc import Callable
from decimal import Decimal

from assistance.roles import Role
from projects.models import Refund, Stage, TransferReturn
from projects.models.funds import TransferStatus
from projects.models.payments import PaymentStatus
from tests import factories as make
from tests.desk.conftest import Seat

Sit = Callable[..., Seat]
TODAY = make.NOW.date().isoformat()


def test_a_return_is_logged_by_the_clerk_and_confirmed_by_finance(sit_down: Sit) -> None:
    clerk, finance = sit_down(Role.CLERK), sit_down(Role.FINANCE)
    transfer = make.transfer()
    clerk.do(
        transfer, "return", amount_yuan="100.00", returned_on=TODAY, voucher_no="T1", reason="多拨"
    )
    returned = TransferReturn.objects.get()
    assert transfer.fund_plan.arrived_yuan() == transfer.amount_yuan
    finance.do(returned, "confirm")
    assert transfer.fund_plan.arrived_yuan() == transfer.amount_yuan - Decimal("100.00")
    finance.do(returned, "void", reason="凭证录错")
    returned.refresh_from_db()
    assert returned.status == TransferStatus.VOIDED
    assert transfer.fund_plan.arrived_yuan() == transfer.amount_yuan


def test_a_wrong_transfer_is_struck_out_with_its_reason(sit_down: Sit) -> None:
    transfer = make.transfer()
    sit_down(Role.FINANCE).do(transfer, "void", reason="重复登记")
    transfer.refresh_from_db()
    assert (transfer.status, transfer.void_reason) == (TransferStatus.VOIDED, "重复登记")
    assert transfer.fund_plan.arrived_yuan() == 0


def test_a_refund_is_logged_at_the_share_and_verified_by_finance(sit_down: Sit) -> None:
    clerk, finance = sit_down(Role.CLERK), sit_down(Role.FINANCE)
    project = make.project_at(Stage.ACTIVE)
    share = project.funding.get()
    paid = make.payment(project)
    clerk.do(
        share,
        "refund",
        amount_yuan="50.00",
        refunded_on=TODAY,
        cause="SURPLUS",
        treasury=paid.treasury_id,
        voucher_no="R1",
    )
    paid_back = Refund.objects.get()
    assert paid_back.status == PaymentStatus.SUBMITTED
    finance.do(paid_back, "verify")
    assert share.paid_yuan() == paid.amount_yuan - Decimal("50.00")
    finance.do(paid_back, "void", reason="凭证录错")
    assert share.paid_yuan() == paid.amount_yuan


def test_a_wrong_payment_is_struck_out_by_the_reviewer(sit_down: Sit) -> None:
    project = make.project_at(Stage.ACTIVE)
    share = project.funding.get()
    paid = make.payment(project)
    sit_down(Role.REVIEWER).do(paid, "void", reason="金额录错")
    paid.refresh_from_db()
    assert paid.status == PaymentStatus.VOIDED
    assert share.paid_yuan() == 0
