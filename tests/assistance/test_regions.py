"""Regions, organisations and the codes they bear."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from assistance.models import Organisation, Region
from assistance.models.regions import OrganisationKind, validate_uscc
from tests import factories as make

SAMPLE = "91350100M000100Y43"  # the worked example of GB 32100-2015
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def test_the_code_of_the_standards_example_is_accepted() -> None:
    validate_uscc(SAMPLE)


@given(st.integers(0, 17), st.sampled_from(ALPHABET))
def test_one_wrong_character_in_a_code_is_noticed(place: int, character: str) -> None:
    wrong = SAMPLE[:place] + character + SAMPLE[place + 1 :]
    if wrong == SAMPLE:
        return
    with pytest.raises(ValidationError):
        validate_uscc(wrong)


@pytest.mark.parametrize(
    "text", [SAMPLE[:-1], SAMPLE + "0", SAMPLE.lower(), "I" * 18, " " * 18, "91350100M000100O43"]
)
def test_what_is_no_credit_code_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        validate_uscc(text)


@pytest.mark.django_db
def test_a_region_contains_itself_and_what_lies_in_it() -> None:
    county, other = make.region(make.COUNTY), make.region(make.FAR_COUNTY)
    prefecture, province = county.parent, other.parent and other.parent.parent
    assert prefecture is not None
    assert province is not None
    assert county.contains(county)
    assert prefecture.contains(county)
    assert province.contains(county)
    assert province.contains(other)
    assert not prefecture.contains(other)
    assert not county.contains(prefecture)
    assert set(Region.objects.inside(make.PREFECTURE)) == {prefecture, county}


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["99010", "9901011", "99010a", ""])
def test_a_region_bears_a_code_of_6_9_or_12_digits(code: str) -> None:
    county = make.region()
    with pytest.raises(IntegrityError, match="region_code"), transaction.atomic():
        Region.objects.filter(pk=county.pk).update(code=code)


@pytest.mark.django_db
def test_only_a_province_lies_in_nothing() -> None:
    county, province = make.region(make.COUNTY), make.region(make.PROVINCE)
    with pytest.raises(IntegrityError, match="region_has_a_parent"), transaction.atomic():
        Region.objects.filter(pk=county.pk).update(parent=None)
    with pytest.raises(IntegrityError, match="region_has_a_parent"), transaction.atomic():
        Region.objects.filter(pk=province.pk).update(parent=county)


@pytest.mark.django_db
def test_a_name_is_said_in_the_readers_language_and_in_chinese_where_no_other_is_known() -> None:
    county = make.region()
    with translation.override("en"):
        assert county.name == "Demo 990101"
        assert Region(name_zh="演示", name_en="").name == "演示"
    with translation.override("zh-hans"):
        assert county.name == "演示地区990101"


@pytest.mark.django_db
def test_two_organisations_never_share_a_credit_code_but_many_may_have_none() -> None:
    first = make.organisation(OrganisationKind.SCHOOL)
    second = make.organisation(OrganisationKind.HOSPITAL)
    assert first.uscc == second.uscc == ""
    Organisation.objects.filter(pk=first.pk).update(uscc=SAMPLE)
    with pytest.raises(IntegrityError, match="organisation_uscc_once"), transaction.atomic():
        Organisation.objects.filter(pk=second.pk).update(uscc=SAMPLE)
