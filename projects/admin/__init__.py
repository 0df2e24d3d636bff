"""The desk's pages of the work and the money."""

from projects.admin import funds, payments, progress, project

__all__ = ["funds", "payments", "progress", "project"]
