"""Close the last month at once, so that its report is made now and not on its calendar day."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from reporting.actions import editions


class Command(BaseCommand):
    help = (
        "Schedule the report of the last ended month for every"
        " subscription, without waiting for its day."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        waiting = editions.close_month(timezone.now())
        self.stdout.write(f"{len(waiting)} editions wait to be built and sent")
