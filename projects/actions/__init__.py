"""The verbs of the work and the money; each exists once and serves admin, API, import and command.

Every verb takes ``by`` (who does it) and ``now`` (an aware instant, from the door), locks the rows
it decides on, and returns the fresh row. It raises ``DoesNotExist`` where ``by`` cannot see the
row, ``PermissionDenied`` where the verb is not theirs, ``Refused`` where a rule forbids it,
``Stale`` where ``version`` is given and outdated, ``ValidationError`` for ill-shaped values.
"""

from projects.actions.corrections import (
    confirm_return,
    refund,
    return_transfer,
    verify_refund,
    void_payment,
    void_refund,
    void_return,
    void_transfer,
)
from projects.actions.evidence import (
    confirm_notice,
    file_paper,
    give_notice,
    strike_out_notice,
    strike_out_paper,
)
from projects.actions.funds import (
    confirm_transfer,
    edit_fund_plan,
    issue_fund_plan,
    plan_funds,
    record_transfer,
    report_arrival,
)
from projects.actions.openings import (
    confirm_opening,
    decline_opening,
    strike_out_opening,
    take_over,
)
from projects.actions.payments import pay, reject_payment, verify_payment
from projects.actions.progress import report_progress, return_progress, verify_progress
from projects.actions.proposals import (
    complete,
    confirm_completion,
    confirm_handover,
    confirm_start,
    decline_step,
    hand_over,
    start,
)
from projects.actions.road import (
    admit,
    advance,
    allot,
    approve,
    create_project,
    drop_allotment,
    edit_draft,
    reject,
    return_to_draft,
    submit,
)
from projects.actions.year_plan import roll_over

__all__ = [
    "admit",
    "advance",
    "allot",
    "approve",
    "complete",
    "confirm_completion",
    "confirm_handover",
    "confirm_notice",
    "confirm_opening",
    "confirm_return",
    "confirm_start",
    "confirm_transfer",
    "create_project",
    "decline_opening",
    "decline_step",
    "drop_allotment",
    "edit_draft",
    "edit_fund_plan",
    "file_paper",
    "give_notice",
    "hand_over",
    "issue_fund_plan",
    "pay",
    "plan_funds",
    "record_transfer",
    "refund",
    "reject",
    "reject_payment",
    "report_arrival",
    "report_progress",
    "return_progress",
    "return_to_draft",
    "return_transfer",
    "roll_over",
    "start",
    "strike_out_notice",
    "strike_out_opening",
    "strike_out_paper",
    "submit",
    "take_over",
    "verify_payment",
    "verify_progress",
    "verify_refund",
    "void_payment",
    "void_refund",
    "void_return",
    "void_transfer",
]
