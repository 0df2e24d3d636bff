"""The whole demo, told in one transaction: a run that is cut off leaves nothing behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
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
from reporting.demo.files import Files
from reporting.demo.lots import lots
from reporting.demo.money import Vouchers, fund
from reporting.demo.people import People
from reporting.demo.road import Road
from reporting.demo.sketches import Draw
from reporting.demo.tale import Tale
from reporting.demo.world import Story, World, on
from reporting.models import Format, ReportDefinition, Subscription

SEED = 20210601  # the day on which the team of 39 left
PROJECTS = 260
PROJECTS_PER_PERSON, FEWEST_PERSONS = 3, 12
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


@transaction.atomic
def load_demo_ledger(
    *,
    now: datetime,
    say: Callable[[str], object],
    seed: int = SEED,
    projects: int = PROJECTS,
) -> Loaded:
    """Fill the ledger with ``projects`` projects and everything around them, up to ``now``.

    The same seed, size and day give the same demo. NotEmpty where there are projects; progress is
    told through ``say``. User.DoesNotExist where the demo accounts were not created.
    """
    began = time.monotonic()
    _keep_others_out()
    if Setting.objects.counting().filter(key=DEMO_LEDGER).exists():
        raise NotEmpty("The demo ledger is loaded already.")
    if Project.objects.exists():
        raise NotEmpty("The ledger holds projects; demo data is only put into an empty one.")
    cast, vouchers = Cast(), Vouchers()
    draw = Draw(projects=projects, seed=seed, now=now)
    files = Files(by=cast.clerk, now=min(sketch.created_at for sketch in draw.sketches))

    def month_begins(month: Month) -> None:
        if month.month % SAY_EVERY == 1:
            there = Project.objects.count()
            say(f"{month}: projects {there}/{projects}, {time.monotonic() - began:.0f} s")

    world = World(now, month_begins=month_begins)
    for number, plan in enumerate(draw.plans):
        rng = lots(seed, "plan", number)
        world.begin(fund(plan, world, cast, rng, vouchers))
    for number, sketch in enumerate(draw.sketches):
        rng = lots(seed, "project", number)
        tale = Tale(sketch, world, cast, rng, vouchers=vouchers, files=files)
        world.begin(Road(tale).story())
    People(
        world, cast, persons=max(FEWEST_PERSONS, projects // PROJECTS_PER_PERSON), seed=seed
    ).begin()
    for year in range(local_day(now).year - 1, local_day(now).year + 1):
        world.begin(_new_year(year))
    with _rows_checked_by_the_database():
        world.run()
    _subscribe(cast.reviewer, now)
    Setting.objects.create(
        key=DEMO_LEDGER,
        value={"seed": seed, "projects": projects},
        starts_on=local_day(now),
        counted_at=now,
        counted_by=cast.reviewer,
        **entered(cast.clerk, now),
    )
    return Loaded(Project.objects.count(), time.monotonic() - began)


@contextmanager
def _rows_checked_by_the_database() -> Iterator[None]:
    """Let the verbs save without asking about every constraint beforehand.

    ``full_clean`` spends three queries on each CHECK of a row to have a sentence ready for a
    person, three quarters of all that the demo would ask. Nobody reads sentences here, and the
    database keeps the same constraints when the row is written. What the verbs themselves guard
    stays guarded.
    """
    full_clean = models.Model.full_clean
    setattr(models.Model, "full_clean", _nothing_to_say)  # noqa: B010  mypy knows no such assignment
    try:
        yield
    finally:
        setattr(models.Model, "full_clean", full_clean)  # noqa: B010


def _nothing_to_say(self: models.Model, *args: Any, **options: Any) -> None:
    """Stands in for ``full_clean``."""


def _keep_others_out() -> None:
    table = connection.ops.quote_name(Setting._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")


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
