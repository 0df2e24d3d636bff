"""Who am I, how far do I see, what may I do."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from assistance.api.fields import Timestamp
from assistance.api.listing import NoParameters
from assistance.models import ApiToken, User


class ScopeShape(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(["all", "recipient", "donor", "nothing"])
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


class MeShape(serializers.Serializer[User]):
    username = serializers.CharField()
    name = serializers.CharField()
    organisation = OrganisationShape(allow_null=True)
    roles = serializers.ListField(child=serializers.CharField())
    scope = ScopeShape(source="scope.as_dict")
    permissions = serializers.ListField(
        child=serializers.CharField(), help_text="for example projects.submit_project"
    )
    token = TokenShape()


class Me(ViewSet):
    action: str

    @extend_schema(responses=MeShape)
    def retrieve(self, request: Request) -> Response:
        """Show your own account, token, scope and permissions."""
        NoParameters(data=request.query_params.dict()).is_valid(raise_exception=True)
        user, token = request.user, request.auth
        user.permissions = sorted(user.get_all_permissions())
        user.token = token
        body = dict(MeShape(user).data)
        body["roles"] = sorted(user.roles)
        return Response(body)
