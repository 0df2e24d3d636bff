"""What every resource does alike: a list, one row, and verbs that need the row's version."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, TypeAlias, TypeVar, cast

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from assistance.api.authentication import caller
from assistance.api.fields import NoBody
from assistance.api.forms import FormBody, is_form, parts_of, require_size
from assistance.api.listing import Listing, ListQuery, NoParameters, Ordering
from assistance.api.problems import MissingIfMatch
from assistance.api.wire import written
from assistance.errors import Refused
from assistance.models import User

V = TypeVar("V", bound=Callable[..., Any])
Shape: TypeAlias = "type[serializers.Serializer[Any]]"
Shapes: TypeAlias = "Shape | Mapping[str, Shape]"  # where they differ, by the media type

NO_VERSION = 0  # versions begin at 1
ETAG = re.compile(r'"([0-9]{1,18})"')


def verb(name: str, body: Shape) -> Callable[[V], V]:
    """Mark a method of a resource as a verb: a POST that needs If-Match and takes ``body``."""

    def mark(method: V) -> V:
        method.verb, method.body = name, body  # type: ignore[attr-defined]  # our two marks
        return method

    return mark


def parameters(request: Request) -> dict[str, str]:
    """What the address asks; ValidationError where it asks one thing twice."""
    given = request.query_params
    twice = {name: [_("Say this once.")] for name in given if len(given.getlist(name)) > 1}
    if twice:
        raise serializers.ValidationError(twice)
    return given.dict()


def takes(body: Shapes) -> Callable[[V], V]:
    """Mark a method that creates with the shape of its body, for the OpenAPI description."""

    def mark(method: V) -> V:
        method.body = body  # type: ignore[attr-defined]  # our mark
        return method

    return mark


def gives(*media_types: str) -> Callable[[V], V]:
    """Mark a method that answers with a file of one of these types, for the description."""

    def mark(method: V) -> V:
        method.gives = media_types  # type: ignore[attr-defined]  # our mark
        return method

    return mark


class Resource(ViewSet):
    """Rows of one model that the caller may see.

    A row out of sight answers exactly as a missing one. ``permission`` is what reading needs;
    what writing needs is decided by the actions.
    """

    permission: ClassVar[str]
    row: ClassVar[type[serializers.Serializer[Any]]]
    in_full: ClassVar[type[serializers.Serializer[Any]]]
    query: ClassVar[type[ListQuery]]
    pagination_class = Listing  # for the OpenAPI description
    now: datetime
    sent: bytes = b""

    def rows(self) -> QuerySet[Any]:
        """The rows that the caller may see."""
        raise NotImplementedError

    def rows_in_full(self) -> QuerySet[Any]:
        """The same with what a detail answer reads besides."""
        return self.rows()

    def actions_open(self, row: Any) -> Sequence[str]:
        """The verbs of this API that the caller may take with ``row`` now; none where it is only
        read.
        """
        return []

    def actions_refused(self, row: Any) -> Mapping[str, Refused]:
        """The other verbs of the caller's role, and why they are shut now."""
        return {}

    @property
    def caller(self) -> User:
        return caller(self.request)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Who asks, whether they may, and whether the question makes sense."""
        super().initial(request, *args, **kwargs)
        self.now = timezone.now()
        # RequestDataTooBig before a parser would read all of it
        if is_form(request) and FormBody in self.parser_classes:
            require_size(request)
        else:
            self.sent = request.body
        query = (self.query if self.action == "list" else NoParameters)(data=parameters(request))
        query.is_valid(raise_exception=True)
        self.asked: dict[str, Any] = query.validated_data
        self.asked_in = query

    def list(self, request: Request) -> Response:
        asked = dict(self.asked)
        query = cast(ListQuery, self.asked_in)
        ordering = cast(Ordering, query.fields["ordering"])
        paging = {
            name: asked.pop(name) for name in ("limit", "cursor", "count", "ordering", "fields")
        }
        page = Listing(paging).page(
            query.narrow(self.rows(), asked),
            row=self.row(),
            columns=ordering.columns,
            request=request,
        )
        return Response(page)

    def retrieve(self, request: Request, **key: Any) -> Response:
        return self.full(self.rows_in_full().get(**key))

    def full(self, row: Any, status: int = 200) -> Response:
        """One row in full, with the version that changing it needs."""
        body = self.in_full(row, context={"view": self}).data
        # reference rows have no version and cannot be changed here; their text is their version
        tag = getattr(row, "version", None) or hashlib.sha256(written(body)).hexdigest()[:16]
        return Response(body, status=status, headers={"ETag": f'"{tag}"'})

    def allowed_actions(self) -> Sequence[str]:
        """What is open to the caller instead of what was refused."""
        row = self.rows_in_full().filter(**self.kwargs).first() if self.kwargs else None
        return self.actions_open(row) if row is not None else []

    def body(self, shape: type[serializers.Serializer[Any]], **options: Any) -> dict[str, Any]:
        """The body of the request, or ValidationError."""
        data = parts_of(self.request) if is_form(self.request) else self.request.data
        given = shape(data=data, **options)
        given.is_valid(raise_exception=True)
        values: dict[str, Any] = given.validated_data
        return values

    def version(self) -> int:
        """The version that If-Match names; ``MissingIfMatch`` (428) where it names none.

        ``*`` and weak tags name no version. A tag that we never gave fits no row (412).
        """
        given = self.request.headers.get("If-Match", "").strip()
        if given in {"", "*"}:
            raise MissingIfMatch
        found = ETAG.fullmatch(given)
        return int(found[1]) if found else NO_VERSION


class AllowedActions(serializers.ListField):
    """The verbs open to the caller, as the view of the request knows them."""

    child = serializers.CharField()

    def __init__(self) -> None:
        super().__init__(source="*", read_only=True, help_text="what you may do with it now")

    def to_representation(self, data: Any) -> list[str]:
        view: Resource = self.context["view"]
        return list(view.actions_open(data))


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "required": ["code", "detail"],
            "properties": {"code": {"type": "string"}, "detail": {"type": "string"}},
        },
    }
)
class RefusedActions(serializers.Field[Any, Any, dict[str, Any], Any]):
    """The verbs of the caller's role that are shut now, each with the reason."""

    def __init__(self) -> None:
        super().__init__(
            source="*", read_only=True, help_text="your other verbs, and why they are shut now"
        )

    def to_representation(self, data: Any) -> dict[str, Any]:
        refused = self.context["view"].actions_refused(data)
        return {
            name: {"code": refusal.code, "detail": str(refusal.detail)}
            for name, refusal in refused.items()
        }


def body_of(view: Resource, action: str) -> Shapes | None:
    """The shape of the body that an action takes, for the OpenAPI description."""
    shape = getattr(getattr(view, action, None), "body", None)
    return None if shape is NoBody else shape


def headers_of(view: Resource, action: str) -> Mapping[str, bool]:
    """The headers that an action reads, and whether it needs them."""
    if action == "create":
        return {"Idempotency-Key": False}
    method = getattr(view, action, None)
    return {"If-Match": True} if getattr(method, "verb", None) else {}
