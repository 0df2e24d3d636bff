"""The road of a project up to where it is ready to start, and how a step is taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import Pairing, Region, User
from assistance.models.regions import RegionLevel
from assistance.models.rows import entered
from assistance.periods import local_day
from projects.actions.guards import require
from projects.actions.locks import lock_project
from projects.models import (
    FundPlan,
    PerformanceTarget,
    Project,
    ProjectFunding,
    Stage,
    StageChange,
    YearPlanEntry,
)
from projects.models.funds import REQUESTED_IN, WITHOUT_A_PLAN, FundPlanStatus
from projects.models.history import Nature
from projects.models.project import TargetKind

# What somebody may fill in while the project is a draft; pairing, county and year make its code.
DRAFT_FIELDS = (
    "name", "place", "sector", "mode", "content", "implementing_unit", "responsible_person",
    "office_phone", "aid_yuan", "donation_yuan", "match_yuan", "self_yuan", "planned_start",
    "planned_end", "beneficiary_households", "beneficiary_persons", "lifted_persons",
    "monitored_persons", "linkage", "is_livelihood", "livelihood_reason", "spend_level",
    "forms_asset", "needs_tender", "remarks",
)  # fmt: skip
REQUIRED_TO_SUBMIT = (
    "place", "content", "implementing_unit", "responsible_person", "office_phone", "planned_start",
    "planned_end", "beneficiary_households", "beneficiary_persons", "linkage",
)  # fmt: skip


@transaction.atomic
def create_project(
    *,
    pairing: Pairing,
    county: Region,
    fiscal_year: int,
    by: User,
    now: datetime,
    targets: Iterable[Mapping[str, Any]] = (),
    **fields: Any,
) -> Project:
    """Open a draft and give it its code.

    ValidationError names the field where the county lies outside the pairing's recipient, where the
    pairing is in force on no day of the year, or where a value does not fit.
    """
    if not by.has_perm("projects.add_project"):
        raise PermissionDenied
    pairing = (
        Pairing.objects.visible_to(by).select_related("programme", "recipient").get(pk=pairing.pk)
    )
    if not by.may_write_for(recipient_id=pairing.recipient_id, donor_id=pairing.donor_id):
        raise PermissionDenied
    require_place_and_time(pairing, county, fiscal_year)
    project = Project(
        code=next_code(pairing, county, fiscal_year),
        pairing=pairing,
        county=county,
        fiscal_year=fiscal_year,
        **_only_draft_fields(fields),
        **entered(by, now),
    )
    project.full_clean()
    project.save()
    _set_targets(project, targets)
    StageChange.objects.create(
        project=project,
        to_stage=Stage.DRAFT,
        effective_on=local_day(now),
        counted_at=now,
        counted_by=by,
        **entered(by, now),
    )
    return _fresh(project)


def next_code(pairing: Pairing, county: Region, fiscal_year: int) -> str:
    """The code of the next project; the county is locked, so that no two projects get the same."""
    county.take_turns()
    prefix = f"{pairing.programme.kind}{fiscal_year}{county.code}"
    last = Project.objects.filter(code__startswith=prefix).aggregate(last=Max("code"))["last"]
    number = int(last[len(prefix) :]) + 1 if last else 1
    return f"{prefix}{number:04}"


@transaction.atomic
def edit_draft(
    project: Project,
    *,
    by: User,
    now: datetime,
    version: int | None = None,
    targets: Iterable[Mapping[str, Any]] | None = None,
    **fields: Any,
) -> Project:
    """Change what a draft says; ``targets`` replaces the performance targets where given."""
    project = lock_project(project, by=by, version=version)
    require(project, "edit", by=by, now=now)
    changed = _only_draft_fields(fields)
    for name, value in changed.items():
        setattr(project, name, value)
    project.county.take_turns()
    project.full_clean()
    project.record(*changed, by=by, now=now)
    if targets is not None:
        project.targets.all().delete()
        _set_targets(project, targets)
    return _fresh(project)


@transaction.atomic
def submit(project: Project, *, by: User, now: datetime, version: int | None = None) -> Project:
    """Hand a complete draft to the programme office; ``Refused.fields`` names what is missing."""
    project = lock_project(project, by=by, version=version)
    require(project, "submit", by=by, now=now)
    missing = _missing(project)
    if missing:
        raise Refused(
            "project_incomplete",
            _("Fill in what is missing, then submit again: %(fields)s.")
            % {"fields": "; ".join(str(sentence) for sentence in missing.values())},
            missing,
        )
    project.submitted_by = by
    return move(project, Stage.SUBMITTED, "submitted_by", by=by, on=local_day(now), now=now)


@transaction.atomic
def return_to_draft(
    project: Project, *, reason: str, by: User, now: datetime, version: int | None = None
) -> Project:
    """Send an application back to be corrected; the shares allotted to it are dropped."""
    project = lock_project(project, by=by, version=version)
    require(project, "return", by=by, now=now)
    require_reason(reason)
    _drop_allotments(project, by=by, now=now, reason=reason)
    project.submitted_by = project.reviewed_by = None
    return move(
        project, Stage.DRAFT, "submitted_by", "reviewed_by", by=by, on=local_day(now), now=now,
        reason=reason,
    )  # fmt: skip


@transaction.atomic
def admit(project: Project, *, by: User, now: datetime, version: int | None = None) -> Project:
    """Take an application into the project library after review."""
    project = lock_project(project, by=by, version=version)
    require(project, "admit", by=by, now=now)
    project.reviewed_by = by
    return move(project, Stage.LIBRARY, "reviewed_by", by=by, on=local_day(now), now=now)


@transaction.atomic
def reject(
    project: Project, *, reason: str, by: User, now: datetime, version: int | None = None
) -> Project:
    """Turn an application down for good; the shares allotted to it are dropped."""
    project = lock_project(project, by=by, version=version)
    require(project, "reject", by=by, now=now)
    require_reason(reason)
    _drop_allotments(project, by=by, now=now, reason=reason)
    return move(project, Stage.REJECTED, by=by, on=local_day(now), now=now, reason=reason)


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


@transaction.atomic
def approve(
    project: Project,
    *,
    doc_no: str,
    on: date,
    by: User,
    now: datetime,
    version: int | None = None,
) -> Project:
    """Approve a library project, commit its shares and enter it into the year's plan.

    Refused where the shares do not equal the request source by source, and where a fund plan would
    be overdrawn: the plans are locked, so of two approvals for the last yuan exactly one succeeds.
    """
    project = lock_project(project, by=by, version=version)
    require(project, "approve", by=by, now=now)
    if not doc_no.strip():
        raise ValidationError({"doc_no": _("Give the number of the approval document.")})
    shares = list(project.funding.standing().select_for_update(of=("self",)).order_by("pk"))
    _require_shares_equal_request(project, shares)
    for share in shares:
        share.require_other_hands(by, than=("created_by",))
    require_plans_hold(project, shares)
    for share in shares:
        share.approved_on, share.doc_no = on, doc_no
        share.count("approved_on", "doc_no", by=by, now=now)
    YearPlanEntry.objects.create(
        project=project,
        year=project.fiscal_year,
        nature=Nature.NEW,
        planned_invest_yuan=project.total_investment_yuan,
        entered_on=on,
        counted_at=now,
        counted_by=by,
        **entered(by, now),
    )
    return move(project, Stage.APPROVED, by=by, on=on, now=now, doc_no=doc_no)


@transaction.atomic
def advance(
    project: Project,
    *,
    on: date,
    by: User,
    now: datetime,
    version: int | None = None,
    contract_no: str = "",
    contract_yuan: Decimal | None = None,
) -> Project:
    """Bring an approved project to tender, or on to where it is ready to start.

    A tendered project needs the contract's number and amount (yuan, within the total investment).
    """
    project = lock_project(project, by=by, version=version)
    require(project, "advance", by=by, now=now)
    if project.stage == Stage.APPROVED and project.needs_tender:
        return move(project, Stage.TENDERING, by=by, on=on, now=now)
    if project.needs_tender and not (contract_no.strip() and contract_yuan):
        raise ValidationError(
            {
                "contract_no": _(
                    "A tendered project is ready once its contract is known: number and amount."
                )
            }
        )
    project.contract_no, project.contract_yuan = contract_no.strip(), contract_yuan
    project.full_clean()
    return move(project, Stage.READY, "contract_no", "contract_yuan", by=by, on=on, now=now)


def _fresh(project: Project) -> Project:
    return Project.objects.select_related("pairing__recipient", "pairing__donor").get(pk=project.pk)


def move(
    project: Project,
    to: Stage,
    *changed: str,
    by: User,
    on: date,
    now: datetime,
    reason: str = "",
    doc_no: str = "",
) -> Project:
    """Take one step of the road; the caller holds the project's lock and has checked the verb."""
    require_day(project, on, now=now)
    StageChange.objects.create(
        project=project,
        from_stage=project.stage,
        to_stage=to,
        effective_on=on,
        reason=reason,
        doc_no=doc_no,
        counted_at=now,
        counted_by=by,
        **entered(by, now),
    )
    project.stage = to
    project.record("stage", *changed, by=by, now=now)
    return project


