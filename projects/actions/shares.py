"""A project's shares of fund plans, until the approval lets them count."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import User
from assistance.models.rows import entered
from projects.actions.guards import require
from projects.actions.locks import lock_project
from projects.actions.road import require_reason
from projects.models import FundPlan, Project, ProjectFunding
from projects.models.funds import WITHOUT_A_PLAN, FundPlanStatus


@transaction.atomic
def allot(
    project: Project,
    *,
    source: str,
    amount_yuan: Decimal,
    by: User,
    now: datetime,
    fund_plan: FundPlan | None = None,
) -> ProjectFunding:
    """Prepare a project's share of a fund plan; it counts once the project is approved.

    Matching and own funds have no plan. A plan has to be issued and to belong to the project's own
    pairing or, in the same programme, to that of the prefecture above.
    """
    project = lock_project(project, by=by)
    require(project, "allot", by=by, now=now)
    if source not in WITHOUT_A_PLAN:
        if fund_plan is None:
            raise ValidationError({"fund_plan": _("Choose the fund plan that this share is of.")})
        fund_plan = (
            FundPlan.objects.visible_to(by)
            .select_related("pairing__recipient")
            .get(pk=fund_plan.pk)
        )
        require_plan_serves(fund_plan, project)
    share = ProjectFunding(
        project=project,
        source=source,
        fund_plan=fund_plan,
        fiscal_year=fund_plan.fiscal_year if fund_plan else project.fiscal_year,
        amount_yuan=amount_yuan,
        **entered(by, now),
    )
    if fund_plan and fund_plan.source != source:
        raise ValidationError({"fund_plan": _("This fund plan is from another source.")})
    share.full_clean()
    share.save()
    return share


@transaction.atomic
def drop_allotment(
    share: ProjectFunding, *, reason: str, by: User, now: datetime
) -> ProjectFunding:
    """Strike out a share that was prepared and does not count yet."""
    project = lock_project(share.project, by=by)
    require(project, "allot", by=by, now=now)
    share = ProjectFunding.objects.lock_for(by, share.pk)
    if share.counted_at or share.voided_at:
        raise Refused("share_is_settled", _("This share counts already or was dropped before."))
    require_reason(reason)
    share.void(by=by, now=now, reason=reason)
    return share


def require_plan_serves(plan: FundPlan, project: Project) -> None:
    """Refuse a plan that is not issued, or not of the project's pairing or the one above it."""
    own = project.pairing
    above = plan.pairing.recipient
    same_programme = plan.pairing.programme_id == own.programme_id
    if plan.voided_at or plan.status != FundPlanStatus.ISSUED:
        raise Refused(
            "fund_plan_not_issued", _("The fund plan “%(plan)s” is not issued.") % {"plan": plan}
        )
    if plan.pairing_id != own.pk and not (same_programme and above.contains(own.recipient)):
        raise Refused(
            "fund_plan_of_another_pairing",
            _(
                "The fund plan “%(plan)s” belongs to another pairing; choose one of this county"
                " or of the prefecture above it."
            )
            % {"plan": plan},
        )


def require_plans_hold(project: Project, shares: Sequence[ProjectFunding]) -> None:
    """Lock the plans that these shares draw on; Refused where one does not serve the project or
    would be overdrawn.
    """
    plans = (
        FundPlan.objects.select_for_update(of=("self",))
        .select_related("pairing__recipient")
        .order_by("pk")
    )
    for plan in plans.filter(pk__in=[share.fund_plan_id for share in shares if share.fund_plan_id]):
        require_plan_serves(plan, project)
        wanted = sum((s.amount_yuan for s in shares if s.fund_plan_id == plan.pk), Decimal(0))
        left = plan.amount_yuan - plan.committed_yuan()
        if wanted > left:
            raise Refused(
                "fund_plan_overdrawn",
                _(
                    "The fund plan “%(plan)s” has %(left)s yuan left, the project wants"
                    " %(wanted)s; lower the share or choose another plan."
                )
                % {"plan": plan, "left": f"{left:,.2f}", "wanted": f"{wanted:,.2f}"},
            )


def drop_allotments(project: Project, *, by: User, now: datetime, reason: str) -> None:
    """Strike out all shares of a project that comes to nothing; the caller holds its lock."""
    for share in project.funding.standing().select_for_update(of=("self",)).order_by("pk"):
        share.void(by=by, now=now, reason=reason)
