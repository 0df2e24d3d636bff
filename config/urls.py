"""Every address of the product, from the top."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from reporting.pages import health

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("healthz/live", health.live, name="live"),
    path("healthz/ready", health.ready, name="ready"),
]