def require_day(project: Project, on: date, *, now: datetime) -> None:
    """A step takes effect no later than today and no earlier than the step before it."""
    newest = project.stage_changes.counting().order_by("-effective_on", "-pk").first()
    if on > local_day(now):
        raise ValidationError({"on": _("The day lies in the future.")})
    if newest is not None and on < newest.effective_on:
        raise ValidationError(
            {
                "on": _("The day lies before the step before it (%(stage)s on %(day)s).")
                % {"stage": newest.get_to_stage_display(), "day": newest.effective_on}
            }
        )


def _only_draft_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    foreign = set(fields) - set(DRAFT_FIELDS)
    if foreign:
        raise ValidationError(dict.fromkeys(foreign, _("This is not filled in on a draft.")))
    return dict(fields)


def require_place_and_time(pairing: Pairing, county: Region, fiscal_year: int) -> None:
    if county.level != RegionLevel.COUNTY or not pairing.recipient.contains(county):
        raise ValidationError(
            {
                "county": _("The county has to lie in the pairing's recipient, %(region)s.")
                % {"region": pairing.recipient}
            }
        )
    first, last = date(fiscal_year, 1, 1), date(fiscal_year, 12, 31)
    if not Pairing.objects.in_force_between(first, last).filter(pk=pairing.pk).exists():
        raise ValidationError(
            {
                "fiscal_year": _("The pairing is in force on no day of %(year)s.")
                % {"year": fiscal_year}
            }
        )


