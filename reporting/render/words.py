"""The words of a report: what every code of a payload is called, and how each figure is computed.

A payload carries codes, never words; a code that has no word here is printed as it stands, so that
an old edition can still be read by a newer program.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

    Words = Mapping[str, StrPromise | str]

SECTIONS: Words = {
    "headline": pgettext_lazy("section", "Overview"),
    "funds": pgettext_lazy("section", "Funds"),
    "projects": pgettext_lazy("section", "Projects"),
    "people": pgettext_lazy("section", "Cadres and professionals"),
}

TABLES: Words = {  # the section and the table: two sections have a table by region
    "funds.by_region": _("Funds by region"),
    "funds.by_source": _("Funds by source"),
    "funds.by_sector": _("Funds by sector"),
    "projects.buckets": _("Projects by stage"),
    "projects.by_programme": _("Projects by programme"),
    "projects.overdue": _("Ten longest overdue projects"),
    "people.by_region": _("People by region"),
    "people.by_direction": _("People by direction"),
    "people.teams": _("Teams, registered and declared"),
}

ROW_HEADINGS: Words = {  # the heading over the names of a table's rows
    "by_region": pgettext_lazy("row heading", "Region"),
    "by_source": pgettext_lazy("row heading", "Source"),
    "by_sector": pgettext_lazy("row heading", "Sector"),
    "buckets": pgettext_lazy("row heading", "Kind"),
    "by_programme": pgettext_lazy("row heading", "Programme"),
    "overdue": pgettext_lazy("row heading", "Project code"),
    "by_direction": pgettext_lazy("row heading", "Direction"),
    "teams": pgettext_lazy("row heading", "Team"),
}

COLUMNS: Words = {  # "table.column" where the table gives a column a meaning of its own
    "plan": pgettext_lazy("column", "Planned"),
    "arr": pgettext_lazy("column", "Arrived"),
    "alloc": pgettext_lazy("column", "Allocated"),
    "paid": pgettext_lazy("column", "Paid"),
    "arrival_rate": pgettext_lazy("column", "Arrival rate"),
    "allocation_rate": pgettext_lazy("column", "Allocation rate"),
    "payment_rate": pgettext_lazy("column", "Payment rate"),
    "arr_month": pgettext_lazy("column", "Arrived this month"),
    "paid_month": pgettext_lazy("column", "Paid this month"),
    "share": pgettext_lazy("column", "Share of allocated"),
    "projects": pgettext_lazy("column", "Projects"),
    "buckets.preparation": pgettext_lazy("bucket", "Preparing"),
    "buckets.tendering": pgettext_lazy("bucket", "Tendering"),
    "buckets.ready": pgettext_lazy("bucket", "Ready"),
    "buckets.active": pgettext_lazy("bucket", "Active"),
    "buckets.suspended": pgettext_lazy("bucket", "Suspended"),
    "buckets.completed": pgettext_lazy("bucket", "Completed"),
    "buckets.accepted": pgettext_lazy("bucket", "Accepted"),
    "buckets.terminated": pgettext_lazy("bucket", "Terminated"),
    "buckets.total": pgettext_lazy("bucket", "Total"),
    "projects_planned": pgettext_lazy("column", "Planned projects"),
    "new_projects": pgettext_lazy("column", "Of which new"),
    "started": pgettext_lazy("column", "New and started"),
    "completed": pgettext_lazy("column", "Completed"),
    "accepted": pgettext_lazy("column", "Accepted"),
    "name": pgettext_lazy("column", "Project"),
    "county": pgettext_lazy("column", "County"),
    "planned_end": pgettext_lazy("column", "Planned end"),
    "days_overdue": pgettext_lazy("column", "Days overdue"),
    "physical_pct": pgettext_lazy("column", "Physical progress"),
    "in_post_cadre": pgettext_lazy("column", "Cadres in post"),
    "in_post_tech": pgettext_lazy("column", "Professionals in post"),
    "in_post": pgettext_lazy("column", "In post"),
    "new": pgettext_lazy("column", "Newly sent"),
    "returned": pgettext_lazy("column", "Returned"),
    "expiring": pgettext_lazy("column", "Ending soon"),
    "overstayed": pgettext_lazy("column", "Overstayed"),
    "declared": pgettext_lazy("column", "Declared"),
    "registered": pgettext_lazy("column", "Registered"),
    "gap": pgettext_lazy("column", "Gap"),
}

ROWS: Words = {
    "total": pgettext_lazy("row", "Total"),
    "carry_over": pgettext_lazy("row", "Carried over from earlier years"),
    "aid": pgettext_lazy("row", "Fiscal aid, subtotal"),
    "PROV": pgettext_lazy("fund source", "Fiscal aid pooled by the province"),
    "CITY": pgettext_lazy("fund source", "City aid"),
    "DIST": pgettext_lazy("fund source", "District and county aid"),
    "MS": pgettext_lazy("fund source", "Mountain–Sea special fund"),
    "DON_CASH": pgettext_lazy("fund source", "Donations in cash"),
    "DON_KIND": pgettext_lazy("fund source", "Donations in kind"),
    "MATCH": pgettext_lazy("fund source", "Matched by the recipient"),
    "SELF": pgettext_lazy("fund source", "Raised by the project unit"),
    "IND": pgettext_lazy("sector", "Industry"),
    "LAB": pgettext_lazy("sector", "Labour cooperation"),
    "CONS": pgettext_lazy("sector", "Consumption assistance"),
    "RURAL": pgettext_lazy("sector", "Rural construction"),
    "EDU": pgettext_lazy("sector", "Education"),
    "HEALTH": pgettext_lazy("sector", "Health"),
    "HOUSING": pgettext_lazy("sector", "Housing"),
    "TALENT": pgettext_lazy("sector", "Training of cadres and professionals"),
    "CULT": pgettext_lazy("sector", "Culture and exchange"),
    "ECO": pgettext_lazy("sector", "Ecology"),
    "DIGI": pgettext_lazy("sector", "Digitalisation"),
    "SOC": pgettext_lazy("sector", "Social security and relief"),
    "MGMT": pgettext_lazy("sector", "Project management fee"),
    "new": pgettext_lazy("row", "New projects"),
    "continuing": pgettext_lazy("row", "Continuing projects"),
    "OUT": pgettext_lazy("direction", "East to west"),
    "IN": pgettext_lazy("direction", "West to east"),
}

FIGURES: Words = {
    "pairings_in_force": pgettext_lazy("figure", "Pairings in force"),
    "pairings_unknown_start": pgettext_lazy("figure", "Of which with unknown start"),
    "counties_paired": pgettext_lazy("figure", "Counties paired"),
    "projects_planned": pgettext_lazy("figure", "Projects in the year's plan"),
    "plan": pgettext_lazy("figure", "Planned aid"),
    "arr": pgettext_lazy("figure", "Arrived aid"),
    "arrival_rate": pgettext_lazy("figure", "Arrival rate"),
    "alloc": pgettext_lazy("figure", "Aid allocated to projects"),
    "allocation_rate": pgettext_lazy("figure", "Allocation rate"),
    "paid": pgettext_lazy("figure", "Aid paid out"),
    "payment_rate": pgettext_lazy("figure", "Payment rate"),
    "payment_rate_change": pgettext_lazy("figure", "Payment rate, change on last month"),
    "plan_month": pgettext_lazy("figure", "Planned this month"),
    "arr_month": pgettext_lazy("figure", "Arrived this month"),
    "alloc_month": pgettext_lazy("figure", "Allocated this month"),
    "paid_month": pgettext_lazy("figure", "Paid this month"),
    "arr_month_late": pgettext_lazy("figure", "Arrived: reported late for earlier months"),
    "paid_month_late": pgettext_lazy("figure", "Paid: reported late for earlier months"),
    "new_projects": pgettext_lazy("figure", "New projects"),
    "continuing_projects": pgettext_lazy("figure", "Continuing projects"),
    "released": pgettext_lazy("figure", "Released from the plan"),
    "started": pgettext_lazy("figure", "New projects started"),
    "start_rate": pgettext_lazy("figure", "Start rate"),
    "started_month": pgettext_lazy("figure", "Started this month"),
    "resumed": pgettext_lazy("figure", "Continuing projects resumed"),
    "resume_rate": pgettext_lazy("figure", "Resume rate"),
    "completed": pgettext_lazy("figure", "Completed"),
    "completed_month": pgettext_lazy("figure", "Completed this month"),
    "completion_rate": pgettext_lazy("figure", "Completion rate"),
    "on_time_rate": pgettext_lazy("figure", "On-time rate"),
    "accepted": pgettext_lazy("figure", "Accepted"),
    "acceptance_rate": pgettext_lazy("figure", "Acceptance rate"),
    "weighted_progress": pgettext_lazy("figure", "Weighted physical progress"),
    "overdue": pgettext_lazy("figure", "Overdue"),
    "reserve": pgettext_lazy("figure", "In reserve"),
    "livelihood_share": pgettext_lazy("figure", "Livelihood share"),
    "livelihood_target": pgettext_lazy("figure", "Livelihood share, target"),
    "county_below_share": pgettext_lazy("figure", "County-and-below share"),
    "county_below_target": pgettext_lazy("figure", "County-and-below share, target"),
    "industry_share": pgettext_lazy("figure", "Industry share"),
    "idle": pgettext_lazy("figure", "Arrived but not allocated"),
    "paid_of_arrived": pgettext_lazy("figure", "Paid, of arrived"),
    "in_post": pgettext_lazy("figure", "In post"),
    "in_post_cadre": pgettext_lazy("figure", "Cadres in post"),
    "in_post_tech": pgettext_lazy("figure", "Professionals in post"),
    "new": pgettext_lazy("figure", "Newly sent this month"),
    "returned": pgettext_lazy("figure", "Returned this month"),
    "expiring": pgettext_lazy("figure", "Terms ending soon"),
    "expiring_within": pgettext_lazy("figure", "Soon: within"),
    "overstayed": pgettext_lazy("figure", "Overstayed"),
    "registered": pgettext_lazy("figure", "Registered"),
    "declared": pgettext_lazy("figure", "Declared"),
    "gap": pgettext_lazy("figure", "Declared but not registered"),
}

MONTH_BY_DIFFERENCE = _("Cumulative to the end of the month − cumulative to the end of last month")
REPORTED_LATE = _("The part of the month's value dated before the month")

FORMULAS: Words = {  # T is the last day of the period, all sums are of this year's plans
    "pairings_in_force": _("Pairings whose dates include T; an unknown start counts as in force"),
    "pairings_unknown_start": _("Of these, pairings without a start date"),
    "counties_paired": _("Distinct recipient counties of the pairings in force"),
    "projects_planned": _(
        "Projects entered in the year's plan by T and not released = new + continuing"
    ),
    "plan": _("Σ fund plans of the year issued by T (province, city, district, Mountain–Sea)"),
    "arr": _("Σ confirmed transfers that arrived by T − Σ returned"),
    "arrival_rate": _("Arrived ÷ planned"),
    "alloc": _("Σ funding approved for projects by T ± Σ adjustments in effect by T"),
    "allocation_rate": _("Allocated ÷ planned"),
    "paid": _("Paid before taking over + Σ verified payments made by T − Σ verified refunds"),
    "payment_rate": _("Paid ÷ allocated"),
    "payment_rate_change": _("Payment rate − payment rate at the end of last month"),
    "plan_month": MONTH_BY_DIFFERENCE,
    "arr_month": MONTH_BY_DIFFERENCE,
    "alloc_month": MONTH_BY_DIFFERENCE,
    "paid_month": MONTH_BY_DIFFERENCE,
    "arr_month_late": REPORTED_LATE,
    "paid_month_late": REPORTED_LATE,
    "new_projects": _("Projects of the plan in their first plan year"),
    "continuing_projects": _("Projects of the plan carried on from an earlier year"),
    "released": _("Projects released from the year's plan by T; not among the planned"),
    "started": _("New projects whose actual start is T or earlier"),
    "start_rate": _("New projects started ÷ new projects"),
    "started_month": MONTH_BY_DIFFERENCE,
    "resumed": _("Continuing projects active, completed or further at T"),
    "resume_rate": _("Continuing projects resumed ÷ continuing projects"),
    "completed": _("Projects of the plan whose actual end is T or earlier"),
    "completed_month": MONTH_BY_DIFFERENCE,
    "completion_rate": _("Completed ÷ projects in the plan"),
    "on_time_rate": _("Completed by the planned end ÷ projects whose planned end is T or earlier"),
    "accepted": _("Projects accepted, handed over or closed at T"),
    "acceptance_rate": _("Accepted or further ÷ completed or further"),
    "weighted_progress": _("Σ (allocated × physical progress) ÷ Σ allocated"),
    "overdue": _("Projects whose planned end is before T and that are not completed"),
    "reserve": _("Projects submitted or in the library at T; not among the planned"),
    "livelihood_share": _("Allocated to livelihood projects ÷ allocated"),
    "livelihood_target": _("Setting"),
    "county_below_share": _("Allocated at county, township and village level ÷ allocated"),
    "county_below_target": _("Setting"),
    "industry_share": _("Allocated to industry ÷ allocated"),
    "idle": _("Arrived − allocated, if above 0"),
    "paid_of_arrived": _("Paid ÷ arrived"),
    "in_post": _("Distinct persons with a posting dispatched and in force at T"),
    "in_post_cadre": _("Of these, Party and government cadres"),
    "in_post_tech": _("Of these, professionals"),
    "new": _("Postings that start within the period"),
    "returned": _("Postings that end within the period"),
    "expiring": _("Postings whose planned end falls in the days after T that count as soon"),
    "expiring_within": _("Setting"),
    "overstayed": _("Postings past their planned end and not ended"),
    "registered": _("Persons of the dispatched teams registered here"),
    "declared": _("Σ declared headcount of the dispatched teams"),
    "gap": _("Declared − registered"),
}

NOTES: Words = {
    # editions of before refunds and adjustments were recorded say so
    "refunds_not_counted": _("Refunds and adjustments are not recorded yet and count as 0."),
    "inferred_plans": _("Fund plans of {yuan} rest on inferred county tiers."),
    "taken_over": _("The figures include {projects} taken over from earlier ledgers."),
    "money_taken_over": _(
        "Of these, {allocated_yuan} allocated to {projects} and {paid_yuan} paid were taken over "
        "from earlier ledgers."
    ),
    "no_targets": _("No target has been set."),
}

UNITS: Words = {
    "yuan": pgettext_lazy("unit", "CNY 10,000"),
    "percent": pgettext_lazy("unit", "%"),
    "points": pgettext_lazy("unit", "percentage points"),
    "projects": pgettext_lazy("unit", "projects"),
    "persons": pgettext_lazy("unit", "persons"),
    "pairings": pgettext_lazy("unit", "pairings"),
    "counties": pgettext_lazy("unit", "counties"),
    "entries": pgettext_lazy("unit", "entries"),
    "days": pgettext_lazy("unit", "days"),
    "date": pgettext_lazy("unit", "date"),
    "text": "",
}


def word(catalogue: Words, code: str) -> str:
    """Return the word for a code in the active language; the code itself where there is none."""
    return str(catalogue.get(code, code))


def column_word(table: str, code: str) -> str:
    """Return the heading of a table's column, in the sense this table gives it."""
    return word(COLUMNS, f"{table}.{code}" if f"{table}.{code}" in COLUMNS else code)
