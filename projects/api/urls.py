"""The addresses of the work and the money under /api/v1/."""

from django.urls import path

from assistance.api.urls import DETAIL, LIST
from projects.api.money import FundPlans, Transfers
from projects.api.notices import Notices, NoticesOfProject
from projects.api.papers import Papers, PapersOfProject
from projects.api.progress import Progress, ProgressOfProject
from projects.api.projects import Projects

ONE = "projects/<project_code:code>/"
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
    path("fund-plans/", FundPlans.as_view(LIST)),
    path("fund-plans/<row_id:id>/", FundPlans.as_view(DETAIL)),
    path("transfers/", Transfers.as_view(LIST)),
    path("transfers/<row_id:id>/", Transfers.as_view(DETAIL)),
    path("transfers/<row_id:id>/report-arrival/", Transfers.as_view({"post": "report_arrival"})),
]
