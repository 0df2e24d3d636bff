"""Where a new project lies, as a body names it."""

from __future__ import annotations

from django.utils.translation import gettext as _
from rest_framework import serializers

from assistance.models import Pairing, Region, User


def known_place(pairing_id: int, county_code: str, *, caller: User) -> tuple[Pairing, Region]:
    """The pairing and the county in its recipient, or ValidationError for the one that the caller
    cannot mean.
    """
    pairing = (
        Pairing.objects.visible_to(caller).select_related("recipient").filter(pk=pairing_id).first()
    )
    if pairing is None:
        raise serializers.ValidationError(
            {"pairing": [_("You see no pairing of this number; list them at pairings/.")]}
        )
    county = Region.objects.inside(pairing.recipient.code).filter(code=county_code).first()
    if county is None:
        raise serializers.ValidationError(
            {"county": [_("The pairing's recipient has no county of this code.")]}
        )
    return pairing, county
