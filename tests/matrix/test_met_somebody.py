"""Requests that meet in the database: PostgreSQL breaks one off, and nobody notices."""

from __future__ import annotations

import json
from functools import partial
from threading import Barrier, BrokenBarrierError

import pytest
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import Client
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from pytest_django import Settings
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assistance import contention
from assistance.models import Region
from tests import factories as make
from tests.at_once import at_once

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
