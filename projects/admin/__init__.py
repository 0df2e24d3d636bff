"""The desk's pages of the work and the money."""

from projects.admin import (
    acceptance,
    assets,
    audit,
    changes,
    corrections,
    evaluation,
    funds,
    notices,
    papers,
    payments,
    progress,
    project,
)

__all__ = [
    "acceptance",
    "assets",
    "audit",
    "changes",
    "corrections",
    "evaluation",
    "funds",
    "notices",
    "papers",
    "payments",
    "progress",
    "project",
]
