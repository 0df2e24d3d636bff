"""Where the demo plays: the pairings that carry aid today, and how much moves there in a year."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from assistance.models import Pairing
from assistance.models.regions import RegionLevel
from projects.models import Source
from reporting.demo.lots import lots

TIBETAN_AREA = 50  # million yuan a year, the published quota of 2021
OTHER_COUNTY = 39
QUOTA_OF_ITS_OWN = {"510821": TIBETAN_AREA, "510823": TIBETAN_AREA}  # the inferred two of six


class Stream(NamedTuple):
    """What flows in a programme: its main source, the least and the most of it in a year and of the
    districts' money beside it (million yuan), and how many projects a county has in a year.
    """

    source: Source
    least: float
    most: float
    district: tuple[float, float] | None
    projects: float


STREAMS = {
    # 39 to 50 million a county; Binjiang-Chaotian: 155 million and 41 projects in four years
    "east_west": Stream(Source.PROV, OTHER_COUNTY, TIBETAN_AREA, (1, 3), 6),
    # Hangzhou-Aksu: 580 million and 78 projects in three years
    "counterpart_support": Stream(Source.CITY, 18, 60, None, 6),
    "mountain_sea": Stream(Source.MS, 6, 12, (0.5, 1.5), 3),
    "three_gorges": Stream(Source.CITY, 3, 5, None, 2),
    "northern_anhui": Stream(Source.DIST, 5, 8, None, 3),
}


class Place(NamedTuple):
    """One county and the pairing under which it is helped, with its usual year."""

    pairing: Pairing
    stream: Stream
    yearly: float  # million yuan of the main source

    @property
    def programme(self) -> str:
        return self.pairing.programme.code


def places(day: date, seed: int) -> list[Place]:
    """The county-level pairings that carry aid on ``day``, those of Sichuan first."""
    found = Pairing.objects.in_force_on(day).filter(
        programme__code__in=STREAMS, recipient__level=RegionLevel.COUNTY
    )
    found = found.select_related("programme", "donor", "recipient__parent")
    order = list(STREAMS)
    by_weight = sorted(
        found, key=lambda p: (order.index(p.programme.code), p.recipient.code, p.donor.code)
    )
    return [_place(pairing, seed) for pairing in by_weight]


def prefectures(day: date) -> list[Pairing]:
    """The prefectures above the counties of Sichuan; their city money serves every county below."""
    found = Pairing.objects.in_force_on(day).filter(
        programme__code="east_west", recipient__level=RegionLevel.PREFECTURE
    )
    return list(found.select_related("programme", "donor", "recipient").order_by("recipient__code"))


def _place(pairing: Pairing, seed: int) -> Place:
    stream, code = STREAMS[pairing.programme.code], pairing.recipient.code
    if pairing.programme.code == "east_west":
        tier = TIBETAN_AREA if code.startswith("5133") else OTHER_COUNTY
        return Place(pairing, stream, QUOTA_OF_ITS_OWN.get(code, tier))
    rng = lots(seed, "place", code)
    return Place(pairing, stream, round(rng.uniform(stream.least, stream.most), 1))
