"""What is told of one demo project: what was drawn for it, and who tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from random import Random
from typing import NamedTuple

from assistance.models import Organisation, User
from assistance.models.regions import OrganisationKind
from projects import actions
from projects.models import Project, Source, Stage
from projects.models.evidence import NoticeKind, PaperKind
from reporting.demo.cast import Cast
from reporting.demo.files import Files
from reporting.demo.money import Plan, Vouchers
from reporting.demo.places import Place
from reporting.demo.works import Work
from reporting.demo.world import World

NEVER_PAID = 0.06
ENTERED_BY_PARTNER = 0.7  # the others by the bureau's clerk on its behalf


class Share(NamedTuple):
    """What a project gets from one source."""

    source: Source
    amount: Decimal
    plan: Plan | None = None


@dataclass(frozen=True)
class Sketch:
    """What is known of a demo project before its story begins."""

    place: Place
    work: Work
    year: int
    name: str
    village: str
    shares: Sequence[Share]
    needs_tender: bool
    created_at: datetime
    approved_at: datetime
    stops_at: Stage | None  # the stage that it does not leave; None: it runs on
    is_late: bool  # works that come to a halt before they are done

    def asked(self, *sources: Source) -> Decimal:
        """Yuan asked for from these sources."""
        return sum((s.amount for s in self.shares if s.source in sources), Decimal(0))


class Tale:
    """One sketch on its way, and all that its parts share."""

    def __init__(
        self,
        sketch: Sketch,
        world: World,
        cast: Cast,
        rng: Random,
        *,
        vouchers: Vouchers,
        files: Files,
    ) -> None:
        self.sketch, self.world, self.cast, self.rng = sketch, world, cast, rng
        self.vouchers, self.files = vouchers, files
        self.county = sketch.place.pairing.recipient
        self.enters: User = (
            cast.partner(self.county) if rng.random() < ENTERED_BY_PARTNER else cast.clerk
        )
        self.unit: Organisation | None = None
        self.paid_nothing = rng.random() < NEVER_PAID
        self.paying = 0  # payments on their way to being verified

    @property
    def on_site(self) -> User:
        """Who looks at the works where they are."""
        return self.cast.on_site(self.county)

    def implementing_unit(self) -> Organisation:
        """Who does the works."""
        if self.unit is None:
            number = self.rng.choice("一二三")
            self.unit = self.cast.organisation(
                OrganisationKind.IMPLEMENTING_UNIT, self.county, f"第{number}实施单位"
            )
        return self.unit

    def file(
        self, project: Project, *kinds: PaperKind, at: datetime, by: User | None = None
    ) -> None:
        """Papers of these kinds, all of them the one demo file."""
        for kind in kinds:
            actions.file_paper(
                project,
                kind=kind,
                attachment=self.files.paper,
                doc_no=f"演示{kind.label}",
                by=by or self.enters,
                now=at,
            )

    def give_notice(
        self, project: Project, kind: NoticeKind, days: tuple[date, date], *, at: datetime
    ) -> None:
        """A notice that hung out on these days, entered and confirmed at once."""
        notice = actions.give_notice(
            project,
            kind=kind,
            place="演示:乡镇政府公示栏",
            starts_on=days[0],
            ends_on=days[1],
            hotline="0000-0000000",
            by=self.enters,
            now=at,
        )
        actions.confirm_notice(notice, by=self.cast.reviewer, now=at)
