"""Settings of the office."""

from __future__ import annotations

from datetime import date

from assistance.models import Setting
from tests import factories as make
from tests.reporting.rich_ledger.rows import AFTER_K, AFTER_T, K, T, counted, void


def rules() -> None:
    """Values from days on T and after, known at K and after, struck out."""
    early, may = make.at(date(2026, 3, 2)), date(2026, 5, 1)
    for key, value, starts_on, known in (
        ("livelihood_target", "85.25", may, early),
        ("livelihood_target", "77", may, AFTER_K),
        ("county_below_target", "66", T, early),
        ("county_below_target", "60", AFTER_T, early),
        ("expiring_days", 45, date(2026, 4, 1), early),
        ("expiring_days", 30, T, K),
    ):
        Setting.objects.create(key=key, value=value, starts_on=starts_on, **counted(known))
    wrong = Setting.objects.create(
        key="livelihood_target", value="8.5", starts_on=T, **counted(early)
    )
    void(wrong, K)
