"""Boards on the desk: where the agreements and the five-year plan stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from assistance.admin.measures import shown_in, unit_of
from assistance.admin.plan import SHELF
from assistance.admin.scoped import Panel, ScopedAdmin, badge, counting, link, reader
from assistance.models import AgreementState, PlanActual
from assistance.periods import Month, local_day
from reporting.agreement_board import Light, Line, board
from reporting.models import AgreementProgress, PlanProgress
from reporting.plan_board import PlanLine, plan_board

TONES = {Light.GREEN: "good", Light.YELLOW: "open", Light.RED: "bad", Light.NONE: "quiet"}
WORDS = {
    Light.GREEN: _("on pace"),
    Light.YELLOW: _("a little behind"),
    Light.RED: _("behind"),
    Light.NONE: _("not known"),
}
SIGNS = {">=": "≥", "<=": "≤", "<": "<", "=": "="}
TENTH = Decimal("0.1")


def per_cent(rate: Decimal | None) -> str:
    """A rate with one decimal, half up; a dash where there is none."""
    return "—" if rate is None else f"{rate.quantize(TENTH, ROUND_HALF_UP)}%"


def asked_month(request: HttpRequest, year: int, today: Month) -> Month:
    """The month that the address names, else the last that has ended in the year."""
    try:
        month = Month.parse(request.GET.get("month", ""))
    except ValueError:
        month = max(Month(year, 1), min(today.previous, Month(year, 12)))
    return month if month.year == year else Month(year, 12)


@admin.register(AgreementProgress)
class AgreementProgressAdmin(ScopedAdmin):
    place = 72
    shelf = SHELF
    no_form_of_its_own = never_edited = True
    joins = ("programme",)
    list_display = ["title", "year", "programme", "state", "signed_on"]
    list_filter = ["programme", "year"]
    empty_list = _("No agreement is signed yet.")
    fieldsets = [(None, {"fields": ["title", ("programme", "year"), ("doc_no", "signed_on")]})]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).exclude(state=AgreementState.DRAFT)

    def panels(self, request: HttpRequest, row: Any) -> Iterable[Panel]:
        now = timezone.now()
        month = asked_month(request, row.year, Month.of(local_day(now)))
        lines = board(row, month, known_at=now, scope=reader(request).scope)
        yield Panel(
            gettext("Standing at the end of %(month)s") % {"month": month},
            (
                _("indicator"), _("unit"), _("target of the year"), _("plan to date"),
                _("actual to date"), _("completion"), _("pace"), _("compared with last year"),
                _("light"),
            ),
            [_cells(line) for line in lines],
            _("No target is entered yet."),
            _months(row.year, month),
        )  # fmt: skip


def _cells(line: Line) -> tuple[Any, ...]:
    indicator, target = line.target.indicator, line.target
    name = str(indicator)
    if target.pairing is not None:
        name = f"{name} · {target.pairing}"
    return (
        name, unit_of(indicator), shown_in(indicator, target.value),
        shown_in(indicator, _rounded(line.plan, whole=indicator.is_whole)), _achieved(line),
        per_cent(line.completion), per_cent(line.pace), per_cent(line.growth),
        badge(WORDS[line.light], TONES[line.light]),
    )  # fmt: skip


def _rounded(number: Decimal, *, whole: bool) -> Decimal:
    return number.quantize(Decimal(1) if whole else Decimal("0.01"), ROUND_HALF_UP)


def _achieved(line: Line) -> SafeString | str:
    """The value, with what has to be said of it."""
    if line.achieved is None:
        return "—"
    told = []
    if line.achieved.carried_from:
        told.append(gettext("△ kept from %(month)s") % {"month": line.achieved.carried_from})
    if line.achieved.adjusted:
        by = shown_in(line.target.indicator, abs(line.achieved.adjusted))
        sign = "+" if line.achieved.adjusted > 0 else "−"
        told.append(gettext("of this adjusted %(by)s") % {"by": f"{sign}{by}"})
    value = shown_in(line.target.indicator, line.achieved.value)
    if not told:
        return value
    return format_html('{} <span class="quiet">{}</span>', value, " · ".join(told))


def _months(year: int, chosen: Month) -> SafeString:
    """The months of the year to choose from."""
    links = (
        (f"?month={month}", " aria-current=page" if month == chosen else "", month.month)
        for month in (Month(year, number) for number in range(1, 13))
    )
    each = format_html_join(" ", '<a class="month" href="{}"{}>{}</a>', links)
    return format_html('<span class="months">{} {}</span>', _("Month:"), each)


# -------------------------------------------------------------------------------- five-year plan


def plan_number(number: Decimal | None) -> str:
    """A value of the plan without zeros that say nothing; a dash for none."""
    if number is None:
        return "—"
    shown = f"{number.quantize(Decimal('0.0001'), ROUND_HALF_UP):,f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


@admin.register(PlanProgress)
class PlanProgressAdmin(ScopedAdmin):
    place = 78
    shelf = SHELF
    no_form_of_its_own = never_edited = True
    list_display: list[Any] = ["indicator_shown"]
    list_display_links = ["indicator_shown"]
    ordering = ["place", "code"]
    fieldsets = [(None, {"fields": ["code", "basis"]})]

    def get_list_display(self, request: HttpRequest) -> Any:
        """The columns of one board, worked out once for the page."""
        return [*super().get_list_display(request), *_plan_columns(timezone.now())]

    @admin.display(description=_("indicator"))
    def indicator_shown(self, row: PlanProgress) -> str:
        return str(row)

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        line = next(each for each in plan_board(timezone.now()) if each.indicator.pk == row.pk)
        yield _("Target of 2025"), _target(line)
        yield _("Actual"), _actual(line)
        yield _("Progress"), per_cent(line.progress)
        yield _("Attained"), _attained(line)
        yield _("Pace"), per_cent(line.pace)
        if row.caution_shown:
            yield _("Caution"), row.caution_shown

    def panels(self, request: HttpRequest, row: Any) -> Iterable[Panel]:
        if not reader(request).has_perm("assistance.view_planactual"):
            return
        actuals = PlanActual.objects.visible_to(reader(request)).filter(indicator=row.pk)
        yield Panel(
            _("Published values"),
            (
                _("year"), _("value"), _("numerator"), _("denominator"), _("basis"), _("state"),
            ),
            [
                (
                    link(each, str(each.year)), plan_number(each.value),
                    plan_number(each.numerator), plan_number(each.denominator), each.basis,
                    counting(each),
                )
                for each in actuals
            ],
            _("Computed from our own ledger.") if row.is_computed else _("Nothing is published."),
        )  # fmt: skip


def _plan_columns(now: datetime) -> list[Callable[[PlanProgress], Any]]:
    lines = {line.indicator.pk: line for line in plan_board(now)}

    def column(label: Any, show: Callable[[PlanLine], Any]) -> Callable[[PlanProgress], Any]:
        @admin.display(description=label)
        def shown(row: PlanProgress) -> Any:
            return show(lines[row.pk])

        return shown

    return [
        column(_("unit"), lambda line: line.indicator.unit),
        column(_("target of 2025"), _target),
        column(_("baseline"), _baseline),
        column(_("actual"), _actual),
        column(_("progress"), lambda line: per_cent(line.progress)),
        column(_("Attained"), _attained),
        column(_("pace"), lambda line: per_cent(line.pace)),
        column(_("caution"), lambda line: line.indicator.caution_shown or "–"),
    ]


def _target(line: PlanLine) -> str:
    return f"{SIGNS[line.indicator.operator]} {plan_number(line.indicator.target)}"


def _baseline(line: PlanLine) -> str:
    if line.indicator.baseline is None:
        return "—"
    return f"{plan_number(line.indicator.baseline)} ({line.indicator.baseline_year})"


def _actual(line: PlanLine) -> SafeString | str:
    if line.actual is None:
        return badge(_("not published"), "quiet")
    shown = f"{plan_number(line.actual.value)} ({line.actual.year})"
    if line.actual.numerator is None:
        return shown
    operands = f"{plan_number(line.actual.numerator)} / {plan_number(line.actual.denominator)}"
    return format_html('{} <span class="quiet">{}</span>', shown, operands)


def _attained(line: PlanLine) -> SafeString | str:
    if line.is_attained is None:
        return "—"
    return badge(_("attained"), "good") if line.is_attained else badge(_("not yet"), "open")
