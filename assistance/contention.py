"""Requests that met each other in the database are done again; only when that fails the client
hears of it.

Locks are taken in one order, so a deadlock is rare, yet two orders of two people can still meet: a
bulk step in the order of a list, raw SQL, a lock of the database's own. PostgreSQL then breaks one
transaction off, and the whole of it can simply be run again.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from assistance.requests import READ_ONLY

T = TypeVar("T")
log = logging.getLogger(__name__)

# serialization_failure, deadlock_detected, lock_not_available
MET_SOMEBODY = frozenset({"40001", "40P01", "55P03"})
TRIES = 4
FIRST_WAIT = 0.05  # seconds; doubled each time, and drawn from the upper half of it
RETRY_AFTER = 5  # seconds


def met_somebody(error: BaseException) -> bool:
    """Whether the database broke this off because of somebody else's transaction."""
    cause = error.__cause__ if isinstance(error, OperationalError) else None
    return getattr(cause, "pgcode", None) in MET_SOMEBODY


def will_try_again(request: Any) -> bool:
    """Whether this request is done again if it meets somebody: then nobody answers it yet."""
    return bool(getattr(request, "tries_left", 0))


def again_if_met(call: Callable[[int], T]) -> T:
    """What ``call`` returns, done again a few times where it met somebody else's transaction; it is
    told how many tries are left. What it writes has to be in a transaction of its own.

    Raises the last ``OperationalError`` where every try met somebody, and at once inside somebody
    else's transaction, which would be lost with the one that was broken off.
    """
    tries_left = TRIES - 1
    while True:
        try:
            return call(tries_left)
        except OperationalError as error:
            if not met_somebody(error):
                raise
            log.warning("met somebody in the database, %d tries left: %s", tries_left, error)
            if connection.in_atomic_block or not tries_left:
                raise
        wait = FIRST_WAIT * 2 ** (TRIES - 1 - tries_left)
        time.sleep(random.uniform(wait / 2, wait))  # nosec B311 - nothing here is a secret
        tries_left -= 1


class ContentionMiddleware:
    """Run the view of a request that writes again, a few times, where it met somebody else's
    transaction. It stands last, so that what other middleware checks is checked once.

    A view is safe to run again where all that it writes is one transaction: one that was broken off
    left nothing. A view of several does each of them again by itself, with ``again_if_met``.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponse | None:
        if request.method in READ_ONLY:
            return None
        replayable = _keep_body(request)

        def once_more(tries_left: int) -> HttpResponse:
            left = tries_left if replayable else 0
            request.tries_left = left  # type: ignore[attr-defined]  # read by will_try_again
            response = view(request, *args, **kwargs)
            if getattr(response, "is_rendered", True) is False:
                response = response.render()  # type: ignore[attr-defined]  # see is_rendered
            return response

        try:
            return again_if_met(once_more)
        except OperationalError as error:
            if not met_somebody(error):
                raise
        response = render(request, "503.html", status=503)
        response["Retry-After"] = str(RETRY_AFTER)
        return response


def _keep_body(request: HttpRequest) -> bool:
    """Read the body once for all tries; whether it can be read again.

    One that is too large the view refuses by itself. Of a form with files that nobody has read yet
    the view reads the stream itself, so such a request of the API has one try.
    """
    if request.content_type == "multipart/form-data":
        return hasattr(request, "_post")  # the check against forged forms has read it
    try:
        request.body  # noqa: B018
    except RequestDataTooBig:
        return False
    return True
