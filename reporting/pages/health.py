"""What a load balancer asks: is this process alive, and is the whole house ready?"""

from datetime import datetime, timedelta

from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from reporting.models import OutgoingMail, Tick
from reporting.models.mail import MailState

TICK_MAY_BE_OLD = timedelta(seconds=180)
MAIL_MAY_WAIT = timedelta(minutes=10)


def reasons(now: datetime) -> list[str]:
    """Why the house is not ready at ``now``; empty when it is. The words are for programs."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        found = []
        if not Tick.objects.filter(rang_at__gt=now - TICK_MAY_BE_OLD).exists():
            found.append("tick_is_old")
        waiting = OutgoingMail.objects.filter(state=MailState.QUEUED)
        if waiting.filter(run_after__lt=now - MAIL_MAY_WAIT).exists():
            found.append("mail_is_late")
    except DatabaseError:
        return ["database_is_away"]
    return found


@require_safe
@never_cache
def live(request: HttpRequest) -> HttpResponse:
    """This process answers."""
    return JsonResponse({"live": True})


@require_safe
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """The database answers, the bell rings, mail goes out; otherwise 503 with the reasons."""
    found = reasons(timezone.now())
    return JsonResponse({"ready": not found, "reasons": found}, status=503 if found else 200)
