"""The verbs of the people; each exists once and serves admin, API, import and command.

What every verb takes and raises is as in ``projects.actions``.
"""

from teams.actions.erasures import confirm_erasure, due, propose_erasure, withdraw_erasure
from teams.actions.persons import amend_person, enter_person, look_up, remove_number, reveal
from teams.actions.postings import (
    cancel_posting,
    dispatch,
    edit_posting,
    end_posting,
    plan_posting,
)

__all__ = [
    "amend_person",
    "cancel_posting",
    "confirm_erasure",
    "dispatch",
    "due",
    "edit_posting",
    "end_posting",
    "enter_person",
    "look_up",
    "plan_posting",
    "propose_erasure",
    "remove_number",
    "reveal",
    "withdraw_erasure",
]
