"""ID numbers (GB 11643) and telephone numbers of people: how they are read, and how they are shown.

Whatever shows, answers, exports, mails or logs one goes through the masks of this module. A
sentence about a wrong number never repeats it.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from datetime import date
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.debug import ExceptionReporter

_FILLING = re.compile(r"[\s\-–—_.()]+")
_ID_SHAPE = re.compile(r"\d{17}[\dX]", re.ASCII)
_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_LANDLINE = re.compile(r"(0(?:10|2\d|[3-9]\d\d))(\d{7,8})", re.ASCII)
_COUNTRY = re.compile(r"^(?:(?:\+|00)86|86(?=1[3-9]\d{9}$))", re.ASCII)
# GB/T 2260, the first two digits; 81 to 83 are on the residence permits of people from Hong Kong,
# Macao and Taiwan.
_PROVINCES = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
        "83",
    ]
)
_WEIGHTS = tuple(2 ** (17 - place) % 11 for place in range(17))  # ISO 7064, MOD 11-2
_CHECK = "10X98765432"
_BORN_SINCE = 1900


class Born(NamedTuple):
    """What an ID number says of its owner; ``gender`` is ``F`` or ``M``."""

    on: date
    gender: str

    @property
    def month(self) -> str:
        """Year and month as ``1980-06``."""
        return f"{self.on:%Y-%m}"


def _plain(typed: str) -> str:
    """Half-width, without the blanks and dashes that people put between groups of digits."""
    return _FILLING.sub("", unicodedata.normalize("NFKC", typed)).upper()


def read_national_id(typed: str, *, today: date) -> str:
    """The 18 signs of an ID number; ValidationError with one sentence where it is none."""
    number = _plain(typed)
    if len(number) == 15 and number.isdigit():  # noqa: PLR2004  of the first generation
        raise ValidationError(
            _("ID number: numbers of 15 digits are no longer valid; enter the 18 of today's card.")
        )
    if not _ID_SHAPE.fullmatch(number):
        raise ValidationError(
            _("ID number: enter 17 digits and a digit or X, 18 in all; these are %(length)d."),
            params={"length": len(number)},
        )
    if number[:2] not in _PROVINCES:
        raise ValidationError(
            _("ID number: no province has the code that it begins with; compare the first digits.")
        )
    try:
        born = born_by(number)
    except ValueError:
        born = None
    if born is None or not born.on.year >= _BORN_SINCE or born.on > today:
        raise ValidationError(
            _("ID number: the digits 7 to 14 are no day of birth; compare them with the card.")
        )
    if number[-1] != check_digit(number):
        raise ValidationError(
            _("ID number: the last digit does not fit the others; compare all with the card.")
        )
    return number


def check_digit(number: str) -> str:
    """The eighteenth sign that belongs to the first 17 digits."""
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    return _CHECK[total % 11]


def born_by(national_id: str) -> Born:
    """Day of birth and gender of an ID number; ValueError where the day is none."""
    day = date(int(national_id[6:10]), int(national_id[10:12]), int(national_id[12:14]))
    return Born(day, "M" if int(national_id[16]) % 2 else "F")


def read_phone(typed: str) -> str:
    """A mainland telephone number in one form: 13800001234, or 0571-87654321 with its area."""
    number = _COUNTRY.sub("", _plain(typed), count=1)
    if _MOBILE.fullmatch(number):
        return number
    landline = _LANDLINE.fullmatch(number)
    if landline:
        return "-".join(landline.groups())
    if re.fullmatch(r"[2-8]\d{6,7}", number, re.ASCII):
        raise ValidationError(_("Telephone: put the area code before it, as 0571-87654321."))
    raise ValidationError(
        _(
            "Telephone: enter a mobile number of 11 digits that begins with 13 to 19, or a landline"
            " with its area code, as 0571-87654321."
        )
    )


def masked_national_id(number: str) -> str:
    """Province and prefecture's first digit, stars, and the last four: 330***********1234."""
    return f"{number[:3]}{'*' * (len(number) - 7)}{number[-4:]}"


def masked_phone(number: str) -> str:
    """138****1234 of a mobile number, 0571-****4321 of a landline."""
    if "-" in number:
        area, rest = number.split("-", 1)
        return f"{area}-{'*' * (len(rest) - 4)}{rest[-4:]}"
    return f"{number[:3]}****{number[-4:]}"


# In running text: with or without a blank or dash between the groups, in any width of digits.
_ID_IN_TEXT = re.compile(
    r"(?<!\d)\d{6}[ -]?(?:19|20)\d\d[ -]?(?:0[1-9]|1[0-2])[ -]?(?:[0-2]\d|3[01])[ -]?\d{3}[\dXxX]"
    r"(?!\d)"
)
_MOBILE_IN_TEXT = re.compile(r"(?<![\d.])1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![\d.]\d|\d)")
_LANDLINE_IN_TEXT = re.compile(r"(?<![\d-])0(?:10|2\d|[3-9]\d\d)-\d{7,8}(?![\d-])")


def without_numbers(text: str) -> str:
    """The text with whatever looks like an ID number or a telephone masked."""
    text = _ID_IN_TEXT.sub(lambda found: masked_national_id(_plain(found[0])), text)
    text = _MOBILE_IN_TEXT.sub(lambda found: masked_phone(_plain(found[0])), text)
    return _LANDLINE_IN_TEXT.sub(lambda found: masked_phone(found[0]), text)


def refuse_numbers(text: str) -> None:
    """A validator for text that everybody reads: ValidationError where a full number is in it."""
    if without_numbers(text) != text:
        raise ValidationError(
            _(
                "There is an ID or telephone number in this text. Take it out: numbers are kept"
                " encrypted, in fields of their own."
            ),
            code="personal_number",
        )


class MaskedLine(logging.Formatter):
    """A line of a log, and the traceback below it, with the numbers masked."""

    def format(self, record: logging.LogRecord) -> str:
        return without_numbers(super().format(record))


class MaskedReporter(ExceptionReporter):
    """Django's report of a fault, whose frames and form fields may hold numbers: all masked."""

    def get_traceback_html(self) -> SafeString:
        return mark_safe(  # nosec B308 B703 - it was safe, and stars are
            without_numbers(super().get_traceback_html())
        )

    def get_traceback_text(self) -> SafeString:
        return mark_safe(  # nosec B308 B703 - it was safe, and stars are
            without_numbers(super().get_traceback_text())
        )
