"""The reference files: what they hold, that loading twice changes nothing, how they are refused."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from assistance.actions.reference import DIRECTORY, load_reference
from assistance.errors import MOST_FAULTS_SHOWN, BrokenFile, Fault
from assistance.models import Pairing, Programme, Region
from assistance.models.regions import Confidence

pytestmark = pytest.mark.django_db


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A copy of the reference files that a test may break."""
    for name in ("regions.csv", "pairings.csv"):
        shutil.copy(DIRECTORY / name, tmp_path / name)
    return tmp_path


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    call_command("load_reference", *arguments)
    return capsys.readouterr().out


def line_of(path: Path, beginning: str) -> int:
    """The line of the one row that begins so; the header is line 1."""
    lines = path.read_text(encoding="utf-8").splitlines()
    [found] = [number for number, line in enumerate(lines, 1) if line.startswith(beginning)]
    return found


def faults_of(directory: Path) -> list[Fault]:
    with pytest.raises(BrokenFile) as broken:
        load_reference(directory)
    return broken.value.faults


def test_the_files_hold_the_published_figure_with_confidence_and_basis() -> None:
    load_reference()
    counted = Region.objects.filter(counted_in_headline=True)
    assert Counter(counted.values_list("level", flat=True)) == {
        "province": 8,
        "prefecture": 11,
        "county": 47,
    }
    assert Region.objects.count() == 129
    assert Pairing.objects.count() == 87
    assert Programme.objects.count() == 8
    assert not Region.objects.filter(name_zh="").exists()
    assert not Region.objects.filter(name_en="").exists()
    assert not Region.objects.filter(basis="").exists()
    assert not Pairing.objects.filter(basis="").exists()
    assert set(Region.objects.values_list("confidence", flat=True)) == set(Confidence.values)


def test_of_the_47_counties_23_are_paired_in_mid_2021_and_one_start_is_unknown() -> None:
    load_reference()
    counted = Pairing.objects.in_force_on(date(2021, 6, 30)).filter(
        recipient__level="county", recipient__counted_in_headline=True
    )
    assert len(set(counted.values_list("recipient", flat=True))) == 23
    assert counted.filter(starts_on=None).count() == 1


def test_partial_dates_stay_partial_and_mean_their_first_and_last_day() -> None:
    load_reference()
    ended = Pairing.objects.get(recipient__code="522600", donor__code="330100")
    assert (ended.since, ended.until) == ("2013-02", "2021-04")
    assert (ended.starts_on, ended.ends_on) == (date(2013, 2, 1), date(2021, 4, 30))
    open_ended = Pairing.objects.get(recipient__code="659000")
    assert (open_ended.since, open_ended.starts_on) == ("2010", date(2010, 1, 1))
    assert (open_ended.until, open_ended.ends_on) == ("", None)


def test_only_the_programmes_of_assistance_carry_aid() -> None:
    load_reference()
    aid = Programme.objects.filter(carries_aid=True).values_list("code", flat=True)
    assert set(aid) == {
        "counterpart_support", "east_west", "mountain_sea", "northern_anhui", "three_gorges",
    }  # fmt: skip


def test_loading_twice_changes_nothing_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert "129 regions, 87 pairings: 224 added, 0 changed" in printed(capsys)
    before = [list(model.objects.order_by("pk").values()) for model in (Region, Pairing, Programme)]
    assert "129 regions, 87 pairings: 0 added, 0 changed" in printed(capsys)
    assert before == [
        list(model.objects.order_by("pk").values()) for model in (Region, Pairing, Programme)
    ]


def test_what_the_office_edited_stays_until_it_asks_for_the_file(
    capsys: pytest.CaptureFixture[str],
) -> None:
    load_reference()
    Region.objects.filter(code="513301").update(basis="checked by us", counted_in_headline=False)
    Pairing.objects.filter(recipient__code="522632").update(since="2013-05")
    out = printed(capsys)
    assert "0 added, 0 changed" in out
    assert "kept as edited here: region 513301 (counted_in_headline, basis)" in out
    assert "kept as edited here: pairing east_west 330122 -> 522632 (since)" in out
    assert Region.objects.get(code="513301").basis == "checked by us"
    assert "0 added, 2 changed" in printed(capsys, "--update")
    assert Region.objects.get(code="513301").counted_in_headline
    assert Pairing.objects.get(recipient__code="522632").since == ""


