"""The relay's log proves that a message was taken, that it was not, or nothing."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from reporting.relay_log import Found, look_up

AT = datetime.fromisoformat("2026-11-10T09:05:00+08:00")
WANTED = "<abc@example.org>"


def line(seconds: float, program: str, said: str, *, stamp: str = "") -> str:
    stamp = stamp or (AT + timedelta(seconds=seconds)).isoformat()
    return f"{stamp} relay {program}[7]: {said}\n"


BEFORE = line(-60, "postfix/smtpd", "connect from desk[10.0.0.2]")
ARRIVES = line(1, "postfix/cleanup", f"4F1A2: message-id={WANTED}")
TAKEN = line(2, "postfix/qmgr", "4F1A2: from=<d@example.org>, size=9, nrcpt=1 (queue active)")
LOST = line(3, "postfix/smtpd", "lost connection after DATA (12 bytes) from desk[10.0.0.2]")
OTHER = line(4, "postfix/cleanup", "4F1A2: message-id=<other@example.org>")
OTHER_TAKEN = line(5, "postfix/qmgr", "4F1A2: from=<d@example.org>, size=9, nrcpt=1 (queue active)")
OLD_STYLE = line(1, "postfix/smtpd", "disconnect", stamp="Nov 10 09:06:00")


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        pytest.param([BEFORE, ARRIVES, TAKEN], Found.TAKEN, id="taken"),
        pytest.param([ARRIVES, TAKEN], Found.TAKEN, id="taken, whenever the log began"),
        pytest.param([BEFORE, ARRIVES, LOST], Found.ABSENT, id="began and was cut short"),
        pytest.param([BEFORE, LOST], Found.ABSENT, id="never began"),
        pytest.param([BEFORE, ARRIVES, LOST, OTHER, OTHER_TAKEN], Found.ABSENT, id="id used again"),
        pytest.param([ARRIVES, LOST], Found.UNKNOWN, id="the log begins too late"),
        pytest.param([BEFORE], Found.UNKNOWN, id="the log ends too early"),
        pytest.param([OLD_STYLE, OLD_STYLE], Found.UNKNOWN, id="time stamps without a year"),
        pytest.param([], Found.UNKNOWN, id="empty"),
        pytest.param(["\0\xff garbage\n", BEFORE, LOST], Found.ABSENT, id="garbage"),
    ],
)
def test_a_log_proves(tmp_path: Path, lines: list[str], found: Found) -> None:
    log = tmp_path / "mail.log"
    log.write_text("".join(lines), encoding="utf-8")
    assert look_up(log, {WANTED: AT}) == {WANTED: found}


def test_instances_and_submission_are_understood(tmp_path: Path) -> None:
    log = tmp_path / "mail.log"
    log.write_text(
        line(1, "postfix-out/submission/cleanup", f"3xYz9: message-id={WANTED}")
        + line(2, "postfix-out/qmgr", "3xYz9: from=<d@example.org>, size=9, nrcpt=1 (queue active)")
    )
    assert look_up(log, {WANTED: AT}) == {WANTED: Found.TAKEN}


def test_a_log_that_cannot_be_read_proves_nothing(tmp_path: Path) -> None:
    assert look_up(tmp_path / "none", {WANTED: AT}) == {WANTED: Found.UNKNOWN}
