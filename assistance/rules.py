"""The office's settings: what can be set, what a value has to look like, what applies until it is
set.

Defaults marked ``assumed`` were found in no public text; the others are sourced or our own choice.
An office is expected to set its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from assistance.holiday_tables import read_table


@dataclass(frozen=True)
class Rule:
    """One setting; ``read`` turns what was typed into its value or raises ValidationError."""

    key: str
    label: str | Promise
    unit: str | Promise
    default: Any
    read: Callable[[Any], Any]
    assumed: bool = False


def _whole(low: int, high: int) -> Callable[[Any], int]:
    def read(typed: Any) -> int:
        try:
            number = int(str(typed))
        except ValueError:
            raise ValidationError(_("Enter a whole number.")) from None
        if not low <= number <= high:
            raise ValidationError(
                _("Enter a number from %(low)s to %(high)s."), params={"low": low, "high": high}
            )
        return number

    return read


def _decimal(low: str, high: str) -> Callable[[Any], str]:
    def read(typed: Any) -> str:
        try:
            number = Decimal(str(typed))
        except InvalidOperation:
            raise ValidationError(_("Enter a number.")) from None
        if not Decimal(low) <= number <= Decimal(high):
            raise ValidationError(
                _("Enter a number from %(low)s to %(high)s."), params={"low": low, "high": high}
            )
        return f"{number:f}"  # JSON has no decimals; the reader makes one of it again

    return read


def _words(typed: Any) -> list[str]:
    lines = typed.splitlines() if isinstance(typed, str) else list(typed)
    words = [str(line).strip() for line in lines if str(line).strip()]
    if not words:
        raise ValidationError(_("Enter one entry per line."))
    return words


def _holidays(typed: Any) -> list[str]:
    return read_table(_words(typed)) if typed else []  # nobody has entered a table


_day = _whole(1, 28)
_percent = _decimal("0", "1000")
NEXT_MONTH = _("of the next month")
PER_CENT = _("%")
DAYS = _("days")

RULES = {
    rule.key: rule
    for rule in (
        Rule(
            "notice_min_days",
            _("shortest notice before admission"),
            DAYS,
            10,
            _whole(0, 365),
            assumed=True,
        ),
        Rule(
            "change_pct",
            _("change of the sum above which approval is needed anew"),
            PER_CENT,
            "10",
            _decimal("0", "100"),
            assumed=True,
        ),
        Rule(
            "audit_threshold_yuan",
            _("aid from which a settlement audit is needed"),
            _("yuan"),
            "1000000",
            _decimal("0", "1000000000000"),
        ),
        Rule(
            "retention_pct",
            _("largest retention of a payment policy"),
            PER_CENT,
            "3",
            _decimal("0", "100"),
            assumed=True,
        ),
        Rule(
            "joint_acceptance_yuan",
            _("aid from which both sides accept the works together"),
            _("yuan"),
            "5000000",
            _decimal("0", "1000000000000"),
        ),
        Rule(
            "overlap_days",
            _("longest overlap of two persons on one post"),
            DAYS,
            30,
            _whole(0, 365),
        ),
        Rule("expiring_days", _("postings that end soon: within"), DAYS, 90, _whole(1, 366)),
        Rule(
            "personal_data_years",
            _("years that persons are kept after their last posting"),
            _("years"),
            5,
            _whole(1, 50),
            assumed=True,
        ),
        Rule(
            "livelihood_target",
            _("target share of aid for livelihoods"),
            PER_CENT,
            "90",
            _decimal("0", "100"),
        ),
        Rule(
            "county_below_target",
            _("target share of aid spent at county level and below"),
            PER_CENT,
            "80",
            _decimal("0", "100"),
            assumed=True,
        ),
        Rule(
            "negative_list",
            _("uses that may not be funded"),
            "",
            [
                "人员经费",
                "奖金津贴",
                "企业亏损",
                "楼堂馆所",
                "弥补预算缺口",
                "偿还债务",
                "购买交通通讯工具",
                "担保",
            ],
            _words,
        ),
        Rule("holidays", _("holidays and make-up workdays"), "", [], _holidays),
        Rule("return_due_day", _("monthly returns: day they are due"), NEXT_MONTH, 5, _day),
        Rule("return_review_day", _("monthly returns: day of the review"), NEXT_MONTH, 8, _day),
        Rule("return_lock_day", _("monthly returns: day they are locked"), NEXT_MONTH, 10, _day),
        Rule("pace_green", _("pace of a target: green from"), PER_CENT, "100", _percent),
        Rule("pace_yellow", _("pace of a target: yellow from"), PER_CENT, "80", _percent),
    )
}
