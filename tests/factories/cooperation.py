"""Rows of a pairing beside its projects."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from assistance.actions.cooperation import confirm_money, enter_in_pairing
from assistance.models import (
    Donation,
    Enterprise,
    InvestmentRecord,
    Pairing,
    PairLink,
    Park,
    Visit,
    Workshop,
)
from assistance.models.cooperation import (
    DonationKind,
    LeaderLevel,
    LinkKind,
    ParkKind,
    VisitDirection,
)
from assistance.roles import Role
from tests import factories as make


def _entered(row: Any) -> Any:
    return enter_in_pairing(row, by=make.hand(Role.CLERK), now=make.NOW)


def _confirmed(row: Any) -> Any:
    return confirm_money(row, by=make.hand(Role.REVIEWER), now=make.NOW)


def pair_link(pairing: Pairing | None = None, **overrides: Any) -> PairLink:
    """Two villages that are paired since 2022."""
    fields: dict[str, Any] = {
        "kind": LinkKind.VILLAGE, "donor_side": f"演示东村{next(make.numbers)}",
        "recipient_side": "演示西村", "starts_on": date(2022, 1, 1),
    }  # fmt: skip
    row: PairLink = _entered(PairLink(pairing=pairing or make.pairing(), **fields | overrides))
    return row


def park(pairing: Pairing | None = None, **overrides: Any) -> Park:
    """An enclave that is open since 2022."""
    fields: dict[str, Any] = {
        "kind": ParkKind.INDUSTRY, "name": f"演示飞地{next(make.numbers)}",
        "opened_on": date(2022, 1, 1),
    }  # fmt: skip
    row: Park = _entered(Park(pairing=pairing or make.pairing(), **fields | overrides))
    return row


def enterprise(pairing: Pairing | None = None, **overrides: Any) -> Enterprise:
    """An enterprise that signed in 2023 and is in operation since 2024."""
    fields: dict[str, Any] = {
        "name": f"演示企业{next(make.numbers)}", "signed_on": date(2023, 3, 1),
        "signed_yuan": Decimal(50_000_000), "landed_on": date(2024, 5, 1),
    }  # fmt: skip
    row: Enterprise = _entered(Enterprise(pairing=pairing or make.pairing(), **fields | overrides))
    return row


def investment(
    of: Enterprise | None = None, *, confirmed: bool = True, **overrides: Any
) -> InvestmentRecord:
    """What an enterprise paid in during May 2026."""
    fields: dict[str, Any] = {
        "period": "2026-05", "paid_in_yuan": Decimal(3_000_000), "basis": "演示验资报告",
    }  # fmt: skip
    row: InvestmentRecord = _entered(
        InvestmentRecord(enterprise=of or enterprise(), **fields | overrides)
    )
    return _confirmed(row) if confirmed else row


def workshop(pairing: Pairing | None = None, **overrides: Any) -> Workshop:
    """A workshop that is certified since 2022."""
    fields: dict[str, Any] = {
        "name": f"演示帮扶车间{next(make.numbers)}", "place": "演示村",
        "certified_on": date(2022, 5, 1), "employed": 40, "employed_lifted": 25,
        "counted_on": date(2026, 5, 31),
    }  # fmt: skip
    row: Workshop = _entered(Workshop(pairing=pairing or make.pairing(), **fields | overrides))
    return row


def donation(
    pairing: Pairing | None = None, *, confirmed: bool = True, **overrides: Any
) -> Donation:
    """Money that was given in April 2026."""
    fields: dict[str, Any] = {
        "giver": "演示商会", "kind": DonationKind.CASH, "amount_yuan": Decimal(200_000),
        "received_on": date(2026, 4, 8), "purpose": "演示:助学", "basis": "演示凭证",
    }  # fmt: skip
    row: Donation = _entered(Donation(pairing=pairing or make.pairing(), **fields | overrides))
    return _confirmed(row) if confirmed else row


def visit(pairing: Pairing | None = None, **overrides: Any) -> Visit:
    """A visit to the recipient in May 2026."""
    fields: dict[str, Any] = {
        "direction": VisitDirection.THERE, "visited_on": date(2026, 5, 20),
        "leader_level": LeaderLevel.HEAD, "headcount": 12, "subject": "演示:联席会议",
    }  # fmt: skip
    row: Visit = _entered(Visit(pairing=pairing or make.pairing(), **fields | overrides))
    return row
