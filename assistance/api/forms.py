"""Bodies that bring files: ``multipart/form-data``, as every HTTP library sends them."""

from __future__ import annotations

import hashlib
from typing import Any, cast

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request

from assistance.api.wire import written

FORM, JSON = "multipart/form-data", "application/json"
LARGEST_FORM = 64 * 1024 * 1024  # bytes of a body with files, each of which has its own limit


class FormBody(MultiPartParser):
    """A form; its files are closed with the request."""

    media_type = FORM


def parts_of(request: Request) -> dict[str, Any]:
    """What a form says and brings, under its names. What comes twice under one name is a list,
    which only a field for several takes.
    """
    parts = cast("QueryDict", request.data)
    return {
        name: values if len(values) > 1 else values[0] for name, values in parts.lists() if values
    }


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def is_form(request: Request) -> bool:
    """Whether the body is a form; its stream can then be read only once, by the parser."""
    return (request.content_type or "").partition(";")[0].strip().lower() == FORM


def require_size(request: Request) -> None:
    """Refuse a form that is too large before anything of it is read."""
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    if length.isdigit() and int(length) > LARGEST_FORM:
        raise RequestDataTooBig


def said(request: Request) -> bytes:
    """What a request says, the same for the same request sent twice: of a form its names, words and
    files, for what lies between them is drawn anew each time.
    """
    if not is_form(request):
        return bytes(request.body)
    form = parts_of(request)
    return written([[name, [_plain(one) for one in _listed(form[name])]] for name in sorted(form)])


def _plain(value: Any) -> Any:
    if not isinstance(value, UploadedFile):
        return value
    digest = hashlib.sha256()
    for piece in value.chunks():
        digest.update(piece)
    value.seek(0)
    return [value.name, digest.hexdigest()]


BINARY = {"type": "string", "format": "binary"}


@extend_schema_field(BINARY)
class OneFile(serializers.Field[Any, Any, str, Any]):
    """A file; whether we take it, its verb decides."""

    default_error_messages = {"invalid": serializers.FileField.default_error_messages["invalid"]}

    def to_internal_value(self, data: Any) -> UploadedFile[Any]:
        if not isinstance(data, UploadedFile):
            self.fail("invalid")
        return data


@extend_schema_field({"type": "array", "items": BINARY})
class SeveralFiles(serializers.Field[Any, Any, list[str], Any]):
    """One file or several under the same name."""

    default_error_messages = {"invalid": serializers.FileField.default_error_messages["invalid"]}

    def to_internal_value(self, data: Any) -> list[UploadedFile[Any]]:
        files = _listed(data)
        if not all(isinstance(one, UploadedFile) for one in files):
            self.fail("invalid")
        return files
