"""Ring the bell without a broker, so that a system timer can do it too."""

from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from reporting.actions import bell, editions, mail


class Command(BaseCommand):
    help = "Schedule what is due and free what dead workers held; with --work also build and send."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--work", action="store_true", help="build and send here until nothing is due"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        due = bell.ring(timezone.now())
        self.stdout.write(f"{len(due.editions)} editions wait to be built or sent")
        if not options["work"]:
            return
        built = Counter(editions.build(pk, now=timezone.now()).status for pk in due.editions)
        sent = mail.send_due(timezone.now)
        for what, ended in (("editions", built), ("mails", sent)):
            for state, number in sorted(ended.items()):
                self.stdout.write(f"{what} {state}: {number}")
