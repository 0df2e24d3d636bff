"""Lists and the home page: what they show to whom, how much they ask the database."""

from collections.abc import Callable

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assistance.models import Organisation, User
from assistance.roles import Role
from projects.models import STEPS, Project, Stage
from projects.models.funds import FundPlanStatus, TransferStatus
from projects.models.history import ProgressStatus
from projects.models.payments import PaymentStatus
from tests import factories as make
from tests.desk.conftest import Seat, address_of, errors_on

Sit = Callable[..., Seat]


def _queries(seat: Seat, address: str) -> int:
    with CaptureQueriesContext(connection) as caught:
        assert seat.open(address).status_code == 200
    return len(caught)


def _drafts(count: int) -> None:
    for _row in range(count):
        make.draft()


def _plans(count: int) -> None:
    for _row in range(count):
        make.fund_plan(FundPlanStatus.DRAFT)


def _transfers(count: int) -> None:
    plan = make.fund_plan(amount_yuan=1_000_000_000)
    for _row in range(count):
        make.transfer(TransferStatus.DRAFT, plan=plan)


def _payments(count: int) -> None:
    project = make.project_at(Stage.ACTIVE)
    for _row in range(count):
        make.payment(project, PaymentStatus.SUBMITTED, amount_yuan=1)


def _postings(count: int) -> None:
    for _row in range(count):
        make.posting()


def _organisations(count: int) -> None:
    for number in range(count):
        make.organisation(region_code=f"9903{number:02}" if number < 99 else "990399")


@pytest.mark.parametrize(
    ("rows", "number", "route"),
    [
        (_drafts, 20, "projects_project"),
        (_plans, 5, "projects_fundplan"),
        (_transfers, 5, "projects_transfer"),
        (_payments, 5, "projects_payment"),
        (_postings, 5, "teams_posting"),
        (_organisations, 20, "assistance_organisation"),
    ],
)
def test_a_list_asks_as_much_for_many_rows_as_for_few(
    sit_down: Sit, rows: Callable[[int], None], number: int, route: str
) -> None:
    roles = (Role.CLERK, Role.REVIEWER, Role.FINANCE, Role.ORG)
    seat, address = sit_down(*roles), reverse(f"admin:{route}_changelist")
    rows(number)
    few = _queries(seat, address)
    rows(4 * number)
    assert _queries(seat, address) == few
    assert few <= 16


def test_every_card_leads_to_a_list_of_exactly_so_many_rows(sit_down: Sit) -> None:
    _one_of_everything()
    waiting = 0
    for role in Role:
        seat = sit_down(role)
        for task in seat.open("/admin/").context["waiting"]:
            shown = seat.open(task.url).context["cl"]
            assert shown.result_count == task.found, f"{role}: {task.label}"
            waiting += task.found
    assert waiting >= 10


def test_every_figure_leads_to_the_list_that_it_sums(sit_down: Sit) -> None:
    _one_of_everything()
    seat = sit_down(Role.LEADER)
    groups = seat.open("/admin/").context["figures"]
    figures = [figure for group in groups.values() for figure in group]
    assert len(figures) == 13
    for figure in figures:
        page = seat.open(figure.url)
        if figure.hint:
            assert figure.text in page.context["total"], figure.label
            assert figure.text != "0.00"
        else:
            assert page.context["cl"].result_count == int(figure.text), figure.label


def _one_of_everything() -> None:
    for stage in (Stage.DRAFT, Stage.SUBMITTED, Stage.LIBRARY, Stage.APPROVED, Stage.READY):
        make.project_at(stage)
    active = make.project_at(Stage.ACTIVE)
    make.progress(active, 100, status=ProgressStatus.SUBMITTED)
    make.payment(active)
    make.payment(active, PaymentStatus.SUBMITTED)
    make.transfer()
    make.transfer(TransferStatus.DRAFT)
    make.transfer(TransferStatus.DRAFT, arrived_on=None, voucher_no="")
    make.fund_plan(FundPlanStatus.DRAFT)
    make.project_at(Stage.COMPLETED)
    make.posting()


