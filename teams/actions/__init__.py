"""The verbs of the people; each exists once and serves admin, API, import and command.

What every verb takes and raises is as in ``projects.actions``.
"""

from teams.actions.batch_roster import enter_roster, read_roster
from teams.actions.endings import (
    appraise,
    confirm_appraisal,
    confirm_handover,
    hand_over_post,
    strike_out_appraisal,
    strike_out_handover,
)
from teams.actions.erasures import confirm_erasure, due, propose_erasure, withdraw_erasure
from teams.actions.extensions import extend, strike_out_extension
from teams.actions.leaves import (
    agree_to_leave,
    begin_leave,
    grant_leave,
    refuse_leave,
    request_leave,
    return_from_leave,
    withdraw_leave,
)
from teams.actions.persons import amend_person, enter_person, look_up, remove_number, reveal
from teams.actions.postings import (
    cancel_posting,
    dispatch,
    edit_posting,
    end_posting,
    plan_posting,
)

__all__ = [
    "agree_to_leave",
    "amend_person",
    "appraise",
    "begin_leave",
    "cancel_posting",
    "confirm_appraisal",
    "confirm_erasure",
    "confirm_handover",
    "dispatch",
    "due",
    "edit_posting",
    "end_posting",
    "enter_person",
    "enter_roster",
    "extend",
    "grant_leave",
    "hand_over_post",
    "look_up",
    "plan_posting",
    "propose_erasure",
    "read_roster",
    "refuse_leave",
    "remove_number",
    "request_leave",
    "return_from_leave",
    "reveal",
    "strike_out_appraisal",
    "strike_out_extension",
    "strike_out_handover",
    "withdraw_erasure",
    "withdraw_leave",
]
