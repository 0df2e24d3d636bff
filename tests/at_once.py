"""Several people doing something at one moment, each on a thread and a connection of their own.

Tests that use it need committed rows: ``pytest.mark.django_db(transaction=True)``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each call returned, or the exception that it raised, in the order of ``calls``."""
    ready = Barrier(len(calls))

    def one(call: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            ready.wait(timeout=30)
            return call()
        except Exception as refusal:  # the test looks at what came back
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=len(calls)) as people:
        return list(people.map(one, calls))


def succeeded(results: Sequence[Any]) -> list[Any]:
    """Those results that are no refusals."""
    return [result for result in results if not isinstance(result, Exception)]


def refusals(results: Sequence[Any]) -> list[Exception]:
    """Those results that are."""
    return [result for result in results if isinstance(result, Exception)]
