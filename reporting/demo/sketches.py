"""Which projects the demo has: drawn before anything happens, so that the sums fit the plans."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from assistance.models import Pairing
from assistance.periods import local_day
from projects.models import Source, Stage
from reporting.demo.lots import lots
from reporting.demo.money import Plan, draw_plan
from reporting.demo.places import Place, places, prefectures
from reporting.demo.tale import Share, Sketch
from reporting.demo.works import Work, works
from reporting.demo.world import on

APPLICATIONS_FOR_NEXT_YEAR_FROM = 9  # month
STEMS = "甲乙丙丁戊己庚辛壬癸"
VILLAGES = "一二三四五六七八九"
# How many projects have money beside that of the main source, and where donations come at all.
BESIDE = {Source.DIST: 0.3, Source.DON_CASH: 0.3, Source.CITY: 0.12}
MATCHED, OWN = 0.2, 0.15
MORE_THAN_EVEN = 1.25  # what projects want beside an even part of the year's money
ODD_SUM = 0.15  # how many sums are not round
DONATIONS_COME = 0.4
PREFECTURE_YEARLY = 9.0  # million yuan of city money for a prefecture of Sichuan


@dataclass(frozen=True)
class Fate:
    """Of which year a project is, counted from the present one, and how far it goes."""

    year: int
    stops_at: Stage | None = None
    is_late: bool = False


# The first projects of every demo, so that a small one shows every stage that has a verb too.
FIRST = (
    Fate(-1), Fate(0, Stage.DRAFT), Fate(0, Stage.SUBMITTED), Fate(0, Stage.LIBRARY),
    Fate(0, Stage.REJECTED), Fate(0, Stage.APPROVED), Fate(0, Stage.TENDERING),
    Fate(0, Stage.READY), Fate(-1, is_late=True), Fate(-1, Stage.COMPLETED),
    Fate(-1, Stage.SUSPENDED), Fate(0, Stage.WITHDRAWN), Fate(-1, Stage.ACCEPTED),
    Fate(-1, Stage.HANDED_OVER), Fate(-1), Fate(0),
)  # fmt: skip
# What the others meet, by weight; a running project is under way or done, as its time has it.
FATES = {
    Fate(-1): 45, Fate(-1, is_late=True): 2, Fate(-1, Stage.SUSPENDED): 1,
    Fate(0): 34, Fate(0, is_late=True): 1, Fate(0, Stage.REJECTED): 1, Fate(0, Stage.WITHDRAWN): 1,
    Fate(0, Stage.APPROVED): 2, Fate(0, Stage.TENDERING): 2, Fate(0, Stage.READY): 2,
    Fate(0, Stage.DRAFT): 2, Fate(0, Stage.SUBMITTED): 3, Fate(0, Stage.LIBRARY): 5,
}  # fmt: skip
STILL_APPLYING = frozenset({Stage.DRAFT, Stage.SUBMITTED, Stage.LIBRARY})
# Days before the present on which a project that stands still was created or approved.
CREATED_AGO = {
    Stage.DRAFT: (4, 16), Stage.SUBMITTED: (17, 32), Stage.LIBRARY: (48, 90),
    Stage.REJECTED: (45, 160), Stage.WITHDRAWN: (45, 160),
}  # fmt: skip
APPROVED_AGO = {Stage.APPROVED: (6, 40), Stage.TENDERING: (26, 60), Stage.READY: (72, 120)}
# Days that the steps from approval to such a stage take at most.
STEPS_TAKE = {Stage.APPROVED: 4, Stage.TENDERING: 24, Stage.READY: 62}
SMALLEST_TENDER = Decimal(1_000_000)  # yuan of aid


@dataclass
class Purse:
    """The plans of one place in one year."""

    main: Plan
    beside: list[Plan] = field(default_factory=list)

    @property
    def open_from(self) -> datetime:
        """From here on a project can be approved: every plan is issued."""
        newest = max(plan.issued_at for plan in (self.main, *self.beside))
        return newest + timedelta(days=6)


class Draw:
    """Everything that is drawn by lot, in one order: the same seed gives the same demo."""

    def __init__(self, *, projects: int, seed: int, now: datetime) -> None:
        self.rng = lots(seed, "sketches")
        self.now = now
        self.year = local_day(now).year
        self.places = places(local_day(now), seed)
        self.purses: dict[tuple[int, int], Purse] = {}  # by pairing and year
        self.city: dict[tuple[str, int], Plan] = {}  # by the digits of the prefecture, and year
        self._above = {p.recipient.code[:4]: p for p in prefectures(local_day(now))}
        self._names: set[tuple[str, int, str]] = set()
        self.sketches = [self._sketch(place, fate) for place, fate in self._dealt(projects)]

    @property
    def plans(self) -> Iterator[Plan]:
        """Every plan that some project may draw on."""
        for purse in self.purses.values():
            yield purse.main
            yield from (plan for plan in purse.beside if plan.source != Source.CITY)
        yield from self.city.values()

    def _dealt(self, projects: int) -> Iterator[tuple[Place, Fate]]:
        """A place and a fate for each project; places by how many projects they have in a year."""
        deck: list[Place] = []
        for number in range(projects):
            if not deck:
                deck = [place for place in self.places for _ in range(round(place.stream.projects))]
                self.rng.shuffle(deck)
            if number < len(FIRST):
                fate = FIRST[number]
                # the few projects of a small demo stand where most of the work is
                place = next(p for p in deck if p.programme == "east_west")
                deck.remove(place)
            else:
                fate = self.rng.choices(list(FATES), list(FATES.values()))[0]
                place = deck.pop()
            yield place, fate

    def _sketch(self, place: Place, fate: Fate) -> Sketch:
        rng, year = self.rng, self.year + fate.year
        tendering = fate.stops_at == Stage.TENDERING
        hands_over = fate.stops_at == Stage.HANDED_OVER
        work = self._work(needs_tender=tendering, forms_asset=hands_over)
        if fate.stops_at in CREATED_AGO:
            month = local_day(self.now).month
            if fate.stops_at in STILL_APPLYING and month >= APPLICATIONS_FOR_NEXT_YEAR_FROM:
                year += 1
            created_at = _ago(self.now, CREATED_AGO[fate.stops_at], rng)
            approved_at = created_at + timedelta(days=100)  # what the applicant hopes for
            shares: Sequence[Share] = [Share(place.stream.source, self._amount(place, work))]
        else:
            year, approved_at = self._approval(place, fate, year)
            created_at = on(local_day(approved_at) - timedelta(days=rng.randint(70, 150)), rng)
            shares = self._shares(place, work, self._purse(place, year))
        village, name = self._name(place, work, year)
        is_large = sum(share.amount for share in shares if share.plan) > SMALLEST_TENDER
        return Sketch(
            place=place,
            work=work,
            year=year,
            name=name,
            village=village,
            shares=shares,
            needs_tender=work.tender and (is_large or tendering),
            created_at=created_at,
            approved_at=approved_at,
            stops_at=fate.stops_at,
            is_late=fate.is_late,
        )

    def _approval(self, place: Place, fate: Fate, year: int) -> tuple[int, datetime]:
        """The fiscal year and the instant of a project's approval, after its plans' issue."""
        rng = self.rng
        if fate.stops_at not in APPROVED_AGO:
            # most in spring, the last ones in September
            wished = on(date(year, 3, 1) + timedelta(days=int(rng.triangular(0, 200, 25))), rng)
            return year, max(wished, _office_hours_after(self._purse(place, year).open_from, rng))
        wished = _ago(self.now, APPROVED_AGO[fate.stops_at], rng)
        approved_at = max(wished, _office_hours_after(self._purse(place, year).open_from, rng))
        if approved_at + timedelta(days=STEPS_TAKE[fate.stops_at]) <= self.now:
            return year, approved_at
        # too early in the year for it to have come so far: it has stood still since December
        return year - 1, on(date(year - 1, 12, 1) + timedelta(days=rng.randint(0, 18)), rng)

    def _work(self, *, needs_tender: bool, forms_asset: bool) -> Work:
        fitting = [
            work
            for work in works()
            if (work.tender or not needs_tender) and (work.asset or not forms_asset)
        ]
        return self.rng.choices(fitting, [work.share for work in fitting])[0]

    def _amount(self, place: Place, work: Work) -> Decimal:
        """Yuan: what such a work costs there, in whole thousands and now and then to the fen."""
        usual = place.yearly * 1_000_000 * MORE_THAN_EVEN / place.stream.projects
        yuan = Decimal(round(usual * work.size * self.rng.uniform(0.7, 1.25), -3))
        odd = (
            Decimal(self.rng.randrange(100_000)) / 100
            if self.rng.random() < ODD_SUM
            else Decimal(0)
        )
        return yuan + odd

    def _purse(self, place: Place, year: int) -> Purse:
        key = (place.pairing.pk, year)
        if key not in self.purses:
            rng = self.rng
            purse = Purse(draw_plan(place.pairing, year, place.stream.source, place.yearly, rng))
            if place.stream.district:
                million = rng.uniform(*place.stream.district)
                purse.beside.append(draw_plan(place.pairing, year, Source.DIST, million, rng))
            if rng.random() < DONATIONS_COME:
                million = rng.uniform(0.4, 2.5)
                purse.beside.append(draw_plan(place.pairing, year, Source.DON_CASH, million, rng))
            above = self._above.get(place.pairing.recipient.code[:4])
            if above and place.programme == "east_west":
                purse.beside.append(self._city(above, year))
            self.purses[key] = purse
        return self.purses[key]

    def _city(self, above: Pairing, year: int) -> Plan:
        key = (above.recipient.code[:4], year)
        if key not in self.city:
            self.city[key] = draw_plan(above, year, Source.CITY, PREFECTURE_YEARLY, self.rng)
        return self.city[key]

    def _shares(self, place: Place, work: Work, purse: Purse) -> list[Share]:
        """The project's shares; together the projects never want more than a plan holds."""
        rng = self.rng
        amount = purse.main.take(self._amount(place, work))
        shares = [Share(purse.main.source, amount, purse.main)]
        for plan in purse.beside:
            if rng.random() < BESIDE[plan.source]:
                wanted = Decimal(round(float(plan.amount) * rng.uniform(0.2, 0.6), -2))
                shares.append(Share(plan.source, plan.take(wanted), plan))
        if rng.random() < MATCHED:
            shares.append(Share(Source.MATCH, _part(amount, 0.05, 0.2, rng)))
        if rng.random() < OWN:
            shares.append(Share(Source.SELF, _part(amount, 0.08, 0.3, rng)))
        return shares

    def _name(self, place: Place, work: Work, year: int) -> tuple[str, str]:
        county = place.pairing.recipient
        while True:
            village = f"{self.rng.choice(STEMS)}乡{self.rng.choice(VILLAGES)}村"
            name = f"演示·{county.name_zh}{village}{work.title}"
            if (county.code, year, name) not in self._names:
                self._names.add((county.code, year, name))
                return f"演示{village}", name


def _ago(now: datetime, days: tuple[int, int], rng: Random) -> datetime:
    return on(local_day(now) - timedelta(days=rng.randint(*days)), rng)


def _office_hours_after(at: datetime, rng: Random) -> datetime:
    return on(local_day(at) + timedelta(days=1), rng)


def _part(amount: Decimal, least: float, most: float, rng: Random) -> Decimal:
    return Decimal(round(float(amount) * rng.uniform(least, most), -3)) or Decimal(1000)
