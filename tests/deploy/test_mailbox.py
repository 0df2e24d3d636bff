"""The local mailbox keeps every mail whole and shows it without trusting it."""

import http.client
import smtplib
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest

from deploy.local.child import Child
from deploy.local.mailbox.letters import Letter, headings


@dataclass
class Mailbox:
    directory: Path
    smtp: int
    page: int

    def send(self, mail: EmailMessage) -> None:
        with smtplib.SMTP("127.0.0.1", self.smtp, timeout=10) as relay:
            relay.send_message(mail)

    def get(
        self, path: str, *, host: str = "127.0.0.1", language: str = "en"
    ) -> tuple[http.client.HTTPResponse, bytes]:
        asked = http.client.HTTPConnection("127.0.0.1", self.page, timeout=10)
        try:
            headers = {"Host": f"{host}:{self.page}", "Accept-Language": language}
            asked.request("GET", path, headers=headers)
            answer = asked.getresponse()
            return answer, answer.read()
        finally:
            asked.close()


@pytest.fixture(scope="module")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailbox]:
    directory = tmp_path_factory.mktemp("mailbox")
    with (
        socket.create_server(("127.0.0.1", 0)) as smtp,
        socket.create_server(("127.0.0.1", 0)) as page,
    ):
        child = Child(
            name="mailbox",
            command=[
                *(sys.executable, "-m", "deploy.local.mailbox", "--directory", str(directory)),
                *("--smtp", str(smtp.fileno()), "--page", str(page.fileno())),
            ],
            log=directory.with_suffix(".log"),
            inherits=[smtp.fileno(), page.fileno()],
        ).start()
        yield Mailbox(directory, smtp.getsockname()[1], page.getsockname()[1])
        child.end()


def letter(subject: str = "月报 <b>bold</b>") -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = subject, "Desk <desk@localhost>", "reader@localhost"
    mail["Message-ID"] = "<1@localhost>"
    mail.set_content("the text part")
    mail.add_alternative(
        "<p>the HTML part</p><script>steal()</script><img src='cid:chart'>", subtype="html"
    )
    mail.add_attachment(
        b"%PDF-1.7", maintype="application", subtype="pdf", filename='月报 "2026".pdf'
    )
    return mail


def newest(mailbox: Mailbox) -> str:
    return headings(mailbox.directory, first=0, at_most=1)[0][0].name


def test_an_empty_mailbox_says_so_in_the_reader_s_language(mailbox: Mailbox) -> None:
    answer, page = mailbox.get("/")
    assert answer.status == 200
    assert b'<html lang="en">' in page
    assert b"No mail has arrived yet." in page
    assert b'<html lang="zh-Hans">' in mailbox.get("/", language="zh-CN,zh;q=0.9")[1]


def test_a_mail_that_was_taken_is_a_whole_file(mailbox: Mailbox) -> None:
    mailbox.send(letter())
    kept = Letter(mailbox.directory, newest(mailbox))
    assert kept.message["Message-ID"] == "<1@localhost>"
    assert kept.message["Delivered-To"] == "reader@localhost"
    assert kept.text().strip() == "the text part"
    assert [(one.filename, one.size) for one in kept.attachments()] == [('月报 "2026".pdf', 8)]
    assert list(mailbox.directory.glob(".*")) == []


def test_the_list_and_the_letter_show_what_a_mail_says_as_text(mailbox: Mailbox) -> None:
    mailbox.send(letter())
    for path in ("/", f"/letters/{newest(mailbox)}"):
        answer, page = mailbox.get(path)
        assert answer.status == 200
        assert "月报 &lt;b&gt;bold&lt;/b&gt;".encode() in page
        assert b"<script" not in page
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


def test_the_html_part_stands_in_a_sandbox(mailbox: Mailbox) -> None:
    mailbox.send(letter())
    answer, page = mailbox.get(f"/letters/{newest(mailbox)}/html")
    policy = answer.headers["Content-Security-Policy"]
    assert "sandbox" in policy.split(";")[0]
    assert "allow-scripts" not in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert b"the HTML part" in page


def test_an_attachment_is_downloaded_under_its_own_name(mailbox: Mailbox) -> None:
    mailbox.send(letter())
    name = newest(mailbox)
    (attachment,) = Letter(mailbox.directory, name).attachments()
    answer, content = mailbox.get(f"/letters/{name}/parts/{attachment.number}")
    assert content == b"%PDF-1.7"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "attachment; filename*=UTF-8''%E6%9C%88" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize(
    "path",
    [
        "/letters/..%2f..%2fsecret_key",
        "/letters/../secret_key",
        "/letters/20260101T000000.000000Z-00000000",
        "/?first=many",
        "/nowhere",
    ],
)
def test_what_is_not_there_is_not_found(mailbox: Mailbox, path: str) -> None:
    assert mailbox.get(path)[0].status == 404


def test_another_site_cannot_read_the_mailbox_through_a_browser(mailbox: Mailbox) -> None:
    assert mailbox.get("/", host="evil.example.org")[0].status == 421


def test_the_language_is_remembered(mailbox: Mailbox) -> None:
    answer, _page = mailbox.get("/language/zh-hans")
    assert answer.status == 303
    assert answer.headers["Set-Cookie"].startswith("language=zh-hans;")


def test_many_letters_are_shown_in_pages(mailbox: Mailbox) -> None:
    with smtplib.SMTP("127.0.0.1", mailbox.smtp, timeout=10) as relay:
        for number in range(60):
            relay.send_message(letter(f"number {number}"))
            time.sleep(0.0001)
    first = mailbox.get("/")[1]
    assert first.count(b"<tr><td>") == 50
    assert b'href="/?first=50"' in first
    assert b"number 59" in first
    assert b"number 5<" in mailbox.get("/?first=50")[1]
