"""The roster on the desk: who is in post on a day, counted, listed and taken away as a workbook."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from io import BytesIO
from typing import Any

import xlsxwriter
from django import forms
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from assistance.admin.scoped import Panel, ScopedAdmin, badge, link, reader
from assistance.admin.verbs import day_input
from assistance.models import Region
from assistance.periods import local_day
from assistance.scope import region_prefix
from assistance.sheets import guarded
from teams.admin.shown import sees_persons, state_badge
from teams.models import Batch, Category, Direction, Posting
from teams.models.postings import PostingQuerySet, has_successor
from teams.roster import HeadCount, RosterDay, head_counts, in_post, line_of, total

PAGE = 50  # rows of the list
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ANY = ("", gettext_lazy("all"))


class RosterForm(forms.Form):
    """Which day, and which part of the roster."""

    on = forms.DateField(label=pgettext_lazy("roster", "As at"), widget=day_input())
    region = forms.ModelChoiceField(
        label=gettext_lazy("Region"), queryset=Region.objects.none(), to_field_name="code",
        required=False, empty_label=ANY[1],
    )  # fmt: skip
    category = forms.ChoiceField(
        label=gettext_lazy("Category"), choices=[ANY, *Category.choices], required=False
    )
    direction = forms.ChoiceField(
        label=gettext_lazy("Direction"), choices=[ANY, *Direction.choices], required=False
    )
    batch = forms.ModelChoiceField(
        label=gettext_lazy("Batch"), queryset=Batch.objects.none(), required=False,
        empty_label=ANY[1],
    )  # fmt: skip

    def __init__(self, *args: Any, postings: PostingQuerySet, **options: Any) -> None:
        super().__init__(*args, **options)
        own = postings.order_by()
        here = Q(pk__in=own.values("region")) | Q(pk__in=own.values("region__parent"))
        self.fields["region"].queryset = Region.objects.filter(here).order_by("code")  # type: ignore[attr-defined]  # it is a choice of models
        batches = own.filter(team__isnull=False).values("team__batch")
        self.fields["batch"].queryset = Batch.objects.filter(pk__in=batches)  # type: ignore[attr-defined]  # likewise

    def chosen(self, postings: PostingQuerySet) -> PostingQuerySet:
        """The postings that are asked for; all where the form was not understood."""
        asked = self.cleaned_data if self.is_valid() else {}
        if region := asked.get("region"):
            postings = postings.filter(region__code__startswith=region_prefix(region.code))
        if batch := asked.get("batch"):
            postings = postings.filter(team__batch=batch)
        same = {name: asked[name] for name in ("category", "direction") if asked.get(name)}
        return postings.filter(**same)


@dataclass
class Roster:
    """What one reader asked for, counted and listed."""

    form: RosterForm
    asked: RosterDay
    postings: PostingQuerySet
    names: bool  # whether the reader may see names

    @classmethod
    def of(cls, request: HttpRequest) -> Roster:
        """What the address asks for, of what its reader may see; today where it names no day."""
        now, seen = timezone.now(), Posting.objects.visible_to(reader(request))
        today, given = local_day(now), request.GET.copy()
        given["on"] = given.get("on") or f"{today}"
        form = RosterForm(given, postings=seen)
        day = form.cleaned_data["on"] if form.is_valid() else today
        return cls(form, RosterDay.of(day, now), form.chosen(seen), sees_persons(request))

    @cached_property
    def rows(self) -> PostingQuerySet:
        """The people in post, by region and post."""
        listed = in_post(self.postings, self.asked).annotate(followed=has_successor())
        return listed.select_related("person", "region", "host_unit").order_by(
            "region__code", "host_post", "pk"
        )

    @cached_property
    def counts(self) -> list[HeadCount]:
        return head_counts(self.postings, self.asked)

    @cached_property
    def total(self) -> HeadCount:
        return total(self.postings, self.asked)

    def headings(self) -> list[Any]:
        """Of the list."""
        named = [_("person"), _("home unit")] if self.names else []
        return [
            *named, _("region"), _("host unit"), _("post"), _("category"), _("direction"),
            _("starts on"), pgettext("posting", "planned end"), _("remarks"),
        ]  # fmt: skip

    def remarks(self, row: Any) -> Iterable[tuple[Any, str]]:
        """What somebody who reads the roster has to know of a posting, with its tone."""
        if row.away:
            yield pgettext("roster", "on leave"), "busy"
        if row.end_then < self.asked.day:
            yield _("Past the planned end"), "bad"
        elif row.end_then <= self.asked.soon and row.end_then > self.asked.day:
            yield _("Ends soon"), "open"
        else:
            return
        yield (_("successor named"), "good") if row.followed else (_("no successor yet"), "bad")

    def cells(self, row: Any, post: str) -> list[Any]:
        """Of one row of the list; ``post`` is how its post is shown."""
        named = [str(row.person), row.person.home_unit] if self.names else []
        return [
            *named, str(row.region), str(row.host_unit), post, row.get_category_display(),
            row.get_direction_display(), row.start_on, row.end_then,
        ]  # fmt: skip

    def counted(self) -> list[list[Any]]:
        """One line per region, category and direction."""
        codes = {line.region for line in self.counts}
        regions = {region.code: str(region) for region in Region.objects.filter(code__in=codes)}
        return [
            [
                regions[line.region], Category(line.category).label,
                Direction(line.direction).label, *_numbers(line),
            ]
            for line in self.counts
        ]  # fmt: skip

    def count_headings(self) -> list[Any]:
        """Of the head counts."""
        since = date_format(self.asked.since)
        return [
            _("region"), _("category"), _("direction"), _("in post"),
            pgettext("roster", "of these on leave"),
            _("came since %(day)s") % {"day": since},
            _("left since %(day)s") % {"day": since},
            _("ends by %(day)s") % {"day": date_format(self.asked.soon)},
            _("past the planned end"), _("average age"),
        ]  # fmt: skip


def _numbers(line: HeadCount) -> list[Any]:
    age = "–" if line.age is None else round(line.age, 1)
    return [
        line.in_post, line.away, line.new, line.returned, line.expiring, line.overstayed, age,
    ]  # fmt: skip


def roster_view(page: ScopedAdmin, request: HttpRequest) -> HttpResponse:
    """The roster of a day, as a page or, with ``as=xlsx``, as a workbook."""
    if not page.has_view_permission(request):
        raise PermissionDenied
    roster = Roster.of(request)
    if request.GET.get("as") == "xlsx" and roster.form.is_valid():
        return _workbook(roster)
    shown = Paginator(roster.rows, PAGE).get_page(request.GET.get("page"))
    asked = request.GET.copy()
    asked.pop("page", None)
    asked.pop("as", None)
    context = {
        **page.admin_site.each_context(request),
        "title": _("Roster as at %(day)s") % {"day": date_format(roster.asked.day)},
        "opts": page.opts,
        "list_url": page.list_url,
        "form": roster.form,
        "query": asked.urlencode(),
        "roster": roster,
        "headings": roster.headings(),
        "rows": [_shown(roster, row) for row in shown],
        "page": shown,
        "count_headings": roster.count_headings(),
        "counted": roster.counted(),
        "sum": _numbers(roster.total),
    }
    return TemplateResponse(request, "teams/roster.html", context)


def _shown(roster: Roster, row: Any) -> list[Any]:
    cells = roster.cells(row, link(row, row.host_post))
    badges = [(badge(said, tone),) for said, tone in roster.remarks(row)]
    return [*cells, format_html_join(" ", "{}", badges) or "–"]


def _workbook(roster: Roster) -> HttpResponse:
    day = roster.asked.day
    content = BytesIO()
    book = xlsxwriter.Workbook(
        content, dict.fromkeys(("strings_to_formulas", "strings_to_urls"), False)
    )
    said = [
        _("Roster as at %(day)s") % {"day": date_format(day)},
        _("as known on %(at)s")
        % {"at": timezone.localtime(roster.asked.known_at).strftime("%Y-%m-%d %H:%M")},
    ]
    listed = (
        [*roster.cells(row, row.host_post), _remarked(roster, row)]
        for row in roster.rows.iterator()
    )
    _sheet(book, _("Roster"), said, roster.headings(), listed)
    lines = roster.counted()
    lines.append([_("Sum"), "", "", *_numbers(roster.total)])
    _sheet(book, _("Head counts"), said, roster.count_headings(), lines)
    book.close()
    answer = HttpResponse(content.getvalue(), content_type=WORKBOOK)
    answer["Content-Disposition"] = f'attachment; filename="roster-{day}.xlsx"'
    answer["Cache-Control"] = "no-store, private"
    return answer


def _remarked(roster: Roster, row: Any) -> str:
    return " · ".join(str(said) for said, _tone in roster.remarks(row))


def _sheet(
    book: Any, name: str, said: list[str], headings: list[Any], rows: Iterable[list[Any]]
) -> None:
    sheet = book.add_worksheet(name)
    sheet.write_string(0, 0, guarded(said[0]), book.add_format({"bold": True, "font_size": 14}))
    sheet.write_string(1, 0, guarded(said[1]), book.add_format({"font_color": "#57606A"}))
    bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "vcenter"})
    days = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
    for column, heading in enumerate(headings):
        sheet.write_string(3, column, guarded(str(heading)), bold)
    sheet.freeze_panes(4, 1)
    for number, row in enumerate(rows, start=4):
        for column, cell in enumerate(row):
            if isinstance(cell, date):
                sheet.write_datetime(number, column, cell, days)
            elif isinstance(cell, (int, float)):
                sheet.write_number(number, column, cell)
            else:
                sheet.write_string(number, column, guarded(str(cell)))
    sheet.autofit(360)


def post_panel(request: HttpRequest, posting: Posting) -> Iterable[Panel]:
    """Who held the post before and after, the days between them, and the days both were there."""
    line = line_of(posting, Posting.objects.visible_to(reader(request)))
    named = sees_persons(request)
    yield Panel(
        _("This post"),
        (
            *([_("person")] if named else []), _("post"), _("state"), _("starts on"),
            pgettext("posting", "planned end"), _("ended on"), _("change of hands"),
        ),
        [
            (
                *([str(held.posting.person)] if named else []),
                held.posting.host_post if held.posting.pk == posting.pk
                else link(held.posting, held.posting.host_post),
                state_badge(held.posting), held.posting.start_on, held.posting.planned_end,
                held.posting.end_on or "–", _between(held.days_before),
            )
            for held in line
        ],
        "",
        "" if len(line) > 1 else _("Nobody held this post before, and nobody is named to follow."),
    )  # fmt: skip


def _between(days: int | None) -> Any:
    if days is None:
        return "–"
    if days > 0:
        return badge(_("vacant for %(days)s days") % {"days": days}, "bad")
    if days < 0:
        return badge(_("both in post for %(days)s days") % {"days": -days}, "open")
    return _("the next day")
