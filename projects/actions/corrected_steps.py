"""A step of the road that took effect on another day than was entered."""

from __future__ import annotations

from datetime import date, datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import User
from assistance.models.rows import entered
from projects.actions.locks import lock_project
from projects.actions.road import require_day, require_reason
from projects.models import StageChange


@transaction.atomic
def correct_step(
    change: StageChange,
    *,
    effective_on: date,
    reason: str,
    by: User,
    now: datetime,
    version: int | None = None,
) -> StageChange:
    """Enter a step anew with the day on which it really took effect, and every later step after it.

    The rows that stood until now are struck out and still count for what was known before ``now``.
    ValidationError where the day lies before the step before, after the step after, or to come.
    """
    if not by.has_perm("projects.approve_project"):
        raise PermissionDenied
    seen = StageChange.objects.visible_to(by).select_related("project").get(pk=change.pk)
    project = lock_project(seen.project, by=by)
    change = StageChange.objects.lock_for(by, change.pk, version=version)
    if not change.counts:
        raise Refused("struck_out_before", _("This row was struck out already."))
    if change.opening_id is not None:
        raise Refused(
            "step_of_an_opening",
            _(
                "The project was taken over as of this day; strike out its opening and take it over"
                " anew."
            ),
        )
    change.require_other_hands(by, than=("created_by",))
    require_reason(reason)
    steps = list(
        project.stage_changes.counting()
        .select_for_update(of=("self",))
        .order_by("effective_on", "pk")
    )
    anew = steps[steps.index(change) :]
    after = next(iter(anew[1:]), None)
    if after is not None and effective_on > after.effective_on:
        raise ValidationError(
            {
                "effective_on": _("The day lies after the step after it (%(stage)s on %(day)s).")
                % {"stage": after.get_to_stage_display(), "day": after.effective_on}
            }
        )
    for step in anew:
        step.void(by=by, now=now, reason=reason)
    require_day(project, effective_on, now=now)
    entered_anew = [
        StageChange.objects.create(
            project=project,
            from_stage=step.from_stage,
            to_stage=step.to_stage,
            effective_on=effective_on if step == change else step.effective_on,
            reason=step.reason,
            doc_no=step.doc_no,
            opening_id=step.opening_id,
            resumes_on=step.resumes_on,
            counted_at=now,
            counted_by=by,
            **entered(by, now),
        )
        for step in anew
    ]
    return entered_anew[0]
