"""A report reads the office's settings of its last day, as they were known; past editions stand."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from assistance import rules
from assistance.actions.settings import confirm_setting, propose_setting
from assistance.periods import Month
from assistance.roles import Role
from assistance.rules import RULES
from reporting.actions.editions import build, schedule_due
from reporting.models import Edition
from teams.models import PostingState
from tests import factories as make
from tests.reporting.mail_rows import reader, subscribe
from tests.reporting.rich_ledger import due

pytestmark = pytest.mark.django_db
JUNE, JULY = Month(2026, 6), Month(2026, 7)


def confirmed(key: str, value: object, starts_on: date, *, now: datetime) -> None:
    proposed = propose_setting(
        key=key, value=value, starts_on=starts_on, by=make.hand(Role.REVIEWER), now=now
    )
    confirm_setting(proposed, by=make.hand(Role.APPROVER), now=now)


def edition_of(month: Month) -> Edition:
    """The edition that the bell builds after the month's calendar day."""
    now = due(month) + (due(month.next) - due(month)) / 30
    for pk in schedule_due(now):
        built = build(pk, now=now)
    return built


def figures(edition: Edition) -> dict[str, Any]:
    assert edition.payload is not None, edition.failure
    return {
        figure["code"]: figure
        for section in edition.payload["sections"]
        for figure in section["figures"]
    }


SAID = {
    "livelihood_target": ("90.0", "85.5"),
    "county_below_target": ("80.0", "77.0"),
    "expiring_within": ("90", "30"),
}


def test_a_confirmed_change_of_a_setting_changes_the_next_report_and_no_past_one(
    tmp_path: Path, settings: Any
) -> None:
    settings.FILES_DIR = tmp_path
    # 72 days after the end of June, 41 after that of July
    make.posting(PostingState.ACTIVE, planned_end=date(2026, 9, 10))
    subscribe(reader(), starts_on=date(2026, 6, 1))
    june = edition_of(JUNE)
    assert {code: figures(june)[code]["value"] for code in SAID} == {
        code: before for code, (before, _after) in SAID.items()
    }
    assert figures(june)["expiring"]["value"] == "1"
    assert figures(june)["expiring"]["formula"] == "in post, planned_end in (T, T+90]"
    frozen = june.sha256
    # from 1 July; and one that reaches back to June, but is known only after its report
    for key, value, starts_on in (
        ("livelihood_target", "85.5", date(2026, 7, 1)),
        ("county_below_target", "77", date(2026, 6, 1)),
        ("expiring_days", "30", date(2026, 7, 31)),
    ):
        confirmed(key, value, starts_on, now=make.at(date(2026, 7, 20)))
    july = edition_of(JULY)
    assert {code: figures(july)[code]["value"] for code in SAID} == {
        code: after for code, (_before, after) in SAID.items()
    }
    assert figures(july)["expiring"]["value"] == "0"
    assert figures(july)["expiring"]["formula"] == "in post, planned_end in (T, T+30]"
    june.refresh_from_db()
    assert june.sha256 == frozen
    assert figures(june)["county_below_target"]["value"] == "80.0"


def test_every_setting_is_read_by_somebody() -> None:
    root = Path(rules.__file__).parent.parent
    asked: set[str] = set()
    for app in ("assistance", "projects", "teams", "reporting"):
        for path in (root / app).rglob("*.py"):
            if path.name != "rules.py":
                asked |= set(re.findall(r"\w+", path.read_text()))
    assert set(RULES) - asked == set()
