"""Partial dates mean the same days to Python and to the database."""

from calendar import monthrange
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, connection, transaction

from assistance.models import Pairing
from assistance.partial_dates import first_day, last_day, validate_partial_date
from tests import factories as make


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("", None, None),
        ("2021", date(2021, 1, 1), date(2021, 12, 31)),
        ("2021-06", date(2021, 6, 1), date(2021, 6, 30)),
        ("2021-12", date(2021, 12, 1), date(2021, 12, 31)),
        ("2021-06-01", date(2021, 6, 1), date(2021, 6, 1)),
        ("2023-02", date(2023, 2, 1), date(2023, 2, 28)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2024-02-29", date(2024, 2, 29), date(2024, 2, 29)),
        ("2000-02", date(2000, 2, 1), date(2000, 2, 29)),
        ("1900-02", date(1900, 2, 1), date(1900, 2, 28)),
    ],
)
@pytest.mark.django_db
def test_a_partial_date_keeps_the_days_it_can_mean(
    text: str, first: date | None, last: date | None
) -> None:
    validate_partial_date(text)
    assert (first_day(text), last_day(text)) == (first, last)
    assert _days_in_the_database(text, text) == (first, last)


@pytest.mark.django_db
def test_python_and_the_database_agree_on_every_month_of_a_leap_cycle() -> None:
    for year in (*range(2021, 2025), 1900, 2000):
        for month in range(1, 13):
            name, last = f"{year}-{month:02}", monthrange(year, month)[1]
            for text in (name, f"{name}-{last:02}"):
                assert _days_in_the_database(text, text) == (first_day(text), last_day(text)), text


@pytest.mark.parametrize(
    "text", ["21", "2021-13", "2021-00", "2021-6", "2021-06-32", "2021-06-00", "2021年", "2021-"]
)
@pytest.mark.django_db
def test_other_forms_are_refused_by_the_form_and_by_the_database(text: str) -> None:
    with pytest.raises(ValidationError):
        validate_partial_date(text)
    tie = make.pairing()
    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        Pairing.objects.filter(pk=tie.pk).update(since=text)


@pytest.mark.parametrize("text", ["2021-02-29", "2023-02-30", "2021-06-31", "1900-02-29"])
@pytest.mark.django_db
def test_a_day_that_does_not_exist_is_refused_by_the_form_and_by_the_database(text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        validate_partial_date(text)
    with pytest.raises(ValueError, match="day"):
        first_day(text)
    tie = make.pairing()
    with pytest.raises(DataError), transaction.atomic():
        Pairing.objects.filter(pk=tie.pk).update(since=text)


def _days_in_the_database(since: str, until: str) -> tuple[date | None, date | None]:
    tie = make.pairing(since="1999")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE assistance_pairing SET since = %s, until = %s WHERE id = %s"
            " RETURNING starts_on, ends_on",
            [since, until, tie.pk],
        )
        found: tuple[date | None, date | None] = cursor.fetchone()
        cursor.execute(
            "UPDATE assistance_pairing SET since = '1999', until = '' WHERE id = %s", [tie.pk]
        )
    return found
