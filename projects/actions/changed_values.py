"""What a change request may say, kind by kind, and how it is written: in ``before`` and ``after``
stand texts, numbers and truths as JSON has them, money and days as text.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import Organisation, User
from projects.actions.shares import require_plan_serves
from projects.models import FundPlan, PerformanceTarget, Project, ProjectFunding
from projects.models.changes import ChangeKind
from projects.models.funds import PAID_THROUGH_THE_LEDGER, REQUESTED_IN, WITHOUT_A_PLAN

K = ChangeKind
SUMS = tuple(dict.fromkeys(REQUESTED_IN.values()))
# The columns of the project that a request of this kind may change.
COLUMNS: dict[str, tuple[str, ...]] = {
    K.CONTENT: (
        "name", "content", "mode", "beneficiary_households", "beneficiary_persons",
        "lifted_persons", "monitored_persons", "linkage",
    ),
    K.SITE: ("place",),
    K.BUDGET: SUMS,
    K.SCHEDULE: ("planned_start", "planned_end"),
    K.UNIT: ("implementing_unit", "responsible_person", "office_phone"),
    K.USE_OF_FUNDS: (
        "sector", "is_livelihood", "livelihood_reason", "spend_level", "forms_asset",
    ),
    K.SURPLUS: (),
    K.TERMINATE: (),
}  # fmt: skip
# What else it may say.
BESIDES: dict[str, tuple[str, ...]] = {
    K.CONTENT: ("targets",),
    K.BUDGET: ("shares", "new_shares"),
    K.TERMINATE: ("shares", "justification"),
}
TARGET_COLUMNS = ("kind", "name", "quantity", "unit")
CENT, LARGEST = Decimal("0.01"), Decimal(10) ** 16
DIGITS = 18  # of the largest id

Shares = dict[str, ProjectFunding]


def shares_of(project: Project, *, locked: bool = False) -> Shares:
    """The project's shares that count, by their id as text; locked in pk order where asked."""
    rows = project.funding.counting().select_related("fund_plan").order_by("pk")
    rows = rows.select_for_update(of=("self",)) if locked else rows
    return {str(share.pk): share for share in rows}


def checked(project: Project, kind: str, given: Mapping[str, Any], *, by: User) -> dict[str, Any]:
    """What ``given`` changes, as it is written in ``after``; what stays the same is left out.

    ValidationError names the field that does not belong to the kind or does not fit. The sums of a
    budget follow from its shares; where they are given too they have to agree.
    """
    foreign = set(given) - set(COLUMNS[kind]) - set(BESIDES.get(kind, ()))
    if foreign:
        raise ValidationError(
            dict.fromkeys(foreign, _("This is not changed by a request of this kind."))
        )
    after: dict[str, Any] = {}
    if kind in {K.BUDGET, K.TERMINATE}:
        after |= _checked_money(project, kind, given, by=by)
    if kind == K.BUDGET:
        sums = _sums(project, after)
        _require_given_sums(sums, given)
        given = sums
    for column in COLUMNS[kind]:
        if column in given:
            was, becomes = written(project, column), _as_written(column, given[column])
            if was != becomes:
                after[column] = becomes
    if "targets" in given:
        targets = [_written_target(target) for target in given["targets"]]
        if targets != targets_of(project):
            after["targets"] = targets
    if str(given.get("justification", "")).strip():
        after["justification"] = str(given["justification"]).strip()
    preview = copy.copy(project)
    write(preview, after)
    preview.full_clean()
    return after


def written(project: Project, column: str) -> Any:
    """The value of a column as ``before`` and ``after`` hold it."""
    return _in_json(getattr(project, Project._meta.get_field(column).attname))  # type: ignore[union-attr]  # a column


def write(project: Project, after: Mapping[str, Any]) -> list[str]:
    """Set the columns that ``after`` names, without saving; their names come back."""
    columns = [name for name in after if any(name in kind for kind in COLUMNS.values())]
    for name in columns:
        field: Any = Project._meta.get_field(name)
        setattr(project, field.attname, field.to_python(after[name]))
    return columns


