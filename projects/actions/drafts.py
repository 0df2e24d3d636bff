"""What an application says, while it is a draft."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from assistance.models import Pairing, Region, User
from assistance.models.regions import RegionLevel
from assistance.models.rows import entered
from assistance.periods import local_day
from projects.actions.guards import require
from projects.actions.locks import lock_project
from projects.models import PerformanceTarget, Project, Stage, StageChange

# What somebody may fill in while the project is a draft; pairing, county and year make its code.
DRAFT_FIELDS = (
    "name", "place", "sector", "mode", "content", "implementing_unit", "responsible_person",
    "office_phone", "aid_yuan", "donation_yuan", "match_yuan", "self_yuan", "planned_start",
    "planned_end", "beneficiary_households", "beneficiary_persons", "lifted_persons",
    "monitored_persons", "linkage", "is_livelihood", "livelihood_reason", "spend_level",
    "forms_asset", "needs_tender", "remarks",
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
    set_targets(project, targets)
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
        set_targets(project, targets)
    return _fresh(project)


def _only_draft_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    foreign = set(fields) - set(DRAFT_FIELDS)
    if foreign:
        raise ValidationError(dict.fromkeys(foreign, _("This is not filled in on a draft.")))
    return dict(fields)


def require_place_and_time(pairing: Pairing, county: Region, fiscal_year: int) -> None:
    """Refuse a county outside the pairing's recipient, and a year in which it is not in force."""
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


def set_targets(project: Project, targets: Iterable[Mapping[str, Any]]) -> None:
    """Enter performance targets; ValidationError where one does not fit."""
    rows = [PerformanceTarget(project=project, **target) for target in targets]
    for row in rows:
        row.full_clean(exclude=["project"])
    PerformanceTarget.objects.bulk_create(rows)


def _fresh(project: Project) -> Project:
    return Project.objects.select_related("pairing__recipient", "pairing__donor").get(pk=project.pk)
