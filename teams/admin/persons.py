"""Persons on the desk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import label_for_field
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from assistance.admin.scoped import DeskForm, Panel, ScopedAdmin, link, reader
from assistance.admin.verbs import ANSWERS_OF_A_VERB, Verb, tell
from assistance.errors import Refused
from assistance.models import User
from assistance.personal_numbers import without_numbers
from teams.actions import amend_person, enter_person, look_up, remove_number, reveal
from teams.admin.numbers import KindForm, LookUpForm, RevealForm, masked, number_field
from teams.models import NumberKind, Particulars, Person

NUMBERS = {"national_id": NumberKind.NATIONAL_ID, "phone": NumberKind.PHONE}


class PersonForm(DeskForm):
    """A person with the two numbers, which are typed in and never sent back."""

    national_id = number_field(_("ID number"))
    phone = number_field(_("Telephone"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, kind in NUMBERS.items():
            if name not in self.fields:
                continue
            told = gettext("Kept encrypted, shown masked. Type it again if the form comes back.")
            if self.instance.pk and self.instance.numbers.filter(kind=kind).exists():
                kept = {"masked": masked(self.instance, kind)}
                told = gettext("On file: %(masked)s. Leave it empty to keep that.") % kept
            self.fields[name].help_text = told


def _has_number(person: Person, user: User) -> Refused | None:
    if person.numbers.all():
        return None
    return Refused("no_number", _("This person has no number on file."))


@admin.register(Person)
class PersonAdmin(ScopedAdmin):
    place = 62
    form = PersonForm
    change_list_template = "teams/persons.html"
    joins = ("updated_by",)
    list_display = [
        "shown_name", "gender", "home_unit", "rank", "prof_title", "national_id_masked",
        "phone_masked",
    ]  # fmt: skip
    search_fields = ["name", "home_unit"]
    readonly_fields = ["national_id_masked", "phone_masked", "erased_at", "erased_by"]
    fieldsets = [
        (None, {"fields": [("name", "gender"), ("birth_ym", "ethnicity"), "political_status"]}),
        (_("Work"), {"fields": ["home_unit", ("rank", "prof_title"), "education"]}),
    ]
    verbs = (
        Verb(
            "reveal",
            _("Show a number in full"),
            "teams.reveal_person",
            reveal,
            _has_number,
            form=RevealForm,
            checks_version=False,
            explains=_("Shown once. Who saw whose number, when and why stays on record."),
        ),
        Verb(
            "remove-number",
            _("Remove a number"),
            "teams.change_person",
            remove_number,
            _has_number,
            form=KindForm,
            turns_down=True,
            explains=_("The number is gone for good; it can be entered anew."),
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.look_up_view)
        return [path("look-up/", view, name="teams_person_look_up"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("numbers")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or obj.erased_at is None)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        written = [*super().get_fieldsets(request, obj)]
        typed = obj is None or self.has_change_permission(request, obj)
        names = tuple(NUMBERS) if typed else tuple(f"{name}_masked" for name in NUMBERS)
        written.insert(1, (_("Numbers"), {"fields": [names]}))
        if obj is not None and obj.erased_at is not None:
            return [(_("Erased"), {"fields": ["gender", "birth_ym", ("erased_at", "erased_by")]})]
        return written

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """The list; a number in its address is neither searched for nor kept there."""
        asked = request.GET.get("q", "")
        if without_numbers(asked) != asked:
            told = _(
                "ID and telephone numbers are not searched for here: an address is kept in many"
                " places. Use “Find by ID number or telephone”."
            )
            self.message_user(request, told, messages.WARNING)
            return HttpResponseRedirect(self.list_url)
        may_look_up = reader(request).has_perm("teams.look_up_person")
        url = {"look_up_url": reverse("admin:teams_person_look_up") if may_look_up else ""}
        return super().changelist_view(request, url | (extra_context or {}))

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """Also behind the choice of a person in a form: no number reaches the database in clear."""
        if without_numbers(search_term) != search_term:
            return queryset.none(), False
        return super().get_search_results(request, queryset.filter(erased_at=None), search_term)

    def look_up_view(self, request: HttpRequest) -> HttpResponse:
        """Find a person by the full number, which travels in the body of the request alone."""
        by = reader(request)
        if not by.has_perm("teams.look_up_person"):
            raise PermissionDenied
        form, found = LookUpForm(request.POST or None), None
        if form.is_valid():
            try:
                persons = look_up(**form.cleaned_data, by=by, now=timezone.now())
            except ANSWERS_OF_A_VERB as refusal:
                tell(form, refusal)
            else:
                found = [
                    (link(each), " · ".join(masked(each, kind) for kind in NUMBERS.values()))
                    for each in persons
                ]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Find by ID number or telephone"),
            "opts": self.opts,
            "list_url": self.list_url,
            "form": form,
            "found": found,
        }
        return TemplateResponse(request, "teams/look_up.html", context)

    def after(self, request: HttpRequest, row: Any, verb: Verb, done: Any) -> HttpResponse:
        if verb.name != "reveal":
            return super().after(request, row, verb, done)
        lead = _("Shown this once; the next time needs a reason anew. Do not copy it into a mail.")
        return self.shown_once(request, row, title=verb.label, secret=done, lead=lead)

    def enter(self, fields: dict[str, Any], *, by: User, now: datetime) -> Any:
        return enter_person(**fields, by=by, now=now)

    def amend(
        self, row: Any, fields: dict[str, Any], *, by: User, now: datetime, version: int | None
    ) -> Any:
        return amend_person(row, **fields, by=by, now=now, version=version)

    def panels(self, request: HttpRequest, row: Any) -> Iterable[Panel]:
        by = reader(request)
        if by.has_perm("teams.view_particulars"):
            yield _earlier(row)
        if by.has_perm("teams.view_numberreading"):
            readings = row.readings.select_related("read_by")[:MOST_SHOWN]
            yield Panel(
                _("Who read the numbers"),
                (_("at"), _("by"), _("what"), _("number"), _("reason")),
                [
                    (
                        timezone.localtime(each.read_at).strftime("%Y-%m-%d %H:%M"), each.read_by,
                        each.get_what_display(), each.get_kind_display(), each.reason,
                    )
                    for each in readings
                ],
                _("Nobody has read a number in full or looked one up."),
            )  # fmt: skip

    @admin.display(description=pgettext_lazy("person", "name"), ordering="name")
    def shown_name(self, person: Person) -> str:
        return str(person)

    @admin.display(description=_("ID number"))
    def national_id_masked(self, person: Person) -> str:
        return masked(person, NumberKind.NATIONAL_ID)

    @admin.display(description=_("telephone"))
    def phone_masked(self, person: Person) -> str:
        return masked(person, NumberKind.PHONE)


MOST_SHOWN = 50  # rows of a panel


def _earlier(person: Person) -> Panel:
    names = dict(
        User.objects.filter(pk__in=person.particulars.values("actor")).values_list("pk", "name")
    )
    return Panel(
        _("Earlier particulars"),
        (_("at"), _("account"), _("column"), _("before"), _("after")),
        [
            (
                timezone.localtime(each.written_at).strftime("%Y-%m-%d %H:%M"),
                names.get(each.actor or 0, "–"), label, before or "–", after or "–",
            )
            for each in person.particulars.all()[:MOST_SHOWN]
            for label, before, after in _columns(each)
        ],
        _("Nothing is on record."),
    )  # fmt: skip


def _columns(row: Particulars) -> list[tuple[Any, str, str]]:
    if row.salt is None:
        return [(_("erased"), "", "")]
    before, after = row.before or {}, row.after or {}
    return [
        (label_for_field(name, Person), before.get(name, ""), value)
        for name, value in after.items()
        if before.get(name, "") != value
    ]
