"""Everything that a reader sees is said in Chinese too, and says the same."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.conf import settings

ROOT = Path(settings.LOCALE_PATHS[0]).parent
FOLDER = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}
APPS = ("assistance", "projects", "teams", "reporting", "config")
IN_A_TEMPLATE = re.compile(r"{%\s*translate\s+\"([^\"]+)\"(?:\s+context\s+\"([^\"]+)\")?")
BLOCK = re.compile(
    r"{%\s*blocktranslate\b(?:(?!%}).)*%}(.*?)(?:{%\s*plural\s*%}.*?)?{%\s*endblocktranslate",
    re.DOTALL,
)
GAP = re.compile(r"{{\s*(\w+)\s*}}")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|{\w*}")


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    with (FOLDER / "django.po").open("rb") as file:
        return read_po(file, locale="zh_Hans")


def _said_in_code() -> Iterator[tuple[str, str | None]]:
    for app in APPS:
        found = extract_from_dir(ROOT / app, [("**.py", "python")], keywords=KEYWORDS)
        for _file, _line, said, _comments, context in found:
            yield (said[0] if isinstance(said, tuple) else said), context


def _said_in_templates() -> Iterator[tuple[str, str | None]]:
    for file in ROOT.glob("*/templates/**/*.html"):
        for said, context in IN_A_TEMPLATE.findall(file.read_text()):
            yield said, context or None
        for said in BLOCK.findall(file.read_text()):
            yield GAP.sub(r"%(\1)s", said), None


def test_every_sentence_of_the_code_is_in_the_catalogue(catalogue: Catalog) -> None:
    said = {*_said_in_code(), *_said_in_templates()}
    assert len(said) > 700
    assert [key for key in sorted(said, key=str) if catalogue.get(*key) is None] == []


def test_every_sentence_of_the_catalogue_is_translated_for_certain(catalogue: Catalog) -> None:
    empty = [m.id for m in catalogue if m.id and (m.fuzzy or not all(m.string or [""]))]
    assert empty == []


def test_a_translation_has_the_gaps_of_its_sentence(catalogue: Catalog) -> None:
    differing = [
        m.id
        for m in catalogue
        if isinstance(m.id, str)
        and m.id
        and set(PLACEHOLDER.findall(m.id)) != set(PLACEHOLDER.findall(str(m.string)))
    ]
    assert differing == []


def test_the_compiled_catalogue_is_that_of_the_sentences(catalogue: Catalog) -> None:
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = read_mo(file)
    assert _pairs(compiled) == _pairs(catalogue)


def _pairs(catalogue: Catalog) -> set[tuple[str, ...]]:
    """Context, sentence and translation, the plural forms one after the other."""
    return {
        (*_flat(m.context or ""), *_flat(m.id), "→", *_flat(m.string)) for m in catalogue if m.id
    }


def _flat(text: str | bytes | Iterable[str] | None) -> tuple[str, ...]:
    if isinstance(text, bytes):  # as a compiled catalogue keeps its contexts
        return (text.decode(),)
    return (text,) if isinstance(text, str) else tuple(text or ())
