"""Monthly returns on the desk: filled in, submitted, accepted, adjusted; and when each was due."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from assistance.actions import returns
from assistance.admin.measures import shown_in, unit_of
from assistance.admin.plan import SHELF
from assistance.admin.returns_calendar import calendar_view, shown, standing
from assistance.admin.scoped import Panel, ScopedAdmin, badge, counting, link
from assistance.admin.verbs import Queue, ReasonForm, Verb, VerbForm, confirmable
from assistance.due_dates import DueDates, ReturnCalendar
from assistance.errors import Refused
from assistance.models import Indicator, MonthlyReturn, ReturnAdjustment, ReturnState, User
from assistance.models.returns import TO_FILL_IN

TONES = {
    ReturnState.OPEN: "open",
    ReturnState.SUBMITTED: "busy",
    ReturnState.RETURNED: "bad",
    ReturnState.ACCEPTED: "good",
    ReturnState.LOCKED: "quiet",
}


class FillInForm(VerbForm):
    """A field for every indicator that the return reports."""

    note = forms.CharField(
        label=_("Remarks"), widget=forms.Textarea(attrs={"rows": 3}), required=False
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.codes: list[str] = []
        if self.row is None:
            return
        said = {value.indicator_id: value.value for value in self.row.values.all()}
        for indicator in returns.asked(self.row):
            field = forms.DecimalField(
                label=f"{indicator} ({indicator.get_unit_display()})",
                help_text=indicator.rule,
                required=False,
                # what a value has to be the row itself says; these are hints for the browser
                widget=forms.NumberInput({"min": 0, "step": 1 if indicator.is_whole else 0.01}),
            )
            kept = said.get(indicator.pk)
            digits = 0 if indicator.is_whole else 2
            field.initial = None if kept is None else f"{kept:.{digits}f}"
            self.fields[indicator.code] = field
            self.codes.append(indicator.code)
        self.fields["note"].initial = self.row.note
        self.order_fields([*self.codes, "note"])

    def answers(self) -> dict[str, Any]:
        said = self.cleaned_data
        return {"values": {code: said[code] for code in self.codes}, "note": said["note"]}


class AdjustmentForm(VerbForm):
    indicator = forms.ModelChoiceField(label=_("Indicator"), queryset=Indicator.objects.none())
    delta = forms.DecimalField(
        label=_("More or less"),
        help_text=_("With a minus for less."),
        max_digits=20,
        decimal_places=4,
    )
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("The other side will read it."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.row is not None:
            self.fields["indicator"].queryset = returns.asked(self.row)  # type: ignore[attr-defined]  # it is a choice of models


def state_of(row: MonthlyReturn) -> SafeString:
    """The state in its tone."""
    return badge(row.get_state_display(), TONES[ReturnState(row.state)])


@admin.register(MonthlyReturn)
class MonthlyReturnAdmin(ScopedAdmin):
    place = 75
    shelf = SHELF
    no_form_of_its_own = never_edited = True
    change_list_template = "admin/desk/returns.html"
    joins = (
        "pairing__programme", "pairing__recipient", "pairing__donor", "submitted_by", "accepted_by",
    )  # fmt: skip
    list_display = ["title", "period", "state_shown"]
    list_filter = ["state", "pairing__programme", "period"]
    search_fields = ["pairing__recipient__name_zh", "pairing__recipient__name_en", "period"]
    empty_list = _(
        "No return was opened yet. They open by themselves when a month ends, for programmes that"
        " say since which month they report."
    )
    fieldsets = [
        (None, {"fields": ["pairing", "period", "note"]}),
        (_("Submitted"), {"fields": [("submitted_by", "submitted_at"), "return_reason"]}),
        (_("Accepted"), {"fields": [("accepted_by", "accepted_at"), "locked_at"]}),
    ]
    verbs = (
        Verb(
            "fill-in", pgettext_lazy("verb", "Fill in"), returns.FILLS_IN, returns.fill_in,
            partial(returns.why_not, step="fill_in"), FillInForm,
            explains=_("Enter 0 where there was nothing; leave blank what is not known yet."),
        ),
        Verb(
            "submit", pgettext_lazy("verb", "Submit"), returns.SUBMITS, returns.submit_return,
            partial(returns.why_not, step="submit"),
            explains=_("The office reviews it; it can be changed again only if it is sent back."),
        ),
        Verb(
            "accept", pgettext_lazy("verb", "Accept"), returns.ACCEPTS, returns.accept_return,
            partial(returns.why_not, step="accept"), for_many=True,
            explains=_("Its values count from now on."),
        ),
        Verb(
            "send-back", pgettext_lazy("verb", "Send back"), returns.ACCEPTS, returns.send_back,
            partial(returns.why_not, step="send_back"), ReasonForm, turns_down=True,
        ),
        Verb(
            "adjust", pgettext_lazy("verb", "Adjust"), returns.ADJUSTS,
            returns.propose_adjustment, partial(returns.why_not, step="adjust"), AdjustmentForm,
            checks_version=False,
            explains=_(
                "A locked return stays as it is; what was wrong is shown as an adjustment in the"
                " month that is open now, once somebody else confirmed it."
            ),
        ),
    )  # fmt: skip
    queues = (
        Queue(
            "to-fill-in",
            _("monthly returns to fill in"),
            returns.SUBMITS,
            lambda rows, user, now: rows.filter(state__in=TO_FILL_IN),
        ),
        Queue(
            "to-accept",
            _("monthly returns to accept"),
            returns.ACCEPTS,
            lambda rows, user, now: rows.filter(state=ReturnState.SUBMITTED).exclude(
                submitted_by=user
            ),
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(partial(calendar_view, self))
        return [
            path("calendar/", view, name="assistance_monthlyreturn_calendar"), *super().get_urls(),
        ]  # fmt: skip

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        dates = ReturnCalendar(timezone.now()).of(row.month)
        yield _("State"), state_of(row)
        yield _("Month"), row.period
        yield _("Due"), _due_shown(dates)
        yield _("On time"), shown(standing(row, dates, timezone.now()))
        if row.state == ReturnState.RETURNED:
            yield _("Sent back because"), row.return_reason

    def panels(self, request: HttpRequest, row: Any) -> Iterable[Panel]:
        said = {value.indicator_id: value.value for value in row.values.all()}
        asked = [*returns.asked(row)]
        yield Panel(
            _("Values"),
            (_("indicator"), _("unit"), _("value"), _("counting rule")),
            [
                (
                    str(indicator), unit_of(indicator),
                    shown_in(indicator, said.get(indicator.pk)), indicator.rule,
                )
                for indicator in asked
            ],
            _("Nothing is asked of this pairing."),
        )  # fmt: skip
        adjustments = row.adjustments.select_related("indicator", "created_by")
        if row.state == ReturnState.LOCKED:
            yield Panel(
                _("Adjustments"),
                (
                    _("indicator"), _("more or less"), _("shown in the month"), _("reason"),
                    _("entered by"), _("state"),
                ),
                [
                    (
                        link(each, str(each.indicator)), _more_or_less(each), each.period,
                        each.reason, each.created_by, counting(each),
                    )
                    for each in adjustments
                ],
                _("Nothing was adjusted."),
            )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("values")

    @admin.display(description=_("pairing"), ordering="pairing__recipient__code")
    def title(self, row: MonthlyReturn) -> str:
        return str(row.pairing)

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, row: MonthlyReturn) -> SafeString:
        return state_of(row)

    def get_list_display(self, request: HttpRequest) -> Any:
        """With the dates of this request's calendar, worked out once for each month."""
        return [*super().get_list_display(request), *_date_columns(timezone.now())]


