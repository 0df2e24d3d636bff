"""What keeps an application from being submitted, admitted and approved."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import Setting
from assistance.periods import local_day
from projects.actions.hindrances.papers import paper_missing
from projects.models import Project
from projects.models.evidence import NoticeKind, PaperKind
from projects.models.funds import REQUESTED_IN
from projects.models.project import TargetKind

REQUIRED_TO_SUBMIT = (
    "place", "content", "implementing_unit", "responsible_person", "office_phone", "planned_start",
    "planned_end", "beneficiary_households", "beneficiary_persons", "linkage",
)  # fmt: skip
# Where an application says what its money is for.
SAYS_THE_USE = ("name", "content", "linkage")


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


def on_negative_list(
    project: Project, now: datetime, columns: Iterable[str] = SAYS_THE_USE
) -> Refused | None:
    """What the office's list of the day forbids is not funded: it names words, and these must not
    occur in what the application, or a change of these columns, says of its use.
    """
    forbidden = Setting.objects.value_on("negative_list", local_day(now), known_at=now)
    found = {}
    for column in columns:
        written = "".join(getattr(project, column).split())
        words = [word for word in forbidden if "".join(word.split()) in written]
        if words:
            found[column] = _("%(field)s names %(words)s") % {
                "field": label(column),
                "words": ", ".join(f"“{word}”" for word in words),
            }
    if not found:
        return None
    return Refused(
        "negative_list",
        _(
            "Uses on the negative list are not funded: %(found)s. Take them out, or withdraw the"
            " application."
        )
        % {"found": "; ".join(found.values())},
        found,
    )


def acted_on(project: Project, now: datetime) -> Refused | None:
    """What the office has begun to work on is no longer taken back."""
    opinions = project.papers.counting().filter(kind=PaperKind.OPINION)
    acted = (
        project.funding.standing().exists()
        or project.notices.counting().exists()
        or opinions.exclude(created_by=project.submitted_by_id).exists()
    )
    if not acted:
        return None
    return Refused(
        "acted_on",
        _("Somebody has acted on this application already; ask a reviewer to return it."),
    )


def opinion_missing(project: Project, now: datetime) -> Refused | None:
    """Someone on site has to have looked at it."""
    return paper_missing(project, PaperKind.OPINION)


def notice_missing(project: Project, now: datetime) -> Refused | None:
    """People must have had the time to object, and been answered."""
    notices = [
        notice
        for notice in project.notices.standing().order_by("-starts_on", "-pk")
        if notice.kind == NoticeKind.PRE
    ]
    if any(notice.objections and not notice.resolution for notice in notices):
        return Refused(
            "objections_open",
            _(
                "Somebody objected to the project. Enter the notice anew with how that was"
                " resolved, and strike the other out."
            ),
        )
    counting = [notice for notice in notices if notice.counts]
    if not counting:
        return Refused(
            "notice_missing",
            _("Enter the public notice before admission and have it confirmed."),
        )
    over = [notice for notice in counting if notice.ends_on < local_day(now)]
    if not over:
        return Refused(
            "notice_not_over",
            _("The public notice hangs out until %(day)s; admit the project after that day.")
            % {"day": date_format(counting[0].ends_on)},
        )
    for notice in over:
        least = Setting.objects.value_on("notice_min_days", notice.starts_on, known_at=now)
        if notice.days >= least:
            return None
    return Refused(
        "notice_too_short",
        _("The public notice hung out %(days)d days, at least %(least)d are needed; hang it anew.")
        % {"days": over[0].days, "least": least},
    )


def consent_missing(project: Project, now: datetime) -> Refused | None:
    """The donor's side agrees first."""
    return paper_missing(project, PaperKind.CONSENT)


def decision_missing(project: Project, now: datetime) -> Refused | None:
    """The county's leading group decides first."""
    return paper_missing(project, PaperKind.DECISION)


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
