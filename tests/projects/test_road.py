"""A project takes only the steps on the road, and every step is on record."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import product
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from assistance.errors import Refused, Stale
from assistance.models import User
from assistance.models.regions import OrganisationKind
from assistance.models.rows import entered
from assistance.roles import Role
from projects import actions
from projects.models import BUCKETS, LEADS_TO, STEPS, Project, Stage, StageChange, YearPlanEntry
from projects.models.acceptance import AcceptanceLevel, AcceptanceResult
from projects.models.evidence import PaperKind
from projects.models.history import ProgressStatus
from projects.models.road import ON_THE_ROAD
from tests import factories as make

pytestmark = pytest.mark.django_db

TODAY = make.NOW.date()
SHANGHAI = ZoneInfo("Asia/Shanghai")


class Drive(NamedTuple):
    """A verb with all it asks for besides ``by``, and where it leads from where it is open."""

    take: Callable[..., Project]
    leads: dict[Stage, Stage]


REPORTS: dict[Stage, Callable[..., Project]] = {
    Stage.READY: actions.start,
    Stage.ACTIVE: actions.complete,
    Stage.ACCEPTED: actions.hand_over,
}


def _once_reported(verb: Callable[..., Project], reports: Callable[..., Project]) -> Any:
    """The second hand of a step: the clerk has reported it, where that is possible."""

    def take(project: Project, *, version: int | None = None, **options: Any) -> Project:
        reported = 0
        with suppress(Refused), transaction.atomic():
            reports(project, on=TODAY, by=make.hand(Role.CLERK), now=make.NOW)
            reported = 1
        if version is not None:
            version += reported
        return verb(project, version=version, **options)

    return take


def _decline(project: Project, *, version: int | None = None, **options: Any) -> Project:
    reports = REPORTS.get(Stage(project.stage), actions.start)
    decline = partial(actions.decline_step, reason="演示")
    declined: Project = _once_reported(decline, reports)(project, version=version, **options)
    return declined


def _take_back(project: Project, *, by: User, now: datetime, version: int | None = None) -> Project:
    """By who submitted it; nobody else's is it."""
    return actions.take_back(project, by=make.hand(Role.CLERK), now=now, version=version)


VERBS: dict[str, Drive] = {
    "submit": Drive(actions.submit, {Stage.DRAFT: Stage.SUBMITTED}),
    "take_back": Drive(_take_back, {Stage.SUBMITTED: Stage.DRAFT}),
    "withdraw": Drive(
        partial(actions.withdraw, reason="演示"),
        dict.fromkeys((Stage.DRAFT, Stage.SUBMITTED, Stage.LIBRARY), Stage.WITHDRAWN),
    ),
    "return": Drive(
        partial(actions.return_to_draft, reason="演示"),
        {Stage.SUBMITTED: Stage.DRAFT, Stage.LIBRARY: Stage.DRAFT},
    ),
    "admit": Drive(actions.admit, {Stage.SUBMITTED: Stage.LIBRARY}),
    "reject": Drive(
        partial(actions.reject, reason="演示"),
        {Stage.SUBMITTED: Stage.REJECTED, Stage.LIBRARY: Stage.REJECTED},
    ),
    "approve": Drive(
        partial(actions.approve, doc_no="演示批1号", on=TODAY), {Stage.LIBRARY: Stage.APPROVED}
    ),
    "advance": Drive(
        partial(actions.advance, on=TODAY, contract_no="演示合同1", contract_yuan=Decimal(1)),
        {Stage.APPROVED: Stage.TENDERING, Stage.TENDERING: Stage.READY},
    ),
    "start": Drive(partial(actions.start, on=TODAY), {Stage.READY: Stage.READY}),
    "confirm_start": Drive(
        _once_reported(actions.confirm_start, actions.start), {Stage.READY: Stage.ACTIVE}
    ),
    "suspend": Drive(
        partial(actions.suspend, reason="演示", on=TODAY), {Stage.ACTIVE: Stage.SUSPENDED}
    ),
    "resume": Drive(partial(actions.resume, on=TODAY), {Stage.SUSPENDED: Stage.ACTIVE}),
    "complete": Drive(partial(actions.complete, on=TODAY), {Stage.ACTIVE: Stage.ACTIVE}),
    "confirm_completion": Drive(
        _once_reported(actions.confirm_completion, actions.complete),
        {Stage.ACTIVE: Stage.COMPLETED},
    ),
    "rework": Drive(
        partial(actions.rework, reason="演示", on=TODAY), {Stage.COMPLETED: Stage.ACTIVE}
    ),
    "accept": Drive(partial(actions.accept, on=TODAY), {Stage.COMPLETED: Stage.ACCEPTED}),
    "hand_over": Drive(partial(actions.hand_over, on=TODAY), {Stage.ACCEPTED: Stage.ACCEPTED}),
    "confirm_handover": Drive(
        _once_reported(actions.confirm_handover, actions.hand_over),
        {Stage.ACCEPTED: Stage.HANDED_OVER},
    ),
    "decline": Drive(_decline, {stage: stage for stage in REPORTS}),
    "close": Drive(
        partial(actions.close, on=TODAY),
        {Stage.ACCEPTED: Stage.CLOSED, Stage.HANDED_OVER: Stage.CLOSED},
    ),
}
REPORTING = {"start", "complete", "hand_over", "decline"}  # these leave a project where it stands
ENTERING = {
    "edit", "allot", "report_progress", "pay", "request_change", "record_acceptance", "file_paper",
    "give_notice",
}  # fmt: skip


