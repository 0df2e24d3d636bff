"""The page of every kind of row on the desk: it shows what the reader may see, and calls verbs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import quote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.core.paginator import Paginator
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assistance.actions.upkeep import amend_row, enter_row
from assistance.admin.money import money
from assistance.admin.verbs import (
    ANSWERS_OF_A_VERB,
    Queue,
    Verb,
    VerbForm,
    day_input,
    sentence,
    tell,
    yuan_input,
)
from assistance.desk import OnTheDesk, Waiting
from assistance.errors import Refused
from assistance.models import Pairing, User

if TYPE_CHECKING:
    Page = admin.ModelAdmin[Any]
    DeskModelForm = forms.ModelForm[Any]
    Filter = admin.SimpleListFilter
    Pages = Paginator[Any]
else:
    Page, DeskModelForm, Filter = admin.ModelAdmin, forms.ModelForm, admin.SimpleListFilter
    Pages = Paginator

MOST_COUNTED = 10_000  # rows that a list counts and pages through; beyond, the reader searches
MOST_AT_ONCE = 200  # rows that one bulk step takes


def reader(request: HttpRequest) -> User:
    """The signed-in person; no page of the desk is open to anybody else."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


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


class DeskForm(DeskModelForm):
    """The form of a row, with the version that was looked at and what its verb answered."""

    seen_version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    refusal: ClassVar[BaseException | None] = None
    current: ClassVar[Any] = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["seen_version"].initial = getattr(self.instance, "version", None)

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # known to Django, not to its stubs
        if self.refusal is not None:
            tell(self, self.refusal, self.current)

    def answers(self) -> dict[str, Any]:
        """The arguments for the verb that enters or amends the row."""
        return {name: value for name, value in self.cleaned_data.items() if name != "seen_version"}


class NextStep(NamedTuple):
    """A verb on the page of a row: open, or shut with the reason."""

    verb: Verb
    url: str
    reason: str
    is_near: bool  # the row is where the verb begins, only the person is not the right one


@dataclass(frozen=True)
class Panel:
    """A table on the page of a row: what belongs to it, readable and not to be edited there."""

    title: str | Promise
    headings: tuple[str | Promise, ...]
    rows: list[tuple[Any, ...]]
    empty: str | Promise
    note: str | Promise = ""


class Result(NamedTuple):
    """What became of one row of a bulk step."""

    row: str
    url: str
    went_through: bool
    sentence: str


