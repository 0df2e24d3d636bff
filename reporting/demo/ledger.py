"""The whole demo: a run that is cut off leaves no project, no money and no person behind."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, models, transaction

from assistance.actions.reference import timetable
from assistance.models import DEMO_LEDGER, Language, Region, Setting, User
from assistance.models.rows import entered
from assistance.periods import Month, local_day
from projects import actions
from projects.models import Project
from reporting.actions.definitions import ensure_definitions
from reporting.demo.cast import Cast
from reporting.demo.lots import lots
from reporting.demo.money import Vouchers, fund
from reporting.demo.parts import Telling, told_at_once, wait_in_transaction
from reporting.demo.people import People
from reporting.demo.places import places
from reporting.demo.returns import Returns
from reporting.demo.road import Road
from reporting.demo.sketches import Draw
from reporting.demo.tale import Tale
from reporting.demo.world import Story, World, on
from reporting.models import Format, ReportDefinition, Subscription

SEED = 20210601  # the day on which the team of 39 left
PROJECTS = 220
PROJECTS_PER_PERSON, FEWEST_PERSONS = 3, 12
PEOPLE_TAKE = 0.06  # of the time that all projects take
SAY_EVERY = 3  # simulated months

# username, kind of scope, code of its region, language
READERS = (
    ("demo-leader", "all", None, Language.ZH),
    ("demo-leader-en", "all", None, Language.EN),
    ("demo-garze", "recipient", "513300", Language.ZH),
    ("demo-district", "donor", "330105", Language.ZH),
)


class NotEmpty(Exception):  # noqa: N818  an answer, not a fault
    """The ledger holds something already; the demo goes into an empty one, once."""


@dataclass(frozen=True)
class Loaded:
    """What the demo holds."""

    projects: int
    seconds: float


def load_demo_ledger(
    *,
    now: datetime,
    say: Callable[[str], object],
    seed: int = SEED,
    projects: int = PROJECTS,
    processes: int = 1,
) -> Loaded:
    """Fill the ledger with ``projects`` projects and everything around them, up to ``now``.

    The same seed, size and day give the same demo, however many ``processes`` share the work; more
    than one need what was written before to be committed. NotEmpty where there are projects;
    progress is told through ``say``. User.DoesNotExist where the demo accounts were not created.
    """
    began = time.monotonic()
    _refuse_unless_empty()
    before_all = on(date(local_day(now).year - 2, 1, 1), lots(seed))
    with transaction.atomic():
        recipients = {place.pairing.recipient for place in places(local_day(now), seed)}
        Cast().gather(sorted(recipients, key=lambda region: region.code), at=before_all)

    def progress(month: str, there: int) -> None:
        say(f"{month}: projects {there}/{projects}, {time.monotonic() - began:.0f} s")

    telling = Telling(now, seed, projects, processes)
    if processes == 1:
        with _to_be_kept(telling):
            tell_part(telling, 0, progress)
    else:
        with told_at_once(telling, progress) as parts:
            with _to_be_kept(telling):
                wait_in_transaction()
                parts.wait_until_told()
            parts.keep()
    return Loaded(Project.objects.count(), time.monotonic() - began)


@contextmanager
def _to_be_kept(telling: Telling) -> Iterator[None]:
    """One transaction that keeps other demos out, and marks and ends what was told meanwhile."""
    with transaction.atomic():
        table = connection.ops.quote_name(Setting._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
        _refuse_unless_empty()
        yield
        cast = Cast()
        _subscribe(cast.reviewer, telling.now)
        Setting.objects.create(
            key=DEMO_LEDGER,
            value={"seed": telling.seed, "projects": telling.projects},
            starts_on=local_day(telling.now),
            counted_at=telling.now,
            counted_by=cast.reviewer,
            **entered(cast.clerk, telling.now),
        )


def tell_part(telling: Telling, number: int, progress: Callable[[str, int], object]) -> None:
    """Tell what happens in the prefectures of one part; in the first the people too, in the
    last one the agreements and returns.

    ``progress`` hears the month that begins and how many projects the part has by then.
    """
    now, seed = telling.now, telling.seed
    draw = Draw(projects=telling.projects, seed=seed, now=now)
    cast, vouchers = Cast(), Vouchers()
    mine = _dealt_out(draw, telling.of)[number]

    def month_begins(month: Month) -> None:
        if month.month % SAY_EVERY == 1:
            progress(str(month), Project.objects.count())

    world = World(now, month_begins=month_begins)
    for lot, plan in enumerate(draw.plans):
        if _prefecture(plan.pairing.recipient) in mine:
            world.begin(fund(plan, world, cast, lots(seed, "plan", lot), vouchers))
    for lot, sketch in enumerate(draw.sketches):
        if _prefecture(sketch.place.pairing.recipient) in mine:
            rng = lots(seed, "project", lot)
            world.begin(Road(Tale(sketch, world, cast, rng, vouchers=vouchers)).story())
    if number == 0:
        persons = max(FEWEST_PERSONS, telling.projects // PROJECTS_PER_PERSON)
        People(world, cast, persons=persons, seed=seed).begin()
    if number == telling.of - 1:
        Returns(world, cast, seed=seed).begin()
    for year in range(local_day(now).year - 1, local_day(now).year + 1):
        world.begin(_new_year(year))
    with _rows_checked_by_the_database():
        world.run()


def _dealt_out(draw: Draw, parts: int) -> list[set[str]]:
    """The prefectures of each part, so that all have about as many projects to tell.

    Money of a prefecture serves its counties; no money or organisation serves two prefectures.
    """
    weights = Counter(_prefecture(sketch.place.pairing.recipient) for sketch in draw.sketches)
    weights.update({_prefecture(plan.pairing.recipient): 0 for plan in draw.plans})
    dealt: list[set[str]] = [set() for _ in range(parts)]
    told = [len(draw.sketches) * PEOPLE_TAKE, *[0.0] * (parts - 1)]
    for prefecture, projects in sorted(weights.items(), key=lambda one: (-one[1], one[0])):
        lightest = told.index(min(told))
        dealt[lightest].add(prefecture)
        told[lightest] += projects
    return dealt


def _prefecture(region: Region) -> str:
    return region.code[:4]


@contextmanager
def _rows_checked_by_the_database() -> Iterator[None]:
    """Let the verbs save without asking about every constraint beforehand.

    ``full_clean`` asks about every constraint of a row to have a sentence ready for a person.
    Nobody reads sentences here, and the database keeps the same constraints when the row is
    written. What the verbs themselves guard stays guarded.
    """
    full_clean = models.Model.full_clean
    setattr(models.Model, "full_clean", _nothing_to_say)  # noqa: B010  mypy knows no such assignment
    try:
        yield
    finally:
        setattr(models.Model, "full_clean", full_clean)  # noqa: B010


def _nothing_to_say(self: models.Model, *args: Any, **options: Any) -> None:
    """Stands in for ``full_clean``."""


def _refuse_unless_empty() -> None:
    if Setting.objects.counting().filter(key=DEMO_LEDGER).exists():
        raise NotEmpty("The demo ledger is loaded already.")
    if Project.objects.exists():
        raise NotEmpty("The ledger holds projects; demo data is only put into an empty one.")


def _new_year(year: int) -> Story:
    """The bell of 1 January."""
    at = Month(year, 1).starts_on
    rings_at = on(at, lots(0)).replace(day=1, hour=0, minute=5, second=0)
    yield rings_at
    actions.roll_over(year, by=timetable(), now=rings_at)


def _subscribe(by: User, now: datetime) -> None:
    """Let the demo's readers get the report of last month, and every one after it."""
    ensure_definitions()
    monthly = ReportDefinition.objects.get(code="monthly")
    since = Month.of(local_day(now)).previous.starts_on
    for username, kind, region, language in READERS:
        Subscription.objects.get_or_create(
            definition=monthly,
            reader=User.objects.get(username=username),
            scope_kind=kind,
            scope_region=Region.objects.get(code=region) if region else None,
            defaults={
                "language": language,
                "formats": [Format.PDF, Format.XLSX],
                "starts_on": since,
                **entered(by, now),
            },
        )
