"""The first chapter: what a leader wants to know in six sentences."""

from __future__ import annotations

from projects.models import AID, BUCKETS
from projects.models.as_at import MONEY
from projects.models.history import Nature
from reporting.reckoning import COMPLETED_OR_LATER, Reckoning
from reporting.sections.projects import count_started, reserve
from reporting.sections.shape import Section, points, rate, yuan
from reporting.tracing import behind_money


def headline(r: Reckoning) -> Section:
    """Cumulative fiscal aid and projects of the year, and what this month added."""
    section = Section("headline")
    section.add("pairings_in_force", "pairings", str(len(r.pairings)), formula="in force at T")
    unknown = sum(pairing.starts_on is None for pairing in r.pairings)
    section.add(
        "pairings_unknown_start", "pairings", str(unknown), formula="in force at T, since = ?"
    )
    counties = {p.recipient.code for p in r.pairings if p.recipient.level == "county"}
    section.add(
        "counties_paired", "counties", str(len(counties)), formula="recipients at county level"
    )
    sums = {code: r.money[code].of() for code in MONEY}
    before = {code: r.money_before[code].of() for code in MONEY}
    for code, amount in sums.items():
        section.add(code, "yuan", yuan(amount), formula=_FORMULAS[code], rows=behind_money(r, code))
    for code, part, whole in (
        ("arrival_rate", "arr", "plan"),
        ("allocation_rate", "alloc", "plan"),
        ("payment_rate", "paid", "alloc"),
    ):
        section.add(
            code,
            "percent",
            rate(sums[part], sums[whole]),
            of=(sums[part], sums[whole]),
            formula=f"{part} / {whole}",
        )
    section.add(
        "payment_rate_change",
        "points",
        points((sums["paid"], sums["alloc"]), (before["paid"], before["alloc"])),
        formula="payment_rate(T) - payment_rate(T-1)",
    )
    for code, amount in sums.items():
        section.add(
            f"{code}_month",
            "yuan",
            yuan(amount - before[code]),
            of=(amount, before[code]),
            formula=f"{code}(T, K) - {code}(T-1, K-1)",
        )
    for code, late in r.money_entered_late.items():
        section.add(
            f"{code}_month_late",
            "yuan",
            yuan(late.of(sources=AID) - before[code]),
            of=(late.of(sources=AID), before[code]),
            formula=f"{code}(T-1, K) - {code}(T-1, K-1)",
        )
    spells = r.year_plan
    new = sum(s.nature == Nature.NEW for s in spells)
    started = count_started(spells)
    for code, number, formula in (
        ("projects_planned", len(spells), "N = N_new + N_cont"),
        ("new_projects", new, "N_new"),
        ("started", started, "#(NEW, actual_start <= T)"),
        ("completed", sum(s.stage in COMPLETED_OR_LATER for s in spells), "#(actual_end <= T)"),
        ("accepted", sum(s.stage in BUCKETS["accepted"] for s in spells), "#(ACCEPTED or later)"),
        ("reserve", reserve(r), "#(SUBMITTED, LIBRARY)"),
    ):
        section.add(code, "projects", str(number), formula=formula)
    section.add(
        "start_rate", "percent", rate(started, new), of=(started, new), formula="started / N_new"
    )
    in_post = {posting["person_id"] for posting in r.postings_in_post}
    section.add("in_post", "persons", str(len(in_post)), formula="persons, start_on <= T <= end_on")
    return section


_FORMULAS = {
    "plan": "sum(fund plans of Y, issued_on <= T)",
    "arr": "sum(confirmed transfers of plans of Y, arrived_on <= T)"
    " - sum(their returns, returned_on <= T)",
    "alloc": "sum(project funding of Y, approved_on <= T)"
    " + sum(its adjustments, effective_on <= T)",
    "paid": "sum(paid before taking over of funding of Y, approved_on <= T)"
    " + sum(its verified payments, paid_on <= T)"
    " - sum(its refunds, refunded_on <= T)",
}
