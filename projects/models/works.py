"""When the works of a project began and ended: by its steps, and where it was taken over, by its
opening.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db.models import Case, DateField, F, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from projects.models.history import StageChange
from projects.models.openings import Opening
from projects.models.project import Project
from projects.models.road import Stage

ENDED_AT = (Stage.COMPLETED, Stage.ACCEPTED, Stage.HANDED_OVER, Stage.CLOSED)
BEGUN_AT = (Stage.ACTIVE, Stage.SUSPENDED, *ENDED_AT)


def with_days_of_works(
    projects: QuerySet[Project], at: tuple[date, datetime] | None = None
) -> QuerySet[Any]:
    """The projects with ``started_on`` and ``ended_on``, NULL where the works had not begun or
    ended; with ``at``, on that day as known at that instant.

    The works begin with the step from READY to ACTIVE and end with the last step to COMPLETED,
    unless they were taken up again. An opening gives its own days; where the ledger that it was
    taken from named none, its ``as_of``: by then they had begun or ended.
    """
    steps = StageChange.objects.as_at(*at) if at else StageChange.objects.counting()
    openings = Opening.objects.as_at(*at) if at else Opening.objects.counting()
    steps = steps.filter(project=OuterRef("pk"))
    openings = openings.filter(project=OuterRef("pk"))
    latest = steps.order_by("-effective_on", "-pk")
    by_start = steps.filter(from_stage=Stage.READY, to_stage=Stage.ACTIVE)
    by_end = latest.filter(from_stage=Stage.ACTIVE, to_stage=Stage.COMPLETED)
    standing = Subquery(latest.values("to_stage")[:1]) if at else F("stage")
    return projects.alias(stage_then=standing).annotate(
        started_on=Coalesce(
            Subquery(by_start.order_by("effective_on", "pk").values("effective_on")[:1]),
            Subquery(openings.values_list(_known("actual_start", BEGUN_AT))[:1]),
        ),
        ended_on=Case(
            When(
                stage_then__in=ENDED_AT,
                then=Coalesce(
                    Subquery(by_end.values("effective_on")[:1]),
                    Subquery(openings.values_list(_known("actual_end", ENDED_AT))[:1]),
                ),
            ),
            default=Value(None),
            output_field=DateField(),
        ),
    )


def _known(day: str, stages: tuple[Stage, ...]) -> Coalesce:
    """The day that the opening names, else its own where its stage says that it had come."""
    by_then = Case(
        When(stage__in=stages, then=F("as_of")), default=Value(None), output_field=DateField()
    )
    return Coalesce(F(day), by_then)
