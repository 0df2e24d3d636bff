"""Requests that meet in the database: PostgreSQL breaks one off, and nobody notices."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import Client
from django.urls import path, reverse
from django.views.decorators.csrf import csrf_exempt
from pytest_django import Settings
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assistance import contention
from assistance.models import Region
from assistance.roles import Role
from projects import actions
from projects.admin.project import ProjectAdmin
from projects.models import Project, Stage
from tests import factories as make
from tests.at_once import at_once
from tests.desk.conftest import Seat

pytestmark = pytest.mark.django_db(transaction=True)

FIRST, SECOND = make.COUNTY, make.OTHER_COUNTY


class Meeting:
    """Two requests that lock two rows each, in opposite orders, the first time they come by."""

    def __init__(self, times: int) -> None:
        self.both_hold_one = Barrier(2)
        self.times = times
        self.tries: list[list[str]] = []

    def lock(self, order: list[str]) -> None:
        self.tries.append(order)
        with transaction.atomic():
            Region.objects.select_for_update().get(code=order[0])
            if len(self.tries) <= 2 * self.times:
                try:
                    self.both_hold_one.wait(timeout=5)
                except BrokenBarrierError:
                    self.both_hold_one.reset()
            Region.objects.select_for_update().get(code=order[1])


meeting = Meeting(0)


@csrf_exempt
def desk(request: HttpRequest) -> HttpResponse:
    order = json.loads(request.body)["order"]
    meeting.lock(order)
    return JsonResponse({"locked": order})


class Api(APIView):
    authentication_classes = permission_classes = throttle_classes = ()

    def post(self, request: Request) -> Response:
        order = request.data["order"]  # type: ignore[call-overload]  # an object, says the parser
        meeting.lock(order)
        return Response({"locked": order})


urlpatterns = [path("desk/", desk), path("api/", Api.as_view())]


@pytest.fixture
def two_rows(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ROOT_URLCONF = __name__
    make.region(FIRST)
    make.region(SECOND)
    monkeypatch.setattr(contention, "FIRST_WAIT", 0.2)


def _send(door: str, order: list[str]) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SET deadlock_timeout = '20ms'")
    return Client().post(door, json.dumps({"order": order}), "application/json")  # type: ignore[return-value]


@pytest.mark.usefixtures("two_rows")
@pytest.mark.parametrize("door", ["/desk/", "/api/"])
def test_a_deadlock_reaches_no_client(door: str, monkeypatch: pytest.MonkeyPatch) -> None:
    here = Meeting(times=1)
    monkeypatch.setitem(globals(), "meeting", here)
    orders = [[FIRST, SECOND], [SECOND, FIRST]]
    answers = at_once([partial(_send, door, order) for order in orders])
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [answer.json()["locked"] for answer in answers] == orders
    assert len(here.tries) == 3, "one of the two was broken off and done again"


@pytest.mark.usefixtures("two_rows")
@pytest.mark.parametrize(("door", "kind"), [("/desk/", "text/html"), ("/api/", "problem+json")])
def test_who_meets_somebody_every_time_is_told_when_to_come_back(
    door: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contention, "TRIES", 1)
    monkeypatch.setitem(globals(), "meeting", Meeting(times=1))
    orders = [[FIRST, SECOND], [SECOND, FIRST]]
    answers = at_once([partial(_send, door, order) for order in orders])
    by_status = {answer.status_code: answer for answer in answers}
    assert set(by_status) == {200, 503}
    assert int(by_status[503]["Retry-After"]) > 0
    assert kind in by_status[503]["Content-Type"]


# ------------------------------------------------------------------------------------ many rows


@pytest.fixture
def morning() -> Iterator[None]:
    with time_machine.travel(make.NOW, tick=True):
        yield


@pytest.mark.usefixtures("morning")
@pytest.mark.parametrize(("tries", "times"), [(4, 2), (1, 1)])
def test_of_many_rows_only_the_one_that_met_somebody_is_done_again(
    monkeypatch: pytest.MonkeyPatch, tries: int, times: int
) -> None:
    monkeypatch.setattr(contention, "TRIES", tries)
    monkeypatch.setattr(contention, "FIRST_WAIT", 0.2)
    make.region(SECOND)
    rows = [make.project_at(Stage.READY) for _ in range(2)]
    both_hold_one = Barrier(2)
    started: list[int] = []

    def start(project: Project, **options: Any) -> Project:
        with transaction.atomic():
            started.append(project.pk)
            done = actions.start(project, **options)  # holds the project
            if project == both[-1] and started.count(project.pk) == 1:
                both_hold_one.wait(timeout=30)
                Region.objects.select_for_update().get(code=SECOND)
        return done

    def looking_for_deadlocks_after(wait: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET deadlock_timeout = %s", [wait])

    def somebody_else() -> None:
        looking_for_deadlocks_after("60s")
        with transaction.atomic():
            Region.objects.select_for_update().get(code=SECOND)
            both_hold_one.wait(timeout=30)
            Project.objects.select_for_update(of=("self",)).get(pk=both[-1].pk)

    def desk() -> Any:
        looking_for_deadlocks_after("1s")  # so this is the one broken off
        chosen = {"action": "start_selected", "_selected_action": [row.pk for row in both]}
        versions = {f"version_{row.pk}": row.version for row in both}
        answers = {"confirmed": "1", "on": make.NOW.date().isoformat()}
        address = reverse("admin:projects_project_changelist")
        return seat.client.post(address, chosen | versions | answers)

    verbs = tuple(
        replace(verb, run=start) if verb.name == "start" else verb for verb in ProjectAdmin.verbs
    )
    seat = Seat(make.user_with(Role.CLERK))
    listed = seat.open(reverse("admin:projects_project_changelist")).context["cl"].queryset
    both = [row for row in listed if row in rows]  # in the order of the list
    monkeypatch.setattr(ProjectAdmin, "verbs", verbs)
    answer, _ = at_once([desk, somebody_else])
    results = [result.went_through for result in answer.context["results"]]
    assert results == [True, tries > 1], answer.context["results"]
    assert started == [both[0].pk, *[both[1].pk] * times], "what was done is not done again"
    proposed = Project.objects.exclude(proposed_stage="").count()
    assert proposed == sum(results)
