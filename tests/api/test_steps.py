"""Every step of the road over the API: whose it is, what it asks, and how it refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, NamedTuple

import pytest

from assistance.models.regions import OrganisationKind
from assistance.roles import Role
from projects.actions import complete, confirm_acceptance, hand_over, record_acceptance, start
from projects.api.urls import STEPS_AT
from projects.models import STEPS, Project, Stage
from projects.models.acceptance import AcceptanceLevel, AcceptanceResult
from projects.models.evidence import PaperKind
from tests import factories as make
from tests.api.conftest import Ask

pytestmark = pytest.mark.django_db

TODAY = make.NOW.date().isoformat()
BUREAU = {Role.CLERK, Role.REVIEWER, Role.APPROVER, Role.FINANCE}
RECIPIENT = {Role.P_EDIT, Role.P_REVIEW, Role.FRONT}
ROLES = BUREAU | RECIPIENT | {Role.D_EDIT, Role.LEADER, Role.AUDITOR}
ENTERS, ON_SITE = {Role.CLERK, Role.P_EDIT}, {Role.FRONT, Role.REVIEWER}


class Case(NamedTuple):
    """A project that waits for the step; what the step is sent; where it leads; whose it is."""

    project: Callable[[], Project]
    body: dict[str, str]
    leads_to: tuple[Stage, str]  # the stage, and the one that is then proposed
    roles: set[Role]


def at_the(stage: Stage, *, ready_for: Stage | None = None) -> Project:
    project = make.project_at(stage)
    return make.ready_for(ready_for, project) if ready_for else project


def reported(verb: Callable[..., Project], stage: Stage, ready_for: Stage) -> Project:
    project = at_the(stage, ready_for=ready_for)
    return verb(project, on=date(2026, 6, 12), by=make.hand(Role.CLERK), now=make.NOW)


def to_be_rectified() -> Project:
    project = make.project_at(Stage.COMPLETED)
    found = record_acceptance(
        project,
        level=AcceptanceLevel.COUNTY,
        held_on=date(2026, 6, 3),
        chair="演示组长",
        chair_of=make.organisation(OrganisationKind.RECIPIENT_OFFICE),
        members=["演示成员一", "演示成员二", "演示成员三"],
        result=AcceptanceResult.RECTIFY,
        rectify_due_on=date(2026, 7, 3),
        by=make.hand(Role.CLERK),
        now=make.at(date(2026, 6, 3)),
    )
    make.papers(project, PaperKind.ACCEPTANCE)
    confirm_acceptance(found, by=make.hand(Role.REVIEWER), now=make.NOW)
    return project


DAY, WHY = {"on": TODAY}, {"reason": "演示"}
CASES: dict[str, Case] = {
    "submit": Case(make.draft, {}, (Stage.SUBMITTED, ""), {*ENTERS, Role.P_REVIEW}),
    "withdraw": Case(
        lambda: at_the(Stage.LIBRARY), WHY, (Stage.WITHDRAWN, ""), {*ENTERS, Role.P_REVIEW}
    ),
    "return": Case(lambda: at_the(Stage.SUBMITTED), WHY, (Stage.DRAFT, ""), {Role.REVIEWER}),
    "admit": Case(lambda: at_the(Stage.SUBMITTED), {}, (Stage.LIBRARY, ""), {Role.REVIEWER}),
    "reject": Case(lambda: at_the(Stage.LIBRARY), WHY, (Stage.REJECTED, ""), {Role.APPROVER}),
    "advance": Case(lambda: at_the(Stage.APPROVED), DAY, (Stage.READY, ""), ENTERS),
    "start": Case(
        lambda: at_the(Stage.READY), DAY | {"remarks": "演示"}, (Stage.READY, "ACTIVE"), ENTERS
    ),
    "confirm-start": Case(
        lambda: reported(start, Stage.READY, Stage.ACTIVE), {}, (Stage.ACTIVE, ""), ON_SITE
    ),
    "decline": Case(
        lambda: reported(start, Stage.READY, Stage.ACTIVE), WHY, (Stage.READY, ""), ON_SITE
    ),
    "suspend": Case(
        lambda: at_the(Stage.ACTIVE),
        DAY | WHY | {"resumes_on": "2026-10-01"},
        (Stage.SUSPENDED, ""),
        {Role.REVIEWER},
    ),
    "resume": Case(lambda: at_the(Stage.SUSPENDED), DAY, (Stage.ACTIVE, ""), {Role.REVIEWER}),
    "complete": Case(
        lambda: at_the(Stage.ACTIVE, ready_for=Stage.COMPLETED),
        DAY,
        (Stage.ACTIVE, "COMPLETED"),
        ENTERS,
    ),
    "confirm-completion": Case(
        lambda: reported(complete, Stage.ACTIVE, Stage.COMPLETED),
        {},
        (Stage.COMPLETED, ""),
        ON_SITE,
    ),
    "rework": Case(to_be_rectified, DAY | WHY, (Stage.ACTIVE, ""), {Role.REVIEWER}),
    "accept": Case(
        lambda: at_the(Stage.COMPLETED, ready_for=Stage.ACCEPTED),
        DAY,
        (Stage.ACCEPTED, ""),
        {Role.REVIEWER},
    ),
    "hand-over": Case(
        lambda: at_the(Stage.ACCEPTED, ready_for=Stage.HANDED_OVER),
        DAY,
        (Stage.ACCEPTED, "HANDED_OVER"),
        ENTERS,
    ),
    "confirm-handover": Case(
        lambda: reported(hand_over, Stage.ACCEPTED, Stage.HANDED_OVER),
        {},
        (Stage.HANDED_OVER, ""),
        {Role.REVIEWER},
    ),
    "close": Case(
        lambda: at_the(Stage.HANDED_OVER, ready_for=Stage.CLOSED),
        DAY | {"doc_no": "演示办结1"},
        (Stage.CLOSED, ""),
        {Role.APPROVER},
    ),
}


def test_every_step_of_the_api_is_tried_here_or_beside() -> None:
    assert set(STEPS_AT) == {*CASES, "take-back", "approve"}


def test_what_the_api_calls_a_step_is_what_the_road_calls_it() -> None:
    assert {address.replace("-", "_") for address in STEPS_AT} <= set(STEPS)


def in_place(role: Role) -> str:
    return make.COUNTY if role in RECIPIENT else ""


@pytest.mark.parametrize("step", CASES)
def test_a_step_is_taken_by_its_roles_alone_on_the_version_they_saw(
    partner: Ask, step: str
) -> None:
    case = CASES[step]
    project = case.project()
    project.refresh_from_db()
    address = f"projects/{project.code}/{step}/"
    name = step.replace("-", "_")
    others = sorted(ROLES - case.roles)
    for role in others:
        caller = partner(role, in_place(role))
        answer = caller.post(address, case.body, version=project.version)
        if role == Role.D_EDIT and project.stage == Stage.DRAFT:
            assert answer.status_code == 404  # not the donor's to see yet
            continue
        assert (answer.status_code, answer.json()["code"]) == (403, "not_yours"), role
        shown = caller.get(f"projects/{project.code}/").json()
        assert name not in [*shown["allowed_actions"], *shown["refused_actions"]], role
    # where a front team works, its checks are its own: so the bureau goes first
    role = sorted(case.roles - {Role.FRONT})[0]
    caller = partner(role, in_place(role))
    if Role.FRONT not in case.roles:
        assert name in caller.get(f"projects/{project.code}/").json()["allowed_actions"]
    else:
        role, caller = Role.FRONT, partner(Role.FRONT, make.PREFECTURE)
        if STEPS[name].on_site:
            reviewer = partner(Role.REVIEWER).post(address, case.body, version=project.version)
            assert reviewer.status_code == 403
    assert caller.post(address, case.body).status_code == 428
    stale = caller.post(address, case.body, version=project.version + 1)
    assert (stale.status_code, stale["ETag"]) == (412, f'"{project.version}"')
    extra = caller.post(address, case.body | {"stage": "CLOSED"}, version=project.version)
    assert (extra.status_code, list(extra.json()["errors"])) == (400, ["stage"])
    done = caller.post(address, case.body, version=project.version)
    assert done.status_code == 200, done.content.decode()
    assert (done.json()["stage"], done.json()["proposed_stage"]) == case.leads_to
    assert done["ETag"] == f'"{done.json()["version"]}"'
    again = caller.post(address, case.body, version=done.json()["version"])
    assert again.status_code in {403, 404, 409}, again.content.decode()


@pytest.mark.parametrize("step", CASES)
def test_a_step_of_a_foreign_project_is_not_there(partner: Ask, step: str) -> None:
    far = make.draft(pairing=make.pairing(make.FAR_COUNTY, make.OTHER_DONOR))
    for role in sorted(RECIPIENT | {Role.D_EDIT}):
        caller = partner(role)
        answers = [
            caller.post(f"projects/{code}/{step}/", CASES[step].body, version=1)
            for code in (far.code, "EW20209999990001")
        ]
        assert {answer.status_code for answer in answers} == {404}, role
        assert answers[0].content == answers[1].content


@pytest.mark.parametrize("step", ["confirm-start", "confirm-completion", "confirm-handover"])
def test_nobody_confirms_what_they_reported(partner: Ask, step: str) -> None:
    report = {"confirm-start": "start", "confirm-completion": "complete"}.get(step, "hand-over")
    project = CASES[report].project()
    both = make.user_with(Role.CLERK, Role.REVIEWER, is_service=True)
    caller = partner(user=both)
    seen = caller.get(f"projects/{project.code}/").json()
    seen = caller.post(
        f"projects/{project.code}/{report}/", CASES[report].body, version=seen["version"]
    ).json()
    answer = caller.post(f"projects/{project.code}/{step}/", version=seen["version"])
    assert (answer.status_code, answer.json()["code"]) == (409, "own_work")
    assert seen["refused_actions"][step.replace("-", "_")]["code"] == "own_work"


def test_who_reported_a_step_takes_it_back(partner: Ask) -> None:
    project, county = make.project_at(Stage.READY), partner()
    address = f"projects/{project.code}/"
    seen = county.post(f"{address}start/", DAY, version=project.version).json()
    assert "decline" in seen["allowed_actions"]
    other = make.service_account(Role.P_EDIT)
    assert partner(user=other).post(
        f"{address}decline/", WHY, version=seen["version"]
    ).status_code == 403  # fmt: skip
    done = county.post(f"{address}decline/", WHY, version=seen["version"]).json()
    assert done["proposed_stage"] == ""
    assert "start" in done["allowed_actions"]


def test_who_submitted_an_application_takes_it_back(partner: Ask) -> None:
    project, county = make.draft(), partner()
    address = f"projects/{project.code}/"
    seen = county.post(f"{address}submit/", version=1).json()
    other = partner(Role.CLERK).post(f"{address}take-back/", version=seen["version"])
    assert (other.status_code, other.json()["code"]) == (409, "not_who_submitted")
    done = county.post(f"{address}take-back/", version=seen["version"])
    assert done.json()["stage"] == "DRAFT"


def test_a_detail_says_what_is_open_and_why_the_rest_is_shut(partner: Ask) -> None:
    project = make.project_at(Stage.COMPLETED)
    address = f"projects/{project.code}/"
    said = {
        language: partner(Role.REVIEWER, language=language).get(address).json()
        for language in ("en", "zh-hans")
    }
    refused = said["en"]["refused_actions"]
    assert "file_paper" in said["en"]["allowed_actions"]
    assert refused["accept"]["code"] == "acceptance_missing"
    assert refused["suspend"]["code"] == "not_on_the_road"
    assert not set(refused) & set(said["en"]["allowed_actions"])
    assert "approve" not in refused  # another role's
    assert said["zh-hans"]["refused_actions"]["suspend"]["detail"] != refused["suspend"]["detail"]
    reader = partner(Role.REVIEWER, may_write=False).get(address).json()
    assert (reader["allowed_actions"], reader["refused_actions"]) == ([], {})


def test_a_detail_costs_a_bounded_number_of_queries(
    partner: Ask, django_assert_max_num_queries: Any
) -> None:
    reviewer = partner(Role.REVIEWER)
    project = make.project_at(Stage.COMPLETED)
    address = f"projects/{project.code}/"
    reviewer.get(address)
    for _more in range(2):
        with django_assert_max_num_queries(24):
            assert reviewer.get(address).status_code == 200
        for _number in range(5):
            make.paper(project)


def test_rows_say_what_waits_and_how_far_works_and_money_are(partner: Ask) -> None:
    project = make.project_at(Stage.READY)
    county = partner()
    county.post(f"projects/{project.code}/start/", DAY, version=project.version)
    (row,) = county.get("projects/").json()["results"]
    assert (row["stage"], row["proposed_stage"]) == ("READY", "ACTIVE")
    assert {"physical_pct", "allocated_yuan", "paid_yuan"} <= set(row)
    (few,) = county.get("projects/", fields="code,proposed_stage").json()["results"]
    assert few == {"code": project.code, "proposed_stage": "ACTIVE"}


@pytest.mark.parametrize(
    ("step", "body", "wrong"),
    [
        ("start", {}, "on"),
        ("start", {"on": (make.NOW.date() + timedelta(days=1)).isoformat()}, "on"),
        ("start", {"on": "2026-01-01"}, "on"),
        ("start", DAY | {"remarks": "x" * 201}, "remarks"),
        ("suspend", DAY, "reason"),
        ("suspend", DAY | {"reason": " "}, "reason"),
        ("suspend", DAY | WHY | {"resumes_on": "2026-06-01"}, "resumes_on"),
        ("withdraw", {}, "reason"),
        ("decline", {}, "reason"),
        ("close", DAY | {"doc_no": "x" * 81}, "doc_no"),
    ],
)
def test_what_a_step_asks_is_named_where_it_does_not_fit(
    partner: Ask, step: str, body: dict[str, str], wrong: str
) -> None:
    case = CASES[step]
    project = case.project()
    project.refresh_from_db()
    role = sorted(case.roles - {Role.FRONT})[0]
    answer = partner(role, in_place(role)).post(
        f"projects/{project.code}/{step}/", body, version=project.version
    )
    assert answer.status_code == 400, answer.content.decode()
    assert wrong in answer.json()["errors"]
