"""Invented people of the ledger: 100,000 persons, each with three postings one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction

from assistance.models import Pairing
from benchmarks.copy import NULL, copy
from benchmarks.ledger import CLERK, COUNTIES_IN_ALL, REVIEWER, UNIT
from teams.models import Category, Direction, Leave, Person, Posting, PostingExtension

PERSONS, EACH = 100_000, 3
FIRST = date(2021, 6, 1)
DAYS_EACH = 730  # of a posting; the third one is under way until 2027
ENTERED = ("created_at", "created_by_id", "updated_at", "updated_by_id", "counted_at",
           "counted_by_id")  # fmt: skip


def add_people() -> None:
    """Add them to a ledger that has none, past the triggers as the owner of the tables may."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
    with transaction.atomic():
        _add(list(Pairing.objects.order_by("pk").values_list("recipient", flat=True)))
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM (ANALYZE)")


def _add(region_of: list[int]) -> None:
    """``region_of`` has the key of the recipient of each pairing."""
    copy(
        Person,
        ("id", "name", "gender", "birth_ym", "home_unit", "created_at", "created_by_id",
         "updated_at", "updated_by_id"),
        (
            (n + 1, f"虚构{n}", "FM"[n % 2], f"{1966 + n % 30}-{n % 12 + 1:02}", "虚构单位",
             *_entered(FIRST)[:4])
            for n in range(PERSONS)
        ),
    )  # fmt: skip
    copy(
        Posting,
        ("id", "person_id", "pairing_id", "region_id", "direction", "category", "term",
         "host_unit_id", "host_post", "start_on", "planned_end", "first_planned_end", "end_on",
         "end_reason", "ended_at", "ended_by_id", "letter_no", "state", *ENTERED),
        _postings(region_of),
    )  # fmt: skip
    copy(
        PostingExtension,
        ("id", "posting_id", "doc_no", "decided_on", "new_end", "reason", *ENTERED),
        (
            (n + 1, n * EACH + EACH, "虚构", "2026-03-01", "2028-05-31", "虚构",
             *_entered(date(2026, 3, 1)))
            for n in range(0, PERSONS, 20)
        ),
    )  # fmt: skip
    copy(
        Leave,
        ("id", "posting_id", "kind", "starts_on", "ends_on", "reason", "state", "team_by_id",
         "host_by_id", "left_on", *ENTERED),
        (
            (n + 1, n * EACH + EACH, "HOME", "2026-05-25", "2026-06-05", "虚构", "ON_LEAVE", NULL,
             REVIEWER, "2026-05-25", *_entered(date(2026, 5, 25)))
            for n in range(0, PERSONS, 50)
        ),
    )  # fmt: skip


def _postings(region_of: list[int]) -> Iterator[tuple[Any, ...]]:
    for n in range(PERSONS):
        pairing = n % COUNTIES_IN_ALL
        for nth in range(EACH):
            start = FIRST + timedelta(days=DAYS_EACH * nth + n % 60)
            end = start + timedelta(days=DAYS_EACH - 61)
            ended = (end, "虚构", f"{end} 18:00+08", REVIEWER) if nth < EACH - 1 else (
                NULL, "", NULL, NULL)  # fmt: skip
            yield (
                n * EACH + nth + 1, n + 1, pairing + 1, region_of[pairing],
                Direction.values[n % 5 == 0], Category.values[n % 6], "2Y", UNIT, "虚构岗位", start,
                end, end, *ended, f"L{n}", "ENDED" if nth < EACH - 1 else "ACTIVE",
                *_entered(start),
            )  # fmt: skip


def _entered(day: date) -> tuple[Any, ...]:
    at = f"{day} 12:00+08"
    return at, CLERK, at, REVIEWER, at, REVIEWER
