"""Take over the projects of a ledger that ran before the office worked with this system."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from assistance.errors import BrokenFile
from assistance.models import User
from projects.actions import opening_files

SHOWN_EVERY = 100  # rows


class Command(BaseCommand):
    help = (
        "Enter an opening for every project of a ledger (UTF-8 CSV): all of them, or none and a"
        " list of what to mend. A reviewer confirms them on the desk. Columns:"
        f" {', '.join(opening_files.COLUMNS)}. May be there:"
        f" {', '.join(opening_files.MAY_BE_THERE)}. Money, in yuan, or in ten thousand yuan where"
        f" the heading ends in (万元): {', '.join(opening_files.MONEY)}."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--as-of",
            required=True,
            type=date.fromisoformat,
            help="the day on which the projects stood as the ledger says, as 2021-12-31",
        )
        parser.add_argument("--by", required=True, metavar="USERNAME", help="the clerk's account")

    def handle(self, *args: Any, file: Path, as_of: date, by: str, **options: Any) -> None:
        clerk = User.objects.filter(username=by).first()
        if clerk is None:
            raise CommandError(f"There is no account {by!r}; name the clerk who takes over.")
        try:
            entered = opening_files.take_over_file(
                file, as_of=as_of, by=clerk, now=timezone.now(), told=self._tell
            )
        except PermissionDenied as denied:
            raise CommandError(f"{by} takes nothing over; that is a clerk's work.") from denied
        except BrokenFile as broken:
            raise CommandError(f"{broken}\nNothing was taken over.") from broken
        self.stdout.write(f"{entered} projects entered as of {as_of}; a reviewer confirms them")

    def _tell(self, done: int, of: int) -> None:
        if done % SHOWN_EVERY == 0 or done == of:
            self.stdout.write(f"{done} of {of} rows read")
