"""The addresses of the ground floor under /api/v1/."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from django.urls import path, register_converter
from django.views.decorators.cache import cache_page

if TYPE_CHECKING:
    from rest_framework.decorators import ViewSetAction

from assistance.api import converters
from assistance.api.changes import Changes
from assistance.api.docs import Description, Page
from assistance.api.me import Me
from assistance.api.reference import Pairings, Programmes, Regions
from assistance.api.returns import Returns

register_converter(converters.RowId, "row_id")
register_converter(converters.RegionCode, "region_code")
register_converter(converters.ProgrammeCode, "programme_code")
register_converter(converters.ProjectCode, "project_code")
register_converter(converters.MonthName, "month")

Methods: TypeAlias = "dict[str, str | ViewSetAction[Any]]"  # ViewSetAction is known to types only
LIST: Methods = {"get": "list"}
DETAIL: Methods = {"get": "retrieve"}
RETURN = "returns/<row_id:pairing_id>/<month:period>/"
KEPT = 600  # seconds; the description changes with a release and takes a moment to draw

urlpatterns = [
    path("schema/", cache_page(KEPT)(Description.as_view()), name="api-schema"),
    path("docs/", Page.as_view(), name="api-docs"),
    path("me/", Me.as_view(DETAIL)),
    path("regions/", Regions.as_view(LIST)),
    path("regions/<region_code:code>/", Regions.as_view(DETAIL)),
    path("programmes/", Programmes.as_view(LIST)),
    path("programmes/<programme_code:code>/", Programmes.as_view(DETAIL)),
    path("pairings/", Pairings.as_view(LIST)),
    path("pairings/<row_id:id>/", Pairings.as_view(DETAIL)),
    path("returns/", Returns.as_view(LIST)),
    path(RETURN, Returns.as_view(DETAIL | {"patch": "partial_update"})),
    path(f"{RETURN}submit/", Returns.as_view({"post": "submit"})),
    path(f"{RETURN}accept/", Returns.as_view({"post": "accept"})),
    path(f"{RETURN}send-back/", Returns.as_view({"post": "send_back"})),
    path("changes/", Changes.as_view(LIST)),
    path("changes/<row_id:id>/", Changes.as_view(DETAIL)),
]
