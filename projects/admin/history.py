"""The road that a project came, step by step."""

from __future__ import annotations

from datetime import datetime

from django.utils import formats, timezone
from django.utils.translation import gettext_lazy as _

from assistance.admin.scoped import Panel
from projects.models import Project


def _moment(instant: datetime | None) -> str:
    if instant is None:
        return "–"
    return formats.date_format(timezone.localtime(instant), "DATETIME_FORMAT")


def history_panel(project: Project) -> Panel:
    """The steps of a project, the newest first."""
    changes = project.stage_changes.select_related("created_by").order_by("-effective_on", "-pk")
    rows = [
        (
            change.effective_on,
            change.get_to_stage_display(),
            change.created_by,
            _moment(change.counted_at),
            change.doc_no or "–",
            change.reason or "–",
        )
        for change in changes
    ]
    return Panel(
        _("The road so far"),
        (
            _("effective on"), _("stage"), _("by"), _("recorded at"), _("document no."),
            _("reason"),
        ),
        rows,
        _("No step was taken yet."),
    )  # fmt: skip
