"""What the bell starts among the projects."""

from celery import shared_task
from django.utils import timezone

from assistance.actions.reference import timetable
from assistance.periods import local_day
from projects import actions


@shared_task(max_retries=3)
def roll_over() -> None:
    """Carry what is under way into this year's plan; mostly it finds nothing to add."""
    now = timezone.now()
    actions.roll_over(local_day(now).year, by=timetable(), now=now)
