"""The PDF: real text in both languages, demo on every page, and names that stay names."""

import copy
import time
from typing import Any

import pypdfium2
import pytest

from reporting.render import render
from reporting.render.pdf import drawable
from tests.reporting.sample import nothing, sample
from tests.reporting.test_render_mail import HOSTILE, LANGUAGES, renamed, without_spaces


def pages(payload: dict[str, Any], language: str) -> list[str]:
    """Return the text of each page."""
    document = pypdfium2.PdfDocument(render(payload, "pdf", language))
    try:
        return [page.get_textpage().get_text_bounded() for page in document]
    finally:
        document.close()


def shown(payload: dict[str, Any], language: str) -> str:
    """Return the text of all pages without spaces, which line breaks put anywhere."""
    return without_spaces("".join(pages(payload, language)))


def test_the_pages_hold_chinese_text_that_can_be_searched() -> None:
    found = pages(sample(), "zh-hans")
    assert 3 <= len(found) <= 6
    everything = without_spaces("".join(found))
    for part in (
        "关于2026年10月对口帮扶工作情况的汇总",
        "一、总体情况",
        "四、干部人才",
        "计划实施项目1022个",
        "黔东南苗族侗族自治州",
        "锦屏县",
        "以前年度结转",
        "188,145.68",
        "演示高原特色农牧产品加工及冷链仓储物流一体化示范项目1",
        "校核：一致",
    ):
        assert part in everything


def test_the_english_pages_are_english() -> None:
    everything = " ".join("".join(pages(sample(), "en")).split())
    assert "Summary of paired assistance, October 2026" in everything
    assert "an arrival rate of 91.3%" in everything
    assert not [mark for mark in everything if "\u3000" <= mark <= "\u9fff"]


@pytest.mark.parametrize(("language", "word"), [("zh-hans", "演示数据"), ("en", "Demodata")])
def test_every_page_says_demo_version_checksum_and_its_number(language: str, word: str) -> None:
    payload = sample()
    for number, page in enumerate(pages(payload, language), start=1):
        text = without_spaces(page)
        assert word in text
        assert payload["sha256"][:8] in text
        assert f"—{number}—" in text
    assert word not in shown(sample(demo=False), language)


def test_the_head_of_a_table_is_repeated_on_the_next_page() -> None:
    first, second = pages(sample(), "zh-hans")[:2]
    assert "本月拨付" in first
    assert "本月拨付" in second


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_printed_whole_and_stays_text(name: str, language: str) -> None:
    assert without_spaces(drawable(name)) in shown(renamed("east_west", name), language)


def test_what_no_font_draws_is_spelt_out() -> None:
    assert drawable("康定𬀩😀") == "康定𬀩[U+1F600]"
    assert "[U+1F600]" in shown(renamed("east_west", "康定😀"), "zh-hans")


def test_a_region_without_data_says_so() -> None:
    assert "截至2026年10月31日，本范围内无数据。" in shown(nothing(), "zh-hans")
    assert "Nothingisonrecordforthisscope" in shown(nothing(), "en")


def test_amounts_wider_than_their_column_do_not_run_into_each_other() -> None:
    payload = copy.deepcopy(sample())
    rows = payload["sections"][1]["tables"][0]["rows"]
    rows[0]["cells"][:4] = ["123456789012345.00"] * 4
    text = "".join(pages(payload, "zh-hans"))
    assert text.count("12,345,678,901.23") == 4
    assert "12,345,678,901.2312,345" not in text


def test_the_same_payload_gives_the_same_bytes_and_soon() -> None:
    first = render(sample(), "pdf", "zh-hans")
    payload = copy.deepcopy(sample())
    payload["version"] = 2  # another report, so that nothing of it is remembered
    began = time.perf_counter()
    second = render(payload, "pdf", "zh-hans")
    assert time.perf_counter() - began < 1  # seconds
    assert first != second
    assert render(sample(), "pdf", "zh-hans") == first


def test_the_date_of_the_file_is_the_cut_off() -> None:
    document = pypdfium2.PdfDocument(render(sample(), "pdf", "zh-hans"))
    try:
        assert document.get_metadata_value("CreationDate").startswith("D:20261110010000")
        assert document.get_metadata_value("Title") == "关于2026年10月对口帮扶工作情况的汇总"
    finally:
        document.close()
