"""Accounts, roles and tokens: the three administrators and what each of them may not."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from django_otp.plugins.otp_totp.models import TOTPDevice

from assistance.actions.tokens import recognise_token
from assistance.models import ApiToken, User
from assistance.models.regions import OrganisationKind
from assistance.roles import Role
from tests import factories as make
from tests.desk.conftest import Seat, address_of, errors_on

Sit = Callable[..., Seat]


def test_an_account_is_opened_by_one_administrator_and_granted_by_another(sit_down: Sit) -> None:
    system, security = sit_down(Role.SYSADMIN), sit_down(Role.SECADMIN)
    office = make.organisation(OrganisationKind.BUREAU, make.DONOR_CITY)
    system.fill_in(
        reverse("admin:assistance_user_add"),
        username="new-clerk",
        name="演示新经办",
        email="new@example.invalid",
        organisation=office.pk,
        password1=make.PASSWORD,
        password2=make.PASSWORD,
    )
    user = User.objects.get(username="new-clerk")
    assert user.is_staff
    assert not user.groups.exists()
    shown = system.do(user, "renew-second-factor")
    assert TOTPDevice.objects.get(user=user).confirmed
    assert len(shown.context["secret"]) == 32

    assert system.open(address_of(user, "grant-roles")).status_code == 403
    security.do(user, "grant-roles", roles=["CLERK", "FINANCE"])
    assert set(user.groups.values_list("name", flat=True)) == {"CLERK", "FINANCE"}
    assert user.check_password(make.PASSWORD)


@pytest.mark.parametrize(
    "roles", [["SYSADMIN", "SECADMIN"], ["SECADMIN", "LOGAUDITOR"], ["SYSADMIN", "CLERK"]]
)
def test_one_account_is_not_two_administrators(sit_down: Sit, roles: list[str]) -> None:
    security = sit_down(Role.SECADMIN)
    user = make.user_with(Role.LEADER)
    refused = security.do(user, "grant-roles", roles=roles)
    assert errors_on(refused)
    assert set(user.groups.values_list("name", flat=True)) == {"LEADER"}


def test_nobody_grants_roles_to_themselves(sit_down: Sit) -> None:
    security = sit_down(Role.SECADMIN)
    security.client.post(address_of(security.user, "grant-roles"), {"roles": ["CLERK"]})
    assert set(security.user.groups.values_list("name", flat=True)) == {"SECADMIN"}


@pytest.mark.parametrize("role", [Role.SYSADMIN, Role.SECADMIN, Role.LOGAUDITOR])
def test_an_administrator_sees_no_business_data(sit_down: Sit, role: Role) -> None:
    seat = sit_down(role)
    for route in ("projects_project", "projects_fundplan", "teams_posting", "reporting_edition"):
        assert seat.open(reverse(f"admin:{route}_changelist")).status_code == 403


def test_a_token_is_shown_once_and_can_be_revoked(sit_down: Sit) -> None:
    system = sit_down(Role.SYSADMIN)
    partner = make.service_account()
    shown = system.fill_in(
        reverse("admin:assistance_apitoken_add"), user=partner.pk, name="演示系统", may_write="on"
    )
    secret, token = shown.context["secret"], ApiToken.objects.get()
    assert recognise_token(secret, now=make.NOW) == token
    again = system.open(address_of(token)).content.decode()
    assert secret not in again
    assert token.digest not in again
    system.do(token, "revoke")
    assert recognise_token(secret, now=make.NOW) is None
