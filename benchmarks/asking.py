"""How a question is measured: time, memory, plan."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext


@dataclass(frozen=True)
class Answer:
    """The answer, its seconds (median of the runs), and the statement that took longest."""

    found: Any
    seconds: float
    statement: str


def ask(question: Callable[[], Any], *, runs: int) -> Answer:
    """Ask ``runs`` times; the first run warms the caches and counts only if it is the only one."""
    taken = []
    for _run in range(runs):
        with CaptureQueriesContext(connection) as queries:
            began = time.perf_counter()
            found = question()
            taken.append(time.perf_counter() - began)
    statement = max(queries, key=lambda query: float(query["time"]))["sql"]
    return Answer(found, statistics.median(taken[1:] or taken), statement)


def peak_megabytes() -> float:
    """The most memory that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def plan(statement: str) -> str:
    """How PostgreSQL ran it, with times and buffers."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) {statement}")
        return "\n".join(line for (line,) in cursor.fetchall())
