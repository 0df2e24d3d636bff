"""The Celery application and the whole timetable.

The bell only rings: what is due is worked out from the database each time, so a missed ring loses
nothing and a second bell does nothing twice.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("jiedui")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.beat_schedule = {
    "tick": {
        "task": "reporting.tasks.tick",
        "schedule": 60.0,  # seconds
        # a ring nobody answered within its minute is replaced by the next one
        "options": {"expires": 55},
    },
}
