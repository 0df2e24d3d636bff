"""What keeps an application from being submitted, admitted and approved."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from assistance.errors import Refused
from projects.models import Project
from projects.models.funds import REQUESTED_IN
from projects.models.project import TargetKind

REQUIRED_TO_SUBMIT = (
    "place", "content", "implementing_unit", "responsible_person", "office_phone", "planned_start",
    "planned_end", "beneficiary_households", "beneficiary_persons", "linkage",
)  # fmt: skip


def incomplete(project: Project, now: datetime) -> Refused | None:
    """What an application has to say before it is submitted."""
    missing = _missing(project)
    if not missing:
        return None
    return Refused(
        "project_incomplete",
        _("Fill in what is missing, then submit again: %(fields)s.")
        % {"fields": "; ".join(str(sentence) for sentence in missing.values())},
        missing,
    )


def shares_differ_from_request(project: Project, now: datetime) -> Refused | None:
    """The shares have to add up to what was asked for, source by source."""
    shares = project.funding.standing()
    allotted = dict.fromkeys(dict.fromkeys(REQUESTED_IN.values()), Decimal(0))
    for share in shares:
        allotted[REQUESTED_IN[share.source]] += share.amount_yuan
    wrong = {
        column: _("%(field)s: asked for %(asked)s yuan, allotted %(allotted)s yuan")
        % {
            "field": label(column),
            "asked": f"{getattr(project, column):,.2f}",
            "allotted": f"{amount:,.2f}",
        }
        for column, amount in allotted.items()
        if amount != getattr(project, column)
    }
    if not wrong:
        return None
    return Refused(
        "shares_do_not_equal_request",
        _("Allot exactly what was asked for from each source. %(differences)s.")
        % {"differences": "; ".join(wrong.values())},
        wrong,
    )


def _missing(project: Project) -> dict[str, str]:
    """What a draft still lacks, per field, as sentences."""
    missing = {
        name: _("%(field)s is missing") % {"field": label(name)}
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


def label(column: str) -> str:
    """The name of a project's column, for people."""
    return str(getattr(Project._meta.get_field(column), "verbose_name"))  # noqa: B009  mypy
