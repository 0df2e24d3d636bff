"""The Celery application and the whole timetable.

The bell only rings: what is due is worked out from the database each time, so a missed ring loses
nothing and a second bell does nothing twice.
"""

import os

from celery import Celery
from celery.schedules import crontab
from celery.signals import worker_ready
from celery.worker.consumer import Consumer

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("jiedui")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

TICK = "reporting.tasks.tick"
ROLL_OVER = "projects.tasks.roll_over"
KEEP_RETURNS = "assistance.tasks.keep_returns"

app.conf.beat_schedule = {
    "tick": {
        "task": TICK,
        "schedule": 60.0,  # seconds
        # a ring nobody answered within its minute is replaced by the next one
        "options": {"expires": 55},
    },
    # on 1 January it finds work; on the other days it makes up for a ring that was missed
    "roll over": {"task": ROLL_OVER, "schedule": crontab(hour=0, minute=5)},
    # opens what is owed when a month has ended, and locks at 9 on the day of the lock
    "keep returns": {"task": KEEP_RETURNS, "schedule": 300.0, "options": {"expires": 290}},
}


@worker_ready.connect
def look_at_once(sender: Consumer, **_: object) -> None:
    """A worker that starts looks at what is due without waiting for the next ring."""
    sender.app.send_task(TICK)
