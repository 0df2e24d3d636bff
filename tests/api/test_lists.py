"""Lists: pages, filters, sparse answers, and what they cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assistance.models import Pairing, Region
from assistance.roles import Role
from projects.models import FundPlan, Project, Stage, Transfer
from projects.models.funds import TransferStatus
from teams.models import PostingState
from tests import factories as make
from tests.api.conftest import Ask, Partner
from tests.raw_rows import triggers_asleep

pytestmark = pytest.mark.django_db

LISTS = ("regions", "programmes", "pairings", "projects", "fund-plans", "transfers", "payments",
         "refunds", "transfer-returns", "payment-policies", "teams", "postings")  # fmt: skip
MaxQueries = Callable[..., Any]


def copies(number: int, **overrides: Any) -> list[Project]:
    """Drafts of one moment: many rows share an ``updated_at``, as after an import."""
    return [make.draft(**overrides) for _copy in range(number)]


def walk(partner: Partner, path: str, **parameters: Any) -> Iterator[dict[str, Any]]:
    """All rows of a list, page by page."""
    page = partner.get(path, **parameters).json()
    while True:
        yield from page["results"]
        if page["next"] is None:
            return
        page = partner.get(page["next"]).json()


@pytest.mark.parametrize("ordering", ["code", "-code", "updated_at", "-updated_at"])
def test_a_walk_sees_every_row_once(partner: Ask, ordering: str) -> None:
    codes = sorted(project.code for project in copies(7))
    county = partner()
    rows = [row["code"] for row in walk(county, "projects/", limit=2, ordering=ordering)]
    assert rows == (codes if ordering in {"code", "updated_at"} else codes[::-1])


def test_a_walk_backwards_meets_the_same_pages(partner: Ask) -> None:
    copies(5)
    county = partner()
    pages = [county.get("projects/", limit=2, count="true").json()]
    assert pages[0]["count"] == 5
    assert pages[0]["previous"] is None
    while pages[-1]["next"]:
        pages.append(county.get(pages[-1]["next"]).json())
    assert [len(page["results"]) for page in pages] == [2, 2, 1]
    back = pages[-1]
    for page in pages[-2::-1]:
        back = county.get(back["previous"]).json()
        assert back["results"] == page["results"]
        assert back["next"] is not None
    assert back["previous"] is None
    assert "count" not in county.get("projects/").json()


def test_a_walk_by_code_sees_every_row_once_while_rows_change(partner: Ask) -> None:
    projects = copies(9)
    county, seen = partner(), []
    for number, row in enumerate(walk(county, "projects/", limit=2, ordering="code")):
        seen.append(row["code"])
        Project.objects.filter(pk=projects[number % 9].pk).update(updated_at=timezone.now())
        if number == 3:
            make.draft(county=make.region(make.COUNTY))
    assert len(seen) == len(set(seen)) == 10
    assert {project.code for project in projects} < set(seen)


def test_following_changes_misses_none(partner: Ask) -> None:
    projects = copies(6)
    county, seen = partner(), {}
    for number, row in enumerate(walk(county, "projects/", limit=2, ordering="updated_at")):
        seen[row["code"]] = row["version"]
        if number < 3:
            projects[number].record("place", by=projects[number].created_by, now=timezone.now())
    assert seen == dict(Project.objects.values_list("code", "version"))
    since = (timezone.now() - timedelta(minutes=5)).isoformat()
    changed = county.get("projects/", updated_since=since).json()["results"]
    assert {row["code"] for row in changed} == {project.code for project in projects[:3]}


def test_lists_are_filtered_by_every_code(partner: Ask) -> None:
    one = make.project_at(Stage.SUBMITTED, sector="EDU")
    far = make.draft(
        pairing=make.pairing(make.FAR_COUNTY, make.OTHER_DONOR), sector="HEALTH", fiscal_year=2025
    )
    clerk = partner(Role.CLERK, make.DONOR_CITY)
    both = {one.code, far.code}
    for asked, wanted in (
        ({}, both),
        ({"region": make.PROVINCE}, both),
        ({"region": make.PREFECTURE}, {one.code}),
        ({"region": make.FAR_COUNTY}, {far.code}),
        ({"region": "970000"}, set()),
        ({"donor": make.DONOR_CITY}, both),
        ({"donor": make.OTHER_DONOR}, {far.code}),
        ({"stage": "DRAFT"}, {far.code}),
        ({"stage": "DRAFT,SUBMITTED"}, both),
        ({"sector": "EDU"}, {one.code}),
        ({"year": 2025}, {far.code}),
        ({"code": one.code}, {one.code}),
        ({"programme": "demo_ew"}, both),
        ({"kind": "CS"}, set()),
        ({"pairing": one.pairing_id}, {one.code}),
        ({"is_livelihood": "false"}, set()),
        ({"sector": "EDU", "stage": "DRAFT"}, set()),
    ):
        rows = clerk.get("projects/", **asked).json()["results"]
        assert {row["code"] for row in rows} == wanted, asked


def test_pairings_are_listed_as_at_a_day(partner: Ask) -> None:
    old = make.pairing(make.COUNTY, make.OTHER_DONOR, since="2016", until="2020-12")
    new = make.pairing(make.COUNTY, make.DONOR, since="2021-06")
    county = partner()
    for day, wanted in (
        ("2015-12-31", set()),
        ("2016-01-01", {old.pk}),
        ("2020-12-31", {old.pk}),
        ("2021-05-31", set()),
        ("2021-06-01", {new.pk}),
    ):
        rows = county.get("pairings/", as_at=day).json()["results"]
        assert {row["id"] for row in rows} == wanted, day
    row = county.get(f"pairings/{old.pk}/").json()
    assert (row["since"], row["starts_on"]) == ("2016", "2016-01-01")
    assert (row["until"], row["ends_on"]) == ("2020-12", "2020-12-31")


def test_regions_are_listed_by_level_and_parent(partner: Ask) -> None:
    make.region(make.COUNTY), make.region(make.FAR_COUNTY), make.region(make.OTHER_COUNTY)
    Region.objects.filter(code=make.COUNTY).update(counted_in_headline=True)
    county = partner()

    def codes(**asked: Any) -> list[str]:
        return [row["code"] for row in county.get("regions/", **asked).json()["results"]]

    assert codes(parent=make.PREFECTURE) == [make.COUNTY, make.OTHER_COUNTY]
    assert codes(region=make.PREFECTURE) == [make.PREFECTURE, make.COUNTY, make.OTHER_COUNTY]
    assert codes(counted_in_headline="true") == [make.COUNTY]
    assert codes(level="province", region=make.PROVINCE) == [make.PROVINCE]


def test_money_lists_say_what_arrived_and_what_is_committed(partner: Ask) -> None:
    plan = make.fund_plan(amount_yuan=3_000_000)
    make.transfer(plan=plan, amount_yuan=2_000_000)
    make.transfer(TransferStatus.DRAFT, plan=plan, amount_yuan=500_000)
    make.project_at(Stage.APPROVED, plan=plan)
    make.fund_plan()
    county = partner()
    rows = county.get("fund-plans/", region=make.COUNTY, source="PROV").json()["results"]
    row = next(row for row in rows if row["id"] == plan.pk)
    assert row == {k: v for k, v in county.get(f"fund-plans/{plan.pk}/").json().items()
                   if k != "allowed_actions"}  # fmt: skip
    assert (row["amount_yuan"], row["arrived_yuan"], row["committed_yuan"]) == (
        "3000000.00",
        "2000000.00",
        "1000000.00",
    )
    other = next(row for row in rows if row["id"] != plan.pk)
    assert (other["arrived_yuan"], other["committed_yuan"]) == ("0.00", "0.00")
    drafts = county.get("transfers/", status="draft", fund_plan=plan.pk).json()["results"]
    assert [row["amount_yuan"] for row in drafts] == ["500000.00"]


def test_a_sparse_list_answers_and_reads_only_what_was_asked(
    partner: Ask, django_assert_num_queries: MaxQueries
) -> None:
    copies(2)
    county = partner()
    county.get("me/")
    with django_assert_num_queries(4) as queries:
        rows = county.get("projects/", fields="code,county_name").json()["results"]
    assert [set(row) for row in rows] == [{"code", "county_name"}] * 2
    read = queries.captured_queries[-1]["sql"]
    assert "donor" not in read.lower()
    assert "aid_yuan" not in read


def test_a_row_in_a_list_is_the_row_in_full_as_far_as_it_goes(partner: Ask) -> None:
    make.paid_back(make.payment(make.project_at(Stage.ACTIVE)))
    make.transfer_return(make.transfer()), make.payment_policy()
    make.posting(team=make.team(make.COUNTY))
    for language in ("en", "zh-hans"):
        county = partner(language=language)
        for resource in LISTS:
            row = county.get(f"{resource}/", limit=1).json()["results"][0]
            one = county.get(f"{resource}/{row.get('id', row.get('code'))}/").json()
            assert {name: one[name] for name in row} == row, resource


@pytest.mark.parametrize(
    "asked",
    [
        {"nobody": "1"},
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "x"},
        {"limit": "٣"},
        {"limit": ["1", "2"]},
        {"cursor": "x"},
        {"cursor": "WyJjb2RlIiwgMV0:x:y"},
        {"ordering": "password"},
        {"fields": "code,password"},
        {"fields": ""},
        {"count": "yes"},
        {"region": "51"},
        {"region": "51000\x00"},
        {"format": "api"},
        {"offset": "1"},
    ],
)
def test_a_question_that_makes_no_sense_is_400(partner: Ask, asked: dict[str, Any]) -> None:
    county = partner()
    for resource in LISTS:
        answer = county.get(f"{resource}/", **asked)
        assert answer.status_code == 400, resource
        assert set(answer.json()["errors"]) == set(asked), resource


@pytest.mark.parametrize(
    "asked",
    [
        {"stage": "NONE"},
        {"stage": ""},
        {"year": "20x6"},
        {"year": "99999"},
        {"updated_since": "2026-06-01"},
        {"updated_since": "2026-06-01T00:00:00"},
        {"updated_since": "2026-13-01T00:00:00Z"},
        {"pairing": "99999999999999999999"},
        {"code": "\x00"},
    ],
)
def test_a_filter_that_cannot_be_read_is_400(partner: Ask, asked: dict[str, Any]) -> None:
    answer = partner().get("projects/", **asked)
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == set(asked)


def test_a_cursor_belongs_to_its_ordering(partner: Ask) -> None:
    copies(3)
    county = partner()
    following = county.get("projects/", limit=1, ordering="code").json()["next"]
    assert county.get(following).status_code == 200
    assert county.get(following.replace("ordering=code", "ordering=-code")).status_code == 400
    assert county.get(f"{following}x").status_code == 400


def test_one_row_takes_no_parameters(partner: Ask) -> None:
    code = make.draft().code
    assert partner().get(f"projects/{code}/", fields="code").status_code == 400
    assert partner().get("me/", x=1).status_code == 400


def test_a_plus_in_an_address_may_come_as_a_space(partner: Ask) -> None:
    make.draft()
    for written in ("2020-01-01T00:00:00+08:00", "2020-01-01T00:00:00%2B08:00"):
        answer = partner().get(f"projects/?updated_since={written}")
        assert len(answer.json()["results"]) == 1


SCOPES = [
    (Role.P_EDIT, make.COUNTY),
    (Role.FRONT, make.PREFECTURE),
    (Role.D_EDIT, make.DONOR),
    (Role.CLERK, make.DONOR_CITY),
]


@pytest.fixture
def callers(partner: Ask) -> list[Partner]:
    """One caller of every scope; the use of their tokens is noted already."""
    found = [partner(role, code) for role, code in SCOPES]
    for caller in found:
        caller.get("me/")
    return found


def test_lists_take_four_queries_however_long_they_are_and_whoever_asks(
    callers: list[Partner],
) -> None:
    project, transfer = make.project_at(Stage.SUBMITTED), make.transfer()
    team = make.team(make.COUNTY)
    posting = make.posting(PostingState.CANCELLED, team=team)

    def grow(first: int, last: int) -> None:
        for number in range(first, last):
            batch = copy_of(team.batch, label=f"演示批次-{number}")
            batch.save()
            another = copy_of(team, batch=batch)
            another.save()
            copy_of(posting, team=another).save()
        numbers = range(first, last)
        Project.objects.bulk_create(
            copy_of(project, code=f"EW20269901{number:06}", name=f"演示-{number}")
            for number in numbers
        )
        FundPlan.objects.bulk_create(copy_of(transfer.fund_plan) for _number in numbers)
        Transfer.objects.bulk_create(
            copy_of(transfer, voucher_no=f"演示-{number}") for number in numbers
        )

    grown = {"projects", "fund-plans", "transfers", "teams", "postings"}
    seen: dict[tuple[int, str], set[int]] = {}
    for first, last in ((2, 21), (21, 101)):
        with triggers_asleep("projects_project", "projects_transfer"):
            grow(first, last)
        for caller in callers:
            caller.get("me/")  # notes the use of the token, which costs a query once a minute
            for resource in LISTS:
                with CaptureQueriesContext(connection) as asked:
                    answer = caller.get(f"{resource}/", limit=100)
                seen.setdefault((id(caller), resource), set()).add(len(asked))
                if resource in grown:
                    assert len(answer.json()["results"]) >= last - 1, resource
    assert {resource: counts for (_who, resource), counts in seen.items() if len(counts) > 1} == {}
    assert max(max(counts) for counts in seen.values()) <= 4


def copy_of(row: Any, **changes: Any) -> Any:
    """The same row once more, not yet saved."""
    columns = [f for f in row._meta.concrete_fields if not f.primary_key and not f.generated]
    return type(row)(**{f.name: getattr(row, f.name) for f in columns} | changes)


def test_a_detail_takes_at_most_five_queries_and_one_for_the_steps_of_a_project(
    callers: list[Partner], django_assert_max_num_queries: MaxQueries
) -> None:
    rows = {
        "projects": make.project_at(Stage.SUBMITTED).code,
        "transfers": make.transfer().pk,
        "fund-plans": make.fund_plan().pk,
        "postings": make.posting(team=make.team(make.COUNTY)).pk,
        "pairings": Pairing.objects.get().pk,
        "regions": make.COUNTY,
    }
    for caller in callers:
        for resource, key in rows.items():
            with django_assert_max_num_queries(6 if resource == "projects" else 5):
                answer = caller.get(f"{resource}/{key}/")
            assert answer.status_code == 200, resource
            assert answer["ETag"]


def test_answers_with_a_token_are_kept_in_no_cache(partner: Ask) -> None:
    for answer in (partner().get("projects/"), Client().get("/api/v1/projects/")):
        assert "Vary" in answer
    assert partner().get("projects/")["Cache-Control"] == "no-store, private"
