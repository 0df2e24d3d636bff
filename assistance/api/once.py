"""``Idempotency-Key``: a creating request that is sent twice is done once.

The reply is stored in the transaction of its effect. Of two equal requests at once, the second
waits for the first in the database's unique index and answers the same.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta

import orjson
from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assistance.api.authentication import caller
from assistance.api.forms import said
from assistance.api.problems import KeyReused
from assistance.api.wire import written
from assistance.models import IdempotencyKey

HEADER = "Idempotency-Key"
KEPT = timedelta(days=30)
FORM = re.compile(r"[\x21-\x7e]{1,255}")


def once(request: Request, now: datetime, effect: Callable[[], Response]) -> Response:
    """Do ``effect`` and answer its reply, or the stored reply of the same request before.

    Without the header the effect is simply done. Nothing is stored where the effect is refused:
    the same key may then be tried again.
    """
    key = request.headers.get(HEADER)
    if key is None:
        with transaction.atomic():
            return effect()
    if not FORM.fullmatch(key):
        raise serializers.ValidationError(
            {HEADER: [_("Use 1 to 255 visible ASCII characters, for example a UUID.")]}
        )
    asked = b"\n".join((str(request.method).encode(), request.path.encode(), said(request)))
    fingerprint = hashlib.sha256(asked).hexdigest()
    with transaction.atomic():
        user = caller(request)
        own = IdempotencyKey.objects.filter(user=user)
        own.filter(created_at__lt=now - KEPT).delete()
        stored, is_new = own.get_or_create(
            user=user,
            key=key,
            defaults={"fingerprint": fingerprint, "status": 0, "body": {}, "created_at": now},
        )
        if stored.fingerprint != fingerprint:
            raise KeyReused
        if not is_new:
            headers = {**stored.headers, "Idempotency-Replayed": "true"}
            return Response(stored.body, status=stored.status, headers=headers)
        reply = effect()
        stored.status = reply.status_code
        stored.body = orjson.loads(written(reply.data))
        stored.headers = {n: reply.headers[n] for n in ("ETag", "Location") if n in reply.headers}
        stored.save(update_fields=["status", "body", "headers"])
        return reply
