"""What the ledger refuses is refused by the API too, and named."""

from __future__ import annotations

from typing import Any

import pytest

from projects.models import Payment, ProgressReport, Project, Stage
from tests import factories as make
from tests.api.conftest import Ask

pytestmark = pytest.mark.django_db
TODAY = make.NOW.date().isoformat()


def _payment(**changed: Any) -> dict[str, Any]:
    make.treasury()
    return {
        "source": "PROV", "basis": "START", "amount_yuan": "1000.00", "paid_on": "2026-05-06",
        "treasury": f"演示单位{make.COUNTY}", "payee": "演示新单位", "voucher_no": "V-1",
    } | changed  # fmt: skip


@pytest.mark.parametrize(
    ("stage", "changed", "status"),
    [
        (Stage.ACTIVE, {"paid_on": "2026-03-01"}, 400),  # the day before the approval
        (Stage.ACTIVE, {"paid_on": "2026-06-16"}, 400),  # tomorrow
        (Stage.CLOSED, {"paid_on": TODAY}, 409),
        (Stage.ACTIVE, {"source": "MATCH"}, 400),
    ],
)
def test_a_payment_out_of_its_time_or_source_is_refused(
    partner: Ask, stage: Stage, changed: dict[str, str], status: int
) -> None:
    project = make.project_at(stage)
    before = Payment.objects.count()
    answer = partner().post(f"projects/{project.code}/payments/", _payment(**changed))
    assert answer.status_code == status, answer.content
    if status == 400:
        assert set(answer.json()["errors"]) == set(changed)
    else:
        assert answer.json()["code"] == "project_has_ended"
    assert Payment.objects.count() == before


@pytest.mark.parametrize("day", ["2026-03-19", "2026-06-16"])  # ready since 20 March; tomorrow
def test_a_start_is_reported_in_the_order_of_days(partner: Ask, day: str) -> None:
    project = make.project_at(Stage.READY)
    answer = partner().post(f"projects/{project.code}/start/", {"on": day}, version=project.version)
    assert (answer.status_code, set(answer.json()["errors"])) == (400, {"on"})
    assert not Project.objects.get().proposed_stage


def test_progress_that_falls_is_not_reported(partner: Ask) -> None:
    project = make.project_at(Stage.ACTIVE)
    make.progress(project, 60)  # in May
    said = {
        "period": "2026-06", "measured_on": TODAY, "physical_pct": "59.99", "narrative": "演示",
    }  # fmt: skip
    answer = partner().post(f"projects/{project.code}/progress/", said)
    assert (answer.status_code, set(answer.json()["errors"])) == (400, {"physical_pct"})
    late = said | {"period": "2026-04", "measured_on": "2026-04-20", "physical_pct": "60.01"}
    answer = partner().post(f"projects/{project.code}/progress/", late)
    assert (answer.status_code, set(answer.json()["errors"])) == (400, {"physical_pct"})
    assert ProgressReport.objects.get().period == "2026-05"


def test_a_draft_with_words_of_the_negative_list_is_not_submitted(partner: Ask) -> None:
    project = make.draft(content="演示担保项目")
    answer = partner().post(f"projects/{project.code}/submit/", version=project.version)
    assert (answer.status_code, answer.json()["code"]) == (409, "negative_list")
    assert set(answer.json()["errors"]) == {"content"}
    assert Project.objects.get().stage == Stage.DRAFT
