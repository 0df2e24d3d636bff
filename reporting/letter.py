"""A mail as it goes over the line: RFC 5322 and MIME, the same bytes at every attempt."""

from __future__ import annotations

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone, translation

from assistance.files import read_file
from reporting.models import Edition, EditionFile, Format, OutgoingMail
from reporting.render.mail import footer
from reporting.render.report import one_line

# Letters and digits only, in short lines: every relay passes the message on as it is.
PLAIN = "base64"
UNFIT_FOR_A_FILE_NAME = re.compile(r'[\s/\\:*?"<>|\x00-\x1f\x7f]+')

MEDIA = {
    Format.PDF: ("application", "pdf"),
    Format.XLSX: ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


class BadAddress(Exception):  # noqa: N818  the row is at fault, not the program
    """The address cannot stand in a mail."""


def sender() -> str:
    """The address that mails come from, without a name."""
    return parseaddr(settings.MAIL_FROM)[1]


def home() -> str:
    """The domain in which our Message-IDs are unique."""
    return sender().rpartition("@")[2] or "localhost"


def envelope(address: str) -> str:
    """The address in ASCII, its domain in IDNA; BadAddress where no relay could take it."""
    try:
        validate_email(address)
        local, _at, domain = address.rpartition("@")
        found = f"{local}@{domain.encode('idna').decode('ascii')}"
        found.encode("ascii")
    except (ValidationError, UnicodeError) as error:
        raise BadAddress(address) from error
    return found


def compose(mail: OutgoingMail) -> bytes:
    """The whole message. FileChanged or EditionFile.DoesNotExist where a file of the edition is not
    what it should be, BadAddress where the recipient's address is none.
    """
    letter = EmailMessage(policy=SMTP)
    letter["From"] = settings.MAIL_FROM
    name = one_line(mail.recipient.name or mail.recipient.username)
    letter["To"] = Address(display_name=name, addr_spec=envelope(mail.address))
    letter["Subject"] = one_line(mail.subject)
    letter["Date"] = format_datetime(timezone.localtime(mail.created_at))
    letter["Message-ID"] = mail.message_id
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's robot answers
    letter["X-Auto-Response-Suppress"] = "All"  # the same for Exchange
    if mail.edition is None:
        with translation.override(mail.language):
            letter.set_content(f"{mail.body.rstrip()}\n\n{footer()}\n", cte=PLAIN)
    else:
        _enclose(letter, mail.edition, mail)
    letter["Content-Language"] = mail.language  # last: new content takes headers about it away
    return letter.as_bytes()


def _enclose(letter: EmailMessage, edition: Edition, mail: OutgoingMail) -> None:
    letter["List-Id"] = f"<{edition.definition.code}.{home()}>"

    def read(fmt: str) -> bytes:
        row = EditionFile.objects.get(edition=edition, language=mail.language, format=fmt)
        return read_file(row.path, row.sha256)

    letter.set_content(read(Format.TEXT).decode(), cte=PLAIN)
    letter.add_alternative(read(Format.HTML).decode(), subtype="html", cte=PLAIN)
    with translation.override(mail.language):
        title = file_title(edition)
    letter.set_boundary("=_alternative")  # "=_" is never in base64
    for fmt in mail.attachments:
        maintype, subtype = MEDIA[Format(fmt)]
        letter.add_attachment(
            read(fmt), maintype=maintype, subtype=subtype, filename=f"{title}.{fmt}"
        )
    if mail.attachments:
        letter.set_boundary("=_mixed")


def file_title(edition: Edition) -> str:
    """What the edition's files are called in the active language, without the ending."""
    version = f"-v{edition.version}" if edition.version > 1 else ""
    title = f"{edition.definition}-{edition.period_start:%Y-%m}{version}"
    return UNFIT_FOR_A_FILE_NAME.sub("-", title)
