"""Lists of the desk: how far they count, and what waits for the reader."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy

from assistance.admin.scoped.readers import reader

if TYPE_CHECKING:
    Filter = admin.SimpleListFilter
    Pages = Paginator[Any]
else:
    Filter, Pages = admin.SimpleListFilter, Paginator

MOST_COUNTED = 10_000  # rows that a list counts and pages through; beyond, the reader searches


class CappedPaginator(Pages):
    """Counts no further than ``MOST_COUNTED``: a deep page of a long list costs seconds."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        return rows[:MOST_COUNTED].count() if isinstance(rows, models.QuerySet) else len(rows)


class QueueFilter(Filter):
    """Only the rows that wait for one kind of the reader's work."""

    title = gettext_lazy("waiting for me")
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(queue.name, str(queue.label)) for queue in model_admin.queues_of(request)]

    def queryset(
        self, request: HttpRequest, queryset: models.QuerySet[Any]
    ) -> models.QuerySet[Any]:
        page = admin.site._registry[queryset.model]
        for queue in page.queues_of(request):  # type: ignore[attr-defined]  # a ScopedAdmin's filter
            if queue.name == self.value():
                return queue.rows(queryset, reader(request), timezone.now())  # type: ignore[no-any-return]
        return queryset
