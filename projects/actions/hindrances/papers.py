"""What is not on file."""

from __future__ import annotations

from django.utils.translation import gettext as _

from assistance.errors import Refused
from projects.models import Project
from projects.models.evidence import PaperKind


def paper_missing(project: Project, kind: PaperKind) -> Refused | None:
    """Refuse where no paper of this kind counts; the code is ``contract_missing`` and its like."""
    if project.papers.counting().filter(kind=kind).exists():
        return None
    return Refused(
        f"{kind.lower()}_missing",
        _("File this paper first: %(paper)s.") % {"paper": kind.label},
    )
