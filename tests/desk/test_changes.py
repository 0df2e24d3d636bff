"""Changes of what was approved, with the forms of the desk."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from assistance.roles import Role
from projects.models import ChangeRequest, Project, Stage
from projects.models.changes import ChangeKind, ChangeStatus
from tests import factories as make
from tests.desk.conftest import Seat, address_of, errors_on, written_on
from tests.factories.files import PDF

Sit = Callable[..., Seat]
K, S = ChangeKind, ChangeStatus
TODAY = make.NOW.date().isoformat()
LIST = "admin:projects_changerequest_changelist"


def apply_for(seat: Seat, project: Project, kind: ChangeKind, **fields: Any) -> ChangeRequest:
    """Choose a kind on the project's page, then fill in the fields of that kind."""
    address = address_of(project, "request-change")
    page = seat.client.post(address, written_on(seat.open(address)) | {"kind": kind})
    assert page.status_code == 200
    assert not page.context["form"].errors  # nobody has seen these fields yet
    sent = seat.client.post(address, written_on(page) | {"reason": "演示"} | fields, follow=True)
    assert sent.redirect_chain, errors_on(sent)
    return ChangeRequest.objects.latest("id")


def test_a_change_of_the_site_goes_from_the_county_to_the_approver(sit_down: Sit) -> None:
    project = make.project_at(Stage.ACTIVE)
    office, approver = sit_down(Role.P_EDIT), sit_down(Role.APPROVER)
    donor = sit_down(Role.D_EDIT)
    change = apply_for(office, project, K.SITE, place="演示新村")
    office.do(change, "submit")
    paper = office.do(
        change, "file-paper", kind="CONSENT", file=SimpleUploadedFile("演示函.pdf", PDF)
    )
    assert paper.redirect_chain, errors_on(paper)
    donor.do(change, "consent", doc_no="演示函3")
    approver.do(change, "approve", doc_no="演示批3", effective_on=TODAY)
    change.refresh_from_db()
    assert (change.status, change.consented_by, change.decided_by) == (
        S.APPROVED, donor.user, approver.user,
    )  # fmt: skip
    assert Project.objects.get(pk=project.pk).place == "演示新村"


def test_a_form_asks_for_its_kind_alone_and_shows_what_stands_now(sit_down: Sit) -> None:
    project, clerk = make.project_at(Stage.ACTIVE), sit_down(Role.CLERK)
    address = address_of(project, "request-change")
    first = clerk.open(address)
    assert set(first.context["form"].fields) == {"seen_version", "kind", "kind_asked"}
    page = clerk.client.post(address, {"kind": K.SCHEDULE})
    form = page.context["form"]
    assert set(form.fields) == {
        "seen_version", "kind", "kind_asked", "planned_start", "planned_end", "reason",
    }  # fmt: skip
    assert "2026" in str(form.fields["planned_start"].help_text)
    assert form["planned_start"].value() == project.planned_start


def test_the_budget_is_asked_share_by_share(sit_down: Sit) -> None:
    project = make.project_at(Stage.ACTIVE)
    other = make.fund_plan(source="CITY", amount_yuan=30_000)
    clerk, reviewer = sit_down(Role.CLERK), sit_down(Role.REVIEWER)
    key = project.funding.get().pk
    change = apply_for(
        clerk, project, K.BUDGET, new_share=str(other.pk), new_yuan="30000",
        **{f"share_{key}": "950000.50"},
    )  # fmt: skip
    assert change.after == {
        "shares": {str(key): "-49999.50"}, "new_shares": {str(other.pk): "30000.00"},
        "aid_yuan": "980000.50",
    }  # fmt: skip
    clerk.do(change, "submit")
    reviewer.do(change, "approve", doc_no="演示批4", effective_on=TODAY)
    assert Project.objects.get(pk=project.pk).aid_yuan == Decimal("980000.50")


def test_content_is_asked_with_its_targets(sit_down: Sit) -> None:
    project, clerk = make.project_at(Stage.ACTIVE), sit_down(Role.CLERK)
    output = project.targets.first()
    assert output is not None
    change = apply_for(clerk, project, K.CONTENT, **{f"target_{output.pk}": "9"})
    assert set(change.after) == {"targets"}
    clerk.do(change, "edit", name="演示新名称")
    change.refresh_from_db()
    assert (change.after["name"], change.after["targets"][0]["quantity"]) == (
        "演示新名称", "9.00",
    )  # fmt: skip


def test_a_termination_says_why_paid_money_stays(sit_down: Sit) -> None:
    project = make.project_at(Stage.ACTIVE)
    make.payment(project)
    clerk = sit_down(Role.CLERK)
    change = apply_for(clerk, project, K.TERMINATE)
    told = clerk.do(change, "submit")
    assert not told.redirect_chain
    clerk.do(change, "edit", justification="演示：已建部分可用")
    assert clerk.do(change, "submit").redirect_chain


def test_what_does_not_fit_is_told_on_the_form(sit_down: Sit) -> None:
    project, clerk = make.project_at(Stage.ACTIVE), sit_down(Role.CLERK)
    address = address_of(project, "request-change")
    page = clerk.client.post(address, {"kind": K.CONTENT})
    told = clerk.client.post(address, written_on(page) | {"reason": "演示", "name": ""})
    assert "name" in told.context["form"].errors
    told = clerk.client.post(
        address, written_on(page) | {"reason": "演示", "lifted_persons": "99999"}
    )
    assert told.context["form"].non_field_errors()
    assert not ChangeRequest.objects.exists()


