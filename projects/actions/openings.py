"""Taking over what ran before this system (期初录入): one opening per project, entered from a
ledger and confirmed by other hands. From then on the project goes its way by the ordinary verbs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assistance.errors import Refused
from assistance.models import Pairing, Region, User
from assistance.models.rows import entered
from assistance.periods import Month, local_day
from projects.actions.drafts import next_code, require_place_and_time
from projects.actions.locks import lock_project
from projects.actions.opening_rules import (
    Share,
    fields_of_a_ledger,
    require_days,
    require_new,
    require_not_live,
    require_works,
    sums_of,
)
from projects.actions.road import move, require_reason
from projects.actions.shares import require_plan_serves, require_plans_hold
from projects.actions.year_plan import GOES_ON
from projects.models import (
    FundPlan,
    Opening,
    Payment,
    ProgressReport,
    Project,
    ProjectFunding,
    Refund,
    Stage,
    StageChange,
    YearPlanEntry,
)
from projects.models.changes import OPEN_CHANGE, FundingAdjustment
from projects.models.funds import ZERO
from projects.models.history import Nature, ProgressStatus
from projects.models.payments import PaymentStatus


@transaction.atomic
def take_over(
    *,
    pairing: Pairing,
    county: Region,
    fiscal_year: int,
    as_of: date,
    stage: str,
    nature: str,
    year: int,
    shares: Sequence[Share],
    physical_pct: Decimal,
    source_file: str,
    by: User,
    now: datetime,
    source_row: int | None = None,
    actual_start: date | None = None,
    actual_end: date | None = None,
    total_investment_yuan: Decimal | None = None,
    **fields: Any,
) -> Opening:
    """Enter a project as it stood on ``as_of``; it counts once a reviewer confirmed it.

    Each of the ``shares`` names its ``source``, ``amount_yuan`` and ``paid_yuan`` (yuan, as the
    ledger has them) and, where it is known, its ``fund_plan``; their sums become the project's.
    ``total_investment_yuan`` is the ledger's own total, where it names one. Of ``fields`` only name
    and sector are needed. Refused once the programme works with this system.
    """
    if not by.has_perm("projects.add_opening"):
        raise PermissionDenied
    pairing = (
        Pairing.objects.visible_to(by).select_related("programme", "recipient").get(pk=pairing.pk)
    )
    if not by.may_write_for(recipient_id=pairing.recipient_id, donor_id=pairing.donor_id):
        raise PermissionDenied
    require_not_live(pairing, local_day(now))
    require_place_and_time(pairing, county, fiscal_year)
    opening = Opening(
        as_of=as_of,
        stage=stage,
        nature=nature,
        year=year,
        physical_pct=physical_pct,
        actual_start=actual_start,
        actual_end=actual_end,
        source_file=source_file.strip(),
        source_row=source_row,
        **entered(by, now),
    )
    require_days(opening, pairing, fiscal_year, local_day(now))
    require_works(opening)
    sums = sums_of(shares, total_investment_yuan)
    project = Project(
        code=next_code(pairing, county, fiscal_year),
        pairing=pairing,
        county=county,
        fiscal_year=fiscal_year,
        **sums,
        **fields_of_a_ledger(fields, stage),
        **entered(by, now),
    )
    require_new(project)
    project.full_clean()
    project.save()
    StageChange.objects.create(
        project=project,
        to_stage=Stage.DRAFT,
        effective_on=as_of,
        counted_at=now,
        counted_by=by,
        **entered(by, now),
    )
    opening.project = project
    opening.full_clean()
    opening.save()
    for share in shares:
        _enter_share(opening, share, by=by, now=now)
    return opening


@transaction.atomic
def confirm_opening(
    opening: Opening, *, by: User, now: datetime, version: int | None = None
) -> Opening:
    """Confirm what was taken over against the ledger: it counts from now on, as of its day.

    Its shares begin to count, and the project enters the year's plan, moves to its stage, and has
    its progress on record. Refused where a fund plan that a share names would be overdrawn.
    """
    opening = _lock(opening, "projects.confirm_opening", by=by, version=version)
    _require_waiting(opening)
    opening.require_other_hands(by, than=("created_by",))
    project = opening.project
    shares = list(opening.shares.standing().select_for_update(of=("self",)).order_by("pk"))
    require_plans_hold(project, shares)
    opening.count(by=by, now=now)
    for share in shares:
        share.approved_on = opening.as_of
        share.doc_no = _on_record(gettext_lazy("taken over as of %(day)s"), day=opening.as_of)
        share.count("approved_on", "doc_no", by=by, now=now)
    _enter_year_plans(opening, by=by, now=now)
    _enter_progress(opening, by=by, now=now)
    StageChange.objects.create(
        project=project,
        from_stage=Stage.DRAFT,
        to_stage=opening.stage,
        effective_on=opening.as_of,
        reason=_on_record(gettext_lazy("taken over from %(source)s"), source=opening.source),
        opening=opening,
        counted_at=now,
        counted_by=by,
        **entered(by, now),
    )
    project.stage = opening.stage
    project.record("stage", by=by, now=now)
    return opening


@transaction.atomic
def decline_opening(
    opening: Opening, *, reason: str, by: User, now: datetime, version: int | None = None
) -> Opening:
    """Turn down what was to be taken over; it can be entered anew. Who entered it may take it back
    in the same way.
    """
    opening = _lock(opening, verb_of_declining(opening, by), by=by, version=version)
    _require_waiting(opening)
    require_reason(reason)
    for share in opening.shares.standing().select_for_update(of=("self",)).order_by("pk"):
        share.void(by=by, now=now, reason=reason)
    opening.void(by=by, now=now, reason=reason)
    move(opening.project, Stage.WITHDRAWN, by=by, on=local_day(now), now=now, reason=reason)
    return opening


@transaction.atomic
def strike_out_opening(
    opening: Opening, *, reason: str, by: User, now: datetime, version: int | None = None
) -> Opening:
    """Strike out what was taken over wrongly, with everything it brought; the project is withdrawn
    and can be taken over anew.

    Refused while anything that came afterwards stands: that is struck out first, or the project is
    put right by a change request.
    """
    opening = _lock(opening, "projects.confirm_opening", by=by, version=version)
    if not opening.counts:
        raise Refused(
            "opening_does_not_count", _("Only an opening that was confirmed can be struck out.")
        )
    require_reason(reason)
    project = opening.project
    later = [str(name) for name, rows in _came_afterwards(opening) if rows.exists()]
    if later:
        raise Refused(
            "others_build_on_it",
            _(
                "This came after the opening and stands: %(rows)s. Strike that out first, or apply"
                " for a change."
            )
            % {"rows": ", ".join(later)},
        )
    brought: tuple[models.QuerySet[Any], ...] = (
        opening.shares.standing(),
        project.year_plan_entries.standing(),
        project.progress_reports.standing(),
        StageChange.objects.standing().filter(opening=opening),
    )
    for rows in brought:
        for row in rows.select_for_update(of=("self",)).order_by("pk"):
            row.void(by=by, now=now, reason=reason)
    opening.void(by=by, now=now, reason=reason)
    project.stage = Stage.DRAFT  # where the road stands without the step of the opening
    move(project, Stage.WITHDRAWN, by=by, on=local_day(now), now=now, reason=reason)
    return opening


# ------------------------------------------------------------------------------------ the rows


def verb_of_declining(opening: Opening, by: User) -> str:
    """The permission that declining needs: who entered the opening may take it back."""
    return f"projects.{'add' if opening.created_by_id == by.pk else 'confirm'}_opening"


def _lock(opening: Opening, permission: str, *, by: User, version: int | None) -> Opening:
    if not by.has_perm(permission):
        raise PermissionDenied
    seen = Opening.objects.visible_to(by).select_related("project").get(pk=opening.pk)
    project = lock_project(seen.project, by=by)  # parent before child, as everywhere
    if not by.may_write_for(
        recipient_id=project.pairing.recipient_id, donor_id=project.pairing.donor_id
    ):
        raise PermissionDenied
    opening = Opening.objects.lock_for(by, opening.pk, version=version)
    opening.project = project
    return opening


def _require_waiting(opening: Opening) -> None:
    if not opening.waits:
        raise Refused(
            "opening_is_settled", _("This opening was confirmed, declined or struck out already.")
        )


def _enter_share(opening: Opening, given: Share, *, by: User, now: datetime) -> None:
    plan: FundPlan | None = given.get("fund_plan")
    if plan is not None:
        plan = FundPlan.objects.visible_to(by).select_related("pairing__recipient").get(pk=plan.pk)
        if plan.source != given["source"]:
            raise ValidationError({"shares": _("This fund plan is from another source.")})
        require_plan_serves(plan, opening.project)
    share = ProjectFunding(
        project=opening.project,
        opening=opening,
        source=given["source"],
        fund_plan=plan,
        fiscal_year=plan.fiscal_year if plan else opening.project.fiscal_year,
        amount_yuan=given["amount_yuan"],
        opening_paid_yuan=given.get("paid_yuan") or ZERO,
        **entered(by, now),
    )
    share.full_clean()
    share.save()


def _enter_year_plans(opening: Opening, *, by: User, now: datetime) -> None:
    """The place in the plan that the ledger names, and where the project still ran, those of the
    years since: ``roll_over`` was rung for them before anybody knew of this project.
    """
    places = [(opening.year, opening.nature, opening.as_of)]
    if opening.stage in GOES_ON:
        since = range(opening.as_of.year + 1, local_day(now).year + 1)
        places += [(year, Nature.CONT, date(year, 1, 1)) for year in since]
    for year, nature, entered_on in places:
        YearPlanEntry.objects.create(
            project=opening.project,
            year=year,
            nature=nature,
            planned_invest_yuan=opening.project.total_investment_yuan,
            entered_on=entered_on,
            counted_at=now,
            counted_by=by,
            **entered(by, now),
        )


def _enter_progress(opening: Opening, *, by: User, now: datetime) -> None:
    if not opening.physical_pct:
        return
    enters = opening.created_by  # the clerk's word, counted by the reviewer
    ProgressReport.objects.create(
        project=opening.project,
        period=str(Month.of(opening.as_of)),
        measured_on=opening.as_of,
        physical_pct=opening.physical_pct,
        narrative=_on_record(gettext_lazy("taken over from %(source)s"), source=opening.source),
        status=ProgressStatus.VERIFIED,
        counted_at=now,
        counted_by=by,
        **entered(enters, now),
    )


def _came_afterwards(
    opening: Opening,
) -> Iterator[tuple[str | Promise, models.QuerySet[Any]]]:
    """What else was entered on the project and stands, by its name."""
    project = opening.project
    shares = project.funding.standing()
    yield (
        gettext_lazy("steps"),
        project.stage_changes.counting()
        .exclude(opening=opening)
        .exclude(to_stage=Stage.DRAFT, from_stage=""),
    )
    yield gettext_lazy("shares"), shares.exclude(opening=opening)
    yield (
        gettext_lazy("adjustments"),
        FundingAdjustment.objects.standing().filter(project_funding__project=project),
    )
    yield (
        gettext_lazy("payments"),
        Payment.objects.standing()
        .filter(project_funding__project=project)
        .exclude(status=PaymentStatus.REJECTED),
    )
    yield (
        gettext_lazy("refunds"),
        Refund.objects.standing().filter(project_funding__project=project),
    )
    yield (
        gettext_lazy("progress reports"),
        project.progress_reports.standing()
        .exclude(measured_on=opening.as_of, counted_at=opening.counted_at)
        .exclude(status=ProgressStatus.RETURNED),
    )
    yield gettext_lazy("reported steps"), project.step_proposals.open()
    yield gettext_lazy("changes"), project.change_requests.filter(status__in=OPEN_CHANGE)
    for name, rows in (
        (gettext_lazy("acceptances"), project.acceptances),
        (gettext_lazy("assets"), project.assets),
        (gettext_lazy("audit records"), project.audit_records),
        (gettext_lazy("findings"), project.findings),
        (gettext_lazy("evaluations"), project.evaluations),
    ):
        yield name, rows.standing()


def _on_record(sentence: str | Promise, **values: object) -> str:
    """A sentence that stays in the ledger, so it is in the language of the office."""
    with translation.override(settings.LANGUAGE_CODE):
        return str(sentence) % values
