"""Agreements with their targets, and monthly returns up to any state."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from assistance.actions import agreements, plan, returns
from assistance.models import (
    Agreement,
    AgreementState,
    AgreementTarget,
    Better,
    Indicator,
    IndicatorKind,
    MonthlyReturn,
    Origin,
    Pairing,
    PlanActual,
    PlanIndicator,
    ReturnAdjustment,
    ReturnState,
    ReturnValue,
    Unit,
)
from assistance.models.pairings import ProgrammeKind
from assistance.models.plan import Operator
from assistance.models.rows import entered
from assistance.roles import Role
from tests import factories as make

SIGNED_AT = date(make.YEAR, 1, 15)


def indicator(code: str = "", **overrides: Any) -> Indicator:
    """An indicator that returns report; the one with this code where there is one."""
    code = code or f"DEMO_{next(make.numbers)}"
    found = Indicator.objects.filter(code=code).first()
    if found:
        return found
    fields: dict[str, Any] = {
        "name_zh": f"演示指标{code}",
        "name_en": f"Demo {code}",
        "unit": Unit.PERSON_TIMES,
        "kind": IndicatorKind.FLOW,
        "better": Better.UP,
        "origin": Origin.REPORTED,
        "programme_kinds": ProgrammeKind.values,
        "rule_zh": "演示口径",
        "rule_en": "Demo rule",
    }
    by = make.hand(Role.CLERK)
    return Indicator.objects.create(code=code, **fields | overrides, **entered(by, make.NOW))


def agreement(
    state: AgreementState = AgreementState.SIGNED, *targets: dict[str, Any], **overrides: Any
) -> Agreement:
    """The agreement of the year, drafted by the clerk, signed by the approver on 15 January; with
    one target of the whole programme unless told otherwise.
    """
    fields: dict[str, Any] = {"year": make.YEAR, "title": f"演示协议{next(make.numbers)}"}
    fields |= overrides
    if "programme" not in fields:
        fields["programme"] = make.programme()
    by, now = make.hand(Role.CLERK), make.at(date(fields["year"], 1, 10))
    made = agreements.draft_agreement(**fields, by=by, now=now)
    for said in targets or ({},):
        wanted: dict[str, Any] = {"agreement": made, "value": Decimal(100)}
        wanted |= said | {"indicator": said.get("indicator") or indicator()}
        agreements.set_target(**wanted, by=by, now=now)
    if state == AgreementState.DRAFT:
        return made
    signed = date(fields["year"], 1, 15)
    made = agreements.sign_agreement(
        made, doc_no=f"演示函{next(make.numbers)}", on=signed, by=make.hand(Role.APPROVER),
        now=make.at(signed),
    )  # fmt: skip
    if state == AgreementState.SIGNED:
        return made
    return agreements.close_agreement(
        made, note="演示:完成", by=make.hand(Role.APPROVER),
        now=make.at(date(fields["year"] + 1, 1, 10)),
    )  # fmt: skip


def agreement_target(pairing: Pairing | None = None, **overrides: Any) -> AgreementTarget:
    """A target that holds, of an agreement of its own year."""
    programme = pairing.programme if pairing else make.programme()
    used = Agreement.objects.filter(programme=programme).order_by("year").first()
    year = used.year - 1 if used else make.YEAR
    made = agreement(
        AgreementState.SIGNED, {"pairing": pairing} | overrides, programme=programme, year=year
    )
    return made.targets.get()


def amendment(target: AgreementTarget, *, confirmed: bool = True, **said: Any) -> AgreementTarget:
    """New numbers for a target, decided on 1 June 2026."""
    day = date(2026, 6, 1)
    fields: dict[str, Any] = {
        "value": target.value + 20, "doc_no": f"演示调整{next(make.numbers)}", "on": day,
        "reason": "演示:调整",
    }  # fmt: skip
    known = said.pop("known", make.at(day))
    new = agreements.propose_amendment(target, **fields | said, by=make.hand(Role.CLERK), now=known)
    if not confirmed:
        return new
    return agreements.confirm_amendment(new, by=make.hand(Role.APPROVER), now=known)


def monthly_return(
    state: ReturnState = ReturnState.OPEN,
    *,
    pairing: Pairing | None = None,
    period: str = "2026-05",
    values: dict[str, Decimal | int] | None = None,
    known: datetime | None = None,
) -> MonthlyReturn:
    """The return of a pairing, opened when its month had ended and taken to a state three days
    later; every indicator has the value 1 unless told otherwise.
    """
    tie = pairing or make.pairing()
    if not Indicator.objects.exists():
        indicator("DEMO_RETURN")
    row = MonthlyReturn(pairing=tie, period=period)
    opened = make.at(row.month.next.starts_on)
    for name, value in entered(make.hand(Role.CLERK), opened).items():
        setattr(row, name, value)
    row.save()
    known = known or opened + timedelta(days=3)
    said = {one.code: Decimal(1) for one in returns.asked(row)}
    said |= {code: Decimal(value) for code, value in (values or {}).items()}
    if state == ReturnState.OPEN:
        return row
    row = returns.fill_in(row, values=said, by=make.hand(Role.CLERK), now=known)
    row = returns.submit_return(row, by=make.hand(Role.CLERK), now=known)
    if state == ReturnState.SUBMITTED:
        return row
    if state == ReturnState.RETURNED:
        return returns.send_back(row, reason="演示:核对", by=make.hand(Role.REVIEWER), now=known)
    row = returns.accept_return(row, by=make.hand(Role.REVIEWER), now=known)
    if state == ReturnState.LOCKED:
        returns.lock_returns(make.at(row.month.next.next.starts_on))
        row.refresh_from_db()
    return row


def return_value(pairing: Pairing | None = None) -> ReturnValue:
    """A value that counts, of a return that is accepted."""
    return monthly_return(ReturnState.ACCEPTED, pairing=pairing).values.earliest("pk")


def return_adjustment(
    of: MonthlyReturn | None = None, *, confirmed: bool = True, **overrides: Any
) -> ReturnAdjustment:
    """An adjustment by one more of a locked return."""
    row = of or monthly_return(ReturnState.LOCKED, period="2026-04")
    fields: dict[str, Any] = {
        "indicator": returns.asked(row).first(), "delta": Decimal(1), "reason": "演示:漏报",
    }  # fmt: skip
    known = overrides.pop("known", make.NOW)
    made = returns.propose_adjustment(
        row, **fields | overrides, by=make.hand(Role.CLERK), now=known
    )
    if not confirmed:
        return made
    return returns.confirm_adjustment(made, by=make.hand(Role.REVIEWER), now=known)


def plan_actual(*, confirmed: bool = True, year: int = 2023) -> PlanActual:
    """A published value of an indicator of the plan of its own."""
    number = next(make.numbers)
    indicator = PlanIndicator.objects.create(
        code=f"DEMO_{number}", name_zh=f"演示指标{number}", name_en=f"Demo {number}", unit_zh="元",
        unit_en="yuan", operator=Operator.AT_LEAST, target=Decimal(100), basis="演示",
        **entered(make.hand(Role.CLERK), make.NOW),
    )  # fmt: skip
    made = plan.record_actual(
        indicator=indicator, year=year, value=Decimal(50), basis="演示", by=make.hand(Role.CLERK),
        now=make.NOW,
    )  # fmt: skip
    if not confirmed:
        return made
    return plan.confirm_actual(made, by=make.hand(Role.REVIEWER), now=make.NOW)
