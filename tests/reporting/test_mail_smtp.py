"""Handing one message to a relay: in the clear, in TLS, signed in, and where it talks oddly."""

import asyncio
import contextlib
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from django.core.mail.utils import DNS_NAME

from reporting import smtp
from reporting.smtp import Relay, Verdict
from tests.reporting.relay import Answer, drips, refuses, running, says

CONTENT = b"Message-ID: <1@example.org>\r\nSubject: demo\r\n\r\n.dot\r\n..dots\r\nend"
ROUTE: dict[str, Any] = {"sender": "desk@example.org", "recipient": "reader@example.org"}


def nothing() -> None:
    """A commit that has nothing to do."""


class Slot:
    """Keeps what arrives at a real SMTP server."""

    def __init__(self) -> None:
        self.kept: list[Envelope] = []
        self.in_tls: list[bool] = []
        self.greeted_by: list[str] = []

    async def handle_DATA(  # noqa: N802  the name aiosmtpd looks for
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.kept.append(envelope)
        self.in_tls.append(session.ssl is not None)
        self.greeted_by.append(session.host_name or "")
        return "250 2.0.0 kept"


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SSLContext:
    """TLS for localhost by an authority that this test alone trusts."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("not run: no openssl on the PATH")
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert),
        ],
        check=True,
        capture_output=True,
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


def signs_in(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any
) -> AuthResult:
    right = LoginPassword(b"desk", b"demo-secret")
    return AuthResult(success=given == right, handled=False)


@contextlib.contextmanager
def real_server(slot: Slot, *, tls: SSLContext | None = None, **options: Any) -> Iterator[int]:
    """aiosmtpd in a thread; gives its port. ``tls``: from the first byte."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def begin() -> asyncio.Server:
        return await loop.create_server(
            lambda: SMTP(slot, hostname="localhost", loop=loop, **options), "127.0.0.1", 0, ssl=tls
        )

    async def end() -> None:
        server.close()
        others = asyncio.all_tasks(loop) - {asyncio.current_task(loop)}
        for other in others:
            other.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    server = asyncio.run_coroutine_threadsafe(begin(), loop).result(10)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def to(port: int, **changes: Any) -> dict[str, Any]:
    return {"host": "localhost", "port": port, "user": "", "password": "", "tls": ""} | changes


def test_a_real_server_gets_every_byte_as_it_was() -> None:
    slot = Slot()
    with real_server(slot) as port, Relay(to(port)) as relay:
        outcome = relay.hand_over(CONTENT, **ROUTE, commit=nothing)
    assert outcome.verdict is Verdict.TAKEN
    assert outcome.words == "250 2.0.0 kept"
    (kept,) = slot.kept
    assert kept.content == CONTENT + b"\r\n"
    assert (kept.mail_from, kept.rcpt_tos) == ("desk@example.org", ["reader@example.org"])


@pytest.mark.parametrize(
    ("name", "greeting"), [("desk.example.org", "desk.example.org"), ("desk", "[127.0.0.1]")]
)
def test_a_machine_without_a_full_name_greets_with_its_address(
    monkeypatch: pytest.MonkeyPatch, name: str, greeting: str
) -> None:
    monkeypatch.setattr(DNS_NAME, "get_fqdn", lambda: name)
    slot = Slot()
    with real_server(slot) as port, Relay(to(port)) as relay:
        relay.hand_over(CONTENT, **ROUTE, commit=nothing)
    assert slot.greeted_by == [greeting]


def test_starttls_and_sign_in(certificate: SSLContext) -> None:
    slot = Slot()
    with real_server(
        slot,
        tls_context=certificate,
        require_starttls=True,
        authenticator=signs_in,
        auth_required=True,
    ) as port:
        known = to(port, tls="starttls", user="desk", password="demo-secret")
        with Relay(known) as relay:
            assert relay.hand_over(CONTENT, **ROUTE, commit=nothing).verdict is Verdict.TAKEN
        with Relay(known | {"password": "another"}) as relay:
            refused = relay.hand_over(CONTENT, **ROUTE, commit=nothing)
        with Relay(known | {"user": ""}) as relay:
            unknown = relay.hand_over(CONTENT, **ROUTE, commit=nothing)
    assert slot.in_tls == [True]
    for outcome in (refused, unknown):
        assert (outcome.verdict, outcome.relay_is_away) == (Verdict.LATER, True)
    assert refused.words.startswith("535")
    assert unknown.words.startswith("530")


def test_tls_from_the_first_byte(certificate: SSLContext) -> None:
    slot = Slot()
    with real_server(slot, tls=certificate) as port, Relay(to(port, tls="implicit")) as relay:
        for _message in range(2):
            outcome = relay.hand_over(CONTENT, **ROUTE, commit=nothing)
            assert outcome.verdict is Verdict.TAKEN
    assert len(slot.kept) == 2


def test_a_certificate_of_somebody_else_ends_it(
    certificate: SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    slot = Slot()
    with (
        real_server(slot, tls_context=certificate) as port,
        Relay(to(port, tls="starttls")) as relay,
    ):
        outcome = relay.hand_over(CONTENT, **ROUTE, commit=nothing)
    assert (outcome.verdict, outcome.relay_is_away) == (Verdict.LATER, True)
    assert "certificate" in outcome.words.lower()
    assert slot.kept == []


def outcome_of(log: Path, **script: Answer) -> smtp.Outcome:
    """What one message comes to at a relay with this script."""
    with running(log, **script) as scripted, Relay(scripted.settings) as relay:
        return relay.hand_over(CONTENT, **ROUTE, commit=nothing)


def test_a_relay_without_tls_gets_nothing_where_tls_is_wanted(tmp_path: Path) -> None:
    with running(tmp_path / "log") as scripted:
        with Relay(scripted.settings | {"tls": "starttls"}) as relay:
            outcome = relay.hand_over(CONTENT, **ROUTE, commit=nothing)
        assert scripted.taken == []
    assert (outcome.verdict, outcome.relay_is_away) == (Verdict.LATER, True)


def test_what_is_said_before_tls_begins_is_not_believed(tmp_path: Path) -> None:
    with (
        running(tmp_path / "log", STAR=says("220 go\r\n250 injected")) as scripted,
        Relay(scripted.settings | {"tls": "starttls"}) as relay,
    ):
        outcome = relay.hand_over(CONTENT, **ROUTE, commit=nothing)
    assert outcome.words == "SMTPException: the relay spoke before TLS began"


def test_nobody_listens() -> None:
    with Relay(to(1)) as relay:
        outcome = relay.hand_over(CONTENT, **ROUTE, commit=nothing)
    assert (outcome.verdict, outcome.relay_is_away) == (Verdict.LATER, True)
    assert outcome.words.startswith("ConnectionRefusedError")


@pytest.mark.parametrize(
    ("script", "verdict", "away"),
    [
        pytest.param({"banner": says("554 5.3.2 closed")}, Verdict.LATER, True, id="banner 554"),
        pytest.param({"banner": says("SSH-2.0")}, Verdict.LATER, True, id="another protocol"),
        pytest.param({"EHLO": says("502 what")}, Verdict.TAKEN, False, id="HELO only"),
        pytest.param({"MAIL": says("530 5.7.0 sign in")}, Verdict.LATER, True, id="sign in first"),
        pytest.param({"MAIL": says("552 too big")}, Verdict.NEVER, False, id="55x at MAIL"),
        pytest.param({"MAIL": says("421 bye")}, Verdict.LATER, False, id="421 at MAIL"),
        pytest.param({"RCPT": says("251 forwarded")}, Verdict.TAKEN, False, id="251 at RCPT"),
        pytest.param({"RCPT": says("354 what")}, Verdict.LATER, False, id="354 at RCPT"),
        pytest.param({"DATA": says("250 what")}, Verdict.LATER, False, id="250 at DATA"),
        pytest.param({"dot": refuses("421 bye")}, Verdict.LATER, False, id="421 after the dot"),
        pytest.param({"dot": refuses("552 full")}, Verdict.NEVER, False, id="552 after the dot"),
        pytest.param({"dot": says("hello")}, Verdict.UNKNOWN, False, id="nonsense after the dot"),
        pytest.param({"dot": says("354 what")}, Verdict.UNKNOWN, False, id="354 after the dot"),
    ],
)
def test_odd_replies(
    tmp_path: Path, script: dict[str, Answer], verdict: Verdict, away: bool
) -> None:
    outcome = outcome_of(tmp_path / "log", **script)
    assert (outcome.verdict, outcome.relay_is_away) == (verdict, away)


def test_words_are_one_line_that_a_database_takes(tmp_path: Path) -> None:
    outcome = outcome_of(
        tmp_path / "log", RCPT=says("550-no\0body\r\n550-" + "x" * 2000 + "\r\n550 here")
    )
    assert outcome.verdict is Verdict.NEVER
    assert outcome.words.startswith("550 no body xxx")
    assert len(outcome.words) == 1000


def test_a_reply_without_end_ends(tmp_path: Path) -> None:
    outcome = outcome_of(tmp_path / "log", RCPT=says("250-more\r\n" * 200))
    assert outcome.words == "SMTPException: the reply does not end"


@pytest.mark.usefixtures("hurried")
def test_a_dripping_relay_gets_no_more_than_the_time_of_a_step(tmp_path: Path) -> None:
    began = time.monotonic()
    outcome = outcome_of(tmp_path / "log", RCPT=drips("250 " + "x" * 500, every=0.05))
    assert outcome.verdict is Verdict.LATER
    assert time.monotonic() - began < smtp.STEP + smtp.GOODBYE + 1


def test_what_the_caller_raises_stops_the_hand_over(tmp_path: Path) -> None:
    def refuse() -> None:
        raise LookupError("demo")

    with running(tmp_path / "log") as scripted:
        with Relay(scripted.settings) as relay, pytest.raises(LookupError):
            relay.hand_over(CONTENT, **ROUTE, commit=refuse)
        scripted.settled()
        assert scripted.taken == []


def test_a_connection_that_died_in_between_is_opened_again(tmp_path: Path) -> None:
    with running(tmp_path / "log", RSET=says("421 idle for too long")) as scripted:
        with Relay(scripted.settings) as relay:
            for _message in range(3):
                outcome = relay.hand_over(CONTENT, **ROUTE, commit=nothing)
                assert outcome.verdict is Verdict.TAKEN
        assert scripted.connections == 3
        assert len(scripted.taken) == 3
