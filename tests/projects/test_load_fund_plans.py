"""The published quotas of 2021 as fund plans."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum

from assistance.actions.reference import load_reference
from assistance.errors import BrokenFile
from assistance.models import User
from projects.actions.reference import FUND_PLANS, load_fund_plans
from projects.models import FundPlan, Source
from projects.models.funds import FundPlanStatus

pytestmark = pytest.mark.django_db

FIFTY, THIRTY_NINE = Decimal(50_000_000), Decimal(39_000_000)


def test_the_eighteen_quotas_are_those_that_were_published(now: datetime) -> None:
    load_reference()
    load_fund_plans(now=now)
    plans = FundPlan.objects.counting().select_related("pairing__recipient", "pairing__programme")
    amounts = {plan.pairing.recipient.code: plan.amount_yuan for plan in plans}
    assert len(plans) == len(amounts) == 18
    assert sum(code.startswith("5133") for code in amounts) == 12
    for code, amount in amounts.items():
        tibetan_area_or_named = code.startswith("5133") or code in {"510821", "510823"}
        assert amount == (FIFTY if tibetan_area_or_named else THIRTY_NINE)
    assert plans.aggregate(sum=Sum("amount_yuan"))["sum"] == Decimal(856_000_000)
    for plan in plans:
        assert plan.source == Source.PROV
        assert plan.status == FundPlanStatus.ISSUED
        assert plan.pairing.programme.code == "east_west"
        assert (plan.fiscal_year, plan.issued_on, plan.doc_no) == (2021, date(2021, 7, 7), "")
        assert plan.is_inferred
        assert "Sichuan Online 2021-07" in plan.basis
        assert "inference" in plan.basis


def test_they_stand_in_the_name_of_accounts_that_nobody_can_use(now: datetime) -> None:
    load_reference()
    load_fund_plans(now=now)
    plan = FundPlan.objects.earliest("pk")
    assert plan.created_by.username == "published-source"
    assert plan.counted_by is not None
    assert plan.counted_by.username == "reference-loader"
    for account in User.objects.all():
        assert account.is_service
        assert not account.is_active
        assert not account.has_usable_password()


def test_loading_twice_adds_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    load_reference()
    call_command("load_fund_plans")
    call_command("load_fund_plans")
    assert capsys.readouterr().out.splitlines() == [
        "18 published fund plans: 18 added",
        "18 published fund plans: 0 added",
    ]
    assert FundPlan.objects.count() == 18


@pytest.mark.parametrize(
    ("old", "new", "fault_is"),
    [
        ("513301,2021", "513323,2021", ("recipient_code", "513323 has 0 pairings of east_west")),
        ("513301,2021", "513322,2021", ("recipient_code", "stands in line 2 already")),
        ("513301,2021", "513301,1021", ("fiscal_year", "'1021' is no year")),
        ("513301,2021,PROV", "513301,2021,MATCH", ("source", "'MATCH' is not known")),
        (
            "513301,2021,PROV,50000000.00",
            "513301,2021,PROV,5e7",
            ("amount_yuan", "'5e7' is no sum"),
        ),
    ],
)
def test_a_broken_file_is_named_and_adds_nothing(
    tmp_path: Path, now: datetime, old: str, new: str, fault_is: tuple[str, str]
) -> None:
    load_reference()
    path = tmp_path / FUND_PLANS.name
    text = FUND_PLANS.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(BrokenFile) as broken:
        load_fund_plans(path, now=now)
    column, cause = fault_is
    [fault] = broken.value.faults
    assert (fault.file, fault.column) == (FUND_PLANS.name, column)
    assert cause in fault.cause
    assert not FundPlan.objects.exists()


def test_without_pairings_the_remedy_is_named() -> None:
    with pytest.raises(CommandError, match="load the pairings first"):
        call_command("load_fund_plans")