def test_a_stale_form_changes_nothing(sit_down: Sit) -> None:
    change = make.change(make.project_at(Stage.ACTIVE), status=S.SUBMITTED)
    reviewer = sit_down(Role.REVIEWER)
    told = reviewer.do(
        change, "approve", doc_no="1", effective_on=TODAY, seen_version=change.version - 1
    )
    assert told.context["form"].non_field_errors()
    change.refresh_from_db()
    assert change.status == S.SUBMITTED


def test_the_wrong_hands_find_no_button_and_no_page(sit_down: Sit) -> None:
    change = make.change(make.project_at(Stage.ACTIVE), status=S.SUBMITTED)
    for role in (Role.LEADER, Role.FINANCE, Role.APPROVER):
        assert sit_down(role).open(address_of(change, "approve")).status_code == 403
    stranger = sit_down(Role.P_EDIT, region_code=make.OTHER_COUNTY)
    assert stranger.open(address_of(change)).status_code == 302  # as if it did not exist
    own = sit_down(Role.CLERK, Role.REVIEWER)
    ChangeRequest.objects.filter(pk=change.pk).update(status=S.DRAFT)
    ChangeRequest.objects.filter(pk=change.pk).update(created_by=own.user, status=S.SUBMITTED)
    page = own.open(address_of(change, "approve"))
    assert page.context["refusal"].code == "own_work"


def test_each_finds_their_work_on_the_home_page(sit_down: Sit) -> None:
    project = make.project_at(Stage.ACTIVE)
    site = make.change(project, K.SITE, {"place": "演示新村"}, status=S.SUBMITTED)
    small = make.change(make.project_at(Stage.ACTIVE), status=S.SUBMITTED)
    reviewer, approver = sit_down(Role.REVIEWER), sit_down(Role.APPROVER)

    def listed(seat: Seat, queue: str) -> set[int]:
        page = seat.open(f"{reverse(LIST)}?queue={queue}")
        return {row.pk for row in page.context["cl"].result_list}

    assert listed(reviewer, "to-consent") == {site.pk}
    assert listed(reviewer, "small-to-decide") == {small.pk}
    assert listed(approver, "to-decide") == set()
    make.consent_paper(site)
    reviewer.do(site, "consent", doc_no="演示函")
    assert listed(approver, "to-decide") == {site.pk}
    reviewer.do(small, "return", reason="演示：请补充")
    clerk = sit_down(Role.CLERK)
    assert listed(clerk, "returned") == {small.pk}
    assert "演示：请补充" in clerk.open(address_of(small)).content.decode()


def test_a_surplus_is_released_from_the_projects_page(sit_down: Sit) -> None:
    project = make.project_at(Stage.ACCEPTED)
    make.audited(project, 930_000)
    clerk, approver = sit_down(Role.CLERK), sit_down(Role.APPROVER)
    clerk.do(project, "release-surplus")
    change = ChangeRequest.objects.get()
    approver.do(change, "approve", doc_no="演示批5", effective_on=TODAY)
    page = clerk.open(address_of(project)).content.decode()
    assert "-70,000.00" in page


def test_a_change_is_told_in_words_in_both_languages(sit_down: Sit) -> None:
    project = make.project_at(Stage.ACTIVE)
    after = {"sector": "EDU", "is_livelihood": False, "spend_level": "town"}
    change = make.change(project, K.USE_OF_FUNDS, after, status=S.SUBMITTED)
    reviewer = sit_down(Role.REVIEWER)
    for language, before, became in (("en", "Rural construction", "Education"),
                                     ("zh-hans", "乡村建设", "教育")):  # fmt: skip
        with translation.override(language):
            reviewer.client.cookies["django_language"] = language
            for address in (address_of(change), reverse(LIST), address_of(project)):
                page = reviewer.open(address).content.decode()
                assert before in page or address == address_of(project), address
                assert became[:2] in page
                assert "{&#x27;" not in page
                assert not re.search(r"\bEDU\b", page)


def test_the_list_asks_as_often_for_many_as_for_one(sit_down: Sit) -> None:
    reviewer = sit_down(Role.REVIEWER)

    def a_few() -> None:
        for kind, after in (
            (K.UNIT, {"implementing_unit": make.treasury()}), (K.SITE, {"place": "演示新村"}),
        ):  # fmt: skip
            make.change(make.project_at(Stage.ACTIVE), kind, after, status=S.SUBMITTED)
        project = make.project_at(Stage.ACTIVE)
        new = {str(make.fund_plan(source="CITY").pk): 1}
        cut = {str(project.funding.get().pk): -1}
        make.change(project, K.BUDGET, {"shares": cut, "new_shares": new}, status=S.SUBMITTED)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            reviewer.open(reverse(LIST))
        return len(asked)

    a_few()
    reviewer.open(reverse(LIST))
    once = queries()
    a_few()
    assert queries() == once


@pytest.mark.parametrize("kind", [kind for kind in K if kind != K.SURPLUS])
def test_every_kind_has_a_form(sit_down: Sit, kind: ChangeKind) -> None:
    project, clerk = make.project_at(Stage.ACTIVE), sit_down(Role.CLERK)
    change = apply_for(clerk, project, kind)
    assert (change.kind, change.after) == (kind, {})  # an untouched form changes nothing
    assert clerk.open(address_of(change, "edit")).status_code == 200
