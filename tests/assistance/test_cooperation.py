"""Links, enterprises, parks, workshops, donations and visits: whose they are, what they bind."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models

from assistance.actions.cooperation import (
    amend_in_pairing,
    confirm_money,
    enter_in_pairing,
    strike_out_money,
)
from assistance.errors import Refused, Stale
from assistance.models import Donation, PairLink, Visit
from assistance.models.regions import OrganisationKind
from assistance.roles import Role
from tests import by_sql
from tests import factories as make

pytestmark = pytest.mark.django_db


def district(code: str = make.DONOR) -> Any:
    return make.user_with(Role.D_EDIT, organisation=make.organisation(OrganisationKind.DONOR, code))


def test_a_district_enters_and_changes_rows_of_its_own_pairings_alone() -> None:
    own, foreign = make.pairing(), make.pairing(make.FAR_COUNTY, make.OTHER_DONOR)
    by = district()
    link = make.pair_link(own)
    fields: dict[str, Any] = {
        "kind": link.kind, "donor_side": "演示甲村", "recipient_side": "演示乙村",
        "starts_on": date(2024, 1, 1),
    }  # fmt: skip
    made = enter_in_pairing(PairLink(pairing=own, **fields), by=by, now=make.NOW)
    assert made.created_by == by
    with pytest.raises(ValidationError) as refused:
        enter_in_pairing(PairLink(pairing=foreign, **fields), by=by, now=make.NOW)
    assert set(refused.value.message_dict) == {"pairing"}
    amend_in_pairing(made, {"ends_on": date(2026, 1, 1)}, by=by, now=make.NOW)
    with pytest.raises(ValidationError):
        amend_in_pairing(made, {"pairing": foreign}, by=by, now=make.NOW)
    with pytest.raises(PairLink.DoesNotExist):
        amend_in_pairing(make.pair_link(foreign), {"basis": "x"}, by=by, now=make.NOW)
    with pytest.raises(Stale):
        amend_in_pairing(made, {"basis": "x"}, by=by, now=make.NOW, version=1)
    with pytest.raises(PermissionDenied):
        enter_in_pairing(PairLink(pairing=own, **fields), by=make.hand(Role.REVIEWER), now=make.NOW)


def test_links_in_force_on_a_day() -> None:
    make.pair_link(starts_on=date(2022, 1, 1), ends_on=date(2024, 12, 31))
    make.pair_link(starts_on=date(2025, 1, 1))
    in_force = PairLink.objects.in_force_on
    assert [in_force(date(year, 1, 1)).count() for year in (2021, 2022, 2024, 2025)] == [0, 1, 1, 1]
    assert in_force(date(2024, 12, 31)).count() == 1


def test_money_counts_once_somebody_else_confirmed_it() -> None:
    both = make.user_with(Role.CLERK, Role.REVIEWER)
    own = enter_in_pairing(
        Donation(
            pairing=make.pairing(), giver="演示", kind="CASH", amount_yuan=Decimal(1),
            received_on=date(2026, 1, 1), purpose="演示", basis="演示",
        ),
        by=both, now=make.NOW,
    )  # fmt: skip
    for row in (own, make.investment(confirmed=False)):
        assert not row.counts
    with pytest.raises(Refused) as refused:
        confirm_money(own, by=both, now=make.NOW)
    assert refused.value.code == "own_work"
    with by_sql.refused_by("donation_counted_by_other_hands"):
        by_sql.change(own, counted_at=make.NOW, counted_by_id=both.pk)
    confirmed = confirm_money(own, by=make.hand(Role.REVIEWER), now=make.NOW)
    assert confirmed.counts
    with pytest.raises(Refused):
        confirm_money(own, by=make.hand(Role.REVIEWER), now=make.NOW)
    with pytest.raises(ValidationError):
        strike_out_money(own, reason=" ", by=make.hand(Role.REVIEWER), now=make.NOW)
    strike_out_money(own, reason="演示:重复", by=make.hand(Role.REVIEWER), now=make.NOW)
    with pytest.raises(Refused):
        strike_out_money(own, reason="演示", by=make.hand(Role.REVIEWER), now=make.NOW)
    with pytest.raises(PermissionDenied):
        confirm_money(own, by=make.hand(Role.CLERK), now=make.NOW)


def test_a_month_is_paid_in_once_until_it_is_struck_out() -> None:
    enterprise = make.enterprise()
    first = make.investment(enterprise)
    with pytest.raises(ValidationError):
        make.investment(enterprise)
    with by_sql.refused_by("investment_once_per_month"):
        by_sql.copy(first)
    strike_out_money(first, reason="演示", by=make.hand(Role.REVIEWER), now=make.NOW)
    make.investment(enterprise, paid_in_yuan=Decimal(5))


@pytest.mark.parametrize(
    ("maker", "wrong"),
    [
        (make.pair_link, {"ends_on": date(2021, 12, 31)}),
        (make.park, {"closed_on": date(2021, 12, 31)}),
        (make.enterprise, {"landed_on": date(2023, 2, 28)}),
        (make.enterprise, {"closed_on": date(2023, 2, 28)}),
        (make.enterprise, {"signed_yuan": Decimal(-1)}),
        (make.enterprise, {"uscc": "123"}),
        (make.workshop, {"employed_lifted": 41}),
        (make.workshop, {"closed_on": date(2022, 4, 30)}),
        (make.workshop, {"counted_on": date(2026, 6, 16)}),
        (make.donation, {"amount_yuan": Decimal(0)}),
        (make.donation, {"kind": "GOODS"}),
        (make.donation, {"received_on": date(2026, 6, 16)}),
        (make.visit, {"headcount": 0}),
        (make.visit, {"visited_on": date(2026, 6, 16)}),
        (make.investment, {"paid_in_yuan": Decimal(0)}),
        (make.investment, {"period": "2026-07"}),
        (make.investment, {"period": "2026-13"}),
    ],
)
def test_what_makes_no_sense_is_refused(maker: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        maker(**wrong)


@pytest.mark.parametrize(
    ("maker", "rule", "wrong"),
    [
        (make.pair_link, "link_days_in_order", {"ends_on": date(2021, 12, 31)}),
        (make.park, "park_days_in_order", {"closed_on": date(2021, 12, 31)}),
        (make.enterprise, "enterprise_days_in_order", {"landed_on": date(2023, 2, 28)}),
        (make.workshop, "workshop_lifted_are_among_the_workers", {"employed_lifted": 41}),
        (make.visit, "visit_of_somebody", {"headcount": 0}),
    ],
)
def test_the_database_refuses_it_too(maker: Any, rule: str, wrong: dict[str, Any]) -> None:
    row: models.Model = maker()
    with by_sql.refused_by(rule):
        by_sql.change(row, **wrong)


def test_a_park_is_of_the_same_pairing_as_its_enterprises() -> None:
    tie, other = make.pairing(), make.pairing(make.FAR_COUNTY, make.OTHER_DONOR)
    make.enterprise(tie, park=make.park(tie))
    with pytest.raises(ValidationError) as refused:
        make.enterprise(tie, park=make.park(other))
    assert set(refused.value.message_dict) == {"park"}


def test_an_enterprise_counts_once_for_a_county_and_programme() -> None:
    tie, other = make.pairing(), make.pairing(donor=make.OTHER_DONOR)
    elsewhere = make.pairing(make.FAR_COUNTY, make.OTHER_DONOR)
    code = "91330106MA2CFFFF3W"
    first = make.enterprise(tie, uscc=code)
    make.enterprise(elsewhere, uscc=code)
    with pytest.raises(ValidationError) as refused:
        make.enterprise(other, uscc=code)
    assert set(refused.value.message_dict) == {"uscc"}
    with by_sql.refused_by("enterprise_counts_once"):
        by_sql.copy(first, pairing_id=other.pk)
    make.enterprise(other)
    make.enterprise(tie)


def test_a_partner_reads_what_is_of_its_own_county() -> None:
    make.visit()
    make.visit(make.pairing(make.FAR_COUNTY, make.OTHER_DONOR))
    partner = make.service_account(Role.P_EDIT, make.COUNTY)
    assert Visit.objects.visible_to(partner).count() == 1
