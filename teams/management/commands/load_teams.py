"""Load the batch that was dispatched on 1 June 2021 and its two teams, without any names."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from assistance.actions.reference import reference_loader
from assistance.models import Programme, Region
from assistance.models.rows import entered
from teams.models import Batch, Team

LABEL = "2021年6月1日派出"
DISPATCHED_ON = date(2021, 6, 1)
BASIS = (
    "Published: 39 people left for Garze and Guangyuan on 1 June 2021. Their names are not public,"
    " so none are entered. How the office numbers this batch is not known; the label says its day."
)
TEAMS = (
    ("513300", 27, "tibet.cn 2021-10-11: 27 of the 39 went to Garze"),
    ("510800", 12, "the rest of the 39, an inference: 39 less the 27 of Garze"),
)


class Command(BaseCommand):
    help = (
        "Load the published batch of 2021 with its declared headcounts; teams that are there stay."
    )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        programme = Programme.objects.filter(code="east_west").first()
        regions = Region.objects.in_bulk([code for code, *_ in TEAMS], field_name="code")
        if programme is None or len(regions) != len(TEAMS):
            raise CommandError("The regions are missing; run load_reference first.")
        by_loader = entered(reference_loader(), timezone.now())
        batch, _is_new = Batch.objects.get_or_create(
            programme=programme,
            label=LABEL,
            defaults={"dispatched_on": DISPATCHED_ON, "basis": BASIS, **by_loader},
        )
        added = 0
        for code, declared, basis in TEAMS:
            _team, is_new = Team.objects.get_or_create(
                batch=batch,
                region=regions[code],
                defaults={"declared_headcount": declared, "basis": basis, **by_loader},
            )
            added += is_new
        self.stdout.write(f"{len(TEAMS)} teams of the batch of {DISPATCHED_ON}: {added} added")
