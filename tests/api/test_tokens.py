"""Who gets in, and who does not."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from assistance.actions.tokens import recognise_token, revoke_token
from assistance.errors import Refused
from assistance.models import ApiToken
from assistance.roles import Role
from tests import factories as make
from tests.api.conftest import V1, Ask, Partner

pytestmark = pytest.mark.django_db


def test_a_token_opens_the_api_and_only_its_digest_is_kept(partner: Ask) -> None:
    row, text = make.token(may_write=False)
    answer = Partner(text).get("me/")
    assert answer.status_code == 200
    me = answer.json()
    assert me["username"] == row.user.username
    assert me["roles"] == ["P_EDIT"]
    assert me["scope"] == {"kind": "recipient", "region": make.COUNTY}
    assert me["token"]["may_write"] is False
    assert "projects.submit_project" in me["permissions"]
    row.refresh_from_db()
    assert row.digest == hashlib.sha256(text.encode()).hexdigest()
    assert text.partition(".")[2] not in str(vars(row))


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer x", "Bearer a.b", "Basic YTpi", "Bearer \x00.\x00", "Bearer 中.文"],
)
def test_what_is_no_token_gets_401(header: str) -> None:
    answer = Client().get(f"{V1}me/", headers={"authorization": header, "accept-language": "en"})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "invalid_token"


def test_without_a_token_the_answer_says_so() -> None:
    answer = Partner(None).get("projects/")
    assert answer.status_code == 401
    assert answer.json()["code"] == "not_authenticated"


def test_a_wrong_secret_an_expired_a_revoked_and_a_sleeping_account_get_the_same_401() -> None:
    row, text = make.token()
    _old, old_text = make.token(now=timezone.now() - timedelta(days=31), days=30)
    gone, gone_text = make.token()
    revoke_token(gone, by=make.hand(Role.SYSADMIN), now=timezone.now())
    asleep, asleep_text = make.token()
    asleep.user.is_active = False
    asleep.user.save()
    assert Partner(text).get("me/").status_code == 200
    answers = [
        Partner(token).get("me/")
        for token in (f"{row.prefix}.{'x' * 43}", old_text, gone_text, asleep_text)
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1


def test_an_account_that_became_a_person_gets_in_by_token_no_more() -> None:
    row, text = make.token()
    row.user.is_service = False
    row.user.save()
    assert Partner(text).get("me/").status_code == 401


def test_tokens_are_for_active_service_accounts() -> None:
    with pytest.raises(Refused) as refused:
        make.token(make.user_with(Role.P_EDIT))
    assert refused.value.code == "not_a_service_account"
    with pytest.raises(Refused):
        make.token(make.user_with(Role.P_EDIT, is_service=True, is_active=False))


@pytest.mark.parametrize("days", [0, -1, 366])
def test_a_token_lives_from_one_day_to_a_year(days: int) -> None:
    with pytest.raises(ValidationError):
        make.token(days=days)


def test_only_the_system_administrator_issues_and_revokes() -> None:
    row, _text = make.token()
    with pytest.raises(PermissionDenied):
        revoke_token(row, by=make.hand(Role.CLERK), now=timezone.now())
    revoked = revoke_token(row, by=make.hand(Role.SYSADMIN), now=timezone.now())
    assert revoked.revoked_by == make.hand(Role.SYSADMIN)
    with pytest.raises(Refused):
        revoke_token(row, by=make.hand(Role.SYSADMIN), now=timezone.now())


def test_the_last_use_is_noted_once_a_minute() -> None:
    row, text = make.token()
    first = timezone.now()
    for second, noted in ((0, 0), (59, 0), (60, 60), (61, 60)):
        recognise_token(text, now=first + timedelta(seconds=second))
        found = ApiToken.objects.get(pk=row.pk).last_used_at
        assert found == first + timedelta(seconds=noted)


def test_a_session_of_the_desk_opens_nothing() -> None:
    client = Client()
    client.force_login(make.hand(Role.CLERK), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(f"{V1}projects/").status_code == 401


def test_a_reading_token_writes_nothing(partner: Ask) -> None:
    project = make.draft()
    reader = partner(may_write=False)
    answer = reader.get(f"projects/{project.code}/")
    assert answer.status_code == 200
    assert answer.json()["allowed_actions"] == []
    for answer in (
        reader.post("projects/", {}),
        reader.patch(f"projects/{project.code}/", {}, version=1),
        reader.post(f"projects/{project.code}/submit/", version=1),
    ):
        assert answer.status_code == 403
        assert answer.json()["code"] == "read_only_token"


@pytest.mark.parametrize("role", [Role.SYSADMIN, Role.SECADMIN, Role.LOGAUDITOR])
def test_administrators_read_no_business_data(partner: Ask, role: Role) -> None:
    administrator = partner(role)
    for path in ("projects/", "fund-plans/", "transfers/", "teams/", "postings/", "pairings/"):
        assert administrator.get(path).status_code == 403
