"""Idempotency-Key: the same request twice is done once."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connections

from assistance.models import IdempotencyKey
from projects.models import Project
from tests import factories as make
from tests.api.conftest import Ask, Partner

Body = dict[str, Any]


@pytest.mark.django_db
def test_the_same_request_again_gets_the_same_reply_and_does_nothing(
    partner: Ask, body: Body
) -> None:
    county, key = partner(), str(uuid.uuid4())
    first = county.post("projects/", body, key=key)
    again = county.post("projects/", body, key=key)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert (first["ETag"], first["Location"]) == (again["ETag"], again["Location"])
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert Project.objects.count() == 1


@pytest.mark.django_db
def test_the_key_with_another_body_is_422(partner: Ask, body: Body) -> None:
    county = partner()
    county.post("projects/", body, key="k")
    answer = county.post("projects/", body | {"name": "演示：另一个"}, key="k")
    assert answer.status_code == 422
    assert answer.json()["code"] == "idempotency_key_reused"
    assert Project.objects.count() == 1


@pytest.mark.django_db
def test_keys_of_two_callers_do_not_meet(partner: Ask, body: Body) -> None:
    assert partner().post("projects/", body, key="k").status_code == 201
    second = partner().post("projects/", body | {"name": "演示：另一个"}, key="k")
    assert second.status_code == 201


@pytest.mark.django_db
def test_a_refused_request_keeps_no_key(partner: Ask, body: Body) -> None:
    county = partner()
    assert county.post("projects/", body | {"fiscal_year": 2019}, key="k").status_code == 400
    assert not IdempotencyKey.objects.exists()
    assert county.post("projects/", body, key="k").status_code == 201


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "中"])
def test_a_key_that_is_none_is_400(partner: Ask, body: Body, key: str) -> None:
    answer = partner().post("projects/", body, key=key)
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["errors"]
    assert not Project.objects.exists()


@pytest.mark.django_db
def test_a_reply_is_kept_for_thirty_days(partner: Ask, body: Body) -> None:
    county = partner()
    first = county.post("projects/", body, key="k")
    with time_machine.travel(make.NOW + timedelta(days=29)):
        assert county.post("projects/", body, key="k").json() == first.json()
    with time_machine.travel(make.NOW + timedelta(days=31)):
        answer = county.post("projects/", body | {"name": "演示：另一个"}, key="k")
    assert answer.status_code == 201
    assert IdempotencyKey.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_equal_requests_at_once_have_one_effect(partner: Ask, body: Body) -> None:
    account = make.service_account()
    callers: list[Partner] = [partner(user=account) for _caller in range(4)]
    at_once = threading.Barrier(len(callers))
    answers: list[Any] = []

    def send(caller: Partner) -> None:
        try:
            at_once.wait(timeout=10)
            answers.append(caller.post("projects/", body, key="k"))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send, args=(caller,)) for caller in callers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert [answer.status_code for answer in answers] == [201] * len(callers)
    assert len({answer.json()["code"] for answer in answers}) == 1
    assert sorted("Idempotency-Replayed" in answer for answer in answers) == [
        False,
        True,
        True,
        True,
    ]
    assert Project.objects.count() == 1
