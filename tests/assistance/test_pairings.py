"""A tie is in force at most once on a day, and unknown ends are open ends."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import translation

from assistance.models import Pairing
from assistance.models.pairings import ProgrammeKind
from tests import factories as make

pytestmark = pytest.mark.django_db

SECOND_SPELLS_REFUSED = [
    ("2016", "2021-03", "2021-03", ""),  # they meet inside a month of which no day is known
    ("2016", "2021", "2021", ""),
    ("2016", "2021-03-31", "2021-03", ""),
    ("2016", "2021-03-31", "2021-03-31", ""),  # both hold the last day
    ("2016", "", "2021", ""),  # the first one never ended
    ("", "2021", "2020-12-31", ""),
    ("", "", "", ""),
]
SECOND_SPELLS_ACCEPTED = [
    ("2016", "2021-03-15", "2021-03-16", ""),  # exact days may meet inside a month
    ("2016", "2021-03", "2021-04", ""),
    ("2016", "2020", "2021", ""),
    ("", "2020-12-31", "2021", ""),
]


def _second_spell(first: Pairing, since: str, until: str) -> Pairing:
    return Pairing(
        programme=first.programme, donor=first.donor, recipient=first.recipient,
        since=since, until=until,
    )  # fmt: skip


def _insert(pairing: Pairing) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO assistance_pairing (programme_id, donor_id, recipient_id, since, until,"
            " donor_confirmed, confidence, basis) VALUES (%s, %s, %s, %s, %s, true, 'high', '')",
            [
                pairing.programme_id,
                pairing.donor_id,
                pairing.recipient_id,
                pairing.since,
                pairing.until,
            ],
        )


@pytest.mark.parametrize(("since", "until", "again_since", "again_until"), SECOND_SPELLS_REFUSED)
def test_two_spells_of_one_tie_may_not_share_a_day(
    since: str, until: str, again_since: str, again_until: str
) -> None:
    again = _second_spell(make.pairing(since=since, until=until), again_since, again_until)
    with pytest.raises(ValidationError, match=r"结对|tie"):
        again.full_clean()
    with pytest.raises(IntegrityError, match="pairing_in_force_once"):
        _insert(again)


@pytest.mark.parametrize(("since", "until", "again_since", "again_until"), SECOND_SPELLS_ACCEPTED)
def test_two_spells_of_one_tie_may_follow_each_other(
    since: str, until: str, again_since: str, again_until: str
) -> None:
    again = _second_spell(make.pairing(since=since, until=until), again_since, again_until)
    again.full_clean()
    _insert(again)
    assert Pairing.objects.count() == 2


def test_another_programme_donor_or_recipient_is_another_tie() -> None:
    tie = make.pairing()
    _insert(_second_spell(make.pairing(kind=ProgrammeKind.CS), "1999", "2001"))
    make.pairing(donor=make.OTHER_DONOR)
    make.pairing(make.OTHER_COUNTY)
    assert Pairing.objects.in_force_on(tie.starts_on).count() == 4


def test_a_region_is_not_paired_with_itself() -> None:
    tie = make.pairing()
    tie.recipient = tie.donor
    with pytest.raises(ValidationError):
        tie.full_clean()
    with pytest.raises(IntegrityError, match="pairing_joins_two_regions"):
        _insert(tie)


def test_a_pairing_does_not_end_before_it_begins() -> None:
    with pytest.raises(IntegrityError, match="pairing_days_in_order"), transaction.atomic():
        make.pairing(since="2021-06", until="2021-05")


@pytest.mark.parametrize(
    ("since", "until", "day", "in_force"),
    [
        ("2021-06", "2023", date(2021, 5, 31), False),
        ("2021-06", "2023", date(2021, 6, 1), True),
        ("2021-06", "2023", date(2023, 12, 31), True),
        ("2021-06", "2023", date(2024, 1, 1), False),
        ("", "2023", date(1949, 10, 1), True),  # an unknown start counts as in force
        ("2021-06", "", date(2099, 1, 1), True),
    ],
)
def test_a_pairing_is_in_force_from_its_first_to_its_last_day(
    since: str, until: str, day: date, in_force: bool
) -> None:
    tie = make.pairing(since=since, until=until)
    assert Pairing.objects.in_force_on(day).filter(pk=tie.pk).exists() is in_force


def test_a_pairing_is_in_force_between_two_days_when_it_is_on_one_of_them() -> None:
    make.pairing(since="2021-06-10", until="2021-06-20")
    in_force = Pairing.objects.in_force_between
    assert in_force(date(2021, 6, 20), date(2021, 7, 31)).exists()
    assert in_force(date(2021, 6, 1), date(2021, 6, 10)).exists()
    assert in_force(date(2021, 6, 1), date(2021, 6, 30)).exists()
    assert not in_force(date(2021, 6, 21), date(2021, 7, 31)).exists()
    assert not in_force(date(2021, 1, 1), date(2021, 6, 9)).exists()


def test_a_donor_district_that_is_not_known_is_named_as_such_and_not_invented() -> None:
    tie = make.pairing(donor=make.DONOR_CITY)
    tie.donor_confirmed = False
    with translation.override("en"):
        assert tie.donor_name == "Demo 980100 (district to be confirmed)"
        assert str(tie) == "Demo 980100 (district to be confirmed) → Demo 990101"


@pytest.mark.parametrize("since", ["2021-02-30", "2021-13", "soon"])
def test_a_form_with_an_impossible_day_is_answered_and_does_not_break(since: str) -> None:
    again = _second_spell(make.pairing(until="2021-08"), since, "")
    with pytest.raises(ValidationError) as refusal:
        again.full_clean()
    assert set(refusal.value.message_dict) == {"since"}
