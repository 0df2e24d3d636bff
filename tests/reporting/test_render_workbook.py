"""The workbook: what is read back is what the payload says, and nothing in it is live."""

import copy
import io
import re
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from assistance.sheets import UNWRITABLE
from reporting.render import Ledger, render, workbook
from tests.reporting.sample import nothing, sample
from tests.reporting.test_render_mail import HOSTILE, LANGUAGES, renamed

HEADER = 5  # the row of headings, counted from 1
LIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def opened(content: bytes) -> openpyxl.Workbook:
    """Return the workbook as openpyxl reads it."""
    return openpyxl.load_workbook(io.BytesIO(content))


def sheets(payload: dict[str, Any], language: str, *ledgers: Ledger) -> list[Worksheet]:
    """Return the sheets of a payload's workbook."""
    return list(opened(render(payload, "xlsx", language, ledgers)).worksheets)


def printed(sheet: Worksheet) -> tuple[str, str]:
    """Return what is printed at the right of a sheet's head and at the left of its foot."""
    assert sheet.oddHeader
    assert sheet.oddFooter
    return sheet.oddHeader.right.text or "", sheet.oddFooter.left.text or ""


def ledger(*rows: tuple[Any, ...]) -> Ledger:
    """Return a small ledger."""
    columns = [
        ("编号", "text"),
        ("金额", "yuan"),
        ("进度", "percent"),
        ("日期", "date"),
        ("户数", "entries"),
    ]
    return Ledger("projects", "项目台账", "单位：万元", columns, rows)


def expected(value: str | None, unit: str) -> Any:
    """Return what a cell must hold for a value of the payload."""
    if value is None:
        return "—"
    if unit == "date":
        return datetime.fromisoformat(value)
    if unit == "text":
        return value
    scale = {"yuan": 10_000, "percent": 100}.get(unit, 1)
    return pytest.approx(float(Decimal(value) / scale), abs=1e-9)


