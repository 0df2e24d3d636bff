"""A completed project is accepted, registered, audited and evaluated with the forms of the desk."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from assistance.models.regions import OrganisationKind
from assistance.roles import Role
from projects.models import Acceptance, Asset, AuditRecord, Evaluation, Finding, Stage
from projects.models.audit import FindingStatus
from projects.models.evidence import PaperKind
from tests import factories as make
from tests.desk.conftest import Seat, address_of, errors_on

Sit = Callable[..., Seat]
TODAY = make.NOW.date().isoformat()


def acceptance_form(**changes: Any) -> dict[str, Any]:
    return {
        "level": "COUNTY",
        "held_on": TODAY,
        "chair": "演示组长",
        "chair_of": make.organisation(OrganisationKind.RECIPIENT_OFFICE).pk,
        "members": "甲\n乙\n\n 丙 ",
        "result": "PASS",
        "quantities": "大棚; 座; 12; 12.5\n道路\t公里\t3\t3",
        "final_settlement_yuan": "1200000.00",
        "final_aid_yuan": "1000000.00",
        **changes,
    }


def test_an_acceptance_is_recorded_on_the_projects_page_and_confirmed_on_its_own(
    sit_down: Sit,
) -> None:
    clerk, reviewer = sit_down(Role.CLERK), sit_down(Role.REVIEWER)
    project = make.project_at(Stage.COMPLETED)
    asked = clerk.open(address_of(project, "record-acceptance"))
    assert "新建大棚; 座; 12; " in asked.content.decode()  # the outputs that were promised
    clerk.do(project, "record-acceptance", **acceptance_form())
    made = Acceptance.objects.get()
    assert made.members == ["甲", "乙", "丙"]
    assert [line["actual"] for line in made.quantities] == ["12.5", "3"]
    assert clerk.open(address_of(made, "confirm")).status_code == 403

    refused = reviewer.do(made, "confirm")
    assert "Acceptance" not in errors_on(refused)
    assert not Acceptance.objects.get().counts
    make.paper(project, PaperKind.ACCEPTANCE, acceptance=made)
    page = reviewer.open(reverse("admin:index"))
    assert [task.found for task in page.context["waiting"] if "acceptance" in task.url] == [1]
    reviewer.do(made, "confirm")
    assert Acceptance.objects.get().counts
    shown = reviewer.open(address_of(project)).content.decode()
    assert "1,200,000.00" in shown
    reviewer.do(made, "strike-out", reason="录错")
    assert Acceptance.objects.get().void_reason == "录错"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"quantities": "大棚; 座; 12"}, "quantities"),
        ({"quantities": "大棚; 座; 12; 十二"}, "quantities"),
        ({"quantities": "大棚; ; 12; 12"}, "quantities"),
        ({"members": "甲\n乙\n乙"}, "members"),
        ({"final_aid_yuan": "1000000.01"}, "final_aid_yuan"),
        ({"held_on": "2026-05-01"}, "held_on"),
    ],
)
def test_the_form_says_what_is_wrong_at_its_field_and_keeps_what_was_typed(
    sit_down: Sit, changes: dict[str, str], field: str
) -> None:
    clerk, project = sit_down(Role.CLERK), make.project_at(Stage.COMPLETED)
    answer = clerk.do(project, "record-acceptance", **acceptance_form(**changes))
    form = answer.context["form"]
    assert field in form.errors
    assert form[field].value() == changes[field]
    assert not Acceptance.objects.exists()


def test_a_line_of_quantities_that_is_wrong_is_named(sit_down: Sit) -> None:
    clerk, project = sit_down(Role.CLERK), make.project_at(Stage.COMPLETED)
    typed = "大棚; 座; 12; 12\n\n道路；公里；三；3\n水渠; 米"
    answer = clerk.do(project, "record-acceptance", **acceptance_form(quantities=typed))
    first, second = answer.context["form"].errors["quantities"]
    assert "3" in first
    assert "三" in first
    assert "4" in second


def test_an_asset_is_registered_kept_up_to_date_and_struck_out(sit_down: Sit) -> None:
    clerk, reader = sit_down(Role.CLERK), sit_down(Role.LEADER)
    project = make.project_at(Stage.COMPLETED)
    clerk.do(
        project, "register-asset", name="演示大棚", category="OPERATING",
        original_value_yuan="600000.00", registered_on=TODAY,
    )  # fmt: skip
    asset = Asset.objects.get()
    saved = clerk.fill_in(
        address_of(asset), owner="演示村", manager="合作社", state="idle",
        yearly_income_yuan="1200.50",
    )  # fmt: skip
    assert saved.redirect_chain, errors_on(saved)
    asset.refresh_from_db()
    assert (asset.owner, asset.state, asset.version) == ("演示村", "idle", 2)
    assert asset.yearly_income_yuan == Decimal("1200.50")
    assert asset.original_value_yuan == Decimal("600000.00")
    stale = clerk.fill_in(address_of(asset), owner="别的村", seen_version="1")
    assert clerk.user.name in errors_on(stale)
    assert 'name="owner"' not in reader.open(address_of(asset)).content.decode()
    clerk.do(asset, "strike-out", reason="重复登记")
    asset.refresh_from_db()
    assert asset.voided_at


def test_an_audit_report_is_logged_on_the_projects_page(sit_down: Sit) -> None:
    clerk, project = sit_down(Role.CLERK), make.project_at(Stage.COMPLETED)
    clerk.do(
        project, "record-audit", body="演示审计局", kind="settlement", report_no="审1",
        issued_on=TODAY, audited_yuan="930000.00",
    )  # fmt: skip
    record = AuditRecord.objects.get()
    assert "930,000.00" in clerk.open(address_of(project)).content.decode()
    assert sit_down(Role.P_EDIT).open(address_of(project, "record-audit")).status_code == 403
    clerk.do(record, "strike-out", reason="录错")
    record.refresh_from_db()
    assert record.voided_at


def test_a_finding_goes_from_the_auditor_to_the_county_and_back(sit_down: Sit) -> None:
    auditor, county = sit_down(Role.AUDITOR), sit_down(Role.P_EDIT)
    project = make.project_at(Stage.ACTIVE)
    written = {
        "source": "AUDIT", "category": "IDLE_MONEY", "description": "演示：资金闲置",
        "amount_yuan": "50000.00", "found_on": TODAY, "due_on": "2026-07-15",
    }  # fmt: skip
    add = reverse("admin:projects_finding_add")
    added = auditor.fill_in(add, pairing=project.pairing_id, project=project.pk, **written)
    assert added.redirect_chain, errors_on(added)
    auditor.do(project, "raise-finding", **written)
    assert county.open(add).status_code == 403
    first, second = Finding.objects.order_by("pk")
    assert first.project == second.project == project
    queue = f"{reverse('admin:projects_finding_changelist')}?queue=to-put-right"
    assert county.open(queue).context["cl"].result_count == 2

    county.do(first, "rectify", rectification="已收回", rectified_on=TODAY)
    assert county.open(queue).context["cl"].result_count == 1
    check = f"{reverse('admin:projects_finding_changelist')}?queue=to-check"
    assert auditor.open(check).context["cl"].result_count == 1
    auditor.do(first, "reopen", reason="凭证不全")
    county.do(first, "rectify", rectification="已收回，凭证附后", rectified_on=TODAY)
    assert county.open(address_of(first, "close")).status_code == 403
    auditor.do(first, "close")
    first.refresh_from_db()
    assert (first.status, first.closed_by) == (FindingStatus.CLOSED, auditor.user)
    auditor.do(second, "strike-out", reason="误报")
    assert Finding.objects.standing().get() == first


def test_an_evaluation_is_entered_and_confirmed_by_another(sit_down: Sit) -> None:
    clerk, reviewer = sit_down(Role.CLERK), sit_down(Role.REVIEWER)
    project = make.project_at(Stage.COMPLETED)
    points = {"year": "2026", "output": "50", "benefit": "30", "satisfaction": "10"}
    too_many = clerk.do(project, "evaluate", **points | {"output": "50.01"})
    assert "output" in too_many.context["form"].errors
    clerk.do(project, "evaluate", **points, evaluated_on=TODAY)
    made = Evaluation.objects.get()
    assert (made.total, made.grade) == (Decimal("90.00"), "优")
    make.paper(project, PaperKind.EVALUATION)
    reviewer.do(made, "confirm")
    assert Evaluation.objects.get().counts
    assert "优" in clerk.open(address_of(project)).content.decode()
    reviewer.do(made, "strike-out", reason="录错")
    assert not Evaluation.objects.get().counts


def test_the_new_lists_ask_as_much_for_many_rows_as_for_few(
    sit_down: Sit, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    seat = sit_down(Role.CLERK, Role.REVIEWER, Role.AUDITOR)
    project = make.project_at(Stage.COMPLETED)
    for number in range(1, 13):
        make.acceptance(project, confirmed=False)
        make.asset(project, original_value_yuan=Decimal(number))
        make.audit_record(project, report_no=f"审{number}")
        make.finding(project=project)
    make.evaluation(project, confirmed=False)
    for name in ("acceptance", "asset", "auditrecord", "finding", "evaluation"):
        with django_assert_max_num_queries(15):
            page = seat.open(reverse(f"admin:projects_{name}_changelist"))
        assert page.context["cl"].result_count == (1 if name == "evaluation" else 12)
