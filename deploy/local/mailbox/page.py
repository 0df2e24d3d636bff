"""The page that shows the mailbox, in the reader's language."""

import gettext
import sys
from collections.abc import Callable
from datetime import datetime
from functools import cache
from html import escape
from http import HTTPStatus
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit
from zoneinfo import ZoneInfo

from deploy.local.mailbox.letters import Attachment, Heading, Letter, headings

ROOT = Path(__file__).resolve().parents[3]
STYLE = Path(__file__).with_name("page.css")
SHOWN_AT_ONCE = 50
CLOCK = ZoneInfo("Asia/Shanghai")
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
LETTER_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'"
)
LANGUAGES = {"zh-hans": "zh_Hans", "en": "en"}


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The project's own catalogue in this language."""
    return gettext.translation("django", ROOT / "locale", [LANGUAGES[language]], fallback=True)


class Page(BaseHTTPRequestHandler):
    """Answers the browser. The directory of letters is given by a subclass made at the start."""

    directory: Path
    server_version = "mailbox"
    sys_version = ""

    def do_GET(self) -> None:
        """Find the page for the address."""
        if (self.headers.get("Host") or "").rpartition(":")[0] not in {"127.0.0.1", "localhost"}:
            # a stranger's site must not read the mailbox through the browser of who runs it
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return
        address = urlsplit(self.path)
        steps = address.path.strip("/").split("/")
        try:
            match steps:
                case [""]:
                    self._list(parse_qs(address.query))
                case ["page.css"]:
                    self._answer(STYLE.read_bytes(), "text/css; charset=utf-8", PAGE_POLICY)
                case ["language", language] if language in LANGUAGES:
                    self._switch(language)
                case ["letters", name]:
                    self._letter(Letter(self.directory, name))
                case ["letters", name, "html"]:
                    html = Letter(self.directory, name).html().encode()
                    self._answer(html, "text/html; charset=utf-8", LETTER_POLICY)
                case ["letters", name, "source"]:
                    self._download(Letter(self.directory, name).source, f"{name}.eml")
                case ["letters", name, "parts", number]:
                    self._part(Letter(self.directory, name), int(number))
                case _:
                    self.send_error(HTTPStatus.NOT_FOUND)
        except (FileNotFoundError, IndexError, ValueError):
            self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Into the log of the mailbox, a line each."""
        sys.stderr.write(f"{self.log_date_time_string()} {format % args}\n")

    # ------------------------------------------------------------------------------------- pages

    def _list(self, query: dict[str, list[str]]) -> None:
        _ = self._gettext()
        first = max(0, int(query.get("first", ["0"])[0]))
        found, count = headings(self.directory, first=first, at_most=SHOWN_AT_ONCE)
        rows = "".join(self._row(heading) for heading in found)
        if not count:
            body = f'<p class="empty">{escape(_("No mail has arrived yet."))}</p>'
        else:
            titles = (_("Subject"), _("To"), _("Received"))
            heads = "".join(f"<th scope=col>{escape(title)}</th>" for title in titles)
            body = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        newer, older = max(0, first - SHOWN_AT_ONCE), first + SHOWN_AT_ONCE
        body += "<nav>"
        if first:
            body += f'<a href="/?first={newer}">{escape(_("Newer"))}</a>'
        if older < count:
            body += f'<a href="/?first={older}">{escape(_("Older"))}</a>'
        body += "</nav>"
        head = '<meta http-equiv="refresh" content="10">' if not first else ""
        self._page(
            _("Mailbox"), f"<h1>{escape(_('Mailbox'))} <small>{count}</small></h1>{body}", head
        )

    def _row(self, heading: Heading) -> str:
        _ = self._gettext()
        subject = escape(heading.subject or _("(no subject)"))
        return (
            f'<tr><td><a href="/letters/{heading.name}">{subject}</a></td>'
            f"<td>{escape(heading.recipient)}</td><td class=when>{self._when(heading)}</td></tr>"
        )

    def _letter(self, letter: Letter) -> None:
        _ = self._gettext()
        heading = letter.heading
        facts = (
            (_("From"), escape(heading.sender)),
            (_("To"), escape(heading.recipient)),
            (_("Received"), self._when(heading)),
        )
        lines = "".join(f"<dt>{escape(name)}</dt><dd>{value}</dd>" for name, value in facts)
        files = "".join(self._file(heading.name, one) for one in letter.attachments())
        parts = [
            f'<p><a href="/">← {escape(_("Mailbox"))}</a></p>',
            f"<h1>{escape(heading.subject or _('(no subject)'))}</h1><dl>{lines}</dl>",
        ]
        if files:
            parts.append(f'<ul class="files" aria-label="{escape(_("Attachments"))}">{files}</ul>')
        if letter.html():
            # without scripts of its own and without the rights of this page
            parts.append(
                f'<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" '
                f'title="{escape(_("The letter"))}" src="/letters/{heading.name}/html"></iframe>'
            )
        if text := letter.text():
            open_ = "" if letter.html() else " open"
            summary = escape(_("Text part"))
            parts.append(
                f"<details{open_}><summary>{summary}</summary><pre>{escape(text)}</pre></details>"
            )
        headers = "\n".join(f"{name}: {value}" for name, value in letter.message.items())
        parts.append(
            f"<details><summary>{escape(_('Headers'))}</summary><pre>{escape(headers)}</pre></details>"
            f'<p><a href="/letters/{heading.name}/source">{escape(_("Download the mail"))}</a></p>'
        )
        self._page(heading.subject, "".join(parts))

    def _file(self, name: str, attachment: Attachment) -> str:
        size = f"{attachment.size / 1024:,.0f} KB"
        return (
            f'<li><a href="/letters/{name}/parts/{attachment.number}">'
            f"{escape(attachment.filename)}</a> <small>{size}</small></li>"
        )

    def _part(self, letter: Letter, number: int) -> None:
        part, content = letter.parts[number], letter.content(number)
        if part.get_content_maintype() == "image" and part.get_content_subtype() in {"png", "jpeg"}:
            self._answer(content, part.get_content_type(), LETTER_POLICY)
        else:
            self._download(content, part.get_filename() or f"part-{number}")

    def _when(self, heading: Heading) -> str:
        # the file's name carries the moment of arrival, in UTC
        arrived = datetime.strptime(heading.name[:15] + "+0000", "%Y%m%dT%H%M%S%z")
        return f"<time>{arrived.astimezone(CLOCK):%Y-%m-%d %H:%M:%S}</time>"

    # ----------------------------------------------------------------------------------- answers

    def _language(self) -> str:
        chosen = SimpleCookie(self.headers.get("Cookie") or "").get("language")
        if chosen is not None and chosen.value in LANGUAGES:
            return chosen.value
        first = (self.headers.get("Accept-Language") or "zh").split(",")[0].strip().lower()
        return "en" if first.startswith("en") else "zh-hans"

    def _gettext(self) -> Callable[[str], str]:
        return catalogue(self._language()).gettext

    def _switch(self, language: str) -> None:
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Location", "/")
        self.send_header(
            "Set-Cookie", f"language={language}; Path=/; SameSite=Lax; Max-Age=31536000"
        )
        self.end_headers()

    def _page(self, title: str, body: str, head: str = "") -> None:
        language = self._language()
        other, name = ("en", "English") if language == "zh-hans" else ("zh-hans", "中文")
        lang = "zh-Hans" if language == "zh-hans" else "en"
        self._answer(
            f'<!doctype html><html lang="{lang}"><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width">{head}'
            f'<title>{escape(title)}</title><link rel="stylesheet" href="/page.css">'
            f'<body><header><a href="/language/{other}" lang="{other}">{name}</a></header>'
            f"<main>{body}</main></body></html>".encode(),
            "text/html; charset=utf-8",
            PAGE_POLICY,
        )

    def _download(self, content: bytes, filename: str) -> None:
        self._answer(content, "application/octet-stream", LETTER_POLICY, filename=filename)

    def _answer(self, content: bytes, kind: str, policy: str, *, filename: str = "") -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        if filename:
            disposition = f"attachment; filename*=UTF-8''{quote(filename, safe='')}"
            self.send_header("Content-Disposition", disposition)
        self.end_headers()
        self.wfile.write(content)
