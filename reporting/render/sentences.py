"""What each section says in words before its tables, in runs that let the figures stand out.

A sentence is a translated template with named places; only the places are filled from the payload,
so nothing in it can become markup, and each printer decides how a figure stands out.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from string import Formatter
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from reporting.render import numbers

Figures = Mapping[str, Mapping[str, Any]]


class Run(NamedTuple):
    """A stretch of text; ``strong`` if it is a figure, not words or the day."""

    text: str
    strong: bool


Sentence = tuple[Run, ...]


def filled(template: str, values: Mapping[str, str]) -> Sentence:
    """Fill the places of a template; a figure that is missing is "—"."""
    runs: list[Run] = []
    for text, place, _format, _conversion in Formatter().parse(template):
        if text:
            runs.append(Run(text, strong=False))
        if place:
            runs.append(Run(values.get(place, numbers.MISSING), strong=place != "day"))
    return tuple(runs)


def plain(sentence: Sentence) -> str:
    """Return the sentence as text."""
    return "".join(run.text for run in sentence)


def number_of(figures: Figures, code: str) -> Decimal | None:
    """Return a figure's number; None where it is missing."""
    value = figures[code]["value"] if code in figures else None
    return None if value is None else Decimal(value)


def headline(figures: Figures) -> list[str]:
    """The year's plan, the money, the month, the works and the people, in at most six sentences."""
    change = number_of(figures, "payment_rate_change")
    rounded = None if change is None else numbers.half_up(change, 1)
    if rounded is None:
        money = _(
            "By {day}, {arr} had arrived, an arrival rate of {arrival_rate}; {paid} had been paid "
            "out, a payment rate of {payment_rate}."
        )
    elif rounded > 0:
        money = _(
            "By {day}, {arr} had arrived, an arrival rate of {arrival_rate}; {paid} had been paid "
            "out, a payment rate of {payment_rate}, up {change} percentage points on last month."
        )
    elif rounded < 0:
        money = _(
            "By {day}, {arr} had arrived, an arrival rate of {arrival_rate}; {paid} had been paid "
            "out, a payment rate of {payment_rate}, down {change} percentage points on last month."
        )
    else:
        money = _(
            "By {day}, {arr} had arrived, an arrival rate of {arrival_rate}; {paid} had been paid "
            "out, a payment rate of {payment_rate}, unchanged on last month."
        )
    if number_of(figures, "pairings_unknown_start"):
        ties = _(
            "In force on {day}: {pairings_in_force} (of which {pairings_unknown_start} with "
            "unknown start), joining {counties_paired}. In post: {in_post}."
        )
    else:
        ties = _(
            "In force on {day}: {pairings_in_force}, joining {counties_paired}. In post: {in_post}."
        )
    return [
        _(
            "This year's plan holds {projects_planned} and {plan} of aid; {alloc} has been "
            "allocated to projects, an allocation rate of {allocation_rate}."
        ),
        money,
        _(
            "This month {arr_month} arrived (of which {arr_month_late} reported late for earlier "
            "months) and {paid_month} was paid out (of which {paid_month_late} reported late)."
        ),
        _(
            "Of {new_projects} new in the plan, started: {started}, a start rate of {start_rate}. "
            "Completed: {completed}; accepted: {accepted}; in reserve, not counted: {reserve}."
        ),
        ties,
    ]


def funds(figures: Figures) -> list[str]:
    """Where the money went, against the targets, and what lies idle."""
    return [
        _(
            "Livelihood projects take {livelihood_share} of allocated aid (target "
            "{livelihood_target}), counties and below {county_below_share} (target "
            "{county_below_target}), industry {industry_share}."
        ),
        _(
            "By {day}, {idle} had arrived without being allocated; {paid_of_arrived} of what "
            "arrived had been paid out."
        ),
    ]


def projects(figures: Figures) -> list[str]:
    """How many, how far and how late."""
    if number_of(figures, "released"):
        plan = _(
            "In the plan: {projects_planned}; new: {new_projects}; continuing: "
            "{continuing_projects}; released from it, not counted: {released}."
        )
    else:
        plan = _(
            "In the plan: {projects_planned}; new: {new_projects}; continuing: "
            "{continuing_projects}."
        )
    return [
        plan,
        _(
            "New and started: {started} ({start_rate}), this month {started_month}. Continuing and "
            "resumed: {resumed} ({resume_rate})."
        ),
        _(
            "Completed: {completed} ({completion_rate}), this month {completed_month}. On-time "
            "rate {on_time_rate}, acceptance rate {acceptance_rate}."
        ),
        _(
            "Physical progress weighted by funding: {weighted_progress}. Past the planned end: "
            "{overdue}. In reserve, not counted in the total: {reserve}."
        ),
    ]


def people(figures: Figures) -> list[str]:
    """Who is in post, who came and went, and what the register lacks."""
    if "expiring_within" in figures:
        ends = _(
            "Terms ending within {expiring_within}: {expiring}; stayed beyond the term: "
            "{overstayed}. Registered: {registered}; declared: {declared}."
        )
    else:  # editions of before it was a setting
        ends = _(
            "Terms ending within 90 days: {expiring}; stayed beyond the term: {overstayed}. "
            "Registered: {registered}; declared: {declared}."
        )
    return [
        _(
            "In post: {in_post} (cadres: {in_post_cadre}; professionals: {in_post_tech}). This "
            "month newly sent: {new}; returned: {returned}."
        ),
        ends,
    ]


SENTENCES: dict[str, Callable[[Figures], list[str]]] = {
    "headline": headline,
    "funds": funds,
    "projects": projects,
    "people": people,
}


def said(section: str, figures: Figures, on: str) -> tuple[Sentence, ...]:
    """Return the sentences of a section for the figures at the end of ``on`` (an ISO date)."""
    if section not in SENTENCES:
        return ()
    values = {
        code: numbers.spoken(figure["value"], figure["unit"]) for code, figure in figures.items()
    }
    values["day"] = numbers.day_of_year(on)
    change = number_of(figures, "payment_rate_change")
    if change is not None:
        values["change"] = f"{abs(numbers.half_up(change, 1)):,.1f}"
    return tuple(filled(template, values) for template in SENTENCES[section](figures))
