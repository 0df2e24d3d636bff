"""How well a project did in a year, in points of 100."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import User
from assistance.models.rows import entered
from assistance.periods import local_day
from projects.actions.locks import lock_of_project, lock_project
from projects.actions.road import require_reason
from projects.models import (
    Evaluation,
    FundingAdjustment,
    Paper,
    Payment,
    Project,
    ProjectFunding,
    Refund,
    Stage,
)
from projects.models.evidence import PaperKind
from projects.models.funds import PAID_THROUGH_THE_LEDGER, total_yuan

MAY_CONFIRM = "projects.confirm_evaluation"
EVALUATED_AT = (
    Stage.ACTIVE, Stage.SUSPENDED, Stage.COMPLETED, Stage.ACCEPTED, Stage.HANDED_OVER,
    Stage.CLOSED,
)  # fmt: skip
CENT = Decimal("0.01")


@transaction.atomic
def evaluate(
    project: Project,
    *,
    year: int,
    output: Decimal,
    benefit: Decimal,
    satisfaction: Decimal,
    evaluated_on: date,
    by: User,
    now: datetime,
    remarks: str = "",
) -> Evaluation:
    """Enter the points of a year; it counts once a reviewer confirmed it.

    The points of the budget's execution are computed from the ledger as at ``evaluated_on``.
    """
    project = lock_project(project, by=by)
    refusal = evaluate_why_not(project, by)
    if refusal is not None:
        raise refusal
    if evaluated_on > local_day(now):
        raise ValidationError({"evaluated_on": _("The day lies in the future.")})
    if not project.fiscal_year <= year <= evaluated_on.year:
        raise ValidationError(
            {
                "year": _("A year from %(first)s, the project's, to that of the evaluation.")
                % {"first": project.fiscal_year}
            }
        )
    evaluation = Evaluation(
        project=project,
        year=year,
        evaluated_on=evaluated_on,
        execution=execution_points(project, evaluated_on, known_at=now),
        output=output,
        benefit=benefit,
        satisfaction=satisfaction,
        remarks=remarks.strip(),
        **entered(by, now),
    )
    evaluation.full_clean()
    evaluation.save()
    evaluation.refresh_from_db(fields=["total"])  # the database adds up
    return evaluation


@transaction.atomic
def confirm_evaluation(
    evaluation: Evaluation, *, by: User, now: datetime, version: int | None = None
) -> Evaluation:
    """Confirm an evaluation against its score sheet; it counts from now on."""
    evaluation, project = lock_of_project(evaluation, by=by, version=version)
    refusal = confirm_why_not(evaluation, by)
    if refusal is not None:
        raise refusal
    sheets = Paper.objects.counting().filter(project=project, kind=PaperKind.EVALUATION)
    if not sheets.filter(filed_on__gte=evaluation.evaluated_on).exists():
        raise Refused("score_sheet_missing", _("File the score sheet, then confirm."))
    evaluation.count(by=by, now=now)
    return evaluation


@transaction.atomic
def strike_out_evaluation(
    evaluation: Evaluation, *, reason: str, by: User, now: datetime, version: int | None = None
) -> Evaluation:
    """Strike out an evaluation: who entered it may before it counts, a reviewer afterwards.

    Refused where it is the only one of a project that was closed.
    """
    evaluation, project = lock_of_project(evaluation, by=by, version=version)
    refusal = strike_out_why_not(evaluation, by)
    if refusal is not None:
        raise refusal
    require_reason(reason)
    others = project.evaluations.counting().exclude(pk=evaluation.pk)
    if evaluation.counts and project.stage == Stage.CLOSED and not others.exists():
        raise Refused(
            "project_has_gone_on", _("The project was closed on this evaluation, so it stands.")
        )
    evaluation.void(by=by, now=now, reason=reason)
    return evaluation


def execution_points(project: Project, day: date, *, known_at: datetime) -> Decimal:
    """min(paid ÷ allocated, 1) × 10 as at ``day``, half up to two decimals.

    Aid and donations in cash only: nothing else is paid through the ledger. Refused where nothing
    was allocated by then.
    """
    shares = ProjectFunding.objects.as_at(day, known_at).filter(
        project=project, source__in=PAID_THROUGH_THE_LEDGER
    )
    adjusted, paid, refunded = (
        total_yuan(model.objects.as_at(day, known_at).filter(project_funding__in=shares), column)
        for model, column in (
            (FundingAdjustment, "delta_yuan"), (Payment, "amount_yuan"), (Refund, "amount_yuan"),
        )
    )  # fmt: skip
    allocated = total_yuan(shares) + adjusted
    if allocated <= 0:
        raise Refused(
            "nothing_allocated",
            _("No aid was allocated by %(day)s, so its use cannot be evaluated.")
            % {"day": date_format(day)},
        )
    net = total_yuan(shares, "opening_paid_yuan") + paid - refunded
    share = min(net / allocated, Decimal(1))
    return (share * Evaluation.EXECUTION).quantize(CENT, ROUND_HALF_UP)


def evaluate_why_not(project: Project, user: User) -> Refused | PermissionDenied | None:
    """What stands between ``user`` and evaluating, the ledger apart; asks no table."""
    pairing = project.pairing
    keeps = user.may_write_for(recipient_id=pairing.recipient_id, donor_id=pairing.donor_id)
    if not user.has_perm("projects.add_evaluation") or not keeps:
        return PermissionDenied()
    if project.stage not in EVALUATED_AT:
        return Refused(
            "not_on_the_road",
            _("The project is “%(stage)s”; it is evaluated once the works have begun.")
            % {"stage": project.get_stage_display()},
        )
    return None


def confirm_why_not(evaluation: Evaluation, user: User) -> Refused | PermissionDenied | None:
    """What stands between ``user`` and confirming, the score sheet apart; asks no table."""
    if not user.has_perm(MAY_CONFIRM):
        return PermissionDenied()
    if evaluation.counted_at or evaluation.voided_at:
        return Refused(
            "evaluation_is_settled", _("This evaluation was confirmed or struck out already.")
        )
    try:
        evaluation.require_other_hands(user, than=("created_by",))
    except Refused as refusal:
        return refusal
    return None


def strike_out_why_not(evaluation: Evaluation, user: User) -> Refused | PermissionDenied | None:
    """What stands between ``user`` and striking out, the road apart; asks no table."""
    own_draft = evaluation.counted_at is None and evaluation.created_by_id == user.pk
    if not own_draft and not user.has_perm(MAY_CONFIRM):
        return PermissionDenied()
    if evaluation.voided_at:
        return Refused("struck_out_before", _("This row was struck out already."))
    return None
