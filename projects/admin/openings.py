"""Openings on the desk: one project is taken over by its form, many are confirmed from the list;
the page of the project says what nobody checked.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import OuterRef, Subquery, Sum
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assistance.admin.money import money, plain_money
from assistance.admin.scoped import DeskForm, Panel, ScopedAdmin, badge, link, reader
from assistance.admin.verbs import Queue, ReasonForm, Refusal, Verb, yuan_input
from assistance.errors import Refused
from assistance.models import User
from assistance.periods import local_day
from projects.actions import confirm_opening, decline_opening, strike_out_opening, take_over
from projects.actions.not_checked import not_checked
from projects.admin.lists import CountingFilter, own_work
from projects.models import Opening, Project, ProjectFunding

if TYPE_CHECKING:
    Inline = admin.TabularInline[Any, Any]
    ShareFormSet = BaseInlineFormSet[Any, Any, Any]
    ModelForm = forms.ModelForm[Any]
else:
    Inline, ShareFormSet, ModelForm = admin.TabularInline, BaseInlineFormSet, forms.ModelForm

OF_THE_PROJECT = (
    "name", "pairing", "county", "place", "fiscal_year", "sector", "mode", "content",
    "implementing_unit", "planned_start", "planned_end", "beneficiary_households",
    "beneficiary_persons", "lifted_persons", "monitored_persons", "needs_tender", "forms_asset",
    "contract_no", "contract_yuan", "remarks",
)  # fmt: skip
TAKING_OVER = [
    (
        _("From which ledger"),
        {
            "fields": [("source_file", "source_row"), "as_of"],
            "description": _(
                "Enter the project as the ledger has it. It counts once a reviewer confirmed it,"
                " from the day below on; what the road would have checked is listed as not checked."
                " The last day of a month leaves the next month free for a progress report."
            ),
        },
    ),
    (
        _("What and where"),
        {"fields": ["name", "pairing", ("county", "place"), ("fiscal_year", "sector", "mode")]},
    ),
    (
        _("Where it stands"),
        {
            "fields": [
                ("stage", "physical_pct"), ("nature", "year"), ("actual_start", "actual_end"),
            ]
        },
    ),
    (_("Money"), {"fields": ["total_investment_yuan", ("contract_no", "contract_yuan")]}),
    (
        _("What else the ledger says"),
        {
            "fields": [
                "content", "implementing_unit", ("planned_start", "planned_end"),
                ("beneficiary_households", "beneficiary_persons"),
                ("lifted_persons", "monitored_persons"), ("needs_tender", "forms_asset"),
                "remarks",
            ]
        },
    ),
]  # fmt: skip


class TakeOverForm(DeskForm):
    total_investment_yuan = forms.DecimalField(
        label=_("Total investment in the ledger (yuan)"),
        help_text=_("leave blank where the ledger names none; the sources below have to add up"),
        max_digits=18,
        decimal_places=2,
        required=False,
        widget=yuan_input(),
    )


class ShareForm(ModelForm):
    def validate_constraints(self) -> None:
        """Asked by the verb, when the share knows its opening."""


class ShareRows(ShareFormSet):
    """What the ledger says about the money, a row per source."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options | {"queryset": ProjectFunding.objects.none()})

    def shares(self) -> list[dict[str, Any]]:
        """The rows that are filled in and not struck out."""
        return [
            {
                "source": row.cleaned_data["source"],
                "amount_yuan": row.cleaned_data["amount_yuan"],
                "paid_yuan": row.cleaned_data["opening_paid_yuan"],
                "fund_plan": row.cleaned_data["fund_plan"],
            }
            for row in self.forms
            if row.cleaned_data and not row.cleaned_data.get("DELETE")
        ]