def require_reason(reason: str) -> None:
    if not reason.strip():
        raise ValidationError({"reason": _("Give the reason; the other side will read it.")})


def _set_targets(project: Project, targets: Iterable[Mapping[str, Any]]) -> None:
    rows = [PerformanceTarget(project=project, **target) for target in targets]
    for row in rows:
        row.full_clean(exclude=["project"])
    PerformanceTarget.objects.bulk_create(rows)


def label_of(column: str) -> str:
    """What a column of a project is called."""
    return str(getattr(Project._meta.get_field(column), "verbose_name"))  # noqa: B009  mypy


def _missing(project: Project) -> dict[str, str]:
    """What a draft still lacks, per field, as sentences."""
    missing = {
        name: _("%(field)s is missing") % {"field": label_of(name)}
        for name in REQUIRED_TO_SUBMIT
        if not getattr(project, name)
    }
    if not project.total_investment_yuan:
        missing["aid_yuan"] = _("the sum asked for is 0")
    kinds = set(project.targets.values_list("kind", flat=True))
    for kind in TargetKind:
        if kind not in kinds:
            missing["targets"] = _("a target of each kind is needed: output, benefit, satisfaction")
    return missing


def require_plans_hold(project: Project, shares: Iterable[ProjectFunding]) -> None:
    """Lock the plans that these shares draw on; Refused where one does not serve the project or
    would be overdrawn.
    """
    shares = list(shares)
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


def require_plan_serves(plan: FundPlan, project: Project) -> None:
    own = project.pairing
    above = plan.pairing.recipient
    same_programme = plan.pairing.programme_id == own.programme_id
    if plan.status != FundPlanStatus.ISSUED:
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


def _require_shares_equal_request(project: Project, shares: Iterable[ProjectFunding]) -> None:
    allotted = dict.fromkeys(dict.fromkeys(REQUESTED_IN.values()), Decimal(0))
    for column, group in groupby(shares, key=lambda share: REQUESTED_IN[share.source]):
        allotted[column] += sum((share.amount_yuan for share in group), Decimal(0))
    wrong = {
        column: _("%(field)s: asked for %(asked)s yuan, allotted %(allotted)s yuan")
        % {
            "field": label_of(column),
            "asked": f"{getattr(project, column):,.2f}",
            "allotted": f"{amount:,.2f}",
        }
        for column, amount in allotted.items()
        if amount != getattr(project, column)
    }
    if wrong:
        raise Refused(
            "shares_do_not_equal_request",
            _("Allot exactly what was asked for from each source. %(differences)s.")
            % {"differences": "; ".join(wrong.values())},
            wrong,
        )


def _drop_allotments(project: Project, *, by: User, now: datetime, reason: str) -> None:
    for share in project.funding.standing().select_for_update(of=("self",)).order_by("pk"):
        share.void(by=by, now=now, reason=reason)
