"""Locks in one order everywhere: the project before its share, the share before its payments."""

from __future__ import annotations

from typing import cast

from assistance.models import User
from assistance.models.rows import L
from projects.models import Project, ProjectFunding
from projects.models.project import OfProjectQuerySet

READ_ALONG = ("pairing__programme", "pairing__recipient", "pairing__donor")


def lock_project(project: Project, *, by: User, version: int | None = None) -> Project:
    """Lock a project that ``by`` may see, and read what checks and messages need of its pairing.

    DoesNotExist where it is out of sight, Stale where ``version`` is no longer the row's.
    """
    return Project.objects.lock_for(by, project.pk, *READ_ALONG, version=version)


def lock_funding(pk: int, *, by: User) -> ProjectFunding:
    """Lock a share and, before it, its project: so sums hold still."""
    seen = ProjectFunding.objects.visible_to(by).select_related("project").get(pk=pk)
    project = lock_project(seen.project, by=by)
    funding = ProjectFunding.objects.lock_for(by, pk)
    funding.project = project
    return funding


def lock_of_project(row: L, *, by: User, version: int | None = None) -> tuple[L, Project]:
    """Lock a ledger row of a project and, before it, the project itself."""
    rows = cast("OfProjectQuerySet[L]", type(row)._default_manager.all())
    seen = rows.visible_to(by).select_related("project").get(pk=row.pk)
    project = lock_project(seen.project, by=by)  # type: ignore[attr-defined]  # a row of a project
    row = rows.lock_for(by, row.pk, version=version)
    row.project = project  # type: ignore[attr-defined]
    return row, project
