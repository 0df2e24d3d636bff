"""What a project leaves behind: registered, kept up to date, handed over."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

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
from projects.actions.settlement import settling_acceptance
from projects.models import Asset, Project, Stage
from projects.models.funds import total_yuan

REGISTERED_AT = (Stage.COMPLETED, Stage.ACCEPTED, Stage.HANDED_OVER)
KEPT_UP_AT = (*REGISTERED_AT, Stage.CLOSED)
HANDED_OVER_AT = (Stage.HANDED_OVER, Stage.CLOSED)
# What may change after an asset is registered.
KEPT_UP = ("owner", "manager", "cert_no", "state", "yearly_income_yuan", "distribution")


@transaction.atomic
def register_asset(
    project: Project,
    *,
    name: str,
    category: str,
    original_value_yuan: Decimal,
    registered_on: date,
    by: User,
    now: datetime,
    owner: str = "",
    manager: str = "",
    cert_no: str = "",
    yearly_income_yuan: Decimal | None = None,
    distribution: str = "",
) -> Asset:
    """Register something that the project built; it counts at once.

    All assets together are worth no more than the final settlement, once that is known. One that
    is registered after the hand-over was handed over with the others and bears that day.
    """
    project = lock_project(project, by=by)
    refusal = register_why_not(project, by)
    if refusal is not None:
        raise refusal
    _require_day(project, registered_on, today=local_day(now))
    _require_within_settlement(project, original_value_yuan)
    asset = Asset(
        project=project,
        name=name.strip(),
        category=category,
        original_value_yuan=original_value_yuan,
        registered_on=registered_on,
        owner=owner.strip(),
        manager=manager.strip(),
        cert_no=cert_no.strip(),
        yearly_income_yuan=yearly_income_yuan,
        distribution=distribution.strip(),
        handed_over_on=_day_of(project, Stage.HANDED_OVER),
        counted_at=now,
        counted_by=by,
        **entered(by, now),
    )
    asset.full_clean()
    asset.save()
    return asset


@transaction.atomic
def update_asset(
    asset: Asset, *, by: User, now: datetime, version: int | None = None, **fields: Any
) -> Asset:
    """Keep up to date whose an asset is, its title, its state and its yearly income."""
    asset, _project = lock_of_project(asset, by=by, version=version)
    refusal = update_why_not(asset, by)
    if refusal is not None:
        raise refusal
    foreign = set(fields) - set(KEPT_UP)
    if foreign:
        raise ValidationError(dict.fromkeys(foreign, _("This stays as it was registered.")))
    for name, value in fields.items():
        setattr(asset, name, value.strip() if isinstance(value, str) else value)
    asset.full_clean()
    asset.record(*fields, by=by, now=now)
    return asset


@transaction.atomic
def strike_out_asset(
    asset: Asset, *, reason: str, by: User, now: datetime, version: int | None = None
) -> Asset:
    """Strike out an asset that was registered wrongly.

    Refused where it is the only one of a project that was handed over.
    """
    asset, project = lock_of_project(asset, by=by, version=version)
    refusal = update_why_not(asset, by)
    if refusal is not None:
        raise refusal
    require_reason(reason)
    others = project.assets.standing().exclude(pk=asset.pk)
    if project.stage in HANDED_OVER_AT and not others.exists():
        raise Refused(
            "only_asset",
            _("Register the right one first: only this was handed over."),
        )
    asset.void(by=by, now=now, reason=reason)
    return asset


def hand_over_assets(project: Project, *, on: date, by: User, now: datetime) -> None:
    """The project's standing assets are handed over with it; the caller holds the project's lock.

    Refused where one has no owner or keeper.
    """
    assets = project.assets.standing().filter(handed_over_on=None)
    for asset in assets.select_for_update(of=("self",)).order_by("pk"):
        if not asset.owner or not asset.manager:
            raise Refused(
                "asset_without_owner",
                _("“%(asset)s”: name who owns the asset and who keeps it.") % {"asset": asset},
            )
        asset.handed_over_on = on
        asset.record("handed_over_on", by=by, now=now)


def register_why_not(project: Project, user: User) -> Refused | PermissionDenied | None:
    """What stands between ``user`` and registering an asset; asks no table."""
    if not _keeps(project, user, "projects.add_asset"):
        return PermissionDenied()
    if project.stage not in REGISTERED_AT:
        return Refused(
            "not_on_the_road",
            _("The project is “%(stage)s”; its assets are registered after completion.")
            % {"stage": project.get_stage_display()},
        )
    return None


def update_why_not(asset: Asset, user: User) -> Refused | PermissionDenied | None:
    """What stands between ``user`` and changing an asset; asks no table."""
    if not _keeps(asset.project, user, "projects.change_asset"):
        return PermissionDenied()
    if asset.voided_at:
        return Refused("struck_out_before", _("This row was struck out already."))
    if asset.project.stage not in KEPT_UP_AT:
        return Refused(
            "not_on_the_road",
            _("The project is “%(stage)s”; its assets stay as they are.")
            % {"stage": asset.project.get_stage_display()},
        )
    return None


def _keeps(project: Project, user: User, permission: str) -> bool:
    pairing = project.pairing
    return user.has_perm(permission) and user.may_write_for(
        recipient_id=pairing.recipient_id, donor_id=pairing.donor_id
    )


def _day_of(project: Project, stage: Stage) -> date | None:
    """The day on which the project came to a stage, the last time; None where it never did."""
    steps = project.stage_changes.counting().filter(to_stage=stage)
    newest = steps.order_by("-effective_on", "-pk").first()
    return newest.effective_on if newest else None


def _require_day(project: Project, registered_on: date, *, today: date) -> None:
    if registered_on > today:
        raise ValidationError({"registered_on": _("The day lies in the future.")})
    completed_on = _day_of(project, Stage.COMPLETED)
    if completed_on is not None and registered_on < completed_on:
        raise ValidationError(
            {
                "registered_on": _("The works were completed on %(day)s; no asset is older.")
                % {"day": date_format(completed_on)}
            }
        )


def _require_within_settlement(project: Project, more_yuan: Decimal) -> None:
    newest = settling_acceptance(project)
    if newest is None or newest.final_settlement_yuan is None:
        return
    left = newest.final_settlement_yuan - total_yuan(
        project.assets.counting(), "original_value_yuan"
    )
    if more_yuan > left:
        told = _(
            "Of the final settlement, %(left)s yuan are not registered as assets yet;"
            " %(more)s is more."
        ) % {"left": f"{left:,.2f}", "more": f"{more_yuan:,.2f}"}
        raise Refused("assets_exceed_settlement", told, {"original_value_yuan": told})
