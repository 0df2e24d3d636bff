"""What every page has to say of the data it stands on."""

from django import template
from django.db import DatabaseError
from django.utils import timezone

from assistance.models import DEMO_LEDGER, Setting
from assistance.periods import local_day

register = template.Library()


@register.simple_tag
def holds_demo_rows() -> bool:
    """Whether the ledger holds demo rows; no where the database does not answer: the page that
    tells of the fault must not break too.
    """
    now = timezone.now()
    try:
        found = Setting.objects.value_on(DEMO_LEDGER, local_day(now), known_at=now)
    except DatabaseError:
        return False
    return found is not None
