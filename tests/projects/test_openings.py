"""Projects of the time before are taken over: what is entered, who confirms it, what counts."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.utils import translation

from assistance.errors import Refused, Stale
from assistance.models import Programme
from assistance.models.regions import OrganisationKind
from assistance.roles import Role
from assistance.scope import EVERYTHING, Scope
from projects.actions import (
    allot,
    confirm_opening,
    decline_opening,
    edit_draft,
    roll_over,
    strike_out_opening,
    submit,
    take_over,
    void_payment,
)
from projects.actions.not_checked import not_checked
from projects.models import Opening, Project, Sector, Source, Stage, YearPlanEntry
from projects.models.evidence import PaperKind
from projects.models.history import Nature
from projects.models.openings import TakenOver
from projects.models.road import TAKEN_OVER_AT
from tests import factories as make
from tests.factories.openings import AS_OF, CONFIRMED

pytestmark = pytest.mark.django_db

ROW_OF_A_LEDGER = {  # as a county writes it, in yuan; it lacks what an application needs besides
    "name": "  演示县 演示镇 村组道路硬化 ",
    "place": "演示镇",
    "sector": Sector.IND,
    "content": "新建加工车间473平方米",
    "planned_start": date(2026, 3, 1),
    "planned_end": date(2026, 10, 31),
    "beneficiary_households": 143,
    "beneficiary_persons": 491,
    "lifted_persons": 191,
    "total_investment_yuan": Decimal("3575200.00"),
    "physical_pct": Decimal(60),
    "shares": [
        make.ledger_share(Decimal("2719800.00"), Decimal("1359900.00")),
        make.ledger_share(Decimal("855400.00"), source=Source.MATCH),
    ],
}


def enter(**overrides: Any) -> Opening:
    fields = make.ledger_row(**overrides)
    return take_over(by=make.hand(Role.CLERK), now=make.NOW, **fields)


def confirm(opening: Opening, **options: Any) -> Opening:
    return confirm_opening(opening, by=make.hand(Role.REVIEWER), now=make.NOW, **options)


# ----------------------------------------------------------------------------------- entering


def test_a_row_of_a_ledger_becomes_a_draft_that_waits_and_counts_nowhere() -> None:
    opening = enter(**ROW_OF_A_LEDGER)
    project = Project.objects.get()
    assert (project.stage, project.code) == (Stage.DRAFT, "EW20269901010001")
    assert project.name == "演示县 演示镇 村组道路硬化"
    assert project.aid_yuan == Decimal("2719800.00")
    assert project.match_yuan == Decimal("855400.00")
    assert project.total_investment_yuan == Decimal("3575200.00")
    assert not project.is_livelihood  # industry, and no ledger says why it would be
    assert opening.waits
    assert opening.source == "演示台账.xlsx:5"
    assert project.stage_changes.get().effective_on == AS_OF
    assert not project.funding.counting().exists()
    assert {s.opening_paid_yuan for s in opening.shares.all()} == {Decimal("1359900.00"), 0}
    assert not YearPlanEntry.objects.exists()
    assert not project.progress_reports.exists()


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("as_of", {"as_of": make.NOW.date() + timedelta(1)}),
        ("as_of", {"as_of": date(2021, 5, 31), "fiscal_year": 2021, "year": 2021}),
        ("fiscal_year", {"fiscal_year": 2020, "year": 2020}),
        ("year", {"year": 2027}),
        ("year", {"year": 2025}),
        ("year", {"fiscal_year": 2025}),
        ("year", {"fiscal_year": 2025, "year": 2025}),
        ("year", {"fiscal_year": 2025, "nature": Nature.NEW, "stage": Stage.CLOSED}),
        ("stage", {"stage": Stage.DRAFT}),
        ("stage", {"stage": Stage.WITHDRAWN}),
        ("physical_pct", {"stage": Stage.COMPLETED, "physical_pct": Decimal("99.99")}),
        ("physical_pct", {"stage": Stage.READY, "physical_pct": Decimal("0.01")}),
        ("physical_pct", {"physical_pct": Decimal("100.01")}),
        ("actual_start", {"stage": Stage.READY, "actual_start": AS_OF}),
        ("actual_end", {"actual_end": AS_OF}),
        ("name", {"name": " "}),
        ("sector", {"sector": "X"}),
        ("source_file", {"source_file": " "}),
        ("shares", {"shares": []}),
        ("shares", {"shares": [make.ledger_share(0)]}),
        ("shares", {"shares": [make.ledger_share(100, Decimal("100.01"))]}),
        ("shares", {"shares": [make.ledger_share(), make.ledger_share()]}),
        ("shares", {"shares": [{"source": "X", "amount_yuan": Decimal(1)}]}),
        ("total_investment_yuan", {"total_investment_yuan": Decimal("999999.99")}),
        ("total_investment_yuan", {"total_investment_yuan": Decimal("1000000.01")}),
        ("aid_yuan", {"aid_yuan": Decimal(5)}),
        ("code", {"code": "EW20269901010009"}),
    ],
)
def test_a_row_that_does_not_fit_together_is_refused_at_its_field(
    field: str, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError) as refused:
        enter(**wrong)
    assert field in refused.value.message_dict
    assert not Project.objects.exists()


@pytest.mark.parametrize("source", [Source.MATCH, Source.SELF, Source.DON_KIND])
def test_sources_that_are_never_paid_here_were_not_paid_before(source: Source) -> None:
    share = make.ledger_share(source=source) | {"paid_yuan": Decimal("0.01")}
    with pytest.raises(ValidationError, match="no payments in this"), translation.override("en"):
        enter(shares=[share])


def test_aid_above_the_total_is_told_as_such() -> None:
    shares = [
        make.ledger_share(Decimal(1_200_000)),
        make.ledger_share(Decimal(881_000), source=Source.MATCH),
    ]
    with translation.override("en"), pytest.raises(ValidationError, match=r"1,200,000\.00") as told:
        enter(shares=shares, total_investment_yuan=Decimal(1_000_000))
    assert "more than the total investment" in str(told.value)


def test_a_county_outside_the_pairing_is_refused() -> None:
    with pytest.raises(ValidationError) as refused:
        enter(county=make.region(make.FAR_COUNTY))
    assert "county" in refused.value.message_dict


def test_a_project_that_is_there_is_not_taken_over_again() -> None:
    there = make.draft(name="演示 村道路")
    with pytest.raises(Refused, match=there.code) as refused:
        enter(name="演示村　道路")
    assert refused.value.code == "project_is_there"
    assert not Opening.objects.exists()


def test_other_years_and_projects_that_were_given_up_are_no_duplicates() -> None:
    make.project_at(Stage.WITHDRAWN, name="演示村道路")
    enter(name="演示村道路")
    enter(
        name="演示村道路",
        fiscal_year=2025,
        year=2025,
        stage=Stage.CLOSED,
        physical_pct=Decimal(100),
    )
    assert Opening.objects.count() == 2


def test_nothing_is_taken_over_once_the_programme_went_live() -> None:
    tie = make.pairing()
    for live_on, open_still in (
        (None, True),
        (date(2026, 6, 16), True),
        (date(2026, 6, 15), False),
    ):
        Programme.objects.filter(pk=tie.programme_id).update(went_live_on=live_on)
        if open_still:
            waiting = enter()
            continue
        with pytest.raises(Refused) as refused:
            enter()
        assert refused.value.code == "programme_is_live"
    assert confirm(waiting).counts  # entered in time


# --------------------------------------------------------------------------------- confirming


def test_what_was_confirmed_counts_as_of_its_day() -> None:
    opening = confirm(enter(**ROW_OF_A_LEDGER))
    project = opening.project
    project.refresh_from_db()
    assert project.stage == Stage.ACTIVE
    step = project.stage_changes.get(to_stage=Stage.ACTIVE)
    assert (step.from_stage, step.effective_on, step.opening) == (Stage.DRAFT, AS_OF, opening)
    assert step.counts
    for share in opening.shares.all():
        assert (share.approved_on, share.counts) == (AS_OF, True)
        assert share.doc_no
    entry = project.year_plan_entries.get()
    assert (entry.year, entry.nature, entry.entered_on) == (2026, Nature.NEW, AS_OF)
    assert entry.planned_invest_yuan == Decimal("3575200.00")
    report = project.progress_reports.get()
    assert (report.period, report.measured_on, report.physical_pct) == (
        "2026-05",
        AS_OF,
        Decimal(60),
    )
    assert (report.created_by, report.counted_by) == (opening.created_by, opening.counted_by)
    aid = project.funding.get(source=Source.PROV)
    assert aid.paid_yuan() == Decimal("1359900.00")


@pytest.mark.parametrize("stage", TAKEN_OVER_AT)
def test_a_project_is_taken_over_at_every_stage_from_its_approval_on(stage: Stage) -> None:
    project = make.taken_over(stage)
    assert project.stage == stage
    assert project.progress_reports.exists() is (stage in _with_progress())


def _with_progress() -> set[Stage]:
    return set(TAKEN_OVER_AT) - {Stage.APPROVED, Stage.TENDERING, Stage.READY}


def test_whoever_entered_it_does_not_confirm_it() -> None:
    both = make.user_with(Role.CLERK, Role.REVIEWER)
    opening = take_over(by=both, now=make.NOW, **make.ledger_row())
    with pytest.raises(Refused) as refused:
        confirm_opening(opening, by=both, now=make.NOW)
    assert refused.value.code == "own_work"


def test_an_opening_is_confirmed_once_and_not_in_a_version_that_is_gone() -> None:
    opening = enter()
    with pytest.raises(Stale):
        confirm(opening, version=2)
    confirm(opening, version=1)
    for again in (confirm, decline):
        with pytest.raises(Refused) as refused:
            again(opening)
        assert refused.value.code == "opening_is_settled"


def test_fund_plans_that_are_named_hold_their_caps() -> None:
    plan = make.fund_plan(amount_yuan=1_500_000)
    shares = [make.ledger_share(fund_plan=plan)]
    confirm(enter(shares=shares))
    assert plan.committed_yuan() == 1_000_000
    second = enter(shares=shares)
    with pytest.raises(Refused) as refused:
        confirm(second)
    assert refused.value.code == "fund_plan_overdrawn"
    second.refresh_from_db()
    assert second.waits


def test_a_plan_of_another_source_or_pairing_is_not_named() -> None:
    with pytest.raises(ValidationError, match="another source"), translation.override("en"):
        enter(shares=[make.ledger_share(source=Source.CITY, fund_plan=make.fund_plan())])
    far = make.fund_plan(pairing=make.pairing(make.FAR_COUNTY, make.OTHER_DONOR))
    with pytest.raises(Refused) as refused:
        enter(shares=[make.ledger_share(fund_plan=far)])
    assert refused.value.code == "fund_plan_of_another_pairing"


def test_what_still_ran_stands_in_the_plans_of_the_years_since() -> None:
    old = {"fiscal_year": 2023, "nature": Nature.CONT, "year": 2024, "as_of": date(2024, 12, 31)}
    running, closed = (confirm(enter(stage=stage, **old | _pct(stage))) for stage in
                       (Stage.ACTIVE, Stage.CLOSED))  # fmt: skip
    places = list(running.project.year_plan_entries.order_by("year").values_list("year", "nature"))
    assert places == [(2024, "CONT"), (2025, "CONT"), (2026, "CONT")]
    assert closed.project.year_plan_entries.get().year == 2024
    for year in (2025, 2026):
        assert roll_over(year, by=make.hand(Role.CLERK), now=make.NOW) == 0


def _pct(stage: Stage) -> dict[str, Any]:
    return {"physical_pct": Decimal(100 if stage == Stage.CLOSED else 40)}


# --------------------------------------------------------------------- declining, striking out


def decline(opening: Opening, role: Role = Role.REVIEWER) -> Opening:
    return decline_opening(opening, reason="演示有误", by=make.hand(role), now=make.NOW)


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.CLERK])
def test_what_is_declined_or_taken_back_is_withdrawn_and_can_be_entered_anew(role: Role) -> None:
    opening = decline(enter(name="演示村道路"), role)
    assert opening.void_reason == "演示有误"
    project = Project.objects.get()
    assert project.stage == Stage.WITHDRAWN
    assert not project.funding.standing().exists()
    again = confirm(enter(name="演示村道路"))
    assert again.project.code == "EW20269901010002"


def test_another_clerk_does_not_take_it_back() -> None:
    with pytest.raises(PermissionDenied):
        decline_opening(enter(), reason="演示", by=make.user_with(Role.CLERK), now=make.NOW)


def test_declining_and_striking_out_need_a_reason() -> None:
    waiting, opening = enter(), make.opening()
    for verb, row in ((decline_opening, waiting), (strike_out_opening, opening)):
        with pytest.raises(ValidationError) as refused:
            verb(row, reason=" ", by=make.hand(Role.REVIEWER), now=make.NOW)
        assert "reason" in refused.value.message_dict


def strike_out(opening: Opening) -> Opening:
    return strike_out_opening(opening, reason="演示错行", by=make.hand(Role.REVIEWER), now=make.NOW)


def test_what_was_taken_over_wrongly_is_struck_out_with_all_it_brought() -> None:
    opening = make.opening(
        fiscal_year=2024, year=2025, nature=Nature.CONT, as_of=date(2025, 12, 31), name="演示路"
    )
    project = opening.project
    assert project.year_plan_entries.counting().count() == 2
    opening = strike_out(opening)
    project.refresh_from_db()
    assert project.stage == Stage.WITHDRAWN
    assert not opening.counts
    for rows in (project.funding, project.year_plan_entries, project.progress_reports):
        assert rows.exists()
        assert not rows.standing().exists()
    assert [c.to_stage for c in project.stage_changes.counting()] == ["DRAFT", "WITHDRAWN"]
    assert Opening.objects.sums_as_at(AS_OF, CONFIRMED).projects == 1  # as it was known then
    assert Opening.objects.sums_as_at(AS_OF, make.NOW).projects == 0
    make.opening(fiscal_year=2024, year=2025, nature=Nature.CONT, as_of=date(2025, 12, 31),
                 name="演示路")  # fmt: skip


def test_nothing_is_struck_out_under_what_came_afterwards() -> None:
    opening = make.taken_over(Stage.COMPLETED).opening
    make.papers(opening.project, PaperKind.PLAN)
    payment = make.payment(opening.project, paid_on=date(2026, 6, 5))
    with pytest.raises(Refused) as refused:
        strike_out(opening)
    assert refused.value.code == "others_build_on_it"
    void_payment(payment, reason="演示", by=make.hand(Role.REVIEWER), now=make.NOW)
    assert not strike_out(opening).counts
    opening = make.opening()
    make.progress(opening.project, 60, measured_on=date(2026, 6, 8))
    with pytest.raises(Refused, match="progress reports"), translation.override("en"):
        strike_out(opening)
    waiting = enter()
    with pytest.raises(Refused) as early:
        strike_out(waiting)
    assert early.value.code == "opening_does_not_count"


# ------------------------------------------------------------------- the draft that waits for it


def test_the_verbs_of_a_draft_are_shut_while_an_opening_waits() -> None:
    project = enter().project
    clerk = make.hand(Role.CLERK)
    for verb in (submit, edit_draft):
        with pytest.raises(Refused) as refused:
            verb(project, by=clerk, now=make.NOW)
        assert refused.value.code == "opening_waits"
    with pytest.raises(Refused):
        allot(project, source="SELF", amount_yuan=Decimal(1), by=clerk, now=make.NOW)
    project, own = Project.objects.get(), make.draft()
    for step in ("edit", "submit", "withdraw"):
        assert isinstance(project.why_not(step, clerk), Refused)
        assert own.why_not(step, clerk) is None
        assert Project.objects.open_to(step, clerk).get() == own


def test_partners_see_what_is_taken_over_but_enter_and_confirm_nothing() -> None:
    waiting = enter()
    county = make.user_with(Role.P_EDIT)
    assert Opening.objects.visible_to(county).get() == waiting
    assert not Opening.objects.visible_to(make.user_with(Role.D_EDIT)).exists()  # still a draft
    confirm(waiting)
    assert Opening.objects.visible_to(make.user_with(Role.D_EDIT)).exists()
    for role, code in ((Role.P_EDIT, make.COUNTY), (Role.FRONT, make.PREFECTURE)):
        with pytest.raises(PermissionDenied):
            take_over(by=make.user_with(role, region_code=code), now=make.NOW, **make.ledger_row())


def test_a_clerk_from_elsewhere_finds_neither_pairing_nor_opening() -> None:
    elsewhere = make.user_with(
        Role.CLERK,
        Role.REVIEWER,
        organisation=make.organisation(OrganisationKind.RECIPIENT_OFFICE, make.FAR_COUNTY),
    )
    fields, waiting = make.ledger_row(), make.opening_waiting()
    with pytest.raises(ObjectDoesNotExist):
        take_over(by=elsewhere, now=make.NOW, **fields)
    with pytest.raises(ObjectDoesNotExist):
        confirm_opening(waiting, by=elsewhere, now=make.NOW)


# ----------------------------------------------------------------------------- what is read of it


def test_the_sums_of_what_was_taken_over_come_in_one_query(
    django_assert_num_queries: Any,
) -> None:
    make.opening(shares=[
        make.ledger_share(Decimal("1000000.50"), Decimal("300000.25")),
        make.ledger_share(200_000, 50_000, source=Source.DIST),
        make.ledger_share(70_000, 70_000, source=Source.DON_CASH),
        make.ledger_share(400_000, source=Source.MATCH),
    ])  # fmt: skip
    far = make.pairing(make.FAR_COUNTY, make.OTHER_DONOR)
    make.opening(pairing=far)
    make.opening_waiting()
    with django_assert_num_queries(1):
        everything = Opening.objects.within(EVERYTHING).sums_as_at(AS_OF, CONFIRMED)
    assert everything == TakenOver(2, Decimal("2200000.50"), Decimal("650000.25"))
    near = Opening.objects.within(Scope("recipient", make.COUNTY))
    assert near.sums_as_at(AS_OF, CONFIRMED).projects == 1
    for day, known_at in (
        (AS_OF - timedelta(1), make.NOW),
        (AS_OF, CONFIRMED - timedelta(seconds=1)),
    ):
        assert Opening.objects.sums_as_at(day, known_at) == TakenOver(0, Decimal(0), Decimal(0))


def test_what_nobody_checked_is_listed_by_how_far_the_project_was() -> None:
    with translation.override("en"):
        ready = not_checked(make.opening(Stage.READY, shares=[make.ledger_share()]))
        closed = not_checked(make.opening(Stage.CLOSED))
        covered = make.opening(Stage.READY, shares=[make.ledger_share(fund_plan=make.fund_plan())])
        covered_words = " ".join(not_checked(covered))
    assert any("what the ledger leaves blank: township or village" in s for s in ready)
    assert any("province-coordinated fiscal aid" in s for s in ready)
    assert not any("on site" in s for s in ready)
    for word in ("start", "completion", "acceptance", "assets", "settlement audit", "100%",
                 "300,000.00"):  # fmt: skip
        assert any(word in sentence for sentence in closed), word
    assert "whether a fund plan covers" not in covered_words
    assert len(set(closed)) == len(closed) > len(ready)
