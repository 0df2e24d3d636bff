"""The keys of rows as they stand in addresses; anything else is not found."""

from django.urls import converters

from assistance.api.keys import PATTERNS


class RowId(converters.IntConverter):
    regex = PATTERNS["row_id"]


class RegionCode(converters.StringConverter):
    regex = PATTERNS["region_code"]


class ProgrammeCode(converters.StringConverter):
    regex = PATTERNS["programme_code"]


class ProjectCode(converters.StringConverter):
    regex = PATTERNS["project_code"]


class MonthName(converters.StringConverter):
    regex = PATTERNS["month"]