class ShareInline(Inline):
    """On the page that takes a project over only; the page itself says who may."""

    model = ProjectFunding
    fk_name = "opening"
    form, formset = ShareForm, ShareRows
    fields = ("source", "amount_yuan", "opening_paid_yuan", "fund_plan")
    autocomplete_fields = ["fund_plan"]
    formfield_overrides = {models.DecimalField: {"widget": yuan_input()}}
    extra = 2
    verbose_name = _("source")
    verbose_name_plural = _("Money by source")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """A fund plan is chosen here, not entered nor edited."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget.can_add_related = field.widget.can_change_related = False
            field.widget.can_view_related = False
        return field


def _confirm_why_not(opening: Opening, user: User) -> Refusal | None:
    return _settled(opening) or own_work(opening, user, "created_by")


def _decline_why_not(opening: Opening, user: User) -> Refusal | None:
    # who entered it takes it back
    return PermissionDenied() if opening.created_by_id == user.pk else _settled(opening)


def _take_back_why_not(opening: Opening, user: User) -> Refusal | None:
    return _settled(opening) if opening.created_by_id == user.pk else PermissionDenied()


def _strike_out_why_not(opening: Opening, user: User) -> Refusal | None:
    if opening.counts:
        return None
    return Refused(
        "opening_does_not_count", _("Only an opening that was confirmed can be struck out.")
    )


def _settled(opening: Opening) -> Refused | None:
    if opening.waits:
        return None
    return Refused(
        "opening_is_settled", _("This opening was confirmed, declined or struck out already.")
    )


@admin.register(Opening)
class OpeningAdmin(ScopedAdmin):
    place = 15
    joins = (
        "project__pairing__donor", "project__pairing__recipient", "project__county", "created_by",
        "counted_by", "updated_by",
    )  # fmt: skip
    list_display = [
        "title", "state", "stage", "progress", "aid", "paid", "as_of", "source",
    ]  # fmt: skip
    list_filter = [CountingFilter, "stage", "nature", "project__pairing__programme"]
    search_fields = ["project__code", "project__name", "source_file"]
    never_edited = True
    empty_list = _("Nothing was taken over yet. Add a project, or take a whole ledger over.")
    fieldsets = [
        (None, {"fields": ["project", ("as_of", "stage"), ("nature", "year")]}),
        (_("Works"), {"fields": ["physical_pct", ("actual_start", "actual_end")]}),
        (_("From which ledger"), {"fields": [("source_file", "source_row")]}),
        (_("Entered"), {"fields": ["created_by", "created_at", "counted_by", "void_reason"]}),
    ]
    verbs = (
        Verb(
            "confirm",
            pgettext_lazy("verb", "Confirm"),
            "projects.confirm_opening",
            confirm_opening,
            _confirm_why_not,
            for_many=True,
            explains=_(
                "Compare with the ledger. The project moves to its stage; its money, its progress"
                " and its place in the year's plan count from the day of the opening on."
            ),
        ),
        Verb(
            "decline",
            pgettext_lazy("verb", "Decline"),
            "projects.confirm_opening",
            decline_opening,
            _decline_why_not,
            form=ReasonForm,
            for_many=True,
            explains=_("The project is withdrawn; it can be taken over anew."),
            turns_down=True,
        ),
        Verb(
            "take-back",
            pgettext_lazy("verb", "Take back"),
            "projects.add_opening",
            decline_opening,
            _take_back_why_not,
            form=ReasonForm,
            for_many=True,
            explains=_("The project is withdrawn; it can be taken over anew."),
            turns_down=True,
        ),
        Verb(
            "void",
            _("Strike out"),
            "projects.confirm_opening",
            strike_out_opening,
            _strike_out_why_not,
            form=ReasonForm,
            explains=_(
                "Everything that was taken over with it no longer counts and the project is"
                " withdrawn; both stay on record. Take it over anew with the right figures."
            ),
            turns_down=True,
        ),
    )
    queues = (
        Queue(
            "to-confirm",
            _("Openings to confirm"),
            "projects.confirm_opening",
            lambda rows, user, now: rows.waiting().exclude(created_by=user),  # type: ignore[attr-defined]  # of openings
        ),
    )

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        shares = ProjectFunding.objects.filter(opening=OuterRef("pk")).order_by().values("opening")
        paid = shares.annotate(sum=Sum("opening_paid_yuan")).values("sum")
        rows: models.QuerySet[Any] = super().get_queryset(request).annotate(paid=Subquery(paid))
        return rows

    # ------------------------------------------------------------------------------- the form

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return TAKING_OVER if obj is None else super().get_fieldsets(request, obj)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """For a new row also the fields of its project, as the project's own page offers them."""
        if obj is None:
            page = self.admin_site._registry[Project]
            fields = {
                name: page.formfield_for_dbfield(Project._meta.get_field(name), request)  # type: ignore[arg-type]  # no relation back
                for name in OF_THE_PROJECT
            }
            kwargs["form"] = type("TakeOverForm", (TakeOverForm,), fields)
        return super().get_form(request, obj, change=change, **kwargs)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return [ShareInline] if obj is None else []

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        last = local_day(timezone.now()).replace(day=1) - timedelta(days=1)
        year = str(last.year)
        begun = {"as_of": last.isoformat(), "fiscal_year": year, "year": year}
        return {**begun, **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The verb needs the shares too: it is called in ``save_related``."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        (rows,) = formsets
        rows.new_objects = rows.changed_objects = rows.deleted_objects = []
        by, now = reader(request), timezone.now()
        done = take_over(by=by, now=now, shares=rows.shares(), **form.answers())
        form.instance.pk = done.pk
        form.instance.refresh_from_db()

    # ------------------------------------------------------------------------- the row and the list

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        return (
            (_("Project"), link(row.project)),
            (_("State"), state_of_opening(row)),
            (_("Stage"), row.get_stage_display()),
            (_("As of"), row.as_of),
            (_("Fiscal aid"), money(row.project.aid_yuan)),
            (_("Paid before"), money(row.paid)),
            (_("Progress"), f"{row.physical_pct}%"),
            (_("Taken from"), row.source),
        )

    def panels(self, request: HttpRequest, row: Any) -> Iterable[Panel]:
        return (_shares_panel(row), _not_checked_panel(row))

    @admin.display(description=_("project"), ordering="project__code")
    def title(self, opening: Opening) -> str:
        return str(opening.project)

    @admin.display(description=_("status"))
    def state(self, opening: Opening) -> SafeString:
        return state_of_opening(opening)

    @admin.display(description=_("progress"), ordering="physical_pct")
    def progress(self, opening: Opening) -> str:
        return f"{opening.physical_pct.normalize():f}%"

    @admin.display(description=_("fiscal aid (yuan)"), ordering="project__aid_yuan")
    def aid(self, opening: Opening) -> SafeString:
        return plain_money(opening.project.aid_yuan)

    @admin.display(description=_("paid before (yuan)"), ordering="paid")
    def paid(self, opening: Any) -> SafeString:
        return plain_money(opening.paid)

    @admin.display(description=_("taken from"), ordering="source_file")
    def source(self, opening: Opening) -> str:
        return opening.source


def state_of_opening(opening: Opening) -> SafeString:
    """Whether it waits, counts, or was turned down, with its colour."""
    if opening.waits:
        return badge(_("to be confirmed"), "open")
    if opening.counts:
        return badge(_("confirmed"), "good")
    struck = opening.counted_at is not None
    return badge(_("struck out") if struck else _("declined"), "quiet")


def project_facts(project: Project) -> Iterable[tuple[str | Promise, Any]]:
    """For the head of the project's page: that it was taken over, and as of when."""
    opening = getattr(project, "opening", None)
    if opening is not None:
        yield _("Taken over as of"), link(opening, str(opening.as_of))


def project_panels(project: Project) -> Iterable[Panel]:
    """For the project's page: what nobody checked, because it was taken over."""
    opening = getattr(project, "opening", None)
    if opening is not None and opening.voided_at is None:
        yield _not_checked_panel(opening)


def _not_checked_panel(opening: Opening) -> Panel:
    return Panel(
        _("Not checked: taken over"),
        (_("nobody checked here"),),
        [(sentence,) for sentence in not_checked(opening)],
        "",
    )


def _shares_panel(opening: Opening) -> Panel:
    shares = opening.shares.select_related(
        "fund_plan__pairing__donor", "fund_plan__pairing__recipient"
    )
    return Panel(
        _("Money by source"),
        (_("source"), _("amount (yuan)"), _("paid before (yuan)"), _("fund plan")),
        [
            (
                share.get_source_display(),
                plain_money(share.amount_yuan),
                plain_money(share.opening_paid_yuan),
                link(share.fund_plan),
            )
            for share in shares
        ],
        "",
    )
