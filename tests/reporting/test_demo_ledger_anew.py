"""Loading the demo ledger into an empty database."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from projects.models import Payment, Project, StageChange
from teams.models import Person
from tests.reporting.demo import fill

pytestmark = pytest.mark.django_db


def test_without_accounts_the_remedy_is_named() -> None:
    with pytest.raises(CommandError, match="run create_accounts first"):
        call_command("load_demo_ledger", "--projects", "3")


def test_the_same_seed_gives_the_same_demo(tmp_path: Path) -> None:
    def told(seed: int) -> list[object]:
        point = transaction.savepoint()
        fill(tmp_path, seed=seed, projects=4)
        found: list[object] = list(
            Project.objects.order_by("code").values_list("code", "name", "stage", "aid_yuan")
        )
        found += Payment.objects.order_by("voucher_no").values_list("voucher_no", "amount_yuan")
        found += StageChange.objects.order_by("counted_at", "pk").values_list("counted_at")
        found += Person.objects.order_by("name").values_list("name", "birth_ym")
        transaction.savepoint_rollback(point)
        return found

    assert told(1) == told(1) != told(2)
