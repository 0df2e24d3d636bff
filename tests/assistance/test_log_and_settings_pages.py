"""Auditors read the change log on the desk and over the API; settings are kept by two persons."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.plugins.otp_totp.models import TOTPDevice

from assistance.models import Change, Setting, User
from assistance.roles import Role
from assistance.rules import RULES
from tests import factories as make

pytestmark = pytest.mark.django_db
LOG, SETTINGS = "/admin/assistance/change/", "/admin/assistance/setting/"


def at_the_desk(user: User) -> Client:
    """A client whose person came through password and second factor."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = TOTPDevice.objects.create(user=user).persistent_id
    session.save()
    return client


@pytest.mark.parametrize("role", Role)
def test_only_auditors_read_the_log(role: Role) -> None:
    found = at_the_desk(make.user_with(role)).get(LOG).status_code
    assert found == (200 if role in {Role.AUDITOR, Role.LOGAUDITOR} else 403)


def test_the_log_shows_before_and_after_and_the_rows_history() -> None:
    region = make.region("510000")
    region.name_en = "Sichuan"
    region.save()
    change = Change.objects.order_by("-id")[0]
    page = at_the_desk(make.user_with(Role.LOGAUDITOR)).get(f"{LOG}{change.pk}/change/")
    columns, history = page.context["panels"]
    assert columns.rows == [("name_en", "Demo 510000", "Sichuan")]
    assert len(history.rows) == 2  # entered, then changed


def test_the_log_is_filtered_by_kind_account_and_day() -> None:
    actor = make.user_with(Role.CLERK)
    plan = make.fund_plan()
    client = at_the_desk(make.user_with(Role.AUDITOR))
    today = timezone.localdate()

    def listed(**asked: str | int) -> set[str]:
        found = client.get(LOG, asked).context["cl"].queryset
        return set(found.values_list("table", flat=True))

    assert listed(table="projects_fundplan") == {"projects_fundplan"}
    assert "projects_fundplan" in listed(account=plan.created_by_id)
    assert listed(account=actor.pk) == set()
    assert "projects_fundplan" in listed(day=today.isoformat())
    assert listed(day=(today - timedelta(days=1)).isoformat()) == set()
    assert listed(day="yesterday") == set()


def test_nobody_writes_the_log_at_the_desk() -> None:
    make.region("510000")
    change = Change.objects.order_by("-id")[0]
    client = at_the_desk(make.user_with(Role.AUDITOR, Role.CLERK, is_superuser=True))
    assert client.get(f"{LOG}add/").status_code == 403
    assert client.post(f"{LOG}{change.pk}/change/", {"kind": "D"}).status_code == 403
    assert client.post(f"{LOG}{change.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_setting_is_proposed_by_one_and_confirmed_by_another() -> None:
    reviewer = at_the_desk(make.user_with(Role.REVIEWER, Role.APPROVER))
    form = {"key": "change_pct", "value": "15", "starts_on": "2026-01-01"}
    refused = reviewer.post(f"{SETTINGS}add/", form | {"value": "a lot"})
    assert "value" in refused.context["adminform"].form.errors
    assert reviewer.post(f"{SETTINGS}add/", form).status_code == 302
    setting = Setting.objects.get()
    confirm = f"{SETTINGS}{setting.pk}/do/confirm/"
    reviewer.post(confirm, {"seen_version": setting.version})
    assert not Setting.objects.counting().exists()  # nobody confirms their own proposal
    approver = at_the_desk(make.user_with(Role.APPROVER))
    assert approver.post(confirm, {"seen_version": setting.version}).status_code == 302
    assert Setting.objects.counting().get() == setting
    page = approver.get(f"{SETTINGS}{setting.pk}/change/")
    assert [panel.rows[0][0] for panel in page.context["panels"]] == [date(2026, 1, 1)]
    assert b"Applies today" in approver.get(SETTINGS).content
    setting.refresh_from_db()
    strike = f"{SETTINGS}{setting.pk}/do/strike-out/"
    approver.post(strike, {"seen_version": setting.version, "reason": "wrong"})
    setting.refresh_from_db()
    assert setting.void_reason == "wrong"


def test_the_page_says_which_defaults_were_found_in_no_public_text() -> None:
    page = at_the_desk(make.user_with(Role.REVIEWER)).get(SETTINGS)
    (panel,) = page.context["panels"]
    said = {key: row[2] for key, row in zip(RULES, panel.rows, strict=True)}
    assert {key for key, default in said.items() if "assumed" in default} == {
        "notice_min_days", "change_pct", "retention_pct", "county_below_target",
        "personal_data_years",
    }  # fmt: skip


def test_a_proposal_is_withdrawn_by_who_maintains_settings() -> None:
    reviewer = at_the_desk(make.user_with(Role.REVIEWER))
    form = {"key": "negative_list", "value": "a\nb", "starts_on": "2026-01-01"}
    reviewer.post(f"{SETTINGS}add/", form)
    setting = Setting.objects.get()
    assert setting.value == ["a", "b"]
    withdraw = f"{SETTINGS}{setting.pk}/do/withdraw/"
    reviewer.post(withdraw, {"seen_version": setting.version, "reason": "too early"})
    setting.refresh_from_db()
    assert setting.void_reason == "too early"


@pytest.mark.parametrize("role", [Role.CLERK, Role.P_EDIT, Role.SYSADMIN])
def test_others_do_not_propose_settings(role: Role) -> None:
    assert at_the_desk(make.user_with(role)).get(f"{SETTINGS}add/").status_code == 403
