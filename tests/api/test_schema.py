"""The OpenAPI description is valid, complete and true; its page works under the strict CSP."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.test import Client
from django.urls import URLResolver
from drf_spectacular.validation import validate_schema
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from assistance.models import Change
from assistance.roles import Role
from config.urls import API
from projects.models import PublicNotice, Stage
from projects.models.funds import TransferStatus
from projects.models.payments import PaymentStatus
from tests import factories as make


@pytest.fixture
def described() -> dict[str, Any]:
    answer = Client().get("/api/v1/schema/")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


SURPLUS = "/api/v1/projects/{code}/release-surplus/"
BARE = {
    "/api/v1/change-requests/{id}/withdraw/",
    "/api/v1/returns/{pairing_id}/{period}/accept/",
    SURPLUS,
}
WITHOUT_A_BODY = (
    "/submit/", "/take-back/", "/admit/", "/confirm-start/", "/confirm-completion/",
    "/confirm-handover/", "/confirm/", "/verify/", "/issue/",
)  # fmt: skip


def in_header(operation: dict[str, Any]) -> set[str]:
    return {p["name"] for p in operation.get("parameters", []) if p["in"] == "header"}


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_description_is_valid_openapi_3(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.")
    validate_schema(described)  # type: ignore[no-untyped-call]  # has no types


def test_every_address_is_described(described: dict[str, Any]) -> None:
    included = [part for part in API if isinstance(part, URLResolver)]
    routes = [route for part in included for route in part.url_patterns]
    assert len(described["paths"]) == len(routes) - 2  # the description and its page


def test_every_operation_says_who_may_ask_and_how_it_refuses(described: dict[str, Any]) -> None:
    names = [operation["operationId"] for _path, _method, operation in operations(described)]
    assert len(names) == len(set(names))
    assert {"projects_list", "projects_create", "projects_partial_update", "projects_submit",
            "transfers_report_arrival", "me_retrieve", "pairings_list"} <= set(names)  # fmt: skip
    assert described["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for path, method, operation in operations(described):
        assert operation["security"] == [{"bearer": []}], path
        assert operation["summary"], path
        refusals = {status for status in operation["responses"] if status >= "400"}
        assert refusals >= {"400", "401", "403", "429", "503"}, path
        for status in refusals:
            content = operation["responses"][status]["content"]
            shape = content["application/problem+json"]["schema"]
            assert shape == {"$ref": "#/components/schemas/Problem"}
        headers = {p["name"]: p["required"] for p in operation.get("parameters", [])
                   if p["in"] == "header" and p.get("required")}  # fmt: skip
        enters = operation["operationId"].endswith("_create")
        assert ("Idempotency-Key" in in_header(operation)) == enters, path
        changes = method in {"patch", "post"} and not enters
        assert ("If-Match" in headers) == changes, path
        assert ({"412", "428"} <= refusals) == changes, path
        bare = method == "get" or path.endswith(WITHOUT_A_BODY)
        bare = bare or path in BARE
        assert ("requestBody" in operation) != bare, path


def test_the_description_speaks_both_languages_and_needs_no_token() -> None:
    refused = {}
    for language in ("en", "zh-hans"):
        answer = Client(headers={"accept-language": language}).get("/api/v1/schema/")
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("application/vnd.oai.openapi+json")
        operation = answer.json()["paths"]["/api/v1/projects/"]["get"]
        refused[language] = operation["responses"]["403"]["description"]
    assert refused == {"en": "Not yours to do", "zh-hans": "无权办理"}


@pytest.mark.django_db(transaction=True)
def test_random_requests_are_answered_as_described(
    live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few hundred of them, right and wrong ones, against the real WSGI server."""
    monkeypatch.setattr("django.conf.settings.API_REQUESTS_PER_MINUTE", 1_000_000)
    team = make.team(make.COUNTY)
    completed = make.project_at(Stage.COMPLETED)
    works = make.project_at(Stage.ACTIVE)
    paid = make.payment(works)
    known: dict[str, list[Any]] = {
        "acceptances": [make.acceptance(completed, confirmed=False).pk],
        "assets": [make.asset(completed).pk],
        "audit-records": [make.audit_record(completed).pk],
        "evaluations": [make.evaluation(completed, confirmed=False).pk],
        "findings": [make.finding(project=completed).pk],
        "teams": [team.pk],
        "projects": [make.draft().code, make.project_at(Stage.SUBMITTED).code, completed.code],
        "transfers": [make.transfer(TransferStatus.DRAFT).pk],
        "fund-plans": [make.fund_plan().pk],
        "openings": [make.opening_waiting().pk],
        "payments": [paid.pk, make.payment(works, PaymentStatus.SUBMITTED).pk],
        "refunds": [make.paid_back(paid, PaymentStatus.SUBMITTED).pk],
        "transfer-returns": [make.transfer_return(make.transfer()).pk],
        "payment-policies": [make.payment_policy().pk],
        "postings": [make.posting(team=team).pk],
        "pairings": [make.pairing().pk],
        "regions": [make.COUNTY],
        "programmes": ["demo_ew"],
        "papers": [make.paper(make.project_at(Stage.SUBMITTED), file=make.photo()).pk],
        "notices": [PublicNotice.objects.values_list("pk", flat=True)[0]],
        "progress-reports": [make.progress(make.project_at(Stage.ACTIVE)).pk],
        "changes": list(Change.objects.values_list("pk", flat=True)[:1]),
    }
    _row, token = make.token(make.service_account(Role.P_EDIT))
    api = schemathesis.openapi.from_url(f"{live_server.url}/api/v1/schema/")
    sent = [
        few_of(found.ok(), mode, known, token)  # type: ignore[union-attr]  # raises where it is not
        for found in api.get_all_operations()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    ]
    assert sum(sent) >= 200


