"""The desk's pages of the work and the money."""

from projects.admin import corrections, funds, notices, papers, payments, progress, project

__all__ = ["corrections", "funds", "notices", "papers", "payments", "progress", "project"]
