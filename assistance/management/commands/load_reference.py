"""Load programmes, regions, pairings, indicators and the plan from the reference files."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from assistance.actions import reference
from assistance.actions.dictionary import INDICATORS, load_indicators
from assistance.actions.plan import PLAN, load_plan
from assistance.errors import BrokenFile


class Command(BaseCommand):
    help = (
        "Load programmes, regions, pairings and indicators. Rows that are there stay as the office"
        " edited them; --update brings them back to the files."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--from",
            dest="directory",
            type=Path,
            default=reference.DIRECTORY,
            help=f"directory with {reference.REGIONS} and {reference.PAIRINGS}",
        )
        parser.add_argument(
            "--update", action="store_true", help="overwrite rows that differ from the files"
        )

    def handle(self, *args: Any, directory: Path, update: bool, **options: Any) -> None:
        try:
            loaded = reference.load_reference(directory, update=update)
            own = directory if (directory / INDICATORS).exists() else reference.DIRECTORY
            words = load_indicators(own, now=timezone.now(), update=update)
            own = directory if (directory / PLAN).exists() else reference.DIRECTORY
            plan = load_plan(own, now=timezone.now(), update=update)
        except BrokenFile as broken:
            raise CommandError(f"{broken}\nNothing was loaded.") from broken
        self.stdout.write(
            f"{loaded.programmes} programmes, {loaded.regions} regions, {loaded.pairings} pairings:"
            f" {loaded.added} added, {loaded.changed} changed"
        )
        added, changed = words.added + plan.added, words.changed + plan.changed
        self.stdout.write(f"indicators and five-year plan: {added} added, {changed} changed")
        kept_here = [*loaded.kept, *words.kept, *plan.kept]
        for kept in kept_here:
            self.stdout.write(f"kept as edited here: {kept}")
        if kept_here and not update:
            self.stdout.write("--update would bring them back to the files")
