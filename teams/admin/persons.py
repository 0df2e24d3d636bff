"""Persons on the desk."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from assistance.admin.scoped import ScopedAdmin
from teams.models import Person


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
