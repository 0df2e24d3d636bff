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
    policies,
    progress,
    project,
    transfers,
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
    "policies",
    "progress",
    "project",
    "transfers",
]
