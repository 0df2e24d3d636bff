"""What goes over the line is a mail that every client can read and nobody can bend."""

from email.headerregistry import AddressHeader, DateHeader
from email.message import EmailMessage

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st
from pytest_django import Settings

from reporting.actions import mail
from reporting.letter import BadAddress, compose, envelope
from reporting.models import Format, OutgoingMail
from tests.reporting.mail_rows import CONTENT, NOW, edition, notice, reader, report, subscribe
from tests.reporting.relay import Taken

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]

HEADERS = {
    *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress"),
    *("Content-Language", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"),
}


def opened(row: OutgoingMail) -> EmailMessage:
    return Taken("", "", compose(row)).message


def test_a_report_has_text_html_and_its_attachments(settings: Settings) -> None:
    settings.MAIL_FROM = "结对协作 <desk@jiedui.example.org>"
    row = report(edition(), reader(name="演示·读者 “一”"))
    letter = opened(row)
    mixed = [part.get_content_type() for part in letter.iter_parts()]
    assert letter.get_content_type() == "multipart/mixed"
    assert mixed == [
        "multipart/alternative",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/pdf",
    ]
    text, html = next(iter(letter.iter_parts())).iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text.get_content().splitlines() == CONTENT[Format.TEXT].decode().splitlines()
    assert html.get_content().splitlines() == CONTENT[Format.HTML].decode().splitlines()
    assert [part.get_content() for part in letter.iter_attachments()] == [
        CONTENT[Format.XLSX],
        CONTENT[Format.PDF],
    ]
    assert letter["Subject"] == row.subject
    assert letter["Message-ID"] == row.message_id
    assert row.message_id.endswith("@jiedui.example.org>")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["List-Id"] == "<monthly.jiedui.example.org>"
    sender, to, sent = letter["From"], letter["To"], letter["Date"]
    assert isinstance(sender, AddressHeader)
    assert isinstance(to, AddressHeader)
    assert isinstance(sent, DateHeader)
    assert sender.addresses[0].display_name == "结对协作"
    assert to.addresses[0].display_name == "演示·读者 “一”"
    assert to.addresses[0].addr_spec == row.address
    assert sent.datetime == timezone.localtime(NOW)


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("zh-hans", "对口工作月报-2026-10.pdf"),
        ("en", "Monthly-report-on-pairing-assistance-2026-10.pdf"),
    ],
)
def test_attachments_are_called_what_the_report_is_called(language: str, name: str) -> None:
    row = report(edition(language=language), reader(), language=language, formats=["pdf"])
    (attachment,) = opened(row).iter_attachments()
    assert attachment.get_filename() == name


def test_a_later_version_says_so_in_its_name() -> None:
    row = report(edition(version=2), reader(), formats=["pdf"])
    (attachment,) = opened(row).iter_attachments()
    assert attachment.get_filename() == "对口工作月报-2026-10-v2.pdf"


def test_no_attachment_where_none_was_ordered() -> None:
    assert opened(report(edition(), reader(), formats=[])).get_content_type() == (
        "multipart/alternative"
    )


def test_every_attempt_sends_the_same_bytes() -> None:
    for row in (notice(reader()), report(edition(), reader())):
        assert compose(row) == compose(row)


def test_a_notice_ends_with_the_rules_of_every_mail() -> None:
    zh, en = (opened(notice(reader(language=language))) for language in ("zh-hans", "en"))
    assert "state secrets" in en.get_content()
    assert zh["Content-Language"] == "zh-hans"
    assert zh.get_content().startswith("演示内容")


def test_no_line_is_longer_than_a_relay_must_take() -> None:
    person = reader(name="演" * 60)
    about = edition()
    subscribe(person)
    rows = [
        report(about, person, subject="题" * 200),
        notice(person, subject="a" * 200, body="x" * 5000 + "\n" + "长" * 5000),
    ]
    for content in map(compose, rows):
        assert content.isascii()
        assert max(map(len, content.split(b"\r\n"))) <= 998
        assert b"\n" not in content.replace(b"\r\n", b"")


HOSTILE = st.text(
    st.sampled_from("ab演示:<>,;@\"'()\\.= \t\r\n\0\x85\u2028"),
    max_size=60,
)


@tries(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(subject=HOSTILE, name=HOSTILE, body=HOSTILE)
def test_nothing_that_people_type_adds_a_header(subject: str, name: str, body: str) -> None:
    person = reader(name="演示读者")
    person.name = name + "\r\nBcc: everybody@example.org"
    row = OutgoingMail(
        recipient=person,
        address="reader@example.org",
        language="en",
        subject="S\r\nBcc: everybody@example.org\r\n\r\n" + subject,
        body=body,
        message_id="<1@example.org>",
        created_at=NOW,
    )
    letter = opened(row)
    assert set(letter.keys()) == HEADERS
    assert [one.addr_spec for one in letter["To"].addresses] == ["reader@example.org"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "a@b",
        "a@example.org\r\nRCPT TO:<b@example.org>",
        "a@example.org> SIZE=1",
        "读者@example.org",
    ],
)
def test_what_is_no_address_goes_nowhere(address: str) -> None:
    with pytest.raises(BadAddress):
        envelope(address)


def test_a_domain_of_other_letters_is_written_in_ascii() -> None:
    assert envelope("reader@例子.中国") == "reader@xn--fsqu00a.xn--fiqs8s"


def test_a_bad_address_fails_the_mail_and_says_so() -> None:
    row = notice(reader(email="读者@example.org"))
    assert mail.send_due(lambda: NOW) == {"failed": 1}
    row.refresh_from_db()
    assert row.reply == mail.BAD_ADDRESS
