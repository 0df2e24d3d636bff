"""What the demo builds, buys and teaches: kinds of projects with their usual form."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

from projects.models import Mode, Sector, SpendLevel


class Work(NamedTuple):
    """A kind of project. ``share`` weighs how often it occurs, ``size`` how much it costs beside
    the others, ``months`` the least and the longest time that its works take.
    """

    title: str
    sector: Sector
    share: int
    size: float
    months: tuple[int, int]
    quantity: tuple[int, int]
    unit: str
    content: str
    mode: Mode
    level: SpendLevel
    tender: bool
    asset: bool


@cache
def works() -> tuple[Work, ...]:
    """Every kind in ``works.csv``."""
    with (Path(__file__).parent / "works.csv").open(encoding="utf-8", newline="") as opened:
        return tuple(
            Work(
                title=row["title"],
                sector=Sector(row["sector"]),
                share=int(row["share"]),
                size=float(row["size"]),
                months=(int(row["least_months"]), int(row["most_months"])),
                quantity=(int(row["least_quantity"]), int(row["most_quantity"])),
                unit=row["unit"],
                content=row["content"],
                mode=Mode(row["mode"]),
                level=SpendLevel(row["spend_level"]),
                tender=row["needs_tender"] == "true",
                asset=row["forms_asset"] == "true",
            )
            for row in csv.DictReader(opened)
        )
