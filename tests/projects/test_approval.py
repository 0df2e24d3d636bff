"""Shares of fund plans, and the approval that commits them."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from assistance.errors import Refused
from assistance.models.pairings import ProgrammeKind
from assistance.roles import Role
from projects import actions
from projects.models import FundPlan, Project, ProjectFunding, Source, Stage
from projects.models.funds import FundPlanStatus
from tests import factories as make

pytestmark = pytest.mark.django_db

TODAY = make.NOW.date()
FEN = Decimal("0.01")


def _approve(project: Project) -> Project:
    return actions.approve(
        project, doc_no="演示批1号", on=TODAY, by=make.hand(Role.APPROVER), now=make.NOW
    )


def test_approval_lets_the_shares_count_from_now_on() -> None:
    plan = make.fund_plan()
    project = make.project_at(Stage.LIBRARY)
    share = make.share(project, plan=plan)
    assert (plan.committed_yuan(), share.counted_at) == (Decimal(0), None)
    _approve(project)
    share.refresh_from_db()
    assert (share.approved_on, share.doc_no, share.counted_at) == (TODAY, "演示批1号", make.NOW)
    assert plan.committed_yuan() == Decimal(1_000_000)


@pytest.mark.parametrize("allotted", [None, 1_000_000 - FEN, 1_000_000 + FEN])
def test_the_shares_equal_the_request_to_the_fen(allotted: Decimal | None) -> None:
    project = make.project_at(Stage.LIBRARY)
    if allotted is not None:
        make.share(project, plan=make.fund_plan(), amount_yuan=allotted)
    with pytest.raises(Refused) as refusal:
        _approve(project)
    assert refusal.value.code == "shares_do_not_equal_request"
    assert set(refusal.value.fields) == {"aid_yuan"}


def test_a_request_from_several_sources_is_met_source_by_source() -> None:
    project = make.project_at(
        Stage.LIBRARY, aid_yuan=Decimal(700), donation_yuan=Decimal(200), match_yuan=Decimal(100)
    )
    clerk = make.hand(Role.CLERK)
    make.share(project, plan=make.fund_plan(), amount_yuan=Decimal(300))
    make.share(project, plan=make.fund_plan(source=Source.DON_CASH), amount_yuan=Decimal(100))
    make.share(project, plan=make.fund_plan(source=Source.DIST), amount_yuan=Decimal(400))
    make.share(project, plan=make.fund_plan(source=Source.DON_KIND), amount_yuan=Decimal(200))
    with pytest.raises(Refused) as refusal:
        _approve(project)
    assert set(refusal.value.fields) == {"donation_yuan", "match_yuan"}
    surplus = project.funding.get(source=Source.DON_CASH)
    actions.drop_allotment(surplus, reason="演示", by=clerk, now=make.NOW)
    actions.allot(project, source=Source.MATCH, amount_yuan=Decimal(100), by=clerk, now=make.NOW)
    assert _approve(project).stage == Stage.APPROVED
    assert project.funding.counting().count() == 4


@pytest.mark.parametrize(("room", "approved"), [(FEN * 0, True), (-FEN, False)])
def test_a_plan_is_spent_to_the_last_fen_and_not_further(room: Decimal, approved: bool) -> None:
    plan = make.fund_plan(amount_yuan=Decimal(3_000_000) + room)
    make.project_at(Stage.APPROVED, plan=plan, aid_yuan=Decimal(2_000_000))
    project = make.project_at(Stage.LIBRARY)
    make.share(project, plan=plan)
    if approved:
        assert _approve(project).stage == Stage.APPROVED
        return
    with pytest.raises(Refused) as refusal:
        _approve(project)
    assert refusal.value.code == "fund_plan_overdrawn"
    assert "999,999.99" in str(refusal.value)
    assert plan.committed_yuan() == Decimal(2_000_000)


def test_a_rejected_project_gives_back_what_was_allotted() -> None:
    plan = make.fund_plan(amount_yuan=1_000_000)
    first, second = make.project_at(Stage.LIBRARY), make.project_at(Stage.LIBRARY)
    make.share(first, plan=plan)
    make.share(second, plan=plan)
    actions.reject(first, reason="演示", by=make.hand(Role.APPROVER), now=make.NOW)
    assert _approve(second).stage == Stage.APPROVED


def test_a_county_draws_on_its_own_plan_and_on_that_of_the_prefecture_above() -> None:
    for recipient in (make.COUNTY, make.PREFECTURE):
        plan = make.fund_plan(pairing=make.pairing(recipient))
        project = make.project_at(Stage.LIBRARY)
        make.share(project, plan=plan)
        assert _approve(project).stage == Stage.APPROVED


@pytest.mark.parametrize(
    ("recipient", "kind"),
    [
        (make.OTHER_COUNTY, ProgrammeKind.EW),
        (make.OTHER_PREFECTURE, ProgrammeKind.EW),
        (make.PREFECTURE, ProgrammeKind.CS),  # above, but of another programme
        (make.COUNTY, ProgrammeKind.CS),
    ],
)
def test_a_plan_of_another_pairing_is_refused(recipient: str, kind: ProgrammeKind) -> None:
    plan = make.fund_plan(pairing=make.pairing(recipient, kind=kind))
    with pytest.raises(Refused) as refusal:
        make.share(make.project_at(Stage.LIBRARY), plan=plan)
    assert refusal.value.code == "fund_plan_of_another_pairing"


def test_a_prefecture_does_not_draw_on_the_plan_of_one_of_its_counties() -> None:
    project = make.project_at(
        Stage.LIBRARY, pairing=make.pairing(make.PREFECTURE), county=make.region(make.COUNTY)
    )
    with pytest.raises(Refused) as refusal:
        make.share(project, plan=make.fund_plan(pairing=make.pairing(make.COUNTY)))
    assert refusal.value.code == "fund_plan_of_another_pairing"


def test_a_plan_that_is_not_issued_gives_no_shares() -> None:
    draft = make.fund_plan(FundPlanStatus.DRAFT)
    with pytest.raises(Refused) as refusal:
        make.share(make.project_at(Stage.LIBRARY), plan=draft)
    assert refusal.value.code == "fund_plan_not_issued"


def test_a_share_names_its_plan_unless_its_source_has_none() -> None:
    project, clerk = make.project_at(Stage.LIBRARY), make.hand(Role.CLERK)
    with pytest.raises(ValidationError) as refusal:
        actions.allot(project, source=Source.PROV, amount_yuan=Decimal(1), by=clerk, now=make.NOW)
    assert set(refusal.value.message_dict) == {"fund_plan"}
    with pytest.raises(ValidationError) as refusal:
        actions.allot(
            project, source=Source.CITY, fund_plan=make.fund_plan(), amount_yuan=Decimal(1),
            by=clerk, now=make.NOW,
        )  # fmt: skip
    assert set(refusal.value.message_dict) == {"fund_plan"}


def test_a_project_has_one_share_of_a_plan_until_it_is_dropped() -> None:
    plan, clerk = make.fund_plan(), make.hand(Role.CLERK)
    project = make.project_at(Stage.LIBRARY)
    first = make.share(project, plan=plan)
    with pytest.raises(ValidationError):
        make.share(project, plan=plan)
    with pytest.raises(ValidationError):
        actions.drop_allotment(first, reason=" ", by=clerk, now=make.NOW)
    actions.drop_allotment(first, reason="演示", by=clerk, now=make.NOW)
    make.share(project, plan=plan)


def test_a_share_that_counts_is_not_dropped() -> None:
    project = make.project_at(Stage.APPROVED)
    with pytest.raises(Refused):
        actions.drop_allotment(
            project.funding.get(), reason="演示", by=make.hand(Role.CLERK), now=make.NOW
        )


def test_approval_asks_for_the_number_of_its_document() -> None:
    project = make.project_at(Stage.LIBRARY)
    make.share(project)
    with pytest.raises(ValidationError) as refusal:
        actions.approve(project, doc_no=" ", on=TODAY, by=make.hand(Role.APPROVER), now=make.NOW)
    assert set(refusal.value.message_dict) == {"doc_no"}


def test_a_share_has_the_year_of_its_plan_not_of_its_project() -> None:
    plan = make.fund_plan(fiscal_year=2025)
    assert make.share(make.project_at(Stage.LIBRARY), plan=plan).fiscal_year == 2025


@pytest.mark.parametrize("wrong", [{"fiscal_year": 2025}, {"source": Source.CITY}])
def test_the_database_keeps_a_share_at_its_plans_year_and_source(wrong: dict[str, object]) -> None:
    share = make.share(make.project_at(Stage.LIBRARY))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # else it speaks at the commit
    with pytest.raises(IntegrityError, match="plans_year_and_source"), transaction.atomic():
        ProjectFunding.objects.filter(pk=share.pk).update(**wrong)


@pytest.mark.parametrize("source", [Source.MATCH, Source.SELF])
def test_matching_and_own_funds_have_no_plan(source: Source) -> None:
    with pytest.raises(ValidationError):
        make.fund_plan(source=source)
    plan = make.fund_plan(FundPlanStatus.DRAFT)
    with pytest.raises(IntegrityError, match="needs_a_plan_source"), transaction.atomic():
        FundPlan.objects.filter(pk=plan.pk).update(source=source)


def test_a_share_counts_only_with_the_day_and_the_paper_of_its_approval() -> None:
    share = make.share(make.project_at(Stage.LIBRARY))
    approved = {"approved_on": TODAY, "doc_no": "批1"}
    counts = {"counted_at": make.NOW, "counted_by": make.hand(Role.APPROVER)}
    for blank in ({"approved_on": None}, {"doc_no": ""}):
        with pytest.raises(IntegrityError, match="counts_when_approved"), transaction.atomic():
            ProjectFunding.objects.filter(pk=share.pk).update(**counts, **approved | blank)


def test_an_approval_that_fails_leaves_no_trace() -> None:
    project = make.project_at(Stage.LIBRARY)
    share = make.share(project)
    with pytest.raises(ValidationError):  # the last check of all: the day
        actions.approve(
            project, doc_no="批1", on=date(2026, 1, 1), by=make.hand(Role.APPROVER), now=make.NOW
        )
    share.refresh_from_db()
    project.refresh_from_db()
    assert (share.counted_at, share.approved_on) == (None, None)
    assert project.stage == Stage.LIBRARY
    assert not project.year_plan_entries.exists()
