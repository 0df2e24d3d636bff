"""Bearer tokens of partner systems: issued once, recognised by digest, revoked."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.contrib.postgres.aggregates import ArrayAgg
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from assistance.errors import Refused
from assistance.models import ApiToken, User
from assistance.models.users import TOKEN_DAYS

GROUPED = Q(user__groups__isnull=False)
USE_NOTED_EVERY = timedelta(minutes=1)


@transaction.atomic
def issue_token(
    user: User,
    *,
    name: str,
    by: User,
    now: datetime,
    days: int = TOKEN_DAYS,
    may_write: bool = True,
) -> tuple[ApiToken, str]:
    """Issue a token to a service account; the text is returned here and never again.

    The text is the token's prefix, a dot and 256 random bits. ``ValidationError`` where ``days`` is
    not between 1 and 365 or ``name`` is blank, ``Refused`` where the account is not an active
    service account, ``PermissionDenied`` where ``by`` may not issue tokens.
    """
    if not by.has_perm("assistance.add_apitoken"):
        raise PermissionDenied
    user = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    if not user.is_service or not user.is_active:
        raise Refused(
            "not_a_service_account",
            _("Tokens are for active service accounts only; choose or create one."),
        )
    prefix = secrets.token_hex(6)
    plain = f"{prefix}.{secrets.token_urlsafe(32)}"
    token = ApiToken(
        user=user,
        name=name.strip(),
        prefix=prefix,
        digest=_digest(plain),
        may_write=may_write,
        created_at=now,
        created_by=by,
        expires_at=now + timedelta(days=days),
    )
    token.full_clean()
    token.save()
    return token, plain


@transaction.atomic
def revoke_token(token: ApiToken, *, by: User, now: datetime) -> ApiToken:
    """End a token for good; ``Refused`` where that was done before."""
    if not by.has_perm("assistance.change_apitoken"):
        raise PermissionDenied
    token = ApiToken.objects.select_for_update(of=("self",)).get(pk=token.pk)
    if token.revoked_at is not None:
        raise Refused("token_is_revoked", _("This token is revoked already."))
    token.revoked_at, token.revoked_by = now, by
    token.save(update_fields=["revoked_at", "revoked_by"])
    return token


def recognise_token(plain: str, *, now: datetime) -> ApiToken | None:
    """The living token with this text and, at most once a minute, a note that it was used.

    None where it is unknown, expired or revoked, or its account no active service account.
    """
    prefix, _dot, _secret = plain.partition(".")
    token = (
        ApiToken.objects.select_related("user__organisation__region")
        .annotate(roles=ArrayAgg("user__groups__name", default=[], filter=GROUPED))
        .filter(prefix=prefix)
        .first()
    )
    # compared in constant time, and also where there is no row: the answer's delay tells nothing
    fits = hmac.compare_digest(token.digest if token else "", _digest(plain))
    if token is None or not fits:
        return None
    if token.revoked_at is not None or token.expires_at <= now:
        return None
    if not token.user.is_active or not token.user.is_service:
        return None
    if token.last_used_at is None or token.last_used_at <= now - USE_NOTED_EVERY:
        unnoted = Q(last_used_at=None) | Q(last_used_at__lte=now - USE_NOTED_EVERY)
        ApiToken.objects.filter(unnoted, pk=token.pk).update(last_used_at=now)
    token.user.roles = frozenset(token.roles)  # read along, so that no request asks for them anew
    return token


def _digest(plain: str) -> str:
    return hashlib.sha256(plain.encode()).hexdigest()
