"""The demo's agreement of the year and what the partners report every month."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from assistance.actions import agreements, returns
from assistance.due_dates import ReturnCalendar
from assistance.models import (
    Indicator,
    IndicatorKind,
    MonthlyReturn,
    Pairing,
    Programme,
    ReturnState,
    Unit,
)
from assistance.periods import Month, local_day
from reporting.demo.cast import Cast
from reporting.demo.lots import lots
from reporting.demo.world import Story, World, on

PROGRAMMES = ("east_west", "mountain_sea")
LATE, SENT_BACK = 0.1, 0.08
# Targets of the demo for a year and a pairing; those of stocks are what there is to be in the end.
TARGETS = {
    "FUND": 60_000_000, "DON": 3_000_000, "CADRE_OUT": 2, "TECH_OUT": 6, "TRAIN_C": 120,
    "TRAIN_T": 360, "ENT": 4, "INV": 90_000_000, "PARK": 1, "WS": 8, "LAB": 900,
    "CONS": 24_000_000, "PAIR_V": 12, "PAIR_S": 6, "VISIT": 6, "MS_INV": 50_000_000,
    "VILL_DIV": 900_000,
}  # fmt: skip
QUARTERS = (Decimal("0.2"), Decimal("0.5"), Decimal("0.75"))


class Returns:
    """Tells the agreements of this year, and the returns of every month since January."""

    def __init__(self, world: World, cast: Cast, *, seed: int) -> None:
        self.world, self.cast = world, cast
        self.seed, self.rng = seed, lots(seed, "returns")
        self.year = local_day(world.now).year
        self.programmes = list(Programme.objects.filter(code__in=PROGRAMMES).order_by("code"))

    def begin(self) -> None:
        """Begin the story of every agreement and of every month; none without the dictionary."""
        if not Indicator.objects.exists():
            return
        for programme in self.programmes:
            programme.returns_since = str(Month(self.year, 1))
            programme.save(update_fields=["returns_since"])
            self.world.begin(self._agreement(programme))
        month, last = Month(self.year, 1), Month.of(local_day(self.world.now)).previous
        while month <= last:
            self.world.begin(self._month(month))
            month = month.next

    def _agreement(self, programme: Programme) -> Story:
        """Drafted in January, signed in February, with targets for the whole programme."""
        at, by = on(date(self.year, 1, 8), self.rng), self.cast.clerk
        owing = Pairing.objects.owing_returns(Month(self.year, 1)).filter(programme=programme)
        asked = Indicator.objects.filter(
            code__in=TARGETS, programme_kinds__contains=[programme.kind]
        )
        yield at
        many = Decimal(max(1, owing.count()))
        agreement = agreements.draft_agreement(
            programme=programme, year=self.year, title=f"演示·{programme.name_zh}{self.year}年协议",
            basis="演示数据，与真实协议无关", by=by, now=at,
        )  # fmt: skip
        for indicator in asked:
            target = many * TARGETS[indicator.code]
            adds = indicator.kind == IndicatorKind.FLOW
            plan = [Decimal(round(target * part)) if adds else None for part in QUARTERS]
            agreements.set_target(
                agreement=agreement, indicator=indicator, value=target, q1=plan[0], q2=plan[1],
                q3=plan[2], by=by, now=at,
            )  # fmt: skip
        signed_at = on(date(self.year, 2, 10), self.rng)
        yield signed_at
        agreements.sign_agreement(
            agreement, doc_no=f"演示协议〔{self.year}〕{programme.pk}号", on=local_day(signed_at),
            by=self.cast.approver, now=signed_at,
        )  # fmt: skip

    def _month(self, month: Month) -> Story:
        """Opened on the first, filled in one after the other, and locked on the day of the lock."""
        opened_at = on(month.next.starts_on, self.rng)
        yield opened_at
        returns.open_returns(opened_at)
        dates = ReturnCalendar(opened_at).of(month)
        rows = MonthlyReturn.objects.filter(period=str(month), state=ReturnState.OPEN)
        for row in rows.select_related(
            "pairing__programme", "pairing__recipient", "pairing__donor"
        ).order_by("pk"):
            tie = row.pairing
            name = (tie.programme.code, tie.donor.code, tie.recipient.code, row.period)
            rng = lots(self.seed, "return", *name)
            wait = rng.randint(6, 12) if rng.random() < LATE else 0
            day = max(dates.due - timedelta(days=rng.randint(0, 2)), month.next.starts_on)
            self.world.begin(self._return(row, on(day + timedelta(days=wait), rng), rng))
        yield dates.locks_at
        returns.lock_returns(dates.locks_at)

    def _return(self, row: MonthlyReturn, at: datetime, rng: Random) -> Story:
        """Filled in by the clerk for the partner, whose account other parts of the demo hold;
        sometimes sent back once, accepted by the reviewer.
        """
        yield at
        by = self.cast.clerk
        values = {one.code: self._value(one, row, rng) for one in returns.asked(row)}
        row = returns.fill_in(row, values=values, note="演示数据", by=by, now=at)
        row = returns.submit_return(row, by=by, now=at)
        if rng.random() < SENT_BACK:
            back_at = at + timedelta(hours=1)
            yield back_at
            returns.send_back(
                row, reason="演示:请核对农副产品销售额", by=self.cast.reviewer, now=back_at
            )
            again_at = at + timedelta(hours=2)
            yield again_at
            returns.submit_return(row, by=by, now=again_at)
        accepted_at = at + timedelta(hours=3)
        yield accepted_at
        returns.accept_return(row, by=self.cast.reviewer, now=accepted_at)

    def _value(self, indicator: Indicator, row: MonthlyReturn, rng: Random) -> Decimal:
        """About what the target asks: of a flow a twelfth, of the others what there is by now."""
        year = TARGETS.get(indicator.code, 12)
        month = row.month.month
        part = 1 / 12 if indicator.kind == IndicatorKind.FLOW else month / 12
        value = year * part * rng.uniform(0.6, 1.3)
        if indicator.unit == Unit.YUAN:
            return Decimal(round(value / 100) * 100)
        return Decimal(round(value))
