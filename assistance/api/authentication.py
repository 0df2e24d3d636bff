"""Who calls: the bearer token of a service account, and nothing else."""

from __future__ import annotations

import re
from typing import cast

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from assistance.actions.tokens import recognise_token
from assistance.models import ApiToken, User

CREDENTIALS = re.compile(r"Bearer +([A-Za-z0-9_-]{1,64}\.[A-Za-z0-9_-]{1,128})", re.IGNORECASE)


def caller(request: Request) -> User:
    """The account that asks; views are reached with one only."""
    return cast(User, request.user)


class BearerAuthentication(BaseAuthentication):
    """``Authorization: Bearer <token>``; a session of the desk opens nothing here."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The account and its token; one answer for every token that does not open."""
        given = request.headers.get("Authorization")
        if given is None:
            return None
        found = CREDENTIALS.fullmatch(given.strip())
        token = recognise_token(found[1], now=timezone.now()) if found else None
        if token is None:
            raise AuthenticationFailed(
                _("This token is unknown, expired or revoked; ask the programme office for one."),
                code="invalid_token",
            )
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'
