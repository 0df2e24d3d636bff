"""The returns of a year at one look: which were due when, on time, late or missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from assistance.admin.scoped import ScopedAdmin, badge, link, reader
from assistance.due_dates import DueDates, ReturnCalendar
from assistance.models import MonthlyReturn, ReturnState
from assistance.periods import Month, local_day

EARLIEST, LATEST = 2000, 2100
ON_TIME, LATE, MADE_UP, MISSING, TO_COME = "on-time", "late", "made-up", "missing", "to-come"


def standing(row: MonthlyReturn, dates: DueDates, now: datetime) -> str:
    """On time, late, missing, or still time: by the day on which it was last submitted. What was
    accepted after the lock of its month was made up: the report of that month did not have it.
    """
    if row.accepted_at is not None and row.accepted_at > dates.locks_at:
        return MADE_UP
    if row.submitted_at is not None and row.state != ReturnState.RETURNED:
        return LATE if local_day(row.submitted_at) > dates.due else ON_TIME
    return MISSING if local_day(now) > dates.due else TO_COME


def shown(found: str) -> SafeString:
    """The standing in its tone."""
    return {
        ON_TIME: badge(_("on time"), "good"),
        LATE: badge(_("late"), "open"),
        MADE_UP: badge(_("made up"), "open"),
        MISSING: badge(_("missing"), "bad"),
        TO_COME: badge(_("not due yet"), "quiet"),
    }[found]


@dataclass
class Counts:
    """How many returns of a month there are, and how they stand."""

    month: Month
    dates: DueDates
    owed: int = 0
    on_time: int = 0
    late: int = 0
    missing: int = 0

    def add(self, found: str) -> None:
        self.owed += 1
        self.on_time += found == ON_TIME
        self.late += found in {LATE, MADE_UP}
        self.missing += found == MISSING


def calendar_view(page: ScopedAdmin, request: HttpRequest) -> HttpResponse:
    """The calendar of the year that the address names; of this one where it names none."""
    if not page.has_view_permission(request):
        raise PermissionDenied
    now = timezone.now()
    this_year = local_day(now).year
    asked = request.GET.get("year", "")
    is_one = asked.isdecimal() and EARLIEST <= int(asked) <= LATEST
    year = int(asked) if is_one else this_year
    rows = (
        MonthlyReturn.objects.visible_to(reader(request))
        .filter(period__startswith=f"{year}-")
        .select_related("pairing__recipient", "pairing__donor", "pairing__programme")
        .order_by("pairing__programme", "pairing__recipient__code", "pairing_id", "period")
    )
    months, lines = _table(rows, year, now)
    context = {
        **page.admin_site.each_context(request),
        "title": _("Returns of %(year)s") % {"year": year},
        "opts": page.opts,
        "list_url": page.list_url,
        "year": year,
        "months": months,
        "lines": lines,
        "unknown": sorted({c.dates.unknown for c in months if c.owed and c.dates.unknown}),
    }
    return TemplateResponse(request, "admin/desk/returns_calendar.html", context)


def _table(
    rows: Iterable[MonthlyReturn], year: int, now: datetime
) -> tuple[list[Counts], list[tuple[Any, list[Any]]]]:
    """The months with their counts, and a line with twelve cells for every pairing."""
    calendar = ReturnCalendar(now)
    months = [Counts(month, calendar.of(month)) for month in (Month(year, n) for n in range(1, 13))]
    lines: dict[int, tuple[Any, list[Any]]] = {}
    for row in rows:
        counts = months[row.month.month - 1]
        found = standing(row, counts.dates, now)
        counts.add(found)
        _name, cells = lines.setdefault(row.pairing_id, (row.pairing, [""] * 12))
        cells[row.month.month - 1] = link(row, shown(found))
    return months, list(lines.values())
