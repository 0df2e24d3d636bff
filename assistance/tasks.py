"""What the bell starts on the ground floor."""

from celery import shared_task
from django.utils import timezone

from assistance.actions.returns import lock_returns, open_returns


@shared_task(max_retries=3)
def keep_returns() -> None:
    """Open the monthly returns that are owed and lock those whose time has come."""
    now = timezone.now()
    open_returns(now)
    lock_returns(now)
