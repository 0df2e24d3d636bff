"""SMTP for one message to one recipient, with the moment between the go-ahead and the body in the
caller's hand.

``smtplib`` hides that moment and has one time-out per packet; here every step has a deadline for
all of its bytes, and the relay's replies come back as they were given (RFC 5321).
"""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Any, Self

from django.core.mail.utils import DNS_NAME

from reporting import faults

# Seconds. An attempt lasts TALK + BODY + LAST_WORD at most, well below the lease of a mail.
GOODBYE = 2.0
STEP = 45.0  # one command and its reply
TALK = 120.0  # everything before the body
BODY = 120.0
LAST_WORD = 120.0  # the reply to the final dot; the relay may look for viruses meanwhile

LONGEST_LINE = 8192  # bytes of a reply's line; RFC 5321 promises 512
MOST_LINES = 100
READY, DONE, WILL_FORWARD, WILL_TRY, GO_AHEAD, LEAVING = 220, 250, 251, 252, 354, 421
AUTHENTICATION_REQUIRED = 530  # RFC 4954: our settings are wrong, not the message
CHUNK = 65536  # bytes
TROUBLE = (OSError, smtplib.SMTPException, ValueError)  # ValueError: bytes that are no SMTP


class Verdict(Enum):
    """What became of one attempt."""

    TAKEN = "the relay answers for the message"
    LATER = "it was not taken; another attempt may succeed"
    NEVER = "it was not taken and will not be"
    UNKNOWN = "the final dot was sent and no reply came"


@dataclass(frozen=True)
class Outcome:
    """A verdict and the relay's words for it, or ours where the relay had none."""

    verdict: Verdict
    words: str
    relay_is_away: bool = False
    """The trouble is with the relay and not with this message: no other will fare better."""


class _Conversation(smtplib.SMTP):
    """The commands of ``smtplib`` over a socket that is already open, under our deadlines."""

    def __init__(self, opened: socket.socket, *, ends_at: float) -> None:
        super().__init__(local_hostname=_own_name(opened))
        self.sock = opened
        self.ends_at = ends_at
        self._read_ahead = b""

    def allow(self, seconds: float, *, at_most_until: float | None = None) -> None:
        """Give the next step so many seconds in all."""
        self.ends_at = time.monotonic() + seconds
        if at_most_until is not None:
            self.ends_at = min(self.ends_at, at_most_until)

    def _tighten(self) -> socket.socket:
        """Set what is left of the step as the socket's time-out."""
        left = self.ends_at - time.monotonic()
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("the connection is closed")
        if left <= 0:
            raise TimeoutError("timed out")
        self.sock.settimeout(left)
        return self.sock

    def send(self, s: Any) -> None:
        """Send text or bytes; OSError when the step's time is over or the connection breaks."""
        whole = memoryview(s.encode("ascii") if isinstance(s, str) else s)
        for start in range(0, len(whole), CHUNK):
            self._tighten().sendall(whole[start : start + CHUNK])

    def getreply(self) -> tuple[int, bytes]:
        """Read one reply; its code is -1 where it has none."""
        said: list[bytes] = []
        while len(said) < MOST_LINES:
            line = self._line()
            said.append(line[4:].strip())
            if not line[:3].isdigit():
                return -1, line
            if line[3:4] != b"-":
                return int(line[:3]), b"\n".join(said)
        raise smtplib.SMTPException("the reply does not end")

    def _line(self) -> bytes:
        while b"\n" not in self._read_ahead:
            more = self._tighten().recv(CHUNK)
            if not more:
                raise smtplib.SMTPServerDisconnected("the relay closed the connection")
            self._read_ahead += more
            if len(self._read_ahead) > LONGEST_LINE * MOST_LINES:
                raise smtplib.SMTPException("the reply does not end")
        line, _newline, self._read_ahead = self._read_ahead.partition(b"\n")
        return line.rstrip(b"\r")

    def secure(self, host: str) -> None:
        """Go on in TLS; ``smtplib.SMTPException`` where something was said before it began."""
        if self._read_ahead:  # an injected reply would otherwise be taken for the relay's own
            raise smtplib.SMTPException("the relay spoke before TLS began")
        self.sock = ssl.create_default_context().wrap_socket(self._tighten(), server_hostname=host)
        self.ehlo_resp = self.helo_resp = None
        self.esmtp_features, self.does_esmtp = {}, False