def _found_wanting(project: Project) -> None:
    """An acceptance of 1 June that failed."""
    day, by = date(2026, 6, 1), make.hand(Role.CLERK)
    failed = actions.record_acceptance(
        project, level=AcceptanceLevel.COUNTY, held_on=day, chair="演示组长",
        chair_of=make.organisation(OrganisationKind.RECIPIENT_OFFICE), members=["甲", "乙", "丙"],
        result=AcceptanceResult.FAIL, by=by, now=make.at(day),
    )  # fmt: skip
    make.papers(project, PaperKind.ACCEPTANCE, on=day)
    actions.confirm_acceptance(failed, by=make.hand(Role.REVIEWER), now=make.at(day))


def _at(stage: Stage, *, forms_asset: bool = True) -> Project:
    """A project for which every verb has all that it asks for, so that only the stage decides."""
    # what somebody acted on is not taken back, so nobody did
    bare = stage == Stage.SUBMITTED
    project = make.project_at(stage, needs_tender=True, forms_asset=forms_asset, bare=bare)
    if stage == Stage.LIBRARY:
        make.share(project)
    if stage == Stage.COMPLETED:
        _found_wanting(project)
    ready = {
        Stage.ACTIVE: Stage.COMPLETED,
        Stage.COMPLETED: Stage.ACCEPTED,
        Stage.HANDED_OVER: Stage.CLOSED,
        Stage.ACCEPTED: Stage.HANDED_OVER if forms_asset else Stage.CLOSED,
    }
    if stage in ready:
        make.ready_for(ready[stage], project)
    return project


def _needs_notice(verb: str, stage: Stage, project: Project) -> None:
    if verb == "admit" and stage == Stage.SUBMITTED:
        make.ready_for(Stage.LIBRARY, project)


@pytest.mark.parametrize(
    ("stage", "forms_asset"), [*((stage, True) for stage in Stage), (Stage.ACCEPTED, False)]
)
def test_from_a_stage_the_verbs_lead_where_the_road_does_and_nowhere_else(
    stage: Stage, forms_asset: bool
) -> None:
    project, somebody_else = _at(stage, forms_asset=forms_asset), make.user_with(is_superuser=True)
    led: dict[str, Stage] = {}
    refused: dict[str, str] = {}
    for verb, drive in VERBS.items():
        with transaction.atomic():
            _needs_notice(verb, stage, project)
            try:
                led[verb] = Stage(drive.take(project, by=somebody_else, now=make.NOW).stage)
            except Refused as refusal:
                refused[verb] = refusal.code
            transaction.set_rollback(True)
        project.refresh_from_db()
    not_here = {"close"} if forms_asset else {"hand_over", "confirm_handover", "decline"}
    if stage != Stage.ACCEPTED:
        not_here = set()
    expected = {v: drive.leads[stage] for v, drive in VERBS.items() if stage in drive.leads}
    assert led == {verb: to for verb, to in expected.items() if verb not in not_here}
    for_assets = {"not_handed_over", "forms_no_asset", "nothing_proposed"}
    assert {refused[verb] for verb in not_here} <= for_assets
    assert {code for v, code in refused.items() if v not in not_here} <= {"not_on_the_road"}


def test_the_verbs_of_these_tests_are_those_of_the_table() -> None:
    assert set(VERBS) == set(STEPS) - ENTERING
    for verb, drive in VERBS.items():
        assert set(drive.leads) == STEPS[verb].takes_from, verb
        for was, became in drive.leads.items():
            assert became == was if verb in REPORTING else became in LEADS_TO[was], verb


def test_every_step_of_the_road_has_its_verb_but_the_termination() -> None:
    by_verbs = {
        (was, became)
        for verb, drive in VERBS.items()
        if verb not in REPORTING
        for was, became in drive.leads.items()
    }
    beside_the_tender = {(Stage.APPROVED, Stage.READY)}
    by_a_change = {pair for pair in ON_THE_ROAD if pair[1] == Stage.TERMINATED}
    assert by_verbs | beside_the_tender | by_a_change == ON_THE_ROAD
    assert not by_verbs & by_a_change


