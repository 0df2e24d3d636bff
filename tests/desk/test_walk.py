"""One project from the village's application to its closing, in a real browser, by a new user.

Nobody types an address: each step starts on a list, goes to the row, and takes the button that the
row's page offers. ``PICTURES=docs/pictures/walk`` keeps the pictures that ``docs/walk.md`` shows.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db.models import Model
from django.urls import reverse
from playwright.sync_api import Browser, Locator, Page
from pytest_django.live_server_helper import LiveServer

from assistance.models import Organisation, User
from assistance.models.regions import OrganisationKind
from assistance.roles import Role
from projects.models import Payment, ProgressReport, Project, PublicNotice, Stage
from projects.models.acceptance import Acceptance, Asset
from projects.models.audit import AuditRecord, Evaluation
from projects.models.funds import FundPlan, Transfer
from tests import factories as make
from tests.desk.conftest import Seat
from tests.desk.test_road import NEW_PROJECT
from tests.factories import files

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "walk.md"
WIDTH, HEIGHT = 1180, 960
COUNTY, CLERK, SITE = Role.P_EDIT, Role.CLERK, Role.FRONT
REVIEWER, APPROVER, FINANCE = Role.REVIEWER, Role.APPROVER, Role.FINANCE
PLACE = f"演示地区{make.COUNTY}"


class Walk:
    """A day at the office after the other: whose turn it is, which row, which button."""

    def __init__(self, browser: Browser, server: LiveServer, clock: time_machine.Traveller) -> None:
        self.server, self.clock = server, clock
        self.context = browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT}, locale="zh-CN"
        )
        self.context.set_default_timeout(
            30_000
        )  # a page that is slow on a busy machine is not wrong
        self.page = self.context.new_page()
        self.day = ""
        self.people: dict[Role, User] = {}
        self.seats: dict[Role, Seat] = {}  # who signed in today
        self.pictures: list[str] = []

    def sit_down(self, role: Role, day: str) -> None:
        """Whoever has the role signs in, on ``day`` (MM-DD) of the year."""
        if day != self.day:
            month, date = map(int, day.split("-"))
            self.clock.move_to(make.NOW.replace(month=month, day=date, hour=9))
            self.day, self.seats = day, {}
        if role not in self.people:
            where = {"region_code": make.PREFECTURE} if role == Role.FRONT else {}
            self.people[role] = make.user_with(role, **where)
        if role not in self.seats:
            self.seats[role] = Seat(self.people[role])
        name = settings.SESSION_COOKIE_NAME
        value = self.seats[role].client.cookies[name].value
        self.context.clear_cookies()
        self.context.add_cookies([{"name": name, "value": value, "url": self.server.url}])

    def go_to(self, row: Model) -> Page:
        """From the list of its kind to the page of the row."""
        self.page.goto(self.server.url + list_of(type(row)))
        name = f"{row._meta.app_label}/{row._meta.model_name}/{row.pk}/change/"
        self.page.locator(f"#result_list a[href*='{name}']").first.click()
        return self.page

    def do(
        self, role: Role, day: str, row: Model, verb: str, picture: str = "", **fields: Any
    ) -> None:
        """Take a step on a row's page, by the button that it offers."""
        self.sit_down(role, day)
        page = self.go_to(row)
        if picture.startswith("before-"):
            self.photograph(picture)
        page.locator(f"a.step-button[href$='/{verb}/']").click()
        fill_in(page, fields)
        if picture.startswith("form-"):
            self.photograph(picture)
        page.locator(".verb-card button[type=submit]").click()
        self.is_done()
        if picture.startswith("after-"):
            self.photograph(picture)

    def add(
        self, role: Role, day: str, model: type[Model], picture: str = "", **fields: Any
    ) -> None:
        """Enter a new row, by the button above the list."""
        self.sit_down(role, day)
        page = self.page
        page.goto(self.server.url + list_of(model))
        page.locator(".object-tools .addlink").click()
        fill_in(page, fields)
        if picture:
            self.photograph(picture)
        page.locator("[name=_save]").click()
        self.is_done()

    def is_done(self) -> None:
        """The page says so; what it complains of otherwise fails the test."""
        self.page.wait_for_selector(".messagelist, .errornote, .errorlist")
        errors = self.page.locator(".errornote, .errorlist, .messagelist .error").all_inner_texts()
        assert errors == []
        assert self.page.locator(".messagelist .success").count() == 1

    def photograph(self, name: str) -> None:
        """Keep what the window shows from the top, where PICTURES says so."""
        name = f"{len(self.pictures) + 1:02}-{name.partition('-')[2]}.png"
        self.pictures.append(name)
        if folder := os.environ.get("PICTURES"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.wait_for_load_state()
            self.page.evaluate("window.scrollTo(0, 0)")
            self.page.screenshot(path=Path(folder) / name, animations="disabled")


def list_of(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def fill_in(page: Page, fields: dict[str, Any]) -> None:
    """Put each value into the field of that name, as its kind is filled by hand."""
    for name, value in fields.items():
        field = page.locator(f"#content [name='{name}']").first
        kind = field.evaluate(
            "e => e.classList.contains('select2-hidden-accessible') ? 'search'"
            " : e.tagName == 'SELECT' ? 'select' : e.type"
        )
        _FILL.get(kind, Locator.fill)(field, value)


def _search(field: Locator, value: str) -> None:
    field.locator("xpath=following-sibling::span[1]").click()
    field.page.locator(".select2-search__field").fill(value)
    field.page.locator(".select2-results__option", has_text=value).first.click()


def _choose(field: Locator, value: Any) -> None:
    """The option of this value, else the first whose words hold it."""
    fits = "(e, v) => [...e.options].find(o => o.value == v || o.text.includes(v))?.value"
    field.select_option(field.evaluate(fits, str(value)))


def _attach(field: Locator, value: str) -> None:
    content = files.png(800, 600) if value.endswith(".png") else files.PDF
    kind = "image/png" if value.endswith(".png") else "application/pdf"
    field.set_input_files({"name": value, "mimeType": kind, "buffer": content})


_FILL: dict[str, Callable[[Locator, Any], object]] = {
    "search": _search,
    "select": _choose,
    "file": _attach,
    "checkbox": Locator.set_checked,
}


@pytest.fixture
def walk(
    browser: Browser, live_server: LiveServer, clock: time_machine.Traveller
) -> Iterator[Walk]:
    walk = Walk(browser, live_server, clock)
    yield walk
    walk.context.close()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_project_walks_from_the_village_to_its_closing(walk: Walk) -> None:
    pairing = make.pairing()
    for kind, name in OFFICES.items():
        office = make.organisation(kind, pairing.recipient.code)
        Organisation.objects.filter(pk=office.pk).update(name_zh=name)
    project = apply_for_it(walk)
    give_it_money(walk, project)
    do_the_works(walk, project)
    accept_and_hand_over(walk, project)
    settle_and_close(walk, project)
    walk.sit_down(COUNTY, "06-25")
    walk.go_to(project)
    walk.photograph("after-closed")
    shown = re.findall(r"\(pictures/walk/([^)]+)\)", GUIDE.read_text())
    assert shown == walk.pictures, "docs/walk.md shows every picture of the walk, in its order"


def apply_for_it(walk: Walk) -> Project:
    """The village applies, the county enters it, the office admits it."""
    walk.sit_down(COUNTY, "01-12")
    walk.page.goto(f"{walk.server.url}/admin/")
    walk.photograph("home-county")
    walk.add(
        COUNTY, "01-12", Project, "form-application",
        name="演示·高原果蔬大棚", fiscal_year="2026", pairing=PLACE,
        county=PLACE, sector="RURAL", place="演示乡演示村",
        content="新建高原果蔬大棚12座，配套滴灌与冷藏。", implementing_unit=UNIT,
        responsible_person="演示负责人", office_phone="0000-0000000", aid_yuan="1000000.00",
        planned_start="2026-04-01", planned_end="2026-06-30", needs_tender=True,
        forms_asset=True, beneficiary_households="40", beneficiary_persons="160",
        linkage="村集体持有资产，农户务工与分红。", **TARGETS,
    )  # fmt: skip
    project = Project.objects.get()
    walk.do(COUNTY, "01-13", project, "submit", "after-submitted")
    walk.do(
        COUNTY, "01-26", project, "give-notice", kind="PRE", place="演示乡政府公示栏",
        starts_on="2026-01-14", ends_on="2026-01-25", hotline="0000-0000000",
    )  # fmt: skip
    walk.do(REVIEWER, "01-26", PublicNotice.objects.get(), "confirm", "before-notice")
    paper(walk, SITE, "01-27", project, "OPINION", picture="form-opinion")
    walk.do(REVIEWER, "01-28", project, "admit", "before-admission")
    assert stage_of(project) == Stage.LIBRARY
    return project


def give_it_money(walk: Walk, project: Project) -> None:
    """Money is planned, issued, sent and confirmed; the project is decided on and approved."""
    walk.add(
        CLERK, "02-02", FundPlan, "form-fund-plan", pairing=PLACE,
        source="PROV", amount_yuan="5000000.00", doc_no="演示文〔2026〕9号",
        issued_on="2026-02-01",
    )  # fmt: skip
    plan = FundPlan.objects.get()
    walk.do(FINANCE, "02-03", plan, "issue")
    walk.add(
        CLERK, "02-20", Transfer, fund_plan="演示文〔2026〕9号", amount_yuan="3000000.00",
        treasury=TREASURY, sent_on="2026-02-20",
    )  # fmt: skip
    transfer = Transfer.objects.get()
    walk.do(
        COUNTY, "02-23", transfer, "report-arrival", arrived_on="2026-02-23", voucher_no="演示-1"
    )
    walk.do(FINANCE, "02-24", transfer, "confirm", "after-arrived")

    paper(walk, CLERK, "02-26", project, "CONSENT")
    paper(walk, CLERK, "02-26", project, "DECISION")
    walk.do(CLERK, "02-27", project, "allot", draws_on=plan.pk, amount_yuan="1000000.00")
    walk.do(
        APPROVER, "03-02", project, "approve", "form-approval",
        doc_no="演示批〔2026〕1号", on="2026-03-02",
    )  # fmt: skip
    assert stage_of(project) == Stage.APPROVED


def do_the_works(walk: Walk, project: Project) -> None:
    """Works are tendered, started, verified and paid for until they are complete."""
    paper(walk, COUNTY, "03-03", project, "PLAN")
    walk.do(COUNTY, "03-09", project, "advance", on="2026-03-09")
    assert stage_of(project) == Stage.TENDERING
    paper(walk, COUNTY, "03-19", project, "AWARD")
    walk.do(
        COUNTY, "03-20", project, "advance", on="2026-03-20", contract_no="演示合同1",
        contract_yuan="1000000.00",
    )  # fmt: skip
    paper(walk, COUNTY, "03-30", project, "CONTRACT")
    walk.do(COUNTY, "04-01", project, "start", on="2026-04-01")
    walk.do(SITE, "04-02", project, "confirm-start", "before-start-to-confirm")
    assert stage_of(project) == Stage.ACTIVE

    for month, day, per_cent, told in (
        ("2026-04", "04-29", "45", "完成大棚6座"),
        ("2026-05", "05-28", "100", "全部完成"),
    ):
        picture = "form-progress" if per_cent == "45" else ""
        walk.do(
            COUNTY, day, project, "report-progress", picture, period=month,
            measured_on=f"2026-{day}", physical_pct=per_cent, narrative=told,
            photos=f"演示现场{month}.png",
        )  # fmt: skip
        walk.do(SITE, day, ProgressReport.objects.latest("pk"), "verify")
        if per_cent == "45":
            pay(walk, "04-30", project, "PROGRESS", "300000.00")
    walk.do(COUNTY, "05-29", project, "complete", on="2026-05-29")
    walk.do(SITE, "05-30", project, "confirm-completion")
    assert stage_of(project) == Stage.COMPLETED


def accept_and_hand_over(walk: Walk, project: Project) -> None:
    """A panel accepts the works, and the village takes the asset over."""
    walk.do(
        CLERK, "06-03", project, "record-acceptance", "form-acceptance", level="JOINT",
        held_on="2026-06-03", chair="演示组长", chair_of=OFFICE,
        members="演示成员一\n演示成员二\n演示成员三", result="PASS",
        quantities="大棚; 座; 12; 12", final_settlement_yuan="1000000.00",
        final_aid_yuan="1000000.00",
    )  # fmt: skip
    accepted = Acceptance.objects.get()
    paper(walk, CLERK, "06-03", project, "ACCEPTANCE")
    walk.do(REVIEWER, "06-04", accepted, "confirm")
    walk.do(
        COUNTY, "06-13", project, "give-notice", kind="DONE", place="演示乡政府公示栏",
        starts_on="2026-06-01", ends_on="2026-06-11", hotline="0000-0000000",
    )  # fmt: skip
    walk.do(REVIEWER, "06-13", PublicNotice.objects.latest("pk"), "confirm")
    walk.do(REVIEWER, "06-15", project, "accept", "form-acceptance-of-the-office", on="2026-06-15")
    assert stage_of(project) == Stage.ACCEPTED
    walk.do(
        COUNTY, "06-16", project, "register-asset", name="演示大棚", category="OPERATING",
        original_value_yuan="1000000.00", registered_on="2026-06-16",
    )  # fmt: skip
    walk.sit_down(COUNTY, "06-16")
    page = walk.go_to(Asset.objects.get())
    fill_in(page, {"owner": "演示村集体", "manager": "演示合作社"})
    page.locator("[name=_save]").click()
    walk.is_done()
    walk.do(COUNTY, "06-17", project, "hand-over", on="2026-06-17")
    walk.do(REVIEWER, "06-18", project, "confirm-handover", "after-handed-over")
    assert stage_of(project) == Stage.HANDED_OVER


def settle_and_close(walk: Walk, project: Project) -> None:
    """Paid but for the retention, audited, evaluated, closed."""
    pay(walk, "06-19", project, "ACCEPTANCE", "670000.00")
    walk.do(
        CLERK, "06-22", project, "record-audit", body="演示审计局", kind="settlement",
        report_no="演示审1号", issued_on="2026-06-22", audited_yuan="1000000.00",
    )  # fmt: skip
    assert AuditRecord.objects.count() == 1
    walk.do(
        CLERK, "06-23", project, "evaluate", year="2026", output="48", benefit="28",
        satisfaction="9", evaluated_on="2026-06-23",
    )  # fmt: skip
    paper(walk, CLERK, "06-23", project, "EVALUATION")
    walk.do(REVIEWER, "06-24", Evaluation.objects.get(), "confirm")
    walk.do(APPROVER, "06-25", project, "close", on="2026-06-25")
    assert stage_of(project) == Stage.CLOSED


UNIT, OFFICE, TREASURY = "演示乡人民政府", "演示县经济合作局", "演示县财政局"
OFFICES = {
    OrganisationKind.IMPLEMENTING_UNIT: UNIT,
    OrganisationKind.RECIPIENT_OFFICE: OFFICE,
    OrganisationKind.FINANCE: TREASURY,
}
TARGETS = {name: value for name, value in NEW_PROJECT.items() if re.match(r"targets-\d", name)}


def paper(
    walk: Walk, role: Role, day: str, project: Project, kind: str, *, picture: str = ""
) -> None:
    """File a paper on the project's page."""
    walk.do(role, day, project, "file-paper", picture, kind=kind, file="演示文件.pdf")


def pay(walk: Walk, day: str, project: Project, basis: str, amount: str) -> None:
    """Enter a payment at the county, look at it on site, verify it at the office."""
    walk.do(
        Role.P_EDIT, day, project, "pay", "form-payment" if basis == "PROGRESS" else "",
        funding=project.funding.get().pk, basis=basis, amount_yuan=amount,
        paid_on=f"2026-{day}", treasury=TREASURY, voucher_no=f"演示-{basis}",
    )  # fmt: skip
    payment = Payment.objects.latest("pk")
    walk.do(Role.FRONT, day, payment, "remark", remark="现场已核对")
    picture = "before-payment-to-verify" if basis == "PROGRESS" else ""
    walk.do(Role.REVIEWER, day, payment, "verify", picture)


def stage_of(project: Project) -> str:
    project.refresh_from_db()
    return project.stage