class _Ended(Exception):  # noqa: N818  an outcome, not a fault of the program
    """The attempt is over before its last word."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class Relay:
    """The mail relay of the settings; one connection serves as many messages as it lasts for."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self._conversation: _Conversation | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._conversation is not None:
            with contextlib.suppress(*TROUBLE):
                self._conversation.allow(GOODBYE)
                self._conversation.docmd("QUIT")
        self._hang_up()

    def hand_over(
        self, content: bytes, *, sender: str, recipient: str, commit: Callable[[], None]
    ) -> Outcome:
        """Hand ``content`` over for one recipient.

        ``commit`` is called when the relay is ready for the body and before its first byte; when
        it raises, the message is not handed over and the exception goes on to the caller. An
        outcome other than UNKNOWN is certain: only a final dot without a reply is UNKNOWN.
        """
        ends_at = time.monotonic() + TALK
        try:
            talk = self._ready(ends_at)
            self._announce(talk, sender=sender, recipient=recipient, ends_at=ends_at)
            faults.here("relay-ready")
            commit()
            faults.here("hand-over-committed")
            outcome = self._transfer(talk, _stuffed(content))
            faults.here("reply-read")
        except _Ended as end:
            outcome = end.outcome
        except BaseException:
            self._hang_up()
            raise
        if outcome.relay_is_away or outcome.verdict is Verdict.UNKNOWN:
            self._hang_up()
        return outcome

    def _ready(self, ends_at: float) -> _Conversation:
        """The connection, ready for MAIL: the one there is if it still answers, else a new one."""
        if self._conversation is not None:
            with contextlib.suppress(*TROUBLE):
                self._conversation.allow(STEP, at_most_until=ends_at)
                if self._conversation.docmd("RSET")[0] == DONE:
                    return self._conversation
            self._hang_up()
        try:
            return self._open(ends_at)
        except smtplib.SMTPResponseException as refusal:
            told = _readable(refusal.smtp_code, _bytes(refusal.smtp_error))
        except TROUBLE as trouble:
            told = _told(trouble)
        raise _Ended(Outcome(Verdict.LATER, told, relay_is_away=True))

    def _open(self, ends_at: float) -> _Conversation:
        """Connect, secure, greet and sign in; one of TROUBLE where any of it fails."""
        host, tls = self._settings["host"], self._settings["tls"]
        opened = socket.create_connection((host, self._settings["port"]), timeout=STEP)
        talk = self._conversation = _Conversation(opened, ends_at=ends_at)

        def step() -> None:
            talk.allow(STEP, at_most_until=ends_at)

        step()
        if tls == "implicit":
            talk.secure(host)
        _expect(READY, *talk.getreply())
        step()
        _greet(talk)
        if tls == "starttls":
            step()
            _expect(READY, *talk.docmd("STARTTLS"))
            talk.secure(host)
            step()
            _greet(talk)
        if self._settings["user"]:
            step()
            talk.login(self._settings["user"], self._settings["password"])
        return talk

    def _announce(
        self, talk: _Conversation, *, sender: str, recipient: str, ends_at: float
    ) -> None:
        """Say from whom and to whom, and wait for the go-ahead."""
        for command, wanted in (
            (f"MAIL FROM:<{sender}>", (DONE,)),
            (f"RCPT TO:<{recipient}>", (DONE, WILL_FORWARD, WILL_TRY)),
            ("DATA", (GO_AHEAD,)),
        ):
            try:
                talk.allow(STEP, at_most_until=ends_at)
                code, words = talk.docmd(command)
            except TROUBLE as trouble:
                raise self._broken_off(trouble) from trouble
            if code not in wanted:
                raise _Ended(self._refused(code, words))

    def _transfer(self, talk: _Conversation, body: bytes) -> Outcome:
        """Send the body and the final dot, and read the last word."""
        try:
            talk.allow(BODY)
            talk.send(body[: len(body) // 2])
            faults.here("half-sent")
            talk.send(body[len(body) // 2 :])
        except TROUBLE as trouble:  # without the dot there is no message
            raise self._broken_off(trouble) from trouble
        try:
            talk.allow(LAST_WORD)
            talk.send(b".\r\n")
            faults.here("dot-sent")
            code, words = talk.getreply()
        except TROUBLE as trouble:
            return Outcome(Verdict.UNKNOWN, _told(trouble))
        match code // 100:
            case 2:
                return Outcome(Verdict.TAKEN, _readable(code, words))
            case 4 | 5:
                return self._refused(code, words)
            case _:
                return Outcome(Verdict.UNKNOWN, _readable(code, words))

    def _refused(self, code: int, words: bytes) -> Outcome:
        told = _readable(code, words)
        match code // 100:
            case 5 if code == AUTHENTICATION_REQUIRED:
                return Outcome(Verdict.LATER, told, relay_is_away=True)
            case 5:
                return Outcome(Verdict.NEVER, told)
            case 4 if code != LEAVING:
                return Outcome(Verdict.LATER, told)
            case _:  # it is leaving, or what it says is no SMTP
                self._hang_up()
                return Outcome(Verdict.LATER, told)

    def _broken_off(self, trouble: Exception) -> _Ended:
        self._hang_up()
        return _Ended(Outcome(Verdict.LATER, _told(trouble)))

    def _hang_up(self) -> None:
        if self._conversation is not None:
            self._conversation.close()
            self._conversation = None


def _own_name(opened: socket.socket) -> str:
    """What to greet with: this machine's full name, or its address where it has none (RFC 5321,
    4.1.4).
    """
    name: str = DNS_NAME.get_fqdn()
    if "." in name:
        return name
    address = opened.getsockname()[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _greet(talk: _Conversation) -> None:
    if talk.ehlo()[0] != DONE:
        _expect(DONE, *talk.helo())


def _expect(wanted: int, code: int, words: bytes) -> None:
    if code != wanted:
        raise smtplib.SMTPResponseException(code, words)


def _bytes(error: bytes | str) -> bytes:
    return error if isinstance(error, bytes) else error.encode()


def _stuffed(content: bytes) -> bytes:
    """The body as it goes over the line: CRLF at every line's end, a dot before every leading dot
    (RFC 5321, 4.5.2).
    """
    lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n").split(b"\n")
    return b"".join((b"." + line if line.startswith(b".") else line) + b"\r\n" for line in lines)


def _readable(code: int, words: bytes) -> str:
    """A reply as one line of text that a database and a page can take."""
    said = " ".join(words.decode("utf-8", "replace").replace("\0", " ").split())
    return f"{code} {said}"[:1000] if code > 0 else said[:1000]


def _told(trouble: Exception) -> str:
    return _readable(-1, f"{type(trouble).__name__}: {trouble}".encode())
