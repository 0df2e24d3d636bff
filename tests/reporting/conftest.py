"""A relay of the test's own to send mail to."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from reporting import smtp
from tests.reporting.relay import ScriptedRelay


@pytest.fixture
def files(settings: Settings, tmp_path: Path) -> Path:
    """The directory of files, this test's own."""
    settings.FILES_DIR = tmp_path / "files"
    return tmp_path / "files"


@pytest.fixture
def relay(tmp_path: Path, settings: Settings, files: Path) -> Iterator[ScriptedRelay]:
    """The relay that mails go to; its script is the test's to write."""
    opened = ScriptedRelay(tmp_path / "relay.log")
    settings.SMTP = opened.settings
    settings.RELAY_LOG = ""
    yield opened
    opened.close()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deadlines of parts of a second."""
    for name, seconds in (("STEP", 0.6), ("TALK", 3.0), ("BODY", 0.6), ("LAST_WORD", 0.6)):
        monkeypatch.setattr(smtp, name, seconds)
