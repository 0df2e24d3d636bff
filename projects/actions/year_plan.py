"""The plan of a year: what was approved before and is not finished goes on in it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assistance.models import User
from assistance.models.rows import entered
from assistance.periods import local_day
from projects.models import Project, Stage, StageChange, YearPlanEntry
from projects.models.history import Nature

GOES_ON = (Stage.APPROVED, Stage.TENDERING, Stage.READY, Stage.ACTIVE, Stage.SUSPENDED)


@transaction.atomic
def roll_over(year: int, *, by: User, now: datetime) -> int:
    """Enter, as continuing since 1 January, every project that was under way when ``year`` began.

    Looks at the stage on the last day of the year before, so it gives the same whenever it runs,
    and adds only what is missing: a ring that was missed is made up. A project that was released
    from the plan of the year before stays out. Returns how many were added; ValidationError where
    the year has not begun.
    """
    first = date(year, 1, 1)
    if first > local_day(now):
        raise ValidationError(_("The year %(year)s has not begun.") % {"year": year})
    last_step = (
        StageChange.objects.counting()
        .filter(effective_on__lte=first - timedelta(days=1))
        .order_by("project_id", "-effective_on", "-pk")
        .distinct("project_id")
    )
    stages = last_step.values_list("project_id", "to_stage")
    under_way = [project for project, stage in stages if stage in GOES_ON]
    # locked as every verb locks its project, and only then compared: two rings follow each other
    projects = Project.objects.filter(pk__in=under_way).select_for_update(of=("self",))
    locked = list(projects.order_by("pk"))
    entries = YearPlanEntry.objects.counting()
    there = set(entries.filter(year=year).values_list("project_id", flat=True))
    released = entries.filter(year=year - 1, released_on__lt=first)
    there |= set(released.values_list("project_id", flat=True))
    missing = [
        YearPlanEntry(
            project=project,
            year=year,
            nature=Nature.CONT,
            planned_invest_yuan=project.total_investment_yuan,
            entered_on=first,
            counted_at=now,
            counted_by=by,
            **entered(by, now),
        )
        for project in locked
        if project.pk not in there
    ]
    YearPlanEntry.objects.bulk_create(missing)
    return len(missing)
