"""The pages of the API: its description, a page to read and try it, and what lies beside it."""

from __future__ import annotations

from typing import Any

from django.views.generic import TemplateView
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class Description(SpectacularJSONAPIView):
    """The OpenAPI description; open to everybody, because it says nothing about the ledger."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()


class Page(TemplateView):
    """Read and try the API; every script of it is our own file, as the strict CSP demands."""

    template_name = "assistance/api.html"


@extend_schema(exclude=True)
class Nothing(APIView):
    """Every address under the API that leads nowhere: a 404 of the same form as the others."""

    authentication_classes = ()
    permission_classes = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound

    def get(self, request: Request, **kwargs: Any) -> Response:
        raise NotFound
