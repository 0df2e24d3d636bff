"""A partner's client: the API as another program sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
import time_machine
from django.test import Client

from assistance.models import User
from assistance.roles import Role
from tests import factories as make

Answer = Any  # a response of the test client: its class exists for type checkers only
V1 = "/api/v1/"


class Partner:
    """Speaks JSON with one token; ``language`` is what it wants to read."""

    def __init__(self, token: str | None, language: str = "en") -> None:
        self.client = Client(headers={"accept-language": language})
        if token is not None:
            self.client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {token}"

    def get(self, path: str, **parameters: Any) -> Answer:
        return self.client.get(path if path.startswith("http") else V1 + path, parameters)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        version: int | str | None = None,
        key: str | None = None,
    ) -> Answer:
        headers = {}
        if version is not None:
            headers["If-Match"] = f'"{version}"' if isinstance(version, int) else version
        if key is not None:
            headers["Idempotency-Key"] = key
        content = body if isinstance(body, bytes) else orjson.dumps({} if body is None else body)
        return self.client.generic(
            method, V1 + path, content, content_type="application/json", headers=headers
        )

    def post(self, path: str, body: Any = None, **headers: Any) -> Answer:
        return self.send("POST", path, body, **headers)

    def send_form(self, path: str, *, key: str | None = None, **parts: Any) -> Answer:
        """A form with files, as browsers and libraries send it; lists are parts of one name."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.client.post(V1 + path, parts, headers=headers)

    def patch(self, path: str, body: Any = None, **headers: Any) -> Answer:
        return self.send("PATCH", path, body, **headers)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    """It is the day on which the factories' rows end, and time goes on."""
    with time_machine.travel(make.NOW):
        yield


Ask = Callable[..., Partner]


@pytest.fixture
def partner(db: None) -> Ask:
    """A partner with a new token: of a role in a region, or of a given account."""

    def made(
        role: Role = Role.P_EDIT,
        region_code: str = "",
        *,
        user: User | None = None,
        language: str = "en",
        **options: Any,
    ) -> Partner:
        account = user or make.service_account(role, region_code)
        _row, text = make.token(account, **options)
        return Partner(text, language)

    return made


@pytest.fixture
def body() -> dict[str, Any]:
    """A complete application for the demo county."""
    return {
        "pairing": make.pairing().pk,
        "county": make.COUNTY,
        "fiscal_year": make.YEAR,
        "name": "演示：菌菇大棚",
        "place": "演示乡",
        "sector": "RURAL",
        "content": "新建大棚",
        "implementing_unit": "演示农业农村局",
        "responsible_person": "演示负责人",
        "office_phone": "0000-0000000",
        "aid_yuan": "1000000.00",
        "planned_start": "2026-07-01",
        "planned_end": "2026-11-30",
        "beneficiary_households": 40,
        "beneficiary_persons": 160,
        "linkage": "演示联农带农机制",
        "targets": [
            {"kind": "OUTPUT", "name": "新建大棚", "quantity": "12", "unit": "座"},
            {"kind": "BENEFIT", "name": "带动就业", "quantity": "30", "unit": "人"},
            {"kind": "SATISFACTION", "name": "满意度", "quantity": "95.00", "unit": "%"},
        ],
    }
