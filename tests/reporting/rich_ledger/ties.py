"""The ties under which everything in the ledger happens."""

from __future__ import annotations

from assistance.models import Programme
from assistance.models.pairings import ProgrammeKind
from tests import factories as make


class Ties:
    """The ties of the ledger, named by what is particular about them."""

    def __init__(self) -> None:
        self.county = make.pairing()
        self.other_county = make.pairing(make.OTHER_COUNTY, make.OTHER_DONOR, since="2021")
        self.prefecture = make.pairing(make.PREFECTURE, make.DONOR_CITY)
        self.far_county = make.pairing(make.FAR_COUNTY, make.DONOR, kind=ProgrammeKind.CS)
        self.mountain = make.pairing(make.OTHER_PREFECTURE, make.DONOR_CITY, kind=ProgrammeKind.MS)
        # of a programme without aid money, its first day unknown
        self.neighbour = make.pairing(
            make.OTHER_COUNTY, make.DONOR, since="", kind=ProgrammeKind.MC
        )
        Programme.objects.filter(kind=ProgrammeKind.MC).update(carries_aid=False)
        self.until_t = make.pairing(
            make.FAR_COUNTY, make.OTHER_DONOR, until="2026-05", kind=ProgrammeKind.TG
        )
        self.until_april = make.pairing(
            make.OTHER_COUNTY, make.DONOR, until="2026-04", kind=ProgrammeKind.NA
        )
        self.from_june = make.pairing(
            "990202", make.OTHER_DONOR, since="2026-06-01", kind=ProgrammeKind.TG
        )
        self.of_old = make.pairing(
            "990203", make.DONOR, since="2010", until="2024", kind=ProgrammeKind.CS
        )
