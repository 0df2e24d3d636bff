"""Carry projects that are under way into the plan of a new year."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from assistance.actions.reference import timetable
from assistance.periods import local_day
from projects.actions import roll_over


class Command(BaseCommand):
    help = "Enter as continuing what was approved and not finished when the year began."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("year", type=int, nargs="?", help="this year if left out")

    def handle(self, *args: Any, year: int | None, **options: Any) -> None:
        now = timezone.now()
        year = year or local_day(now).year
        try:
            added = roll_over(year, by=timetable(), now=now)
        except ValidationError as cause:
            raise CommandError("; ".join(cause.messages)) from cause
        self.stdout.write(f"{added} projects go on in the plan of {year}")
