"""The mail a leader opens: complete, plain to see what it is, and with nothing to fetch or run."""

import copy
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from reporting.render import render, subject
from tests.reporting.sample import nothing, sample

LANGUAGES = ("zh-hans", "en")
HOSTILE = (
    "=cmd|' /C calc'!A1",
    "<script>alert(1)</script>",
    '"><img src=http://evil.example/x.png>',
    '#let x = 1; #read("/etc/passwd") $x^2$ *bold* \\ @ref <label>',
    "{{ report }} {% load x %} {plan}",
    "龘靐齉𬀩䶮",
    "名" * 60,
)


class Page(HTMLParser):
    """Collects the tags, the attributes and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag and its attributes."""
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data


def html(payload: dict[str, Any], language: str) -> Page:
    """Return the HTML mail, parsed."""
    return Page(render(payload, "html", language).decode())


def text(payload: dict[str, Any], language: str) -> str:
    """Return the text mail."""
    return render(payload, "txt", language).decode()


def without_spaces(written: str) -> str:
    """Return text without its spaces and line breaks."""
    return re.sub(r"\s", "", written)


def renamed(key: str, name: str) -> dict[str, Any]:
    """Return the sample with one name changed in both languages."""
    payload = copy.deepcopy(sample())
    payload["labels"][key] = {"zh-hans": name, "en": name}
    return payload


