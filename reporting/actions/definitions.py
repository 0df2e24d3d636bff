"""The reports that the house makes."""

from reporting.models import ReportDefinition


def ensure_definitions() -> None:
    """Add the reports that are missing; what the office changed in them stays as it is."""
    ReportDefinition.objects.get_or_create(
        code="monthly",
        defaults={
            "name_zh": "对口工作月报",
            "name_en": "Monthly report on pairing assistance",
            "sections": ["headline", "funds", "projects", "people"],
        },
    )
