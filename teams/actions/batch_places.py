"""Where a row of a batch's roster sends somebody: region, team, pairing, host unit, predecessor."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cached_property
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assistance.actions.organisations import unit_called
from assistance.models import Organisation, Pairing, Region, User
from assistance.models.pairings import PairingQuerySet
from assistance.scope import region_prefix
from teams.batch_sheet import COLUMNS
from teams.models import Batch, Direction, Person, Posting, Team


class Place(NamedTuple):
    """Where somebody is sent, with whom, and under which tie."""

    region: Region
    team: Team
    pairing: Pairing


class Places:
    """Finds the places that the rows of one roster name; ValidationError at the column where one is
    not found, or is not the only one.
    """

    def __init__(self, batch: Batch, *, by: User) -> None:
        self.batch, self.by = batch, by

    def of(self, said: dict[str, Any]) -> Place:
        """Region, team and pairing of a row."""
        region = self._region(said["region"])
        teams = [team for team in self.teams if team.region.contains(region)]
        if not teams:
            known = " / ".join(str(team.region) for team in self.teams) or _("none")
            told = _("The batch has no team for %(region)s (it has: %(teams)s); enter it first.")
            raise ValidationError({"region": told % {"region": region, "teams": known}})
        team = max(teams, key=lambda each: len(region_prefix(each.region.code)))
        own = self.pairings.helping(
            region, self.batch.programme.code, said["start_on"], donor=said["donor"]
        )
        if len(own) == 1:
            return Place(region, team, own[0])
        if own:
            donors = " / ".join(f"{pairing.donor.code} {pairing.donor}" for pairing in own)
            told = _("Several help this region; name the one that is meant: %(donors)s")
            raise ValidationError({"donor": told % {"donors": donors}})
        told = _("On %(day)s no pairing of “%(programme)s” helps %(region)s.")
        what = {
            "day": date_format(said["start_on"]), "programme": self.batch.programme,
            "region": region,
        }  # fmt: skip
        raise ValidationError({"donor" if said["donor"] else "region": told % what})

    def _region(self, asked: str) -> Region:
        same = {"code": asked} if asked.isdigit() else {"name_zh": asked}
        found = [
            region
            for region in Region.objects.filter(**same)
            if any(recipient.contains(region) for recipient in self.recipients)
        ]
        if len(found) == 1:
            return found[0]
        if found:
            codes = " / ".join(region.code for region in found)
            told = _("Several regions are called so; write the code: %(codes)s")
            raise ValidationError({"region": told % {"codes": codes}})
        told = _("“%(programme)s” helps no region of this name or code; compare it with the list.")
        raise ValidationError({"region": told % {"programme": self.batch.programme}})

    @cached_property
    def teams(self) -> list[Team]:
        return list(
            Team.objects.visible_to(self.by).filter(batch=self.batch).select_related("region")
        )

    @cached_property
    def pairings(self) -> PairingQuerySet:
        return Pairing.objects.visible_to(self.by)

    @cached_property
    def recipients(self) -> list[Region]:
        own = self.pairings.filter(programme=self.batch.programme)
        return list(Region.objects.filter(pk__in=own.values("recipient")))

    def unit(self, said: dict[str, Any], place: Place) -> tuple[Organisation, bool]:
        """The host unit, and whether it was entered just now."""
        goes_out, kind = said["direction"] == Direction.OUT, said["unit_kind"]
        side = place.pairing.recipient if goes_out else place.pairing.donor
        inside = Organisation.objects.filter(region__code__startswith=region_prefix(side.code))
        same = inside.filter(name_zh=said["host_unit"])
        found = list(same.filter(kind=kind) if kind else same)
        own = [unit for unit in found if unit.region_id == place.region.pk] or found
        if len(own) == 1:
            return own[0], False
        if own:
            kinds = " / ".join(f"{unit.region} {unit.get_kind_display()}" for unit in own)
            told = _("Several units are called so: %(units)s. Say which kind, or correct the name.")
            raise ValidationError({"host_unit": told % {"units": kinds}})
        if not kind:
            names = inside.values_list("name_zh", flat=True)
            like = " / ".join(get_close_matches(said["host_unit"], names, n=3)) or "–"
            told = _(
                "No unit of this name is known in %(side)s (similar: %(like)s). Correct the name,"
                " or say in the column “%(kind)s” what it is: then it is entered with the roster."
            )
            what = {"side": side, "like": like, "kind": COLUMNS["unit_kind"].label}
            raise ValidationError({"host_unit": told % what})
        where = place.region if goes_out else side
        return unit_called(said["host_unit"], kind=kind, region=where, by=self.by), True


def who_leaves(said: dict[str, Any], unit: Organisation, person: Person) -> Posting:
    """The last posting of whom the row names, at the same unit."""
    before = (
        Posting.objects.taking_place()
        .filter(host_unit=unit, person__name=said["succeeds"], start_on__lt=said["start_on"])
        .exclude(person=person)
        .order_by("-start_on")
    )
    found = list(before[:2])
    if len({posting.person_id for posting in found}) == 1:
        return found[0]
    told = (
        _("Several of this name were posted at this unit; name the predecessor on the desk.")
        if found
        else _("Nobody of this name was posted at this unit before; correct it or leave it blank.")
    )
    raise ValidationError({"succeeds": told})