def standing(project: Project, after: Mapping[str, Any], shares: Shares) -> dict[str, Any]:
    """What stands now of all that ``after`` changes."""
    now = {
        name: written(project, name)
        for name in after
        if any(name in kind for kind in COLUMNS.values())
    }
    if "targets" in after:
        now["targets"] = targets_of(project)
    if "shares" in after:
        now["shares"] = {
            key: f"{shares[key].net_yuan():.2f}" for key in after["shares"] if key in shares
        }
    return now


def targets_of(project: Project) -> list[dict[str, Any]]:
    """The performance targets as ``before`` and ``after`` hold them."""
    return [
        {name: _in_json(target[name]) for name in TARGET_COLUMNS}
        for target in project.targets.values(*TARGET_COLUMNS)
    ]


def unspent(shares: Shares) -> dict[str, str]:
    """What a termination takes off each share that is paid through the ledger, as ``shares``."""
    left = {
        key: share.paid_yuan() - share.net_yuan()
        for key, share in shares.items()
        if share.source in PAID_THROUGH_THE_LEDGER
    }
    return {key: f"{delta:.2f}" for key, delta in left.items() if delta}


def surplus(shares: Shares, final_aid: Decimal) -> dict[str, str]:
    """What the shares paid through the ledger hold beyond ``final_aid``, as ``shares``: off those
    approved last first, off none more than it has not paid.
    """
    granted = [share for share in shares.values() if share.source in PAID_THROUGH_THE_LEDGER]
    left = sum((share.net_yuan() for share in granted), Decimal(0)) - final_aid
    if left <= 0:
        raise Refused("no_surplus", _("The settlement leaves nothing over."))
    deltas: dict[str, str] = {}
    for share in sorted(granted, key=_by_approval, reverse=True):
        free = min(left, share.net_yuan() - share.paid_yuan())
        if free > 0:
            deltas[str(share.pk)] = f"{-free:.2f}"
            left -= free
    if left > 0:
        raise Refused(
            "paid_more_than_settled",
            _("%(left)s yuan more are paid than the settlement grants; log the refund first.")
            % {"left": f"{left:,.2f}"},
        )
    return deltas


def _by_approval(share: ProjectFunding) -> tuple[date, int]:
    return share.approved_on or date.min, share.pk


def net_per_column(
    shares: Iterable[ProjectFunding], after: Mapping[str, Any]
) -> dict[str, Decimal]:
    """Yuan of all shares with the differences in ``after``, by the column that asked for them."""
    totals = dict.fromkeys(SUMS, Decimal(0))
    for share in shares:
        delta = Decimal(after.get("shares", {}).get(str(share.pk), 0))
        totals[REQUESTED_IN[share.source]] += share.net_yuan() + delta
    return totals


def source_of(key: str) -> tuple[str, FundPlan | None]:
    """The source and the plan that a key of ``new_shares`` means."""
    if key in WITHOUT_A_PLAN:
        return key, None
    plan = FundPlan.objects.select_related("pairing__recipient").get(pk=key)
    return plan.source, plan


def _in_json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return value.isoformat() if hasattr(value, "isoformat") else value


def _as_written(column: str, value: Any) -> Any:
    field: Any = Project._meta.get_field(column)
    if isinstance(value, Organisation):
        value = value.pk
    try:
        value = field.to_python(value)
    except ValidationError as error:
        raise ValidationError({column: error.messages}) from None
    if isinstance(value, str) and isinstance(field, (models.CharField, models.TextField)):
        value = value.strip()
    if isinstance(value, Decimal):
        _require_yuan(column, value)
    return _in_json(value)


