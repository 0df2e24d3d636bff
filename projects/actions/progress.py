"""Progress of the works, reported by the recipient and verified on site."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.file_kinds import PICTURES
from assistance.models import Attachment, User
from assistance.models.rows import entered
from assistance.periods import Month, local_day
from projects.actions.evidence import add_paper
from projects.actions.guards import require
from projects.models import ProgressReport, Project
from projects.models.evidence import PaperKind
from projects.models.history import ProgressStatus

MOST_QUANTITIES = 50
MOST_PHOTOS = 20
LARGEST_QUANTITY = Decimal(10) ** 12
OF_A_QUANTITY = {"name": 100, "unit": 20}  # its words, and their longest


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
    quantities: Iterable[Mapping[str, Any]] = (),
    photos: Sequence[Attachment] = (),
) -> ProgressReport:
    """Report how far the works are (per cent of the whole): no less than was verified up to the
    day, no more than was verified for a later one.

    ``quantities`` are what is done so far, from the beginning on: ``{"name", "unit", "done"}``,
    kept with two decimals. Who reports more than was verified last shows it: at least one of
    ``photos``, which are filed as papers of the report.
    """
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
    _require_no_decrease(project, physical_pct, measured_on)
    done = _quantities(project, quantities, measured_on)
    _require_photos(project, physical_pct, photos)
    report = ProgressReport(
        project=project,
        period=period,
        measured_on=measured_on,
        physical_pct=physical_pct,
        narrative=narrative,
        problems=problems,
        quantities=done,
        **entered(by, now),
    )
    report.full_clean()
    report.save()
    for photo in photos:
        add_paper(
            project, kind=PaperKind.PHOTO, attachment=photo, by=by, now=now, progress_report=report
        )
    return report


@transaction.atomic
def verify_progress(
    report: ProgressReport, *, by: User, now: datetime, version: int | None = None
) -> ProgressReport:
    """Confirm a report on site; it counts from now on."""
    report = _lock_submitted(report, by=by, version=version)
    report.require_other_hands(by, than=("created_by",))
    _require_no_decrease(report.project, report.physical_pct, report.measured_on)
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


def _furthest(project: Project) -> ProgressReport | None:
    """The verified report of the furthest progress."""
    return project.progress_reports.counting().order_by("-physical_pct", "-measured_on").first()


def _require_photos(project: Project, physical_pct: Decimal, photos: Sequence[Attachment]) -> None:
    if len(photos) > MOST_PHOTOS:
        raise ValidationError(
            {"photos": _("At most %(most)d photographs at once.") % {"most": MOST_PHOTOS}}
        )
    for photo in photos:
        if photo.media_type not in PICTURES:
            raise ValidationError(
                {"photos": _("“%(name)s” is no photograph.") % {"name": photo.name}}
            )
    furthest = _furthest(project)
    verified = furthest.physical_pct if furthest else Decimal(0)
    if physical_pct > verified and not photos:
        needed = _(
            "Add a photograph of the site: %(pct)s%% is more than the %(verified)s%% verified."
        )
        said = needed % {"pct": f"{physical_pct:.2f}", "verified": f"{verified:.2f}"}
        raise Refused("photo_missing", said, {"photos": said})


def _quantities(
    project: Project, given: Iterable[Mapping[str, Any]], measured_on: date
) -> list[dict[str, str]]:
    """The quantities in the form in which they are kept; ValidationError where one does not fit or
    less is done than was verified up to the day.
    """
    rows = [_quantity(one) for one in given]
    if len(rows) > MOST_QUANTITIES:
        raise _wrong(_("At most %(most)d quantities.") % {"most": MOST_QUANTITIES})
    named = {(row["name"], row["unit"]): Decimal(row["done"]) for row in rows}
    if len(named) < len(rows):
        raise _wrong(_("Name each quantity once."))
    before = project.progress_reports.counting().filter(measured_on__lte=measured_on)
    for report in before.order_by("-measured_on", "-pk").exclude(quantities=[])[:1]:
        for row in report.quantities:
            done = named.get((row["name"], row["unit"]))
            if done is not None and done < Decimal(row["done"]):
                raise _wrong(
                    _("“%(name)s” counts from the beginning on: %(done)s %(unit)s were verified.")
                    % row
                )
    return rows


def _quantity(given: Mapping[str, Any]) -> dict[str, str]:
    if set(given) != {*OF_A_QUANTITY, "done"}:
        raise _wrong(_("Each quantity has a name, a unit and what is done so far."))
    words = {name: str(given[name]).strip() for name in OF_A_QUANTITY}
    if any(not words[name] or len(words[name]) > most for name, most in OF_A_QUANTITY.items()):
        raise _wrong(_("Each quantity has a name, a unit and what is done so far."))
    try:
        done = Decimal(str(given["done"]))
        fits = 0 <= done <= LARGEST_QUANTITY and done == round(done, 2)
    except (InvalidOperation, ValueError):  # also what is no number to compare
        fits = False
    if not fits:
        raise _wrong(_("“%(name)s”: write what is done so far with at most two decimals.") % words)
    return words | {"done": f"{done:.2f}"}


def _wrong(sentence: str) -> ValidationError:
    return ValidationError({"quantities": sentence})


def _require_no_decrease(project: Project, physical_pct: Decimal, measured_on: date) -> None:
    """No less than was verified up to the day, and no more than was verified for a later one."""
    reports = project.progress_reports.counting()
    before = reports.filter(measured_on__lte=measured_on).order_by("-physical_pct").first()
    after = reports.filter(measured_on__gt=measured_on).order_by("physical_pct").first()
    for other, falls in (
        (before, before is not None and physical_pct < before.physical_pct),
        (after, after is not None and physical_pct > after.physical_pct),
    ):
        if other is not None and falls:
            raise ValidationError(
                {
                    "physical_pct": _(
                        "Progress never falls: %(pct)s%% was verified for %(period)s."
                    )
                    % {"pct": other.physical_pct, "period": other.period}
                }
            )
