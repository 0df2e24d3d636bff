"""The reference ledger: programmes, regions and pairings as they were found in public sources.

The files are checked as a whole before anything is written, and written in one transaction. What
the office edited is its own: a second load adds rows that are missing and names those that differ;
only ``update`` brings them back to the files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from django.db import connection, models, transaction

from assistance.csv_files import read_rows
from assistance.models import Confidence, Pairing, Programme, Region, User
from assistance.models.pairings import ProgrammeKind
from assistance.models.regions import RegionLevel
from assistance.partial_dates import PATTERN, first_day, last_day
from assistance.scope import region_prefix
from assistance.table_rows import Faults, Row, first_uses

DIRECTORY = Path(__file__).resolve().parent.parent / "reference"
REGIONS, PAIRINGS = "regions.csv", "pairings.csv"

# code: kind, Chinese name, English name, whether it carries aid money
PROGRAMMES: dict[str, tuple[ProgrammeKind, str, str, bool]] = {
    "counterpart_support": (ProgrammeKind.CS, "对口支援", "Counterpart support", True),
    "east_west": (ProgrammeKind.EW, "东西部协作", "East–West cooperation", True),
    "three_gorges": (ProgrammeKind.TG, "三峡库区对口支援", "Three Gorges support", True),
    "counterpart_cooperation": (ProgrammeKind.CO, "对口合作", "Counterpart cooperation", False),
    "mountain_sea": (ProgrammeKind.MS, "山海协作", "Mountain–Sea coordination", True),
    "northern_anhui": (ProgrammeKind.NA, "皖北结对合作帮扶", "Northern Anhui pairing", True),
    "metropolitan_circle": (ProgrammeKind.MC, "杭州都市圈", "Hangzhou metropolitan circle", False),
    "g60_corridor": (
        ProgrammeKind.GC,
        "长三角G60科创走廊",
        "G60 science and innovation corridor",
        False,
    ),
}
REGION_COLUMNS = (
    "code", "name_zh", "name_en", "level", "parent_code", "counted_in_headline", "confidence",
    "basis",
)  # fmt: skip
PAIRING_COLUMNS = (
    "programme", "donor_code", "recipient_code", "since", "until", "donor_confirmed", "confidence",
    "basis",
)  # fmt: skip
ABOVE: dict[str, str] = {
    RegionLevel.PREFECTURE: RegionLevel.PROVINCE,
    RegionLevel.COUNTY: RegionLevel.PREFECTURE,
    RegionLevel.TOWNSHIP: RegionLevel.COUNTY,
    RegionLevel.VILLAGE: RegionLevel.TOWNSHIP,
}
CODE_OF_LEVEL: dict[str, str] = {
    RegionLevel.PROVINCE: r"\d\d0000",
    RegionLevel.PREFECTURE: r"\d\d(?!0000)\d\d00",
    RegionLevel.COUNTY: r"\d{4}(?!00)\d\d",
    RegionLevel.TOWNSHIP: r"\d{9}",
    RegionLevel.VILLAGE: r"\d{12}",
}


@dataclass
class Loaded:
    """What a load did: rows in the files, rows added and changed, and rows left as edited here."""

    programmes: int = len(PROGRAMMES)
    regions: int = 0
    pairings: int = 0
    added: int = 0
    changed: int = 0
    kept: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Tie:
    """A pairing of the file."""

    key: tuple[str, str, str]  # programme, donor, recipient
    first: date
    last: date
    fields: dict[str, Any]

    def overlaps(self, first: date | None, last: date | None) -> bool:
        return self.first <= (last or date.max) and (first or date.min) <= self.last


def load_reference(directory: Path = DIRECTORY, *, update: bool = False) -> Loaded:
    """Bring programmes, regions and pairings into the database.

    BrokenFile names everything that is wrong in the files; then nothing was written.
    """
    faults = Faults()
    region_rows = read_rows(directory / REGIONS, REGION_COLUMNS, faults)
    pairing_rows = read_rows(directory / PAIRINGS, PAIRING_COLUMNS, faults)
    regions = _checked_regions(region_rows)
    ties = _checked_pairings(pairing_rows, {row["code"] for row in region_rows})
    faults.refuse()
    with transaction.atomic():
        _keep_others_out()
        loaded = Loaded(regions=len(regions), pairings=len(ties))
        _write_programmes(loaded, update=update)
        _write_regions(regions, loaded, update=update)
        _write_pairings(ties, loaded, update=update)
    return loaded


def source_account(username: str, name: str) -> User:
    """An account in whose name the program enters what it was not told by a person.

    It is switched off and has no password: nobody signs in with it, and no verb accepts it.
    """
    account, is_new = User.objects.get_or_create(
        username=username, defaults={"name": name, "is_service": True, "is_active": False}
    )
    if is_new:
        account.set_unusable_password()
        account.save(update_fields=["password"])
    return account


def published_source() -> User:
    """Whoever published what the reference files repeat."""
    return source_account("published-source", "公开资料")


def reference_loader() -> User:
    """The program that loads them."""
    return source_account("reference-loader", "数据装载程序")


def timetable() -> User:
    """The bell, for what the calendar alone decides."""
    return source_account("timetable", "定时任务")


# --------------------------------------------------------------------------------------- checks


def _checked_regions(rows: Sequence[Row]) -> list[dict[str, Any]]:
    for row, earlier in first_uses(rows, "code"):
        row.wrong("code", f"{row['code']} stands in line {earlier} already; remove one of them")
    levels = {row["code"]: row["level"] for row in rows}
    regions = []
    for row in rows:
        if _check_code(row):
            _check_parent(row, levels)
        regions.append(
            {
                "code": row["code"],
                "name_zh": row.text("name_zh", longest=60),
                "name_en": row.text("name_en", longest=120),
                "level": row.one_of("level", RegionLevel.values),
                "parent": row["parent_code"],
                "counted_in_headline": row.truth("counted_in_headline"),
                "confidence": row.one_of("confidence", Confidence.values),
                "basis": row["basis"],
            }
        )
    return regions


def _check_code(row: Row) -> bool:
    """Whether the code can stand; where it cannot, its parent is not worth a second message."""
    code, level = row["code"], row["level"]
    if not re.fullmatch(r"\d{6}|\d{9}|\d{12}", code, re.ASCII):
        row.wrong("code", f"{code!r} is no GB/T 2260 code; write 6, 9 or 12 digits")
        return False
    if level in CODE_OF_LEVEL and not re.fullmatch(CODE_OF_LEVEL[level], code):
        row.wrong("code", f"{code} is not the code of a {level}; correct the code or the level")
        return False
    return True


def _check_parent(row: Row, levels: Mapping[str, str]) -> None:
    code, parent, wanted = row["code"], row["parent_code"], ABOVE.get(row["level"])
    if wanted is None:
        if parent and row["level"] == RegionLevel.PROVINCE:
            row.wrong("parent_code", "a province lies in no other region; leave it blank")
    elif not parent:
        row.wrong("parent_code", f"is blank; write the code of the {wanted} above")
    elif parent not in levels:
        row.wrong("parent_code", f"{parent} is not in this file; add its row or correct the code")
    elif levels[parent] != wanted:
        row.wrong("parent_code", f"{parent} is no {wanted}; write the code of the {wanted} above")
    elif not code.startswith(region_prefix(parent)):
        row.wrong(
            "parent_code",
            f"{code} does not lie in {parent}: it would begin with {region_prefix(parent)};"
            " correct one of the two codes",
        )


def _checked_pairings(rows: Sequence[Row], regions: Iterable[str]) -> list[_Tie]:
    known = set(regions)
    ties: list[_Tie] = []
    lines: list[int] = []
    for row in rows:
        row.one_of("programme", tuple(PROGRAMMES))
        for column in ("donor_code", "recipient_code"):
            if row[column] not in known:
                row.wrong(
                    column, f"{row[column]!r} is not in {REGIONS}; add the region or correct it"
                )
        if row["donor_code"] and row["donor_code"] == row["recipient_code"]:
            row.wrong("recipient_code", "donor and recipient are the same; correct one of them")
        fields = {
            "since": row["since"],
            "until": row["until"],
            "donor_confirmed": row.truth("donor_confirmed"),
            "confidence": row.one_of("confidence", Confidence.values),
            "basis": row["basis"],
        }
        span = _checked_span(row)
        if span is None:
            continue
        tie = _Tie((row["programme"], row["donor_code"], row["recipient_code"]), *span, fields)
        for earlier, line in zip(ties, lines, strict=True):
            if earlier.key == tie.key and tie.overlaps(earlier.first, earlier.last):
                row.wrong(
                    "since",
                    f"this tie is in force on days of line {line} too; remove one of them, or give"
                    " exact days where two spells meet inside a month",
                )
        ties.append(tie)
        lines.append(row.line)
    return ties


def _checked_span(row: Row) -> tuple[date, date] | None:
    """The first and the last day that a row can mean; None where they cannot be read."""
    days: list[date] = []
    for column, day_of, unknown in (
        ("since", first_day, date.min),
        ("until", last_day, date.max),
    ):
        text = row[column]
        if not re.fullmatch(PATTERN, text):
            row.wrong(
                column, f"{text!r} is no partial date; write 2021, 2021-06, 2021-06-01 or nothing"
            )
            continue
        try:
            days.append(day_of(text) or unknown)
        except ValueError:
            row.wrong(column, f"there is no day {text}; correct it")
    if len(days) < 2:  # noqa: PLR2004  one of the two ends could not be read
        return None
    if days[0] > days[1]:
        row.wrong("until", f"{row['until']} lies before since, {row['since']}; correct one of them")
        return None
    return days[0], days[1]


# --------------------------------------------------------------------------------------- writes


def _keep_others_out() -> None:
    """Let no edit come between the comparison and the writing; reading goes on."""
    tables = ", ".join(
        connection.ops.quote_name(model._meta.db_table) for model in (Programme, Region, Pairing)
    )
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE")


def _write_programmes(loaded: Loaded, *, update: bool) -> None:
    found = {programme.code: programme for programme in Programme.objects.all()}
    for code, (kind, name_zh, name_en, carries_aid) in PROGRAMMES.items():
        wanted = {
            "kind": kind.value,
            "name_zh": name_zh,
            "name_en": name_en,
            "carries_aid": carries_aid,
        }
        if code in found:
            bring_to(found[code], wanted, f"programme {code}", loaded, update=update)
        else:
            Programme.objects.create(code=code, **wanted)
            loaded.added += 1


def _write_regions(regions: list[dict[str, Any]], loaded: Loaded, *, update: bool) -> None:
    order = list(RegionLevel.values)  # what lies above comes first: the others refer to it
    found = {region.code: region for region in Region.objects.all()}
    for row in sorted(regions, key=lambda region: (order.index(region["level"]), region["code"])):
        code, parent = row["code"], row["parent"]
        wanted = {name: value for name, value in row.items() if name not in {"code", "parent"}}
        wanted["parent_id"] = found[parent].pk if parent else None
        if code in found:
            bring_to(found[code], wanted, f"region {code}", loaded, update=update)
        else:
            found[code] = Region.objects.create(code=code, **wanted)
            loaded.added += 1


def _write_pairings(ties: list[_Tie], loaded: Loaded, *, update: bool) -> None:
    programmes = {programme.code: programme for programme in Programme.objects.all()}
    regions = {region.code: region for region in Region.objects.all()}
    found: dict[tuple[str, str, str], list[Pairing]] = {}
    for pairing in Pairing.objects.select_related("programme", "donor", "recipient"):
        key = (pairing.programme.code, pairing.donor.code, pairing.recipient.code)
        found.setdefault(key, []).append(pairing)
    missing = []
    for tie in ties:
        # spells of one tie never share a day, so a row that does is this one, edited
        same = [p for p in found.get(tie.key, []) if tie.overlaps(p.starts_on, p.ends_on)]
        programme, donor, recipient = tie.key
        name = f"pairing {programme} {donor} -> {recipient}"
        if not same:
            missing.append(
                Pairing(
                    programme=programmes[programme],
                    donor=regions[donor],
                    recipient=regions[recipient],
                    **tie.fields,
                )
            )
        elif len(same) > 1:
            loaded.kept.append(f"{name} (split into {len(same)} spells here; edit it in the admin)")
        else:
            bring_to(same[0], tie.fields, name, loaded, update=update)
    Pairing.objects.bulk_create(missing)
    loaded.added += len(missing)


def bring_to(
    row: models.Model, wanted: Mapping[str, Any], name: str, loaded: Loaded, *, update: bool
) -> None:
    """Overwrite what differs where that is wanted; otherwise tell that it was kept."""
    differing = [column for column, value in wanted.items() if getattr(row, column) != value]
    if not differing:
        return
    if not update:
        loaded.kept.append(f"{name} ({', '.join(differing)})")
        return
    for column in differing:
        setattr(row, column, wanted[column])
    row.save(update_fields=differing)
    loaded.changed += 1
