"""Every address of the product, from the top."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView

from assistance.api import docs
from reporting.pages import health

API: list[URLPattern | URLResolver] = [
    path("", include("assistance.api.urls")),
    path("", include("projects.api.urls")),
    path("", include("teams.api")),
    re_path("", docs.Nothing.as_view()),
]

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("api/v1/", include(API)),
    path("i18n/", include("django.conf.urls.i18n")),
    path("healthz/live", health.live, name="live"),
    path("healthz/ready", health.ready, name="ready"),
]
