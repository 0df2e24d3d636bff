"""Fill an empty ledger with invented projects, money and people that say so."""

from os import cpu_count as cpus
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from assistance.models import User
from reporting.demo import ledger

MOST = 4  # processes; there are no more prefectures with many projects


class Command(BaseCommand):
    help = "Fill an empty ledger with a demo of the last two years; every name in it says demo."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--projects", type=int, default=ledger.PROJECTS)
        parser.add_argument("--seed", type=int, default=ledger.SEED)
        parser.add_argument("--processes", type=int, default=min(MOST, cpus() or 1))

    def handle(self, *args: Any, projects: int, seed: int, processes: int, **options: Any) -> None:
        try:
            loaded = ledger.load_demo_ledger(
                now=timezone.now(),
                say=self.stdout.write,
                seed=seed,
                projects=projects,
                processes=processes,
            )
        except User.DoesNotExist as missing:
            raise CommandError("The accounts are missing; run create_accounts first.") from missing
        except ledger.NotEmpty as answer:
            self.stdout.write(f"{answer} Nothing was added.")  # no fault: a second start meets it
            return
        self.stdout.write(f"{loaded.projects} demo projects in {loaded.seconds:.0f} s")
