"""How long a session lasts, what may be kept of an answer, and where a request came from."""

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

BEGAN_AT = "began_at"


class SessionEndsMiddleware:
    """Ends a session at its absolute age and keeps personal answers out of every cache.

    The idle limit is the session's own expiry (``SESSION_COOKIE_AGE``, renewed by each request);
    this is the other one, ``SESSION_LASTS_AT_MOST``, which no request renews.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = int(timezone.now().timestamp())
            began_at = request.session.setdefault(BEGAN_AT, now)
            longest: timedelta = settings.SESSION_LASTS_AT_MOST
            if now - began_at >= longest.total_seconds():
                logout(request)
        response = self.get_response(request)
        if request.user.is_authenticated or "Authorization" in request.headers:
            response.headers["Cache-Control"] = "no-store, private"
        return response


def client_address(request: HttpRequest) -> str:
    """The address the request came from, as the outermost trusted proxy saw it.

    Each proxy appends what it saw to X-Forwarded-For, so with n trusted proxies the n-th entry
    from the right is the last one a stranger cannot invent. Without proxies the header is ignored.
    """
    proxies: int = settings.TRUSTED_PROXIES
    seen = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    if proxies and len(seen) >= proxies and seen[-proxies]:
        return seen[-proxies]
    return str(request.META.get("REMOTE_ADDR", ""))
