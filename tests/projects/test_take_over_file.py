"""A whole ledger is taken over from a file: all of it, or nothing and every fault by its name."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.utils import translation

from assistance.errors import BrokenFile
from assistance.models import Organisation, Pairing
from assistance.roles import Role
from projects.actions import confirm_opening
from projects.actions.opening_files import take_over_file
from projects.models import Opening, Project, Source, Stage
from tests import factories as make

pytestmark = pytest.mark.django_db

AS_OF = date(2025, 12, 31)
COUNTY_NAME = f"演示地区{make.COUNTY}"
# As a county keeps its ledger: ten thousand yuan, months for days, blanks where it knows nothing.
PLAIN = {
    "row": "5", "programme": "demo_ew", "county": make.COUNTY, "donor": "", "fiscal_year": "2025",
    "year": "2025", "name": "演示·肉牛养殖基地", "place": "演示镇", "sector": "IND",
    "nature": "NEW",
    "stage": "COMPLETED", "implementing_unit": "演示县农业农村局", "total(万元)": "507.04",
    "PROV(万元)": "418.94", "PROV_paid(万元)": "335.15", "MATCH(万元)": "88.1",
    "planned_start": "2025-03", "planned_end": "2025-11-30", "content": "演示圈舍2297平方米",
    "beneficiary_households": "603", "beneficiary_persons": "2078", "lifted_persons": "90",
    "physical_pct": "100",
}  # fmt: skip
GOOD = (
    PLAIN,
    PLAIN | {"row": "6", "name": "演示·卫生院设备", "sector": "HEALTH", "county": COUNTY_NAME,
             "total(万元)": "", "PROV(万元)": "150.944", "PROV_paid(万元)": "0", "MATCH(万元)": "",
             "stage": "READY", "physical_pct": "0", "planned_start": "2025-05-15",
             "planned_end": "2025-10"},
    PLAIN | {"row": "7", "name": "演示 村组道路", "sector": "RURAL", "nature": "CONT",
             "total(万元)": "367.03", "PROV(万元)": "367.03", "MATCH(万元)": "",
             "PROV_paid(万元)": "183.51", "stage": "ACTIVE", "physical_pct": "60.5"},
)  # fmt: skip
BAD = (
    PLAIN | {"row": "41", "name": "演示·错误样例甲", "total(万元)": "100", "PROV(万元)": "120"},
    PLAIN | {"row": "42", "name": "演示·错误样例乙", "planned_start": "2025-13"},
    PLAIN | {"row": "43", "name": "演示·错误样例丙", "county": "不存在县"},
)


@pytest.fixture(autouse=True)
def tie() -> Pairing:
    return make.pairing()


def written(path: Path, *rows: dict[str, str], name: str = "演示台账.csv") -> Path:
    found = path / name
    with found.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return found


def load(path: Path, **options: Any) -> int:
    return take_over_file(path, as_of=AS_OF, by=make.hand(Role.CLERK), now=make.NOW, **options)


def faults_of(path: Path) -> list[tuple[int, str, str]]:
    with translation.override("en"), pytest.raises(BrokenFile) as broken:
        load(path)
    assert not Project.objects.exists()
    return [(fault.line, fault.column, fault.cause) for fault in broken.value.faults]


def test_every_row_of_a_good_ledger_waits_for_the_reviewer(tmp_path: Path, tie: Pairing) -> None:
    seen: list[tuple[int, int]] = []
    assert load(written(tmp_path, *GOOD), told=lambda *done: seen.append(done)) == 3
    assert seen == [(1, 3), (2, 3), (3, 3)]
    openings = list(Opening.objects.order_by("source_row").select_related("project"))
    assert [o.source for o in openings] == [f"演示台账.csv:{row}" for row in (5, 6, 7)]
    assert [o.stage for o in openings] == [Stage.COMPLETED, Stage.READY, Stage.ACTIVE]
    first, second, third = (opening.project for opening in openings)
    assert first.pairing == tie
    assert (first.aid_yuan, first.match_yuan) == (Decimal("4189400.00"), Decimal("881000.00"))
    share = openings[0].shares.get(source=Source.PROV)
    assert share.opening_paid_yuan == Decimal("3351500.00")
    assert first.implementing_unit == Organisation.objects.get(name_zh="演示县农业农村局")
    assert (first.planned_start, first.planned_end) == (date(2025, 3, 1), date(2025, 11, 30))
    assert first.beneficiary_persons == 2078
    assert (second.aid_yuan, second.planned_end) == (Decimal("1509400.00"), date(2025, 10, 31))
    assert openings[2].physical_pct == Decimal("60.5")
    assert third.county.code == make.COUNTY
    for opening in openings:
        confirm_opening(opening, by=make.hand(Role.REVIEWER), now=make.NOW)


def test_the_three_rows_that_must_be_refused_are_named_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    paid, aid, month, county = faults_of(written(tmp_path, *GOOD, *BAD))
    assert paid == (5, "", "Paid 3,351,500.00 yuan of 1,200,000.00: more than the share holds.")
    assert aid[:2] == (5, "total")
    assert "1,200,000.00 yuan) is more than the total investment (1,000,000.00)" in aid[2]
    assert month == (6, "planned_start",
                     "'2025-13' is no day; write 2021-03-15, or 2021-03 for the month")  # fmt: skip
    assert county[:2] == (7, "county")
    assert county[2] == "'不存在县' is no county that is known; write its name or its code"
    assert not Organisation.objects.filter(name_zh="演示县农业农村局").exists()


def test_a_ledger_is_not_taken_over_twice(tmp_path: Path) -> None:
    path = written(tmp_path, *GOOD)
    load(path)
    with translation.override("en"), pytest.raises(BrokenFile) as broken:
        load(path)
    assert [(fault.line, fault.column) for fault in broken.value.faults] == [
        (2, "name"), (3, "name"), (4, "name"),
    ]  # fmt: skip
    assert all("already: EW2025" in fault.cause for fault in broken.value.faults)
    assert Project.objects.count() == 3


@pytest.mark.parametrize(
    ("cell", "column", "cause"),
    [
        ({"fiscal_year": "21"}, "fiscal_year", "'21' is no number"),
        ({"name": ""}, "name", "is blank"),
        ({"sector": "产业"}, "sector", "is not known; write one of: IND"),
        ({"stage": "DRAFT"}, "stage", "is not known; write one of: APPROVED"),
        ({"nature": "新建"}, "nature", "is not known"),
        ({"physical_pct": "100%"}, "physical_pct", "without a sign"),
        ({"physical_pct": "99"}, "physical_pct", "100%"),
        ({"PROV(万元)": "4,189"}, "PROV(万元)", "is no amount; write ten thousand yuan"),
        ({"PROV(万元)": ""}, "PROV_paid", "which has no amount"),
        ({"PROV_paid(万元)": "418.95"}, "", "more than the share holds"),
        ({"lifted_persons": "2079"}, "", "lifted out of poverty"),
        ({"beneficiary_persons": "-1"}, "beneficiary_persons", "is no number"),
        ({"planned_end": "2025"}, "planned_end", "2021-03 for the month"),
        ({"planned_end": "2025-02-29"}, "planned_end", "is no day"),
        ({"planned_end": "2025-02"}, "", "planned end lies before"),
        ({"programme": "x"}, "programme", "write one of: demo_ew"),
        ({"donor": "x"}, "county", "no pairing of demo_ew on 2025-12-31 with x"),
        ({"county": make.OTHER_COUNTY}, "county", "is no county that is known"),
        ({"row": "A7"}, "row", "is no number"),
        ({"year": "2024"}, "year", "between the fiscal year"),
    ],
)
def test_a_cell_that_cannot_be_taken_over_is_named(
    tmp_path: Path, cell: dict[str, str], column: str, cause: str
) -> None:
    [(line, at, said)] = faults_of(written(tmp_path, PLAIN | cell))
    assert (line, at) == (2, column)
    assert cause in said


def test_rows_that_repeat_each_other_are_named(tmp_path: Path) -> None:
    found = faults_of(written(tmp_path, PLAIN, PLAIN))
    assert (3, "name", "this project stands in line 2 already; remove one") in found


def test_a_donor_is_named_where_several_help_the_county(tmp_path: Path) -> None:
    make.pairing(donor=make.OTHER_DONOR)
    [(line, column, cause)] = faults_of(written(tmp_path, PLAIN))
    assert (line, column) == (2, "donor")
    assert make.DONOR in cause
    load(written(tmp_path, PLAIN | {"donor": make.OTHER_DONOR}))
    assert Project.objects.get().pairing.donor.code == make.OTHER_DONOR


def test_amounts_in_yuan_and_in_large_units_are_not_mixed_in_one_cell(tmp_path: Path) -> None:
    both = PLAIN | {"PROV": "4189400.00"}
    [(_line, column, cause)] = faults_of(written(tmp_path, both))
    assert (column, "under PROV already" in cause) == ("PROV(万元)", True)
    yuan = {k: v for k, v in PLAIN.items() if "万元" not in k} | {"PROV": "4189400.55"}
    load(written(tmp_path, yuan))
    assert Project.objects.get().aid_yuan == Decimal("4189400.55")


def test_a_file_without_rows_or_with_a_foreign_column_is_named(tmp_path: Path) -> None:
    [(line, column, cause)] = faults_of(written(tmp_path, PLAIN | {"备注": "x"}))[:1]
    assert (line, column) == (1, "备注")
    assert "is not a column" in cause
    empty = written(tmp_path, PLAIN)
    empty.write_text(empty.read_text(encoding="utf-8").splitlines()[0], encoding="utf-8")
    assert "holds no project" in faults_of(empty)[0][2]


def test_only_a_clerk_takes_a_ledger_over(tmp_path: Path) -> None:
    with pytest.raises(PermissionDenied):
        take_over_file(
            written(tmp_path, PLAIN), as_of=AS_OF, by=make.user_with(Role.P_EDIT), now=make.NOW
        )


# ---------------------------------------------------------------------------------- the command


def command(path: Path, by: str) -> None:
    with time_machine.travel(make.NOW):
        call_command("take_over", str(path), "--as-of", "2025-12-31", "--by", by)


def test_the_command_says_how_far_it_is_and_what_comes_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make.hand(Role.CLERK)
    command(written(tmp_path, *GOOD), by=make.hand(Role.CLERK).username)
    assert capsys.readouterr().out.splitlines() == [
        "3 of 3 rows read",
        "3 projects entered as of 2025-12-31; a reviewer confirms them",
    ]


def test_the_command_names_faults_and_strangers(tmp_path: Path) -> None:
    clerk, path = make.hand(Role.CLERK).username, written(tmp_path, *BAD)
    with pytest.raises(CommandError, match="line 3, column planned_start") as told:
        command(path, by=clerk)
    assert str(told.value).endswith("Nothing was taken over.")
    with pytest.raises(CommandError, match="There is no account 'nobody'"):
        command(path, by="nobody")
    with pytest.raises(CommandError, match="takes nothing over"):
        command(path, by=make.hand(Role.REVIEWER).username)
    with pytest.raises(CommandError, match="cannot be read"):
        command(tmp_path / "missing.csv", by=clerk)
