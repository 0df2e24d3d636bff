"""Which request a write belongs to: told to the database, which puts it into the change log."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse

from assistance.sessions import client_address

READ_ONLY = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_PLAIN = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestIdMiddleware:
    """Give every request an id, taken from ``X-Request-ID`` where it is plain, and answer with it.

    Around requests that may write, the connection carries id, method, path, address and account.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        name = given if _PLAIN.fullmatch(given) else uuid.uuid4().hex
        if request.method in READ_ONLY:
            response = self.get_response(request)
        else:
            tell_database(
                {
                    "id": name,
                    "door": f"{request.method} {request.path}"[:200],
                    "address": client_address(request) or "",
                    "actor": request.user.pk,
                }
            )
            try:
                response = self.get_response(request)
            finally:
                tell_database({})
        response["X-Request-ID"] = name
        return response


def tell_database(context: dict[str, object]) -> None:
    """Let the writes of this connection carry ``context`` from now on; nothing if empty."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('jiedui.request', %s, false)",
                [json.dumps(context) if context else ""],
            )
    except DatabaseError:
        # a broken connection or transaction carries nothing on; whoever writes next meets it
        connection.close_if_unusable_or_obsolete()


def told_to_database() -> dict[str, object] | None:
    """Id, door and address of the request that the writes of this connection carry now; None where
    no request does, as in a command.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT nullif(current_setting('jiedui.request', true), '')")
        found = cursor.fetchone()[0]
    context: dict[str, object] = json.loads(found) if found else {}
    context.pop("actor", None)
    return context or None
