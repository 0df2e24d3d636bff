"""How often one account may ask, counted in Redis; without Redis nobody is turned away."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import redis
from django.conf import settings
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

if TYPE_CHECKING:
    from rest_framework.views import APIView

log = logging.getLogger(__name__)

WINDOW = 60  # seconds
ANSWERS_WITHIN = 0.2  # seconds; a Redis that takes longer counts as away
ASKED_AGAIN_AFTER = 5.0  # seconds in which a Redis that was away is left alone


class Counter:
    """Requests per key and minute, in the Redis of the broker."""

    def __init__(self, broker: str) -> None:
        scheme = broker.partition("://")[0]
        self._redis: redis.Redis | None = None
        self._away_until = 0.0
        if scheme in {"redis", "rediss", "redis+socket"}:
            self._redis = redis.Redis.from_url(
                broker.replace("redis+socket://", "unix://", 1),
                socket_timeout=ANSWERS_WITHIN,
                socket_connect_timeout=ANSWERS_WITHIN,
            )

    def add(self, key: str) -> int:
        """Count one more and say how many there are; 0 where nobody counts."""
        if self._redis is None or time.monotonic() < self._away_until:
            return 0
        try:
            together = self._redis.pipeline(transaction=True)
            together.incr(key)
            together.expire(key, 2 * WINDOW)
            return int(together.execute()[0])
        except redis.RedisError as error:
            self._away_until = time.monotonic() + ASKED_AGAIN_AFTER
            log.warning("requests are not counted, Redis is away: %s", error)
            return 0


_counters: dict[str, Counter] = {}


def minute_of(second: int) -> int:
    """The minute of the clock that a second since 1970 lies in."""
    return second // WINDOW


class PerAccount(BaseThrottle):
    """``API_REQUESTS_PER_MINUTE`` of the settings, per account and minute of the clock."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        if not request.user.is_authenticated:
            return True
        broker: str = settings.CELERY_BROKER_URL
        counter = _counters.get(broker) or _counters.setdefault(broker, Counter(broker))
        self._second = int(timezone.now().timestamp())
        count = counter.add(f"jiedui:api:{request.user.pk}:{minute_of(self._second)}")
        return count <= int(settings.API_REQUESTS_PER_MINUTE)

    def wait(self) -> float:
        """Seconds until the next minute begins."""
        return float(WINDOW - self._second % WINDOW)
