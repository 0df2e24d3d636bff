"""Steps of two hands at the desk, the queues they fill, and what a project's page says of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from assistance.roles import Role
from projects.admin.project import ProjectAdmin
from projects.models import STEPS, Project, PublicNotice, Stage
from projects.models.evidence import NoticeKind
from tests import factories as make
from tests.desk.conftest import Seat, address_of, errors_on

pytestmark = pytest.mark.django_db

Sit = Callable[..., Seat]
TODAY = make.NOW.date().isoformat()
NOTICE = {
    "kind": "PLAN",
    "place": "演示乡政府公示栏",
    "starts_on": "2026-06-01",
    "ends_on": "2026-06-12",
    "hotline": "0000-0000000",
}


def fresh(project: Project) -> Project:
    return Project.objects.get(pk=project.pk)


def waiting(seat: Seat, queue: str, model: str = "project") -> list[Any]:
    """The rows of a queue; the card on the home page has to count the same."""
    address = f"{reverse(f'admin:projects_{model}_changelist')}?queue={queue}"
    rows = list(seat.open(address).context["cl"].result_list)
    cards = {card.url: card.found for card in seat.open("/admin/").context["waiting"]}
    assert cards.get(address, 0) == len(rows)
    return rows


def test_every_step_of_the_road_has_its_button() -> None:
    names = {verb.name.replace("-", "_") for verb in ProjectAdmin.verbs}
    elsewhere = {"edit", "request_change"}  # the form itself; changes have pages of their own
    assert set(STEPS) - elsewhere <= names


def test_a_start_is_reported_declined_reported_again_and_confirmed(sit_down: Sit) -> None:
    county = sit_down(Role.P_EDIT)
    front = sit_down(Role.FRONT, region_code=make.PREFECTURE)
    reviewer = sit_down(Role.REVIEWER)
    project = make.project_at(Stage.READY)
    assert waiting(county, "to-start") == [project]
    assert waiting(front, "to-confirm-start") == []

    page = county.open(address_of(project, "start"))
    assert page.context["form"]["on"].value().isoformat() == TODAY
    done = county.do(project, "start", on=TODAY, remarks="演示:已进场")
    assert done.redirect_chain, errors_on(done)
    assert (fresh(project).stage, fresh(project).proposed_stage) == (Stage.READY, Stage.ACTIVE)
    assert waiting(county, "to-start") == []
    assert waiting(front, "to-confirm-start") == [project]
    assert waiting(reviewer, "to-confirm-start") == []  # the front team is there
    assert "演示:已进场" in front.open(address_of(project)).content.decode()

    front.do(project, "decline", reason="演示:未见施工")
    assert waiting(front, "to-confirm-start") == []
    assert waiting(county, "declined") == waiting(county, "to-start") == [project]
    assert "演示:未见施工" in county.open(address_of(project)).content.decode()

    county.do(project, "start", on=TODAY)
    assert waiting(county, "declined") == []
    front.do(project, "confirm-start")
    assert fresh(project).stage == Stage.ACTIVE
    assert waiting(county, "declined") == []


def test_where_no_front_team_works_the_reviewer_confirms(sit_down: Sit) -> None:
    clerk, reviewer = sit_down(Role.CLERK), sit_down(Role.REVIEWER)
    project = make.ready_for(Stage.COMPLETED, make.project_at(Stage.ACTIVE))
    assert waiting(clerk, "to-complete") == [project]
    clerk.do(project, "complete", on=TODAY)
    assert waiting(reviewer, "to-confirm-completion") == [project]
    reviewer.do(project, "confirm-completion")
    assert fresh(project).stage == Stage.COMPLETED
    assert waiting(reviewer, "to-accept") == [project]


def test_who_reported_a_step_takes_it_back_and_does_not_confirm_it(sit_down: Sit) -> None:
    both, other = sit_down(Role.CLERK, Role.REVIEWER), sit_down(Role.CLERK)
    project = make.project_at(Stage.READY)
    both.do(project, "start", on=TODAY)
    assert waiting(both, "to-confirm-start") == []
    refused = both.do(project, "confirm-start")
    assert "须由他人办理" in refused.content.decode()
    assert fresh(project).stage == Stage.READY
    assert other.open(address_of(project, "withdraw-report")).status_code == 403
    both.do(project, "withdraw-report", reason="演示:日期有误")
    assert fresh(project).proposed_stage == ""
    assert waiting(both, "declined") == []  # taken back is not declined


def test_a_hand_over_is_confirmed_and_the_file_closed(sit_down: Sit) -> None:
    clerk, reviewer, approver = map(sit_down, (Role.CLERK, Role.REVIEWER, Role.APPROVER))
    project = make.ready_for(Stage.HANDED_OVER, make.project_at(Stage.ACCEPTED))
    clerk.do(project, "hand-over", on=TODAY)
    assert waiting(reviewer, "to-confirm-handover") == [project]
    reviewer.do(project, "confirm-handover")
    assert fresh(project).stage == Stage.HANDED_OVER
    closing = make.ready_for(Stage.CLOSED, make.project_at(Stage.HANDED_OVER))
    assert set(waiting(approver, "to-close")) == {project, closing}
    approver.do(closing, "close", on=TODAY, doc_no="演示办结1")
    assert fresh(closing).stage == Stage.CLOSED


def test_works_rest_and_go_on(sit_down: Sit) -> None:
    reviewer, clerk = sit_down(Role.REVIEWER), sit_down(Role.CLERK)
    project = make.project_at(Stage.ACTIVE)
    refused = reviewer.do(project, "suspend", reason="演示:冬季停工", resumes_on="2026-01-01")
    assert list(refused.context["form"].errors) == ["resumes_on"]
    reviewer.do(project, "suspend", reason="演示:冬季停工", resumes_on="2026-10-01")
    assert fresh(project).stage == Stage.SUSPENDED
    assert clerk.open(address_of(project, "resume")).status_code == 403
    reviewer.do(project, "resume")
    assert fresh(project).stage == Stage.ACTIVE


def test_an_application_is_taken_back_or_withdrawn(sit_down: Sit) -> None:
    county, reviewer = sit_down(Role.P_EDIT), sit_down(Role.REVIEWER)
    project = make.draft()
    county.do(project, "submit")
    assert reviewer.open(address_of(project, "take-back")).status_code == 403
    county.do(project, "take-back")
    assert fresh(project).stage == Stage.DRAFT
    refused = county.do(project, "withdraw", reason="")
    assert "reason" in refused.context["form"].errors
    county.do(project, "withdraw", reason="演示:不再需要")
    assert fresh(project).stage == Stage.WITHDRAWN


@pytest.mark.parametrize("verb", ["start", "suspend", "withdraw", "confirm-start", "close"])
def test_a_step_on_an_outdated_page_is_not_taken(sit_down: Sit, verb: str) -> None:
    clerk = sit_down(Role.CLERK)
    stage = {
        "suspend": Stage.ACTIVE,
        "withdraw": Stage.LIBRARY,
        "close": Stage.HANDED_OVER,
    }.get(verb, Stage.READY)
    project = make.project_at(stage)
    if verb == "confirm-start":
        clerk.do(project, "start", on=TODAY)
    role = {"suspend": Role.REVIEWER, "confirm-start": Role.REVIEWER, "close": Role.APPROVER}
    seat = sit_down(role.get(verb, Role.CLERK))
    if verb == "close":
        make.ready_for(Stage.CLOSED, project)
    version = fresh(project).version
    Project.objects.filter(pk=project.pk).update(version=version + 1)
    answer = seat.do(project, verb, seen_version=version, reason="演示", on=TODAY)
    assert "您打开本页后" in errors_on(answer)
    assert fresh(project).stage == stage


def test_a_page_says_why_a_step_is_shut_and_the_list_stays_cheap(sit_down: Sit) -> None:
    reviewer = sit_down(Role.REVIEWER)
    project = make.project_at(Stage.COMPLETED)
    page = reviewer.open(address_of(project))
    shut = {step.verb.name: step.reason for step in page.context["shut_steps"]}
    assert shut["accept"]
    assert "file-paper" in {step.verb.name for step in page.context["open_steps"]}
    asked = reviewer.open(address_of(project, "accept"))
    assert str(asked.context["refusal"]) == shut["accept"]
    listed = reviewer.open(reverse("admin:projects_project_changelist")).content.decode()
    assert address_of(project, "accept") in listed  # lists ask the table alone


def test_the_page_of_a_project_costs_a_bounded_number_of_queries(
    sit_down: Sit, django_assert_max_num_queries: Any
) -> None:
    reviewer = sit_down(Role.REVIEWER)
    project = make.project_at(Stage.COMPLETED)
    make.payment(project)
    reviewer.open(address_of(project))
    for _more in range(2):
        with django_assert_max_num_queries(60):
            assert reviewer.open(address_of(project)).status_code == 200
        for number in range(5):
            make.paper(project)
            make.payment(project, amount_yuan=number + 1)


def test_a_notice_is_entered_and_confirmed_by_other_hands(sit_down: Sit) -> None:
    county, reviewer = sit_down(Role.P_EDIT), sit_down(Role.REVIEWER)
    project = make.project_at(Stage.LIBRARY)
    refused = county.do(project, "give-notice", **NOTICE | {"ends_on": "2026-06-16"})
    assert list(refused.context["form"].errors) == ["ends_on"]
    done = county.do(project, "give-notice", **NOTICE)
    assert done.redirect_chain, errors_on(done)
    notice = PublicNotice.objects.get(kind=NoticeKind.PLAN)
    assert waiting(reviewer, "to-confirm", "publicnotice") == [notice]
    assert county.open(address_of(notice, "confirm")).status_code == 403
    reviewer.do(notice, "confirm")
    notice.refresh_from_db()
    assert notice.counted_by == reviewer.user
    assert waiting(reviewer, "to-confirm", "publicnotice") == []
    assert "演示乡政府公示栏" in county.open(address_of(project)).content.decode()


def test_open_objections_and_own_notices_are_not_confirmed(sit_down: Sit) -> None:
    both, reviewer = sit_down(Role.CLERK, Role.REVIEWER), sit_down(Role.REVIEWER)
    project = make.project_at(Stage.LIBRARY)
    both.do(project, "give-notice", **NOTICE | {"objections": "演示:一户有异议"})
    notice = PublicNotice.objects.get(kind=NoticeKind.PLAN)
    assert waiting(both, "to-confirm", "publicnotice") == []
    assert "须由他人办理" in both.do(notice, "confirm").content.decode()
    assert errors_on(reviewer.do(notice, "confirm"))
    notice.refresh_from_db()
    assert notice.counted_at is None
    both.do(notice, "void", reason="演示:重填")
    notice.refresh_from_db()
    assert notice.voided_at