def _written_target(given: Mapping[str, Any]) -> dict[str, Any]:
    target = PerformanceTarget(**{name: given[name] for name in TARGET_COLUMNS})
    try:
        target.full_clean(exclude=["project"])
    except ValidationError as error:
        raise ValidationError({"targets": error.messages}) from None
    return {name: _in_json(getattr(target, name)) for name in TARGET_COLUMNS}


def _yuan(field: str, value: Any) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise ValidationError({field: _("Write the amount in yuan.")}) from None
    _require_yuan(field, amount)
    return amount


def _require_yuan(field: str, amount: Decimal) -> None:
    if not amount.is_finite() or abs(amount) >= LARGEST or amount != amount.quantize(CENT):
        raise ValidationError({field: _("Write the amount in yuan with at most two decimals.")})


def _checked_money(
    project: Project, kind: str, given: Mapping[str, Any], *, by: User
) -> dict[str, Any]:
    """``shares`` and ``new_shares``, each with what it is checked against."""
    known = shares_of(project)
    deltas = {str(key): _yuan("shares", value) for key, value in given.get("shares", {}).items()}
    for key, delta in deltas.items():
        if key not in known:
            raise ValidationError(
                {"shares": _("The project has no share %(key)s that counts.") % {"key": key}}
            )
        if kind == K.TERMINATE and delta > 0:
            raise ValidationError({"shares": _("A termination only takes money off a share.")})
        require_covers_payments(known[key], delta)
    after: dict[str, Any] = {
        "shares": {key: f"{delta:.2f}" for key, delta in deltas.items() if delta},
        "new_shares": {
            str(key): f"{_new_share(project, str(key), value, known, by=by):.2f}"
            for key, value in given.get("new_shares", {}).items()
        },
    }
    return {name: value for name, value in after.items() if value}


def _new_share(project: Project, key: str, value: Any, known: Shares, *, by: User) -> Decimal:
    amount = _yuan("new_shares", value)
    if amount <= 0:
        raise ValidationError({"new_shares": _("A new share is larger than 0.")})
    if key in WITHOUT_A_PLAN:
        taken = any(share.source == key for share in known.values())
    else:
        plans = FundPlan.objects.visible_to(by).select_related("pairing__recipient")
        plan = plans.filter(pk=key).first() if key.isdecimal() and len(key) <= DIGITS else None
        if plan is None:
            raise ValidationError(
                {"new_shares": _("You see no fund plan of the number %(key)s.") % {"key": key}}
            )
        require_plan_serves(plan, project)
        taken = any(share.fund_plan_id == plan.pk for share in known.values())
    if taken:
        raise ValidationError(
            {"new_shares": _("The project has a share of this already; change that one.")}
        )
    return amount


def require_covers_payments(share: ProjectFunding, delta: Decimal) -> None:
    """Refuse where a share with ``delta`` yuan more or less would be below what it has paid."""
    net, paid = share.net_yuan() + delta, share.paid_yuan()
    if net < paid or net < 0:
        raise Refused(
            "share_overpaid",
            _(
                "%(paid)s yuan of the share “%(share)s” are paid, only %(net)s would remain; log"
                " what was paid back first, or take less."
            )
            % {"paid": f"{paid:,.2f}", "share": share, "net": f"{net:,.2f}"},
        )


def _sums(project: Project, after: Mapping[str, Any]) -> dict[str, Decimal]:
    totals = net_per_column(shares_of(project).values(), after)
    for key, amount in after.get("new_shares", {}).items():
        source, _plan = source_of(key)
        totals[REQUESTED_IN[source]] += Decimal(amount)
    return totals


def _require_given_sums(sums: Mapping[str, Decimal], given: Mapping[str, Any]) -> None:
    wrong = {
        column: _("The shares would add up to %(sum)s yuan; change them accordingly.")
        % {"sum": f"{amount:,.2f}"}
        for column, amount in sums.items()
        if column in given and _yuan(column, given[column]) != amount
    }
    if wrong:
        raise ValidationError(wrong)
