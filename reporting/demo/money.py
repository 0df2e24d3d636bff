"""The demo's fund plans and the transfers that fill them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from random import Random

from assistance.models import Organisation, Pairing, Region
from assistance.models.regions import OrganisationKind
from assistance.periods import local_day
from projects import actions
from projects.models import FundPlan, Source
from reporting.demo.cast import Cast
from reporting.demo.world import Story, World, later, on

INSTALMENTS = (Decimal("0.5"), Decimal("0.3"), Decimal("0.2"))
# how far after the issue each of them is sent, in days
SENT_AFTER = ((8, 30), (90, 140), (200, 290))
LAST_ONE_MISSING = 0.06  # of the plans of earlier years
STILL_ON_ITS_WAY = 0.12  # of this year's later instalments: sent, and no arrival reported yet
MORE_THAN_PLANNED = Decimal("0.016")  # published: 573.2 arrived of 564.3 planned


def fen(yuan: float | Decimal) -> Decimal:
    """Yuan with two decimals."""
    return Decimal(yuan).quantize(Decimal("0.01"))


def fen_down(yuan: Decimal) -> Decimal:
    """Yuan with two decimals, never more than it was."""
    return yuan.quantize(Decimal("0.01"), ROUND_DOWN)


@dataclass
class Plan:
    """A fund plan of the demo: known from the beginning, in the ledger from its issue on."""

    pairing: Pairing
    year: int
    source: Source
    amount: Decimal
    issued_at: datetime
    left: Decimal = field(init=False)
    in_ledger: FundPlan | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.left = self.amount

    def take(self, wanted: Decimal) -> Decimal:
        """Set aside what is wanted, at most a good half of what is left: there is always a rest."""
        amount = min(wanted, fen(self.left * Decimal("0.6")))
        self.left -= amount
        return amount

    @property
    def issued(self) -> FundPlan:
        """The row; the stories that draw on it begin after its issue."""
        if self.in_ledger is None:
            raise LookupError(f"{self.pairing} {self.year} {self.source} is not issued yet")
        return self.in_ledger


@dataclass(frozen=True)
class Instalment:
    """A part of a plan's money, and whether it is there by now."""

    plan: Plan
    amount: Decimal
    over_doc_no: str
    sent_at: datetime
    treasury: Organisation
    arrives: bool


class Vouchers:
    """Numbers that no treasury sees twice in a year: each region has its own."""

    def __init__(self) -> None:
        self._last: Counter[tuple[str, int]] = Counter()

    def next(self, day: date, region: Region) -> str:
        """The next number of the treasury of ``region`` in the year of ``day``."""
        self._last[region.code, day.year] += 1
        return f"演示-{day.year}-{self._last[region.code, day.year]:04}"


def draw_plan(pairing: Pairing, year: int, source: Source, million: float, rng: Random) -> Plan:
    """A plan of about ``million`` yuan, issued between late January and early March."""
    wan = round(million * 100 * rng.uniform(0.94, 1.0))  # 10,000 yuan: quotas are round
    issued_at = on(date(year, 1, 20) + timedelta(days=rng.randint(0, 45)), rng)
    return Plan(pairing, year, source, Decimal(wan * 10_000), issued_at)


def fund(plan: Plan, world: World, cast: Cast, rng: Random, vouchers: Vouchers) -> Story:
    """A plan is drafted, issued and filled by instalments."""
    entered_at = on(local_day(plan.issued_at) - timedelta(days=rng.randint(4, 9)), rng)
    yield entered_at
    doc_no = f"演示资金〔{plan.year}〕{rng.randint(1, 400)}号"
    row = actions.plan_funds(
        pairing=plan.pairing,
        fiscal_year=plan.year,
        source=plan.source,
        amount_yuan=plan.amount,
        issued_on=local_day(entered_at),
        doc_no=doc_no,
        basis="演示数据,非真实资金计划",
        by=cast.clerk,
        now=entered_at,
    )
    yield plan.issued_at
    plan.in_ledger = actions.issue_fund_plan(row, by=cast.finance, now=plan.issued_at)
    treasury = cast.organisation(OrganisationKind.FINANCE, plan.pairing.recipient, "财政局")
    is_past = plan.year < local_day(world.now).year
    parts = list(zip(_instalments(plan, is_past, rng), SENT_AFTER, strict=False))
    for number, ((amount, over_doc_no), (least, most)) in enumerate(parts):
        lost = not is_past and number > 0 and rng.random() < STILL_ON_ITS_WAY
        sent_at = later(plan.issued_at, rng, least, most)
        money = Instalment(plan, amount, over_doc_no, sent_at, treasury, arrives=not lost)
        world.begin(_send(money, cast, rng, vouchers))


def _instalments(plan: Plan, is_past: bool, rng: Random) -> Iterator[tuple[Decimal, str]]:
    shares: tuple[Decimal, ...] = INSTALMENTS
    if plan.amount < 5_000_000:  # noqa: PLR2004  yuan; small sums come at once
        shares = (Decimal(1),)
    elif is_past and rng.random() < LAST_ONE_MISSING:
        shares = INSTALMENTS[:-1]
    over = plan.source == Source.CITY and len(shares) > 1 and is_past
    for number, share in enumerate(shares, 1):
        amount = fen(plan.amount * share)
        if over and number == len(INSTALMENTS):
            yield fen(amount + plan.amount * MORE_THAN_PLANNED), f"演示追加〔{plan.year}〕1号"
        else:
            yield amount, ""


def _send(money: Instalment, cast: Cast, rng: Random, vouchers: Vouchers) -> Story:
    """Money is sent, arrives, and is confirmed against its voucher."""
    plan, sent_at = money.plan, money.sent_at
    yield sent_at
    transfer = actions.record_transfer(
        fund_plan=plan.issued,
        amount_yuan=money.amount,
        sent_on=local_day(sent_at),
        treasury=money.treasury,
        over_doc_no=money.over_doc_no,
        by=cast.clerk,
        now=sent_at,
    )
    if not money.arrives:
        return
    arrived_at = later(sent_at, rng, 3, 14)
    yield arrived_at
    arrived_on = local_day(arrived_at)
    transfer = actions.report_arrival(
        transfer,
        arrived_on=arrived_on,
        voucher_no=vouchers.next(arrived_on, plan.pairing.recipient),
        by=cast.partner(plan.pairing.recipient),
        now=arrived_at,
    )
    confirmed_at = later(arrived_at, rng, 1, 6)
    yield confirmed_at
    actions.confirm_transfer(transfer, by=cast.finance, now=confirmed_at)
