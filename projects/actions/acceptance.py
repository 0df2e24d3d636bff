"""A panel looks at the works: what it found, and who confirmed it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, Sum
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import Organisation, User
from assistance.models.rows import entered
from assistance.periods import local_day
from projects.actions.guards import require
from projects.actions.locks import lock_of_project, lock_project
from projects.actions.road import require_reason
from projects.actions.settlement import granted_yuan
from projects.models import Acceptance, Paper, Project, Stage
from projects.models.acceptance import BY_OTHERS, LEAST_PANEL, AcceptanceResult
from projects.models.evidence import PaperKind

MAY_CONFIRM = "projects.confirm_acceptance"
LARGEST_QUANTITY = Decimal(10) ** 12
QUANTITY = {"name", "unit", "planned", "actual"}
# The step that a project takes on the word of an acceptance.
LEADS_ON_TO = {
    AcceptanceResult.PASS: Stage.ACCEPTED,
    AcceptanceResult.RECTIFY: Stage.ACTIVE,
    AcceptanceResult.FAIL: Stage.ACTIVE,
}


@transaction.atomic
def record_acceptance(
    project: Project,
    *,
    level: str,
    held_on: date,
    chair: str,
    chair_of: Organisation,
    members: Iterable[str],
    result: str,
    by: User,
    now: datetime,
    rectify_due_on: date | None = None,
    quantities: Iterable[Mapping[str, Any]] = (),
    final_settlement_yuan: Decimal | None = None,
    final_aid_yuan: Decimal | None = None,
    remarks: str = "",
) -> Acceptance:
    """Record what a panel found; it counts once a reviewer confirmed it.

    Where others than the unit itself accept, the panel has three members, the chair comes from
    elsewhere, and what passes has its final sums. ``quantities`` are rows of name, unit, planned
    and actual. ValidationError names the field.
    """
    project = lock_project(project, by=by)
    require(project, "record_acceptance", by=by, now=now)
    acceptance = Acceptance(
        project=project,
        level=level,
        held_on=held_on,
        chair=chair.strip(),
        chair_of=chair_of,
        members=[name for name in map(str.strip, members) if name],
        result=result,
        rectify_due_on=rectify_due_on,
        quantities=[_quantity(row) for row in quantities],
        final_settlement_yuan=final_settlement_yuan,
        final_aid_yuan=final_aid_yuan,
        remarks=remarks.strip(),
        **entered(by, now),
    )
    _require_days(acceptance, today=local_day(now))
    _require_panel(acceptance)
    _require_final_sums(acceptance)
    _require_aid_granted(acceptance)
    acceptance.full_clean(exclude=["members", "quantities"])
    acceptance.save()
    return acceptance


@transaction.atomic
def confirm_acceptance(
    acceptance: Acceptance, *, by: User, now: datetime, version: int | None = None
) -> Acceptance:
    """Confirm an acceptance against its form; it counts from now on.

    Refused without the acceptance form on file, and where the sums no longer fit the ledger.
    """
    acceptance, project = lock_of_project(acceptance, by=by, version=version)
    refusal = confirm_why_not(acceptance, by)
    if refusal is not None:
        raise refusal
    forms = Paper.objects.counting().filter(project=project, kind=PaperKind.ACCEPTANCE)
    of_it = Q(acceptance=acceptance) | Q(acceptance=None, filed_on__gte=acceptance.held_on)
    if not forms.filter(of_it).exists():
        raise Refused(
            "acceptance_form_missing", _("File the signed acceptance form, then confirm.")
        )
    _require_aid_granted(acceptance)
    _require_assets_fit(acceptance)
    acceptance.count(by=by, now=now)
    return acceptance


@transaction.atomic
def strike_out_acceptance(
    acceptance: Acceptance, *, reason: str, by: User, now: datetime, version: int | None = None
) -> Acceptance:
    """Strike out an acceptance: who entered it may before it counts, a reviewer afterwards.

    Refused where the project has gone on by its word.
    """
    acceptance, project = lock_of_project(acceptance, by=by, version=version)
    refusal = strike_out_why_not(acceptance, by)
    if refusal is not None:
        raise refusal
    require_reason(reason)
    if acceptance.counted_at:
        gone_on = project.stage_changes.counting().filter(
            from_stage=Stage.COMPLETED,
            to_stage=LEADS_ON_TO[AcceptanceResult(acceptance.result)],
            effective_on__gte=acceptance.held_on,
        )
        if gone_on.exists():
            raise Refused(
                "project_has_gone_on",
                _("The project went on by the word of this acceptance, so it stands."),
            )
    acceptance.void(by=by, now=now, reason=reason)
    return acceptance


def confirm_why_not(acceptance: Acceptance, user: User) -> Refused | PermissionDenied | None:
    """What stands between ``user`` and confirming, papers and sums apart; asks no table."""
    if not user.has_perm(MAY_CONFIRM):
        return PermissionDenied()
    if acceptance.counted_at or acceptance.voided_at:
        return Refused(
            "acceptance_is_settled", _("This acceptance was confirmed or struck out already.")
        )
    if acceptance.project.stage != Stage.COMPLETED:
        return Refused(
            "not_on_the_road",
            _("The project is “%(stage)s”; only works that are completed are accepted.")
            % {"stage": acceptance.project.get_stage_display()},
        )
    try:
        acceptance.require_other_hands(user, than=("created_by",))
    except Refused as refusal:
        return refusal
    return None


def strike_out_why_not(acceptance: Acceptance, user: User) -> Refused | PermissionDenied | None:
    """What stands between ``user`` and striking out, the road apart; asks no table."""
    own_draft = acceptance.counted_at is None and acceptance.created_by_id == user.pk
    if not own_draft and not user.has_perm(MAY_CONFIRM):
        return PermissionDenied()
    if acceptance.voided_at:
        return Refused("struck_out_before", _("This row was struck out already."))
    return None


def _quantity(row: Mapping[str, Any]) -> dict[str, str]:
    """One line of what was planned and done; the figures are kept as they are written."""
    if set(row) != QUANTITY or not all(str(value).strip() for value in row.values()):
        raise ValidationError(
            {"quantities": _("Each line has a name, a unit, what was planned and what was done.")}
        )
    words = {name: str(row[name]).strip() for name in ("name", "unit")}
    figures = {name: _figure(row[name]) for name in ("planned", "actual")}
    if None in figures.values():
        told = _("“%(name)s”: write both quantities as numbers.") % {"name": words["name"]}
        raise ValidationError({"quantities": told})
    return words | {name: f"{figure:f}" for name, figure in figures.items()}


def _figure(written: Any) -> Decimal | None:
    try:
        figure = Decimal(str(written).strip())
    except ArithmeticError:
        return None
    return figure if figure.is_finite() and 0 <= figure < LARGEST_QUANTITY else None


def _require_days(acceptance: Acceptance, *, today: date) -> None:
    completed = (
        acceptance.project.stage_changes.counting()
        .filter(to_stage=Stage.COMPLETED)
        .order_by("-effective_on", "-pk")
        .first()
    )
    if acceptance.held_on > today:
        raise ValidationError({"held_on": _("The day lies in the future.")})
    if completed is not None and acceptance.held_on < completed.effective_on:
        raise ValidationError(
            {
                "held_on": _("The works were completed on %(day)s; nothing is accepted before.")
                % {"day": date_format(completed.effective_on)}
            }
        )


def _require_panel(acceptance: Acceptance) -> None:
    if acceptance.level not in BY_OTHERS:
        return
    if len(set(acceptance.members)) < LEAST_PANEL:
        raise ValidationError(
            {
                "members": _("A panel has at least %(least)d members; name each of them once.")
                % {"least": LEAST_PANEL}
            }
        )
    if acceptance.chair_of_id == acceptance.project.implementing_unit_id:
        raise ValidationError(
            {"chair_of": _("The unit that did the works does not chair its own acceptance.")}
        )


def _require_final_sums(acceptance: Acceptance) -> None:
    if acceptance.level not in BY_OTHERS or acceptance.result != AcceptanceResult.PASS:
        return
    for name in ("final_settlement_yuan", "final_aid_yuan"):
        if getattr(acceptance, name) is None:
            raise ValidationError({name: _("What passes has its final sums; give both.")})


def _require_aid_granted(acceptance: Acceptance) -> None:
    aid, granted = acceptance.final_aid_yuan, granted_yuan(acceptance.project)
    if aid is not None and aid > granted:
        told = _(
            "The project holds %(granted)s yuan of aid and donations in cash, the acceptance says"
            " %(aid)s; correct the sum, or have the change approved first."
        ) % {"granted": f"{granted:,.2f}", "aid": f"{aid:,.2f}"}
        raise Refused("final_aid_exceeds_grant", told, {"final_aid_yuan": told})


def _require_assets_fit(acceptance: Acceptance) -> None:
    """What was registered before the settlement was known is worth no more than it."""
    settled = acceptance.final_settlement_yuan
    passed = acceptance.result == AcceptanceResult.PASS and acceptance.level in BY_OTHERS
    if not passed or settled is None:
        return
    assets = acceptance.project.assets.counting()
    worth = assets.aggregate(sum=Sum("original_value_yuan"))["sum"] or Decimal(0)
    if worth > settled:
        raise Refused(
            "assets_exceed_settlement",
            _(
                "Assets worth %(worth)s yuan are registered, the settlement is %(settled)s;"
                " correct the one that is wrong."
            )
            % {"worth": f"{worth:,.2f}", "settled": f"{settled:,.2f}"},
        )
