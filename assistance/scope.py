"""How far somebody, or an edition of a report, can see: all of the ledger, one recipient's part,
one donor's part, or nothing.

A row belongs to a pairing. Regions contain each other by their GB/T 2260 codes: the code of a
county begins with the digits of its prefecture, and those with the digits of its province
(``load_reference`` refuses files where it is not so).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Literal, Self

from django.db.models import Q

ScopeKind = Literal["all", "recipient", "donor", "nothing"]

DIGITS_OF_A_COUNTY = 6  # also of prefectures and provinces, filled up with zeros
DIGITS_OF_A_VILLAGE = 12


def region_prefix(code: str) -> str:
    """The digits that the codes of all regions inside ``code`` begin with, itself included.

    >>> region_prefix("513300"), region_prefix("510000"), region_prefix("513301")
    ('5133', '51', '513301')
    """
    if len(code) > DIGITS_OF_A_COUNTY:  # townships have 9 digits, villages three more
        return code.removesuffix("000") if len(code) == DIGITS_OF_A_VILLAGE else code
    return code.removesuffix("0000") if code.endswith("0000") else code.removesuffix("00")


@dataclass(frozen=True, slots=True)
class Scope:
    """A part of the ledger. ``region`` is a GB/T 2260 code, blank for ``all`` and ``nothing``."""

    kind: ScopeKind
    region: str = ""

    def q(self, pairing: str) -> Q:
        """The condition on rows that reach their pairing through the path ``pairing`` ("" for
        pairings themselves).
        """
        path = f"{pairing}__" if pairing else ""
        match self.kind:
            case "all":
                return Q()
            case "recipient":
                return Q(**{f"{path}recipient__code__startswith": region_prefix(self.region)})
            case "donor":
                return Q(**{f"{path}donor__code__startswith": region_prefix(self.region)})
            case "nothing":
                return Q(pk__in=[])

    def covers(self, other: Scope) -> bool:
        """Whether every row inside ``other`` is inside this scope too."""
        if self.kind == "all" or other.kind == "nothing":
            return True
        return self.kind == other.kind and other.region.startswith(region_prefix(self.region))

    @property
    def key(self) -> str:
        """A digest by which readers of one scope share an edition."""
        return hashlib.sha256(json.dumps(self.as_dict(), sort_keys=True).encode()).hexdigest()[:32]

    def as_dict(self) -> dict[str, str]:
        return {"kind": self.kind} | ({"region": self.region} if self.region else {})

    @classmethod
    def from_dict(cls, found: dict[str, str]) -> Self:
        return cls(found["kind"], found.get("region", ""))  # type: ignore[arg-type]  # written by as_dict only


EVERYTHING = Scope("all")
NOTHING = Scope("nothing")
