"""People who are posted, and the teams they belong to."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from assistance.models.rows import entered
from assistance.periods import local_day
from assistance.personal_numbers import check_digit
from assistance.roles import Role
from teams.actions import (
    agree_to_leave,
    appraise,
    begin_leave,
    cancel_posting,
    confirm_appraisal,
    confirm_erasure,
    confirm_handover,
    dispatch,
    end_posting,
    enter_person,
    extend,
    grant_leave,
    hand_over_post,
    plan_posting,
    propose_erasure,
    request_leave,
    return_from_leave,
)
from teams.models import (
    Appraisal,
    AppraisalKind,
    Batch,
    Category,
    Erasure,
    Gender,
    Grade,
    Handover,
    Leave,
    LeaveKind,
    LeaveState,
    Person,
    Posting,
    PostingExtension,
    PostingState,
    Scale,
    Team,
    Term,
)
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


def team(region_code: str = "990100", *, declared_headcount: int = 27, **overrides: Any) -> Team:
    """The part of a batch that works in one region; of a new one unless told otherwise."""
    sent = overrides.get("batch") or batch(**overrides)
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
    if not recalled:
        leaving(made, end_on)
    return end_posting(
        made, on=end_on, reason="演示", by=by, now=make.at(end_on), recalled=recalled
    )


def leaving(posting: Posting, on: date, *, known: datetime | None = None) -> None:
    """What is owed before a posting can end: a final appraisal and a hand-over that count."""
    known = known or make.at(on)
    day = max(posting.start_on, min(on, local_day(known)))
    appraisal(posting, appraised_on=day, known=known)
    handover(posting, handed_on=day, known=known)


def appraisal(
    posting: Posting, *, confirmed: bool = True, known: datetime | None = None, **overrides: Any
) -> Appraisal:
    """A final appraisal of somebody in post, by default as of 1 June 2026 and signed by both."""
    known = known or make.at(date(2026, 6, 1))
    fields: dict[str, Any] = {
        "kind": AppraisalKind.FINAL,
        "scale": Scale.CIVIL,
        "grade": Grade.COMPETENT,
        "appraised_on": date(2026, 6, 1),
    }
    made = appraise(posting, by=make.hand(Role.CLERK), now=known, **fields | overrides)
    return confirm_appraisal(made, by=make.hand(Role.ORG), now=known) if confirmed else made


def handover(
    posting: Posting, *, confirmed: bool = True, known: datetime | None = None, **overrides: Any
) -> Handover:
    """What somebody in post hands over, by default on 1 June 2026 and confirmed."""
    known = known or make.at(date(2026, 6, 1))
    fields: dict[str, Any] = {
        "handed_on": date(2026, 6, 1),
        "items": "演示:办公用品",
        "open_projects": "演示:无",
        "documents": "演示:工作总结",
        "receiver": "演示:队长",
    }
    made = hand_over_post(posting, by=make.hand(Role.ORG), now=known, **fields | overrides)
    return confirm_handover(made, by=make.hand(Role.REVIEWER), now=known) if confirmed else made


def extension(posting: Posting, **overrides: Any) -> PostingExtension:
    """A posting goes on for a year more than planned, as decided on 1 June 2026."""
    fields: dict[str, Any] = {
        "new_end": posting.planned_end + timedelta(days=365),
        "on": date(2026, 6, 1),
        "doc_no": f"演示延期{next(make.numbers)}",
        "reason": "演示:工作需要",
    }
    fields |= overrides
    known = fields.pop("known", make.at(fields["on"]))
    extend(posting, by=make.hand(Role.ORG), now=known, **fields)
    return posting.extensions.latest("pk")


def leave(posting: Posting, state: LeaveState = LeaveState.REQUESTED, **overrides: Any) -> Leave:
    """Leave from 8 to 12 June 2026, taken to a state; who returns is back on the 13th."""
    fields: dict[str, Any] = {
        "kind": LeaveKind.HOME,
        "starts_on": date(2026, 6, 8),
        "ends_on": date(2026, 6, 12),
        "reason": "演示:探亲",
    }
    fields |= overrides
    first, last = fields["starts_on"], fields["ends_on"]
    made = request_leave(posting, by=make.hand(Role.ORG), now=make.at(first), **fields)
    steps = [LeaveState.TEAM_OK, LeaveState.HOST_OK, LeaveState.ON_LEAVE, LeaveState.RETURNED]
    for step in steps[: steps.index(state) + 1] if state in steps else []:
        match step:
            case LeaveState.TEAM_OK:
                made = agree_to_leave(made, by=make.hand(Role.REVIEWER), now=make.at(first))
            case LeaveState.HOST_OK:
                made = grant_leave(made, by=make.hand(Role.CLERK), now=make.at(first))
            case LeaveState.ON_LEAVE:
                made = begin_leave(made, on=first, by=make.hand(Role.ORG), now=make.at(first))
            case _:
                back = last + timedelta(days=1)
                made = return_from_leave(made, on=back, by=make.hand(Role.ORG), now=make.at(back))
    return made


def erasure() -> Erasure:
    """Somebody whose last day in post was in 2021 is erased, as two persons of the division say."""
    posting(
        PostingState.ENDED,
        start_on=date(2021, 6, 1),
        planned_end=date(2021, 6, 10),
        end_on=date(2021, 6, 10),
    )
    proposed = propose_erasure(by=make.hand(Role.ORG), now=make.NOW)
    return confirm_erasure(proposed, by=make.user_with(Role.ORG), now=make.NOW)
