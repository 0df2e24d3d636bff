"""How often one may ask; and that nobody is turned away because the counter is gone."""

from __future__ import annotations

import pytest
from django.db import OperationalError
from pytest_django import Settings

from assistance.api import throttling
from assistance.models import Region
from tests import factories as make
from tests.api.conftest import Ask

pytestmark = pytest.mark.django_db


def test_who_asks_too_often_is_told_when_to_come_back(
    partner: Ask, settings: Settings, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The count starts anew with each minute of the clock, and a Redis that is slow to answer lets
    # everybody in; neither is meant here, however busy the machine.
    monkeypatch.setattr(throttling, "minute_of", lambda second: 1)
    monkeypatch.setattr(throttling, "ANSWERS_WITHIN", 30.0)
    monkeypatch.setattr(throttling, "_counters", {})
    settings.API_REQUESTS_PER_MINUTE = 3
    one, other = partner(), partner()
    answers = [one.get("me/") for _request in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60
    assert answers[-1].json()["code"] == "throttled"
    assert other.get("me/").status_code == 200


@pytest.mark.parametrize(
    "broker",
    ["redis://127.0.0.1:1/0", "redis+socket:///nowhere/redis.sock", "memory://", "filesystem://"],
)
def test_without_redis_everybody_gets_in(partner: Ask, settings: Settings, broker: str) -> None:
    settings.CELERY_BROKER_URL = broker
    settings.API_REQUESTS_PER_MINUTE = 1
    county = partner()
    assert [county.get("me/").status_code for _request in range(3)] == [200] * 3


def test_a_database_that_is_away_is_503_with_a_time(
    partner: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: object) -> None:
        raise OperationalError("server closed the connection")

    county = partner()
    monkeypatch.setattr(type(Region.objects), "all", away)
    answer = county.get("regions/")
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert answer.json()["code"] == "database_is_away"
    assert "server closed" not in answer.content.decode()


def test_the_description_has_a_word_for_every_refusal(partner: Ask) -> None:
    make.region()
    answer = partner(language="zh-hans").client.put(f"/api/v1/regions/{make.COUNTY}/")
    assert answer.status_code == 405
    assert "GET" in answer["Allow"]
    assert answer.json()["code"] == "method_not_allowed"