def few_of(operation: Any, mode: GenerationMode, known: dict[str, list[Any]], token: str) -> int:
    """Three cases of one operation with every check; half of them ask for rows that exist."""
    name = re.search(r"{(\w+)}", operation.path)
    rows = known.get(operation.path.split("/")[3], []) if name else []
    cases = [
        operation.as_strategy(
            generation_mode=mode,
            path_parameters={name[1]: row} if name and row else None,
        )
        for row in (None, *rows)
    ]
    sent = 0

    @settings(
        max_examples=3,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(cases))
    def check(case: Any) -> None:
        nonlocal sent
        if mode == GenerationMode.POSITIVE:
            (case.query or {}).pop("cursor", None)  # only the server can make one
        # a body may have the right shape and still break a rule of the ledger: 400, 409, 412
        excluded = [] if operation.method == "get" else [positive_data_acceptance]
        case.call_and_validate(
            headers={"Authorization": f"Bearer {token}"}, excluded_checks=excluded
        )
        sent += 1

    with contextlib.suppress(Unsatisfiable):  # what takes no parameters cannot be asked wrongly
        check()
    return sent


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_page_shows_every_operation_and_breaks_no_rule_of_the_csp(
    live_server: LiveServer, browser: Browser, described: dict[str, Any]
) -> None:
    page = browser.new_page(locale="zh-CN")
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    answer = page.goto(f"{live_server.url}/api/v1/docs/")
    assert answer is not None
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    page.wait_for_selector(".opblock")
    page.locator(".opblock").first.click()
    page.wait_for_selector(".opblock-body")
    # only those operations are drawn that come into sight
    wanted = {
        f"operations-{operation['tags'][0]}-{operation['operationId']}"
        for _path, _method, operation in operations(described)
    }
    seen: set[str] = set()
    for _ in range(200):
        seen |= set(page.locator(".opblock").evaluate_all("drawn => drawn.map(each => each.id)"))
        if seen >= wanted:
            break
        page.mouse.wheel(0, 500)
        page.wait_for_timeout(50)
    assert wanted <= seen
    assert said == []
    assert all(url.startswith((live_server.url, "data:")) for url in asked)
    page.close()
