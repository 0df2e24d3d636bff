"""What a reader of the report sees: a frozen payload printed as mail, text, PDF or workbook.

Payload and language in, bytes out; no models. The payload carries its own ``sha256`` here. The same
payload in the same language gives the same bytes.
"""

from collections.abc import Iterable

from django.utils import timezone, translation

from reporting.render import mail, pdf, report, workbook
from reporting.render.report import Payload
from reporting.render.workbook import Ledger

__all__ = ["Ledger", "Payload", "render", "subject"]


def render(payload: Payload, fmt: str, language: str, ledgers: Iterable[Ledger] = ()) -> bytes:
    """Return the report as html, txt, pdf or xlsx in a language; only the last has the ledgers.

    ValueError if the format is none of these, or if a ledger has more rows than a sheet.
    """
    with translation.override(language), timezone.override("Asia/Shanghai"):
        if fmt == "html":
            return mail.mail_html(payload).encode()
        if fmt == "txt":
            return mail.mail_text(payload).encode()
        if fmt == "pdf":
            return pdf.pdf(payload)
        if fmt == "xlsx":
            return workbook.workbook(payload, ledgers)
    raise ValueError(f"No report is printed as {fmt}.")


def subject(payload: Payload, language: str) -> str:
    """Return the subject of the mail in a language, on one line."""
    with translation.override(language):
        return report.subject(payload)
