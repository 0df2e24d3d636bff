"""Bring every number under the newest key, so that the old ones can be taken away."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from assistance.encryption import Unreadable, newest_key
from teams.models import PersonalNumber


class Command(BaseCommand):
    help = (
        "Encrypt ID and telephone numbers anew under the first of PERSONAL_DATA_KEYS, in batches;"
        " stopped half-way it goes on where it was. With --index the blind indices are made anew"
        " too, all in one transaction that lets nobody write a number meanwhile: after a change of"
        " PERSONAL_DATA_INDEX_KEY, before the desk starts again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", type=int, default=500, help="rows per transaction")
        parser.add_argument("--index", action="store_true", help="make the indices anew")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["batch"] < 1:
            raise CommandError("--batch takes a number of at least 1.")
        if options["index"]:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("LOCK TABLE teams_personalnumber IN SHARE ROW EXCLUSIVE MODE")
                self._all(options["batch"], index=True)
        else:
            self._all(options["batch"], index=False)

    def _all(self, batch: int, *, index: bool) -> None:
        last, done, there = 0, 0, 0
        unreadable: list[int] = []
        while True:
            with transaction.atomic():
                rows = list(
                    PersonalNumber.objects.select_for_update()
                    .filter(pk__gt=last)
                    .order_by("pk")[:batch]
                )
                changed = [row for row in rows if index or not _is_new(row)]
                for row in changed:
                    try:
                        row.keep(row.plain())
                    except Unreadable:
                        unreadable.append(row.pk)
                readable = [row for row in changed if row.pk not in unreadable]
                columns = ["ciphertext", "blind_index"] if index else ["ciphertext"]
                PersonalNumber.objects.bulk_update(readable, columns)
            if not rows:
                break
            last, done, there = rows[-1].pk, done + len(readable), there + len(rows)
        if unreadable:
            shown = ", ".join(map(str, unreadable[:10]))
            raise CommandError(
                f"{len(unreadable)} of {there} numbers lie under a key that PERSONAL_DATA_KEYS does"
                f" not hold (rows {shown}…). Put that key back at its end and run this again."
            )
        self.stdout.write(f"{there} numbers: {done} encrypted anew, the rest was")


def _is_new(row: PersonalNumber) -> bool:
    return bytes(row.ciphertext).startswith(newest_key())
