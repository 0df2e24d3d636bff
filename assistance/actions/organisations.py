"""Organisations that come to the ledger with the rows that name them."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction

from assistance.models import Organisation, Region, User
from assistance.models.regions import OrganisationKind
from assistance.scope import Scope


def implementing_unit(name: str, *, county: Region, by: User) -> Organisation:
    """The implementing unit of this name in ``county``; as ``unit_called``."""
    return unit_called(name, kind=OrganisationKind.IMPLEMENTING_UNIT, region=county, by=by)


@transaction.atomic
def unit_called(name: str, *, kind: str, region: Region, by: User) -> Organisation:
    """The organisation of this name and kind in ``region``; entered where it is not known yet.

    ``PermissionDenied`` where it would have to be entered and ``by`` may not enter organisations
    there, ``ValidationError`` where the name does not fit.
    """
    name = name.strip()
    same = Organisation.objects.filter(region=region, kind=kind, name_zh=name)
    found = same.first()
    if found is not None:
        return found
    inside = by.scope.covers(Scope("recipient", region.code))
    if not inside or not by.has_perm("assistance.add_organisation"):
        raise PermissionDenied
    unit = Organisation(region=region, kind=kind, name_zh=name)
    unit.full_clean(validate_constraints=False)
    # of two callers who enter the same unit at once, one enters it and both get it
    Organisation.objects.bulk_create([unit], ignore_conflicts=True)
    return same.get()
