"""How the API says no: one shape (RFC 9457) for every refusal, in the caller's language."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import (
    NON_FIELD_ERRORS,
    ObjectDoesNotExist,
    PermissionDenied,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
    ValidationError,
)
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.settings import api_settings

from assistance.api.wire import PROBLEM
from assistance.errors import Refused, Stale

log = logging.getLogger(__name__)

RETRY_AFTER = 5  # seconds; what a database needs to come back

TITLES: Mapping[int, str | Promise] = {
    400: gettext_lazy("The request is not right"),
    401: gettext_lazy("Who are you?"),
    403: gettext_lazy("Not yours to do"),
    404: gettext_lazy("Not found"),
    405: gettext_lazy("No such method"),
    409: gettext_lazy("A rule refused"),
    412: gettext_lazy("Somebody was faster"),
    413: gettext_lazy("Too large"),
    415: gettext_lazy("No such kind of body"),
    422: gettext_lazy("Key used before"),
    428: gettext_lazy("If-Match is missing"),
    429: gettext_lazy("Too many requests"),
    503: gettext_lazy("Try again soon"),
}


class MissingIfMatch(exceptions.APIException):
    status_code = 428
    default_code = "if_match_missing"
    default_detail = gettext_lazy(
        "Send the ETag of the version that you read in If-Match, so that nobody's change is lost."
    )


class KeyReused(exceptions.APIException):
    status_code = 422
    default_code = "idempotency_key_reused"
    default_detail = gettext_lazy(
        "This Idempotency-Key was used with another request; take a new key for a new request."
    )


class Problem(serializers.Serializer[Any]):
    """Why a request was refused. ``code`` is for programs and stays; ``detail`` is for people."""

    type = serializers.CharField(help_text="always about:blank: `code` names the problem")
    title = serializers.CharField(help_text="what the status means")
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="for programs, for example fund_plan_overdrawn")
    detail = serializers.CharField(help_text="one sentence that names the remedy")
    allowed_actions = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="with 409: what is open instead"
    )
    errors = serializers.DictField(  # type: ignore[assignment]  # declared fields leave the class
        required=False, help_text="per field or parameter, with 400 and some 409"
    )


def problem(
    status: int,
    code: str,
    detail: str | Promise,
    *,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """One refusal as an answer."""
    title = TITLES.get(status) or HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "code": code}
    return Response(
        body | {"detail": detail} | more,
        status=status,
        headers=dict(headers or {}),
        content_type=PROBLEM,
    )


def answer(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """The answer to whatever a view raised; None for a fault of the program, which becomes 500."""
    if isinstance(exc, Refused):
        opened = getattr(context.get("view"), "allowed_actions", None)
        return _refused(exc, opened() if opened else [])
    for kind, said in _ANSWERS:
        if isinstance(exc, kind):
            return said(exc)
    return None


def _refused(exc: Refused, allowed_actions: Sequence[str]) -> Response:
    errors = {name: [sentence] for name, sentence in exc.fields.items()}
    more: dict[str, Any] = {"errors": errors} if errors else {}
    return problem(409, exc.code, exc.detail, allowed_actions=allowed_actions, **more)


def _stale(exc: Stale) -> Response:
    return problem(
        412,
        "stale",
        _("Somebody changed this since you read it; read it again, then decide anew."),
        headers={"ETag": f'"{exc.current}"'},
    )


def _missing(exc: Exception) -> Response:
    return problem(404, "not_found", _("There is nothing here that you could see."))


def _too_large(exc: RequestDataTooBig) -> Response:
    return problem(413, "too_large", _("The body is larger than this door takes."))


def _too_many(exc: TooManyFieldsSent | TooManyFilesSent) -> Response:
    return problem(400, "too_many", _("The form has more parts than this door takes."))


def _conflict(exc: IntegrityError) -> Response:
    log.warning("refused by the database: %s", exc)
    return problem(
        409,
        "conflict",
        _("Somebody entered the same at this moment; read again, then decide anew."),
        allowed_actions=[],
    )


def _out_of_range(exc: DataError) -> Response:
    return problem(400, "out_of_range", _("A value is larger than the ledger holds."))


def _away(exc: Exception) -> Response:
    log.warning("the database did not answer: %s", exc)
    return problem(
        503,
        "database_is_away",
        _("The ledger cannot be reached or is busy; try again in some seconds."),
        headers={"Retry-After": str(RETRY_AFTER)},
    )


def _forbidden(exc: PermissionDenied | exceptions.PermissionDenied) -> Response:
    if isinstance(exc, exceptions.PermissionDenied) and exc.get_codes() == "read_only_token":
        return problem(403, "read_only_token", str(exc.detail))
    return problem(403, "not_yours", _("This step belongs to somebody else's role."))


def _invalid(errors: Any) -> Response:
    return problem(
        400, "invalid", _("Some values do not fit; see them one by one in errors."), errors=errors
    )


def _errors(exc: ValidationError) -> dict[str, list[str]]:
    """Sentences per field; what concerns no field alone stands under the same name as in forms."""
    if not hasattr(exc, "error_dict"):
        return {api_settings.NON_FIELD_ERRORS_KEY: exc.messages}
    return {
        api_settings.NON_FIELD_ERRORS_KEY if name == NON_FIELD_ERRORS else name: sentences
        for name, sentences in exc.message_dict.items()
    }


def _said_by_the_framework(exc: exceptions.APIException) -> Response:
    headers = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if (wait := getattr(exc, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait))
    return problem(exc.status_code, str(exc.get_codes()), str(exc.detail), headers=headers)


# The first kind that fits answers.
_ANSWERS: tuple[tuple[Any, Callable[[Any], Response]], ...] = (
    (Stale, _stale),
    ((ObjectDoesNotExist, Http404, exceptions.NotFound), _missing),
    ((PermissionDenied, exceptions.PermissionDenied), _forbidden),
    (ValidationError, lambda exc: _invalid(_errors(exc))),
    (exceptions.ValidationError, lambda exc: _invalid(exc.detail)),
    (exceptions.APIException, _said_by_the_framework),
    (RequestDataTooBig, _too_large),
    ((TooManyFieldsSent, TooManyFilesSent), _too_many),
    (IntegrityError, _conflict),
    (DataError, _out_of_range),
    ((OperationalError, InterfaceError), _away),
)