def tables(payload: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return the payload's tables in order."""
    for section in payload["sections"]:
        yield from section["tables"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_cell_of_every_table_equals_the_payload(language: str) -> None:
    payload = sample()
    found = sheets(payload, language)[1:]
    for sheet, table in zip(found, tables(payload), strict=True):
        for number, row in enumerate(table["rows"], start=HEADER + 1):
            cells = [cell.value for cell in sheet[number]][1 : 1 + len(row["cells"])]
            units = [column["unit"] for column in table["columns"]]
            names = payload["labels"]
            for cell, value, unit in zip(cells, row["cells"], units, strict=True):
                if unit == "text":
                    assert cell == names[value or row["key"]][language]
                else:
                    assert cell == expected(value, unit)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_summary_lists_every_figure(language: str) -> None:
    payload = sample()
    summary = sheets(payload, language)[0]
    figures = [figure for section in payload["sections"] for figure in section["figures"]]
    rows = summary.iter_rows(min_row=HEADER + 1, max_row=HEADER + len(figures), values_only=True)
    for figure, row in zip(figures, rows, strict=True):
        assert row[2] == expected(figure["value"], figure["unit"])
        assert row[1] != figure["code"]
        assert row[4] != figure["code"]


def test_calamine_reads_the_same_numbers() -> None:
    content = render(sample(), "xlsx", "zh-hans")
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    ours = opened(content)
    assert book.sheet_names == ours.sheetnames
    rows = book.get_sheet_by_index(1).to_python(skip_empty_area=False)
    assert rows[HEADER - 1][:3] == ["市州/县", "计划", "到位"]
    for number, row in enumerate(rows[HEADER:-4], start=HEADER + 1):
        read = [cell.value for cell in ours.worksheets[1][number]]
        assert [value or None for value in row] == [value or None for value in read]


def test_the_chinese_sheets_have_their_names_and_units() -> None:
    found = sheets(sample(), "zh-hans")
    assert [sheet.title for sheet in found][:3] == ["摘要", "资金（按市州、县）", "资金（按来源）"]
    assert found[1]["A4"].value == "单位：万元"
    assert [cell.value for cell in found[4][HEADER]][1:4] == ["前期准备", "招投标", "待开工"]
    assert all(len(sheet.title) <= 31 for sheet in sheets(sample(), "en"))


def test_numbers_and_dates_wear_their_formats() -> None:
    funds = sheets(sample(), "zh-hans")[1]
    assert funds["B6"].number_format == "#,##0.00"
    assert funds["F6"].number_format == "0.0%"
    late = sheets(sample(), "zh-hans")[6]
    assert late["D6"].is_date
    assert late["D6"].value == datetime(2026, 1, 15)  # noqa: DTZ001 - a sheet's dates have no zone


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sheet_can_be_filtered_printed_and_traced(language: str) -> None:
    payload = sample()
    for sheet in sheets(payload, language, ledger(("甲", Decimal(1), None, None, 1))):
        assert sheet.freeze_panes == "B6"
        assert sheet.auto_filter.ref.startswith(f"A{HEADER}:")
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.page_setup.fitToHeight == 0
        assert sheet.print_title_rows == f"${HEADER}:${HEADER}"
        assert payload["sha256"][:8] in printed(sheet)[1]
        assert "2026" in printed(sheet)[1]
        assert payload["sha256"][:8] in sheet["A2"].value


@pytest.mark.parametrize(("language", "word"), [("zh-hans", "演示数据"), ("en", "Demo data")])
def test_every_sheet_of_a_demo_says_so_on_screen_and_on_paper(language: str, word: str) -> None:
    given = ledger(("甲", Decimal(1), None, None, 1))
    for sheet in sheets(sample(), language, given):
        assert word in sheet["A3"].value
        assert word in printed(sheet)[0]
    for sheet in sheets(sample(demo=False), language, given):
        assert word not in sheet["A3"].value
        assert printed(sheet)[0] == ""


def test_a_ledger_keeps_types_blanks_and_fen() -> None:
    at = datetime(2026, 10, 31, 16, 30, tzinfo=UTC)  # past midnight in Shanghai
    sheet = sheets(
        sample(),
        "zh-hans",
        ledger(
            ("甲", Decimal("159993.26"), "92.3", date(2026, 3, 1), 0), ("乙", None, None, at, "")
        ),
    )[-1]
    assert sheet.title == "项目台账"
    assert [cell.value for cell in sheet[HEADER]] == ["编号", "金额", "进度", "日期", "户数"]
    first = [cell.value for cell in sheet[HEADER + 1]]
    assert first[0] == "甲"
    assert first[1] == pytest.approx(15.999326)
    assert first[2] == pytest.approx(0.923)
    assert first[3] == datetime(2026, 3, 1)  # noqa: DTZ001 - a sheet's dates have no zone
    assert first[4] == 0
    second = [cell.value for cell in sheet[HEADER + 2]]
    assert second == ["乙", None, None, datetime(2026, 11, 1), None]  # noqa: DTZ001 - the same


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "name",
    [
        *HOSTILE,
        *(f"{sign}1+1" for sign in LIVE),
        " =1+1",
        "<r><t>x</t></r>",
        "<r></f></r>",
        "http://evil.example/",
        "bell\x07 and \ud800",
        "😀",
    ],
)
def test_a_hostile_text_is_whole_and_no_formula_or_link(name: str, language: str) -> None:
    payload = renamed("east_west", name)
    works = payload["sections"][2]
    payload["sections"] = [{**works, "tables": works["tables"][1:2]}]  # the programmes, by name
    content = render(payload, "xlsx", language, [ledger((name, Decimal(1), None, None, 1))])
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        for part in parts.namelist():
            if part.endswith(".xml"):
                ET.fromstring(parts.read(part))  # a broken part raises
        for part in parts.namelist():
            if part.startswith("xl/worksheets/sheet"):
                assert not re.search(rb"<f[ >]|<hyperlink", parts.read(part))
    written = UNWRITABLE.sub(" ", name)
    found = opened(content).worksheets
    last = str(found[-1].cell(HEADER + 1, 1).value)
    assert last.removeprefix("'").replace("\r", "\n") == written.replace("\r", "\n")
    for sheet in found:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                if cell.data_type in {"s", "inlineStr"}:
                    assert not str(cell.value).lstrip(" ").startswith(LIVE)


def test_sheet_names_are_made_fit_and_told_apart() -> None:
    title = "项目[台账]:*?/\\'" + "长" * 40
    made = [Ledger(str(place), title, "", [("甲", "text")], [("x",)]) for place in range(3)]
    names = [sheet.title for sheet in sheets(sample(), "zh-hans", *made)][-3:]
    assert len(set(names)) == 3
    assert all(len(name) <= 31 and not re.search(r"[\[\]:*?/\\]", name) for name in names)


def test_a_ledger_too_long_for_a_sheet_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(workbook, "LAST_ROW", 20)
    short = Ledger("a", "短", "", [("甲", "text")], [("x",)])
    rows = Ledger("b", "长", "", [("甲", "text")], (("x",) for _ in range(30)))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert render(small(), "xlsx", "zh-hans", [short])
    with pytest.raises(ValueError, match="cannot hold more than 20 rows"):
        render(small(), "xlsx", "zh-hans", [rows])
    assert list(tmp_path.iterdir()) == []  # nothing half-written is left behind


def small() -> dict[str, Any]:
    """Return the sample without its sections."""
    return {**copy.deepcopy(sample()), "sections": []}


def test_a_long_text_makes_its_row_taller() -> None:
    sheet = sheets(sample(), "zh-hans", ledger(("长" * 200, None, None, None, None)))[-1]
    assert sheet.row_dimensions[HEADER + 1].height > sheet.row_dimensions[HEADER].height
    assert sheet.column_dimensions["A"].width < 60


def test_a_region_without_data_says_so() -> None:
    summary = sheets(nothing(), "zh-hans")[0]
    words = [row[0] for row in summary.iter_rows(values_only=True)]
    assert "截至2026年10月31日，本范围内无数据。" in words
    values = {row[1]: row[2] for row in summary.iter_rows(min_row=HEADER + 1, values_only=True)}
    assert values["计划援助资金"] == 0
    assert values["到位率"] == "—"


def test_the_same_payload_gives_the_same_bytes() -> None:
    given = ledger(("甲", Decimal(1), None, None, 1))
    first = render(sample(), "xlsx", "zh-hans", [given])
    assert render(sample(), "xlsx", "zh-hans", [given]) == first
    created = opened(first).properties.created
    assert created == datetime(2026, 11, 10, 1, 0)  # noqa: DTZ001 - openpyxl reads UTC without zone
