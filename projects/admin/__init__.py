"""The desk's pages of the work and the money."""

from projects.admin import (
    acceptance,
    assets,
    audit,
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
    "corrections",
    "evaluation",
    "funds",
    "notices",
    "papers",
    "payments",
    "progress",
    "project",
]
