"""Each role does its part of the road with the forms of the desk."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from assistance.roles import Role
from projects.models import Payment, ProgressReport, Project, PublicNotice, Stage, Transfer
from projects.models.funds import FundPlanStatus, TransferStatus
from projects.models.history import ProgressStatus
from projects.models.payments import PaymentStatus
from teams.models import (
    Appraisal,
    Batch,
    Handover,
    Leave,
    LeaveState,
    Person,
    Posting,
    PostingState,
    Team,
)
from tests import factories as make
from tests.desk.conftest import Seat, address_of, errors_on, written_on
from tests.factories import files

Sit = Callable[..., Seat]
TODAY = make.NOW.date().isoformat()
NEW_PROJECT = {
    "name": "演示·村道路硬化",
    "fiscal_year": "2026",
    "sector": "RURAL",
    "place": "演示乡",
    "content": "硬化道路3公里",
    "responsible_person": "演示负责人",
    "office_phone": "0000-0000000",
    "aid_yuan": "1000000.00",
    "planned_start": "2026-07-01",
    "planned_end": "2026-12-01",
    "beneficiary_households": "40",
    "beneficiary_persons": "160",
    "linkage": "演示联农带农机制",
    "targets-TOTAL_FORMS": "3",
    "targets-0-kind": "OUTPUT",
    "targets-0-name": "道路",
    "targets-0-quantity": "3",
    "targets-0-unit": "公里",
    "targets-1-kind": "BENEFIT",
    "targets-1-name": "受益人口",
    "targets-1-quantity": "160",
    "targets-1-unit": "人",
    "targets-2-kind": "SATISFACTION",
    "targets-2-name": "满意度",
    "targets-2-quantity": "95",
    "targets-2-unit": "%",
}


NOTICE = {
    "place": "演示乡政府公示栏",
    "starts_on": "2026-06-01",
    "ends_on": "2026-06-12",
    "hotline": "0000-0000000",
}


def stage_of(project: Project) -> str:
    project.refresh_from_db()
    return project.stage


def test_a_project_goes_from_its_first_draft_to_completion(sit_down: Sit) -> None:
    clerk, reviewer, approver = map(sit_down, (Role.CLERK, Role.REVIEWER, Role.APPROVER))
    front = sit_down(Role.FRONT, region_code=make.PREFECTURE)
    plan, unit, treasury = make.fund_plan(), make.organisation(), make.treasury()

    added = clerk.fill_in(
        reverse("admin:projects_project_add"),
        **NEW_PROJECT,
        pairing=plan.pairing_id,
        county=plan.pairing.recipient_id,
        implementing_unit=unit.pk,
    )
    assert added.redirect_chain, errors_on(added)
    project = Project.objects.get()
    assert project.targets.count() == 3
    assert project.created_by == clerk.user

    def file(kind: str, name: str = "演示.pdf", seat: Seat = clerk) -> None:
        file = SimpleUploadedFile(name, files.PDF)
        assert seat.do(project, "file-paper", kind=kind, file=file).redirect_chain

    clerk.do(project, "submit")
    assert stage_of(project) == Stage.SUBMITTED
    clerk.do(project, "give-notice", kind="PRE", **NOTICE)
    reviewer.do(PublicNotice.objects.get(), "confirm")
    file("OPINION", seat=front)
    reviewer.do(project, "admit")
    assert stage_of(project) == Stage.LIBRARY
    file("CONSENT")
    file("DECISION")
    clerk.do(project, "allot", draws_on=plan.pk, amount_yuan="1000000.00")
    assert project.funding.get().amount_yuan == Decimal("1000000.00")
    approver.do(project, "approve", doc_no="演示批〔2026〕1号", on=TODAY)
    assert stage_of(project) == Stage.APPROVED
    file("PLAN")
    clerk.do(project, "advance", on=TODAY)
    assert stage_of(project) == Stage.READY
    clerk.do(project, "start", on=TODAY)
    front.do(project, "confirm-start")
    assert stage_of(project) == Stage.ACTIVE

    clerk.do(
        project,
        "report-progress",
        period="2026-06",
        measured_on=TODAY,
        physical_pct="100",
        narrative="全部完成",
        photos=SimpleUploadedFile("演示.png", files.png()),
    )
    report = ProgressReport.objects.get()
    front.do(report, "verify")
    report.refresh_from_db()
    assert report.status == ProgressStatus.VERIFIED

    clerk.do(
        project,
        "pay",
        funding=project.funding.get().pk,
        basis="PROGRESS",
        amount_yuan="300000.00",
        paid_on=TODAY,
        treasury=treasury.pk,
        voucher_no="演示-1",
    )
    payment = Payment.objects.get()
    front.do(payment, "remark", remark="现场已完成")
    reviewer.do(payment, "verify")
    payment.refresh_from_db()
    assert payment.status == PaymentStatus.VERIFIED

    clerk.do(project, "complete", on=TODAY)
    front.do(project, "confirm-completion")
    assert stage_of(project) == Stage.COMPLETED
    page = clerk.open(address_of(project)).content.decode()
    assert "演示批〔2026〕1号" in page
    assert "300,000.00" in page


def test_a_tendered_project_is_ready_with_its_contract(sit_down: Sit) -> None:
    clerk = sit_down(Role.CLERK)
    project = make.project_at(Stage.TENDERING)
    refused = clerk.do(project, "advance", contract_no="", contract_yuan="")
    assert "contract_no" in refused.context["form"].errors
    clerk.do(project, "advance", contract_no="演示合同1", contract_yuan="900000.00")
    assert stage_of(project) == Stage.READY
    assert project.contract_yuan == Decimal("900000.00")


def test_money_is_planned_issued_sent_and_confirmed(sit_down: Sit) -> None:
    clerk, finance = sit_down(Role.CLERK), sit_down(Role.FINANCE)
    pairing, treasury = make.pairing(), make.treasury()

    clerk.fill_in(
        reverse("admin:projects_fundplan_add"),
        pairing=pairing.pk,
        source="PROV",
        amount_yuan="50000000.00",
        doc_no="演示文〔2026〕9号",
        issued_on="2026-02-01",
    )
    plan = pairing.fund_plans.get()
    clerk.fill_in(address_of(plan), amount_yuan="40000000.00")
    plan.refresh_from_db()
    assert plan.amount_yuan == Decimal("40000000.00")
    finance.do(plan, "issue")
    plan.refresh_from_db()
    assert plan.status == FundPlanStatus.ISSUED

    clerk.fill_in(
        reverse("admin:projects_transfer_add"),
        fund_plan=plan.pk,
        amount_yuan="20000000.00",
        treasury=treasury.pk,
        sent_on="2026-03-01",
    )
    transfer = Transfer.objects.get()
    clerk.do(transfer, "report-arrival", arrived_on="2026-03-03", voucher_no="演示-9")
    finance.do(transfer, "confirm")
    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.CONFIRMED
    assert "20,000,000.00" in finance.open(address_of(plan)).content.decode()


def test_people_are_entered_planned_dispatched_and_brought_home(sit_down: Sit) -> None:
    org = sit_down(Role.ORG)
    pairing, unit = make.pairing(), make.organisation()

    org.fill_in(
        reverse("admin:teams_batch_add"),
        programme=pairing.programme_id,
        label="演示批次",
        dispatched_on="2026-06-01",
    )
    batch = Batch.objects.get()
    org.fill_in(
        reverse("admin:teams_team_add"),
        batch=batch.pk,
        region=pairing.recipient_id,
        declared_headcount="3",
    )
    org.fill_in(
        reverse("admin:teams_person_add"),
        name="演示人员",
        gender="F",
        birth_ym="1980-06",
        home_unit="演示单位",
    )
    org.fill_in(
        reverse("admin:teams_posting_add"),
        person=Person.objects.get().pk,
        team=Team.objects.get().pk,
        pairing=pairing.pk,
        region=pairing.recipient_id,
        host_unit=unit.pk,
        host_post="演示岗位",
        category="CADRE",
        term="1Y",
        start_on="2026-06-01",
        planned_end="2027-05-31",
    )
    posting = Posting.objects.get()
    org.do(posting, "dispatch", letter_no="演示函1")
    posting.refresh_from_db()
    assert posting.state == PostingState.ACTIVE
    listed = org.open(reverse("admin:teams_batch_changelist")).context["cl"].result_list.get()
    assert (listed.declared_sum, listed.registered_count) == (3, 1)

    host, reviewer, clerk = (sit_down(r) for r in (Role.P_REVIEW, Role.REVIEWER, Role.CLERK))
    org.do(
        posting,
        "extend",
        new_end="2027-11-30",
        doc_no="演示延期1",
        on=TODAY,
        reason="演示:项目未完",
    )
    posting.refresh_from_db()
    assert posting.planned_end == date(2027, 11, 30)

    org.do(
        posting, "request-leave", kind="HOME", starts_on="2026-06-08", ends_on="2026-06-12",
        reason="演示:探亲",
    )  # fmt: skip
    leave = Leave.objects.get()
    assert "已申请" in org.open(address_of(posting)).content.decode()
    reviewer.do(leave, "agree")
    host.do(leave, "grant")
    org.do(leave, "begin", on="2026-06-08")
    org.do(leave, "return", on="2026-06-13")
    leave.refresh_from_db()
    assert leave.state == LeaveState.RETURNED

    clerk.do(
        posting, "appraise", kind="FINAL", scale="CIVIL", grade="COMPETENT", appraised_on=TODAY
    )
    org.do(Appraisal.objects.get(), "confirm")
    org.do(
        posting, "hand-over", handed_on=TODAY, items="演示:办公用品", open_projects="无",
        documents="演示:工作总结", receiver="演示队长",
    )  # fmt: skip
    assert "岗位交接尚未确认" in errors_on(org.do(posting, "end", on=TODAY, reason="期满"))
    reviewer.do(Handover.objects.get(), "confirm")
    org.do(posting, "end", on=TODAY, reason="期满")
    posting.refresh_from_db()
    assert posting.state == PostingState.ENDED


def test_nobody_approves_their_own_project(sit_down: Sit) -> None:
    both = sit_down(Role.CLERK, Role.APPROVER)
    project = make.draft(by=both.user)
    make.project_at(Stage.DRAFT)  # the hands exist
    plan = make.fund_plan(pairing=project.pairing)
    both.do(project, "submit")
    make.ready_for(Stage.LIBRARY, project)
    sit_down(Role.REVIEWER).do(project, "admit")
    make.ready_for(Stage.APPROVED, project)
    make.share(project, plan=plan)
    assert_own_work(both, project)

    both.user.is_superuser = True
    both.user.save()
    assert_own_work(both, project)


def assert_own_work(seat: Seat, project: Project) -> None:
    """The button is shut with the reason, and the page behind it does nothing."""
    page = seat.open(address_of(project))
    (near,) = [step for step in page.context["open_steps"] if step.verb.name == "approve"]
    assert "须由他人办理" in near.reason
    sent = {"doc_no": "演示批〔2026〕2号", "on": TODAY}
    answer = seat.client.post(address_of(project, "approve"), sent)
    assert "须由他人办理" in answer.content.decode()
    assert stage_of(project) == Stage.LIBRARY


def test_of_many_rows_those_that_fail_say_why_and_the_others_go_through(sit_down: Sit) -> None:
    approver = sit_down(Role.APPROVER)
    good, without_share = make.project_at(Stage.LIBRARY), make.project_at(Stage.LIBRARY)
    make.share(good)
    address = reverse("admin:projects_project_changelist")
    chosen = {"action": "approve_selected", "_selected_action": [good.pk, without_share.pk]}

    asked = approver.client.post(address, {**chosen, "index": "0"})
    assert {row.pk for row, *_ in asked.context["chosen"]} == {good.pk, without_share.pk}
    versions = {f"version_{p.pk}": p.version for p in Project.objects.all()}
    said = {"confirmed": "1", "doc_no": "演示批〔2026〕3号", "on": TODAY}
    answer = approver.client.post(address, chosen | versions | said)

    went = {result.row: result.went_through for result in answer.context["results"]}
    assert went == {str(good): True, str(without_share): False}
    assert "安排" in answer.content.decode()
    assert (stage_of(good), stage_of(without_share)) == (Stage.APPROVED, Stage.LIBRARY)


def test_a_refusal_of_a_form_names_the_field(sit_down: Sit) -> None:
    clerk = sit_down(Role.CLERK)
    project = make.draft(place="", linkage="")
    answer = clerk.do(project, "submit")
    assert "缺少乡镇、村" in errors_on(answer)
    assert stage_of(project) == Stage.DRAFT


def test_a_form_that_somebody_overtook_loses_nothing_and_overwrites_nothing(sit_down: Sit) -> None:
    first, second = sit_down(Role.CLERK), sit_down(Role.CLERK)
    project = make.draft()
    address = address_of(project)
    before = first.open(address)
    second.fill_in(address, place="第二人的乡")

    stale = first.client.post(address, written_on(before) | {"place": "第一人的乡"}, follow=True)
    assert second.user.name in errors_on(stale)
    assert "第一人的乡" in stale.content.decode()
    project.refresh_from_db()
    assert project.place == "第二人的乡"

    again = first.client.post(address, written_on(stale), follow=True)
    assert again.redirect_chain
    project.refresh_from_db()
    assert project.place == "第一人的乡"


def test_a_step_on_an_outdated_page_is_not_taken(sit_down: Sit) -> None:
    reviewer = sit_down(Role.REVIEWER)
    project = make.project_at(Stage.SUBMITTED)
    Project.objects.filter(pk=project.pk).update(version=project.version + 1)
    answer = reviewer.do(project, "admit", seen_version=project.version)
    assert "您打开本页后" in errors_on(answer)
    assert stage_of(project) == Stage.SUBMITTED
