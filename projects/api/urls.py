"""The addresses of the work and the money under /api/v1/."""

from django.urls import path

from assistance.api.urls import DETAIL, LIST
from projects.api.acceptance import (
    Acceptances,
    AcceptancesOfProject,
    Assets,
    AssetsOfProject,
)
from projects.api.audit import (
    AuditRecords,
    AuditRecordsOfProject,
    Evaluations,
    EvaluationsOfProject,
    Findings,
)
from projects.api.changes import Changes, ChangesOfProject, SurplusOfProject
from projects.api.money import FundPlans
from projects.api.notices import Notices, NoticesOfProject
from projects.api.openings import Openings
from projects.api.papers import Papers, PapersOfProject
from projects.api.payments import Payments, PaymentsOfProject, Refunds, RefundsOfProject
from projects.api.policies import Policies
from projects.api.progress import Progress, ProgressOfProject
from projects.api.projects import Projects
from projects.api.transfers import TransferReturns, Transfers

ONE = "projects/<project_code:code>/"
CHANGE = "change-requests/<row_id:id>/"
# The steps of the road: the last part of the address, and the method that takes it.
STEPS_AT = {
    "submit": "submit",
    "take-back": "take_back",
    "withdraw": "withdraw",
    "return": "return_to_draft",
    "admit": "admit",
    "reject": "reject",
    "approve": "approve",
    "advance": "advance",
    "start": "start",
    "confirm-start": "confirm_start",
    "decline": "decline",
    "suspend": "suspend",
    "resume": "resume",
    "complete": "complete",
    "confirm-completion": "confirm_completion",
    "rework": "rework",
    "accept": "accept",
    "hand-over": "hand_over",
    "confirm-handover": "confirm_handover",
    "close": "close",
}

