"""The verbs of the work and the money; each exists once and serves admin, API, import and command.

Every verb takes ``by`` (who does it) and ``now`` (an aware instant, from the door), locks the rows
it decides on, and returns the fresh row. It raises ``DoesNotExist`` where ``by`` cannot see the
row, ``PermissionDenied`` where the verb is not theirs, ``Refused`` where a rule forbids it,
``Stale`` where ``version`` is given and outdated, ``ValidationError`` for ill-shaped values.
"""

from projects.actions.acceptance import (
    confirm_acceptance,
    record_acceptance,
    strike_out_acceptance,
)
from projects.actions.applications import (
    admit,
    approve,
    reject,
    return_to_draft,
    submit,
    take_back,
    withdraw,
)
from projects.actions.approved_changes import approve_change
from projects.actions.assets import register_asset, strike_out_asset, update_asset
from projects.actions.audit import (
    close_finding,
    raise_finding,
    record_audit,
    reopen_finding,
    report_rectified,
    strike_out_audit,
    strike_out_finding,
)
from projects.actions.changes import (
    consent_to_change,
    edit_change,
    reject_change,
    release_surplus,
    request_change,
    return_change,
    submit_change,
    withdraw_change,
)
from projects.actions.corrected_steps import correct_step
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
from projects.actions.drafts import create_project, edit_draft
from projects.actions.endings import accept, close
from projects.actions.evaluation import (
    confirm_evaluation,
    evaluate,
    strike_out_evaluation,
)
from projects.actions.evidence import (
    confirm_notice,
    file_paper,
    give_notice,
    strike_out_notice,
    strike_out_paper,
)
from projects.actions.funds import (
    close_fund_plan,
    edit_fund_plan,
    issue_fund_plan,
    plan_funds,
    strike_out_fund_plan,
)
from projects.actions.halts import resume, rework, suspend
from projects.actions.openings import (
    confirm_opening,
    decline_opening,
    strike_out_opening,
    take_over,
)
from projects.actions.payments import pay, reject_payment, remark_payment, verify_payment
from projects.actions.policies import confirm_policy, propose_policy, strike_out_policy
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
from projects.actions.road import advance
from projects.actions.shares import allot, drop_allotment
from projects.actions.transfers import confirm_transfer, record_transfer, report_arrival
from projects.actions.year_plan import roll_over

__all__ = [
    "accept",
    "admit",
    "advance",
    "allot",
    "approve",
    "approve_change",
    "close",
    "close_finding",
    "close_fund_plan",
    "complete",
    "confirm_acceptance",
    "confirm_completion",
    "confirm_evaluation",
    "confirm_handover",
    "confirm_notice",
    "confirm_opening",
    "confirm_policy",
    "confirm_return",
    "confirm_start",
    "confirm_transfer",
    "consent_to_change",
    "correct_step",
    "create_project",
    "decline_opening",
    "decline_step",
    "drop_allotment",
    "edit_change",
    "edit_draft",
    "edit_fund_plan",
    "evaluate",
    "file_paper",
    "give_notice",
    "hand_over",
    "issue_fund_plan",
    "pay",
    "plan_funds",
    "propose_policy",
    "raise_finding",
    "record_acceptance",
    "record_audit",
    "record_transfer",
    "refund",
    "register_asset",
    "reject",
    "reject_change",
    "reject_payment",
    "release_surplus",
    "remark_payment",
    "reopen_finding",
    "report_arrival",
    "report_progress",
    "report_rectified",
    "request_change",
    "resume",
    "return_change",
    "return_progress",
    "return_to_draft",
    "return_transfer",
    "rework",
    "roll_over",
    "start",
    "strike_out_acceptance",
    "strike_out_asset",
    "strike_out_audit",
    "strike_out_evaluation",
    "strike_out_finding",
    "strike_out_fund_plan",
    "strike_out_notice",
    "strike_out_opening",
    "strike_out_paper",
    "strike_out_policy",
    "submit",
    "submit_change",
    "suspend",
    "take_back",
    "take_over",
    "update_asset",
    "verify_payment",
    "verify_progress",
    "verify_refund",
    "void_payment",
    "void_refund",
    "void_return",
    "void_transfer",
    "withdraw",
    "withdraw_change",
]
