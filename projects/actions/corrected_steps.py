"""A step of the road that took effect on another day than was entered."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max, Min, Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assistance.errors import Refused, Stale
from assistance.models import User
from assistance.models.rows import entered
from projects.actions.locks import lock_of_project
from projects.actions.road import require_day, require_reason
from projects.models import (
    FundingAdjustment,
    Payment,
    Project,
    ProjectFunding,
    Stage,
    StageChange,
    YearPlanEntry,
)
from projects.models.payments import PaymentBasis, PaymentStatus


@transaction.atomic
def correct_step(
    change: StageChange,
    *,
    effective_on: date,
    reason: str,
    by: User,
    now: datetime,
    version: int | None = None,
    project_version: int | None = None,
) -> StageChange:
    """Enter a step anew with the day on which it really took effect, and every later step after it.

    The rows that stood until now are struck out and still count for what was known before ``now``.
    With the approval its shares and its entry in the year's plan are entered anew, with the
    hand-over the day of the assets moves along. ``version`` is that of the step that was looked at,
    ``project_version`` that of its project. ValidationError where the day lies before the step
    before, after the step after, to come, or on the wrong side of a panel, a payment or, of an
    approval, of a share or an adjustment that came later.
    """
    if not by.has_perm("projects.approve_project"):
        raise PermissionDenied
    change, project = lock_of_project(change, by=by, version=version)
    if project_version is not None and project.version != project_version:
        raise Stale(project.version)
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
    change.require_other_hands(by, than=("created_by", "counted_by"))
    require_reason(reason)
    counting = project.stage_changes.counting().select_for_update(of=("self",))
    steps = list(counting.order_by("effective_on", "pk"))
    anew = steps[steps.index(change) :]
    _require_before(next(iter(anew[1:]), None), effective_on)
    _require_panels_and_payments_in_order(change, effective_on)
    for step in anew:
        step.void(by=by, now=now, reason=reason)
    _require_day_after_the_one_before(project, effective_on, now=now)
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
    if change.to_stage == Stage.APPROVED:
        _move_approval(change, effective_on, reason=reason, by=by, now=now)
    if change.to_stage == Stage.HANDED_OVER:
        _move_hand_over(change, effective_on, by=by, now=now)
    project.record(by=by, now=now)  # its page shows the steps
    return entered_anew[0]


def _require_before(after: StageChange | None, effective_on: date) -> None:
    if after is not None and effective_on > after.effective_on:
        raise ValidationError(
            {
                "effective_on": _("The day lies after the step after it (%(stage)s on %(day)s).")
                % {"stage": after.get_to_stage_display(), "day": date_format(after.effective_on)}
            }
        )


def _require_day_after_the_one_before(project: Project, day: date, *, now: datetime) -> None:
    try:
        require_day(project, day, now=now)
    except ValidationError as wrong:
        raise ValidationError({"effective_on": wrong.message_dict["on"]}) from None


def _require_panels_and_payments_in_order(change: StageChange, effective_on: date) -> None:
    """A panel meets between completion and acceptance; nothing is paid after the end."""
    met_on = None
    if change.to_stage == Stage.COMPLETED:
        panels = change.project.acceptances.counting().filter(held_on__gte=change.effective_on)
        met_on = panels.filter(held_on__lt=effective_on).aggregate(day=Max("held_on"))["day"]
    elif change.to_stage == Stage.ACCEPTED:
        panels = change.project.acceptances.counting().filter(held_on__lte=change.effective_on)
        met_on = panels.filter(held_on__gt=effective_on).aggregate(day=Max("held_on"))["day"]
    if met_on is not None:
        raise ValidationError(
            {
                "effective_on": _("The panel met on %(day)s, between completion and acceptance.")
                % {"day": date_format(met_on)}
            }
        )
    if change.to_stage not in {Stage.CLOSED, Stage.TERMINATED}:
        return
    paid = Payment.objects.counting().filter(project_funding__project=change.project)
    if change.to_stage == Stage.CLOSED:
        paid = paid.exclude(basis=PaymentBasis.RETENTION)
    last_on = paid.aggregate(day=Max("paid_on"))["day"]
    if last_on is not None and last_on > effective_on:
        raise ValidationError(
            {
                "effective_on": _("Money was paid on %(day)s, after that day.")
                % {"day": date_format(last_on)}
            }
        )


def _move_approval(
    change: StageChange, effective_on: date, *, reason: str, by: User, now: datetime
) -> None:
    """The shares and the plan entry of this approval, struck out and entered with the other day."""
    of_it = Q(approved_on=change.effective_on, opening=None, change_request=None)
    shares = list(
        change.project.funding.counting().filter(of_it).select_for_update().order_by("pk")
    )
    _require_shares_untouched(shares)
    _require_approved_before_the_rest(change.project, shares, effective_on)
    entries = change.project.year_plan_entries.counting().filter(entered_on=change.effective_on)
    for entry in list(entries.select_for_update().order_by("pk")):
        entry.void(by=by, now=now, reason=reason)
        YearPlanEntry.objects.create(
            project=change.project,
            year=entry.year,
            nature=entry.nature,
            planned_invest_yuan=entry.planned_invest_yuan,
            entered_on=effective_on,
            released_on=entry.released_on,
            counted_at=now,
            counted_by=by,
            **entered(by, now),
        )
    for share in shares:
        share.require_other_hands(by, than=("created_by",))
        share.void(by=by, now=now, reason=reason)
        ProjectFunding.objects.create(
            project=change.project,
            source=share.source,
            fund_plan_id=share.fund_plan_id,
            fiscal_year=share.fiscal_year,
            amount_yuan=share.amount_yuan,
            approved_on=effective_on,
            doc_no=share.doc_no,
            counted_at=now,
            counted_by=by,
            created_by_id=share.created_by_id,
            created_at=now,
            updated_by=by,
            updated_at=now,
        )


def _require_shares_untouched(shares: Iterable[ProjectFunding]) -> None:
    for share in shares:
        payments = share.payments.standing().exclude(status=PaymentStatus.REJECTED)
        if payments.exists() or share.adjustments.standing().exists():
            raise Refused(
                "share_in_use",
                _(
                    "“%(share)s” was paid out of or adjusted already; strike that out first, then"
                    " correct the day of the approval."
                )
                % {"share": share},
            )


def _require_approved_before_the_rest(
    project: Project, moved: Iterable[ProjectFunding], effective_on: date
) -> None:
    """No share that stays where it is, and no adjustment, is older than the approval."""
    others = project.funding.counting().exclude(pk__in=[share.pk for share in moved])
    adjusted = FundingAdjustment.objects.counting().filter(project_funding__project=project)
    days = (
        others.aggregate(day=Min("approved_on"))["day"],
        adjusted.aggregate(day=Min("effective_on"))["day"],
    )
    first = min((day for day in days if day is not None), default=None)
    if first is not None and effective_on > first:
        raise ValidationError(
            {
                "effective_on": _("A share was approved or adjusted on %(day)s, before that day.")
                % {"day": date_format(first)}
            }
        )


def _move_hand_over(change: StageChange, effective_on: date, *, by: User, now: datetime) -> None:
    assets = change.project.assets.standing().filter(handed_over_on=change.effective_on)
    for asset in list(assets.select_for_update().order_by("pk")):
        asset.handed_over_on = effective_on
        asset.record("handed_over_on", by=by, now=now)
