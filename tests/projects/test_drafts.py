"""What a draft may say, and what has to be there before it is submitted."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistance.errors import Refused
from assistance.models import Pairing
from assistance.models.pairings import ProgrammeKind
from assistance.roles import Role
from projects import actions
from projects.models import Project, Sector, Stage
from projects.models.project import TargetKind
from tests import factories as make

pytestmark = pytest.mark.django_db

REQUIRED: dict[str, Any] = {
    "place": "",
    "content": "",
    "implementing_unit": None,
    "responsible_person": "",
    "office_phone": "",
    "planned_start": None,
    "planned_end": None,
    "beneficiary_households": 0,
    "linkage": "",
    "aid_yuan": Decimal(0),
}


def test_a_new_project_is_a_draft_with_a_code_of_its_own() -> None:
    first, second = make.draft(), make.draft()
    assert (first.stage, first.version) == (Stage.DRAFT, 1)
    assert first.code == "EW20269901010001"
    assert second.code == "EW20269901010002"
    assert make.draft(fiscal_year=2025).code == "EW20259901010001"
    support = make.pairing(kind=ProgrammeKind.CS)
    assert make.draft(pairing=support).code == "CS20269901010001"


@pytest.mark.parametrize("field", REQUIRED)
def test_what_is_missing_is_named_and_keeps_a_draft_from_being_submitted(field: str) -> None:
    project = make.draft(**{field: REQUIRED[field]})
    with pytest.raises(Refused) as refusal:
        actions.submit(project, by=make.hand(Role.CLERK), now=make.NOW)
    assert refusal.value.code == "project_incomplete"
    assert set(refusal.value.fields) == {field}
    assert str(refusal.value.fields[field]) in str(refusal.value)
    project.refresh_from_db()
    assert project.stage == Stage.DRAFT


@pytest.mark.parametrize("kind", TargetKind)
def test_a_target_of_each_kind_is_needed(kind: TargetKind) -> None:
    project = make.draft(targets=[target for target in make.TARGETS if target["kind"] != kind])
    with pytest.raises(Refused) as refusal:
        actions.submit(project, by=make.hand(Role.CLERK), now=make.NOW)
    assert set(refusal.value.fields) == {"targets"}


def test_everything_that_is_missing_is_named_at_once() -> None:
    project = make.draft(**REQUIRED, beneficiary_persons=0, lifted_persons=0, monitored_persons=0,
                         targets=[])  # fmt: skip
    with pytest.raises(Refused) as refusal:
        actions.submit(project, by=make.hand(Role.CLERK), now=make.NOW)
    assert set(refusal.value.fields) == {*REQUIRED, "beneficiary_persons", "targets"}


def test_editing_replaces_the_targets_only_where_they_are_given() -> None:
    project, clerk = make.draft(), make.hand(Role.CLERK)
    project = actions.edit_draft(project, name="演示改名", by=clerk, now=make.NOW)
    assert (project.name, project.version, project.targets.count()) == ("演示改名", 2, 3)
    project = actions.edit_draft(project, targets=make.TARGETS[:1], by=clerk, now=make.NOW)
    assert (project.version, project.targets.count()) == (3, 1)


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage != Stage.DRAFT])
def test_what_was_submitted_is_not_edited_any_more(stage: Stage) -> None:
    project = make.project_at(stage)
    with pytest.raises(Refused) as refusal:
        actions.edit_draft(project, name="演示改名", by=make.hand(Role.CLERK), now=make.NOW)
    assert refusal.value.code == "not_on_the_road"


@pytest.mark.parametrize(
    "foreign",
    [
        {"stage": "APPROVED"},
        {"code": "EW20269901019999"},
        {"submitted_by": None},
        {"contract_yuan": Decimal(1)},
        {"fiscal_year": 2025},
        {"created_by": None},
    ],
)
def test_a_draft_is_only_filled_in_where_it_has_blanks(foreign: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refusal:
        actions.edit_draft(make.draft(), by=make.hand(Role.CLERK), now=make.NOW, **foreign)
    assert set(refusal.value.message_dict) == set(foreign)


@pytest.mark.parametrize("again", ["演示 水渠", " 演示水渠", "演示水渠\u3000", "演 示 水 渠"])
def test_a_name_is_given_once_per_county_and_year_whatever_the_spaces(again: str) -> None:
    make.draft(name="演示水渠")
    with pytest.raises(ValidationError):
        make.draft(name=again)
    other = make.draft()
    with pytest.raises(IntegrityError, match="project_name_once"), transaction.atomic():
        Project.objects.filter(pk=other.pk).update(name=again)


def test_the_same_name_may_be_given_in_another_county_or_year_or_after_a_rejection() -> None:
    make.draft(name="演示水渠")
    make.draft(name="演示水渠", fiscal_year=2025)
    make.draft(name="演示水渠", pairing=make.pairing(make.OTHER_COUNTY))
    make.project_at(Stage.REJECTED, name="演示道路")
    make.draft(name="演示道路")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.decimals(0, 10**12, places=2), min_size=4, max_size=4))
def test_the_total_is_the_sum_of_its_sources_to_the_fen(sums: list[Decimal]) -> None:
    columns = ("aid_yuan", "donation_yuan", "match_yuan", "self_yuan")
    project = Project.objects.first() or make.draft()
    Project.objects.update(**dict(zip(columns, sums, strict=True)))
    project.refresh_from_db()
    assert project.total_investment_yuan == sum(sums)


@pytest.mark.parametrize(
    ("persons", "lifted", "monitored", "accepted"),
    [
        (100, 100, 100, True),  # somebody may be both, so only each by itself is bounded
        (100, 101, 0, False),
        (100, 0, 101, False),
        (0, 0, 0, True),
    ],
)
def test_lifted_and_monitored_persons_are_each_among_those_who_benefit(
    persons: int, lifted: int, monitored: int, accepted: bool
) -> None:
    project = make.draft()
    figures: dict[str, Any] = {
        "beneficiary_persons": persons,
        "lifted_persons": lifted,
        "monitored_persons": monitored,
    }
    clerk = make.hand(Role.CLERK)
    if accepted:
        actions.edit_draft(project, by=clerk, now=make.NOW, **figures)
        return
    with pytest.raises(ValidationError):
        actions.edit_draft(project, by=clerk, now=make.NOW, **figures)
    with pytest.raises(IntegrityError, match="are_beneficiaries"), transaction.atomic():
        Project.objects.filter(pk=project.pk).update(**figures)


@pytest.mark.parametrize(
    "wrong",
    [
        {"planned_start": date(2026, 5, 2), "planned_end": date(2026, 5, 1)},
        {"aid_yuan": Decimal("-0.01")},
        {"aid_yuan": Decimal("0.001")},
        {"sector": Sector.IND, "is_livelihood": True, "livelihood_reason": ""},
        {"sector": "SPACE"},
    ],
)
def test_a_draft_that_contradicts_itself_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        make.draft(**wrong)


def test_the_county_lies_in_the_pairings_recipient() -> None:
    prefecture = make.pairing(make.PREFECTURE)
    assert make.draft(pairing=prefecture, county=make.region(make.COUNTY)).stage == Stage.DRAFT
    for code in (make.FAR_COUNTY, make.PREFECTURE, make.DONOR):
        with pytest.raises(ValidationError) as refusal:
            make.draft(pairing=prefecture, county=make.region(code))
        assert set(refusal.value.message_dict) == {"county"}


@pytest.mark.parametrize(
    ("since", "until", "accepted"),
    [("2026-12-31", "", True), ("2027", "", False), ("", "2026-01-01", True), ("", "2025", False)],
)
def test_the_pairing_is_in_force_on_some_day_of_the_year(
    since: str, until: str, accepted: bool
) -> None:
    tie: Pairing = make.pairing(since=since, until=until)
    if accepted:
        assert make.draft(pairing=tie).fiscal_year == 2026
        return
    with pytest.raises(ValidationError) as refusal:
        make.draft(pairing=tie)
    assert set(refusal.value.message_dict) == {"fiscal_year"}
