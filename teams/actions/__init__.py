"""The verbs of the people; each exists once and serves admin, API, import and command.

What every verb takes and raises is as in ``projects.actions``.
"""

from teams.actions.postings import (
    cancel_posting,
    dispatch,
    edit_posting,
    end_posting,
    plan_posting,
)

__all__ = ["cancel_posting", "dispatch", "edit_posting", "end_posting", "plan_posting"]
