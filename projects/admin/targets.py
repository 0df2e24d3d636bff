"""What a project promises: rows in the form of a draft, a table on the page of any other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from assistance.admin.scoped import Panel
from projects.models import PerformanceTarget, Project
from projects.models.project import TargetKind

if TYPE_CHECKING:
    Inline = admin.TabularInline[Any, Any]
    TargetFormSet = BaseInlineFormSet[Any, Any, Any]
else:
    Inline, TargetFormSet = admin.TabularInline, BaseInlineFormSet

TARGET_FIELDS = ("kind", "name", "quantity", "unit")


class TargetRows(TargetFormSet):
    """The targets as rows of their own: the verb replaces them all, so none is tied to a number.

    A form that somebody overtook can be sent again, though the rows it showed are gone.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        instance: Project | None = options.get("instance")
        known = instance.targets.values(*TARGET_FIELDS) if instance and instance.pk else ()
        self.known = list(known)
        self.extra = len(self.known) or len(TargetKind)  # one of each kind is needed
        options["queryset"] = PerformanceTarget.objects.none()
        super().__init__(*args, initial=self.known, **options)

    def _construct_form(self, i: int, **options: Any) -> Any:
        form = super()._construct_form(i, **options)  # type: ignore[misc]  # not in the stubs
        if i < len(self.known):
            form.empty_permitted = False  # an untouched row stays
        return form

    def targets(self) -> list[dict[str, Any]]:
        """The rows that are filled in and not struck out."""
        return [
            {name: row.cleaned_data[name] for name in TARGET_FIELDS}
            for row in self.forms
            if row.cleaned_data and not row.cleaned_data.get("DELETE")
        ]


class TargetInline(Inline):
    """On the page of a draft only; who may edit the draft may edit its targets."""

    model = PerformanceTarget
    formset = TargetRows
    fields = TARGET_FIELDS
    verbose_name_plural = _("Performance targets: output, benefit and satisfaction")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


def targets_panel(project: Project) -> Panel:
    """The performance targets of a project that is no draft any more."""
    return Panel(
        _("Performance targets"),
        (_("kind"), _("target"), _("quantity"), _("unit")),
        [
            (
                target.get_kind_display(),
                target.name,
                f"{target.quantity.normalize():,f}",
                target.unit,
            )
            for target in project.targets.all()
        ],
        _("No target is set yet."),
    )
