"""What a reader of the report sees: a frozen payload printed as mail, text, PDF or workbook.

Payload and language in, bytes out; no models. The payload carries its own ``sha256`` here. The same
payload in the same language gives the same bytes.
"""

from collections.abc import Iterable
from typing import Literal

from django.utils import timezone, translation

from reporting.render import mail, pdf, report, workbook
from reporting.render.report import Payload
from reporting.render.workbook import Ledger

__all__ = ["Format", "Ledger", "Payload", "render", "subject"]

Format = Literal["html", "txt", "xlsx", "pdf"]


def render(payload: Payload, fmt: Format, language: str, ledgers: Iterable[Ledger] = ()) -> bytes:
    """Return the report in a format and language; only a workbook has the ledgers."""
    with translation.override(language), timezone.override("Asia/Shanghai"):
        if fmt == "html":
            return mail.mail_html(payload).encode()
        if fmt == "txt":
            return mail.mail_text(payload).encode()
        if fmt == "pdf":
            return pdf.pdf(payload)
        return workbook.workbook(payload, ledgers)


def subject(payload: Payload, language: str) -> str:
    """Return the subject of the mail in a language, on one line."""
    with translation.override(language):
        return report.subject(payload)
