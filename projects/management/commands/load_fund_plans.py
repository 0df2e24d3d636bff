"""Load the published county quotas of 2021 as fund plans."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from assistance.errors import BrokenFile
from assistance.models import Programme
from projects.actions import reference


class Command(BaseCommand):
    help = "Load the county quotas that were published for 2021; plans that are there stay."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="path", type=Path, default=reference.FUND_PLANS)

    def handle(self, *args: Any, path: Path, **options: Any) -> None:
        try:
            loaded = reference.load_fund_plans(path, now=timezone.now())
        except Programme.DoesNotExist as missing:
            raise CommandError("The programmes are missing; run load_reference first.") from missing
        except BrokenFile as broken:
            raise CommandError(f"{broken}\nNothing was loaded.") from broken
        self.stdout.write(f"{loaded.plans} published fund plans: {loaded.added} added")