def test_a_tie_that_the_office_split_is_left_alone() -> None:
    load_reference()
    found = Pairing.objects.get(recipient__code="513301")
    Pairing.objects.filter(pk=found.pk).update(until="2023-12-31")
    Pairing.objects.create(
        programme=found.programme, donor=found.donor, recipient=found.recipient, since="2024-01-01"
    )
    loaded = load_reference(update=True)
    assert loaded.added == loaded.changed == 0
    assert "split into 2 spells" in loaded.kept[0]


def test_a_row_that_was_missing_is_added(files: Path) -> None:
    load_reference()
    with (files / "regions.csv").open("a", encoding="utf-8") as out:
        out.write("513301001,演示乡,Demo Township,township,513301,false,low,test\n")
    assert load_reference(files).added == 1
    township = Region.objects.get(code="513301001")
    assert township.parent is not None
    assert township.parent.code == "513301"


Change = Callable[[str], str]


def replaced(old: str, new: str) -> Change:
    def change(text: str) -> str:
        assert text.count(old) == 1, old
        return text.replace(old, new)

    return change


KANGDING = "513301,康定市,Kangding City,county,513300,true,high"
ZHAOHUA = "east_west,330105,510811,2021-04,,true,high"


@pytest.mark.parametrize(
    ("file", "change", "where", "cause"),
    [
        ("regions.csv", replaced("513323,丹巴县", "51332,丹巴县"),
         ("51332,", "code"), "6, 9 or 12 digits"),
        ("regions.csv", replaced("513323,丹巴县", "513400,丹巴县"),
         ("513400,丹巴县", "code"), "not the code of a county"),
        ("regions.csv", replaced("513323,丹巴县", "513301,丹巴县"),
         ("513301,丹巴县", "code"), "already"),
        ("regions.csv", replaced(KANGDING, KANGDING.replace("county", "town")),
         ("513301,", "level"), "'town' is not known; write one of: province, prefecture"),
        ("regions.csv", replaced(KANGDING, KANGDING.replace("513300", "519900")),
         ("513301,", "parent_code"), "519900 is not in this file"),
        ("regions.csv", replaced(KANGDING, KANGDING.replace("513300", "510800")),
         ("513301,", "parent_code"), "does not lie in 510800: it would begin with 5108"),
        ("regions.csv", replaced(KANGDING, KANGDING.replace("513300", "510000")),
         ("513301,", "parent_code"), "510000 is no prefecture"),
        ("regions.csv", replaced(KANGDING, KANGDING.replace(",513300", ",")),
         ("513301,", "parent_code"), "is blank; write the code of the prefecture above"),
        ("regions.csv", replaced("Sichuan Province,province,", "Sichuan Province,province,500000"),
         ("510000,", "parent_code"), "a province lies in no other region"),
        ("regions.csv", replaced(KANGDING, KANGDING.replace("true", "yes")),
         ("513301,", "counted_in_headline"), "'yes' is not known; write one of: true, false"),
        ("regions.csv", replaced(KANGDING, KANGDING.replace("high", "sure")),
         ("513301,", "confidence"), "write one of: high, medium, low"),
        ("regions.csv", replaced("康定市", "  "), ("513301,", "name_zh"), "is blank; fill it in"),
        ("regions.csv", replaced("Kangding City", "K" * 121),
         ("513301,", "name_en"), "has 121 characters; shorten it to 120"),
        ("pairings.csv", replaced(ZHAOHUA, ZHAOHUA.replace("east_west", "eastwest")),
         ("eastwest,", "programme"), "'eastwest' is not known"),
        ("pairings.csv", replaced(ZHAOHUA, ZHAOHUA.replace("330105", "330199")),
         ("east_west,330199,", "donor_code"), "'330199' is not in regions.csv"),
        ("pairings.csv", replaced(ZHAOHUA, ZHAOHUA.replace("510811", "330105")),
         ("east_west,330105,330105", "recipient_code"), "donor and recipient are the same"),
        ("pairings.csv", replaced(ZHAOHUA, ZHAOHUA.replace("2021-04", "2021-13")),
         ("east_west,330105,510811", "since"), "'2021-13' is no partial date"),
        ("pairings.csv", replaced(ZHAOHUA, ZHAOHUA.replace("2021-04", "2021-02-29")),
         ("east_west,330105,510811", "since"), "there is no day 2021-02-29"),
        ("pairings.csv", replaced(ZHAOHUA, ZHAOHUA.replace("2021-04,", "2021-04,2020")),
         ("east_west,330105,510811", "until"), "2020 lies before since, 2021-04"),
        ("pairings.csv", replaced(ZHAOHUA, ZHAOHUA.replace("true", "1")),
         ("east_west,330105,510811", "donor_confirmed"), "write one of: true, false"),
        ("pairings.csv", lambda text: text + ZHAOHUA.replace("2021-04", "2023") + ",again\n",
         ("east_west,330105,510811,2023", "since"), "in force on days of line"),
    ],
)  # fmt: skip
def test_a_broken_cell_is_named_and_changes_nothing(
    files: Path, file: str, change: Change, where: tuple[str, str], cause: str
) -> None:
    path, (row, column) = files / file, where
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    [fault] = faults_of(files)
    assert (fault.file, fault.line, fault.column) == (file, line_of(path, row), column)
    assert cause in fault.cause
    assert not Region.objects.exists()
    assert not Programme.objects.exists()