def test_the_subject_names_the_month_the_day_and_that_it_is_a_demo() -> None:
    real = sample(demo=False)
    assert subject(real, "zh-hans") == "【对口工作】2026年10月月报(数据截至10月31日)"
    assert (
        subject(real, "en")
        == "[Paired assistance] Monthly report, October 2026 (data to 31 October)"
    )
    assert subject(sample(), "zh-hans") == "[演示]" + subject(real, "zh-hans")
    assert subject(sample(), "en") == "[DEMO]" + subject(real, "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_subject_stays_one_line_whatever_the_region_is_called(language: str) -> None:
    payload = renamed("513300", "甘孜\r\nBcc: a@b.example")
    payload["scope"] = {"kind": "recipient", "region": "513300"}
    line = subject(payload, language)
    assert "甘孜 Bcc" in line
    assert not re.search(r"[\r\n]", line)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("payload", [sample(), nothing()], ids=["full", "nothing"])
def test_the_mail_fetches_nothing_and_runs_nothing(payload: dict[str, Any], language: str) -> None:
    page = html(payload, language)
    assert not {"script", "img", "link", "iframe", "style", "form", "a"} & set(page.tags)
    names = {name for name, _ in page.attributes}
    assert not {"src", "href", "srcset", "background"} & names
    assert not [name for name in names if name.startswith("on")]
    assert not [value for _, value in page.attributes if value and "url(" in value]
    assert "table" in page.tags


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_shown_whole_and_stays_text(name: str, language: str) -> None:
    payload = renamed("east_west", name)
    page = html(payload, language)
    assert name in page.text
    assert page.tags == html(sample(), language).tags
    assert name in text(payload, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_name_of_two_lines_takes_one(language: str) -> None:
    assert "第一行 第二行" in text(renamed("east_west", "第一行\n第二行"), language)


def test_the_chinese_mail_follows_the_skeleton() -> None:
    shown = html(sample(demo=False), "zh-hans").text
    headings = [
        shown.index(part) for part in ("一、总体情况", "二、资金", "三、项目", "四、干部人才")
    ]
    assert headings == sorted(headings)
    for part in (
        "关于2026年10月对口帮扶工作情况的汇总",
        "数据截至2026年10月31日24时",
        "第1版",
        "自动生成，未经核稿",
        "计划实施项目1022个",
        "比上月提高4.3个百分点",
        "新建项目803个，开工712个，开工率88.7%",
        "在岗61人（党政35人，专技26人）",
        "按期完工率—",
        "校核：一致",
        "部分数据因四舍五入，合计与分项可能不等。",
        "本邮件不得转发至互联网邮箱。严禁处理国家秘密。",
        "严禁存储、处理、传输国家秘密",
    ):
        assert part in shown
    assert "演示" not in shown.replace("演示高原", "").replace("演示村道", "")


def test_the_english_mail_has_no_chinese_in_it() -> None:
    page = html(sample(), "en")
    assert not re.search(r"[\u3000-\u9fff]", page.text)
    assert "CNY 1,881.46 million" in page.text
    assert not re.search(r"[\u3000-\u9fff]", text(sample(), "en"))


@pytest.mark.parametrize(("language", "word"), [("zh-hans", "演示数据"), ("en", "Demo data")])
def test_a_demo_says_so_at_the_top_and_at_the_end(language: str, word: str) -> None:
    for shown in (html(sample(), language).text, text(sample(), language)):
        found = [match.start() for match in re.finditer(word, shown)]
        assert len(found) >= 2
    assert text(sample(), language).startswith(word)
    assert word not in html(sample(demo=False), language).text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_checksum_is_shown_by_its_first_eight_digits(language: str) -> None:
    payload = sample()
    assert payload["sha256"][:8] in html(payload, language).text
    assert payload["sha256"][:9] not in html(payload, language).text


@pytest.mark.parametrize(
    ("change", "chinese", "english"),
    [
        ("-0.35", "比上月下降0.4个百分点", "down 0.4 percentage points"),
        ("0.04", "与上月持平", "unchanged on last month"),
        (None, "拨付率53.6%。", "a payment rate of 53.6%."),
    ],
)
def test_the_payment_rate_says_which_way_it_went(
    change: str | None, chinese: str, english: str
) -> None:
    payload = copy.deepcopy(sample())
    for figure in payload["sections"][0]["figures"]:
        if figure["code"] == "payment_rate_change":
            figure["value"] = change
    assert chinese in text(payload, "zh-hans")
    assert english in text(payload, "en")


def test_a_broken_partition_shouts() -> None:
    payload = copy.deepcopy(sample())
    payload["sections"][2]["tables"][0]["control"] = {"sum": "96", "total": "102", "holds": False}
    assert "校核：不一致（分项之和96，合计102）" in text(payload, "zh-hans")
    assert "the stages add up to 96, the total is 102" in text(payload, "en")


def test_a_region_without_data_says_so_and_keeps_its_zeros() -> None:
    payload = nothing()
    assert "受援地：甘孜藏族自治州" in text(payload, "zh-hans")
    assert "截至2026年10月31日，本范围内无数据。" in html(payload, "zh-hans").text
    assert "Nothing is on record for this scope up to 31 October 2026." in text(payload, "en")
    assert "计划实施项目0个" in text(payload, "zh-hans")
    assert "到位率—" in text(payload, "zh-hans")
    assert "无数据" not in text(sample(), "zh-hans")


def test_a_long_table_leaves_the_counties_to_the_attachments_and_a_short_one_does_not() -> None:
    shown = text(sample(), "zh-hans")
    assert "黔东南苗族侗族自治州" in shown
    assert "锦屏县" not in shown
    assert "县级数据见附件" in shown
    payload = copy.deepcopy(sample())
    table = payload["sections"][1]["tables"][0]
    table["rows"] = table["rows"][:14]
    assert "康定市" in text(payload, "zh-hans").split("表2")[0]
    assert "县级数据见附件" not in text(payload, "zh-hans")


def test_what_a_prefecture_keeps_for_itself_is_told_from_its_sum() -> None:
    payload = copy.deepcopy(sample())
    table = payload["sections"][1]["tables"][0]
    table["rows"] = table["rows"][:14]
    table["rows"][2] |= {"key": "513300", "kind": "own"}
    assert "甘孜藏族自治州本级" in text(payload, "zh-hans")
    assert "Garze Tibetan Autonomous Prefecture, own level" in text(payload, "en")


def test_the_tables_of_the_text_mail_are_aligned() -> None:
    lines = text(sample(), "zh-hans").splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("表2"))
    ends = {
        sum(2 if ord(mark) > 0x2FFF else 1 for mark in line)
        for line in lines[start + 2 : start + 12]
    }
    assert len(ends) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_code_without_a_word_is_printed_as_it_stands(language: str) -> None:
    payload = copy.deepcopy(sample())
    payload["sections"][1]["notes"].append({"code": "later_note", "values": {}})
    payload["sections"].append({"code": "later_section", "figures": [], "tables": [], "notes": []})
    shown = text(payload, language)
    assert "later_note" in shown
    assert "later_section" in shown


def test_notes_speak_their_values() -> None:
    payload = copy.deepcopy(sample())
    payload["sections"][1]["notes"] = [
        {"code": "inferred_plans", "values": {"yuan": "856000000.00"}},
        {"code": "taken_over", "values": {"projects": "1"}},
    ]
    assert "其中8.56亿元资金计划所依据的县级档次为推断。" in text(payload, "zh-hans")
    assert "include 1 project taken over" in text(payload, "en")


@pytest.mark.parametrize("fmt", ["html", "txt"])
def test_the_same_payload_gives_the_same_mail(fmt: str) -> None:
    assert render(sample(), fmt, "zh-hans") == render(sample(), fmt, "zh-hans")


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="No report is printed as docx"):
        render(sample(), "docx", "en")
