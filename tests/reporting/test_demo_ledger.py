"""The demo ledger: everything says so, the same seed gives the same, and every rule holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, models, transaction
from django.db.models import F, Sum
from pytest_django import DjangoDbBlocker

from assistance.models import DEMO_LEDGER, Attachment, Organisation, Pairing, Setting, User
from assistance.periods import Month, local_day
from assistance.scope import EVERYTHING
from projects.models import (
    Acceptance,
    Asset,
    AuditRecord,
    Evaluation,
    FundPlan,
    Paper,
    Payment,
    ProgressReport,
    Project,
    ProjectFunding,
    PublicNotice,
    Stage,
    StageChange,
    StepProposal,
    Transfer,
    YearPlanEntry,
)
from projects.models.funds import total_yuan
from reporting.actions.editions import close_month
from reporting.demo.ledger import NotEmpty, load_demo_ledger
from reporting.models import Edition, Subscription
from reporting.reckoning import Reckoning
from reporting.sections import SECTIONS
from teams.models import Batch, Person, Posting, PostingState, Team
from tests.factories import NOW
from tests.reporting.demo import fill

SEED = 7
ROWS: tuple[type[models.Model], ...] = (
    Project, StageChange, YearPlanEntry, ProgressReport, FundPlan, Transfer, ProjectFunding,
    Payment, Batch, Team, Person, Posting, Subscription, Paper, PublicNotice, StepProposal,
    Acceptance, Asset, AuditRecord, Evaluation,
)  # fmt: skip
REACHED_BY_A_VERB = set(Stage) - {Stage.TERMINATED}


@pytest.fixture(scope="module")
def said(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: Any
) -> Iterator[list[str]]:
    """One small demo for all tests that only look at it, and what its loading said."""
    with django_db_blocker.unblock():
        outer = transaction.atomic()
        outer.__enter__()
        try:
            yield fill(tmp_path_factory.mktemp("demo"), seed=SEED, projects=16)
        finally:
            transaction.set_rollback(True)
            outer.__exit__(None, None, None)
            connection.close()


@pytest.fixture
def demo(said: list[str], db: None) -> list[str]:
    return said


def test_every_stage_that_a_verb_leads_to_appears(demo: list[str]) -> None:
    assert set(Project.objects.values_list("stage", flat=True)) == REACHED_BY_A_VERB
    assert Project.objects.count() == 16


def test_every_row_says_that_it_is_invented(demo: list[str]) -> None:
    for model, column in (
        (Project, "name"), (Project, "place"), (FundPlan, "doc_no"), (Person, "name"),
        (Person, "home_unit"), (Posting, "host_post"), (Batch, "label"), (Payment, "voucher_no"),
        (ProgressReport, "narrative"), (Organisation, "name_zh"),
        (PublicNotice, "place"), (Acceptance, "chair"), (Acceptance, "remarks"), (Asset, "name"),
        (Asset, "owner"), (AuditRecord, "body"), (Evaluation, "remarks"), (Attachment, "name"),
    ):  # fmt: skip
        values = list(model.objects.values_list(column, flat=True))
        assert values, (model, column)
        assert [value for value in values if not value.startswith("演示")] == []
    assert not Paper.objects.exclude(doc_no="").exclude(doc_no__startswith="演示")
    assert not Transfer.objects.exclude(voucher_no="").exclude(voucher_no__startswith="演示")
    accounts = User.objects.exclude(username="timetable").values_list("name", flat=True)
    assert all(name.startswith("演示") for name in accounts)


def test_every_row_is_one_that_the_forms_would_accept_too(demo: list[str]) -> None:
    for model in ROWS:
        rows = model._default_manager.all()
        assert rows, model
        for row in rows:
            row.full_clean()


def test_nothing_lies_in_the_future_and_what_counts_was_known_in_time(demo: list[str]) -> None:
    assert not StageChange.objects.filter(counted_at__gt=NOW).exists()
    for model, day in (
        (StageChange, "effective_on"), (FundPlan, "issued_on"), (Transfer, "arrived_on"),
        (Payment, "paid_on"), (ProgressReport, "measured_on"), (Posting, "start_on"),
        (Acceptance, "held_on"), (Evaluation, "evaluated_on"), (AuditRecord, "issued_on"),
        (PublicNotice, "ends_on"), (Paper, "filed_on"), (Asset, "registered_on"),
    ):  # fmt: skip
        late = [
            row
            for row in model.objects.counting()
            if row.counted_at is None
            or not 0 <= (local_day(row.counted_at) - getattr(row, day)).days <= 14
        ]
        assert late == []


def test_no_plan_is_overdrawn_and_no_share_overpaid(demo: list[str]) -> None:
    for plan in FundPlan.objects.counting():
        assert plan.committed_yuan() <= plan.amount_yuan
    for share in ProjectFunding.objects.counting():
        assert share.paid_yuan() <= share.amount_yuan
    over = FundPlan.objects.annotate(sum=Sum("transfers__amount_yuan")).filter(
        sum__gt=F("amount_yuan")
    )
    assert all(plan.transfers.exclude(over_doc_no="").exists() for plan in over)


def test_projects_under_way_were_carried_into_the_new_year(demo: list[str]) -> None:
    assert set(YearPlanEntry.objects.values_list("year", "nature")) == {
        (2025, "NEW"), (2026, "CONT"), (2026, "NEW"),
    }  # fmt: skip


def test_the_report_of_last_month_has_figures_of_every_kind(demo: list[str]) -> None:
    month = Month.of(local_day(NOW)).previous
    reckoning = Reckoning(EVERYTHING, month, known_at=NOW, known_before=NOW)
    figures = {
        figure["code"]: figure["value"]
        for build in SECTIONS.values()
        for figure in build(reckoning).figures
    }
    for code in ("plan", "arr", "alloc", "projects_planned", "resumed", "in_post"):
        assert Decimal(figures[code]) > 0, code
    assert reckoning.carried_over["paid"] > 0


def test_the_setting_makes_every_page_and_report_say_so(demo: list[str]) -> None:
    setting = Setting.objects.counting().get(key=DEMO_LEDGER)
    assert setting.value == {"seed": SEED, "projects": 16}
    assert Setting.objects.value_on(DEMO_LEDGER, local_day(NOW), known_at=NOW) == setting.value


def test_the_readers_get_the_report_of_last_month(demo: list[str]) -> None:
    close_month(NOW)
    assert Edition.objects.count() == 3  # two leaders share one
    assert {(s.scope.kind, s.scope.region, s.language) for s in Subscription.objects.all()} == {
        ("all", "", "zh-hans"),
        ("all", "", "en"),
        ("recipient", "513300", "zh-hans"),
        ("donor", "330105", "zh-hans"),
    }


def test_progress_is_told(demo: list[str]) -> None:
    assert any(line.startswith("2026-04: projects ") for line in demo)


def test_a_second_run_adds_nothing_and_is_no_fault(
    demo: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = [model._default_manager.count() for model in ROWS]
    call_command("load_demo_ledger", "--projects", "3")
    assert capsys.readouterr().out == "The demo ledger is loaded already. Nothing was added.\n"
    assert before == [model._default_manager.count() for model in ROWS]


def test_a_ledger_with_other_projects_is_left_alone(demo: list[str], now: datetime) -> None:
    mark = Setting.objects.get(key=DEMO_LEDGER)
    mark.void(by=mark.created_by, now=now, reason="演示")
    with pytest.raises(NotEmpty, match="holds projects"):
        load_demo_ledger(now=now, say=print, projects=3)


def test_money_stays_inside_the_pairings_that_carry_aid(demo: list[str]) -> None:
    today = local_day(NOW)
    carrying = Pairing.objects.in_force_on(today).filter(programme__carries_aid=True)
    assert not Project.objects.exclude(pairing__in=carrying).exists()
    assert total_yuan(FundPlan.objects.counting()) > 100_000_000
    assert Posting.objects.exclude(state=PostingState.PLANNED).exists()
