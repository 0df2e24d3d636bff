"""The chapters of a report; a report is a tuple of them."""

from collections.abc import Callable

from reporting.reckoning import Reckoning
from reporting.sections.headline import headline
from reporting.sections.money import funds
from reporting.sections.people import people
from reporting.sections.projects import projects
from reporting.sections.shape import Section

SECTIONS: dict[str, Callable[[Reckoning], Section]] = {
    "headline": headline,
    "funds": funds,
    "projects": projects,
    "people": people,
}
