"""Plans and arrivals."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from assistance.roles import Role
from projects.actions import (
    plan_funds,
    record_transfer,
)
from projects.models import (
    Source,
)
from tests import factories as make
from tests.reporting.rich_ledger.rows import (
    AFTER_K,
    AFTER_T,
    K,
    T,
    arrival,
    plan,
    void,
)
from tests.reporting.rich_ledger.ties import Ties


def money(ties: Ties) -> None:
    """Plans and arrivals on every edge of day, knowledge, source, year and tie."""
    main = plan(ties.county, "50000000.00")
    plan(ties.county, "1000000.01", T, source=Source.CITY)
    plan(ties.county, "2000000.02", AFTER_T, source=Source.DIST)
    plan(ties.other_county, "300000.03", date(2026, 5, 15), known=K)
    plan(ties.other_county, "400000.04", date(2026, 5, 15), known=AFTER_K)
    late = plan(
        ties.other_county, "39000000.00", date(2026, 4, 1), known=make.at(date(2026, 5, 20))
    )
    void(plan(ties.county, "7000000.00"), make.at(date(2026, 6, 9)))
    void(plan(ties.county, "8000000.00"), K)
    void(plan(ties.county, "9000000.00"), AFTER_K)
    plan(ties.prefecture, "12345678.90", source=Source.CITY)
    mountain = plan(ties.mountain, "6000000.60", source=Source.MS)
    plan(ties.until_april, "111111.11", source=Source.DIST)
    plan(ties.until_t, "222222.22", source=Source.DIST)
    # known up to May: in June the place is empty again, and the month shows what left it
    mistaken = plan(ties.of_old, "55555.55", date(2026, 2, 1))
    void(arrival(mistaken, "44444.44", date(2026, 2, 2)), make.at(date(2026, 6, 15)))
    void(mistaken, make.at(date(2026, 6, 15)))
    cash = plan(ties.county, "880000.88", source=Source.DON_CASH)
    kind = plan(ties.county, "770000.77", source=Source.DON_KIND)
    last_year = plan(ties.county, "5000000.05", date(2025, 2, 1), year=2025)
    early = plan(ties.county, "660000.66", date(2025, 12, 20), source=Source.DIST)
    long_ago = plan(ties.other_county, "4000000.04", date(2024, 2, 1), year=2024)
    plan_funds(  # a draft
        pairing=ties.county, fiscal_year=2026, source=Source.PROV, amount_yuan=Decimal("123.45"),
        issued_on=date(2026, 1, 5), doc_no="演示", by=make.hand(Role.CLERK),
        now=make.at(date(2026, 1, 5)),
    )  # fmt: skip

    arrival(main, "10000000.10", date(2026, 1, 31))
    arrival(main, "1000000.00", T)
    arrival(main, "2000000.00", AFTER_T)
    arrival(main, "300000.03", date(2026, 5, 2), known=K)
    arrival(main, "400000.04", date(2026, 5, 2), known=AFTER_K)
    arrival(main, "500000.55", date(2026, 4, 8), known=make.at(date(2026, 5, 20)))
    void(arrival(main, "600000.00", date(2026, 4, 9)), make.at(date(2026, 5, 20)))
    void(arrival(main, "700000.00", date(2026, 5, 9)), K)
    void(arrival(main, "800000.00", date(2026, 5, 9)), AFTER_K)
    arrival(late, "39000000.01", date(2026, 5, 25), over_doc_no="演示超拨")
    arrival(mountain, "6000000.60", date(2026, 2, 28))
    arrival(cash, "880000.88", date(2026, 3, 3))
    arrival(kind, "70000.07", T)
    arrival(early, "60000.06", date(2025, 12, 28))
    arrival(last_year, "1000000.01", date(2025, 12, 31))
    arrival(last_year, "2000000.02", date(2026, 1, 1))
    arrival(last_year, "900000.09", AFTER_T)
    arrival(long_ago, "30000.03", date(2026, 5, 30))
    record_transfer(  # not confirmed
        fund_plan=main, amount_yuan=Decimal("99.99"), sent_on=date(2026, 3, 1),
        arrived_on=date(2026, 3, 2), voucher_no="演示草稿", treasury=make.treasury(),
        by=make.hand(Role.CLERK), now=make.at(date(2026, 3, 2)),
    )  # fmt: skip
