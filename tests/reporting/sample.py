"""A rich payload for the printers' tests: real regions, figures made up by a seeded generator."""

import csv
import hashlib
import json
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

REFERENCE = Path(__file__).resolve().parents[2] / "assistance" / "reference"

PROGRAMMES = {
    "east_west": ("东西部协作", "East–West cooperation"),
    "counterpart_support": ("对口支援", "Counterpart support"),
    "mountain_sea": ("山海协作", "Mountain–Sea coordination"),
}
AMOUNTS = ("plan", "arr", "alloc", "paid", "arr_month", "paid_month")
FUNDS_BY_REGION = (
    ("plan", "yuan"),
    ("arr", "yuan"),
    ("alloc", "yuan"),
    ("paid", "yuan"),
    ("arrival_rate", "percent"),
    ("allocation_rate", "percent"),
    ("payment_rate", "percent"),
    ("arr_month", "yuan"),
    ("paid_month", "yuan"),
)
PEOPLE_BY_REGION = (
    "in_post_cadre",
    "in_post_tech",
    "in_post",
    "new",
    "returned",
    "expiring",
    "overstayed",
)
STAGES = (
    "preparation",
    "tendering",
    "ready",
    "active",
    "suspended",
    "completed",
    "accepted",
    "terminated",
    "total",
)

Tree = dict[str, dict[str, list[str]]]


def rows_of(name: str) -> list[dict[str, str]]:
    """Return the rows of a reference file."""
    with (REFERENCE / name).open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def percent_of(part: Decimal, whole: Decimal) -> str | None:
    """Return part ÷ whole with one decimal; None where there is nothing to divide by."""
    return f"{part / whole * 100:.1f}" if whole else None


