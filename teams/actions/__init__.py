"""The verbs of the people; each exists once and serves admin, API, import and command.

What every verb takes and raises is as in ``projects.actions``.
"""

from teams.actions.endings import (
    appraise,
    confirm_appraisal,
    confirm_handover,
    hand_over_post,
    strike_out_appraisal,
    strike_out_handover,
)
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
from teams.actions.postings import (
    cancel_posting,
    dispatch,
    edit_posting,
    end_posting,
    plan_posting,
)

__all__ = [
    "agree_to_leave",
    "appraise",
    "begin_leave",
    "cancel_posting",
    "confirm_appraisal",
    "confirm_handover",
    "dispatch",
    "edit_posting",
    "end_posting",
    "extend",
    "grant_leave",
    "hand_over_post",
    "plan_posting",
    "refuse_leave",
    "request_leave",
    "return_from_leave",
    "strike_out_appraisal",
    "strike_out_extension",
    "strike_out_handover",
    "withdraw_leave",
]
