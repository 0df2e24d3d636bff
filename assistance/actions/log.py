"""Sealing the change log, and finding out whether anybody tampered with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from assistance.models.log import Seal

_LOCK = 0x5EA1  # of the advisory lock: one sealer at a time
# One change as a line of text that is the same on every server and in every time zone.
_LINES = """
    SELECT id,
        concat_ws('|', id, extract(epoch from "at"), transaction, "table", row, kind,
                  coalesce(before::text, '-'), coalesce(after::text, '-'),
                  coalesce(actor::text, '-'), coalesce(request::text, '-'))
    FROM assistance_change
    WHERE transaction >= %s AND transaction < %s AND id > %s
    ORDER BY id
"""


@transaction.atomic
def seal(now: datetime) -> Seal | None:
    """Seal the changes of all transactions that ended since the last seal; None if there are none.

    Transactions that are still under way keep their place: the horizon is the oldest of them, so
    whatever they commit later falls under a later seal and nobody waits for anybody.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return None  # somebody else is at it
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        horizon: int = cursor.fetchone()[0]
    last = Seal.objects.order_by("-id").first()
    begin = last.before_transaction if last else 0
    after_row = 0
    if last and horizon < last.before_transaction:  # a restored cluster counts from the beginning
        begin, after_row = 0, Seal.objects.aggregate(last=Max("last_row"))["last"]
    elif last:
        after_row = last.after_row
    lines, last_row = _lines(begin, horizon, after_row)
    if not lines:
        return None
    return Seal.objects.create(
        sealed_at=now,
        from_transaction=begin,
        before_transaction=horizon,
        after_row=after_row,
        last_row=last_row,
        changes=len(lines),
        digest=_digest(last.digest if last else "", lines),
    )


def findings() -> Iterator[str]:
    """Everything that does not fit the seals, as sentences; nothing when the log is whole."""
    before: Seal | None = None
    for found in Seal.objects.order_by("id"):
        lines, _last = _lines(found.from_transaction, found.before_transaction, found.after_row)
        if len(lines) != found.changes:
            yield _("Seal %(id)s: %(there)s changes are there, %(sealed)s were sealed.") % {
                "id": found.pk,
                "there": len(lines),
                "sealed": found.changes,
            }
        elif _digest(before.digest if before else "", lines) != found.digest:
            yield _(
                "Seal %(id)s: a change was altered after it was sealed, or a seal before it was."
            ) % {"id": found.pk}
        if before and not found.after_row and found.from_transaction != before.before_transaction:
            yield _("Between seals %(before)s and %(id)s a seal is missing.") % {
                "before": before.pk,
                "id": found.pk,
            }
        before = found


def _lines(begin: int, horizon: int, after_row: int) -> tuple[list[str], int]:
    with connection.cursor() as cursor:
        cursor.execute(_LINES, [begin, horizon, after_row])
        rows = cursor.fetchall()
    return [line for _id, line in rows], max((pk for pk, _line in rows), default=0)


def _digest(previous: str, lines: list[str]) -> str:
    found = hashlib.sha256(previous.encode())
    for line in lines:
        found.update(b"\n" + line.encode())
    return found.hexdigest()