@pytest.mark.django_db
def test_the_query_of_a_step_and_its_reason_never_disagree() -> None:
    projects = [make.project_at(stage) for stage in list(Stage)[:9]]
    hands = [make.hand(role) for role in (Role.CLERK, Role.REVIEWER, Role.APPROVER)]
    offices = [make.user_with(role) for role in (Role.P_EDIT, Role.FRONT, Role.D_EDIT)]
    above = [
        make.user_with(role, region_code=make.PREFECTURE) for role in (Role.P_EDIT, Role.FRONT)
    ]
    asked = 0
    for user in [*hands, *offices, *above]:
        fresh = User.objects.get(pk=user.pk)
        for verb in STEPS:
            rows = Project.objects.visible_to(fresh)
            open_ones = set(rows.open_to(verb, fresh).values_list("pk", flat=True))
            without_reason = {p.pk for p in rows if p.why_not(verb, fresh) is None}
            assert open_ones == without_reason, f"{user} {verb}"
            asked += len(open_ones)
    assert asked > 10
    assert projects


def _said(seat: Seat, address: str) -> tuple[int, str, list[str]]:
    answer = seat.open(address)
    told = [str(message) for message in get_messages(answer.wsgi_request)]
    seat.open("/admin/")  # reads the message away
    return answer.status_code, answer.headers.get("Location", ""), told


@pytest.mark.parametrize("page", ["", "history", "submit"])
def test_a_row_out_of_sight_answers_as_a_missing_one(sit_down: Sit, page: str) -> None:
    seat = sit_down(Role.P_EDIT)
    foreign = make.draft(pairing=make.pairing(make.FAR_COUNTY))
    address = address_of(foreign, page if page == "submit" else "")
    address = address.replace("/change/", "/history/") if page == "history" else address
    missing = address.replace(f"/{foreign.pk}/", "/987654/")
    status, where, told = _said(seat, address)
    assert _said(seat, missing) == (
        status,
        where,
        [sentence.replace(str(foreign.pk), "987654") for sentence in told],
    )
    assert status == 302
    assert (
        foreign.name not in seat.open(reverse("admin:projects_project_changelist")).content.decode()
    )


def test_a_choice_offers_only_what_the_reader_may_use(sit_down: Sit) -> None:
    seat = sit_down(Role.P_EDIT)
    own, far = make.pairing(), make.pairing(make.FAR_COUNTY)
    far_unit = make.organisation(region_code=make.FAR_COUNTY)
    page = seat.open(reverse("admin:projects_project_add"))
    offered = page.context["adminform"].form.fields["pairing"].queryset
    assert list(offered) == [own]
    assert far not in offered
    found = seat.open(
        reverse("admin:autocomplete")
        + "?app_label=projects&model_name=project&field_name=implementing_unit&term="
    ).json()
    assert str(far_unit.pk) not in {row["id"] for row in found["results"]}


def test_a_partner_enters_units_of_its_own_region_only(sit_down: Sit) -> None:
    seat = sit_down(Role.P_EDIT)
    own, far = make.pairing().recipient, make.region(make.FAR_COUNTY)
    address = reverse("admin:assistance_organisation_add")
    unit = {"name_zh": "演示学校", "kind": "school", "region": own.pk}
    assert errors_on(seat.fill_in(address, **unit | {"region": far.pk}))
    assert errors_on(seat.fill_in(address, **unit | {"kind": "bureau"}))
    seat.fill_in(address, **unit)
    assert Organisation.objects.filter(kind="school").get().region == own


def test_nothing_is_deleted_at_the_desk(sit_down: Sit) -> None:
    clerk = sit_down(Role.CLERK)
    clerk.user.is_superuser = True
    clerk.user.save()
    project = make.draft()
    assert clerk.client.post(address_of(project).replace("change", "delete")).status_code == 403
    listed = clerk.open(reverse("admin:projects_project_changelist"))
    assert "delete_selected" not in listed.content.decode()


def test_every_page_forbids_state_secrets_and_says_what_is_demo(sit_down: Sit) -> None:
    seat = sit_down(Role.CLERK)
    project = make.draft()
    for address in ("/admin/", address_of(project), address_of(project, "submit"), "/nowhere"):
        assert "严禁存储、处理、传输国家秘密" in seat.open(address).content.decode()
