"""``python -m deploy.local.mailbox``: SMTP on one listening socket, the page on another.

Both sockets are opened by the supervisor and inherited, so their ports stay the same when the
mailbox is started again.
"""

import argparse
import asyncio
import socket
import threading
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.mailbox.letters import keep
from deploy.local.mailbox.page import Page

LARGEST = 50 * 1024 * 1024  # bytes


class Slot:
    """Where letters drop in."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    async def handle_DATA(  # noqa: N802 - the name aiosmtpd looks for
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep the mail on disk, and only then say that it was taken."""
        content = envelope.original_content or b""
        recipients = [str(recipient) for recipient in envelope.rcpt_tos]
        keep(self.directory, content, recipients=recipients, now=datetime.now(UTC))
        return "250 2.0.0 kept"


async def take_mail(listening: socket.socket, directory: Path) -> None:
    """Serve SMTP until the process ends."""
    loop = asyncio.get_running_loop()

    def conversation() -> SMTP:
        return SMTP(
            Slot(directory),
            hostname="mailbox",
            enable_SMTPUTF8=True,
            data_size_limit=LARGEST,
            loop=loop,
        )

    server = await loop.create_server(conversation, sock=listening)
    await server.serve_forever()


def show_mail(listening: socket.socket, directory: Path) -> None:
    """Serve the page from a thread of its own."""
    page = type("PageOfDirectory", (Page,), {"directory": directory})
    server = ThreadingHTTPServer(("127.0.0.1", 0), page, bind_and_activate=False)
    server.socket.close()
    server.socket = listening
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--smtp", type=int, required=True, help="file descriptor that listens")
    parser.add_argument("--page", type=int, required=True, help="file descriptor that listens")
    chosen = parser.parse_args()
    show_mail(socket.socket(fileno=chosen.page), chosen.directory)
    asyncio.run(take_mail(socket.socket(fileno=chosen.smtp), chosen.directory))


if __name__ == "__main__":
    main()
