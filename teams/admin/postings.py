"""Postings on the desk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.admin.scoped import Filter, Panel, ScopedAdmin, reader
from assistance.admin.verbs import DayForm, Queue, Verb, VerbForm
from assistance.models import Setting, User
from assistance.periods import local_day
from teams.actions import cancel_posting, dispatch, edit_posting, end_posting, plan_posting
from teams.actions.endings import MAY_APPRAISE
from teams.admin import endings, extensions, leaves
from teams.admin.roster import post_panel, roster_view
from teams.admin.shown import open_at, sees_persons, state_badge
from teams.models import Appraisal, AppraisalKind, Leave, Posting, PostingState
from teams.models.postings import has_successor

APPRAISE_BEFORE = 30  # days before the planned end
PLANNED_END = pgettext_lazy("posting", "planned end")


class LetterForm(VerbForm):
    letter_no = forms.CharField(label=_("Dispatch letter no."), max_length=80)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.row is not None:
            self.fields["letter_no"].initial = self.row.letter_no


class EndForm(DayForm):
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["on"].label = _("Last day in post")


def _expiring_days(now: datetime) -> int:
    """The office's setting that applies today."""
    return int(Setting.objects.value_on("expiring_days", local_day(now), known_at=now))


class EndingFilter(Filter):
    """Postings under way by how near their planned end is."""

    title = PLANNED_END
    parameter_name = "ending"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        days = {"days": _expiring_days(timezone.now())}
        return [
            ("over", str(_("passed"))),
            ("soon", str(_("within %(days)s days")) % days),
            ("open", str(_("within %(days)s days, no successor yet")) % days),
            ("followed", str(_("within %(days)s days, successor named")) % days),
        ]

    def queryset(
        self, request: HttpRequest, queryset: models.QuerySet[Any]
    ) -> models.QuerySet[Any]:
        today = local_day(timezone.now())
        active = queryset.filter(state=PostingState.ACTIVE)
        match self.value():
            case "over":
                return active.filter(planned_end__lt=today)
            case "soon" | "open" | "followed" as which:
                soon = today + timedelta(days=_expiring_days(timezone.now()))
                near = active.filter(planned_end__range=(today, soon))
                narrowed = {"open": ~has_successor(), "followed": has_successor()}
                return near.filter(narrowed[which]) if which in narrowed else near
        return queryset


class AwayFilter(Filter):
    """Postings of whom somebody is on leave today."""

    title = pgettext_lazy("roster", "on leave")
    parameter_name = "away"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("today", str(_("today")))]

    def queryset(
        self, request: HttpRequest, queryset: models.QuerySet[Any]
    ) -> models.QuerySet[Any]:
        if self.value() != "today":
            return queryset
        now = timezone.now()
        away = Leave.objects.under_way(local_day(now), now).filter(posting=OuterRef("pk"))
        return queryset.filter(Exists(away))


def _to_appraise(rows: models.QuerySet[Any], user: User, now: datetime) -> models.QuerySet[Any]:
    final = Appraisal.objects.standing().filter(posting=OuterRef("pk"), kind=AppraisalKind.FINAL)
    soon = local_day(now) + timedelta(days=APPRAISE_BEFORE)
    return rows.filter(~Exists(final), state=PostingState.ACTIVE, planned_end__lte=soon)


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
    list_filter = [EndingFilter, AwayFilter, "state", "direction", "category"]
    change_list_template = "teams/postings.html"
    search_fields = ["host_post", "letter_no"]
    autocomplete_fields = ["person", "region", "host_unit", "succeeds"]
    may_be_missing = ("person", "host_unit")
    readonly_fields = ["end_on", "end_reason"]
    fieldsets = [
        (None, {"fields": ["person", "team", "pairing", "region"]}),
        (_("Post"), {"fields": ["host_unit", "host_post", ("direction", "category")]}),
        (_("Term"), {"fields": [("start_on", "planned_end"), ("term", "letter_no"), "succeeds"]}),
        (_("Quota"), {"fields": [("is_planned_quota", "group_type")]}),
        (_("End"), {"fields": [("end_on", "end_reason")]}),
    ]
    verbs = (
        Verb(
            "dispatch",
            pgettext_lazy("verb", "Dispatch"),
            "teams.dispatch_posting",
            dispatch,
            open_at(PostingState.PLANNED),
            form=LetterForm,
            explains=_("The posting counts from now on."),
        ),
        Verb(
            "end",
            pgettext_lazy("verb", "End"),
            "teams.end_posting",
            end_posting,
            open_at(PostingState.ACTIVE),
            form=EndForm,
            explains=_("It takes a final appraisal and a hand-over that are confirmed."),
        ),
        Verb(
            "recall",
            pgettext_lazy("verb", "Recall"),
            "teams.end_posting",
            partial(end_posting, recalled=True),
            open_at(PostingState.ACTIVE),
            form=EndForm,
            explains=_("Before the planned end; the papers may follow."),
            turns_down=True,
        ),
        *extensions.POSTING_VERBS,
        *leaves.POSTING_VERBS,
        *endings.POSTING_VERBS,
        Verb(
            "cancel",
            pgettext_lazy("verb", "Cancel"),
            "teams.change_posting",
            cancel_posting,
            open_at(PostingState.PLANNED),
            turns_down=True,
            explains=_("The posting will not take place; its days are free again."),
        ),
    )
    queues = (
        Queue(
            "to-appraise",
            _("Postings that end soon without a final appraisal"),
            MAY_APPRAISE,
            _to_appraise,
        ),
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

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(partial(roster_view, self))
        return [path("roster/", view, name="teams_posting_roster"), *super().get_urls()]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or obj.state == PostingState.PLANNED)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Names of persons only for who may see persons; the end once there is one."""
        written = [*super().get_fieldsets(request, obj)]
        if obj is None or obj.end_on is None:
            written.pop()
        if not sees_persons(request):
            written[0] = (None, {"fields": ["team", "pairing", "region"]})
        return written

    def get_list_display(self, request: HttpRequest) -> Any:
        columns = list(super().get_list_display(request))
        return columns if sees_persons(request) else columns[1:]

    def enter(self, fields: dict[str, Any], *, by: User, now: datetime) -> Any:
        return plan_posting(**fields, by=by, now=now)

    def amend(
        self, row: Any, fields: dict[str, Any], *, by: User, now: datetime, version: int | None
    ) -> Any:
        return edit_posting(row, **fields, by=by, now=now, version=version)

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        return (
            (_("State"), state_badge(row)),
            (_("Post"), row.host_post),
            (_("Region"), row.region),
            (_("Starts on"), row.start_on),
            (pgettext_lazy("posting", "Planned end"), row.planned_end),
        )

    def panels(self, request: HttpRequest, row: Any) -> Iterable[Panel]:
        yield from post_panel(request, row)
        yield from extensions.posting_panels(row)
        if reader(request).has_perm("teams.view_leave"):
            yield from leaves.posting_panels(row)
        yield from endings.posting_panels(row, reader(request))

    @admin.display(description=_("person"), ordering="person__name")
    def person_or_post(self, posting: Posting) -> str:
        return posting.person.name

    @admin.display(description=_("state"), ordering="state")
    def standing(self, posting: Posting) -> SafeString:
        return state_badge(posting)
