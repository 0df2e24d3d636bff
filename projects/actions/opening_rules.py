"""What has to hold of a project that is taken over: the programme still takes over, the days, stage
and progress fit together, and the money adds up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Value
from django.db.models.functions import Replace
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import Pairing
from projects.actions.drafts import DRAFT_FIELDS
from projects.actions.year_plan import GOES_ON
from projects.models import Opening, Project, Stage
from projects.models.funds import PAID_THROUGH_THE_LEDGER, REQUESTED_IN, ZERO
from projects.models.history import Nature
from projects.models.project import NOT_LIVELIHOOD_BY_DEFAULT
from projects.models.road import TAKEN_OVER_AT
from projects.models.works import BEGUN_AT, ENDED_AT

SUMS = frozenset(REQUESTED_IN.values())
# What a ledger may say about a project besides its money: all that a draft may, and its contract.
LEDGER_FIELDS = frozenset(DRAFT_FIELDS) - SUMS | {"contract_no", "contract_yuan"}
BEFORE_THE_WORKS = frozenset({Stage.APPROVED, Stage.TENDERING, Stage.READY})
WHOLE = Decimal(100)  # per cent
Share = Mapping[str, Any]


def require_not_live(pairing: Pairing, today: date) -> None:
    """Refuse once the programme works with this system."""
    live_on = pairing.programme.went_live_on
    if live_on is not None and live_on <= today:
        raise Refused(
            "programme_is_live",
            _(
                "%(programme)s works with this system since %(day)s; enter the project as a draft"
                " and let it go the whole road."
            )
            % {"programme": pairing.programme, "day": date_format(live_on)},
        )


def require_days(opening: Opening, pairing: Pairing, fiscal_year: int, today: date) -> None:
    """The day lies in the past and in the pairing's time, the year of the plan between both."""
    as_of, year = opening.as_of, opening.year
    faults: dict[str, Any] = {}
    if as_of > today:
        faults["as_of"] = _("The day lies in the future.")
    elif not Pairing.objects.in_force_on(as_of).filter(pk=pairing.pk).exists():
        faults["as_of"] = _("The pairing is not in force on this day; choose one on which it is.")
    if opening.stage not in TAKEN_OVER_AT:
        faults["stage"] = _("A project is taken over from where it was approved on.")
    if not fiscal_year <= year <= as_of.year:
        faults["year"] = _(
            "The year of the plan lies between the fiscal year and the year of the opening's day."
        )
    elif opening.nature == Nature.NEW and year != fiscal_year:
        faults["year"] = _("A project is new in its first year only; later it is continuing.")
    elif opening.stage in GOES_ON and year != as_of.year:
        faults["year"] = _(
            "A project that still runs stands in the plan of the year of the opening's day."
        )
    if faults:
        raise ValidationError(faults)


def require_works(opening: Opening) -> None:
    """Progress and days are those of works at this stage."""
    stage = opening.stage
    faults: dict[str, Any] = {}
    if not 0 <= opening.physical_pct <= WHOLE:
        faults["physical_pct"] = _("Progress lies between 0% and 100%.")
    if stage in BEFORE_THE_WORKS and opening.physical_pct != 0:
        faults["physical_pct"] = _("Before the works begin, the progress is 0%.")
    if stage in ENDED_AT and opening.physical_pct != WHOLE:
        faults["physical_pct"] = _("Works that are completed stand at 100%.")
    if opening.actual_start and stage not in {*BEGUN_AT, Stage.TERMINATED}:
        faults["actual_start"] = _("At this stage no works have begun.")
    if opening.actual_end and stage not in ENDED_AT:
        faults["actual_end"] = _("At this stage no works have ended.")
    if faults:
        raise ValidationError(faults)


def sums_of(shares: Sequence[Share], total: Decimal | None) -> dict[str, Decimal]:
    """What the project asks for from each kind of money: the sums of its shares, in yuan."""
    faults: dict[str, list[str]] = {}
    sums = dict.fromkeys(dict.fromkeys(REQUESTED_IN.values()), ZERO)
    named = set()
    for share in shares:
        key = (share["source"], getattr(share.get("fund_plan"), "pk", None))
        wrong = _wrong_with(share)
        if not wrong and key in named:
            wrong = _("Name each source once, or once per fund plan.")
        if wrong:
            faults.setdefault("shares", []).append(wrong)
        named.add(key)
        if share["source"] in REQUESTED_IN:
            sums[REQUESTED_IN[share["source"]]] += share["amount_yuan"]
    if not shares:
        faults["shares"] = [_("Name at least one source with its amount.")]
    if total is not None and (wrong := _wrong_with_total(sums, total)):
        faults["total_investment_yuan"] = [wrong]
    if faults:
        raise ValidationError(faults)
    return sums


def _wrong_with(share: Share) -> str:
    amount, paid = share["amount_yuan"], share.get("paid_yuan") or ZERO
    if share["source"] not in REQUESTED_IN:
        return _("There is no such source of money.")
    if amount <= 0:
        return _("An amount is more than 0; leave the source out.")
    if paid and share["source"] not in PAID_THROUGH_THE_LEDGER:
        return _(
            "Matching funds, own funds and donations in kind have no payments in this ledger;"
            " leave what was paid blank."
        )
    if not 0 <= paid <= amount:
        return _("Paid %(paid)s yuan of %(amount)s: more than the share holds.") % {
            "paid": f"{paid:,.2f}",
            "amount": f"{amount:,.2f}",
        }
    return ""


def _wrong_with_total(sums: Mapping[str, Decimal], total: Decimal) -> str:
    found = {"total": f"{total:,.2f}", "aid": f"{sums['aid_yuan']:,.2f}"}
    if sums["aid_yuan"] > total:
        return (
            _(
                "The aid (%(aid)s yuan) is more than the total investment (%(total)s); compare"
                " both with the ledger."
            )
            % found
        )
    if sum(sums.values()) != total:
        found["sum"] = f"{sum(sums.values()):,.2f}"
        return (
            _(
                "The sources add up to %(sum)s yuan, the total is %(total)s; name the source of"
                " the rest or correct the total."
            )
            % found
        )
    return ""


def fields_of_a_ledger(fields: Mapping[str, Any], stage: str) -> dict[str, Any]:
    """The columns of the project; what follows from sector and stage is filled in."""
    foreign = set(fields) - LEDGER_FIELDS
    if foreign:
        raise ValidationError(dict.fromkeys(foreign, _("This is not taken over from a ledger.")))
    given = {"is_livelihood": fields.get("sector") not in NOT_LIVELIHOOD_BY_DEFAULT, **fields}
    if stage == Stage.TENDERING:
        given["needs_tender"] = True
    if "name" in given:
        given["name"] = given["name"].strip()
    return given


def require_new(project: Project) -> None:
    """Refuse what is in the ledger already: the same name, spaces apart, in county and year."""
    bare = Replace(Replace(Value(project.name), Value(" ")), Value("\u3000"))
    there = (
        Project.objects.filter(county=project.county, fiscal_year=project.fiscal_year)
        .exclude(stage__in=[Stage.REJECTED, Stage.WITHDRAWN])
        .alias(bare=Replace(Replace("name", Value(" ")), Value("\u3000")))
        .filter(bare=bare)
        .first()
    )
    if there is not None:
        raise Refused(
            "project_is_there",
            _(
                "%(county)s has a project of this name in %(year)s already: %(code)s. Taken over"
                " before? Then leave it out; another one gets another name."
            )
            % {"county": project.county, "year": project.fiscal_year, "code": there.code},
        )
