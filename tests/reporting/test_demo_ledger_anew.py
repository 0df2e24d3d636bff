"""Loading the demo ledger into an empty database."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from assistance.actions.accounts import create_accounts
from assistance.actions.dictionary import load_indicators
from assistance.actions.reference import load_reference
from assistance.models import (
    DEMO_LEDGER,
    Agreement,
    AgreementState,
    MonthlyReturn,
    ReturnState,
    Setting,
)
from assistance.periods import Month
from projects.models import Payment, Project, StageChange
from reporting.agreement_board import board
from reporting.demo.ledger import load_demo_ledger
from reporting.models import Subscription
from teams.models import Person
from tests.factories import NOW
from tests.reporting.demo import fill

pytestmark = pytest.mark.django_db


def test_without_accounts_the_remedy_is_named() -> None:
    with pytest.raises(CommandError, match="run create_accounts first"):
        call_command("load_demo_ledger", "--projects", "3")


def told() -> list[object]:
    """What the demo in the ledger says, but for the numbers of its rows."""
    found: list[object] = list(
        Project.objects.order_by("code").values_list("code", "name", "stage", "aid_yuan")
    )
    paid = Payment.objects.order_by("project_funding__project__code", "voucher_no")
    found += paid.values_list("voucher_no", "amount_yuan", "treasury__name_zh")
    found += StageChange.objects.order_by("counted_at", "project__code").values_list("counted_at")
    found += Person.objects.order_by("name").values_list("name", "birth_ym")
    return found


def test_the_same_seed_gives_the_same_demo(tmp_path: Path) -> None:
    def tell(seed: int) -> list[object]:
        point = transaction.savepoint()
        fill(tmp_path, seed=seed, projects=4)
        found = told()
        transaction.savepoint_rollback(point)
        return found

    assert tell(1) == tell(1) != tell(2)


@pytest.mark.django_db(transaction=True)
def test_two_processes_tell_what_one_tells(tmp_path: Path) -> None:
    with transaction.atomic():
        fill(tmp_path, seed=1, projects=4)
        by_one = told()
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        # who waits for the parts waits longer than a transaction may be idle, on a slow machine
        cursor.execute("SET idle_in_transaction_session_timeout = '200ms'")
        fill(tmp_path, seed=1, projects=4, processes=2)
        cursor.execute("SET idle_in_transaction_session_timeout TO DEFAULT")
    assert told() == by_one
    assert Setting.objects.counting().filter(key=DEMO_LEDGER).exists()


@pytest.mark.django_db(transaction=True)
def test_where_one_process_is_killed_none_leaves_a_project_behind(tmp_path: Path) -> None:
    load_reference()
    create_accounts(tmp_path / "credentials.json", now=NOW)

    def kill_one(_said: str) -> None:
        parts = [p for p in psutil.Process().children() if "spawn_main" in " ".join(p.cmdline())]
        parts[-1].kill()

    with pytest.raises(RuntimeError, match="ended early"):
        load_demo_ledger(now=NOW, say=kill_one, projects=4, processes=2)
    assert not Project.objects.exists()
    assert not Person.objects.exists()
    assert not Setting.objects.counting().filter(key=DEMO_LEDGER).exists()
    assert not Subscription.objects.exists()


def test_with_the_dictionary_there_are_agreements_and_returns(tmp_path: Path) -> None:
    load_indicators(now=NOW)
    fill(tmp_path, seed=1, projects=4)
    assert set(Agreement.objects.values_list("state", flat=True)) == {AgreementState.SIGNED}
    assert Agreement.objects.count() == 2
    states = set(MonthlyReturn.objects.values_list("period", "state"))
    assert {("2026-01", ReturnState.LOCKED), ("2026-05", ReturnState.LOCKED)} <= states
    assert max(states)[0] == "2026-05"
    agreement = Agreement.objects.get(programme__code="east_west")
    lines = board(agreement, Month(2026, 5), known_at=NOW)
    assert len(lines) > 10
    assert all(line.achieved is not None for line in lines)
