"""A seat at the desk: somebody who signed in by the real page and fills in its forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from assistance.models import User
from assistance.roles import Role
from tests import factories as make


def code_of(device: TOTPDevice) -> str:
    """What the authenticator shows now."""
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    totp.time = timezone.now().timestamp()
    return f"{totp.token():06d}"


class Seat:
    """Somebody at the desk; a refused sign-in fails the test at once."""

    def __init__(self, user: User) -> None:
        self.user, self.client = user, Client()
        device, _ = TOTPDevice.objects.get_or_create(user=user, name="authenticator")
        answer = self.client.post(
            reverse("admin:login"),
            {"username": user.username, "password": make.PASSWORD, "otp_token": code_of(device)},
        )
        assert answer.status_code == 302, answer.content.decode()

    def open(self, address: str) -> Any:
        """The page at ``address``."""
        return self.client.get(address)

    def fill_in(self, address: str, **fields: Any) -> Any:
        """Open a form, change the named fields, send it, and go where it leads."""
        page = self.open(address)
        assert page.status_code == 200, f"{address}: {page.status_code}"
        return self.client.post(address, written_on(page) | fields, follow=True)

    def do(self, row: Any, verb: str, **fields: Any) -> Any:
        """Take a step on the page of a row."""
        return self.fill_in(address_of(row, verb), **fields)


def address_of(row: Any, verb: str = "") -> str:
    """The page of a row, or of one of its verbs."""
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_"
    if verb:
        return reverse(f"{name}verb", args=[row.pk, verb])
    return reverse(f"{name}change", args=[row.pk])


def written_on(page: Any) -> dict[str, Any]:
    """What a browser would send of a form that nobody touched."""
    forms = [page.context["form"]] if "form" in page.context else []
    if "adminform" in page.context:
        forms = [page.context["adminform"].form]
    for inline in page.context.get("inline_admin_formsets", ()):
        forms += [inline.formset.management_form, *inline.formset.forms]
    found: dict[str, Any] = {}
    for form in forms:
        for field in form:
            value = field.value()
            if value is not None and value is not False:
                found[field.html_name] = "on" if value is True else value
    return found


def errors_on(page: Any) -> str:
    """Every complaint that the page shows."""
    form = page.context["adminform"].form if "adminform" in page.context else page.context["form"]
    return str(form.errors)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """The clock of the desk: it starts at the factories' present, and can be moved."""
    with time_machine.travel(make.NOW, tick=True) as traveller:
        yield traveller


@pytest.fixture
def sit_down(db: None) -> Callable[..., Seat]:
    """Makes an account with these roles and signs it in."""

    def sit(*roles: Role, **where: Any) -> Seat:
        return Seat(make.user_with(*roles, **where))

    return sit
