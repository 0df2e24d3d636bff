"""How answers and bodies are written: JSON in UTF-8, whatever the request prefers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import IO, Any

import orjson
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

PROBLEM = "application/problem+json"


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:.2f}"  # money, per cent and quantities: two decimals in every column
    if isinstance(value, Promise):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in an answer")


def written(value: object) -> bytes:
    """The JSON of an answer: instants in UTC, decimals as strings."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)


class JsonAnswer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None  # JSON is UTF-8; the media type has no such parameter
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else written(data)


class JsonBody(BaseParser):
    """A body that is one JSON object; lone surrogates, NaN and anything else are refused."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            body = orjson.loads(stream.read() or b"{}")
        except orjson.JSONDecodeError as error:
            raise ParseError(
                _("The body is not JSON: %(cause)s") % {"cause": error}, code="malformed"
            ) from error
        if not isinstance(body, dict):
            raise ParseError(_("The body has to be one JSON object."), code="malformed")
        return body


class AlwaysJson(BaseContentNegotiation):
    """The first parser and the first renderer that a view has; ``Accept`` decides nothing."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """The parser of the body's type; none of them means 415."""
        given = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == given), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        first = next(iter(renderers))
        return first, first.media_type
