"""Who am I, how far do I see, what may I do."""

from __future__ import annotations

from typing import Any, cast, get_args

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from assistance.api.authentication import caller
from assistance.api.fields import Timestamp
from assistance.api.listing import NoParameters
from assistance.api.resource import parameters
from assistance.models import ApiToken
from assistance.scope import ScopeKind

SCOPE_KINDS = get_args(ScopeKind)


class ScopeShape(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(SCOPE_KINDS)
    region = serializers.CharField(required=False, help_text="of recipient and donor")


class TokenShape(serializers.Serializer[ApiToken]):
    name = serializers.CharField()
    prefix = serializers.CharField()
    may_write = serializers.BooleanField()
    expires_at = Timestamp()


class OrganisationShape(serializers.Serializer[Any]):
    name = serializers.CharField()
    kind = serializers.CharField()
    region = serializers.CharField(source="region.code")


class MeShape(serializers.Serializer[Any]):
    """Read by the description only; the answer is put together below."""

    username = serializers.CharField()
    name = serializers.CharField()
    organisation = OrganisationShape(allow_null=True)
    roles = serializers.ListField(child=serializers.CharField())
    scope = ScopeShape()
    permissions = serializers.ListField(
        child=serializers.CharField(), help_text="for example projects.submit_project"
    )
    token = TokenShape()


class Me(ViewSet):
    action: str

    @extend_schema(responses=MeShape)
    def retrieve(self, request: Request) -> Response:
        """Show your own account, token, scope and permissions."""
        NoParameters(data=parameters(request)).is_valid(raise_exception=True)
        user = caller(request)
        return Response(
            {
                "username": user.username,
                "name": user.name,
                "organisation": OrganisationShape(user.organisation).data
                if user.organisation
                else None,
                "roles": sorted(user.roles),
                "scope": user.scope.as_dict(),
                "permissions": sorted(user.get_all_permissions()),
                "token": TokenShape(cast(ApiToken, request.auth)).data,
            }
        )
