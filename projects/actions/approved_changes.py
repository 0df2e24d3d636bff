"""What the approval of a change does, all of it in one transaction: the project's columns, its
shares, and where it ends early its stage and its place in the plan of the year.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import User
from assistance.models.rows import entered
from assistance.periods import local_day
from projects.actions.changed_values import (
    SUMS,
    Shares,
    net_per_column,
    require_covers_payments,
    shares_of,
    source_of,
    standing,
    unspent,
    write,
)
from projects.actions.changes import (
    lock_change,
    require_open_to,
    require_recovered_or_justified,
    require_verb,
)
from projects.actions.drafts import set_targets
from projects.actions.road import move, require_day
from projects.actions.shares import require_plan_serves
from projects.models import (
    ChangeRequest,
    FundingAdjustment,
    FundPlan,
    Payment,
    PerformanceTarget,
    Project,
    ProjectFunding,
    Stage,
)
from projects.models.changes import ChangeKind, ChangeStatus
from projects.models.funds import PAID_THROUGH_THE_LEDGER, REQUESTED_IN


@transaction.atomic
def approve_change(
    change: ChangeRequest,
    *,
    doc_no: str,
    effective_on: date,
    by: User,
    now: datetime,
    version: int | None = None,
) -> ChangeRequest:
    """Approve a request and do what it asks, from ``effective_on`` on.

    Refused where the project's stage no longer takes this kind of change, where the project is no
    longer what the request was written against, where a fund plan would be overdrawn (the plans are
    locked: of two for the last yuan exactly one succeeds), where a share would hold less than it
    has paid, and where the sums would not equal the shares.
    """
    change = lock_change(change, by=by, version=version)
    require_verb(change, "approve", by=by)
    require_open_to(change.project, change.kind)
    if not doc_no.strip():
        raise ValidationError({"doc_no": _("Give the number of the approval document.")})
    project = change.project
    shares = shares_of(project, locked=True)
    _require_same_as_before(change, shares)
    _require_effective_day(change, shares, effective_on, now=now)
    if change.kind == ChangeKind.TERMINATE:
        _require_may_end(change, shares, effective_on)
    _require_money(change, shares)

    change.status, change.decided_at, change.decided_by = ChangeStatus.APPROVED, now, by
    change.doc_no, change.effective_on = doc_no.strip(), effective_on
    change.record("status", "decided_at", "decided_by", "doc_no", "effective_on", by=by, now=now)
    _adjust_shares(change, shares, on=effective_on, by=by, now=now)
    _write_project(change, on=effective_on, by=by, now=now)
    return change


def _require_same_as_before(change: ChangeRequest, shares: Shares) -> None:
    stands = standing(change.project, change.after, shares)
    differs = [name for name in stands if stands[name] != change.before.get(name)]
    if differs:
        raise Refused(
            "changed_meanwhile",
            _(
                "The project is no longer what this request was written against (%(fields)s);"
                " reject it and let it be applied for anew."
            )
            % {"fields": ", ".join(map(_named, differs))},
        )


def _named(what: str) -> str:
    """What a request changes, as its forms call it."""
    rows = {"targets": PerformanceTarget, "shares": ProjectFunding}.get(what)
    if rows is not None:
        return str(rows._meta.verbose_name_plural)
    return str(Project._meta.get_field(what).verbose_name)  # type: ignore[union-attr]  # a column


def _require_effective_day(
    change: ChangeRequest, shares: Shares, effective_on: date, *, now: datetime
) -> None:
    """No later than today, no earlier than what it changes was approved."""
    if effective_on > local_day(now):
        raise ValidationError({"effective_on": _("The day lies in the future.")})
    approved = change.project.stage_changes.counting().filter(to_stage=Stage.APPROVED).first()
    days = [shares[key].approved_on for key in change.after.get("shares", {})]
    days.append(approved.effective_on if approved else None)
    first = max((day for day in days if day is not None), default=None)
    if first is not None and effective_on < first:
        raise ValidationError(
            {
                "effective_on": _("What is changed was approved on %(day)s, not before.")
                % {"day": date_format(first)}
            }
        )


def _require_may_end(change: ChangeRequest, shares: Shares, effective_on: date) -> None:
    """What stands in the way of a termination beyond what stands in the way of any change."""
    require_recovered_or_justified(shares, change.after)
    asked = {
        key: delta
        for key, delta in change.after["shares"].items()
        if shares[key].source in PAID_THROUGH_THE_LEDGER
    }
    if asked != unspent(shares):
        raise Refused(
            "changed_meanwhile",
            _(
                "Money was paid or paid back since this was submitted; reject it and let it be"
                " applied for anew."
            ),
        )
    if change.project.proposed_stage:
        raise Refused(
            "proposed_already",
            _("“%(stage)s” was reported and waits for confirmation; confirm or decline it first.")
            % {"stage": change.project.get_proposed_stage_display()},
        )
    later = Payment.objects.counting().filter(
        project_funding__project=change.project, paid_on__gt=effective_on
    )
    newest = later.order_by("-paid_on").first()
    if newest is not None:
        raise ValidationError(
            {
                "effective_on": _("Money was paid on %(day)s; the project cannot end before.")
                % {"day": date_format(newest.paid_on)}
            }
        )


def _require_money(change: ChangeRequest, shares: Shares) -> None:
    """Shares cover what they paid, plans cover their shares, and the sums equal the shares."""
    deltas = {key: Decimal(delta) for key, delta in change.after.get("shares", {}).items()}
    for key, delta in deltas.items():
        require_covers_payments(shares[key], delta)
    new = {key: Decimal(amount) for key, amount in change.after.get("new_shares", {}).items()}
    wanted: dict[int, Decimal] = {}
    for key, delta in deltas.items():
        plan_id = shares[key].fund_plan_id
        if plan_id is not None:
            wanted[plan_id] = wanted.get(plan_id, Decimal(0)) + delta
    for key, amount in new.items():
        if source_of(key)[1] is not None:
            wanted[int(key)] = wanted.get(int(key), Decimal(0)) + amount
    plans = FundPlan.objects.select_for_update(of=("self",)).order_by("pk")
    grow = {shares[key].fund_plan_id for key, delta in deltas.items() if delta > 0}
    for plan in plans.select_related("pairing__recipient").filter(pk__in=wanted):
        if str(plan.pk) in new or plan.pk in grow:
            require_plan_serves(plan, change.project)
        left = plan.amount_yuan - plan.committed_yuan()
        if wanted[plan.pk] > left:
            raise Refused(
                "fund_plan_overdrawn",
                _(
                    "The fund plan “%(plan)s” has %(left)s yuan left, the change wants"
                    " %(wanted)s; return it, or reject it."
                )
                % {"plan": plan, "left": f"{left:,.2f}", "wanted": f"{wanted[plan.pk]:,.2f}"},
            )
    if change.kind == ChangeKind.BUDGET:
        _require_sums_equal_shares(change, shares, new)


def _require_sums_equal_shares(
    change: ChangeRequest, shares: Shares, new: Mapping[str, Decimal]
) -> None:
    sums = net_per_column(shares.values(), change.after)
    for key, amount in new.items():
        sums[REQUESTED_IN[source_of(key)[0]]] += amount
    wrong = {
        column: _("%(field)s: %(asked)s yuan, the shares would hold %(sum)s yuan")
        % {
            "field": Project._meta.get_field(column).verbose_name,  # type: ignore[union-attr]  # a column
            "asked": f"{Decimal(asked):,.2f}",
            "sum": f"{sums[column]:,.2f}",
        }
        for column in SUMS
        if (asked := change.after.get(column, getattr(change.project, column))) is not None
        and Decimal(asked) != sums[column]
    }
    if wrong:
        raise Refused(
            "shares_do_not_equal_request",
            _("The sums of the project would not be those of its shares. %(differences)s.")
            % {"differences": "; ".join(wrong.values())},
            wrong,
        )


def _adjust_shares(
    change: ChangeRequest, shares: Shares, *, on: date, by: User, now: datetime
) -> None:
    """Enter differences and new shares in the author's name; the approver lets them count."""
    author = entered(change.created_by, now) | {"counted_at": now, "counted_by": by}
    deltas = {key: Decimal(delta) for key, delta in change.after.get("shares", {}).items()}
    for key in sorted(deltas, key=lambda key: (deltas[key] > 0, int(key))):  # releases first
        FundingAdjustment.objects.create(
            project_funding=shares[key],
            change_request=change,
            delta_yuan=deltas[key],
            effective_on=on,
            **author,
        )
    for key, amount in change.after.get("new_shares", {}).items():
        source, plan = source_of(key)
        share = ProjectFunding(
            project=change.project,
            source=source,
            fund_plan=plan,
            fiscal_year=plan.fiscal_year if plan else change.project.fiscal_year,
            amount_yuan=Decimal(amount),
            approved_on=on,
            doc_no=change.doc_no,
            change_request=change,
            **author,
        )
        share.full_clean()
        share.save()


def _write_project(change: ChangeRequest, *, on: date, by: User, now: datetime) -> None:
    project = change.project
    columns = write(project, change.after)
    if columns:
        project.county.take_turns()
        project.full_clean()
    if "targets" in change.after:
        project.targets.all().delete()
        set_targets(project, change.after["targets"])
    if change.kind == ChangeKind.TERMINATE:
        try:
            require_day(project, on, now=now)
        except ValidationError as error:
            raise ValidationError({"effective_on": error.message_dict["on"]}) from None
        move(
            project, Stage.TERMINATED, by=by, on=on, now=now, reason=change.reason,
            doc_no=change.doc_no,
        )  # fmt: skip
    else:
        project.record(*columns, by=by, now=now)
