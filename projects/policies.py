"""The words of a payment policy: how much of a project's money may be paid from where on its road.

A policy is a tuple of steps in rising order of per cent. What may be paid by a day is the per cent
of the highest step whose condition holds on it, of the base (domain.md §4.3). Everything here is
arithmetic; ``projects.actions.caps`` reads the facts.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import floor
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

MOST_STEPS = 8
LONGEST_RETENTION = 60  # months
FEN = Decimal("0.01")


class When(models.TextChoices):
    """What has to be so before a step opens. AUDITED asks for the acceptance too."""

    READY = "READY", pgettext_lazy("step", "ready to start, contract or plan on file")
    STARTED = "STARTED", pgettext_lazy("step", "works started")
    PROGRESS = "PROGRESS", pgettext_lazy("step", "verified progress of at least …")
    COMPLETED = "COMPLETED", pgettext_lazy("step", "works completed")
    SELF_ACCEPTED = "SELF_ACCEPTED", pgettext_lazy("step", "passed by the unit's own check")
    ACCEPTED = "ACCEPTED", pgettext_lazy("step", "accepted and settled")
    AUDITED = "AUDITED", pgettext_lazy("step", "accepted and settled, settlement audit on record")
    RETENTION = "RETENTION", pgettext_lazy("step", "retention, months after the acceptance: …")


@dataclass(frozen=True, slots=True)
class Step:
    """From ``when`` on ``pct`` per cent of the base may be paid.

    ``progress`` (per cent) belongs to PROGRESS, ``months`` to RETENTION.
    """

    pct: Decimal
    when: When
    progress: Decimal | None = None
    months: int | None = None

    def __str__(self) -> str:
        return _("%(pct)s %% – %(condition)s") % {"pct": plain(self.pct), "condition": self.needs}

    @property
    def needs(self) -> str:
        """The condition as words."""
        if self.when == When.PROGRESS:
            return _("verified progress of at least %(pct)s %%") % {"pct": plain(self.progress)}
        if self.when == When.RETENTION:
            return _("retention, %(months)s months after the acceptance") % {"months": self.months}
        return str(self.when.label)

    def as_dict(self) -> dict[str, Any]:
        """The step as ``PaymentPolicy.steps`` holds it."""
        written: dict[str, Any] = {"pct": plain(self.pct), "when": self.when.value}
        if self.progress is not None:
            written["progress"] = plain(self.progress)
        if self.months is not None:
            written["months"] = self.months
        return written


def plain(number: Decimal | None) -> str:
    """A per cent as people write it.

    >>> plain(Decimal("30.00")), plain(Decimal("97.50"))
    ('30', '97.5')
    """
    return "" if number is None else f"{number.normalize():f}"


Steps = tuple[Step, ...]

# Our choice where a county has set none (assumed; the retention after 建质〔2017〕138号).
DEFAULT: Steps = (
    Step(Decimal(30), When.READY),
    Step(Decimal(50), When.PROGRESS, progress=Decimal(50)),
    Step(Decimal(80), When.COMPLETED),
    Step(Decimal(97), When.ACCEPTED),
    Step(Decimal(100), When.RETENTION, months=12),
)


# ------------------------------------------------------------------------------ reading of words


def read_steps(written: Any) -> Steps:
    """The steps of a policy as they were written down.

    ValidationError on ``steps`` names the step where one is ill-shaped, where the per cents do not
    rise, or where anything follows the retention.
    """
    if not isinstance(written, Sequence) or isinstance(written, str) or not written:
        raise ValidationError({"steps": _("Give at least one step.")})
    if len(written) > MOST_STEPS:
        raise ValidationError({"steps": _("Give at most %(most)d steps.") % {"most": MOST_STEPS}})
    wrong: list[str] = []
    steps: list[Step] = []
    for number, each in enumerate(written, 1):
        try:
            step = _read_step(each)
            _require_order(step, steps)
        except ValidationError as error:
            wrong += [
                _("Step %(number)d: %(cause)s") % {"number": number, "cause": cause}
                for cause in error.messages
            ]
        else:
            steps.append(step)
    if wrong:
        raise ValidationError({"steps": wrong})
    return tuple(steps)


def _read_step(written: Any) -> Step:
    if not isinstance(written, Mapping):
        raise ValidationError(_("it is not a step."))
    when = written.get("when")
    if when not in When.values:
        raise ValidationError(_("choose from when on it applies."))
    foreign = set(written) - {"pct", "when", *_MORE.get(When(when), ())}
    if foreign:
        raise ValidationError(
            _("“%(condition)s” has no %(names)s.")
            % {"condition": When(when).label, "names": ", ".join(sorted(map(str, foreign)))}
        )
    pct = _number(written.get("pct"), low=FEN, high=Decimal(100), what=_("the per cent"))
    if when == When.PROGRESS:
        progress = _number(
            written.get("progress"), low=FEN, high=Decimal(100), what=_("the progress")
        )
        return Step(pct, When(when), progress=progress)
    if when == When.RETENTION:
        months = _number(
            written.get("months"),
            low=Decimal(0),
            high=Decimal(LONGEST_RETENTION),
            what=_("the number of months"),
        )
        if months % 1:
            raise ValidationError(_("the number of months has to be whole."))
        return Step(pct, When(when), months=int(months))
    return Step(pct, When(when))


_MORE: dict[When, tuple[str, ...]] = {When.PROGRESS: ("progress",), When.RETENTION: ("months",)}


def _number(written: Any, *, low: Decimal, high: Decimal, what: str) -> Decimal:
    try:
        found = Decimal(str(written))
        fits = low <= found <= high and found == found.quantize(FEN)
    except InvalidOperation:
        fits = False
    if isinstance(written, bool) or not fits:
        raise ValidationError(
            _("%(what)s has to be a number from %(low)s to %(high)s.")
            % {"what": what, "low": low, "high": high}
        )
    return found


def _require_order(step: Step, before: list[Step]) -> None:
    if not before:
        if step.when == When.RETENTION:
            raise ValidationError(_("a policy does not begin with the retention."))
        return
    if before[-1].when == When.RETENTION:
        raise ValidationError(_("nothing comes after the retention."))
    if step.pct <= before[-1].pct:
        raise ValidationError(
            _("its per cent has to be above that of the step before it (%(pct)s).")
            % {"pct": plain(before[-1].pct)}
        )


# ------------------------------------------------------------------------------------ arithmetic


@dataclass(frozen=True, slots=True)
class Facts:
    """What the cap of one project on one day depends on. Sums in yuan.

    ``granted_yuan`` are all shares from aid and donations in cash, net of adjustments;
    ``contract_yuan`` is None where nothing is tendered; ``settled_yuan`` is the ``final_aid_yuan``
    of the acceptance, None before it.
    """

    day: date
    granted_yuan: Decimal
    total_investment_yuan: Decimal
    contract_yuan: Decimal | None = None
    settled_yuan: Decimal | None = None
    is_ready: bool = False
    has_contract_or_plan: bool = False
    is_started: bool = False
    is_completed: bool = False
    is_self_accepted: bool = False
    is_audited: bool = False
    accepted_on: date | None = None
    progress_pct: Decimal = Decimal(0)


def base_yuan(facts: Facts) -> Fraction:
    """What the per cents are of, exactly: the settlement once there is one, else what was granted,
    of a tendered project the part of it that the contract is of the total investment.
    """
    if facts.settled_yuan is not None:
        return Fraction(facts.settled_yuan)
    granted = Fraction(facts.granted_yuan)
    if facts.contract_yuan is None or not facts.total_investment_yuan:
        return granted
    return granted * min(
        Fraction(1), Fraction(facts.contract_yuan) / Fraction(facts.total_investment_yuan)
    )


def holds(step: Step, facts: Facts) -> bool:
    """Whether the condition of a step holds."""
    is_settled = facts.accepted_on is not None and facts.settled_yuan is not None
    due_on = retention_due_on(step, facts)
    return {
        When.READY: facts.is_ready and facts.has_contract_or_plan,
        When.STARTED: facts.is_started,
        When.PROGRESS: facts.is_started and facts.progress_pct >= (step.progress or 0),
        When.COMPLETED: facts.is_completed,
        When.SELF_ACCEPTED: facts.is_completed and facts.is_self_accepted,
        When.ACCEPTED: is_settled,
        When.AUDITED: is_settled and facts.is_audited,
        When.RETENTION: due_on is not None and facts.day >= due_on,
    }[step.when]


def retention_due_on(step: Step, facts: Facts) -> date | None:
    """The first day on which the retention may be paid; None before the acceptance."""
    if facts.accepted_on is None or step.months is None:
        return None
    return months_after(facts.accepted_on, step.months)


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or that month's last where it has no such day.

    >>> months_after(date(2024, 2, 29), 12)
    datetime.date(2025, 2, 28)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def cap_yuan(steps: Steps, facts: Facts, *, with_retention: bool = False) -> Decimal:
    """Yuan that may be paid in all by the day of ``facts``, rounded down to the fen; the retention
    only where it is asked for and due.
    """
    reached = [
        step.pct
        for step in steps
        if (with_retention or step.when != When.RETENTION) and holds(step, facts)
    ]
    return amount_yuan(max(reached, default=Decimal(0)), facts)


def amount_yuan(pct: Decimal, facts: Facts) -> Decimal:
    """This per cent of the base, rounded down to the fen."""
    return Decimal(floor(base_yuan(facts) * Fraction(pct))).scaleb(-2)  # per cent of yuan are fen


def retention_yuan(steps: Steps, facts: Facts) -> Decimal:
    """What the policy holds back until after the acceptance; 0 where it holds back nothing."""
    if steps[-1].when != When.RETENTION:
        return Decimal(0)
    last, before = steps[-1], steps[-2]
    return amount_yuan(last.pct, facts) - amount_yuan(before.pct, facts)


def retention_pct(steps: Steps) -> Decimal:
    """Per cent of the base that the policy holds back."""
    return steps[-1].pct - steps[-2].pct if steps[-1].when == When.RETENTION else Decimal(0)


def next_step(steps: Steps, facts: Facts) -> Step | None:
    """The first step above all that are reached; None where the highest is."""
    reached = max((step.pct for step in steps if holds(step, facts)), default=Decimal(0))
    return next((step for step in steps if step.pct > reached), None)


def as_dicts(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """The steps as ``PaymentPolicy.steps`` holds them."""
    return [step.as_dict() for step in steps]
