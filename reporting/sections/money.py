"""The chapter on funds: plan, arrived, allocated and paid, by region, source and sector."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from assistance.models import Region
from assistance.models.regions import RegionLevel
from projects.models import AID, Sector, Source
from projects.models.as_at import MONEY
from projects.models.funds import WITHOUT_A_PLAN
from reporting.reckoning import Money, Reckoning
from reporting.sections.shape import Section, Value, one_decimal, rate, row, yuan

COUNTY_AND_BELOW = frozenset({"county", "town", "village"})
REGION_COLUMNS = (
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


def funds(r: Reckoning) -> Section:
    """Fiscal aid of this year's plans, cumulative; other sources and earlier years apart."""
    section = Section("funds")
    alloc, arr, paid = (r.money[code].of() for code in ("alloc", "arr", "paid"))
    livelihood = sum((y for _s, good, _l, y in r.allocated_by_use if good), Decimal(0))
    near = sum(
        (y for _s, _g, level, y in r.allocated_by_use if level in COUNTY_AND_BELOW), Decimal(0)
    )
    industry = sum(
        (y for sector, _g, _l, y in r.allocated_by_use if sector == Sector.IND), Decimal(0)
    )
    for code, part, whole, formula in (
        ("livelihood_share", livelihood, alloc, "alloc[is_livelihood] / alloc"),
        ("county_below_share", near, alloc, "alloc[spend_level in county, town, village] / alloc"),
        ("industry_share", industry, alloc, "alloc[sector = IND] / alloc"),
        ("paid_of_arrived", paid, arr, "paid / arr"),
    ):
        section.add(code, "percent", rate(part, whole), of=(part, whole), formula=formula)
    for code in ("livelihood_target", "county_below_target"):
        target = one_decimal(Decimal(r.setting(code)))
        section.add(code, "percent", str(target), formula="setting that applies at T")
    section.add(
        "idle",
        "yuan",
        yuan(max(arr - alloc, Decimal(0))),
        of=(arr, alloc),
        formula="arr - alloc, if > 0",
    )
    taken = r.money_taken_over
    if taken.projects:
        section.note(
            "money_taken_over",
            projects=str(taken.projects),
            allocated_yuan=yuan(taken.allocated_yuan),
            paid_yuan=yuan(taken.paid_yuan),
        )
    section.table("by_region", REGION_COLUMNS, _by_region(r))
    section.table("by_source", [(code, "yuan") for code in MONEY], _by_source(r))
    section.table(
        "by_sector",
        [
            ("alloc", "yuan"),
            ("share", "percent"),
            ("paid", "yuan"),
            ("projects_planned", "projects"),
        ],
        _by_sector(r, alloc),
    )
    return section


def _cells(r: Reckoning, **where: Any) -> list[Value]:
    plan, arr, alloc, paid = (r.money[code].of(**where) for code in MONEY)
    arr_month = arr - r.money_before["arr"].of(**where)
    paid_month = paid - r.money_before["paid"].of(**where)
    return [
        yuan(plan), yuan(arr), yuan(alloc), yuan(paid),
        rate(arr, plan), rate(alloc, plan), rate(paid, alloc),
        yuan(arr_month), yuan(paid_month),
    ]  # fmt: skip


