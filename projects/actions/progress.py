"""Progress of the works, reported by the recipient and verified on site."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import User
from assistance.models.rows import entered
from assistance.periods import Month, local_day
from projects.actions.guards import require
from projects.models import ProgressReport, Project
from projects.models.history import ProgressStatus


@transaction.atomic
def report_progress(
    project: Project,
    *,
    period: str,
    measured_on: date,
    physical_pct: Decimal,
    narrative: str,
    by: User,
    now: datetime,
    problems: str = "",
) -> ProgressReport:
    """Report how far the works are (per cent of the whole, never less than was verified before)."""
    project = Project.objects.lock_for(by, project.pk)
    require(project, "report_progress", by=by, now=now)
    try:
        month = Month.parse(period)
    except ValueError:
        raise ValidationError({"period": _("Write the month as 2021-06.")}) from None
    if not month.starts_on <= measured_on <= month.ends_on:
        raise ValidationError({"measured_on": _("The day lies outside the month of the report.")})
    if measured_on > local_day(now):
        raise ValidationError({"measured_on": _("The day lies in the future.")})
    _require_no_decrease(project, physical_pct)
    report = ProgressReport(
        project=project,
        period=period,
        measured_on=measured_on,
        physical_pct=physical_pct,
        narrative=narrative,
        problems=problems,
        **entered(by, now),
    )
    report.full_clean()
    report.save()
    return report


@transaction.atomic
def verify_progress(
    report: ProgressReport, *, by: User, now: datetime, version: int | None = None
) -> ProgressReport:
    """Confirm a report on site; it counts from now on."""
    report = _lock_submitted(report, by=by, version=version)
    report.require_other_hands(by, than=("created_by",))
    _require_no_decrease(report.project, report.physical_pct)
    report.status = ProgressStatus.VERIFIED
    report.count("status", by=by, now=now)
    return report


@transaction.atomic
def return_progress(
    report: ProgressReport, *, reason: str, by: User, now: datetime, version: int | None = None
) -> ProgressReport:
    """Send a report back; a corrected one for the month can then be entered."""
    report = _lock_submitted(report, by=by, version=version)
    if not reason.strip():
        raise ValidationError({"reason": _("Give the reason; the other side will read it.")})
    report.status, report.return_reason = ProgressStatus.RETURNED, reason
    report.record("status", "return_reason", by=by, now=now)
    return report


def _lock_submitted(report: ProgressReport, *, by: User, version: int | None) -> ProgressReport:
    if not by.has_perm("projects.verify_progressreport"):
        raise PermissionDenied
    seen = ProgressReport.objects.visible_to(by).get(pk=report.pk)
    project = Project.objects.lock_for(by, seen.project_id)  # parent before child, as everywhere
    report = ProgressReport.objects.lock_for(by, report.pk, version=version)
    report.project = project
    if report.status != ProgressStatus.SUBMITTED:
        raise Refused(
            "not_submitted",
            _("This report is %(status)s already.") % {"status": report.get_status_display()},
        )
    return report


def _require_no_decrease(project: Project, physical_pct: Decimal) -> None:
    newest = project.progress_reports.counting().order_by("-physical_pct").first()
    if newest is not None and physical_pct < newest.physical_pct:
        raise ValidationError(
            {
                "physical_pct": _("Progress never falls: %(pct)s%% was verified for %(period)s.")
                % {"pct": newest.physical_pct, "period": newest.period}
            }
        )
