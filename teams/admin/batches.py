"""Batches and teams on the desk."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import Count, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.admin.scoped import Panel, ScopedAdmin, link, reader
from assistance.admin.verbs import Verb
from teams.actions import enter_roster
from teams.admin.batch_roster import batch_roster_view, template_view
from teams.admin.shown import state_badge
from teams.models import Batch, Posting, Team


def _declared_and_registered(declared: int, registered: int) -> tuple[tuple[Any, Any], ...]:
    return (
        (_("Declared headcount"), declared),
        (_("Registered postings"), registered),
        (_("Gap"), declared - registered),
    )


@admin.register(Batch)
class BatchAdmin(ScopedAdmin):
    place = 64
    joins = ("programme", "updated_by")
    list_display = ["label", "programme", "dispatched_on", "declared", "registered", "gap"]
    list_filter = ["programme"]
    search_fields = ["label"]
    fieldsets = [(None, {"fields": ["programme", ("label", "dispatched_on"), "basis"]})]
    verbs = (
        Verb(
            "roster",
            _("Enter a roster"),
            "teams.dispatch_posting",
            enter_roster,
            lambda _batch, _user: None,
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        """The roster has a page of its own, for it is looked at before it is entered."""
        own = {
            "<int:pk>/do/roster/": (batch_roster_view, "teams_batch_roster"),
            "<int:pk>/template.xlsx": (template_view, "teams_batch_template"),
        }
        return [
            *(
                path(route, self.admin_site.admin_view(partial(view, self)), name=name)
                for route, (view, name) in own.items()
            ),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        teams = Team.objects.visible_to(reader(request)).filter(batch=OuterRef("pk"))
        postings = Posting.objects.visible_to(reader(request)).counting()
        sums = teams.order_by().values("batch").annotate(sum=Sum("declared_headcount"))
        counts = postings.filter(team__batch=OuterRef("pk")).order_by().values("team__batch")
        rows = super().get_queryset(request)
        batches: models.QuerySet[Any] = rows.filter(pk__in=_batches_of(request)).annotate(
            declared_sum=Coalesce(Subquery(sums.values("sum")), 0),
            registered_count=Coalesce(
                Subquery(counts.annotate(found=Count("pk")).values("found")), 0
            ),
        )
        return batches

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        return _declared_and_registered(row.declared_sum, row.registered_count)

    def panels(self, request: HttpRequest, row: Any) -> Iterable[Panel]:
        teams = Team.objects.visible_to(reader(request)).filter(batch=row).select_related("region")
        counted: Iterable[Any] = teams.annotate(found=Count("postings", filter=_COUNTING))
        return (
            Panel(
                _("Teams"),
                (_("region"), _("declared headcount"), _("registered"), _("gap")),
                [
                    (
                        link(team, str(team.region)),
                        team.declared_headcount,
                        team.found,
                        team.declared_headcount - team.found,
                    )
                    for team in counted
                ],
                _("This batch has no team yet."),
            ),
        )

    @admin.display(description=_("declared"))
    def declared(self, batch: Any) -> int:
        return int(batch.declared_sum)

    @admin.display(description=_("registered"))
    def registered(self, batch: Any) -> int:
        return int(batch.registered_count)

    @admin.display(description=_("gap"))
    def gap(self, batch: Any) -> int:
        return int(batch.declared_sum - batch.registered_count)


_COUNTING = Q(postings__counted_at__isnull=False, postings__voided_at=None)


def _batches_of(request: HttpRequest) -> models.QuerySet[Any, Any]:
    """Batches with a team that the reader sees; who sees everything also sees those without one."""
    if reader(request).scope.kind == "all":
        return Batch.objects.values("pk")
    return Team.objects.visible_to(reader(request)).values("batch")


@admin.register(Team)
class TeamAdmin(ScopedAdmin):
    place = 66
    joins = ("batch", "region", "updated_by")
    list_display = ["title", "region", "declared_headcount", "registered", "gap"]
    list_filter = ["batch"]
    search_fields = ["batch__label", "region__name_zh"]
    autocomplete_fields = ["region"]
    fieldsets = [(None, {"fields": ["batch", "region", "declared_headcount", "basis"]})]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        counted = Count("postings", filter=_COUNTING)
        teams: models.QuerySet[Any] = (
            super().get_queryset(request).annotate(registered_count=counted)
        )
        return teams

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        return _declared_and_registered(row.declared_headcount, row.registered_count)

    def panels(self, request: HttpRequest, row: Any) -> Iterable[Panel]:
        postings = Posting.objects.visible_to(reader(request)).filter(team=row).standing()
        return (
            Panel(
                _("Postings"),
                (
                    _("post"),
                    _("state"),
                    _("starts on"),
                    pgettext_lazy("posting", "planned end"),
                    _("ended on"),
                ),
                [
                    (
                        link(posting, posting.host_post),
                        state_badge(posting),
                        posting.start_on,
                        posting.planned_end,
                        posting.end_on or "–",
                    )
                    for posting in postings
                ],
                _("Nobody is registered in this team yet."),
            ),
        )

    @admin.display(description=_("team"), ordering="batch")
    def title(self, team: Team) -> str:
        return str(team)

    @admin.display(description=_("registered"))
    def registered(self, team: Any) -> int:
        return int(team.registered_count)

    @admin.display(description=_("gap"))
    def gap(self, team: Any) -> int:
        return int(team.declared_headcount - team.registered_count)
