"""What a project leaves behind: worth no more than it cost, owned before it is handed over."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from assistance.errors import Refused, Stale
from assistance.roles import Role
from projects.actions import (
    close,
    confirm_acceptance,
    confirm_handover,
    hand_over,
    strike_out_asset,
    update_asset,
)
from projects.models import Asset, Project, Stage
from projects.models.acceptance import AssetCategory, AssetState
from projects.models.evidence import PaperKind
from tests import by_sql
from tests import factories as make

pytestmark = pytest.mark.django_db

TODAY = make.NOW.date()


def accepted() -> Project:
    """A project that was accepted on 8 June for 1,000,000 yuan."""
    return make.project_at(Stage.ACCEPTED)


def handed_over(project: Project, *, on: date = date(2026, 6, 10)) -> Project:
    clerk, reviewer = make.hand(Role.CLERK), make.hand(Role.REVIEWER)
    project = hand_over(project, on=on, by=clerk, now=make.NOW)
    return confirm_handover(project, by=reviewer, now=make.NOW)


def test_an_asset_counts_from_its_registration() -> None:
    asset = make.asset()
    assert asset.counts
    assert asset.handed_over_on is None


@pytest.mark.parametrize("stage", [Stage.ACTIVE, Stage.CLOSED, Stage.TERMINATED])
def test_assets_are_registered_between_completion_and_closing(stage: Stage) -> None:
    with pytest.raises(Refused) as refused:
        make.asset(make.project_at(stage))
    assert refused.value.code == "not_on_the_road"


def test_an_asset_is_registered_between_the_completion_and_today() -> None:
    project = make.project_at(Stage.COMPLETED)  # on 31 May
    for day in (date(2026, 5, 30), TODAY + timedelta(days=1)):
        with pytest.raises(ValidationError) as refused:
            make.asset(project, registered_on=day)
        assert set(refused.value.message_dict) == {"registered_on"}


def test_assets_are_worth_no_more_than_the_settlement() -> None:
    project = accepted()
    make.asset(project, original_value_yuan=Decimal("999999.99"))
    with pytest.raises(Refused) as refused:
        make.asset(project, original_value_yuan=Decimal("0.02"))
    assert refused.value.code == "assets_exceed_settlement"
    last = make.asset(project, original_value_yuan=Decimal("0.01"))
    with by_sql.refused_by("assets_stay_within_settlement"):
        by_sql.copy(last)
    strike_out_asset(last, reason="演示", by=make.hand(Role.CLERK), now=make.NOW)
    assert make.asset(project, original_value_yuan=Decimal("0.01")).pk


def test_a_settlement_is_not_confirmed_below_the_assets_that_are_registered() -> None:
    project = make.project_at(Stage.COMPLETED)
    make.asset(project, original_value_yuan=Decimal("1000000.01"))
    waiting = make.acceptance(project, confirmed=False)
    make.paper(project, PaperKind.ACCEPTANCE, acceptance=waiting)
    with pytest.raises(Refused) as refused:
        confirm_acceptance(waiting, by=make.hand(Role.REVIEWER), now=make.NOW)
    assert refused.value.code == "assets_exceed_settlement"
    with by_sql.refused_by("assets_stay_within_settlement"):
        by_sql.change(waiting, counted_at=make.NOW, counted_by_id=make.hand(Role.REVIEWER).pk)


def test_with_the_hand_over_the_assets_change_hands_on_its_day() -> None:
    project = accepted()
    asset, struck = make.asset(project), make.asset(project, original_value_yuan=Decimal(1))
    strike_out_asset(struck, reason="演示", by=make.hand(Role.CLERK), now=make.NOW)
    handed_over(project)
    asset.refresh_from_db()
    struck.refresh_from_db()
    assert (asset.handed_over_on, struck.handed_over_on) == (date(2026, 6, 10), None)
    late = make.asset(project, original_value_yuan=Decimal(1))
    assert late.handed_over_on == date(2026, 6, 10)


@pytest.mark.parametrize("missing", ["owner", "manager"])
def test_nothing_is_handed_over_to_nobody(missing: str) -> None:
    project = accepted()
    asset = make.asset(project, **{missing: ""})
    with pytest.raises(Refused):
        handed_over(project)
    project.refresh_from_db()
    assert project.stage == Stage.ACCEPTED
    with by_sql.refused_by("asset_handed_over_has_owner_and_manager"):
        by_sql.change(asset, handed_over_on=date(2026, 6, 10))


def test_the_hand_over_lies_between_the_acceptance_and_today() -> None:
    asset = make.asset(accepted())  # on 8 June
    for day in (date(2026, 6, 7), TODAY + timedelta(days=1)):
        with by_sql.refused_by("hand_over_follows_acceptance"):
            by_sql.change(asset, handed_over_on=day)
    by_sql.change(asset, handed_over_on=date(2026, 6, 8))
    not_accepted = make.asset()
    with by_sql.refused_by("hand_over_follows_acceptance"):
        by_sql.change(not_accepted, handed_over_on=date(2026, 6, 8))


def test_state_and_income_are_kept_up_to_date_also_after_closing() -> None:
    project = accepted()
    asset = make.asset(project)
    project = make.ready_for(Stage.CLOSED, handed_over(project))
    close(project, on=TODAY, by=make.hand(Role.APPROVER), now=make.NOW)
    asset = update_asset(
        asset, state=AssetState.IDLE, yearly_income_yuan=Decimal("1200.50"),
        distribution=" 村六四开 ", by=make.hand(Role.CLERK), now=make.NOW,
    )  # fmt: skip
    asset.refresh_from_db()
    assert (asset.state, asset.yearly_income_yuan) == (AssetState.IDLE, Decimal("1200.50"))
    assert asset.distribution == "村六四开"
    with pytest.raises(ValidationError):
        update_asset(asset, owner="", by=make.hand(Role.CLERK), now=make.NOW)


def test_what_an_asset_is_stays_as_it_was_registered() -> None:
    asset, clerk = make.asset(), make.hand(Role.CLERK)
    for field in ("name", "original_value_yuan", "handed_over_on"):
        changed: dict[str, Any] = {field: "1"}
        with pytest.raises(ValidationError) as refused:
            update_asset(asset, by=clerk, now=make.NOW, **changed)
        assert set(refused.value.message_dict) == {field}
    with pytest.raises(Stale):
        update_asset(asset, owner="村", by=clerk, now=make.NOW, version=9)
    with by_sql.refused_saying("void it and enter it anew"):
        by_sql.change(asset, original_value_yuan=Decimal(1))


def test_only_an_operating_asset_has_an_income() -> None:
    public = make.asset(category=AssetCategory.PUBLIC)
    with pytest.raises(ValidationError):
        update_asset(public, yearly_income_yuan=Decimal(1), by=make.hand(Role.CLERK), now=make.NOW)
    with by_sql.refused_by("asset_income_is_of_an_operating_asset"):
        by_sql.change(public, yearly_income_yuan=1)


def test_the_only_asset_that_was_handed_over_is_not_struck_out() -> None:
    project, clerk = accepted(), make.hand(Role.CLERK)
    asset = make.asset(project)
    handed_over(project)
    with pytest.raises(Refused) as refused:
        strike_out_asset(asset, reason="演示", by=clerk, now=make.NOW)
    assert refused.value.code == "only_asset"
    make.asset(project, original_value_yuan=Decimal(1))
    struck = strike_out_asset(asset, reason="演示", by=clerk, now=make.NOW)
    assert struck.voided_at
    with pytest.raises(Refused) as refused:
        update_asset(struck, owner="村", by=clerk, now=make.NOW)
    assert refused.value.code == "struck_out_before"
    assert Asset.objects.counting().get().original_value_yuan == 1
