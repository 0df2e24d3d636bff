"""The letters in the mailbox's directory, one file each."""

import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart
from email.parser import BytesHeaderParser
from pathlib import Path

NAME = re.compile(r"\d{8}T\d{6}\.\d{6}Z-[0-9a-f]{8}")


def keep(directory: Path, content: bytes, *, recipients: Sequence[str], now: datetime) -> Path:
    """Write one mail so that it is either wholly there or not at all, also through a power cut."""
    name = f"{now:%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(4)}"
    delivered = "".join(f"Delivered-To: {recipient}\r\n" for recipient in recipients)
    half = directory / f".{name}.half"
    with half.open("wb") as out:
        out.write(delivered.encode())
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    whole = half.rename(directory / f"{name}.eml")
    held = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(held)
    finally:
        os.close(held)
    return whole


@dataclass(frozen=True)
class Heading:
    """What the list shows of a letter."""

    name: str
    subject: str
    sender: str
    recipient: str


def headings(directory: Path, *, first: int, at_most: int) -> tuple[list[Heading], int]:
    """The newest letters, from the ``first``-th on, and how many there are in all."""
    names = sorted((path.stem for path in directory.glob("*.eml")), reverse=True)
    parser = BytesHeaderParser(policy=policy.default)
    found = []
    for name in names[first : first + at_most]:
        with (directory / f"{name}.eml").open("rb") as letter:
            found.append(_heading(name, parser.parse(letter)))
    return found, len(names)


def _heading(name: str, letter: EmailMessage) -> Heading:
    return Heading(
        name=name,
        subject=str(letter["Subject"] or ""),
        sender=str(letter["From"] or ""),
        recipient=str(letter["Delivered-To"] or letter["To"] or ""),
    )


@dataclass(frozen=True)
class Attachment:
    """A file that came with a letter; ``number`` counts the parts of the letter."""

    number: int
    filename: str
    size: int


class Letter:
    """One letter, read whole."""

    def __init__(self, directory: Path, name: str) -> None:
        """Read the letter; FileNotFoundError when there is none of this name."""
        if not NAME.fullmatch(name):
            raise FileNotFoundError(name)
        self.source = (directory / f"{name}.eml").read_bytes()
        self.message = message_from_bytes(self.source, policy=policy.default)
        self.heading = _heading(name, self.message)
        self.parts: list[MIMEPart] = list(self.message.walk())

    def text(self) -> str:
        """The text part, empty when there is none."""
        return self._body("plain")

    def html(self) -> str:
        """The HTML part, its ``cid:`` pictures pointing at the parts they name."""
        body = self._body("html")
        for number, part in enumerate(self.parts):
            if content_id := str(part["Content-ID"] or "").strip("<> "):
                body = body.replace(f"cid:{content_id}", f"parts/{number}")
        return body

    def attachments(self) -> list[Attachment]:
        """The files, in the order in which they were attached."""
        return [
            Attachment(number, part.get_filename() or f"part-{number}", len(self.content(number)))
            for number, part in enumerate(self.parts)
            if part.get_content_disposition() == "attachment"
        ]

    def content(self, number: int) -> bytes:
        """The bytes of one part; IndexError when there is none."""
        content = self.parts[number].get_payload(decode=True)
        return content if isinstance(content, bytes) else b""

    def _body(self, kind: str) -> str:
        part = self.message.get_body(preferencelist=(kind,))
        return str(part.get_content()) if part is not None else ""