def columns(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    """Return columns as a payload writes them."""
    return [{"code": code, "unit": unit} for code, unit in pairs]


def figure(code: str, unit: str, value: str | None) -> dict[str, Any]:
    """Return a figure as a payload writes it."""
    return {"code": code, "unit": unit, "value": value, "formula": code, "rows": {}}


def tree_of_regions() -> tuple[Tree, dict[str, dict[str, str]]]:
    """Return programme → prefecture → counties of the pairings, and the names of all of them."""
    regions = {row["code"]: row for row in rows_of("regions.csv")}
    tree: Tree = {programme: {} for programme in PROGRAMMES}
    for pairing in rows_of("pairings.csv"):
        prefectures = tree.get(pairing["programme"])
        region = regions[pairing["recipient_code"]]
        if prefectures is None or region["level"] not in {"prefecture", "county"}:
            continue
        if region["level"] == "prefecture":
            prefectures.setdefault(region["code"], [])
        elif region["parent_code"][:4] != "3303":
            counties = prefectures.setdefault(region["parent_code"], [])
            if region["code"] not in counties:
                counties.append(region["code"])
    labels = {code: {"zh-hans": zh, "en": en} for code, (zh, en) in PROGRAMMES.items()}
    for prefectures in tree.values():
        for prefecture, counties in prefectures.items():
            for code in (prefecture, *counties):
                names = regions[code]
                labels[code] = {"zh-hans": names["name_zh"], "en": names["name_en"]}
    return tree, labels


def money_cells(money: dict[str, Decimal]) -> list[str | None]:
    """Return the cells of a row of funds by region."""
    rates = {
        "arrival_rate": percent_of(money["arr"], money["plan"]),
        "allocation_rate": percent_of(money["alloc"], money["plan"]),
        "payment_rate": percent_of(money["paid"], money["alloc"]),
    }
    return [f"{money[code]:.2f}" if code in money else rates[code] for code, _ in FUNDS_BY_REGION]


def added(parts: list[dict[str, Decimal]]) -> dict[str, Decimal]:
    """Return the sum of amounts, kind by kind."""
    return {code: sum((part[code] for part in parts), Decimal(0)) for code in AMOUNTS}


def made_up(rng: random.Random) -> dict[str, Decimal]:
    """Return invented amounts of one county; now and then a county without any plan."""
    if rng.random() < 0.06:
        return dict.fromkeys(AMOUNTS, Decimal(0))
    plan = Decimal(rng.choice([39_000_000, 50_000_000, 60_000_000, 12_345_678]))
    fen = Decimal(rng.randrange(100)) / 100
    arr = plan * rng.randrange(80, 101) / 100
    alloc = plan * rng.randrange(85, 101) / 100
    return {
        "plan": plan,
        "arr": arr,
        "alloc": alloc,
        "paid": alloc * rng.randrange(20, 90) / 100 + fen,
        "arr_month": arr * rng.randrange(0, 20) / 100,
        "paid_month": alloc * rng.randrange(0, 12) / 100 + fen,
    }


def funds_by_region(rng: random.Random, tree: Tree) -> tuple[list[Any], dict[str, Decimal]]:
    """Return the rows of funds by region and their total; every level adds up."""
    rows: list[dict[str, Any]] = []
    totals = []
    for programme, prefectures in tree.items():
        below: list[dict[str, Any]] = []
        sums = []
        for prefecture, counties in prefectures.items():
            amounts = {county: made_up(rng) for county in counties}
            money = added(list(amounts.values())) if counties else made_up(rng)
            sums.append(money)
            below.append(row_of(prefecture, "prefecture", 1, money_cells(money)))
            below += [
                row_of(code, "county", 2, money_cells(each)) for code, each in amounts.items()
            ]
        totals.append(added(sums))
        rows += [row_of(programme, "programme", 0, money_cells(totals[-1])), *below]
    total = added(totals)
    earlier = {**dict.fromkeys(AMOUNTS, Decimal(0)), "arr": Decimal("1599.32"), "paid": Decimal(50)}
    rows.append(row_of("total", "total", 0, money_cells(total)))
    carried = money_cells(earlier)
    rows.append(row_of("carry_over", "carry_over", 0, [None, *carried[1:4], *[None] * 5]))
    return rows, total


def row_of(key: str, kind: str, depth: int, cells: list[Any]) -> dict[str, Any]:
    """Return a row as a payload writes it."""
    return {"key": key, "kind": kind, "depth": depth, "cells": cells}


def people_by_region(rng: random.Random, tree: Tree) -> list[dict[str, Any]]:
    """Return the rows of people by region."""
    rows = []
    for programme, prefectures in tree.items():
        below = []
        for prefecture in prefectures:
            counts = [rng.randrange(0, 16) for _ in PEOPLE_BY_REGION]
            counts[2] = counts[0] + counts[1]
            below.append((prefecture, counts))
        summed = [sum(parts) for parts in zip(*(counts for _, counts in below), strict=True)]
        rows.append(row_of(programme, "programme", 0, [str(value) for value in summed]))
        rows += [row_of(key, "prefecture", 1, [str(v) for v in counts]) for key, counts in below]
    grand = [
        sum(int(row["cells"][place]) for row in rows if row["kind"] == "programme")
        for place in range(len(PEOPLE_BY_REGION))
    ]
    rows.append(row_of("total", "total", 0, [str(value) for value in grand]))
    return rows


def headline_section(money: dict[str, Decimal]) -> dict[str, Any]:
    """Return the section of the whole."""
    yuan = {code: f"{money[code]:.2f}" for code in AMOUNTS}
    figures = [
        figure("pairings_in_force", "pairings", "23"),
        figure("pairings_unknown_start", "pairings", "1"),
        figure("counties_paired", "counties", "18"),
        figure("projects_planned", "projects", "1022"),
        figure("plan", "yuan", yuan["plan"]),
        figure("arr", "yuan", yuan["arr"]),
        figure("arrival_rate", "percent", percent_of(money["arr"], money["plan"])),
        figure("alloc", "yuan", yuan["alloc"]),
        figure("allocation_rate", "percent", percent_of(money["alloc"], money["plan"])),
        figure("paid", "yuan", yuan["paid"]),
        figure("payment_rate", "percent", percent_of(money["paid"], money["alloc"])),
        figure("payment_rate_change", "points", "4.3"),
        figure("plan_month", "yuan", "0.00"),
        figure("arr_month", "yuan", yuan["arr_month"]),
        figure("alloc_month", "yuan", "8120000.00"),
        figure("paid_month", "yuan", yuan["paid_month"]),
        figure("arr_month_late", "yuan", "1250000.00"),
        figure("paid_month_late", "yuan", "0.00"),
        figure("new_projects", "projects", "803"),
        figure("started", "projects", "712"),
        figure("start_rate", "percent", "88.7"),
        figure("completed", "projects", "396"),
        figure("accepted", "projects", "208"),
        figure("in_post", "persons", "61"),
        figure("reserve", "projects", "47"),
    ]
    return {"code": "headline", "figures": figures, "tables": [], "notes": []}


def funds_section(money: dict[str, Decimal], rows: list[Any]) -> dict[str, Any]:
    """Return the section of the money."""
    four = ("plan", "arr", "alloc", "paid")
    rest = [f"{money[code]:.2f}" for code in four]
    nothing = ["0.00"] * 4
    sources = [
        row_of("PROV", "row", 1, rest),
        *(row_of(code, "row", 1, nothing) for code in ("CITY", "DIST", "MS")),
        row_of("aid", "row", 0, rest),
        row_of("DON_CASH", "row", 0, ["2600000.00", "2600000.00", "2400000.00", "1180000.00"]),
        row_of("DON_KIND", "row", 0, ["500000.00", None, "500000.00", None]),
        row_of("MATCH", "row", 0, [None, None, "3300000.00", "2210000.55"]),
        row_of("SELF", "row", 0, [None, None, "0.00", "0.00"]),
    ]
    shares = {"IND": 38, "RURAL": 24, "EDU": 12, "HEALTH": 9, "LAB": 7, "CONS": 6, "TALENT": 4}
    sectors = [
        row_of(
            code,
            "row",
            0,
            [
                f"{money['alloc'] * share / 100:.2f}",
                f"{share}.0",
                f"{money['paid'] * share / 100:.2f}",
                str(share * 10),
            ],
        )
        for code, share in shares.items()
    ]
    tables = [
        {"code": "by_region", "columns": columns(*FUNDS_BY_REGION), "rows": rows},
        {
            "code": "by_source",
            "columns": columns(*((code, "yuan") for code in four)),
            "rows": sources,
        },
        {
            "code": "by_sector",
            "columns": columns(
                ("alloc", "yuan"), ("share", "percent"), ("paid", "yuan"), ("projects", "projects")
            ),
            "rows": sectors,
        },
    ]
    figures = [
        figure("livelihood_share", "percent", "62.0"),
        figure("livelihood_target", "percent", "90"),
        figure("county_below_share", "percent", "91.4"),
        figure("county_below_target", "percent", "80"),
        figure("industry_share", "percent", "38.0"),
        figure("idle", "yuan", "0.00"),
        figure("paid_of_arrived", "percent", percent_of(money["paid"], money["arr"])),
    ]
    notes = [{"code": "refunds_not_counted", "values": {}}]
    return {"code": "funds", "figures": figures, "tables": tables, "notes": notes}


def projects_section(labels: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Return the section of the works."""
    new = [44, 11, 35, 300, 2, 240, 168, 3, 803]
    continuing = [0, 0, 0, 61, 1, 117, 40, 0, 219]
    total = [first + second for first, second in zip(new, continuing, strict=True)]
    buckets = [
        row_of(key, kind, 0, [str(value) for value in counts])
        for key, kind, counts in (
            ("new", "row", new),
            ("continuing", "row", continuing),
            ("total", "total", total),
        )
    ]
    late = []
    for place in range(10):
        code = f"EW2026513301{place + 1:04}"
        zh = "高原特色农牧产品加工及冷链仓储物流一体化示范项目" if place % 2 else "村道硬化"
        en = (
            "Highland farm produce processing and cold chain" if place % 2 else "Paved village road"
        )
        labels[f"P:{code}"] = {"zh-hans": f"演示{zh}{place}", "en": f"Demo: {en} {place}"}
        cells = [
            None,
            "513301",
            f"2026-0{place // 2 + 1}-15",
            str(290 - place * 17),
            f"{place * 9}.0",
        ]
        late.append(row_of(f"P:{code}", "row", 0, cells))
    programmes = [
        row_of("east_west", "programme", 0, ["902", "703", "640", "350", "190"]),
        row_of("counterpart_support", "programme", 0, ["80", "70", "52", "30", "10"]),
        row_of("mountain_sea", "programme", 0, ["40", "30", "20", "16", "8"]),
        row_of("total", "total", 0, ["1022", "803", "712", "396", "208"]),
    ]
    counted = ("projects_planned", "new_projects", "started", "completed", "accepted")
    tables = [
        {
            "code": "buckets",
            "columns": columns(*((code, "projects") for code in STAGES)),
            "rows": buckets,
            "control": {"sum": "1022", "total": "1022", "holds": True},
        },
        {
            "code": "by_programme",
            "columns": columns(*((code, "projects") for code in counted)),
            "rows": programmes,
        },
        {
            "code": "overdue",
            "columns": columns(
                ("name", "text"),
                ("county", "text"),
                ("planned_end", "date"),
                ("days_overdue", "days"),
                ("physical_pct", "percent"),
            ),
            "rows": late,
        },
    ]
    figures = [
        figure("projects_planned", "projects", "1022"),
        figure("new_projects", "projects", "803"),
        figure("continuing_projects", "projects", "219"),
        figure("released", "projects", "4"),
        figure("started", "projects", "712"),
        figure("start_rate", "percent", "88.7"),
        figure("resumed", "projects", "218"),
        figure("resume_rate", "percent", "99.5"),
        figure("completed", "projects", "396"),
        figure("completion_rate", "percent", "38.7"),
        figure("on_time_rate", "percent", None),
        figure("acceptance_rate", "percent", "36.8"),
        figure("weighted_progress", "percent", "64.9"),
        figure("overdue", "projects", "31"),
        figure("reserve", "projects", "47"),
        figure("started_month", "projects", "28"),
        figure("completed_month", "projects", "19"),
    ]
    return {"code": "projects", "figures": figures, "tables": tables, "notes": []}


def people_section(rows: list[Any], labels: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Return the section of the people."""
    labels["T:1"] = {"zh-hans": "第一批甘孜工作队", "en": "Garze team, first batch"}
    labels["T:2"] = {"zh-hans": "第一批广元工作队", "en": "Guangyuan team, first batch"}
    codes = ("in_post", "in_post_cadre", "in_post_tech", "new", "returned", "expiring")
    counts = ("61", "35", "26", "3", "1", "12")
    figures = [figure(c, "persons", value) for c, value in zip(codes, counts, strict=True)]
    figures += [
        figure("overstayed", "persons", "0"),
        figure("registered", "persons", "35"),
        figure("declared", "persons", "39"),
        figure("gap", "persons", "4"),
    ]
    all_counts = columns(*((code, "persons") for code in PEOPLE_BY_REGION))
    directions = [
        row_of("OUT", "row", 0, ["30", "20", "50", "2", "1", "9", "0"]),
        row_of("IN", "row", 0, ["5", "6", "11", "1", "0", "3", "0"]),
    ]
    teams = [row_of("T:1", "row", 0, ["27", "25", "2"]), row_of("T:2", "row", 0, ["12", "10", "2"])]
    tables = [
        {"code": "by_region", "columns": all_counts, "rows": rows},
        {"code": "by_direction", "columns": all_counts, "rows": directions},
        {
            "code": "teams",
            "columns": columns(*((code, "persons") for code in ("declared", "registered", "gap"))),
            "rows": teams,
        },
    ]
    return {"code": "people", "figures": figures, "tables": tables, "notes": []}


def sealed(payload: dict[str, Any]) -> dict[str, Any]:
    """Return the payload with its checksum, as an edition hands it to the printers."""
    canonical = json.dumps(payload, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return {**payload, "sha256": hashlib.sha256(canonical.encode()).hexdigest()}


def sample(*, demo: bool = True) -> dict[str, Any]:
    """Return a month of 58 regions in three programmes, the same at every call."""
    rng = random.Random(20261031)
    tree, labels = tree_of_regions()
    rows, money = funds_by_region(rng, tree)
    people = people_by_region(rng, tree)
    return sealed(
        {
            "schema": 1,
            "definition": "monthly",
            "cadence": "monthly",
            "version": 1,
            "period": {"name": "2026-10", "starts_on": "2026-10-01", "ends_on": "2026-10-31"},
            "known_at": "2026-11-10T09:00:00+08:00",
            "scope": {"kind": "all"},
            "demo": demo,
            "require_signoff": False,
            "sections": [
                headline_section(money),
                funds_section(money, rows),
                projects_section(labels),
                people_section(people, labels),
            ],
            "labels": labels,
        }
    )


def nothing(region: str = "513300") -> dict[str, Any]:
    """Return the month of a region about which nothing is on record."""
    payload = sample(demo=False)
    for section in payload["sections"]:
        for each in section["figures"]:
            if not each["code"].endswith("_target"):
                missing = each["unit"] in {"percent", "points"}
                each["value"] = None if missing else "0.00" if each["unit"] == "yuan" else "0"
        for table in section["tables"]:
            table["rows"] = []
            table.pop("control", None)
        section["notes"] = []
    return {**payload, "scope": {"kind": "recipient", "region": region}}