@pytest.mark.parametrize("was", Stage)
def test_the_database_records_no_step_beside_the_road(was: Stage) -> None:
    project, by = make.project_at(was), make.hand(Role.CLERK)
    for became in Stage:
        change = StageChange(
            project=project, from_stage=was, to_stage=became, effective_on=TODAY,
            counted_at=make.NOW, counted_by=by, **entered(by, make.NOW),
        )  # fmt: skip
        on_the_road = became in LEADS_TO[was]
        with transaction.atomic():
            if on_the_road:
                change.save()
            else:
                with pytest.raises(IntegrityError, match="on_the_road"), transaction.atomic():
                    change.save()
            transaction.set_rollback(True)


def test_the_road_is_one_table() -> None:
    assert set(LEADS_TO) == set(Stage)
    assert {pair for pair in product(Stage, Stage) if pair[1] in LEADS_TO[pair[0]]} == ON_THE_ROAD
    ends = {stage for stage, leads in LEADS_TO.items() if not leads}
    assert ends == {Stage.CLOSED, Stage.TERMINATED, Stage.REJECTED, Stage.WITHDRAWN}


def test_every_stage_from_approval_on_is_in_exactly_one_bucket() -> None:
    before = {Stage.DRAFT, Stage.SUBMITTED, Stage.LIBRARY, Stage.REJECTED, Stage.WITHDRAWN}
    in_buckets = [stage for stages in BUCKETS.values() for stage in stages]
    assert sorted(in_buckets) == sorted(set(Stage) - before)


def test_every_step_is_on_record_with_its_day_its_hour_and_its_author() -> None:
    project = make.project_at(Stage.COMPLETED, needs_tender=True)
    clerk, reviewer = make.hand(Role.CLERK), make.hand(Role.REVIEWER)
    approver = make.hand(Role.APPROVER)
    rows = StageChange.objects.filter(project=project).order_by("pk")
    assert [
        (c.from_stage, c.to_stage, c.effective_on, c.counted_at, c.counted_by) for c in rows
    ] == [
        (was, became, day, make.at(day, hour), by)
        for was, became, day, hour, by in (
            ("", Stage.DRAFT, date(2026, 2, 2), 10, clerk),
            (Stage.DRAFT, Stage.SUBMITTED, date(2026, 2, 3), 10, clerk),
            (Stage.SUBMITTED, Stage.LIBRARY, date(2026, 2, 10), 10, reviewer),
            (Stage.LIBRARY, Stage.APPROVED, date(2026, 3, 2), 10, approver),
            (Stage.APPROVED, Stage.TENDERING, date(2026, 3, 9), 10, clerk),
            (Stage.TENDERING, Stage.READY, date(2026, 3, 20), 10, clerk),
            (Stage.READY, Stage.ACTIVE, date(2026, 4, 1), 11, reviewer),
            (Stage.ACTIVE, Stage.COMPLETED, date(2026, 5, 31), 11, reviewer),
        )
    ]


def test_a_step_that_is_entered_late_keeps_its_day_and_shows_when_it_became_known() -> None:
    project = make.project_at(Stage.READY)
    started = date(2026, 4, 1)
    actions.start(project, on=started, by=make.hand(Role.CLERK), now=make.at(started))
    actions.confirm_start(project, by=make.hand(Role.REVIEWER), now=make.NOW)
    changes = StageChange.objects.filter(project=project, to_stage=Stage.ACTIVE)
    assert changes.as_at(TODAY, make.NOW).exists()
    assert not changes.as_at(TODAY, make.NOW - timedelta(seconds=1)).exists()
    assert not changes.as_at(started - timedelta(days=1), make.NOW).exists()


def test_approval_enters_the_project_into_the_plan_of_its_year_as_new() -> None:
    project = make.project_at(Stage.APPROVED)
    entry = YearPlanEntry.objects.get(project=project)
    assert (entry.year, entry.nature, entry.entered_on) == (2026, "NEW", date(2026, 3, 2))
    assert entry.planned_invest_yuan == project.total_investment_yuan
    assert entry.counted_at == make.at(date(2026, 3, 2))


