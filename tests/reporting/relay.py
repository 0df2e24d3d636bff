"""A mail relay that does exactly what a test tells it, right or wrong, and writes Postfix's log."""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

PATIENCE = 20.0  # seconds that a silent relay waits to be left


class Left(Exception):  # noqa: N818 - how a conversation ends
    """The other side is gone."""


@dataclass
class Taken:
    """One message that the relay answers for."""

    sender: str
    recipient: str
    content: bytes

    @property
    def message(self) -> EmailMessage:
        found = message_from_bytes(self.content, policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found


Answer = Callable[["Talk"], bytes | None]


def says(words: str) -> Answer:
    """Answer with these words."""
    return lambda _talk: words.encode() + b"\r\n"


def hangs(talk: Talk) -> None:
    """Say nothing until the other side gives up."""
    with contextlib.suppress(OSError):
        talk.line_is.settimeout(PATIENCE)
        while talk.line_is.recv(65536):
            pass
    raise Left


def stops_reading(talk: Talk) -> None:
    """Neither read nor say anything, so that the other side cannot send on."""
    talk.relay.closing.wait(PATIENCE)
    raise Left


def resets(talk: Talk) -> None:
    """Break the connection without a goodbye."""
    talk.line_is.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    talk.line_is.close()
    raise Left


def drips(words: str, *, every: float) -> Answer:
    """Answer one byte after the other, so many seconds apart."""

    def answer(talk: Talk) -> None:
        for byte in words.encode() + b"\r\n":
            time.sleep(every)
            talk.say(bytes([byte]))

    return answer


def in_turn(*answers: Answer) -> Answer:
    """The first answer at the first asking, and so on; the last one from then on."""
    left = iter([*answers[:-1], *itertools.repeat(answers[-1], 1000)])

    def answer(talk: Talk) -> bytes | None:
        return next(left)(talk)

    return answer


def by_recipient(refused: set[str]) -> Answer:
    """Refuse these recipients for good and take the others."""

    def answer(talk: Talk) -> bytes:
        return b"550 5.1.1 no such mailbox\r\n" if talk.recipient in refused else b"250 ok\r\n"

    return answer


class Talk:
    """One connection."""

    def __init__(self, relay: ScriptedRelay, line_is: socket.socket) -> None:
        self.relay, self.line_is = relay, line_is
        self.sender = self.recipient = ""
        self._read = b""

    def say(self, words: bytes) -> None:
        self.line_is.sendall(words)

    def answer(self, phase: str) -> bytes:
        """Answer as the script has it; return what was said where that is known."""
        said = (self.relay.script.get(phase) or PLAIN[phase])(self)
        if said:
            self.say(said)
        return said or b""

    def until(self, mark: bytes) -> bytes:
        while mark not in self._read:
            more = self.line_is.recv(65536)
            if not more:
                raise Left
            self._read += more
        found, _mark, self._read = self._read.partition(mark)
        return found + mark

    def hold(self) -> None:
        self.answer("banner")
        while True:
            said = self.until(b"\r\n").decode().strip()
            verb = said[:4].upper()
            if verb == "QUIT":
                self.say(b"221 bye\r\n")
                raise Left
            if verb == "MAIL":
                self.sender = said.partition("<")[2].rstrip(">")
            if verb == "RCPT":
                self.recipient = said.partition("<")[2].rstrip(">")
            if self.answer(verb).startswith(b"354"):
                self.take()

    def take(self) -> None:
        if "body" in self.relay.script:
            self.until(b"\r\n\r\n")
            self.answer("body")
        queue_id = self.relay.next_queue_id()
        try:
            head = self.until(b"\r\n\r\n")
            taken_id = message_from_bytes(head)["Message-ID"]
            self.relay.note("cleanup", f"{queue_id}: message-id={taken_id}")
            rest = b"" if self._read.startswith(b".\r\n") else self.until(b"\r\n.\r\n")
        except (Left, OSError):
            self.relay.note("smtpd", "lost connection after DATA from client")
            raise
        content = (head + rest.removesuffix(b".\r\n")).replace(b"\r\n..", b"\r\n.")
        answer = self.relay.script.get("dot") or PLAIN["dot"]
        refuses = getattr(answer, "refuses", False)
        if not refuses:
            self.relay.taken.append(Taken(self.sender, self.recipient, content))
            self.relay.note(
                "qmgr", f"{queue_id}: from=<{self.sender}>, size={len(content)}, nrcpt=1 (active)"
            )
        if said := answer(self):
            self.say(said)


def refuses(words: str) -> Answer:
    """Answer the final dot with a refusal: the message is not taken."""
    answer = says(words)
    answer.refuses = True  # type: ignore[attr-defined]  # read by Talk.take
    return answer


PLAIN: dict[str, Answer] = {
    "banner": says("220 relay ESMTP"),
    "EHLO": says("250-relay\r\n250 AUTH PLAIN LOGIN"),
    "HELO": says("250 relay"),
    "STAR": says("502 5.5.1 no TLS here"),
    "AUTH": says("235 2.7.0 signed in"),
    "MAIL": says("250 ok"),
    "RCPT": says("250 ok"),
    "RSET": says("250 ok"),
    "DATA": says("354 go ahead"),
    "dot": says("250 2.0.0 taken"),
}


@dataclass
class ScriptedRelay:
    """Listens on a port of its own; ``script`` says what differs from a plain relay, by phase:
    banner, EHLO, AUTH, MAIL, RCPT, DATA, body, dot, RSET.
    """

    log: Path
    script: dict[str, Answer] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self.closing = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVBUF, 65536
        )  # little is read ahead
        self._talks: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._queue_ids = itertools.count(0xA1000)
        self.note("master", "daemon started")
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        found: int = self._listening.getsockname()[1]
        return found

    @property
    def settings(self) -> dict[str, object]:
        return {"host": "127.0.0.1", "port": self.port, "user": "", "password": "", "tls": ""}

    def times_taken(self) -> Counter[str]:
        """How often each Message-ID was taken."""
        return Counter(taken.message["Message-ID"] for taken in self.taken)

    def next_queue_id(self) -> str:
        return f"{next(self._queue_ids):X}"

    def note(self, program: str, said: str) -> None:
        with self._lock, self.log.open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now(UTC).isoformat()} relay postfix/{program}[1]: {said}\n")

    def settled(self) -> None:
        """Wait until every conversation has ended."""
        for talk in self._talks:
            talk.join(PATIENCE)
            assert not talk.is_alive()

    def close(self) -> None:
        self.closing.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(PATIENCE)
        self.settled()

    def _serve(self) -> None:
        while True:
            try:
                line_is, _address = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            self.note("smtpd", "connect from client[127.0.0.1]")
            talk = threading.Thread(target=self._hold, args=[line_is], daemon=True)
            self._talks.append(talk)
            talk.start()

    def _hold(self, line_is: socket.socket) -> None:
        with line_is, contextlib.suppress(Left, OSError):
            line_is.settimeout(PATIENCE)
            Talk(self, line_is).hold()
        self.note("smtpd", "disconnect from client[127.0.0.1]")


@contextlib.contextmanager
def running(log: Path, **script: Answer) -> Iterator[ScriptedRelay]:
    """A relay for as long as the block lasts."""
    relay = ScriptedRelay(log, script=script)
    try:
        yield relay
    finally:
        relay.close()
