"""Evaluations on the desk: entered on the project's page, confirmed here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.admin.scoped import Panel, badge, link
from assistance.admin.verbs import Queue, Verb, VerbForm
from assistance.periods import local_day
from projects.actions import confirm_evaluation, evaluate, strike_out_evaluation
from projects.actions import evaluation as evaluating
from projects.admin.acceptance import standing_of, strike_out
from projects.admin.lists import CountingFilter, LedgerAdmin
from projects.models import Evaluation, Project, Stage

GRADE_TONES = {"优": "good", "良": "good", "中": "open", "差": "bad"}


def _points(label: Any, most: int) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, max_digits=5, decimal_places=2, min_value=0, max_value=most
    )


class EvaluationForm(VerbForm):
    year = forms.IntegerField(label=_("Year"), min_value=1990, max_value=2100)
    evaluated_on = forms.DateField(
        label=_("Evaluated on"),
        help_text=_("the points of the budget's execution are computed as at this day"),
    )
    output = _points(_("Output (of 50)"), Evaluation.OUTPUT)
    benefit = _points(_("Benefit (of 30)"), Evaluation.BENEFIT)
    satisfaction = _points(_("Satisfaction (of 10)"), Evaluation.SATISFACTION)
    remarks = forms.CharField(
        label=_("Remarks"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        today = local_day(timezone.now())
        self.fields["year"].initial, self.fields["evaluated_on"].initial = today.year, today


PROJECT_VERBS = (
    Verb(
        "evaluate",
        pgettext_lazy("verb", "Evaluate"),
        "projects.add_evaluation",
        evaluate,
        evaluating.evaluate_why_not,
        form=EvaluationForm,
        explains=_("It counts once a reviewer confirmed it; file the score sheet before that."),
        checks_version=False,
    ),
)


def project_panels(project: Project) -> Iterable[Panel]:
    """What the evaluators said; from the acceptance on also that nobody did yet."""
    evaluations = list(project.evaluations.standing())
    if evaluations or project.stage in {Stage.ACCEPTED, Stage.HANDED_OVER}:
        yield _evaluations_panel(evaluations)


def _evaluations_panel(evaluations: list[Evaluation]) -> Panel:
    return Panel(
        _("Evaluations"),
        (
            _("year"), _("status"), _("execution of the budget (10)"), _("output (50)"),
            _("benefit (30)"), _("satisfaction (10)"), _("points"), _("grade"),
        ),
        [
            (
                link(row, str(row.year)),
                standing_of(row),
                row.execution,
                row.output,
                row.benefit,
                row.satisfaction,
                row.total,
                _grade(row),
            )
            for row in evaluations
        ],
        _("Nobody evaluated the project yet."),
    )  # fmt: skip


def _grade(evaluation: Evaluation) -> SafeString:
    return badge(evaluation.grade, GRADE_TONES[evaluation.grade])


@admin.register(Evaluation)
class EvaluationAdmin(LedgerAdmin):
    place = 68
    joins = ("project__pairing", "created_by", "updated_by", "counted_by")
    list_display = ["of_year", "project_link", "state", "points", "mark", "evaluated_on"]
    list_display_links = ["of_year"]
    list_filter = [CountingFilter, "year"]
    search_fields = ["project__code", "project__name"]
    no_form_of_its_own = never_edited = True
    empty_list = _("Projects are evaluated on their own page.")
    fieldsets = [
        (None, {"fields": ["project", ("year", "evaluated_on")]}),
        (
            _("Points"),
            {"fields": [("execution", "output"), ("benefit", "satisfaction"), ("total", "mark")]},
        ),
        (_("Remarks"), {"fields": ["remarks"]}),
        (_("Entered"), {"fields": [("entered_by", "created_at"), ("confirmed_by", "counted_at")]}),
        (_("Struck out"), {"fields": [("voided_at", "void_reason")]}),
    ]
    verbs = (
        Verb(
            "confirm",
            pgettext_lazy("verb", "Confirm"),
            evaluating.MAY_CONFIRM,
            confirm_evaluation,
            evaluating.confirm_why_not,
            for_many=True,
            explains=_("Compare with the score sheet. It counts from now on."),
        ),
        strike_out(
            "projects.view_evaluation", strike_out_evaluation, evaluating.strike_out_why_not
        ),
    )
    queues = (
        Queue(
            "to-confirm",
            _("Evaluations to confirm"),
            evaluating.MAY_CONFIRM,
            lambda rows, user, now: rows.filter(counted_at=None, voided_at=None).exclude(
                created_by=user
            ),
        ),
    )

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        return (
            (_("Points"), row.total),
            (_("Grade"), _grade(row)),
            (_("State"), standing_of(row)),
            (_("Year"), str(row.year)),
            (_("Project"), link(row.project)),
        )

    @admin.display(description=_("year"), ordering="year")
    def of_year(self, evaluation: Evaluation) -> str:
        return str(evaluation.year)

    @admin.display(description=_("status"))
    def state(self, evaluation: Evaluation) -> SafeString:
        return standing_of(evaluation)

    @admin.display(description=_("points"), ordering="total")
    def points(self, evaluation: Evaluation) -> str:
        return str(evaluation.total)

    @admin.display(description=_("grade"))
    def mark(self, evaluation: Evaluation) -> SafeString:
        return _grade(evaluation)

    @admin.display(description=_("project"), ordering="project")
    def project_link(self, evaluation: Evaluation) -> SafeString | str:
        return link(evaluation.project)
