"""manage.py recompute_totals: count the columns anew that lists read, and mend or prove them."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from projects.actions.totals import differences, recompute_totals


class Command(BaseCommand):
    help = (
        "Count anew where projects lie, what they were allocated and paid and how far they are,"
        " and what of fund plans is committed and arrived; mend what differs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--prove", action="store_true", help="mend nothing; exit 1 where anything differs"
        )

    def handle(self, *args: Any, prove: bool, **options: Any) -> None:
        found = differences() if prove else recompute_totals()
        for each in found:
            self.stdout.write(
                f"{each.table} {each.row} {each.column}: held {each.holds}, counted {each.counted}"
            )
        if prove and found:
            raise CommandError(f"{len(found)} columns differ from a recount.")
        self.stdout.write(f"{len(found)} columns differed." if found else "Nothing differs.")