def _date_columns(now: datetime) -> list[Callable[[MonthlyReturn], Any]]:
    calendar = ReturnCalendar(now)

    @admin.display(description=_("due"), ordering="period")
    def due(row: MonthlyReturn) -> str:
        return _due_shown(calendar.of(row.month))

    @admin.display(description=_("on time"))
    def timely(row: MonthlyReturn) -> SafeString | str:
        return shown(standing(row, calendar.of(row.month), now))

    return [due, timely]


def _due_shown(dates: DueDates) -> str:
    if dates.unknown is None:
        return f"{dates.due}"
    told = gettext("%(day)s (the holidays of %(year)s are not entered yet)")
    return told % {"day": dates.due, "year": dates.unknown}


def _more_or_less(adjustment: ReturnAdjustment) -> str:
    sign = "+" if adjustment.delta > 0 else "−"
    number = shown_in(adjustment.indicator, abs(adjustment.delta))
    return f"{sign}{number} {unit_of(adjustment.indicator)}"


def _undecided(adjustment: ReturnAdjustment, user: User) -> Refused | None:
    return adjustment.is_settled()


@admin.register(ReturnAdjustment)
class ReturnAdjustmentAdmin(ScopedAdmin):
    place = 76
    shelf = SHELF
    no_form_of_its_own = never_edited = True
    joins = (
        "monthly_return__pairing__recipient", "monthly_return__pairing__donor", "indicator",
        "created_by", "counted_by",
    )  # fmt: skip
    list_display = ["title", "of", "more_or_less", "period", "standing", "created_by"]
    list_filter = ["period", "indicator"]
    empty_list = _("An adjustment is entered on the page of a locked return.")
    fieldsets = [
        (None, {"fields": ["monthly_return", "indicator", "delta", "period", "reason"]}),
        (_("Confirmed"), {"fields": [("counted_by", "counted_at"), "void_reason"]}),
    ]
    verbs = (
        Verb(
            "confirm", _("Confirm"), returns.ACCEPTS, returns.confirm_adjustment, confirmable,
            explains=_("It counts from now on, in the month that it names."),
        ),
        Verb(
            "strike-out", _("Strike out"), returns.ACCEPTS, returns.decline_adjustment,
            _undecided, ReasonForm, turns_down=True,
        ),
    )  # fmt: skip
    queues = (
        Queue(
            "to-confirm",
            _("adjustments of returns to confirm"),
            returns.ACCEPTS,
            lambda rows, user, now: rows.filter(counted_at=None, voided_at=None).exclude(
                created_by=user
            ),
        ),
    )

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        return (
            (_("Monthly return"), link(row.monthly_return)),
            (_("Indicator"), row.indicator),
            (_("More or less"), _more_or_less(row)),
            (_("Shown in the month"), row.period),
        )

    @admin.display(description=_("indicator"), ordering="indicator__place")
    def title(self, adjustment: ReturnAdjustment) -> str:
        return str(adjustment.indicator)

    @admin.display(description=_("more or less"), ordering="delta")
    def more_or_less(self, adjustment: ReturnAdjustment) -> str:
        return _more_or_less(adjustment)

    @admin.display(description=_("monthly return"))
    def of(self, adjustment: ReturnAdjustment) -> SafeString | str:
        return link(adjustment.monthly_return)

    @admin.display(description=_("state"))
    def standing(self, adjustment: ReturnAdjustment) -> SafeString:
        return counting(adjustment)
