"""What keeps works from beginning, ending, resting, and being done again."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from assistance.errors import Refused
from projects.actions.hindrances.papers import paper_missing
from projects.actions.settlement import acceptances_since_completion
from projects.models import Opening, Project, Stage
from projects.models.acceptance import AcceptanceResult
from projects.models.evidence import PaperKind

ALL = 100  # per cent


def not_prepared(project: Project, now: datetime) -> Refused | None:
    """Ready are works that were awarded, or planned where nothing is tendered."""
    if not project.needs_tender:
        return paper_missing(project, PaperKind.PLAN)
    if project.stage == Stage.APPROVED:  # the tender is only about to begin
        return None
    return paper_missing(project, PaperKind.AWARD)


def contract_missing(project: Project, now: datetime) -> Refused | None:
    """Tendered works begin under a contract; its amount is within the total by a CHECK."""
    return paper_missing(project, PaperKind.CONTRACT) if project.needs_tender else None


def works_not_done(project: Project, now: datetime) -> Refused | None:
    """Somebody on site has verified that all is done."""
    reports = project.progress_reports.counting().order_by("-measured_on", "-pk")
    newest = reports.values_list("physical_pct", flat=True).first()
    taken_over = Opening.objects.counting().filter(project=project, physical_pct=ALL)
    if newest == ALL or (newest is None and taken_over.exists()):
        return None
    return Refused(
        "progress_below_100",
        _("The verified progress is %(pct)s%%; report 100%% and have it verified first.")
        % {"pct": newest if newest is not None else 0},
    )


def change_open(project: Project, now: datetime) -> Refused | None:
    """Nothing is final while a change waits for its decision."""
    if not project.change_requests.open().exists():
        return None
    return Refused(
        "change_open",
        _("A change of this project waits for a decision; have it decided or withdrawn first."),
    )


def step_waits(project: Project, now: datetime) -> Refused | None:
    """What was reported is confirmed or declined before the project takes another turn."""
    if not project.proposed_stage:
        return None
    return Refused(
        "step_waits",
        _("“%(stage)s” was reported and waits; confirm or decline that first.")
        % {"stage": project.get_proposed_stage_display()},
    )


def nothing_to_rework(project: Project, now: datetime) -> Refused | None:
    """Works go back only on the word of an acceptance since they were completed last."""
    found_wanting = [AcceptanceResult.RECTIFY, AcceptanceResult.FAIL]
    if acceptances_since_completion(project).filter(result__in=found_wanting).exists():
        return None
    return Refused(
        "nothing_to_rework",
        _(
            "No confirmed acceptance since the completion asks for it; record one that says"
            " “to be rectified” or “failed”."
        ),
    )