def test_a_file_with_another_header_names_each_column(files: Path) -> None:
    path = files / "regions.csv"
    path.write_text(replaced("name_en", "nameEn")(path.read_text(encoding="utf-8")), "utf-8")
    found = {(f.line, f.column): f.cause for f in faults_of(files) if f.file == "regions.csv"}
    assert found == {
        (1, "name_en"): "is missing; add the column",
        (1, "nameEn"): "is not a column of this file; remove it",
    }


@pytest.mark.parametrize(
    ("encoding", "line", "cause"),
    [("utf-8-sig", 1, "byte order mark"), ("gb18030", 2, "is not UTF-8")],
)
def test_a_file_in_another_encoding_is_refused(
    files: Path, encoding: str, line: int, cause: str
) -> None:
    path = files / "regions.csv"
    path.write_text(path.read_text(encoding="utf-8"), encoding=encoding)
    first = faults_of(files)[-1]
    assert (first.file, first.line) == ("regions.csv", line)
    assert cause in first.cause


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("513399,演示县,Demo", "has 3 cells, the header 8"),
        ("", "is empty; remove the line"),
        ('513399,"演示"县,D,county,513300,false,low,x', "is not CSV"),
        ('513399,"演示县,D,county,513300,false,low,x', "is not CSV"),
    ],
)
def test_a_line_that_is_no_row_is_refused(files: Path, line: str, cause: str) -> None:
    with (files / "regions.csv").open("a", encoding="utf-8") as out:
        out.write(f"{line}\n")
    [fault] = faults_of(files)
    assert fault.line == 131
    assert cause in fault.cause


def test_the_line_is_counted_across_cells_of_several_lines(files: Path) -> None:
    path = files / "regions.csv"
    with path.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.reader(opened))
    rows[1][-1], rows[2][3] = "first\nsecond", "none"
    with path.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened, lineterminator="\n").writerows(rows)
    assert (4, "level") in {(fault.line, fault.column) for fault in faults_of(files)}


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert {str(fault) for fault in faults_of(tmp_path)} == {
        f"{name}, line 1: cannot be read: No such file or directory; check the path"
        for name in ("regions.csv", "pairings.csv")
    }


def test_all_faults_are_named_at_once_but_not_endlessly(files: Path) -> None:
    path = files / "regions.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",high,", ",sure,"), encoding="utf-8")
    with pytest.raises(CommandError) as refused:
        call_command("load_reference", "--from", str(files))
    lines = str(refused.value).splitlines()
    assert len(lines) == MOST_FAULTS_SHOWN + 2
    assert lines[0].startswith("regions.csv, line 2, column confidence: 'sure' is not known")
    assert lines[-2].startswith("... and ")
    assert lines[-1] == "Nothing was loaded."
    assert not Region.objects.exists()


def test_a_file_that_breaks_later_changes_nothing_of_what_is_there(files: Path) -> None:
    load_reference()
    before = list(Region.objects.order_by("pk").values())
    path = files / "regions.csv"
    text = replaced("Kangding City", "Kangding")(path.read_text(encoding="utf-8"))
    path.write_text(text + "999999,,,county,,,,\n", encoding="utf-8")
    with pytest.raises(BrokenFile):
        load_reference(files, update=True)
    assert list(Region.objects.order_by("pk").values()) == before
