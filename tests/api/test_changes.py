"""The change log over the API: auditors read it, nobody else does."""

from __future__ import annotations

import pytest

from assistance.models import User
from assistance.roles import Role
from tests import factories as make
from tests.api.conftest import Partner

pytestmark = pytest.mark.django_db


def asks(role: Role) -> Partner:
    user: User = make.user_with(role, is_service=True)
    return Partner(make.token(user)[1])


def test_an_auditor_follows_one_row_through_the_log() -> None:
    plan = make.fund_plan()
    found = asks(Role.AUDITOR).get("changes/", table="projects_fundplan", row=plan.pk).json()
    assert [change["kind"] for change in found["results"]] == ["U", "I"]
    issued, entered = found["results"]
    assert issued["before"]["status"] == "draft"
    assert issued["after"]["status"] == "issued"
    assert entered["before"] is None
    assert entered["after"]["amount_yuan"]
    detail = asks(Role.LOGAUDITOR).get(f"changes/{issued['id']}/").json()
    assert {**detail, "allowed_actions": []} == {**issued, "allowed_actions": []}


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.AUDITOR, Role.LOGAUDITOR}))
def test_nobody_else_reads_the_log(role: Role) -> None:
    assert asks(role).get("changes/").status_code == 403
