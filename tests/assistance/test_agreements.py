"""Agreements: drafted, signed by other hands, amended beside the old numbers, closed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.utils import translation

from assistance.actions import agreements as do
from assistance.actions.dictionary import load_indicators
from assistance.errors import Refused
from assistance.models import Agreement, AgreementState, AgreementTarget, Indicator, Unit
from assistance.models.pairings import ProgrammeKind
from assistance.roles import Role
from tests import by_sql
from tests import factories as make

pytestmark = pytest.mark.django_db


def sign(agreement: Agreement, **said: Any) -> Agreement:
    fields: dict[str, Any] = {"doc_no": "演示函1", "on": date(2026, 1, 15)}
    by = said.pop("by", make.hand(Role.APPROVER))
    return do.sign_agreement(agreement, **fields | said, by=by, now=make.NOW)


def test_targets_count_from_the_signing_on() -> None:
    draft = make.agreement(AgreementState.DRAFT)
    target = draft.targets.get()
    assert not target.counts
    signed = sign(draft)
    target.refresh_from_db()
    assert (signed.state, signed.doc_no, signed.signed_on) == (
        AgreementState.SIGNED, "演示函1", date(2026, 1, 15),
    )  # fmt: skip
    assert (target.counted_at, target.counted_by) == (make.NOW, make.hand(Role.APPROVER))


def test_nobody_signs_what_they_drafted_and_nothing_is_signed_empty() -> None:
    draft = make.agreement(AgreementState.DRAFT)
    both = make.user_with(Role.CLERK, Role.APPROVER)
    own = do.draft_agreement(
        programme=make.programme(ProgrammeKind.MS), year=2026, title="演示", by=both, now=make.NOW
    )
    with pytest.raises(Refused) as refused:
        sign(own, by=both)
    assert refused.value.code == "own_work"
    with pytest.raises(Refused) as refused:
        sign(own)
    assert refused.value.code == "no_targets"
    do.set_target(
        agreement=own, indicator=make.indicator(), value=Decimal(1), by=make.hand(Role.CLERK),
        now=make.NOW,
    )  # fmt: skip
    sign(own)
    with by_sql.refused_by("agreement_signed_by_other_hands"):
        by_sql.run(
            "UPDATE assistance_agreement SET state = 'SIGNED', doc_no = 'x', signed_on = now(),"
            " signed_at = now(), signed_by_id = created_by_id WHERE id = %s",
            draft.pk,
        )
    for wrong in ({"doc_no": " "}, {"on": date(2026, 6, 16)}):
        with pytest.raises(ValidationError) as invalid:
            sign(draft, **wrong)
        assert set(invalid.value.message_dict) == set(wrong)
    with pytest.raises(PermissionDenied):
        sign(draft, by=make.hand(Role.REVIEWER))


def test_an_amendment_keeps_the_numbers_that_held_before() -> None:
    agreement = make.agreement(
        AgreementState.SIGNED,
        {"value": Decimal(113), "q1": Decimal(20), "q2": Decimal(50), "q3": Decimal(80)},
    )
    old = agreement.targets.get()
    decided = make.at(date(2026, 6, 1))
    new = make.amendment(old, value=Decimal(120))
    old.refresh_from_db()
    assert (old.value, old.voided_at, old.counts) == (Decimal(113), decided, False)
    assert new.doc_no in old.void_reason
    assert (new.amends, new.value, new.counts) == (old, Decimal(120), True)
    known = AgreementTarget.objects.known
    assert known(decided - timedelta(seconds=1)).get() == old
    assert known(decided).get() == new


def test_an_amendment_takes_two_and_can_be_withdrawn() -> None:
    target = make.agreement_target()
    waiting = make.amendment(target, confirmed=False)
    with translation.override("en"), pytest.raises(ValidationError, match="waits to be confirmed"):
        make.amendment(target, confirmed=False)
    do.strike_out_target(waiting, reason="演示:有误", by=make.hand(Role.CLERK), now=make.NOW)
    with pytest.raises(Refused):
        do.confirm_amendment(waiting, by=make.hand(Role.APPROVER), now=make.NOW)
    target.refresh_from_db()
    assert target.counts
    make.amendment(target)
    target.refresh_from_db()
    assert not target.counts


def test_an_amendment_is_confirmed_by_other_hands() -> None:
    target = make.agreement_target()
    both = make.user_with(Role.CLERK, Role.APPROVER)
    new = do.propose_amendment(
        target, value=Decimal(7), doc_no="演示", on=date(2026, 6, 1), reason="演示", by=both,
        now=make.NOW,
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        do.confirm_amendment(new, by=both, now=make.NOW)
    assert refused.value.code == "own_work"
    with by_sql.refused_by("agreementtarget_counted_by_other_hands"):
        by_sql.change(new, counted_at=make.NOW, counted_by_id=both.pk)


@pytest.mark.parametrize(
    "plan", [{"q1": 5}, {"q1": 5, "q2": 4, "q3": 6}, {"q1": 1, "q2": 2, "q3": 101}]
)
def test_a_plan_has_all_quarters_and_never_falls(plan: dict[str, int]) -> None:
    with translation.override("en"), pytest.raises(ValidationError, match="all three quarters"):
        make.agreement(AgreementState.DRAFT, {name: Decimal(n) for name, n in plan.items()})
    target = make.agreement(AgreementState.DRAFT, year=2027).targets.get()
    with by_sql.refused_by("target_plan_never_falls"):
        by_sql.change(target, **plan)


def test_what_a_target_is_of_has_to_fit() -> None:
    elsewhere = make.pairing(kind=ProgrammeKind.MS)
    with pytest.raises(ValidationError) as refused:
        make.agreement(AgreementState.DRAFT, {"pairing": elsewhere})
    assert set(refused.value.message_dict) == {"pairing"}
    with pytest.raises(ValidationError) as refused:
        make.agreement(
            AgreementState.DRAFT, {"value": Decimal("1.5")}, programme=elsewhere.programme
        )
    assert set(refused.value.message_dict) == {"value"}
    yuan = make.indicator(unit=Unit.YUAN)
    make.agreement(AgreementState.DRAFT, {"value": Decimal("1.50"), "indicator": yuan}, year=2027)


def test_there_is_one_agreement_and_one_target_of_a_kind() -> None:
    agreement = make.agreement(AgreementState.DRAFT)
    target = agreement.targets.get()
    with pytest.raises(ValidationError):
        make.agreement(programme=agreement.programme)
    with pytest.raises(ValidationError):
        do.set_target(
            agreement=agreement, indicator=target.indicator, value=Decimal(1),
            by=make.hand(Role.CLERK), now=make.NOW,
        )  # fmt: skip
    with by_sql.refused_by("one_target_in_preparation"):
        by_sql.copy(target)
    sign(agreement)
    target.refresh_from_db()
    with by_sql.refused_by("target_follows_its_agreement"):
        by_sql.copy(target)


def test_a_signed_agreement_stands() -> None:
    agreement = make.agreement()
    target = agreement.targets.get()
    by, now = make.hand(Role.CLERK), make.NOW
    for refused_step in (
        lambda: do.edit_agreement(agreement, title="x", by=by, now=now),
        lambda: do.edit_target(target, value=Decimal(1), by=by, now=now),
        lambda: do.strike_out_target(target, reason="x", by=by, now=now),
        lambda: do.set_target(
            agreement=agreement, indicator=make.indicator(), value=Decimal(1), by=by, now=now
        ),
    ):
        with pytest.raises(Refused):
            refused_step()
    for column, value in (("title", "x"), ("year", 2020), ("state", "DRAFT")):
        with by_sql.refused_by("agreement_stands"):
            by_sql.change(agreement, **{column: value})
    with by_sql.refused_by("agreement_stands"):
        by_sql.run("DELETE FROM assistance_agreement WHERE id = %s", agreement.pk)


def test_an_agreement_is_closed_after_its_year() -> None:
    agreement = make.agreement(year=2025)
    waiting = make.amendment(agreement.targets.get(), confirmed=False)
    by = make.hand(Role.APPROVER)
    with pytest.raises(Refused) as refused:
        do.close_agreement(agreement, note="演示", by=by, now=make.NOW)
    assert refused.value.code == "amendment_waits"
    do.strike_out_target(waiting, reason="演示", by=make.hand(Role.CLERK), now=make.NOW)
    with pytest.raises(ValidationError):
        do.close_agreement(agreement, note=" ", by=by, now=make.NOW)
    closed = do.close_agreement(agreement, note="演示:完成", by=by, now=make.NOW)
    assert (closed.state, closed.closing_note) == (AgreementState.CLOSED, "演示:完成")
    with pytest.raises(Refused):
        make.amendment(closed.targets.standing().get())
    with by_sql.refused_by("target_follows_its_agreement"):
        by_sql.copy(closed.targets.standing().get(), counted_at=None, counted_by_id=None)
    with by_sql.refused_by("agreement_stands"):
        by_sql.change(closed, closing_note="x")
    with pytest.raises(Refused) as refused:
        do.close_agreement(make.agreement(), note="演示", by=by, now=make.NOW)
    assert refused.value.code == "year_is_not_over"


def test_an_amendment_is_of_the_same_target() -> None:
    first, second = make.agreement_target(), make.agreement_target()
    new = make.amendment(first, confirmed=False)
    with by_sql.refused_by("target_amends_the_same"):
        by_sql.change(new, amends_id=second.pk)


def test_the_dictionary_loads_once_and_keeps_what_was_edited() -> None:
    loaded = load_indicators(now=make.NOW)
    assert loaded.added == Indicator.objects.count() == 34
    fund = Indicator.objects.get(code="FUND")
    fund.name_zh = "改过"
    fund.save()
    again = load_indicators(now=make.NOW)
    assert (again.added, again.changed, again.kept) == (0, 0, ["indicator FUND (name_zh)"])
    assert load_indicators(now=make.NOW, update=True).changed == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM assistance_indicator WHERE rule_zh = ''")
        assert cursor.fetchone() == (0,)
