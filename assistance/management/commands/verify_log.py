"""Find out whether anybody tampered with the change log."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from assistance.actions import log
from assistance.models import Seal


class Command(BaseCommand):
    help = "Recompute every seal of the change log; fail and say where it does not fit."

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(log.findings())
        if found:
            raise CommandError("\n".join(found))
        last = Seal.objects.order_by("-id").first()
        self.stdout.write(
            f"{Seal.objects.count()} seals fit; the last is {last.digest} of {last.sealed_at:%F %T}"
            if last
            else "nothing is sealed yet"
        )