class ScopedAdmin(OnTheDesk, Page):
    """Lists, shows, forbids, and calls the verbs of the rows; it decides nothing itself.

    A row out of sight answers as one that does not exist. Nothing is deleted. ``verbs`` become
    buttons on a row's page and bulk steps of the list, ``queues`` cards on the home page.
    """

    form = DeskForm
    show_full_result_count = False
    paginator = CappedPaginator
    list_per_page = 50
    list_max_show_all = 0
    show_facets = admin.ShowFacets.NEVER  # one query per choice
    change_form_template = "admin/desk/change_form.html"
    change_list_template = "admin/desk/change_list.html"
    formfield_overrides = {
        models.DateField: {"widget": day_input()},
        models.TextField: {"widget": forms.Textarea(attrs={"rows": 3})},
    }

    verbs: ClassVar[tuple[Verb, ...]] = ()
    queues: ClassVar[tuple[Queue, ...]] = ()
    joins: ClassVar[tuple[str, ...]] = ()
    may_be_missing: ClassVar[tuple[str, ...]] = ()  # relations that one may add to in the form
    summed: ClassVar[str] = ""  # the column of money whose sum a list shows
    no_form_of_its_own: ClassVar[bool] = False  # entered by a verb on another page, never here
    never_edited: ClassVar[bool] = False  # only verbs change it, also for superusers
    empty_list: ClassVar[str | Promise] = ""

    def __init__(self, model: type[models.Model], admin_site: admin.AdminSite) -> None:
        super().__init__(model, admin_site)
        for field in model._meta.get_fields():
            if isinstance(field, models.DecimalField) and field.name.endswith("_yuan"):
                setattr(self, f"{field.name}_shown", _money_shown(field))

    # ------------------------------------------------------------------------------ who sees what

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        rows = seen_by(reader(request), self.model._default_manager.all())
        rows = rows.select_related(*self.joins) if self.joins else rows
        ordering = self.get_ordering(request)
        return rows.order_by(*ordering) if ordering else rows

    def has_add_permission(self, request: HttpRequest) -> bool:
        return not self.no_form_of_its_own and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not self.never_edited and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer only what the reader may see."""
        page = self.admin_site._registry.get(db_field.related_model)
        if "queryset" not in kwargs and page is not None:
            kwargs["queryset"] = page.get_queryset(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Money with its hint; beside a choice only what may be missing from it can be added."""
        if db_field.name.endswith("_yuan"):
            kwargs["widget"] = yuan_input()
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        widget = getattr(field, "widget", None)
        if isinstance(widget, RelatedFieldWidgetWrapper):
            widget.can_add_related &= db_field.name in self.may_be_missing
            widget.can_change_related = widget.can_view_related = False
        return field

    # ------------------------------------------------------------------------- entering and editing

    def enter(self, fields: dict[str, Any], *, by: User, now: datetime) -> Any:
        """Enter a new row; pages of rows that have a verb for it call that."""
        return enter_row(self.model(**fields), by=by, now=now)

    def amend(
        self, row: Any, fields: dict[str, Any], *, by: User, now: datetime, version: int | None
    ) -> Any:
        """Change a row; pages of rows that have a verb for it call that."""
        return amend_row(row, fields, by=by, now=now, version=version)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        refusal = getattr(request, "refusal", None)
        current = self.get_object(request, quote(obj.pk)) if refusal and obj else None
        return type(form.__name__, (form,), {"refusal": refusal, "current": current})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Show or save a row; what the verb refused is told on the form, with nothing lost."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except ANSWERS_OF_A_VERB as refusal:
            request.refusal = refusal  # type: ignore[attr-defined]  # read by get_form
            return super().changeform_view(request, object_id, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        by, now = reader(request), timezone.now()
        if change:
            version = form.cleaned_data["seen_version"]
            row = self.amend(obj, form.answers(), by=by, now=now, version=version)
        else:
            row = self.enter(form.answers(), by=by, now=now)
        obj.pk = row.pk
        obj.refresh_from_db()

    # ----------------------------------------------------------------------------------- the verbs

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_verb"
        view = self.admin_site.admin_view(self.verb_view)
        return [path("<int:pk>/do/<slug:name>/", view, name=name), *super().get_urls()]

    def verbs_of(self, request: HttpRequest) -> list[Verb]:
        """The verbs that the reader's roles hold."""
        return [verb for verb in self.verbs if reader(request).has_perm(verb.permission)]

    def queues_of(self, request: HttpRequest) -> list[Queue]:
        """The queues of the reader's roles."""
        return [queue for queue in self.queues if reader(request).has_perm(queue.permission)]

    def waiting(self, request: HttpRequest, now: datetime) -> Iterable[Waiting]:
        if not self.has_view_permission(request):
            return
        for queue in self.queues_of(request):
            rows = queue.rows(self.get_queryset(request), reader(request), now)
            count = rows[:MOST_COUNTED].count()
            yield Waiting(
                queue.label, count, f"{self.list_url}?{QueueFilter.parameter_name}={queue.name}"
            )

    def next_steps(self, request: HttpRequest, row: Any) -> list[NextStep]:
        """Every verb of the reader on this row, open ones first."""
        steps = []
        for verb in self.verbs_of(request):
            refusal = verb.why_not(row, reader(request))
            if isinstance(refusal, PermissionDenied):
                continue
            reason = "" if refusal is None else str(refusal)
            near = isinstance(refusal, Refused) and refusal.code == "own_work"
            steps.append(NextStep(verb, self._verb_url(row, verb), reason, near))
        return sorted(steps, key=lambda step: bool(step.reason))

    def verb_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """Ask what a verb needs, then do it and go back to the row."""
        row = self.get_object(request, str(pk))
        if row is None:
            return self._get_obj_does_not_exist_redirect(  # type: ignore[attr-defined,no-any-return]
                request, self.opts, str(pk)
            )
        verb = next((verb for verb in self.verbs_of(request) if verb.name == name), None)
        if verb is None:
            raise PermissionDenied
        refusal = verb.why_not(row, reader(request))
        if isinstance(refusal, PermissionDenied):
            raise refusal
        sent = request.POST if request.method == "POST" else None
        form = verb.form(sent, row=row, by=reader(request))
        if refusal is None and form.is_valid():
            try:
                done = verb.do(row, form, now=timezone.now())
            except ANSWERS_OF_A_VERB as answer:
                tell(form, answer, self.get_object(request, str(pk)))
            except ObjectDoesNotExist as gone:
                raise Http404 from gone
            else:
                self.log_change(request, row, str(verb.label))
                return self.after(request, row, verb, done)
        return TemplateResponse(
            request,
            "admin/desk/verb.html",
            {
                **self.admin_site.each_context(request),
                "title": verb.label,
                "subtitle": str(row),
                "opts": self.opts,
                "verb": verb,
                "row": row,
                "row_url": self._row_url(row),
                "facts": self.facts(row),
                "form": form,
                "refusal": refusal,
                "media": self.media + form.media,
            },
        )

    def after(self, request: HttpRequest, row: Any, verb: Verb, done: Any) -> HttpResponse:
        """Say that a verb went through and show the row again."""
        told = _("%(verb)s: done for “%(row)s”.") % {"verb": verb.label, "row": row}
        self.message_user(request, told, messages.SUCCESS)
        return HttpResponseRedirect(self._row_url(row))

    def shown_once(self, request: HttpRequest, row: Any, **shown: Any) -> HttpResponse:
        """A page with a secret that is on no other page and in no cache."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "subtitle": str(row),
            "row_url": self._row_url(row),
            **shown,
        }
        return TemplateResponse(request, "admin/desk/shown_once.html", context)

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        """What somebody who decides on the row wants to see beside the question."""
        return ()

    # ----------------------------------------------------------------------------------- bulk steps

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """The verbs that many rows can take at once, each with a page of its own."""
        return {
            f"{verb.name}_selected": (
                _bulk(verb),
                f"{verb.name}_selected",
                _("%(verb)s…") % {"verb": verb.label},
            )
            for verb in self.verbs_of(request)
            if verb.for_many
        }

    def bulk_view(
        self, request: HttpRequest, verb: Verb, rows: models.QuerySet[Any]
    ) -> HttpResponse | None:
        """Ask once for many rows; then do them one by one, each with a line of its own."""
        chosen = list(rows[: MOST_AT_ONCE + 1])
        if len(chosen) > MOST_AT_ONCE:
            told = _("At most %(most)d rows at once; choose fewer.") % {"most": MOST_AT_ONCE}
            self.message_user(request, told, messages.WARNING)
            return None
        confirmed = request.POST if "confirmed" in request.POST else None
        form = verb.form(confirmed, row=None, by=reader(request))
        results = None
        if confirmed is not None and form.is_valid():
            results = [self._one_of_many(request, verb, row, form) for row in chosen]
        return TemplateResponse(
            request,
            "admin/desk/bulk.html",
            {
                **self.admin_site.each_context(request),
                "title": _("%(verb)s: %(count)d selected")
                % {"verb": verb.label, "count": len(chosen)},
                "opts": self.opts,
                "verb": verb,
                "form": form,
                "chosen": [
                    (
                        row,
                        self._row_url(row),
                        tuple(self.facts(row))[:3],
                        verb.why_not(row, form.by),
                    )
                    for row in ([] if results else chosen)
                ],
                "results": results,
                "action": f"{verb.name}_selected",
                "checkbox": ACTION_CHECKBOX_NAME,
                "list_url": self.list_url,
                "media": self.media + form.media,
            },
        )

    def _one_of_many(self, request: HttpRequest, verb: Verb, row: Any, form: VerbForm) -> Result:
        form.row = row
        seen = request.POST.get(f"version_{row.pk}", "")
        form.cleaned_data["seen_version"] = int(seen) if seen.isdigit() else None
        told, went = str(_("done")), True
        try:
            refusal = verb.why_not(row, form.by)
            if refusal is not None:
                raise refusal
            verb.do(row, form, now=timezone.now())
        except (*ANSWERS_OF_A_VERB, PermissionDenied) as answer:
            current = self.get_object(request, str(row.pk))
            told, went = sentence(answer, current), False
        else:
            self.log_change(request, row, str(verb.label))
        return Result(str(row), self._row_url(row), went, told)

    # ------------------------------------------------------------------------------ lists and pages

    def get_list_display(self, request: HttpRequest) -> Any:
        """The columns, with the open steps right after the state that they depend on."""
        columns = list(super().get_list_display(request))
        if self.verbs_of(request):
            state = next((name for name in ("standing", "state") if name in columns), columns[-1])
            columns.insert(columns.index(state) + 1, _open_steps(self, request))
        return columns

    def get_list_filter(self, request: HttpRequest) -> Any:
        filters = tuple(super().get_list_filter(request))
        return (QueueFilter, *filters) if self.queues_of(request) else filters

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        title = {"title": capfirst(self.opts.verbose_name_plural)}
        answer = super().changelist_view(request, title | (extra_context or {}))
        shown = getattr(answer, "context_data", None) or {}
        if "cl" in shown:
            shown["most_counted"] = MOST_COUNTED
            shown["empty_list"] = self.empty_list
            shown["panels"] = list(self.list_panels(request))
            if self.summed:
                total = shown["cl"].queryset.order_by().aggregate(sum=models.Sum(self.summed))
                shown["total"] = money(total["sum"])
        return answer

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The fields in their groups; money that cannot be edited is written to be read."""
        written = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return written
        return [
            (name, {**group, "fields": [self._shown(field) for field in group["fields"]]})
            for name, group in written
        ]

    def _shown(self, field: Any) -> Any:
        if isinstance(field, (tuple, list)):
            return tuple(self._shown(name) for name in field)
        return f"{field}_shown" if hasattr(self, f"{field}_shown") else field

    def panels(self, request: HttpRequest, row: Any) -> Iterable[Panel]:
        """What belongs to the row, below its form."""
        return ()

    def list_panels(self, request: HttpRequest) -> Iterable[Panel]:
        """What a reader wants to see before the rows of the list."""
        return ()

    def render_change_form(  # noqa: PLR0917  Django's own signature
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> Any:
        if obj is not None and not add:
            context["title"], context["subtitle"] = str(obj), None
            steps = self.next_steps(request, obj)
            context["open_steps"] = [step for step in steps if not step.reason or step.is_near]
            context["shut_steps"] = [step for step in steps if step.reason and not step.is_near]
            context["panels"] = list(self.panels(request, obj))
            context["facts"] = list(self.facts(obj))
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _route(self, name: str) -> str:
        return f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{name}"

    @property
    def list_url(self) -> str:
        """The address of the list."""
        return reverse(self._route("changelist"))

    def _row_url(self, row: Any) -> str:
        return reverse(self._route("change"), args=[quote(row.pk)])

    def _verb_url(self, row: Any, verb: Verb) -> str:
        return reverse(self._route("verb"), args=[row.pk, verb.name])


def seen_by(user: User, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """The rows that ``user`` may see; rows of no pairing and no region are open to every reader."""
    if hasattr(rows, "visible_to"):
        return rows.visible_to(user)  # type: ignore[no-any-return]
    if hasattr(rows, "seen_through") or not hasattr(rows, "within"):
        return rows
    return rows.within(user.scope)  # type: ignore[no-any-return]


def kept_by(user: User, pairings: models.QuerySet[Pairing]) -> models.QuerySet[Pairing]:
    """The pairings whose rows ``user`` enters: the rule of ``User.may_write_for`` as a query."""
    region = user.organisation.region_id if user.organisation else None
    match user.scope.kind:
        case "all":
            return pairings
        case "recipient":
            return pairings.filter(recipient=region)
        case "donor":
            return pairings.filter(donor=region)
        case _:
            return pairings.none()


def link(row: models.Model | None, text: str | Promise = "") -> SafeString | str:
    """A link to the page of a row."""
    if row is None:
        return "–"
    opts = row._meta
    address = reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[quote(row.pk)])
    return format_html('<a href="{}">{}</a>', address, text or str(row))


def badge(text: str | Promise, tone: str) -> SafeString:
    """A word with a colour: ``open``, ``good``, ``bad``, ``quiet`` or ``busy``."""
    return format_html('<span class="badge badge-{}">{}</span>', tone, capfirst(str(text)))


def _money_shown(field: models.DecimalField[Any, Any]) -> Callable[[Any], SafeString]:
    @admin.display(description=field.verbose_name)
    def shown(row: Any) -> SafeString:
        return money(getattr(row, field.name))

    return shown


def _bulk(verb: Verb) -> Callable[..., Any]:
    def act(page: ScopedAdmin, request: HttpRequest, rows: models.QuerySet[Any]) -> Any:
        return page.bulk_view(request, verb, rows)

    return act


def _open_steps(page: ScopedAdmin, request: HttpRequest) -> Callable[[Any], SafeString]:
    """The column of open steps for the reader of this request."""
    verbs, by = page.verbs_of(request), reader(request)

    @admin.display(description=gettext_lazy("open steps"))
    def open_steps(row: Any) -> SafeString:
        links = [
            (page._verb_url(row, verb), verb.label)
            for verb in verbs
            if verb.why_not(row, by) is None
        ]
        if not links:
            return format_html('<span class="quiet">{}</span>', "–")
        joined = format_html_join(" ", '<a class="step" href="{}">{}</a>', links)
        return format_html('<span class="steps">{}</span>', joined)

    return open_steps
