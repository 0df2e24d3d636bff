"""How a demo project is paid for."""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime
from decimal import Decimal

from assistance.models.regions import OrganisationKind
from assistance.periods import local_day
from projects import actions
from projects.actions import caps
from projects.actions.payments import look_alikes
from projects.models import ProjectFunding
from reporting.demo.tale import Tale
from reporting.demo.world import later

PAYMENT_REJECTED = 0.04


def pay(
    tale: Tale, share: ProjectFunding, basis: str, amount: Decimal, at: datetime
) -> Generator[datetime, None, datetime]:
    """A payment that is entered, now and then rejected and entered anew, remarked on and verified.

    Nothing is paid where the report that it was to be paid for was returned.
    """
    rng, paid = tale.rng, False
    tale.paying += 1
    treasury = tale.cast.organisation(OrganisationKind.FINANCE, tale.county, "财政局")
    while not paid:
        yield at
        paid_on, payee = local_day(at), tale.implementing_unit()
        if amount > caps.room_on(share.project, paid_on, known_at=at).left_yuan:
            break
        alike = look_alikes(payee, amount, paid_on).exists()
        payment = actions.pay(
            share,
            basis=basis,
            amount_yuan=amount,
            paid_on=paid_on,
            treasury=treasury,
            payee=payee,
            voucher_no=tale.vouchers.next(paid_on, tale.county),
            duplicate_reason="演示:另一项目的同额拨付" if alike else "",
            by=tale.enters,
            now=at,
        )
        at = later(at, rng, 1, 8)
        yield at
        paid = rng.random() >= PAYMENT_REJECTED
        if paid:
            if tale.on_site != tale.cast.reviewer:
                payment = actions.remark_payment(
                    payment, remark="演示:已到场核实形象进度", by=tale.on_site, now=at
                )
            actions.verify_payment(payment, by=tale.cast.reviewer, now=at)
        else:
            reason = "演示:缺少发票复印件"
            actions.reject_payment(payment, reason=reason, by=tale.cast.reviewer, now=at)
            at = later(at, rng, 3, 10)
    tale.paying -= 1
    return at