urlpatterns = [
    path("projects/", Projects.as_view(LIST | {"post": "create"})),
    path(ONE, Projects.as_view(DETAIL | {"patch": "partial_update"})),
    path(f"{ONE}correct-step/", Projects.as_view({"post": "correct_step"})),
    *(
        path(f"{ONE}{address}/", Projects.as_view({"post": action}))
        for address, action in STEPS_AT.items()
    ),
    path(f"{ONE}papers/", PapersOfProject.as_view(LIST | {"post": "create"})),
    path(f"{ONE}notices/", NoticesOfProject.as_view(LIST | {"post": "create"})),
    path(f"{ONE}progress/", ProgressOfProject.as_view(LIST | {"post": "create"})),
    path("papers/", Papers.as_view(LIST)),
    path("papers/<row_id:id>/", Papers.as_view(DETAIL), name="api-paper"),
    path("papers/<row_id:id>/file/", Papers.as_view({"get": "file"})),
    path("papers/<row_id:id>/strike-out/", Papers.as_view({"post": "strike_out"})),
    path("notices/", Notices.as_view(LIST)),
    path("notices/<row_id:id>/", Notices.as_view(DETAIL), name="api-notice"),
    path("notices/<row_id:id>/confirm/", Notices.as_view({"post": "confirm"})),
    path("notices/<row_id:id>/strike-out/", Notices.as_view({"post": "strike_out"})),
    path("progress-reports/", Progress.as_view(LIST)),
    path("progress-reports/<row_id:id>/", Progress.as_view(DETAIL), name="api-progress"),
    path("openings/", Openings.as_view(LIST | {"post": "create"})),
    path("openings/<row_id:id>/", Openings.as_view(DETAIL)),
    path("openings/<row_id:id>/confirm/", Openings.as_view({"post": "confirm"})),
    path("openings/<row_id:id>/decline/", Openings.as_view({"post": "decline"})),
    path("openings/<row_id:id>/strike-out/", Openings.as_view({"post": "strike_out"})),
    path(f"{ONE}acceptances/", AcceptancesOfProject.as_view(LIST | {"post": "create"})),
    path(f"{ONE}assets/", AssetsOfProject.as_view(LIST | {"post": "create"})),
    path(f"{ONE}audit-records/", AuditRecordsOfProject.as_view(LIST)),
    path(f"{ONE}evaluations/", EvaluationsOfProject.as_view(LIST | {"post": "create"})),
    path("acceptances/", Acceptances.as_view(LIST)),
    path("acceptances/<row_id:id>/", Acceptances.as_view(DETAIL)),
    path("acceptances/<row_id:id>/confirm/", Acceptances.as_view({"post": "confirm"})),
    path("assets/", Assets.as_view(LIST)),
    path("assets/<row_id:id>/", Assets.as_view(DETAIL | {"patch": "partial_update"})),
    path("audit-records/", AuditRecords.as_view(LIST)),
    path("audit-records/<row_id:id>/", AuditRecords.as_view(DETAIL)),
    path("evaluations/", Evaluations.as_view(LIST)),
    path("evaluations/<row_id:id>/", Evaluations.as_view(DETAIL)),
    path("evaluations/<row_id:id>/confirm/", Evaluations.as_view({"post": "confirm"})),
    path("findings/", Findings.as_view(LIST)),
    path("findings/<row_id:id>/", Findings.as_view(DETAIL)),
    path("findings/<row_id:id>/rectify/", Findings.as_view({"post": "rectify"})),
    path(f"{ONE}change-requests/", ChangesOfProject.as_view(LIST | {"post": "create"})),
    path(f"{ONE}release-surplus/", SurplusOfProject.as_view({"post": "release_surplus"})),
    path("change-requests/", Changes.as_view(LIST)),
    path(CHANGE, Changes.as_view(DETAIL | {"patch": "partial_update"}), name="api-change"),
    path(f"{CHANGE}submit/", Changes.as_view({"post": "submit"})),
    path(f"{CHANGE}withdraw/", Changes.as_view({"post": "withdraw"})),
    path(f"{CHANGE}return/", Changes.as_view({"post": "send_back"})),
    path(f"{CHANGE}consent/", Changes.as_view({"post": "consent"})),
    path(f"{CHANGE}approve/", Changes.as_view({"post": "approve"})),
    path(f"{CHANGE}reject/", Changes.as_view({"post": "reject"})),
    path(f"{ONE}payments/", PaymentsOfProject.as_view(LIST | {"post": "create"})),
    path(f"{ONE}refunds/", RefundsOfProject.as_view(LIST | {"post": "create"})),
    path("payments/", Payments.as_view(LIST)),
    path("payments/<row_id:id>/", Payments.as_view(DETAIL)),
    path("payments/<row_id:id>/remark/", Payments.as_view({"post": "remark"})),
    path("payments/<row_id:id>/verify/", Payments.as_view({"post": "verify"})),
    path("payments/<row_id:id>/reject/", Payments.as_view({"post": "reject"})),
    path("payments/<row_id:id>/void/", Payments.as_view({"post": "void"})),
    path("refunds/", Refunds.as_view(LIST)),
    path("refunds/<row_id:id>/", Refunds.as_view(DETAIL)),
    path("refunds/<row_id:id>/verify/", Refunds.as_view({"post": "verify"})),
    path("refunds/<row_id:id>/void/", Refunds.as_view({"post": "void"})),
    path("payment-policies/", Policies.as_view(LIST)),
    path("payment-policies/<row_id:id>/", Policies.as_view(DETAIL)),
    path("fund-plans/", FundPlans.as_view(LIST | {"post": "create"})),
    path("fund-plans/<row_id:id>/", FundPlans.as_view(DETAIL | {"patch": "partial_update"})),
    path("fund-plans/<row_id:id>/issue/", FundPlans.as_view({"post": "issue"})),
    path("fund-plans/<row_id:id>/close/", FundPlans.as_view({"post": "close"})),
    path("fund-plans/<row_id:id>/void/", FundPlans.as_view({"post": "void"})),
    path("transfers/", Transfers.as_view(LIST | {"post": "create"})),
    path("transfers/<row_id:id>/", Transfers.as_view(DETAIL)),
    path("transfers/<row_id:id>/report-arrival/", Transfers.as_view({"post": "report_arrival"})),
    path("transfers/<row_id:id>/confirm/", Transfers.as_view({"post": "confirm"})),
    path("transfers/<row_id:id>/void/", Transfers.as_view({"post": "void"})),
    path("transfer-returns/", TransferReturns.as_view(LIST | {"post": "create"})),
    path("transfer-returns/<row_id:id>/", TransferReturns.as_view(DETAIL)),
    path("transfer-returns/<row_id:id>/confirm/", TransferReturns.as_view({"post": "confirm"})),
    path("transfer-returns/<row_id:id>/void/", TransferReturns.as_view({"post": "void"})),
]
