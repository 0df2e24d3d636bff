"""Returns of transfers and refunds of payments."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from projects.models import Source, Stage
from projects.models.funds import TransferStatus
from projects.models.payments import PaymentStatus
from tests import factories as make
from tests.reporting.rich_ledger.rows import (
    AFTER_K,
    AFTER_T,
    K,
    T,
    arrival,
    payment,
    plan,
    void,
)
from tests.reporting.rich_ledger.ties import Ties


def gone_back(ties: Ties) -> None:
    """Returns and refunds on every edge of day and knowledge, of this year's plans and of last."""
    main = plan(ties.county, "4000000.04", date(2026, 1, 22))
    earlier = plan(ties.county, "3000000.03", date(2025, 1, 22), year=2025, source=Source.DIST)
    sent = arrival(main, "4000000.04", date(2026, 2, 1))
    project = make.project_at(
        Stage.ACTIVE, plan=main, pairing=ties.county, aid_yuan=Decimal("900000.09")
    )
    paid = payment(project, "250000.05", date(2026, 4, 3))
    may = date(2026, 5, 5)
    for yuan, on, known in (
        ("100.01", date(2026, 4, 30), None),
        ("200.02", T, None),
        ("400.04", AFTER_T, None),
        ("800.08", may, K),
        ("1600.16", may, AFTER_K),
        ("3200.32", date(2026, 4, 8), make.at(date(2026, 5, 20))),
    ):
        now = known or make.at(on)
        make.transfer_return(sent, amount_yuan=Decimal(yuan), returned_on=on, now=now)
        make.paid_back(paid, amount_yuan=Decimal(yuan), refunded_on=on, now=now)
    for yuan, struck_at in (("7.07", make.at(date(2026, 5, 20))), ("9.09", K), ("11.11", AFTER_K)):
        void(make.transfer_return(sent, amount_yuan=Decimal(yuan), returned_on=may), struck_at)
        void(make.paid_back(paid, amount_yuan=Decimal(yuan), refunded_on=may), struck_at)
    make.transfer_return(sent, TransferStatus.DRAFT, amount_yuan=1, returned_on=may)
    make.paid_back(paid, PaymentStatus.SUBMITTED, amount_yuan=1, refunded_on=may)
    old = arrival(earlier, "3000000.03", date(2025, 3, 1))
    make.transfer_return(old, amount_yuan=Decimal("13.13"), returned_on=date(2025, 12, 31))
    make.transfer_return(old, amount_yuan=Decimal("17.17"), returned_on=date(2026, 1, 1))
