"""The OpenAPI description, drawn from the same classes that answer."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from assistance.api.problems import TITLES, Problem
from assistance.api.resource import Resource, body_of, headers_of
from assistance.api.wire import PROBLEM

HEADERS = {
    "If-Match": OpenApiParameter(
        "If-Match",
        {"type": "string", "example": '"1"'},
        OpenApiParameter.HEADER,
        description="the ETag of the version that you read; 428 without it, 412 where it is old",
    ),
    "Idempotency-Key": OpenApiParameter(
        "Idempotency-Key",
        {"type": "string", "pattern": "^[!-~]{1,255}$"},
        OpenApiParameter.HEADER,
        description="a name of your own for this request: sent again within 30 days it answers the"
        " same and does nothing; 422 with another body",
    ),
}
ETAG = {
    "ETag": {
        "schema": {"type": "string", "example": '"1"'},
        "description": "the row's version, for If-Match",
    }
}


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its metaclass
    target_class = "assistance.api.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "The token that the programme office issued to your system.",
        }


class OneOrMoreWords(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]  # its metaclass
    """Fields that describe themselves, because their words differ from field to field."""

    target_class = "assistance.api.fields.Words"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict[str, str]:
        described: dict[str, str] = self.target.described
        return described


class Described(AutoSchema):
    """Fills in what the framework cannot know of our resources."""

    view: Any

    def _own(self) -> Resource | None:
        return self.view if isinstance(self.view, Resource) else None

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/api/v1/").partition("/")[0]]

    def get_summary(self) -> str | None:
        first, _dot, _rest = self.get_description().partition("\n")
        return str(first).rstrip(".") or None

    def get_operation_id(self) -> str:
        """The words of the address and what is done there; verbs stand in their address already."""
        words = [part for part in self.path.removeprefix("/api/v1/").split("/") if part]
        named = [word.replace("-", "_") for word in words if not word.startswith("{")]
        resource = named if self.view.action in {"list", "create"} else named[:1]
        return "_".join([*resource, self.view.action])

    def get_override_parameters(self) -> list[Any]:
        view = self._own()
        if view is None:
            return []
        headers = [
            OpenApiParameter(
                name,
                HEADERS[name].type,
                OpenApiParameter.HEADER,
                required=needed,
                description=HEADERS[name].description,
            )
            for name, needed in headers_of(view, self.view.action).items()
        ]
        return [view.query, *headers] if self.view.action == "list" else headers

    def get_request_serializer(self) -> Any:
        view = self._own()
        return body_of(view, self.view.action) if view else None

    def get_response_serializers(self) -> Any:
        view = self._own()
        if view is None:
            return super().get_response_serializers()
        if media_types := self._gives():
            return {(200, media_type): OpenApiTypes.BINARY for media_type in media_types}
        return view.row if self.view.action == "list" else view.in_full

    def _gives(self) -> tuple[str, ...]:
        """The types of the file that the operation answers, if it answers one."""
        found: tuple[str, ...] = getattr(getattr(self.view, self.view.action), "gives", ())
        return found

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        action, view = self.view.action, self._own()
        if view is not None and action == "list":
            row = self.resolve_serializer(view.row, "response").schema
            row.pop("required", None)  # `fields` may leave out any of them
        writes = self.method != "GET"
        statuses = {400, 401, 403, 429, 503}
        if "{" in self.path:
            statuses.add(404)
        if writes:
            statuses |= {409, 413, 415}
        headers = headers_of(view, action) if view else {}
        statuses |= {412, 428} if "If-Match" in headers else set()
        statuses |= {422} if "Idempotency-Key" in headers else set()
        shape = self.resolve_serializer(Problem, "response").ref
        for status in sorted(statuses):
            operation["responses"][str(status)] = {
                "description": str(TITLES[status]),
                "content": {PROBLEM: {"schema": shape}},
            }
        for done in ("200", "201"):
            if done in operation["responses"] and action != "list" and view and not self._gives():
                operation["responses"][done]["headers"] = ETAG
        return operation
