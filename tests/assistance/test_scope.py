"""How far somebody sees."""

from itertools import product

import pytest

from assistance.models import Pairing, Region
from assistance.models.regions import OrganisationKind, RegionLevel
from assistance.roles import Role
from assistance.scope import EVERYTHING, NOTHING, Scope, region_prefix
from projects.models import Project
from tests import by_sql
from tests import factories as make

RECIPIENT_COUNTY = Scope("recipient", make.COUNTY)
RECIPIENT_PREFECTURE = Scope("recipient", make.PREFECTURE)
RECIPIENT_PROVINCE = Scope("recipient", make.PROVINCE)
DONOR_DISTRICT = Scope("donor", make.DONOR)
DONOR_CITY = Scope("donor", make.DONOR_CITY)
SCOPES = (
    EVERYTHING,
    RECIPIENT_PROVINCE,
    RECIPIENT_PREFECTURE,
    RECIPIENT_COUNTY,
    DONOR_CITY,
    DONOR_DISTRICT,
    NOTHING,
)


@pytest.mark.parametrize(
    ("code", "prefix"),
    [
        ("510000", "51"),
        ("513300", "5133"),
        ("513301", "513301"),
        ("513310", "513310"),  # a county whose own two digits end in a zero
        ("513301100", "513301100"),
        ("513301100000", "513301100"),
        ("513301100200", "513301100200"),
    ],
)
def test_the_codes_inside_a_region_begin_alike(code: str, prefix: str) -> None:
    assert region_prefix(code) == prefix


COVERED = {
    EVERYTHING: set(SCOPES),
    RECIPIENT_PROVINCE: {RECIPIENT_PROVINCE, RECIPIENT_PREFECTURE, RECIPIENT_COUNTY, NOTHING},
    RECIPIENT_PREFECTURE: {RECIPIENT_PREFECTURE, RECIPIENT_COUNTY, NOTHING},
    RECIPIENT_COUNTY: {RECIPIENT_COUNTY, NOTHING},
    DONOR_CITY: {DONOR_CITY, DONOR_DISTRICT, NOTHING},
    DONOR_DISTRICT: {DONOR_DISTRICT, NOTHING},
    NOTHING: {NOTHING},
}


@pytest.mark.parametrize(("wide", "narrow"), list(product(SCOPES, SCOPES)))
def test_a_scope_covers_what_lies_inside_it(wide: Scope, narrow: Scope) -> None:
    assert wide.covers(narrow) is (narrow in COVERED[wide])


@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_is_read_as_it_is_written_and_has_a_key_of_its_own(scope: Scope) -> None:
    assert Scope.from_dict(scope.as_dict()) == scope
    assert [other.key for other in SCOPES].count(scope.key) == 1


@pytest.mark.django_db
def test_pairings_are_within_the_scopes_of_their_recipient_and_their_donor() -> None:
    near, next_door = make.pairing(), make.pairing(make.OTHER_COUNTY, make.OTHER_DONOR)
    prefecture, far = make.pairing(make.PREFECTURE), make.pairing(make.FAR_COUNTY)
    within = {
        EVERYTHING: {near, next_door, prefecture, far},
        RECIPIENT_PROVINCE: {near, next_door, prefecture, far},
        RECIPIENT_PREFECTURE: {near, next_door, prefecture},
        RECIPIENT_COUNTY: {near},
        DONOR_CITY: {near, next_door, prefecture, far},
        DONOR_DISTRICT: {near, prefecture, far},
        NOTHING: set(),
    }
    for scope, expected in within.items():
        assert set(Pairing.objects.within(scope)) == expected, scope


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "region_code", "scope"),
    [
        (OrganisationKind.BUREAU, make.DONOR_CITY, EVERYTHING),
        (OrganisationKind.ORG_DEPT, make.DONOR_CITY, EVERYTHING),
        (OrganisationKind.RECIPIENT_OFFICE, make.COUNTY, RECIPIENT_COUNTY),
        (OrganisationKind.RECIPIENT_OFFICE, make.PREFECTURE, RECIPIENT_PREFECTURE),
        (OrganisationKind.FRONT_TEAM, make.PREFECTURE, RECIPIENT_PREFECTURE),
        (OrganisationKind.DONOR, make.DONOR, DONOR_DISTRICT),
        (OrganisationKind.FINANCE, make.COUNTY, NOTHING),
        (OrganisationKind.IMPLEMENTING_UNIT, make.COUNTY, NOTHING),
        (OrganisationKind.ENTERPRISE, make.COUNTY, NOTHING),
        (OrganisationKind.SCHOOL, make.COUNTY, NOTHING),
        (OrganisationKind.HOSPITAL, make.COUNTY, NOTHING),
    ],
)
def test_people_see_as_far_as_their_office(
    kind: OrganisationKind, region_code: str, scope: Scope
) -> None:
    user = make.user_with(Role.LEADER, organisation=make.organisation(kind, region_code))
    assert user.scope == scope


@pytest.mark.django_db
def test_without_an_office_there_is_nothing_to_see() -> None:
    assert make.user_with(Role.CLERK, organisation=None).scope == NOTHING
    assert make.user_with(Role.CLERK, is_active=False).scope == NOTHING


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.SYSADMIN, Role.SECADMIN, Role.LOGAUDITOR])
def test_administrators_see_no_business_data_whatever_else_they_are(role: Role) -> None:
    assert make.user_with(role, Role.CLERK).scope == NOTHING
    assert make.user_with(role, is_superuser=True).scope == NOTHING


@pytest.mark.django_db
def test_a_superuser_without_an_office_sees_everything() -> None:
    assert make.user_with(organisation=None, is_superuser=True).scope == EVERYTHING


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "region_code", "may_write"),
    [
        (Role.CLERK, "", True),
        (Role.P_EDIT, make.COUNTY, True),
        (Role.P_EDIT, make.OTHER_COUNTY, False),
        (Role.P_EDIT, make.PREFECTURE, False),  # it reads the rows of its counties, no more
        (Role.D_EDIT, make.DONOR, True),
        (Role.D_EDIT, make.OTHER_DONOR, False),
        (Role.D_EDIT, make.DONOR_CITY, False),
        (Role.SYSADMIN, "", False),
    ],
)
def test_people_write_only_for_the_region_they_work_for(
    role: Role, region_code: str, may_write: bool
) -> None:
    tie = make.pairing()
    user = make.user_with(role, region_code=region_code)
    assert user.may_write_for(recipient_id=tie.recipient_id, donor_id=tie.donor_id) is may_write


@pytest.mark.django_db
def test_projects_are_found_within_a_township_and_a_village_too() -> None:
    township, village = f"{make.COUNTY}100", f"{make.COUNTY}100201"
    project, _other = make.draft(), make.draft()
    for code, level, above in (
        (township, RegionLevel.TOWNSHIP, make.COUNTY),
        (village, RegionLevel.VILLAGE, township),
    ):
        Region.objects.create(
            code=code, name_zh=f"演示{code}", level=level, parent=make.region(above)
        )
        by_sql.change(project, pairing_id=make.pairing(code).pk)
        assert Project.objects.within(Scope("recipient", code)).get() == project