@pytest.mark.parametrize(
    "verb",
    [
        "approve",
        "advance",
        "start",
        "suspend",
        "complete",
        "rework",
        "resume",
        "hand_over",
        "close",
    ],
)
def test_a_step_is_never_dated_in_the_future_nor_before_the_step_before_it(verb: str) -> None:
    before = {
        "approve": Stage.LIBRARY,
        "advance": Stage.APPROVED,
        "start": Stage.READY,
        "suspend": Stage.ACTIVE,
        "resume": Stage.SUSPENDED,
        "complete": Stage.ACTIVE,
        "rework": Stage.COMPLETED,
        "hand_over": Stage.ACCEPTED,
        "close": Stage.HANDED_OVER,
    }
    project, by = _at(before[verb]), make.user_with(is_superuser=True)
    newest = project.stage_changes.latest("pk").effective_on
    more: dict[str, Any] = {"doc_no": "批1"} if verb == "approve" else {}
    more |= {"reason": "演示"} if verb in {"suspend", "rework"} else {}
    for wrong in (TODAY + timedelta(days=1), newest - timedelta(days=1)):
        with pytest.raises(ValidationError) as refusal:
            getattr(actions, verb)(project, on=wrong, by=by, now=make.NOW, **more)
        assert set(refusal.value.message_dict) == {"on"}
    for right in (TODAY, newest):
        with transaction.atomic():
            getattr(actions, verb)(project, on=right, by=by, now=make.NOW, **more)
            transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 12, 31, 23, 30, tzinfo=SHANGHAI), date(2026, 12, 31)),
        (datetime(2027, 1, 1, 0, 30, tzinfo=SHANGHAI), date(2027, 1, 1)),
    ],
)
def test_a_step_around_new_year_falls_on_its_local_day(now: datetime, day: date) -> None:
    project = actions.submit(make.draft(), by=make.hand(Role.CLERK), now=now)
    assert project.stage_changes.latest("pk").effective_on == day


@pytest.mark.parametrize("verb", VERBS)
def test_a_step_on_an_outdated_version_is_stale_and_changes_nothing(verb: str) -> None:
    stage = list(VERBS[verb].leads)[-1]
    project, by = _at(stage), make.user_with(is_superuser=True)
    _needs_notice(verb, stage, project)
    outdated = project.version - 1
    take = partial(VERBS[verb].take, project, by=by, now=make.NOW)
    with pytest.raises(Stale) as refusal:
        take(version=outdated)
    project.refresh_from_db()
    assert refusal.value.current == project.version
    assert project.stage == stage
    assert take(version=project.version).version > outdated + 1


def test_a_returned_application_loses_its_shares_and_starts_anew() -> None:
    project = make.project_at(Stage.LIBRARY)
    share = make.share(project)
    reviewer = make.hand(Role.REVIEWER)
    project = actions.return_to_draft(project, reason="资料不全", by=reviewer, now=make.NOW)
    share.refresh_from_db()
    assert (share.voided_at, share.voided_by, share.void_reason) == (make.NOW, reviewer, "资料不全")
    assert project.submitted_by is None
    assert project.reviewed_by is None
    assert project.stage_changes.latest("pk").reason == "资料不全"


@pytest.mark.parametrize("verb", ["return", "reject"])
@pytest.mark.parametrize("reason", ["", "  "])
def test_sending_an_application_back_asks_for_a_reason(verb: str, reason: str) -> None:
    project, by = make.project_at(Stage.SUBMITTED), make.user_with(is_superuser=True)
    action = actions.return_to_draft if verb == "return" else actions.reject
    with pytest.raises(ValidationError) as refusal:
        action(project, reason=reason, by=by, now=make.NOW)
    assert set(refusal.value.message_dict) == {"reason"}


def test_a_tendered_project_is_ready_only_with_a_contract_within_its_total() -> None:
    project, clerk = make.project_at(Stage.TENDERING), make.hand(Role.CLERK)
    with pytest.raises(ValidationError, match=r"合同|contract"):
        actions.advance(project, on=TODAY, by=clerk, now=make.NOW)
    with pytest.raises(ValidationError):
        actions.advance(
            project, on=TODAY, contract_no="合同1", contract_yuan=project.aid_yuan + 1,
            by=clerk, now=make.NOW,
        )  # fmt: skip
    ready = actions.advance(
        project, on=TODAY, contract_no=" 合同1 ", contract_yuan=project.aid_yuan,
        by=clerk, now=make.NOW,
    )  # fmt: skip
    assert (ready.stage, ready.contract_no) == (Stage.READY, "合同1")


@pytest.mark.parametrize("pct", [None, 99])
def test_works_are_complete_only_at_a_verified_hundred_per_cent(pct: int | None) -> None:
    project, clerk = make.project_at(Stage.ACTIVE), make.hand(Role.CLERK)
    if pct is not None:
        make.progress(project, pct, measured_on=date(2026, 4, 20))
    make.progress(project, status=ProgressStatus.SUBMITTED)  # 100 %, but nobody verified it
    with pytest.raises(Refused) as refusal:
        actions.complete(project, on=TODAY, by=clerk, now=make.NOW)
    assert refusal.value.code == "progress_below_100"