def _by_region(r: Reckoning) -> list[dict[str, Any]]:
    """Programme, prefecture, county; a prefecture's sum holds its own plans and its counties'.

    A prefecture that has nothing of its own and a single county gives way to the county: the sum
    would only repeat it, and the nodes of the code (市辖区) that hold one county are no places.
    """
    tree: dict[str, dict[str, set[str]]] = {}
    regions: dict[str, Region] = {}
    for pairing in r.pairings_of_the_year:
        regions[pairing.recipient.code] = pairing.recipient
        tree.setdefault(pairing.programme.code, {})
    moved = {cell for money in _shown(r) for cell in money.sums if cell.source in AID}
    missing = {cell.recipient for cell in moved} - set(regions)
    for region in Region.objects.filter(code__in=missing).select_related("parent"):
        regions[region.code] = region
    places = {(p.programme.code, p.recipient.code) for p in r.pairings_of_the_year}
    places |= {(cell.programme, cell.recipient) for cell in moved}
    for programme, code in sorted(places):
        region = regions[code]
        at_county = region.level == RegionLevel.COUNTY and region.parent is not None
        prefecture = region.parent.code if at_county and region.parent else region.code
        tree.setdefault(programme, {}).setdefault(prefecture, set()).add(code)
    rows = []
    for programme, prefectures in sorted(tree.items()):
        rows.append(row(programme, _cells(r, programme=programme), kind="programme"))
        for prefecture, codes in sorted(prefectures.items()):
            own = {prefecture} & codes
            shown = [*(own if _moved(r, programme, prefecture) else ()), *sorted(codes - own)]
            if shown != [*own] and len(shown) == 1:
                cells = _cells(r, programme=programme, recipients=shown)
                rows.append(row(shown[0], cells, kind="county", depth=1))
                continue
            cells = _cells(r, programme=programme, recipients=codes)
            rows.append(row(prefecture, cells, kind="prefecture", depth=1))
            for code in shown if len(codes) > 1 else ():
                kind = "own" if code == prefecture else "county"
                cells = _cells(r, programme=programme, recipients=[code])
                rows.append(row(code, cells, kind=kind, depth=2))
    rows.append(row("total", _cells(r), kind="total"))
    carried = r.carried_over
    rows.append(
        row(
            "carry_over",
            [
                None,
                yuan(carried["arr"]),
                yuan(carried["alloc"]),
                yuan(carried["paid"]),
                *[None] * 5,
            ],
            kind="carry_over",
        )
    )
    return rows


def _shown(r: Reckoning) -> list[Money]:
    """The sums behind the table: what was struck out since last month leaves the month negative."""
    return [*r.money.values(), r.money_before["arr"], r.money_before["paid"]]


def _moved(r: Reckoning, programme: str, code: str) -> bool:
    return any(money.of(programme=programme, recipients=[code]) for money in _shown(r))


def _by_source(r: Reckoning) -> list[dict[str, Any]]:
    rows = [row(s.value, _sums(r, [s.value])) for s in AID]
    rows.append(row("aid", _sums(r, AID), kind="subtotal"))
    for source in Source:
        if source in AID:
            continue
        if source in WITHOUT_A_PLAN:
            own = r.money["alloc"].of(sources=[source.value])
            rows.append(row(source.value, [None, None, yuan(own), None]))
        else:
            rows.append(row(source.value, _sums(r, [source.value])))
    return rows


def _sums(r: Reckoning, sources: Any) -> list[Value]:
    return [yuan(r.money[code].of(sources=sources)) for code in MONEY]


def _by_sector(r: Reckoning, alloc: Decimal) -> list[dict[str, Any]]:
    by_sector: dict[str, Decimal] = {}
    for sector, _good, _level, amount in r.allocated_by_use:
        by_sector[sector] = by_sector.get(sector, Decimal(0)) + amount
    projects: dict[str, int] = {}
    for project in r.planned_projects.values():
        projects[project.sector] = projects.get(project.sector, 0) + 1
    rows = [
        row(
            sector.value,
            [
                yuan(by_sector.get(sector.value, Decimal(0))),
                rate(by_sector.get(sector.value, Decimal(0)), alloc),
                yuan(r.paid_by_sector.get(sector.value, Decimal(0))),
                str(projects.get(sector.value, 0)),
            ],
        )
        for sector in Sector
    ]
    paid = sum(r.paid_by_sector.values(), Decimal(0))
    total = [yuan(alloc), rate(alloc, alloc), yuan(paid), str(len(r.planned_projects))]
    return [*rows, row("total", total, kind="total")]
