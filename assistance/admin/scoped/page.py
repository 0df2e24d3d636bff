"""The page of a kind of row: what the reader sees of it, and its form."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import capfirst

from assistance.actions.upkeep import amend_row, enter_row
from assistance.admin.money import money
from assistance.admin.scoped.lists import MOST_COUNTED, CappedPaginator, QueueFilter
from assistance.admin.scoped.readers import reader, seen_by
from assistance.admin.scoped.shown import Panel, money_shown
from assistance.admin.scoped.steps import TakesSteps, open_steps_column
from assistance.admin.verbs import ANSWERS_OF_A_VERB, day_input, tell, yuan_input
from assistance.models import User

if TYPE_CHECKING:
    DeskModelForm = forms.ModelForm[Any]
else:
    DeskModelForm = forms.ModelForm


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


class ScopedAdmin(TakesSteps):
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
                setattr(self, f"{field.name}_shown", money_shown(field))

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

    # ------------------------------------------------------------------------------ lists and pages

    def get_list_display(self, request: HttpRequest) -> Any:
        """The columns, with the open steps right after the state that they depend on."""
        columns = list(super().get_list_display(request))
        if self.verbs_of(request):
            state = next((name for name in ("standing", "state") if name in columns), columns[-1])
            columns.insert(columns.index(state) + 1, open_steps_column(self, request))
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
