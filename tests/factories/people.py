"""People who are posted, and the teams they belong to."""

from __future__ import annotations

from datetime import date
from typing import Any

from assistance.models.rows import entered
from assistance.personal_numbers import check_digit
from assistance.roles import Role
from teams.actions import cancel_posting, dispatch, end_posting, enter_person, plan_posting
from teams.models import Batch, Category, Gender, Person, Posting, PostingState, Team, Term
from tests import factories as make


def batch(**overrides: Any) -> Batch:
    """A batch of people, sent on 1 June 2021."""
    fields: dict[str, Any] = {
        "label": f"演示批次{next(make.numbers)}",
        "dispatched_on": date(2021, 6, 1),
    }
    fields |= overrides
    if "programme" not in fields:
        fields["programme"] = make.programme()
    return Batch.objects.create(
        **fields, **entered(make.hand(Role.ORG), make.at(fields["dispatched_on"]))
    )


def team(region_code: str = "990100", *, declared_headcount: int = 27) -> Team:
    """The part of a new batch that works in one region."""
    sent = batch()
    return Team.objects.create(
        batch=sent,
        region=make.region(region_code),
        declared_headcount=declared_headcount,
        **entered(make.hand(Role.ORG), make.at(sent.dispatched_on)),
    )


def id_number(birth_ym: str = "1980-06", gender: str = Gender.FEMALE) -> str:
    """An ID number that nobody else has. 330199 is no county: ``tests.planted`` looks for it."""
    number = next(make.numbers)
    day, turn = number % 28 + 1, number // 28 % 500
    first = f"330199{birth_ym.replace('-', '')}{day:02}{turn * 2 + (gender == Gender.MALE):03}"
    return first + check_digit(first)


def phone() -> str:
    """A mobile number of a planted block."""
    return f"19955{next(make.numbers):06}"


def person(**overrides: Any) -> Person:
    """Somebody who can be posted, with both numbers: whatever leaks one fails the whole run."""
    fields: dict[str, Any] = {
        "name": f"演示干部{next(make.numbers)}",
        "gender": Gender.FEMALE,
        "birth_ym": "1980-06",
        "home_unit": "演示单位",
    }
    fields |= overrides
    numbers = {
        "national_id": id_number(fields["birth_ym"], fields["gender"]),
        "phone": phone(),
    }
    by, now = make.hand(Role.ORG), make.at(date(2021, 5, 1))
    return enter_person(**numbers | fields, by=by, now=now)


def posting_fields(**overrides: Any) -> dict[str, Any]:
    """What a posting for three years from 1 June 2024 says."""
    fields: dict[str, Any] = {
        "category": Category.CADRE,
        "term": Term.Y3,
        "host_post": "演示岗位(挂职)",
        "start_on": date(2024, 6, 1),
        "planned_end": date(2027, 5, 31),
    }
    fields |= overrides
    if "pairing" not in fields:
        fields["pairing"] = make.pairing()
    recipient = fields["pairing"].recipient
    if "person" not in fields:
        fields["person"] = person()
    if "region" not in fields:
        fields["region"] = recipient
    if "host_unit" not in fields:
        fields["host_unit"] = make.organisation(region_code=recipient.code)
    return fields


def posting(state: PostingState = PostingState.ACTIVE, **overrides: Any) -> Posting:
    """A posting in the given state; ended and recalled ones end on ``end_on`` (31 May 2026)."""
    end_on = overrides.pop("end_on", date(2026, 5, 31))
    fields = posting_fields(**overrides)
    by, now = make.hand(Role.ORG), make.at(fields["start_on"])
    made = plan_posting(by=by, now=now, **fields)
    if state == PostingState.CANCELLED:
        return cancel_posting(made, by=by, now=now)
    if state == PostingState.PLANNED:
        return made
    made = dispatch(made, letter_no=f"演示函{next(make.numbers)}", by=by, now=now)
    if state == PostingState.ACTIVE:
        return made
    recalled = state == PostingState.RECALLED
    return end_posting(
        made, on=end_on, reason="演示", by=by, now=make.at(end_on), recalled=recalled
    )
