from typing import Any

from django.apps import AppConfig
from django.apps import apps as all_apps
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from assistance.roles import BUREAU, READERS, Grants, Role


class ReportingConfig(AppConfig):
    name = "reporting"
    verbose_name = _("Reports")
    grants: Grants = {
        "view_reportdefinition": READERS,
        "view_edition": READERS,
        "view_editionfile": READERS,
        "view_agreementprogress": READERS,
        "view_planprogress": BUREAU,
        "view_subscription": READERS,
        "add_subscription": (Role.REVIEWER,),
        "change_subscription": (Role.REVIEWER,),
        "view_outgoingmail": (Role.REVIEWER, Role.SYSADMIN),
        "resolve_outgoingmail": (Role.REVIEWER, Role.SYSADMIN),
        "rebuild_edition": (Role.REVIEWER,),
    }

    def ready(self) -> None:
        post_migrate.connect(_make_definitions, sender=self, dispatch_uid="reporting.definitions")


def _make_definitions(apps: Any = all_apps, **_signal: Any) -> None:
    try:
        apps.get_model("reporting", "ReportDefinition")
    except LookupError:  # migrated back to before there were reports
        return
    from reporting.actions.definitions import ensure_definitions  # noqa: PLC0415  models are loaded now

    ensure_definitions()
