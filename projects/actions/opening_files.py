"""Taking over a whole ledger from a CSV file: every row, or none and all that is wrong with it.

``COLUMNS`` must be there; of ``MAY_BE_THERE`` and the columns of money what the ledger knows. Per
source of money there is a column with its amount, and where it is paid through this ledger one with
what was paid (``PROV``, ``PROV_paid``), in yuan; a heading that ends in ``(万元)`` is in ten
thousand yuan. A month for a day means its first day where something begins and its last where it
ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from assistance.actions.organisations import implementing_unit
from assistance.csv_files import read_rows
from assistance.errors import Refused
from assistance.models import Pairing, Programme, Region, User
from assistance.models.regions import RegionLevel
from assistance.partial_dates import PATTERN, first_day, last_day
from assistance.table_rows import Faults, Row, first_uses
from projects.actions.openings import take_over
from projects.models import Mode, Sector, Source, SpendLevel
from projects.models.funds import PAID_THROUGH_THE_LEDGER
from projects.models.history import Nature
from projects.models.road import TAKEN_OVER_AT

COLUMNS = (
    "programme", "county", "fiscal_year", "name", "sector", "stage", "nature", "year",
    "physical_pct",
)  # fmt: skip
TEXTS = ("place", "content", "responsible_person", "office_phone", "linkage", "contract_no",
         "livelihood_reason", "remarks")  # fmt: skip
COUNTS = ("beneficiary_households", "beneficiary_persons", "lifted_persons", "monitored_persons")
TRUTHS = ("is_livelihood", "forms_asset", "needs_tender")
BEGINS, ENDS = ("planned_start", "actual_start"), ("planned_end", "actual_end")
MAY_BE_THERE = (
    "donor", "row", "implementing_unit", *TEXTS, *COUNTS, *TRUTHS, *BEGINS, *ENDS,
    "mode", "spend_level",
)  # fmt: skip
MONEY = (
    *Source.values, *(f"{source}_paid" for source in PAID_THROUGH_THE_LEDGER), "total",
    "contract_yuan",
)  # fmt: skip
LARGE_UNITS = ("(万元)", "（万元）")
IN_YUAN = re.compile(r"[0-9]{1,16}(\.[0-9]{1,2})?")
IN_LARGE_UNITS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")
PER_CENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,2})?")
YEAR = re.compile(r"[12][0-9]{3}")
COUNT = re.compile(r"[0-9]{1,9}")
# Where the verb speaks of something that has another heading here.
HEADINGS = {"total_investment_yuan": "total", "shares": "", "as_of": "", "source_file": ""}
Told = Callable[[int, int], None]


@transaction.atomic
def take_over_file(
    path: Path, *, as_of: date, by: User, now: datetime, told: Told | None = None
) -> int:
    """Enter an opening for every row of a ledger as it stood on ``as_of``; returns how many.

    BrokenFile names everything that is wrong in the file; then nothing was written.
    PermissionDenied where ``by`` takes nothing over. ``told`` hears after each row how many of how
    many are read.
    """
    if not by.has_perm("projects.add_opening"):
        raise PermissionDenied
    faults = Faults()
    headings = [column + unit for column in MONEY for unit in ("", *LARGE_UNITS)]
    rows = read_rows(path, COLUMNS, faults, optional=(*MAY_BE_THERE, *headings))
    for row, earlier in first_uses(rows, "county", "fiscal_year", "name"):
        row.wrong("name", f"this project stands in line {earlier} already; remove one")
    for number, row in enumerate(rows, start=1):
        enter = partial(take_over, as_of=as_of, source_file=path.name, by=by, now=now)
        _take_over_row(row, enter, as_of=as_of, by=by)
        if told:
            told(number, len(rows))
    if not rows and not faults.count:
        faults.add(path.name, 1, "", "holds no project; add a row for each")
    faults.refuse()
    return len(rows)


def _take_over_row(row: Row, enter: Callable[..., Any], *, as_of: date, by: User) -> None:
    """One row; what does not fit is noted, also what the verb says."""
    before = row.faults.count
    given = _read(row)
    tie = _tie(row, as_of, by)
    if row.faults.count > before or tie is None:
        return
    pairing, county = tie
    try:
        with transaction.atomic():
            if "implementing_unit" in given:
                unit = given["implementing_unit"]
                given["implementing_unit"] = implementing_unit(unit, county=county, by=by)
            enter(pairing=pairing, county=county, **given)
    except Refused as refusal:
        row.wrong("name" if refusal.code == "project_is_there" else "", str(refusal))
    except ValidationError as refusal:
        for field, sentences in refusal.message_dict.items():
            heading = HEADINGS.get(field, field)
            column = heading if heading in row.cells or heading in MONEY else ""
            row.wrong(column, " ".join(sentences))


# ------------------------------------------------------------------------------------ the cells


def _read(row: Row) -> dict[str, Any]:
    """What the row says, as the verb asks for it; blank cells say nothing."""
    given: dict[str, Any] = {
        "fiscal_year": _number(row, "fiscal_year", form=YEAR, example="2021"),
        "name": row.text("name", longest=120),
        "sector": row.one_of("sector", Sector.values),
        "stage": row.one_of("stage", TAKEN_OVER_AT),
        "nature": row.one_of("nature", Nature.values),
        "year": _number(row, "year", form=YEAR, example="2021"),
        "physical_pct": _per_cent(row),
        "shares": _shares(row),
        # the line of the file itself, where the ledger's own row is not named
        "source_row": _number(row, "row", form=COUNT, example="41")
        if row.cells.get("row")
        else row.line,
    }
    for column, reads in READS.items():
        if row.cells.get(column):
            given[column] = reads(row, column)
    for column, name in (("total", "total_investment_yuan"), ("contract_yuan", "contract_yuan")):
        found = _money(row, column)
        if found is not None:
            given[name] = found
    return given


def _shares(row: Row) -> list[dict[str, Any]]:
    shares = []
    for source in Source.values:
        amount = _money(row, source)
        paid = _money(row, f"{source}_paid") if source in PAID_THROUGH_THE_LEDGER else None
        if amount:
            shares.append({"source": source, "amount_yuan": amount, "paid_yuan": paid})
        elif paid and not _headings_of(row, source):
            row.wrong(f"{source}_paid", f"money was paid of {source}, which has no amount; add it")
    return shares


def _money(row: Row, column: str) -> Decimal | None:
    """The amount in yuan; None where the ledger names none. Ten thousand yuan are kept to two
    decimals, as ledgers have them.
    """
    named = _headings_of(row, column)
    if not named:
        return None
    if len(named) > 1:
        row.wrong(named[1], f"the amount stands under {named[0]} already; keep one of them")
        return None
    [heading] = named
    found = row[heading]
    if heading == column:
        if IN_YUAN.fullmatch(found):
            return Decimal(found)
        row.wrong(heading, f"{found!r} is no amount; write yuan as 4189400.00")
    else:
        if IN_LARGE_UNITS.fullmatch(found):
            return Decimal(found).quantize(Decimal("0.01"), ROUND_HALF_UP) * 10_000
        row.wrong(heading, f"{found!r} is no amount; write ten thousand yuan as 418.94")
    return None


def _headings_of(row: Row, column: str) -> list[str]:
    """Under which of its headings an amount stands."""
    return [
        heading
        for heading in (column, *(column + unit for unit in LARGE_UNITS))
        if row.cells.get(heading)
    ]


def _per_cent(row: Row) -> Decimal | None:
    found = row["physical_pct"]
    if PER_CENT.fullmatch(found):
        return Decimal(found)
    row.wrong("physical_pct", f"{found!r} is no percentage; write 0 to 100, without a sign")
    return None


def _number(row: Row, column: str, *, form: re.Pattern[str], example: str) -> int | None:
    if form.fullmatch(row[column]):
        return int(row[column])
    row.wrong(column, f"{row[column]!r} is no number of this kind; write for example {example}")
    return None


def _day(row: Row, column: str) -> date | None:
    found = row[column]
    reads = first_day if column in BEGINS else last_day
    try:
        if len(found) >= len("2021-03") and re.fullmatch(PATTERN, found):
            return reads(found)
    except ValueError:
        pass
    row.wrong(column, f"{found!r} is no day; write 2021-03-15, or 2021-03 for the month")
    return None


# How a column that may be there is read.
READS: dict[str, Callable[[Row, str], Any]] = {
    **dict.fromkeys(("implementing_unit", *TEXTS), Row.__getitem__),
    **dict.fromkeys((*BEGINS, *ENDS), _day),
    **dict.fromkeys(COUNTS, partial(_number, form=COUNT, example="2078")),
    **dict.fromkeys(TRUTHS, Row.truth),
    "mode": partial(Row.one_of, allowed=Mode.values),
    "spend_level": partial(Row.one_of, allowed=SpendLevel.values),
}


# ------------------------------------------------------------------------------------ the places


def _tie(row: Row, as_of: date, by: User) -> tuple[Pairing, Region] | None:
    """The county, and the pairing of the programme that helped it on the day."""
    county = _county(row)
    if not Programme.objects.filter(code=row["programme"]).exists():
        known = ", ".join(Programme.objects.values_list("code", flat=True))
        row.wrong("programme", f"{row['programme']!r} is not known; write one of: {known}")
        return None
    if county is None:
        return None
    donor = row.cells.get("donor", "")
    own = Pairing.objects.visible_to(by).helping(county, row["programme"], as_of, donor=donor)
    if len(own) == 1:
        return own[0], county
    if not own:
        row.wrong(
            "county",
            f"{county.code} has no pairing of {row['programme']} on {as_of}"
            f"{f' with {donor}' if donor else ''}; enter the pairing first, or correct the row",
        )
    else:
        donors = ", ".join(f"{pairing.donor.code} {pairing.donor.name_zh}" for pairing in own)
        row.wrong("donor", f"several help this county; name the one that is meant: {donors}")
    return None


def _county(row: Row) -> Region | None:
    asked = row["county"]
    counties = Region.objects.filter(level=RegionLevel.COUNTY)
    found = list(counties.filter(code=asked) if asked.isdigit() else counties.filter(name_zh=asked))
    if asked and len(found) == 1:
        return found[0]
    if found:
        codes = ", ".join(region.code for region in found)
        row.wrong("county", f"several counties are called {asked!r}; write the code: {codes}")
    else:
        row.wrong("county", f"{asked!r} is no county that is known; write its name or its code")
    return None
