"""Batches, teams, persons and postings on the desk."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Count, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.admin.scoped import Filter, Panel, ScopedAdmin, badge, link, reader
from assistance.admin.verbs import DayForm, Queue, Verb, VerbForm
from assistance.errors import Refused
from assistance.models import Setting, User
from assistance.periods import local_day
from teams.actions import cancel_posting, dispatch, edit_posting, end_posting, plan_posting
from teams.models import Batch, Person, Posting, PostingState, Team

PLANNED_END = pgettext_lazy("posting", "planned end")
STATE_TONES = {
    PostingState.PLANNED: "open",
    PostingState.ACTIVE: "good",
    PostingState.ENDED: "quiet",
    PostingState.RECALLED: "bad",
    PostingState.CANCELLED: "quiet",
}


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
                        _state(posting),
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


@admin.register(Person)
class PersonAdmin(ScopedAdmin):
    place = 62
    joins = ("updated_by",)
    list_display = ["name", "gender", "home_unit", "rank", "prof_title"]
    search_fields = ["name", "home_unit"]
    fieldsets = [
        (None, {"fields": [("name", "gender"), ("birth_ym", "ethnicity"), "political_status"]}),
        (_("Work"), {"fields": ["home_unit", ("rank", "prof_title"), "education"]}),
    ]


class LetterForm(VerbForm):
    letter_no = forms.CharField(label=_("Dispatch letter no."), max_length=80)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.row is not None:
            self.fields["letter_no"].initial = self.row.letter_no


class EndForm(DayForm):
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}))
    recalled = forms.BooleanField(label=_("Recalled before the planned end"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["on"].label = _("Last day in post")


def _open_at(*states: PostingState) -> Callable[[Any, User], Refused | None]:
    def why_not(posting: Posting, user: User) -> Refused | None:
        if posting.state in states:
            return None
        return Refused(
            "posting_in_another_state",
            _("This posting is %(state)s; the step is not open to it.")
            % {"state": posting.get_state_display()},
        )

    return why_not


def _expiring_days(now: datetime) -> int:
    """The office's setting that applies today."""
    return int(Setting.objects.value_on("expiring_days", local_day(now), known_at=now))


class EndingFilter(Filter):
    """Postings under way by how near their planned end is."""

    title = PLANNED_END
    parameter_name = "ending"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        soon = str(_("within %(days)s days")) % {"days": _expiring_days(timezone.now())}
        return [("over", str(_("passed"))), ("soon", soon)]

    def queryset(
        self, request: HttpRequest, queryset: models.QuerySet[Any]
    ) -> models.QuerySet[Any]:
        today = local_day(timezone.now())
        active = queryset.filter(state=PostingState.ACTIVE)
        match self.value():
            case "over":
                return active.filter(planned_end__lt=today)
            case "soon":
                soon = today + timedelta(days=_expiring_days(timezone.now()))
                return active.filter(planned_end__range=(today, soon))
        return queryset


@admin.register(Posting)
class PostingAdmin(ScopedAdmin):
    place = 60
    joins = (
        "person", "team__batch", "team__region", "pairing__donor", "pairing__recipient", "region",
        "host_unit", "updated_by",
    )  # fmt: skip
    list_display = [
        "person_or_post", "standing", "direction", "category", "region", "host_post", "start_on",
        "planned_end", "end_on",
    ]  # fmt: skip
    list_filter = [EndingFilter, "state", "direction", "category"]
    search_fields = ["host_post", "letter_no"]
    autocomplete_fields = ["person", "region", "host_unit"]
    may_be_missing = ("person", "host_unit")
    readonly_fields = ["end_on", "end_reason"]
    fieldsets = [
        (None, {"fields": ["person", "team", "pairing", "region"]}),
        (_("Post"), {"fields": ["host_unit", "host_post", ("direction", "category")]}),
        (_("Term"), {"fields": [("start_on", "planned_end"), ("term", "letter_no")]}),
        (_("Quota"), {"fields": [("is_planned_quota", "group_type")]}),
        (_("End"), {"fields": [("end_on", "end_reason")]}),
    ]
    verbs = (
        Verb(
            "dispatch",
            pgettext_lazy("verb", "Dispatch"),
            "teams.dispatch_posting",
            dispatch,
            _open_at(PostingState.PLANNED),
            form=LetterForm,
            explains=_("The posting counts from now on."),
        ),
        Verb(
            "end",
            pgettext_lazy("verb", "End"),
            "teams.end_posting",
            end_posting,
            _open_at(PostingState.ACTIVE),
            form=EndForm,
        ),
        Verb(
            "cancel",
            pgettext_lazy("verb", "Cancel"),
            "teams.change_posting",
            cancel_posting,
            _open_at(PostingState.PLANNED),
            turns_down=True,
            explains=_("The posting will not take place; its days are free again."),
        ),
    )
    queues = (
        Queue(
            "to-dispatch",
            _("Postings to dispatch"),
            "teams.dispatch_posting",
            lambda rows, user, now: rows.filter(
                state=PostingState.PLANNED, start_on__lte=local_day(now)
            ),
        ),
        Queue(
            "overstayed",
            _("Postings past their planned end"),
            "teams.end_posting",
            lambda rows, user, now: rows.filter(
                state=PostingState.ACTIVE, planned_end__lt=local_day(now)
            ),
        ),
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or obj.state == PostingState.PLANNED)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Names of persons only for who may see persons; the end once there is one."""
        written = [*super().get_fieldsets(request, obj)]
        if obj is None or obj.end_on is None:
            written.pop()
        if not _sees_persons(request):
            written[0] = (None, {"fields": ["team", "pairing", "region"]})
        return written

    def get_list_display(self, request: HttpRequest) -> Any:
        columns = list(super().get_list_display(request))
        return columns if _sees_persons(request) else columns[1:]

    def enter(self, fields: dict[str, Any], *, by: User, now: datetime) -> Any:
        return plan_posting(**fields, by=by, now=now)

    def amend(
        self, row: Any, fields: dict[str, Any], *, by: User, now: datetime, version: int | None
    ) -> Any:
        return edit_posting(row, **fields, by=by, now=now, version=version)

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        return (
            (_("State"), _state(row)),
            (_("Post"), row.host_post),
            (_("Region"), row.region),
            (_("Starts on"), row.start_on),
            (pgettext_lazy("posting", "Planned end"), row.planned_end),
        )

    @admin.display(description=_("person"), ordering="person__name")
    def person_or_post(self, posting: Posting) -> str:
        return posting.person.name

    @admin.display(description=_("state"), ordering="state")
    def standing(self, posting: Posting) -> SafeString:
        return _state(posting)


def _sees_persons(request: HttpRequest) -> bool:
    return reader(request).has_perm("teams.view_person")


def _state(posting: Posting) -> SafeString:
    return badge(posting.get_state_display(), STATE_TONES[PostingState(posting.state)])
